/* SPDX-License-Identifier: Apache-2.0
 * Included by limits/limits.h.
 *
 * Methods of analysis: which slots readings fill, the formula, duplicates, digits, limits of detection.
 *
 *     method = assay_specs_method(specs, "gb-5009.3-direct");
 *     assay_method_calculate(method, values, count, evidence, &result);   result: exact mean, rounded once for print
 *
 * The comparison with a limit uses the unrounded mean. A mean below the limit of detection is reported as not detected:
 * then result.censored is set and result.reported is the text to judge. */
#ifndef ASSAY_LIMITS_METHOD_H
#define ASSAY_LIMITS_METHOD_H

#include "limits/limits.h"

#define ASSAY_SLOTS_MAX 16u
#define ASSAY_REPLICATES_MAX 8u
#define ASSAY_PRECISIONS_MAX 4u

struct assay_slot {
	const char *name; /* "m2" */
	const char *name_zh, *name_en; /* 皿 + 干燥后试样 */
	const char *unit;
	unsigned repeat; /* most weighings; 1 when it is not repeated */
	bool constant; /* repeated until two in a row differ by at most constant_within */
	struct assay_decimal constant_within;
	const char *take; /* of the last two: "last" or "smaller" */
	bool shared; /* one value for all replicates (blank, titrant): filled at replicate 1 */
	bool typed; /* not read from an instrument: a certificate's or a table's figure */
};

struct assay_method_check {
	const char *name, *name_zh, *name_en, *formula, *unit, *reason;
	const char *label_zh, *label_en; /* in a derivation; methods of before have none: the name */
	struct assay_decimal low, high;
};

struct assay_method_evidence {
	const char *role, *channel, *unit, *from_slot,
		*to_slot; /* last fill of from_slot to last fill of to_slot */
	const char *label_zh, *label_en; /* in a derivation; methods of before have none: the role */
	struct assay_decimal low, high;
};

/* Allowed |x1-x2| from a mean of `from` on, or, beyond, from above it. */
struct assay_precision {
	struct assay_decimal from;
	bool beyond;
	struct assay_decimal allowed;
	bool absolute; /* allowed is in the method's unit; otherwise percent of the mean */
};

struct assay_method {
	const char *id, *standard, *title_zh, *title_en;
	const char *analyte, *analyte_zh, *analyte_en, *unit;
	unsigned replicates;
	struct assay_decimal
		difference_percent; /* allowed |x1-x2| as percent of the mean, of the lowest range */
	const char *formula;
	struct assay_slot slot[ASSAY_SLOTS_MAX];
	unsigned slot_count;
	struct assay_method_check check[4];
	unsigned check_count;
	struct assay_method_evidence evidence[4];
	unsigned evidence_count;
	struct {
		struct assay_decimal from;
		bool beyond; /* from above `from` */
		unsigned significant; /* 0: places counts */
		unsigned places;
	} digits[4]; /* highest `from` first */
	unsigned digits_count;
	const struct assay_spec_file *file;
	struct assay_precision precision[ASSAY_PRECISIONS_MAX]; /* highest `from` first */
	unsigned precision_count;
	bool has_lod, has_loq;
	struct assay_decimal lod, loq; /* in unit */
	enum assay_rounding rounding;
	const char *from, *until; /* in force, by test date; until "" none */
	const char *
		confidence; /* "high", or "medium": the figures were not read in the text of the edition named */
	const char *conditions_zh, *conditions_en; /* instruments and conditions in words, "" none */
	const char *
		none; /* formula of what a result of nothing is below ("d": GB 4789.2, one colony at the lowest
			   * dilution), "" none: then nothing found is zero */
	bool qualitative; /* result typed as a word, or read from a table: no formula is worked out */
};
const struct assay_method *assay_specs_method(
	const struct assay_specs *specs, const char *id); /* NULL: none */
/* A method for the analyte, NULL when the specs have none. */
const struct assay_method *assay_specs_method_for(const struct assay_specs *specs, const char *analyte);
/* A method for the analyte in force on the test date (YYYY-MM-DD); standard "GB 5009.12" narrows it, NULL: any. */
const struct assay_method *assay_specs_method_on(
	const struct assay_specs *specs, const char *analyte, const char *standard, const char *tested);
size_t assay_specs_method_count(const struct assay_specs *specs);
const struct assay_method *assay_specs_method_at(const struct assay_specs *specs, size_t index);

/* The rule that holds at this mean: the first range it lies in; the lowest below all. NULL: the method has none. */
const struct assay_precision *assay_method_precision_at(
	const struct assay_method *method, const struct assay_fraction *mean);

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
	bool censored; /* below the limit of detection, or nothing found: judge `reported`, not `exact` */
	char reported[ASSAY_RESULT_TEXT_MAX]; /* "5.44 g/100g", "ND (LOD 0.005 g/kg)" or "<10 CFU/g" */
};

/* The method's result from what is there: formula for each replicate whose slots are complete, checks, duplicates,
 * mean, rounding once. evidence has method->evidence_count rows, NULL: not looked at yet (while weighing).
 * Always fills *out; a missing piece is a reason, never a guess. */
void assay_method_calculate(const struct assay_method *method, const struct assay_slot_value *values,
	size_t count, const struct assay_evidence_found *evidence, struct assay_result *out);

#endif
