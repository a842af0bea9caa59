/* SPDX-License-Identifier: Apache-2.0
 * What a command asks of a test or batch; each appends entries to the open group or refuses without any. */
#ifndef ASSAY_LAB_STEPS_H
#define ASSAY_LAB_STEPS_H

#include "gateway/lab/containers.h"
#include "gateway/lab/worksheet.h"

/* register.c */
int lab_register(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char batch_out[LAB_ID_MAX], struct assay_error *err) ASSAY_WARN_UNUSED;

/* What the method says, for a TEST entry (entries.h); limit consumed, json_null() when nothing limits it. */
json_t *lab_sheet(const struct assay_method *method, json_t *limit);
/* The instrument that is evidence of the method's conditions: named, or the only one there is; "" none. */
int lab_find_evidence(struct assay_lab *lab, const struct assay_method *method, const char *named,
	char out[ASSAY_INSTRUMENT_ID_MAX], struct assay_error *err) ASSAY_WARN_UNUSED;

/* arm.c */
int lab_arm(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int lab_disarm(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* The calibration of an instrument with calibrated_until has run out at wall_ns (local day). */
bool lab_overdue(const char *calibrated_until, int64_t wall_ns);

/* A slot's row that is not filled yet. */
struct lab_waiting {
	char test[LAB_ID_MAX], slot[32], unit[32], channel[32], status[16],
		instrument[ASSAY_INSTRUMENT_ID_MAX];
	char boot[40];
	unsigned replicate, ordinal, position;
	uint64_t armed_mono_ns;
};
/* The next row of a slot to fill. ASSAY_ENOTFOUND "slot-unknown", ASSAY_EREFUSED "slot-filled". */
int lab_next_row(struct assay_lab *lab, const char *test, const char *slot, unsigned replicate,
	struct lab_waiting *out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* From a request: test, slot, replicate (1 when left out). */
int lab_requested_row(struct assay_lab *lab, const json_t *request, struct lab_waiting *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* fill.c */
int lab_enter(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* route.c: the row of the slot that the sample a reading names leads to: 1 found, 0 none or not clear. */
int lab_route(struct assay_lab *lab, const char *instrument, const struct assay_end_reading *reading,
	struct lab_waiting *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* finish.c: the result, its verdict, the batch's verdict, when the test is finished and they are not there */
int lab_finish(struct assay_lab *lab, const char *test, struct assay_error *err) ASSAY_WARN_UNUSED;
/* The result of a test that has one, or its verdict, worked out once more from the state: that entry alone is handed to
 * lab->append. ASSAY_EREFUSED "method-changed": the method's file is another one. */
int lab_rework(
	struct assay_lab *lab, const char *test, bool verdict, struct assay_error *err) ASSAY_WARN_UNUSED;

/* decision.c: the laboratory's decision rule and the uncertainty adopted for the method, "" none that is fresh. */
struct lab_decision {
	enum assay_rule rule;
	char uncertainty[ASSAY_DECIMAL_TEXT_MAX + 24]; /* "0.36 g/100g" */
};
int lab_decision_rule(struct assay_lab *lab, const struct worksheet *sheet, const struct assay_result *result,
	struct lab_decision *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* verdict.c: a result's verdict entry. *kind_out as in the entry; "" : no standard limits this. */
int lab_judge(struct assay_lab *lab, const struct worksheet *sheet, const char *result_id,
	const struct lab_outcome *outcome, struct assay_error *err) ASSAY_WARN_UNUSED;
int lab_judge_batch(struct assay_lab *lab, const char *batch, struct assay_error *err) ASSAY_WARN_UNUSED;
/* The hold that holds a result of the batch which counts, "" none. */
int lab_batch_held(struct assay_lab *lab, const char *batch, char hold_out[LAB_ID_MAX],
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* What a verdict over these tests covers; analytes_zh and _en joined. */
json_t *lab_scope(sqlite3 *state, const char *batch, struct assay_error *err); /* {tests, text_zh, text_en} */

/* review.c */
#define LAB_STATUS_MAX 24u
#define LAB_RETEST_DECIDES "retest-decides"
#define LAB_WORST_DECIDES "worst-decides"
int lab_review(struct assay_lab *lab, const char *action, const json_t *request,
	const struct assay_actor *actor, struct assay_error *err) ASSAY_WARN_UNUSED;
/* The trail of the batch was read, up to its last change; release needs that of the releaser. */
int lab_trail_read(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* The review entry of an action, signed. more: further members, consumed, may be NULL. */
int lab_review_append(struct assay_lab *lab, const char *batch, const char *action, const char *reason,
	const char *status, const struct assay_actor *actor, json_t *more,
	struct assay_error *err) ASSAY_WARN_UNUSED;
const char *lab_meaning(const char *action); /* of a signature, in words */
/* Sequence of the last entry that changed anything of the batch. */
int lab_last_change(struct assay_lab *lab, const char *batch, int64_t *seq_out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* ASSAY_ENOTFOUND "batch-unknown", ASSAY_EREFUSED "batch-void". */
int lab_batch_status(struct assay_lab *lab, const char *batch, char out[LAB_STATUS_MAX],
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* In how many ways who had a hand in the batch; did "": any but having released it. */
int lab_hand_count(struct assay_lab *lab, const char *batch, const char *who, const char *did,
	int64_t *count_out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* retest.c: the id of the new test */
int lab_retest(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id_out[LAB_ID_MAX], struct assay_error *err) ASSAY_WARN_UNUSED;

/* intake.c: everything a batch's plan asks for. The methods that can be run here, each once, and a list of what cannot be
 * tested: [{analyte, analyte_zh, standard, reason: "no-method" or "no-instrument"}]. */
int lab_plan(struct assay_lab *lab, const struct assay_product *product, const char *produced,
	const struct assay_method *methods[LAB_TESTS_MAX], size_t *count_out, json_t **cannot_out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* The method for an analyte that is asked for by name: the plan's, whose unit is the limit's (CFU/g, not CFU/mL); else any. */
const struct assay_method *lab_method_for(struct assay_lab *lab, const struct assay_product *product,
	const char *produced, const char *analyte);
/* [{sample, role, amount}] of a batch: count to be tested, and one kept back when retained is not "". */
json_t *lab_samples(const char *batch, unsigned count, const char *amount, const char *retained);
/* The containers of a sheet's sampling plan join them: {sample, role: "container", amount, counted_for, container}; not "test", for a
 * proof has what an entry names before it, and the test comes after. */
void lab_add_containers(json_t *samples, const char *test, const json_t *plan);
bool lab_origin_known(const char *origin);
const char *lab_origin_words(const char *origin, bool zh); /* "" for "" */

/* confirm_device.c: {"confirmed": {instrument, serial, was, line, reason, who}} */
json_t *lab_confirm_device(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err);

/* A member that must be there as text, not empty, at most LAB_TEXT_MAX bytes, one line. NULL with err. */
const char *lab_need(const json_t *request, const char *name, struct assay_error *err);
/* The same, and may be empty or absent. */
const char *lab_may(const json_t *request, const char *name, struct assay_error *err);

#endif
