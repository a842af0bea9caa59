/* SPDX-License-Identifier: Apache-2.0
 * result -> limit -> verdict, then the batch's verdict over the tests ordered. Undetermined until a rule holds. */
#include "gateway/lab/control.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/share.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct batch_facts {
	char product[LAB_ID_MAX], produced[16];
};

static int load_batch(
	struct assay_lab *lab, const char *batch, struct batch_facts *out, struct assay_error *err)
{
	sqlite3_stmt *row =
		query_prepare(lab->state, err, "SELECT product, produced FROM batch WHERE id=?1", "t", batch);
	int rc;

	memset(out, 0, sizeof *out);
	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		(void)snprintf(
			out->product, sizeof out->product, "%s", (const char *)sqlite3_column_text(row, 0));
		(void)snprintf(
			out->produced, sizeof out->produced, "%s", (const char *)sqlite3_column_text(row, 1));
	}
	(void)sqlite3_finalize(row);
	return rc == SQLITE_ROW ? ASSAY_OK : query_failed(lab->state, err);
}

static bool only_no_limit(const struct assay_verdict *verdict)
{
	return verdict->kind == ASSAY_VERDICT_UNDETERMINED && verdict->reasons.count == 1 &&
	       strcmp(verdict->reasons.code[0], "no-limit") == 0;
}

/* What decides when several standards limit the same thing: a fail, then what cannot be judged, then a pass. */
static unsigned weight(const struct assay_verdict *verdict)
{
	switch (verdict->kind) {
	case ASSAY_VERDICT_FAIL:
		return 4;
	case ASSAY_VERDICT_PASS:
		return 2;
	case ASSAY_VERDICT_NOT_APPLICABLE:
		return 1;
	default:
		return 3;
	}
}

/* A result without a value has nothing to compare: only its reasons speak. */
static void without_value(const struct assay_result *result, struct assay_verdict *verdict)
{
	verdict->kind = ASSAY_VERDICT_UNDETERMINED;
	verdict->reasons = result->reasons;
	verdict->compared[0] = '\0';
	verdict->steps.count = 0;
}

/* The counts of the containers that have one, in order. */
static size_t counts_of(const struct lab_containers *containers, const char *out[ASSAY_REPLICATES_MAX])
{
	size_t count = 0;

	for (unsigned i = 0; i < containers->n; i++)
		if (containers->of[i].counted)
			out[count++] = containers->of[i].judged;
	return count;
}

/* The governing verdict over all standards the product names; false: none of them limits this. */
static bool judge_all(const struct worksheet *sheet, const struct lab_outcome *outcome,
	const struct batch_facts *facts, const struct lab_decision *decision, struct assay_verdict *out)
{
	const struct assay_product *product = assay_specs_product_find(sheet->specs, facts->product);
	const struct assay_result *result = &outcome->result;
	bool plan = outcome->containers.n > 0;
	const char *counts[ASSAY_REPLICATES_MAX];
	size_t counted = plan ? counts_of(&outcome->containers, counts) : 0;
	struct assay_verdict *one = calloc(1, sizeof *one);
	bool found = false;

	if (!product || !one) {
		memset(out, 0, sizeof *out);
		assay_reason_add(&out->reasons, "category-unknown");
		free(one);
		return true;
	}
	for (unsigned i = 0; i < product->use_count; i++) {
		const struct assay_question question = {.standard = product->use[i].standard,
			.category = product->use[i].category,
			.analyte = sheet->method->analyte,
			.produced = facts->produced,
			/* below the limit of detection the mean is no find: its text is judged */
			.has_exact = !plan && !result->censored,
			.exact = result->exact,
			.value = !plan && result->censored ? result->reported : NULL,
			.unit = plan || result->censored ? "" : result->unit,
			.results = counts,
			.result_count = counted,
			.conditions = product->condition,
			.condition_count = product->condition_count,
			.rule = plan ? ASSAY_RULE_SIMPLE : decision->rule, /* a plan is its own rule */
			.uncertainty = !plan && decision->uncertainty[0] ? decision->uncertainty : NULL,
			.reasons = &result->reasons};

		assay_judge(sheet->specs, &question, one);
		if (only_no_limit(one))
			continue;
		if (!result->has_value)
			without_value(result, one);
		if (!found || weight(one) > weight(out))
			*out = *one;
		found = true;
	}
	free(one);
	return found;
}

