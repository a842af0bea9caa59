/* SPDX-License-Identifier: Apache-2.0
 * The state: DIR/state.db, derived from the journal and nothing else. assay_state_apply is the only thing that
 * changes a row, live and when the state is made again, so both give the same tables.
 *
 * One writer (the recorder), one thread; readers use assay_query_open. WAL, synchronous=NORMAL: what a power cut takes
 * from it is applied again from the journal at the next start. */
#ifndef ASSAY_RECORD_STATE_H
#define ASSAY_RECORD_STATE_H

#include "gateway/record/journal.h"

#include <sqlite3.h>

#define ASSAY_STATE_VERSION 16
#define ASSAY_STATE_EXCHANGES 2048u /* kept for the list of frames */
#define ASSAY_STATE_READINGS 4000000u /* entries back that channel history reaches */
#define ASSAY_STATE_RECEIVED 1024u
/* The readings one by one, to stand behind FROM: instrument, channel, seq, idx, value, unit, flags, reason, wall_ns,
 * mono_ns. Not a view of the schema, where SQLite trusts no
 * function. ORDER BY seq alone walks the index; within one seq they come in the exchange's order. */
#define ASSAY_STATE_READING                                                                                  \
	"(SELECT r.instrument AS instrument, json_extract(j.value,'$[0]') AS channel, r.seq AS seq,"         \
	" j.key AS idx, json_extract(j.value,'$[1]') AS value, json_extract(j.value,'$[2]') AS unit,"        \
	" json_extract(j.value,'$[3]') AS flags, coalesce(json_extract(j.value,'$[4]'),'') AS reason,"       \
	" r.wall_ns AS wall_ns, r.mono_ns AS mono_ns FROM readings AS r, json_each(r.list) AS j"             \
	" WHERE json_extract(j.value,'$[0]')<>'')"
/* Likewise the last reading of each channel of instrument ?1: channel, value, unit, flags, reason, wall_ns, seq, idx. */
#define ASSAY_STATE_LAST                                                                                     \
	"(SELECT json_extract(j.value,'$[0]') AS channel, json_extract(j.value,'$[1]') AS value,"            \
	" json_extract(j.value,'$[2]') AS unit, json_extract(j.value,'$[3]') AS flags,"                      \
	" coalesce(json_extract(j.value,'$[4]'),'') AS reason, r.wall_ns AS wall_ns, r.seq AS seq,"          \
	" j.key AS idx, max(r.seq*256+j.key) FROM latest AS l JOIN readings AS r ON r.seq=l.seq,"            \
	" json_each(r.list) AS j WHERE l.instrument=?1 AND json_extract(j.value,'$[0]')<>'' GROUP BY 1)"

struct assay_state;

/* Open DIR/state.db, or make it. A state that is damaged, of another version, or does not belong to the journal in
 * DIR is made again. It is behind until assay_state_catch_up. */
int assay_state_open(const char *dir, struct assay_state **out, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_state_close(struct assay_state *state); /* NULL allowed; an open transaction is rolled back */

/* Apply everything the journal in DIR has and the state has not, in transactions of its own. */
int assay_state_catch_up(
	struct assay_state *state, const char *dir, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The next entry in order, whose contents are damaged: it changes nothing but that it is known to be damaged. */
int assay_state_pass_over(struct assay_state *state, const struct assay_entry *entry,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* The next entry in order (assay_state_applied is its sequence). Begins a transaction when none is open; visible to
 * others after commit. On failure the transaction must be rolled back. ASSAY_EDAMAGED: the state or the entry does not
 * hold together. */
int assay_state_apply(struct assay_state *state, const struct assay_entry *entry,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* The same for many, in order; faster. */
int assay_state_apply_all(struct assay_state *state, const struct assay_entry entries[], size_t count,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* Everything up to this sequence is going to be applied: rows that would be dropped again until then are not made. */
void assay_state_expect(struct assay_state *state, uint64_t sequence);
int assay_state_commit(struct assay_state *state, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_state_rollback(struct assay_state *state);

uint64_t assay_state_applied(const struct assay_state *state); /* entries, with the open transaction */
sqlite3 *assay_state_db(struct assay_state *state); /* for queries; sees the open transaction */

/* How far the host of this generation is in the journal: LINE and END messages up to *done_id_out, and its last LINE
 * message *line_id_out. Both 0 for a generation not seen yet. */
int assay_state_mark(struct assay_state *state, const char *line, uint32_t generation, uint64_t *done_id_out,
	uint64_t *line_id_out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The serial number the journal accepted for the instrument while lab.xml named `was`; "" none. */
int assay_state_accepted(struct assay_state *state, const char *instrument, const char *was, char *out,
	size_t size, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Value of meta, "" when there is none. out holds size bytes. */
int assay_state_meta(struct assay_state *state, const char *key, char *out, size_t size,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Look at the next rows of the history of readings, which the opening leaves out because it grows for years.
 * ASSAY_EDAMAGED: the file does not hold together; it has to be removed and made again. *round_out (may be NULL): the
 * end was reached, the next call begins anew. Only between transactions. */
int assay_state_look(
	struct assay_state *state, unsigned rows, bool *round_out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Delete DIR/state.db and what belongs to it; the next open makes it again. */
void assay_state_remove(const char *dir);

#endif
