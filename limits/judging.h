/* SPDX-License-Identifier: Apache-2.0
 * What the parts of judging share: one case (question, edition, category) and one row at a time. */
#ifndef ASSAY_LIMITS_JUDGING_H
#define ASSAY_LIMITS_JUDGING_H

#include "limits/specs.h"

#include <string.h>

#define ASSAY_NO_PLACE (-99) /* the digits of the text are not compared with those of the limit */

struct assay_case {
	const struct assay_specs *specs;
	const struct assay_question *question;
	uint32_t standard, category;
	uint64_t conditions;
	struct assay_step_list *steps; /* NULL: no texts are wanted */
};

/* A condition by name; most questions state none. */
static inline bool assay_condition_holds(const struct assay_case *c, const char *name)
{
	return c->conditions && (c->conditions & assay_condition_bit(name, strlen(name))) != 0;
}

#define ASSAY_NOTE(c, ...)                                                                                   \
	do {                                                                                                 \
		if ((c)->steps)                                                                              \
			assay_step_add((c)->steps, __VA_ARGS__);                                             \
	} while (0)
/* When Chinese and English need different arguments: the one begins a step, the other ends it. */
#define ASSAY_NOTE_ZH(c, ...)                                                                                \
	do {                                                                                                 \
		if ((c)->steps)                                                                              \
			assay_step_zh((c)->steps, __VA_ARGS__);                                              \
	} while (0)
#define ASSAY_NOTE_EN(c, ...)                                                                                \
	do {                                                                                                 \
		if ((c)->steps)                                                                              \
			assay_step_en((c)->steps, __VA_ARGS__);                                              \
	} while (0)

/* A result in the unit of the limit, after all conversions. */
struct assay_measured {
	struct assay_reported reported;
	bool is_exact; /* an unrounded number, no text */
	bool has_interval;
	bool short_digits; /* printed with fewer digits than the limit: interval is half a unit wider each way */
	struct assay_interval interval;
	struct assay_fraction scale; /* what a number in the result's unit was multiplied by */
	int unit; /* of the result */
};

struct assay_bounds {
	bool has_lower, has_upper, lower_open, upper_open;
	struct assay_fraction lower, upper;
};

/* Make the decision undetermined for this reason. */
void assay_undetermined(struct assay_decision *out, const char *reason);

/* A figure for people: as few digits as show it, at most places after the point, cut figures with their mark. */
void assay_show(const struct assay_fraction *value, int places, char out[ASSAY_DECIMAL_TEXT_MAX]);
void assay_show_interval(
	const struct assay_interval *value, int places, char out[ASSAY_FRACTION_TEXT_MAX + 40]);

/* The text of an aux by name, NULL none. */
const char *assay_aux(const struct assay_question *question, const char *name);
/* A plain positive number or zero, in unit when it is bare; its unit must be of that dimension. Returns a reason, NULL
 * when good. */
const char *assay_aux_number(const char *text, int unit, struct assay_fraction *out);

/* Parse text (NULL: the question's exact number) and bring it to the unit and basis of row. factor: of the name it was
 * found by. place: of the limit, or ASSAY_NO_PLACE. Returns a reason, NULL when good; not detected without a limit
 * of detection and words are good, without interval. */
const char *assay_measure(const struct assay_case *c, const struct assay_row *row, const char *text,
	const struct assay_fraction *factor, int place, struct assay_measured *out);

/* What the limit is multiplied by: dilution, an eighth, the concentration factor of dried goods. *dried_open: a result
 * above the fresh limit cannot be judged, the factor is missing. row may be replaced by the fresh food's. */
const char *assay_limit_factor(const struct assay_case *c, const struct assay_row **row,
	struct assay_fraction *out, bool *dried_open);

/* Bounds of a numeric kind for this case; a reason, NULL when good. */
const char *assay_row_bounds(const struct assay_case *c, const struct assay_row *row,
	const struct assay_fraction *limit_factor, struct assay_bounds *out);
/* Compare by the question's method and decision rule and set out's kind. */
void assay_compare(const struct assay_case *c, const struct assay_row *row, const struct assay_bounds *bounds,
	const struct assay_measured *value, struct assay_decision *out);

/* One kind each; out is undetermined when they are called. */
void assay_judge_numeric(const struct assay_case *c, const struct assay_row *row,
	const struct assay_fraction *factor, struct assay_decision *out);
void assay_judge_absence(const struct assay_case *c, const struct assay_row *row,
	const struct assay_fraction *factor, struct assay_decision *out);
void assay_judge_plan(const struct assay_case *c, const struct assay_row *row, struct assay_decision *out);
void assay_judge_sum(const struct assay_case *c, const struct assay_row *row,
	const struct assay_fraction *factor, struct assay_decision *out);
void assay_judge_ratio(const struct assay_case *c, const struct assay_row *row, struct assay_decision *out);
void assay_judge_ratio_sum(
	const struct assay_case *c, const struct assay_row *row, struct assay_decision *out);

/* The only result: its text, or NULL with *exact. A reason when there is none or more than one. */
const char *assay_single_result(const struct assay_question *question, const char **text);

/* One of the names separated by | is name; ASCII letters in any case. */
bool assay_name_among(const char *names, const char *name);

#endif