/* "合格：..." and "pass: ...". */
static void describe(enum assay_verdict_kind kind, const json_t *reasons, char *zh, char *en, size_t size)
{
	const json_t *code;
	size_t index, zh_at, en_at;

	zh_at = (size_t)snprintf(zh, size, "%s", assay_verdict_zh(kind));
	en_at = (size_t)snprintf(en, size, "%s", assay_verdict_name(kind));
	json_array_foreach(reasons, index, code)
	{
		const struct assay_reason_text *reason = assay_reason_find(json_string_value(code));

		if (zh_at + strlen(reason->zh) + 8 > size || en_at + strlen(reason->en) + 8 > size)
			break;
		zh_at += (size_t)snprintf(zh + zh_at, size - zh_at, "%s%s", index ? "；" : "：", reason->zh);
		en_at += (size_t)snprintf(en + en_at, size - en_at, "%s%s", index ? "; " : ": ", reason->en);
	}
}

static json_t *verdict_json(const char *result_id, const struct assay_verdict *verdict)
{
	const struct assay_limit *limit = verdict->limit;
	const struct assay_standard *standard = verdict->standard;
	json_t *reasons = lab_reasons(&verdict->reasons), *source = NULL;
	char zh[512], en[512];

	describe(verdict->kind, reasons, zh, en, sizeof zh);
	if (standard)
		source = json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "category", limit ? limit->category : "",
			"file", standard->file->path, "sha256", standard->file->sha256, "line",
			limit ? (int)limit->line : 0, "source", limit ? limit->source : "", "confidence",
			limit ? limit->confidence : "");
	return json_pack("{s:s,s:s,s:o,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o}", "result", result_id, "verdict",
		assay_verdict_name(verdict->kind), "reasons", reasons, "standard",
		standard ? standard->id : "", "clause", assay_verdict_clause(verdict), "limit",
		assay_verdict_limit(verdict), "compared", verdict->compared, "text_zh", lab_string(zh),
		"text_en", lab_string(en), "derivation", lab_steps(&verdict->steps), "source", source,
		"share", lab_share(verdict));
}

/* What two results of the method may differ by at this level, in its unit; false: the method does not say. */
static bool precision_at(
	const struct assay_method *method, const struct assay_fraction *mean, struct assay_fraction *out)
{
	const struct assay_fraction hundredth = {1, 100};
	const struct assay_precision *rule = assay_method_precision_at(method, mean);

	if (!rule)
		return false;
	*out = assay_fraction_of(&rule->allowed);
	return rule->absolute || (assay_fraction_apply('*', out, &hundredth, out) == ASSAY_OK &&
					 assay_fraction_apply('*', out, mean, out) == ASSAY_OK);
}

static bool within(const struct assay_fraction *value, const struct assay_decimal *bound,
	const struct assay_fraction *width)
{
	struct assay_fraction at = assay_fraction_of(bound), difference;

	if (assay_fraction_apply('-', value, &at, &difference) != ASSAY_OK)
		return false;
	if (difference.n < 0)
		difference.n = -difference.n;
	return assay_fraction_compare(&difference, width) <= 0;
}

/* So near a bound that the same sample might have come out on its other side: a person looks, the verdict stands. Only
 * where result and limit share their unit, and by the method's own precision; nothing is made up. */
static bool near_limit(
	const struct worksheet *sheet, const struct assay_result *result, const struct assay_verdict *verdict)
{
	const struct assay_limit *limit = verdict->limit;
	struct assay_fraction width;

	if ((verdict->kind != ASSAY_VERDICT_PASS && verdict->kind != ASSAY_VERDICT_FAIL) || !limit ||
		!result->has_value || result->censored || strcmp(limit->unit, result->unit) != 0 ||
		*limit->convert || !precision_at(sheet->method, &result->exact, &width))
		return false;
	return (limit->has_lower && within(&result->exact, &limit->lower, &width)) ||
	       (limit->has_upper && within(&result->exact, &limit->upper, &width));
}

