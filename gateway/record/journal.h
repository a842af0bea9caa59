/* SPDX-License-Identifier: Apache-2.0
 * The journal 台账: append-only SQLite segments with an RFC 6962 Merkle tree over all entries.
 * Format: assay-journal.5. One writer, one thread; readers open read-only (journal_reader.h). */
#ifndef ASSAY_RECORD_JOURNAL_H
#define ASSAY_RECORD_JOURNAL_H

#include "limits/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSAY_HASH_SIZE 32u
#define ASSAY_HEADER_SIZE 80u
#define ASSAY_BODY_MAX 8388608u
#define ASSAY_RAW_MAX 8388608u

/* Kinds of entry. Numbers are part of the format and never reused. */
enum assay_entry_kind {
	ASSAY_ENTRY_GENESIS = 1, /* first entry: site, origin, format */
	ASSAY_ENTRY_START = 2, /* a recorder began: versions, generation */
	ASSAY_ENTRY_STOP = 3, /* and ended in good order */
	ASSAY_ENTRY_CONFIG = 4, /* raw: lab.xml */
	ASSAY_ENTRY_SPEC = 5, /* raw: one spec XML; body: path, sha256 */
	ASSAY_ENTRY_DRIVER = 6, /* body: name, version, sha256 of the plugin */
	ASSAY_ENTRY_LINE = 7, /* a line changed state */
	ASSAY_ENTRY_EXCHANGE = 8, /* raw: events with bytes both ways; body: outcome, readings */
	ASSAY_ENTRY_BATCH = 9, /* batch registered */
	ASSAY_ENTRY_TEST = 10, /* test ordered */
	ASSAY_ENTRY_ARM = 11, /* slot armed for an instrument, or disarmed */
	ASSAY_ENTRY_FILL = 12, /* a reading (exchange, index) or a typed value fills a slot */
	ASSAY_ENTRY_REFUSED = 13, /* a reading that could have filled a slot and did not, with the reason */
	ASSAY_ENTRY_RESULT = 14,
	ASSAY_ENTRY_VERDICT = 15, /* of a result, or of the batch */
	ASSAY_ENTRY_REVIEW = 16, /* confirm, void */
	ASSAY_ENTRY_CLOCK = 17, /* the wall clock stepped */
	ASSAY_ENTRY_FAULT = 18, /* disk full, damage, dead host ... */
	ASSAY_ENTRY_SEAL = 19, /* first of a segment: the one before it; written by the journal */
	ASSAY_ENTRY_KEY = 20, /* the signing key changes; the old key signs for it */
	ASSAY_ENTRY_RETENTION =
		21, /* payloads of a sealed segment were dropped: its digests before and after */
	ASSAY_ENTRY_PERSON = 30, /* a user or a machine's token: made, changed, logged in, refused */
	ASSAY_ENTRY_IDENTITY = 40, /* a person confirmed another device at an instrument's place */
	ASSAY_ENTRY_CONTROL_MATERIAL = 41, /* a control material as it now stands in the register */
	ASSAY_ENTRY_CONTROL_RUN = 42, /* controls to be measured together; a TEST entry for each follows */
	ASSAY_ENTRY_CONTROL_CHART = 43, /* a chart's limits frozen from its own history, signed */
	ASSAY_ENTRY_CONTROL_VERDICT = 44, /* of a run of controls: stands, warns, or which rule is broken */
	ASSAY_ENTRY_HOLD = 45, /* results held; cause and action; released by a second person */
	ASSAY_ENTRY_UNCERTAINTY = 46, /* a measurement uncertainty adopted, with what it rests on, signed */
	ASSAY_ENTRY_PROFICIENCY = 47, /* the laboratory's part in a round of proficiency testing */
	ASSAY_ENTRY_SPEC_SET =
		48, /* the specs in force from here on: digest of the set, path and digest of each */
	ASSAY_ENTRY_SPLIT =
		49, /* what the producer's own laboratory found in a sample that is tested here, too */
	ASSAY_ENTRY_PRODUCER = 38, /* a producer as it now stands in the register */
	ASSAY_ENTRY_INSTRUMENT =
		31, /* a calibration certificate, or who may use the instrument and where it is */
	ASSAY_ENTRY_PROGRAMME = 32, /* a programme of free tests as it now stands, with its prices */
	ASSAY_ENTRY_CARD = 33, /* a card issued, redeemed, returned or revoked: one line of the ledger */
	ASSAY_ENTRY_CERTIFICATE = 34, /* a certificate issued, as data; names the one it replaces */
	ASSAY_ENTRY_PAPER = 35, /* raw: a certificate's PDF as issued */
	ASSAY_ENTRY_RACK = 37, /* which sample stands where on an instrument, loaded before it measures */
	ASSAY_ENTRY_ALARM = 36, /* an alarm acknowledged */
	ASSAY_ENTRY_SLOT = 50, /* a filling taken back, or a container that is missing */
};
const char *assay_entry_kind_name(unsigned kind); /* "exchange"; "?" when unknown */

