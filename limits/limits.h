/* SPDX-License-Identifier: Apache-2.0
 * The limit library: specs from XML, results from readings, verdicts from limits.
 *
 *     specs  = assay_specs_load("specs", ...)              once; immutable, any thread may read
 *     method = assay_specs_method(specs, "gb-5009.3-direct")
 *     assay_method_calculate(method, readings, ...)   ->   result (exact, rounded once for the report)
 *     assay_judge(specs, question, ...)               ->   verdict with its derivation
 *
 * No input or output beyond reading the XML; no knowledge of the gateway. A verdict begins as undetermined
 * and is only changed by a rule that holds in full. */
#ifndef ASSAY_LIMITS_LIMITS_H
#define ASSAY_LIMITS_LIMITS_H

#include "limits/decimal.h"

#define ASSAY_REASONS_MAX 16u
#define ASSAY_STEPS_MAX 24u
#define ASSAY_STEP_TEXT_MAX 320u
#define ASSAY_SPEC_FILE_MAX 8388608u /* bytes of one XML file */

/* ---- reasons ------------------------------------------------------------------------------------------ */

struct assay_reason_text {
	const char *code, *zh, *en;
};
/* All reasons, ends with a row whose code is NULL. Codes are stable. */
const struct assay_reason_text *assay_reasons(void);
/* The texts of a code; a row that says "unknown reason" when there is none. */
const struct assay_reason_text *assay_reason_find(const char *code);

struct assay_reason_list {
	const char *code[ASSAY_REASONS_MAX]; /* static strings of assay_reasons */
	unsigned count;
};
void assay_reason_add(
	struct assay_reason_list *list, const char *code); /* each once; the ceiling holds all codes used */

/* One step of a derivation, in words. */
struct assay_step {
	char zh[ASSAY_STEP_TEXT_MAX], en[ASSAY_STEP_TEXT_MAX];
};
struct assay_step_list {
	struct assay_step step[ASSAY_STEPS_MAX];
	unsigned count;
};
/* Further steps beyond the ceiling are refused by leaving a last step that says so. */
void assay_step_add(struct assay_step_list *list, const char *zh, const char *en, ...)
	__attribute__((format(printf, 2, 4), format(printf, 3, 4)));

/* ---- specs -------------------------------------------------------------------------------------------- */

struct assay_specs;

/* Read DIR/standards, products, methods and validate each against DIR/schema: scan (no DOCTYPE, at most 64
 * attributes a tag, 32 deep, ASSAY_SPEC_FILE_MAX), parse without network and entities, XSD, then checks across
 * rows. Refused whole with file:line at the first mistake. The caller owns *out. */