int lab_judge(struct assay_lab *lab, const struct worksheet *sheet, const char *result_id,
	const struct lab_outcome *outcome, struct assay_error *err)
{
	const struct assay_result *result = &outcome->result;
	struct assay_verdict *verdict = calloc(1, sizeof *verdict);
	struct batch_facts facts;
	struct lab_decision decision;
	bool missing = false, found = false;
	int status;

	if (!verdict)
		return lab_no_memory(err);
	status = load_batch(lab, sheet->batch, &facts, err);
	if (status == ASSAY_OK)
		status = lab_control_missing(lab->state, sheet->test, &missing, err);
	if (status == ASSAY_OK)
		status = lab_decision_rule(lab, sheet, result, &decision, err);
	if (status == ASSAY_OK)
		found = judge_all(sheet, outcome, &facts, &decision, verdict);
	if (missing) { /* what nothing limits is printed too */
		verdict->kind = ASSAY_VERDICT_UNDETERMINED;
		assay_reason_add(&verdict->reasons, "control-missing");
	}
	if (status == ASSAY_OK && (found || missing)) {
		if (near_limit(sheet, result, verdict))
			assay_reason_add(&verdict->reasons, "near-limit");
		for (size_t i = 0; i < sheet->count; i++)
			if (sheet->fill[i].typed)
				assay_reason_add(&verdict->reasons, "typed-value");
		for (unsigned k = 0; k < outcome->containers.n; k++)
			if (strchr(outcome->containers.of[k].value, '('))
				assay_reason_add(&verdict->reasons, "count-rounded-to-bound");
		if (sheet->taken_back)
			assay_reason_add(&verdict->reasons, "reading-taken-back");
		status = lab_append(lab, ASSAY_ENTRY_VERDICT, verdict_json(result_id, verdict), NULL, err);
	}
	free(verdict);
	return status;
}

json_t *lab_scope(sqlite3 *state, const char *batch, struct assay_error *err)
{
	json_t *rows = query_list(state,
		query_prepare(state, err,
			"SELECT analyte, sheet AS \"{sheet\" FROM test WHERE batch=?1 AND retest_of='' ORDER "
			"BY position",
			"t", batch),
		err);
	json_t *row, *tests = json_array();
	char zh[900] = "只覆盖所检项目：", en[900] = "covers only the tests ordered: ";
	size_t index, zh_at = strlen(zh), en_at = strlen(en);

	if (!rows) {
		json_decref(tests);
		return NULL;
	}
	json_array_foreach(rows, index, row)
	{
		const json_t *sheet = json_object_get(row, "sheet");

		(void)json_array_append(tests, json_object_get(row, "analyte"));
		if (zh_at > 700 || en_at > 700)
			continue;
		zh_at += (size_t)snprintf(zh + zh_at, sizeof zh - zh_at, "%s%.80s", index ? "、" : "",
			lab_text(sheet, "analyte_zh"));
		en_at += (size_t)snprintf(en + en_at, sizeof en - en_at, "%s%.80s", index ? ", " : "",
			lab_text(sheet, "analyte_en"));
	}
	json_decref(rows);
	(void)snprintf(zh + zh_at, sizeof zh - zh_at, "。未判定农药残留和兽药残留");
	(void)snprintf(
		en + en_at, sizeof en - en_at, "; pesticide and veterinary drug residues were not judged");
	return json_pack(
		"{s:o,s:o,s:o}", "tests", tests, "text_zh", lab_string(zh), "text_en", lab_string(en));
}

static enum assay_verdict_kind kind_of(const char *name)
{
	if (strcmp(name, "pass") == 0)
		return ASSAY_VERDICT_PASS;
	if (strcmp(name, "fail") == 0)
		return ASSAY_VERDICT_FAIL;
	return strcmp(name, "not_applicable") == 0 ? ASSAY_VERDICT_NOT_APPLICABLE
						   : ASSAY_VERDICT_UNDETERMINED;
}

static void add_reasons(json_t *all, const json_t *more)
{
	const json_t *code, *known;
	size_t index, at;

	json_array_foreach(more, index, code)
	{
		bool there = false;

		json_array_foreach(all, at, known)
		{
			there = there || json_equal(known, code);
		}

		if (!there)
			(void)json_array_append(all, (json_t *)(uintptr_t)code);
	}
}

/* lab.xml may say that a verdict on a row nobody has confirmed is none. */
static void doubt_unverified(sqlite3 *state, const json_t *tests)
{
	struct assay_error ignored;
	json_t *rows = query_list(state,
		query_prepare(state, &ignored,
			"SELECT value FROM meta WHERE key='unverified' AND value='undetermined'", ""),
		&ignored);
	json_t *test;
	const json_t *code;
	size_t index, at;

	if (!rows || json_array_size(rows)) /* what cannot be read is doubted too */
		json_array_foreach(tests, index, test)
		{
			json_array_foreach(json_object_get(test, "reasons"), at, code)
			{
				if (strcmp(json_string_value(code), "limit-unverified") == 0)
					(void)json_object_set_new(test, "doubted", json_true());
			}
		}
	json_decref(rows);
}

