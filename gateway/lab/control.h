/* SPDX-License-Identifier: Apache-2.0
 * Quality control 质量控制: control materials, runs of controls, charts, and the results that a broken rule holds. A control
 * is a test of its own: instruments fill its slots like any other's. Bodies of the entries (assay-journal.5):
 *
 * control-material {material, row: {kind, name_zh, name_en, lot, expires, level, method, value, unit, uncertainty, coverage,
 *             certificate}, status: in-use or retired, reason, who}: kind: control, blank, spike (value: the recovery it
 *             should have, in %) or check-weight (uncertainty: what a reading may be off by); value "": the chart's own
 *             history decides
 * control-run {run, method, instrument, kind: a material's or duplicate, next_due, who, controls: [{test, material, level, of,
 *             added, unit}]}: of: the test that was spiked, or measured again
 * control-chart {material, instrument, method, mean, variance, n, relative, outliers: [test], points: [{test, value}],
 *             left_out: [{test, reason}], reason, who, signature}: mean, variance: n/d. material "duplicates.METHOD": mean is
 *             the mean range, variance ""
 * control-verdict {run, state: in, warning, out or undetermined, holds, reason, rules: [{rule, tests}], measured_ns, controls:
 *             [{test, value, usable, charted, side, beyond, z_hundredths, restart, why}], check: "", passed or failed,
 *             text_zh, text_en}
 * hold       {hold, status: open, method, instrument, after, run, rule, reason, batches: [batch], released: [batch]}: every
 *             result of the method ("" any) on the instrument behind entry `after`; released: what had left before
 *            {hold, status: explained, cause, action, who, signature}
 *            {hold, status: released, reason, who, signature}: another person than the one who explained it */
#ifndef ASSAY_LAB_CONTROL_H
#define ASSAY_LAB_CONTROL_H

#include "gateway/analysis/westgard.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/worksheet.h"

#define LAB_CONTROLS_MAX ASSAY_WESTGARD_LEVELS_MAX /* of one run */
#define LAB_CONTROL_KIND_MAX 16u
#define LAB_DUPLICATES "duplicates." /* and a method: what a range chart is kept under */

/* In SQL, of test t: a slot of it was filled by the instrument; or nobody knows by which, since every value was typed, and
 * then each instrument of the method counts. */
#define LAB_MEASURED_ON(instrument, method)                                                                  \
	"(EXISTS(SELECT 1 FROM slot AS s WHERE s.test=t.id AND s.status='filled' AND "                       \
	"s.instrument=" instrument ") OR (" method "<>'' AND NOT EXISTS(SELECT 1 FROM slot AS s WHERE "      \
	"s.test=t.id AND s.status='filled' AND s.instrument<>'')))"

extern const struct lab_command lab_material_commands[]; /* control_material.c */
extern const struct lab_command lab_control_commands[]; /* control_run.c */
extern const struct lab_command lab_chart_commands[]; /* control_chart.c */
extern const struct lab_command lab_hold_commands[]; /* hold.c */
extern const struct lab_command lab_quality_commands[]; /* quality_register.c */

/* The material as query_quality.c shows it, which must be in use and not expired. NULL with err. */
json_t *lab_material_usable(struct assay_lab *lab, const char *id, int *status_out, struct assay_error *err);

/* control_judge.c: a test of a control run has its result: the run's verdict as soon as one can be given, and what it
 * holds. *is_control_out false: the test is none. */
int lab_control_done(struct assay_lab *lab, const char *test, bool *is_control_out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* The same run's verdict worked out again: that entry alone is handed to lab->append. */
int lab_control_judge(struct assay_lab *lab, const char *run, struct assay_error *err) ASSAY_WARN_UNUSED;

/* control_chart.c: the chart in force for a material on an instrument: frozen, else the certificate's; basis
 * ASSAY_QC_NONE when there is neither. */
int lab_chart_find(struct assay_lab *lab, const json_t *material, const char *instrument,
	struct assay_qc_chart *out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* n 0: none frozen yet. */
int lab_range_chart_find(struct assay_lab *lab, const char *method, const char *instrument,
	struct assay_qc_range_chart *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* hold.c: open one for the run, whose verdict has just been written, unless one is open; the batches it reaches get their
 * verdict anew. */
int lab_hold_open(struct assay_lab *lab, const char *run, struct assay_error *err) ASSAY_WARN_UNUSED;
/* For each of tests ([{test, ...}]) that a hold reaches: "held": [{hold, rule, reason, run, instrument, control}]. */
int lab_hold_mark(sqlite3 *state, const json_t *tests, struct assay_error *err) ASSAY_WARN_UNUSED;
/* The same of one test, [] when nothing holds it. New reference; NULL with err. */
json_t *lab_held(sqlite3 *state, const char *test, struct assay_error *err);
/* A result of the batch is held: ASSAY_EREFUSED "results-held". */
int lab_hold_none(struct assay_lab *lab, const char *batch, struct assay_error *err) ASSAY_WARN_UNUSED;

/* control_need.c: the control that lab.xml asks for with the test's method is missing, or did not stand. */
int lab_control_missing(
	sqlite3 *state, const char *test, bool *out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Why nothing may be taken from the instrument for a test: "check-failed", its last check did; "check-overdue", the next one
 * is at wall_ns; NULL: it may. A check weight's own slots are not blocked. ASSAY_EIO: *why_out is "check-failed". */
int lab_check_blocks(sqlite3 *state, const char *instrument, const char *test, int64_t wall_ns,
	const char **why_out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* query_quality.c */
json_t *assay_query_materials(sqlite3 *state, struct assay_error *err);
json_t *assay_query_material(sqlite3 *state, const char *id, struct assay_error *err);
json_t *assay_query_runs(sqlite3 *state, int64_t before, struct assay_error *err); /* newest first */
json_t *assay_query_run(sqlite3 *state, const char *id, struct assay_error *err);
json_t *assay_query_charts(sqlite3 *state, struct assay_error *err); /* without points */
json_t *assay_query_chart(
	sqlite3 *state, const char *material, const char *instrument, struct assay_error *err);
json_t *assay_query_holds(sqlite3 *state, bool all, struct assay_error *err);
json_t *assay_query_hold(sqlite3 *state, const char *id, struct assay_error *err);

#endif