int assay_specs_load(const char *dir, struct assay_specs **out, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_specs_free(struct assay_specs *specs); /* NULL allowed */

struct assay_spec_file {
	char path[160]; /* below DIR: "standards/gb-17401-2014.xml" */
	char sha256[65];
	char *bytes; /* exact */
	size_t length;
};
size_t assay_specs_file_count(const struct assay_specs *specs);
const struct assay_spec_file *assay_specs_file(const struct assay_specs *specs, size_t index);

struct assay_limit {
	const char *standard; /* "GB 17401-2014" */
	const char *category; /* code in the standard's tree */
	const char *analyte, *analyte_zh, *cas;
	const char *kind; /* "le" ... as in the schema */
	const char *text; /* as printed: "≤7 g/100g" */
	struct assay_decimal lower, upper;
	bool has_lower, has_upper;
	const char *unit, *basis, *except, *method, *clause, *source,
		*confidence; /* except: codes cut out, blank-separated */
	unsigned line; /* in its file */
};

struct assay_standard {
	const char *id; /* "GB 17401-2014" */
	const char *number; /* "GB 17401" */
	const char *tree; /* "PRODUCT", "GB2762" ... */
	const char *from; /* YYYY-MM-DD, first day in force */
	const char *until; /* first day of the successor, "" none */
	const char *no_row; /* "no-limit" or "not-permitted" */
	const char *title_zh, *title_en;
	const struct assay_limit *limits;
	size_t limit_count;
	const struct assay_spec_file *file;
};
size_t assay_specs_standard_count(const struct assay_specs *specs);
const struct assay_standard *assay_specs_standard(const struct assay_specs *specs, size_t index);
/* By number and production date, or by id with year (then in force or not is the caller's question). NULL: none. */
const struct assay_standard *assay_specs_standard_at(
	const struct assay_specs *specs, const char *name, const char *produced, bool *in_force_out);

struct assay_product {
	const char *id, *name_zh, *name_en;
	/* standard number and category code in its tree, pairs */
	struct {
		const char *standard, *category;
	} use[8];
	unsigned use_count;
	const struct assay_spec_file *file;
};
size_t assay_specs_product_count(const struct assay_specs *specs);
const struct assay_product *assay_specs_product(const struct assay_specs *specs, size_t index);
const struct assay_product *assay_specs_product_find(
	const struct assay_specs *specs, const char *id); /* NULL: none */

/* ---- methods ------------------------------------------------------------------------------------------- */

#define ASSAY_SLOTS_MAX 16u
#define ASSAY_REPLICATES_MAX 8u

struct assay_slot {
	const char *name; /* "m2" */
	const char *name_zh, *name_en; /* 皿 + 干燥后试样 */
	const char *unit;
	unsigned repeat; /* most weighings; 1 when it is not repeated */
	bool constant; /* repeated until two in a row differ by at most constant_within */
	struct assay_decimal constant_within;
	const char *take; /* of the last two: "last" or "smaller" */
};

struct assay_method_check {
	const char *name, *name_zh, *name_en, *formula, *unit, *reason;
	struct assay_decimal low, high;
};

struct assay_method_evidence {
	const char *role, *channel, *unit, *from_slot,
		*to_slot; /* last fill of from_slot to last fill of to_slot */
	struct assay_decimal low, high;
};

struct assay_method {
	const char *id, *standard, *title_zh, *title_en;
	const char *analyte, *analyte_zh, *analyte_en, *unit;
	unsigned replicates;
	struct assay_decimal difference_percent; /* allowed |x1-x2| as percent of the mean */
	const char *formula;
	struct assay_slot slot[ASSAY_SLOTS_MAX];
	unsigned slot_count;
	struct assay_method_check check[4];
	unsigned check_count;
	struct assay_method_evidence evidence[4];
	unsigned evidence_count;
	struct {
		struct assay_decimal from;
		unsigned significant;
	} digits[4]; /* highest `from` first */
	unsigned digits_count;
	const struct assay_spec_file *file;
};
const struct assay_method *assay_specs_method(
	const struct assay_specs *specs, const char *id); /* NULL: none */
/* A method for the analyte, NULL when the specs have none. */
const struct assay_method *assay_specs_method_for(const struct assay_specs *specs, const char *analyte);

/* A value in a slot; replicate and ordinal count from 1. */
struct assay_slot_value {
	const char *slot;
	unsigned replicate, ordinal;
	struct assay_decimal value;
};

enum assay_slot_state {
	ASSAY_SLOT_EMPTY = 0,
	ASSAY_SLOT_MORE = 1, /* has weighings, not constant yet */
	ASSAY_SLOT_COMPLETE = 2,
	ASSAY_SLOT_SPENT = 3 /* all weighings used and still not constant */
};
enum assay_slot_state assay_method_slot_state(const struct assay_method *method, const char *slot,
	unsigned replicate, const struct assay_slot_value *values, size_t count);

/* What the recorder found for method->evidence[i]. */
struct assay_evidence_found {
	bool present; /* readings cover the whole window without a gap */
	struct assay_decimal min, max;
	unsigned count;
};

struct assay_calculated {
	char name[16]; /* a check's name, or "x" for the replicate's result */
	unsigned replicate;
	char value[ASSAY_DECIMAL_TEXT_MAX], unit[16];
};

struct assay_result {
	bool has_value;
	char value[ASSAY_DECIMAL_TEXT_MAX]; /* reported, rounded once */
	char unit[16];
	struct assay_fraction exact; /* unrounded mean: what is compared */
	struct assay_reason_list reasons; /* not empty: the verdict is undetermined */
	struct assay_step_list steps;
	struct assay_calculated calculated[ASSAY_REPLICATES_MAX * 5];
	unsigned calculated_count;
};

/* The method's result from what is there: formula for each replicate whose slots are complete, checks, duplicates,
 * mean, rounding once. evidence has method->evidence_count rows, NULL: not looked at yet (while weighing).
 * Always fills *out; a missing piece is a reason, never a guess. */
void assay_method_calculate(const struct assay_method *method, const struct assay_slot_value *values,
	size_t count, const struct assay_evidence_found *evidence, struct assay_result *out);

/* ---- judging ------------------------------------------------------------------------------------------- */

enum assay_verdict_kind {
	ASSAY_VERDICT_UNDETERMINED = 0, /* the default */
	ASSAY_VERDICT_PASS = 1,
	ASSAY_VERDICT_FAIL = 2,
	ASSAY_VERDICT_NOT_APPLICABLE = 3
};
const char *assay_verdict_name(enum assay_verdict_kind kind); /* "undetermined" ... */
const char *assay_verdict_zh(enum assay_verdict_kind kind); /* 不能判定 ... */

struct assay_question {
	const char *standard; /* number, or number with year (pinned) */
	const char *category, *analyte, *produced;
	bool has_exact;
	struct assay_fraction exact; /* unrounded value; otherwise value is parsed */
	const char *value; /* "5.42" or "5.42 g/100g" */
	const char *unit; /* "" : as in value, or the limit's */
	const struct assay_reason_list *reasons; /* of the result; not empty: undetermined. NULL: none */
};

struct assay_verdict {
	enum assay_verdict_kind kind;
	struct assay_reason_list reasons;
	const struct assay_standard *standard; /* NULL when none applied */
	const struct assay_limit *limit; /* NULL when none applied */
	char compared[ASSAY_FRACTION_TEXT_MAX + 40];
	char text_zh[512], text_en[512];
	struct assay_step_list steps;
};

/* Upper, lower and range limits by full-value comparison (GB/T 8170-2008 clause 4.3.2). Always fills *out. */
void assay_judge(
	const struct assay_specs *specs, const struct assay_question *question, struct assay_verdict *out);

/* Exact ratio from one unit to another of the same dimension; false when there is none. */
bool assay_unit_ratio(const char *from, const char *to, struct assay_fraction *out);
/* YYYY-MM-DD and a day that exists. */
bool assay_date_valid(const char *text);

#endif