/* The verdict that counts for the batch; "" : none does. */
static const char *counted(const json_t *test)
{
	if (json_is_true(json_object_get(test, "replaced")))
		return "";
	if (json_array_size(json_object_get(test, "held")))
		return "undetermined";
	return json_is_true(json_object_get(test, "doubted")) ? "undetermined" : lab_text(test, "verdict");
}

/* One fail decides; then one that cannot be judged; pass is earned by every test that has a verdict, at least one. A
 * result that nothing limits is listed and holds nothing. */
static enum assay_verdict_kind over_tests(const json_t *tests, json_t *reasons)
{
	bool failed = false, open = false, passed = false;
	const json_t *test;
	size_t index;

	json_array_foreach(tests, index, test)
	{
		const char *verdict = counted(test);

		if (!*verdict)
			continue;
		failed = failed || kind_of(verdict) == ASSAY_VERDICT_FAIL;
		passed = passed || kind_of(verdict) == ASSAY_VERDICT_PASS;
		open = open || kind_of(verdict) == ASSAY_VERDICT_UNDETERMINED;
	}
	json_array_foreach(tests, index, test)
	{
		enum assay_verdict_kind kind = kind_of(counted(test));

		if (*counted(test) && kind == (failed        ? ASSAY_VERDICT_FAIL
						      : open ? ASSAY_VERDICT_UNDETERMINED
							     : kind))
			add_reasons(reasons, json_object_get(test, "reasons"));
	}
	if (failed)
		return ASSAY_VERDICT_FAIL;
	if (passed && !open)
		return ASSAY_VERDICT_PASS;
	if (!open)
		(void)json_array_append_new(reasons, json_string("no-limit"));
	return ASSAY_VERDICT_UNDETERMINED;
}

/* A retest whose rule says so takes the first result's place, once it has decided; without a decision both count, so that
 * nothing is better for it. */
static void mark_replaced(const json_t *tests)
{
	json_t *first;
	const json_t *again;
	size_t index, at;

	json_array_foreach(tests, index, again)
	{
		enum assay_verdict_kind kind = kind_of(lab_text(again, "verdict"));

		if (strcmp(lab_text(again, "rule"), LAB_RETEST_DECIDES) != 0 ||
			(kind != ASSAY_VERDICT_PASS && kind != ASSAY_VERDICT_FAIL) ||
			json_array_size(json_object_get(again, "held")))
			continue;
		json_array_foreach(tests, at, first)
		{
			if (strcmp(lab_text(first, "test"), lab_text(again, "retest_of")) == 0)
				(void)json_object_set_new(first, "replaced", json_true());
		}
	}
}

static bool has_retest(const json_t *tests)
{
	const json_t *test;
	size_t index;

	json_array_foreach(tests, index, test)
	{
		if (*lab_text(test, "retest_of"))
			return true;
	}
	return false;
}

/* Which control broke which rule, so that the result above it is held. */
static void add_held(json_t *list, const json_t *test)
{
	const json_t *one;
	size_t index;

	json_array_foreach(json_object_get(test, "held"), index, one)
	{
		char zh[300], en[300];

		(void)snprintf(zh, sizeof zh, "由 %.40s 暂扣：质控 %.40s 在 %.40s 上违反 %.20s",
			lab_text(one, "hold"), lab_text(one, "run"), lab_text(one, "instrument"),
			lab_text(one, "rule"));
		(void)snprintf(en, sizeof en, "held by %.40s: controls %.40s on %.40s broke %.20s",
			lab_text(one, "hold"), lab_text(one, "run"), lab_text(one, "instrument"),
			lab_text(one, "rule"));
		(void)json_array_append_new(
			list, json_pack("{s:o,s:o}", "zh", lab_string(zh), "en", lab_string(en)));
	}
}

