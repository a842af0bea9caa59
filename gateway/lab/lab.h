/* SPDX-License-Identifier: Apache-2.0
 * The laboratory's own doing: batches, tests, slots, results, verdicts, reviews. Decides from the state and the specs,
 * and speaks only in journal entries, which the recorder appends and applies at once; so what is half done in one
 * group is not there at all after a crash. One thread, the recorder's. */
#ifndef ASSAY_LAB_LAB_H
#define ASSAY_LAB_LAB_H

#include "gateway/lab/actor.h"
#include "gateway/record/body.h"
#include "gateway/record/journal.h"
#include "limits/limits.h"

#include <jansson.h>
#include <sqlite3.h>

/* A signed checkpoint that covers everything committed. */
struct lab_checkpoint {
	uint64_t size;
	char root[65]; /* hex */
	int64_t at_ns; /* wall clock */
};

struct assay_lab {
	sqlite3 *state; /* the recorder's connection: sees what is not committed yet */
	const struct assay_specs *specs; /* in force now: what is registered takes them */
	const char *set; /* their digest (gateway/record/spec_set.h) */
	/* The specs with another digest, that a batch was registered under. NULL: they cannot be read, which has been said;
	 * the batch stays as it is. Good until the next call. */
	const struct assay_specs *(*specs_of)(void *context, const char *set);
	const char *boot; /* hex, of this boot */
	unsigned first_reading; /* of an exchange that is worked out again: those before have been */
	int64_t wall_ns; /* what time it is, when something old is worked out again; 0: the clock says */
	/* Append one entry to the open group and apply it. body is borrowed. */
	int (*append)(void *context, uint16_t kind, const char *line, const json_t *body,
		uint64_t *sequence_out, struct assay_error *err);
	/* One stable value, please (no entry of its own). */
	void (*take)(void *context, const char *instrument);
	/* Sign a checkpoint now; only before anything of a command is appended. NULL when something old is worked out again. */
	int (*checkpoint)(void *context, struct lab_checkpoint *out, struct assay_error *err);
	void *context;
};

/* An exchange has just been applied: its readings fill the slot that waits for the instrument, or are refused. */
int assay_lab_exchange(struct assay_lab *lab, uint64_t sequence, int64_t wall_ns, uint64_t begun_mono_ns,
	const struct assay_exchange *exchange, struct assay_error *err) ASSAY_WARN_UNUSED;

/* A device names the samples of this exchange: it may fill slots that nobody armed. */
bool assay_lab_named(const struct assay_exchange *exchange);

/* Results and verdicts that are due and not there, of all tests. After a fill, and once at start. */
int assay_lab_due(struct assay_lab *lab, struct assay_error *err) ASSAY_WARN_UNUSED;

/* A command of gateway/lab/query.h that changes or shows the laboratory: "batch.*", "test.*". A new reference
 * ({"batch": ...} or {"test": ...}); NULL with err. *known_out false: not one of these. Entries it appended stand in
 * the open group: the caller commits before it answers. What lab_allows does not allow is refused before anything else. */
json_t *assay_lab_command(struct assay_lab *lab, const char *command, const json_t *request,
	const struct assay_actor *actor, bool *known_out, int *status_out, struct assay_error *err);

/* Instruments a test needs now: an armed slot waits for them, or they are evidence of a test under way. visit is
 * called once for each id. */
int assay_lab_needed(struct assay_lab *lab, void (*visit)(void *context, const char *instrument, bool armed),
	void *context, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The specs a batch was registered under, kept until it is released; of what is no batch those in force. NULL: they
 * cannot be read. */
const struct assay_specs *lab_specs_of(struct assay_lab *lab, const char *batch);

#endif