/* The header as hashed: fixed width, big-endian.
 *  0 4 "ASJ1"  4 2 kind  6 2 flags (bit 0: wall clock synchronised)  8 8 sequence (first entry: 0)
 * 16 8 wall time, ns since 1970 UTC, signed  24 8 monotonic ns  32 16 boot id
 * 48 24 line id, NUL-padded  72 4 body length  76 4 raw length
 * Leaf = SHA-256(0x00 || header || SHA-256(body) || SHA-256(raw)). Node = SHA-256(0x01 || left || right). */
struct assay_entry {
	uint16_t kind, flags;
	uint64_t sequence;
	int64_t wall_ns;
	uint64_t mono_ns;
	uint8_t boot[16];
	char line[25]; /* NUL-terminated here; "" none */
	const char *body; /* JSON text, UTF-8; borrowed */
	size_t body_length;
	const uint8_t *raw; /* borrowed; NULL with length 0 */
	size_t raw_length;
	/* Of an exchange, from whoever wrote its body, for the state (body.h); borrowed. NULL: it is read from the body. */
	const struct assay_exchange_gist *gist;
};

void assay_entry_header(const struct assay_entry *entry, uint8_t out[ASSAY_HEADER_SIZE]);
int assay_entry_parse_header(const uint8_t header[ASSAY_HEADER_SIZE], struct assay_entry *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_entry_leaf(const struct assay_entry *entry, uint8_t out[ASSAY_HASH_SIZE]);
/* The same with its header, when that is there already. */
void assay_entry_leaf_of(const uint8_t header[ASSAY_HEADER_SIZE], const struct assay_entry *entry,
	uint8_t out[ASSAY_HASH_SIZE]);

struct assay_journal;

struct assay_journal_options {
	const char *site, *origin; /* of a new journal; checked against an old one */
	uint64_t segment_bytes; /* seal and start the next segment beyond this; 0: 1 GiB */
	uint64_t reserve_bytes; /* room kept back for "the disk is full"; 0: 64 MiB, UINT64_MAX: none */
	int wal_pages; /* put the WAL into the file beyond this many pages of 8 KiB; 0: 2000 */
	/* Called for each entry the journal writes by itself (the seal that begins a segment), once it is durable, so that
	 * a live state can apply it in order. May be NULL. */
	void (*wrote)(void *context, const struct assay_entry *entry);
	void *wrote_context;
};

/* Open DIR/journal for writing: takes the writer's lock (ASSAY_ETAKEN when somebody holds it), makes the
 * first segment if there is none, checks the last segment and its tail. ASSAY_EDAMAGED, when the signed tree cannot be
 * followed (cut, rolled back, rewritten), names the segment and the sequence; nothing is written then. */
int assay_journal_open(const char *dir, const struct assay_journal_options *options,
	struct assay_journal **out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* What the opening found damaged and set aside: entries whose contents do not fit the tree that was signed. Their segment
 * stays as it was found and is not written any more; the journal goes on in the next one. */
#define ASSAY_QUARANTINE_MAX 16u
struct assay_quarantine {
	unsigned segment, count; /* count 0: nothing */
	uint64_t sequence[ASSAY_QUARANTINE_MAX];
};
const struct assay_quarantine *assay_journal_quarantine(const struct assay_journal *journal);
void assay_journal_close(struct assay_journal *journal); /* NULL allowed; an open group is rolled back */

/* Add one entry to the open group (begins one when there is none). entry->sequence and, when 0, wall_ns,
 * mono_ns are filled, and boot. Not durable before commit. */
int assay_journal_append(
	struct assay_journal *journal, struct assay_entry *entry, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Make the group durable (one fsync). On any failure the whole group is rolled back and was never acknowledged.
 * ASSAY_EFULL: the disk is full, or nearly (append): try again later, there is room again by itself once somebody made
 * some; FAULT, LINE, CLOCK, START and STOP entries are still taken, from the reserve. ASSAY_EIO: a write or sync failed;
 * the segment is given up (never written or synced again), what is appended next begins another. */
int assay_journal_commit(struct assay_journal *journal, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_journal_rollback(struct assay_journal *journal);

/* Between groups: give back the pages of the writing segment that are kept in memory. */
void assay_journal_trim(struct assay_journal *journal);
uint64_t assay_journal_size(const struct assay_journal *journal); /* entries, with the open group */
void assay_journal_root(const struct assay_journal *journal, uint8_t out[ASSAY_HASH_SIZE]);

/* Sign a checkpoint when one is due (60 s or 1,000 entries since the last), or now when force and anything is
 * uncovered. Only between groups. *made_out (may be NULL) says whether one was written. */
int assay_journal_checkpoint(struct assay_journal *journal, uint64_t mono_ns, bool force, bool *made_out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Sign with a new key from now on. The journal says so, who wanted it and why, and the old key signs for the change; then it
 * is gone, its public part stays. Only between groups. reason: one line. A crash in the middle is finished at the next open. */
int assay_journal_change_key(struct assay_journal *journal, const char *who, const char *reason,
	struct assay_error *err) ASSAY_WARN_UNUSED;

bool assay_journal_full(const struct assay_journal *journal); /* acquisition should pause */
unsigned assay_journal_segment(const struct assay_journal *journal); /* number of the open segment */
const char *assay_journal_boot_hex(const struct assay_journal *journal);

#endif
