/* SPDX-License-Identifier: Apache-2.0
 * The limit library: Chinese food-safety limits as data, and the law of comparing with them.
 *
 *     struct assay_specs *specs = NULL;
 *     status = assay_specs_load("specs", &specs, &err);          once; immutable, any thread may read it
 *
 *     struct assay_question question = {.standard = "GB 2762", .category = "F04.2.2", .analyte = "cadmium",
 *                                       .produced = "2026-10-01", .value = "0.19 mg/kg"};
 *     assay_judge(specs, &question, &verdict);                   verdict with its derivation, zh and en
 *     assay_decide(specs, &question, &decision);                  the same verdict without texts, fast
 *
 * A verdict is pass, fail, undetermined or not applicable. It begins as undetermined and is changed only by a rule that
 * holds in full; every undetermined says why with a stable code (assay_reasons). Numbers are exact from the text to the
 * comparison: no binary floating point, no rounding unless the spec or the question asks for the rounded-value method.
 *
 * Finding the limit:
 *   1. edition: by production date; the day of entry into force belongs to the new edition;
 *   2. category: a code of the standard's tree; one outside it, or a reserved number, is undetermined;
 *   3. row: the nearest category upwards that has one, second parents counting like parents, cut branches ("except")
 *      left out; a code ending in .X1, .X2 ... is a food named inside its category and takes only its own rows;
 *   4. no row: no limit (GB 2761, 2762, 29921, product standards), or not permitted (GB 2760, for an additive with rows);
 *   5. conditions of the row (tinplate, apple or hawthorn ...): not met is not applicable, never pass.
 *
 * Comparing: result texts are intervals (limits/interval.h); a bare number is in the limit's unit; conversion to dry
 * matter, fat, pure alcohol or as ready to drink needs the moisture, fat, alcohol or dilution stated; an interval that
 * lies on both sides of the limit is undetermined.
 *
 * The library reads XML and does nothing else with the outside; it knows nothing of the gateway and links with libxml2
 * and libcrypto only. Errors: limits/error.h. Methods of analysis: limits/method.h. Batches: limits/batch.h. */
#ifndef ASSAY_LIMITS_LIMITS_H
#define ASSAY_LIMITS_LIMITS_H

#include "limits/interval.h"

#define ASSAY_REASONS_MAX 16u
#define ASSAY_STEPS_MAX 24u
#define ASSAY_STEP_TEXT_MAX 320u
#define ASSAY_SPEC_FILE_MAX 4194304u /* bytes of one XML file; the largest of specs/ has 340 KB */
#define ASSAY_SPEC_PARTS_MAX                                                                                 \
	65536u /* its elements, attributes and comments: in memory each takes some 250 bytes */

/* ---- reasons ------------------------------------------------------------------------------------------ */

struct assay_reason_text {
	const char *code, *zh, *en;
};
/* All reasons, sorted by code, ends with a row whose code is NULL. Codes are stable. */
const struct assay_reason_text *assay_reasons(void);
/* The texts of a code; a row that says "unknown reason" when there is none. */
const struct assay_reason_text *assay_reason_find(const char *code);

struct assay_reason_list {
	const char *code[ASSAY_REASONS_MAX]; /* static strings of assay_reasons */
	unsigned count;
};
void assay_reason_add(
	struct assay_reason_list *list, const char *code); /* each once; the ceiling holds all codes used */