static json_t *batch_steps(const json_t *tests)
{
	json_t *list = json_array();
	const json_t *test;
	size_t index;

	json_array_foreach(tests, index, test)
	{
		char zh[512], en[512];
		const char *zh_verdict = lab_text(test, "text_zh"), *en_verdict = lab_text(test, "text_en");

		bool replaced = json_is_true(json_object_get(test, "replaced")),
		     again = *lab_text(test, "retest_of");

		(void)snprintf(zh, sizeof zh, "%s%s %s %s：%s%s", again ? "复检 " : "",
			lab_text(json_object_get(test, "sheet"), "analyte_zh"), lab_text(test, "value"),
			lab_text(test, "unit"), *zh_verdict ? zh_verdict : "无限量，不判定",
			replaced ? "（初检，保留；以复检为准）" : "");
		(void)snprintf(en, sizeof en, "%s%s %s %s: %s%s", again ? "retest " : "",
			lab_text(json_object_get(test, "sheet"), "analyte_en"), lab_text(test, "value"),
			lab_text(test, "unit"), *en_verdict ? en_verdict : "no limit, not judged",
			replaced ? " (first result, kept; the retest decides)" : "");
		(void)json_array_append_new(
			list, json_pack("{s:o,s:o}", "zh", lab_string(zh), "en", lab_string(en)));
		add_held(list, test);
	}
	return list;
}

static json_t *batch_json(const char *batch, const json_t *tests, const json_t *scope)
{
	json_t *reasons = json_array(), *results = json_array();
	enum assay_verdict_kind kind = over_tests(tests, reasons);
	const json_t *test;
	size_t index;
	char zh[512], en[512];

	describe(kind, reasons, zh, en, sizeof zh);
	json_array_foreach(tests, index, test)
	{
		(void)json_array_append_new(
			results, json_pack("{s:s,s:s}", "result", lab_text(test, "result"), "verdict",
					 lab_text(test, "verdict")));
	}

	return json_pack("{s:s,s:s,s:o,s:o,s:o,s:O,s:O,s:s,s:o,s:o}", "batch", batch, "verdict",
		assay_verdict_name(kind), "reasons", reasons, "text_zh", lab_string(zh), "text_en",
		lab_string(en), "scope_zh", json_object_get(scope, "text_zh"), "scope_en",
		json_object_get(scope, "text_en"), "status",
		kind == ASSAY_VERDICT_PASS && json_array_size(reasons) == 0 && !has_retest(tests)
			? "awaiting-release"
			: "awaiting-review",
		"results", results, "derivation", batch_steps(tests));
}

/* The tests of a batch with their last verdicts, marked by what doubts, holds or replaces them. NULL with err. */
static json_t *marked_tests(struct assay_lab *lab, const char *batch, struct assay_error *err)
{
	json_t *tests = query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT t.id AS test, t.retest_of, t.rule, t.status, t.sheet AS \"{sheet\", r.id AS "
			"result, r.value,"
			" r.unit, v.verdict,"
			" v.reasons AS \"{reasons\", v.text_zh, v.text_en FROM test AS t"
			" LEFT JOIN result AS r ON r.id=t.result LEFT JOIN verdict AS v ON v.subject=r.id AND"
			" v.seq=(SELECT max(seq) FROM verdict WHERE subject=r.id)"
			" WHERE t.batch=?1 ORDER BY t.position, t.id",
			"t", batch),
		err);

	if (tests && lab_hold_mark(lab->state, tests, err) != ASSAY_OK) {
		json_decref(tests);
		return NULL;
	}
	doubt_unverified(lab->state, tests);
	mark_replaced(tests);
	return tests;
}

int lab_batch_held(
	struct assay_lab *lab, const char *batch, char hold_out[LAB_ID_MAX], struct assay_error *err)
{
	json_t *tests = marked_tests(lab, batch, err), *test;
	size_t index;

	hold_out[0] = '\0';
	json_array_foreach(tests, index, test)
	{
		const json_t *held = json_array_get(json_object_get(test, "held"), 0);

		if (held && !json_is_true(json_object_get(test, "replaced")))
			(void)snprintf(hold_out, LAB_ID_MAX, "%s", lab_text(held, "hold"));
	}
	json_decref(tests);
	return tests ? ASSAY_OK : ASSAY_EIO;
}

int lab_judge_batch(struct assay_lab *lab, const char *batch, struct assay_error *err)
{
	json_t *tests = marked_tests(lab, batch, err);
	json_t *scope = tests ? lab_scope(lab->state, batch, err) : NULL, *test;
	size_t index;
	int status = scope ? ASSAY_OK : ASSAY_EIO;
	bool complete = scope && json_array_size(tests) > 0;

	json_array_foreach(tests, index, test)
	{
		complete = complete && strcmp(lab_text(test, "status"), "done") == 0;
	}
	if (complete)
		status = lab_append(lab, ASSAY_ENTRY_VERDICT, batch_json(batch, tests, scope), NULL, err);
	json_decref(tests);
	json_decref(scope);
	return status;
}
