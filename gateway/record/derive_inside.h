/* SPDX-License-Identifier: Apache-2.0
 * Inside of assay_derive: what stands at the entry that is looked at. */
#ifndef ASSAY_RECORD_DERIVE_INSIDE_H
#define ASSAY_RECORD_DERIVE_INSIDE_H

#include "gateway/lab/lab.h"
#include "gateway/record/derive.h"
#include "gateway/record/spec_set.h"
#include "gateway/record/state.h"
#include "gateway/wire/replay.h"

#define DERIVE_DRIVERS_MAX 64u

struct derive_driver {
	char name[32];
	bool usable;
	struct assay_plugin plugin;
};

struct derive_instrument {
	const struct assay_config_instrument *config; /* NULL: not looked up */
	const struct assay_plugin *plugin; /* NULL: it cannot be decoded, which has been said */
	uint32_t transport;
	uint32_t generation; /* of the host whose session this is */
	struct assay_replay *replay;
	struct derive_instrument *next;
};

struct derive {
	const struct assay_derive_options *options;
	struct assay_derive_report *report;
	char folder[300]; /* private; state.db, lab.xml, specs/ as they were at this entry */
	struct assay_state *state;
	struct assay_specs *specs;
	bool specs_changed;
	json_t *current; /* path -> digest of the spec in specs/ */
	char set[65]; /* digest of the set in force, "" before sets were recorded */
	struct assay_spec_sets sets; /* that batches were registered under */
	struct assay_config *config;
	struct derive_instrument *instruments;
	struct derive_driver driver[DERIVE_DRIVERS_MAX];
	size_t driver_count;
	struct assay_lab lab;
	char boot[40];
	uint16_t made_kind; /* what the laboratory would have written; 0 nothing */
	json_t *made;
	uint64_t made_for; /* the exchange it follows */
	int64_t made_wall_ns; /* and its times */
	uint64_t made_begun_ns;
	uint64_t at; /* sequence of the entry looked at */
	struct assay_error failed; /* why a visit stopped */
};

/* A difference at entry sequence. */
__attribute__((format(printf, 4, 6), format(printf, 5, 6))) void derive_differs(
	struct derive *derive, uint64_t sequence, const char *code, const char *zh, const char *en, ...);
__attribute__((format(printf, 4, 6), format(printf, 5, 6))) void derive_note(
	struct derive *derive, uint64_t sequence, const char *code, const char *zh, const char *en, ...);

/* derive_files.c: the files as they were. */
int derive_spec(struct derive *derive, const struct assay_entry *entry, struct assay_error *err);
int derive_config(struct derive *derive, const struct assay_entry *entry, struct assay_error *err);
/* From here on exactly these files are in force. */
int derive_spec_set(struct derive *derive, const struct assay_entry *entry, struct assay_error *err);
/* assay_lab.specs_of; a set that cannot be read is a difference, said once. */
const struct assay_specs *derive_specs_of(void *context, const char *set);
/* Put the version of path with this digest in force; a digest the journal does not hold is a difference. */
int derive_use_spec(struct derive *derive, uint64_t sequence, const char *path, const char *sha256,
	struct assay_error *err);
/* derive->specs as of now; NULL when they cannot be read, which has been said. */
const struct assay_specs *derive_specs(struct derive *derive, uint64_t sequence);
void derive_files_free(struct derive *derive);

/* derive_exchange.c */
void derive_exchange(
	struct derive *derive, const struct assay_entry *entry, const struct assay_exchange *exchange);
void derive_sessions_close(struct derive *derive); /* a new recorder or configuration: hosts begin again */

/* derive_lab.c: before an entry is applied, and after an exchange is */
int derive_compare(struct derive *derive, const struct assay_entry *entry, struct assay_error *err);
int derive_offer(struct derive *derive, const struct assay_entry *entry,
	const struct assay_exchange *exchange, struct assay_error *err);
/* After a filling or refusal that the device's own sample led to is applied: the exchange's next readings. */
int derive_offer_rest(struct derive *derive, const struct assay_entry *entry,
	const struct assay_exchange *exchange, struct assay_error *err);

#endif