bool assay_reason_has(const struct assay_reason_list *list, const char *code);

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
/* The same in two calls, when the languages need different arguments: the first begins the step. %s, %u and %zu only. */
void assay_step_zh(struct assay_step_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void assay_step_en(struct assay_step_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- conditions ---------------------------------------------------------------------------------------- */

/* What a row may ask for and a question may state, by name ("tinplate"). A condition that is not stated does not hold. */
struct assay_condition {
	const char *name, *zh, *en;
};
/* All, sorted by name, ends with a row whose name is NULL. */
const struct assay_condition *assay_conditions(void);

/* ---- specs -------------------------------------------------------------------------------------------- */

struct assay_specs;

/* Read DIR/categories, analytes, standards, methods and products and validate each against DIR/schema: scan (no DOCTYPE,
 * at most 64 attributes a tag, 32 deep, both ceilings above), parse without network and entities, XSD, then checks
 * across rows: overlap in time, a successor that does not exist, lower above upper, M below m, a missing unit, an
 * unknown category, condition or analyte, a row twice. Refused whole with file:line at the first mistake. The caller
 * owns *out. */
int assay_specs_load(const char *dir, struct assay_specs **out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Name of the i-th folder of DIR that is read; each must be there, also when it holds no file. NULL after the last. */
const char *assay_specs_folder(size_t i);
/* The same with more files, each put in the folder its root element belongs to; one with the name of a file in DIR takes
 * its place. supersede: a standard among them ends the edition of its number that has no end yet on its own first day
 * (what would change if it came into force); otherwise that overlap is refused. */
int assay_specs_load_with(const char *dir, const char *const *files, size_t count, bool supersede,
	struct assay_specs **out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* The same of files in memory, as an archive keeps them: each with its path below the folder; in the order given, which is
 * that of the names. DIR gives the schemas alone. */
struct assay_spec_bytes {
	const char *path, *bytes;
	size_t length;
};
int assay_specs_load_kept(const char *dir, const struct assay_spec_bytes *file, size_t count,
	struct assay_specs **out, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_specs_free(struct assay_specs *specs); /* NULL allowed */

/* For many sets of one DIR: its files and schemas are read and validated once and kept in memory; each set then reads the
 * rows anew, and owes the folder nothing afterwards. Texts stand for files, placed by their root elements; one with the
 * name of a file in DIR takes its place. */
struct assay_spec_folder;
int assay_spec_folder_open(
	const char *dir, struct assay_spec_folder **out, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_spec_folder_close(struct assay_spec_folder *folder); /* NULL allowed */
/* As assay_specs_load_with, from the folder in memory and texts. */
int assay_specs_load_texts(const struct assay_spec_folder *folder, const struct assay_spec_bytes *texts,
	size_t count, bool supersede, struct assay_specs **out, struct assay_error *err) ASSAY_WARN_UNUSED;

struct assay_spec_file {
	char path[160]; /* below DIR: "standards/gb-17401-2014.xml" */
	char sha256[65];
	char *bytes; /* exact */
	size_t length;
};
size_t assay_specs_file_count(const struct assay_specs *specs);
const struct assay_spec_file *assay_specs_file(const struct assay_specs *specs, size_t index);

/* One row. Texts are "" when absent. */
struct assay_limit {
	const char *standard; /* "GB 17401-2014" */
	const char *category; /* code in the standard's tree */
	const char *analyte, *analyte_zh, *cas;
	const char *kind; /* "le" ... as in the schema */
	const char *text; /* as printed: "≤7 g/100g" */
	struct assay_decimal lower, upper; /* digits as printed */
	bool has_lower, has_upper;
	const char *unit, *basis, *except, *method, *clause, *source,
		*confidence; /* except: codes cut out, blank-separated; confidence: "high" or "medium" */
	unsigned line; /* in its file */
	unsigned n, c; /* sampling plan; n 0: none */
	struct assay_decimal m, M;
	bool has_m, has_M;
	bool lower_open, upper_open; /* that end does not conform itself */
	const char *only; /* codes the row is kept to, "" all below its category */
	const char *when, *unless, *left_out_when; /* conditions, blank-separated */
	const char *convert; /* "dry", "fat", "alcohol" or "" */
	const char
		*dilution; /* categories and conditions for which the limit is multiplied by the dilution */
	const char *screen; /* the total that may be measured first, "" none */
	const char *measure; /* "use", "residue" or "" */
	const char *group; /* "preservative", "colour red" ... */
	const char *to; /* ratio_le: the analyte below the line */
	const char *food_zh; /* the food as the row prints it */
};

struct assay_standard {
	const char *id; /* "GB 17401-2014" */
	const char *number; /* "GB 17401" */
	const char *tree; /* "PRODUCT", "GB2762" ... */
	const char *from; /* YYYY-MM-DD, first day in force; "" a rule that the label brings into force */
	const char *until; /* first day of the successor, "" none */
	const char *no_row; /* "no-limit", "not-permitted" or "left-out" */
	const char *title_zh, *title_en;
	const struct assay_limit *limits;
	size_t limit_count;
	const struct assay_spec_file *file;
	const char *successor; /* id, "" none */
	bool voluntary; /* binding only when the label declares it */
};
size_t assay_specs_standard_count(const struct assay_specs *specs);
const struct assay_standard *assay_specs_standard(const struct assay_specs *specs, size_t index);
/* By number and production date, or by id with year (then in force or not is the caller's question). NULL: none. */
const struct assay_standard *assay_specs_standard_at(
	const struct assay_specs *specs, const char *name, const char *produced, bool *in_force_out);
/* Its rows are known to be a part of the edition's: that a food is not among them says nothing. */
bool assay_specs_standard_partial(const struct assay_specs *specs, const struct assay_standard *standard);
/* By id or number, any date. */
bool assay_specs_standard_known(const struct assay_specs *specs, const char *name);

/* What differs from one edition to the other, in the order of the rows: changed and removed by the older one, then added.
 * A row's counterpart has the same category, analyte, unit and conditions; before NULL: added, after NULL: removed. */
typedef void assay_on_change(
	void *context, const struct assay_limit *before, const struct assay_limit *after);
void assay_standard_compare(const struct assay_standard *before, const struct assay_standard *after,
	assay_on_change *on_change, void *context);

/* A food's place in one tree. */
struct assay_category {
	const char *tree, *code, *parent; /* parent "" at the root */
	const char *also_in; /* second parents, blank-separated */
	const char *name_zh, *name_en, *restricted_to;
	const char *
		a2; /* GB 2760: number in table A.2 (no additive "as needed"), "leaves": ask for the leaf, "" */
	bool reserved; /* a number printed without a food */
};
/* NULL when the tree has no such code. */
const struct assay_category *assay_specs_category(
	const struct assay_specs *specs, const char *tree, const char *code);
size_t assay_specs_category_count(const struct assay_specs *specs);
const struct assay_category *assay_specs_category_at(const struct assay_specs *specs, size_t index);

#define ASSAY_PRODUCT_USES_MAX 16u
#define ASSAY_PRODUCT_CONDITIONS_MAX 8u

struct assay_product {
	const char *id, *name_zh, *name_en;
	/* standard number and category code in its tree, pairs */
	struct {
		const char *standard, *category;
		bool declared; /* by the label: a standard that is not compulsory by itself */
	} use[ASSAY_PRODUCT_USES_MAX];
	unsigned use_count;
	const struct assay_spec_file *file;
	/* Class of the food production licence catalogue ("16"), and what is done to make it ("pickling"); "" not said.
	 * Statistics group by them; no verdict looks. */
	const char *licence_class, *process;
	const char *condition[ASSAY_PRODUCT_CONDITIONS_MAX];
	unsigned condition_count;
};
size_t assay_specs_product_count(const struct assay_specs *specs);
const struct assay_product *assay_specs_product(const struct assay_specs *specs, size_t index);
const struct assay_product *assay_specs_product_find(
	const struct assay_specs *specs, const char *id); /* NULL: none */

/* ---- judging ------------------------------------------------------------------------------------------- */

enum assay_verdict_kind {
	ASSAY_VERDICT_UNDETERMINED = 0, /* the default */
	ASSAY_VERDICT_PASS = 1,
	ASSAY_VERDICT_FAIL = 2,
	ASSAY_VERDICT_NOT_APPLICABLE = 3
};
const char *assay_verdict_name(enum assay_verdict_kind kind); /* "undetermined" ... */
const char *assay_verdict_zh(enum assay_verdict_kind kind); /* 不能判定 ... */

/* GB/T 8170-2008 clause 4.3: full-value comparison unless the spec (or the contract, then the question) says rounded. */
enum assay_compare { ASSAY_COMPARE_DEFAULT = 0, ASSAY_COMPARE_FULL = 1, ASSAY_COMPARE_ROUNDED = 2 };

/* ILAC-G8:09/2019. limit L, guard w = r * U; the mirror image for lower limits.
 * SIMPLE   pass to L, fail above.
 * GUARD    pass to L - w, fail above (binary, guarded acceptance).
 * NON_BINARY  pass to L - w, then undetermined (conditional-pass to L, conditional-fail to L + w), fail above.
 * REJECTION   pass to L, undetermined to L + w (within-uncertainty), fail above. */
enum assay_rule {
	ASSAY_RULE_SIMPLE = 0,
	ASSAY_RULE_GUARD = 1,
	ASSAY_RULE_NON_BINARY = 2,
	ASSAY_RULE_REJECTION = 3
};
/* "simple", "guard", "non-binary", "guarded-rejection" (and their common spellings); false for anything else. */
bool assay_rule_find(const char *name, enum assay_rule *out);

struct assay_named_text {
	const char *name, *text;
};

/* A limit the producer declares beside the standards (label, enterprise standard): judged too, the strictest wins. */
struct assay_declared {
	const char *kind; /* "le", "lt", "ge", "gt" */
	const char *bound; /* decimal text */
	const char *unit;
	const char *source; /* where it is declared */
};

/* One result against one standard. Pointers are borrowed for the call; NULL and 0 mean "not given". */
struct assay_question {
	const char *standard; /* number, or number with year (pinned) */
	const char *category, *analyte, *produced;
	const char *tested; /* not before produced */
	bool has_exact;
	struct assay_fraction exact; /* unrounded value; otherwise value is parsed */
	const char *value; /* "5.42" or "5.42 g/100g"; limits/interval.h has the grammar */
	const char *unit; /* "" : as in value, or the limit's */
	const struct assay_reason_list *reasons; /* of the result; not empty: undetermined. NULL: none */
	/* The containers of a sampling plan, as many as there are yet; otherwise one text. A rounded count keeps its mark
	 * ("1.0e4(+) CFU/g"), or what was above m is taken as m. */
	const char *const *results;
	size_t result_count; /* 0: value or exact is the result */
	const struct assay_named_text
		*components; /* of a sum, a sum of ratios, a ratio: analyte and result text */
	size_t component_count;
	/* What conversions need: moisture, fat (bare: g/100g), abv (%vol), density (g/mL), dilution (a number from 1),
	 * declared_value, drying_factor, fresh_moisture, total_arsenic, total_mercury, amino_acid_nitrogen. */
	const struct assay_named_text *aux;
	size_t aux_count;
	const char *const *conditions; /* names of assay_conditions that hold */
	size_t condition_count;
	enum assay_compare compare;
	enum assay_rule rule;
	const char *
		uncertainty; /* U, expanded (95 %), result text in a unit of the result; the rules but SIMPLE need it */
	const char *guard_ratio; /* r, decimal text; NULL: 1 */
	const char *fresh_category; /* for dried goods: the category of the fresh food */
	const struct assay_declared *declared;
	size_t declared_count;
};

/* The bare decision. Borrowed pointers live as long as specs. */
struct assay_decision {
	enum assay_verdict_kind kind;
	struct assay_reason_list reasons;
	const struct assay_standard *standard; /* NULL when none applied */
	const struct assay_limit *limit; /* the row that decided; NULL when none applied */
	bool not_permitted; /* no row and so not permitted (GB 2760): limit is NULL */
	bool has_compared;
	struct assay_interval compared; /* in the unit of the limit, after conversions */
	bool converted; /* compared is not what was printed */
};

struct assay_verdict {
	enum assay_verdict_kind kind;
	struct assay_reason_list reasons;
	const struct assay_standard *standard; /* NULL when none applied */
	const struct assay_limit *limit; /* NULL when none applied */
	char compared[ASSAY_FRACTION_TEXT_MAX + 40];
	bool has_interval; /* interval is what compared says, exactly, in the unit of the limit */
	struct assay_interval interval;
	char text_zh[512], text_en[512];
	bool not_permitted; /* as in the decision */
	struct assay_step_list steps; /* only the first steps.count are filled */
};

/* The limit as printed, or that it is not permitted; "" none. And where it stands. Static or as long as specs. */
const char *assay_verdict_limit(const struct assay_verdict *verdict);
const char *assay_verdict_clause(const struct assay_verdict *verdict);

/* Decide. Always fills *out. Any thread; no allocation. */
void assay_decide(
	const struct assay_specs *specs, const struct assay_question *question, struct assay_decision *out);
/* Decide, and say how. Always fills *out (about 17 KiB: keep it off small stacks). */
void assay_judge(
	const struct assay_specs *specs, const struct assay_question *question, struct assay_verdict *out);

/* A second result after a first one, for the same limit: microbiological verdicts are final (false, "retest-final").
 * Otherwise the re-inspection decides and both stay on record; they are never averaged. */
bool assay_retest_allowed(const struct assay_limit *limit);

/* Exact ratio from one unit to another of the same dimension; false when there is none. */
bool assay_unit_ratio(const char *from, const char *to, struct assay_fraction *out);
/* YYYY-MM-DD and a day that exists. */
bool assay_date_valid(const char *text);

#include "limits/batch.h"
#include "limits/method.h"

#endif
