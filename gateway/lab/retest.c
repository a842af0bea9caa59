/* SPDX-License-Identifier: Apache-2.0
 * A retest 复检: the test once more, with the rule that says which result counts fixed before the new one is seen. The
 * first result stays as it is and is never averaged; microbiology is final (standards.md 7.9). */
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const rules[] = {LAB_RETEST_DECIDES, LAB_WORST_DECIDES};

static json_t *load(struct assay_lab *lab, const char *test, struct assay_error *err)
{
	return query_one(lab->state,
		query_prepare(lab->state, err,
			"SELECT t.id AS test, t.batch, t.position, t.analyte, t.method, "
			"t.evidence_instrument,"
			" t.sheet AS \"{sheet\", t.status, t.result, t.retest_of, b.status AS batch_status,"
			" coalesce(v.standard,'') AS standard, coalesce(v.source,'{}') AS \"{source\","
			" (SELECT count(*) FROM test WHERE retest_of=t.id) AS retests"
			" FROM test AS t JOIN batch AS b ON b.id=t.batch LEFT JOIN verdict AS v ON "
			"v.subject=t.result"
			" AND v.seq=(SELECT max(seq) FROM verdict WHERE subject=t.result) WHERE t.id=?1",
			"t", test),
		"test-unknown", test, err);
}

/* The row of the specs the verdict named; NULL: none. */
static const struct assay_limit *limit_of(const struct assay_specs *specs, const json_t *test)
{
	const json_t *source = json_object_get(test, "source");
	bool in_force = false;
	const struct assay_standard *standard =
		*lab_text(test, "standard")
			? assay_specs_standard_at(specs, lab_text(test, "standard"), "", &in_force)
			: NULL;

	for (size_t i = 0; standard && i < standard->limit_count; i++)
		if ((json_int_t)standard->limits[i].line ==
				json_integer_value(json_object_get(source, "line")) &&
			strcmp(standard->limits[i].category, lab_text(source, "category")) == 0)
			return &standard->limits[i];
	return NULL;
}

static bool is_final(const struct assay_specs *specs, const json_t *test)
{
	const struct assay_method *method = assay_specs_method(specs, lab_text(test, "method"));
	const struct assay_limit *limit = limit_of(specs, test),
				 counted = {.unit = method ? method->unit : ""};

	return (limit && !assay_retest_allowed(limit)) || !assay_retest_allowed(&counted) ||
	       (method && method->qualitative);
}

static int may(struct assay_lab *lab, const json_t *test, struct assay_error *err)
{
	const char *id = lab_text(test, "test");
	const struct assay_specs *specs = lab_specs_of(lab, lab_text(test, "batch"));
	const struct assay_method *method =
		specs ? assay_specs_method(specs, lab_text(test, "method")) : NULL;

	if (strcmp(lab_text(test, "batch_status"), "awaiting-review") != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "not-awaiting-review", "批次 %.60s 不在待复核",
			"batch %.60s does not wait for review", lab_text(test, "batch"));
	if (strcmp(lab_text(test, "status"), "done") != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "test-open", "%.60s 还没有结果，谈不上复检",
			"%.60s has no result yet, there is nothing to test again", id);
	if (*lab_text(test, "retest_of") || json_integer_value(json_object_get(test, "retests")))
		return assay_error_set(err, ASSAY_EREFUSED, "retest-twice", "%.60s 已复检过；只复检一次",
			"%.60s has been tested again already; once is all there is", id);
	if (!method ||
		strcmp(method->file->sha256, lab_text(json_object_get(test, "sheet"), "method_sha256")) != 0)
		return worksheet_changed(err);
	if (is_final(specs, test))
		return assay_error_set(err, ASSAY_EREFUSED, "retest-final",
			"%.60s：微生物结果不复检，首次结果为准",
			"%.60s: a microbiological result is final, the first one stands", id);
	return ASSAY_OK;
}

static const char *rule_of(const json_t *request, struct assay_error *err)
{
	const char *rule = lab_need(request, "rule", err);

	for (size_t i = 0; rule && i < sizeof rules / sizeof *rules; i++)
		if (strcmp(rule, rules[i]) == 0)
			return rule;
	if (rule)
		(void)assay_error_set(err, ASSAY_EREFUSED, "rule-invalid",
			"复检规则只能是 retest-decides（以复检为准）或 worst-decides（以较差者为准）",
			"the rule of a retest is retest-decides or worst-decides");
	return NULL;
}

static int order(struct assay_lab *lab, const json_t *test, const char *rule, const char *reason,
	const struct assay_actor *actor, char id_out[LAB_ID_MAX], struct assay_error *err)
{
	int status;

	(void)snprintf(id_out, LAB_ID_MAX, "%.*s.2", (int)LAB_ID_MAX - 4, lab_text(test, "test"));
	status = lab_review_append(lab, lab_text(test, "batch"), "retest", reason, "testing", actor,
		json_pack("{s:s,s:s,s:s,s:s}", "test", lab_text(test, "test"), "result",
			lab_text(test, "result"), "rule", rule, "retest", id_out),
		err);
	if (status != ASSAY_OK)
		return status;
	return lab_append(lab, ASSAY_ENTRY_TEST,
		json_pack("{s:s,s:s,s:O,s:s,s:s,s:s,s:O,s:s,s:s}", "test", id_out, "batch",
			lab_text(test, "batch"), "position", json_object_get(test, "position"), "analyte",
			lab_text(test, "analyte"), "method", lab_text(test, "method"), "evidence_instrument",
			lab_text(test, "evidence_instrument"), "sheet", json_object_get(test, "sheet"),
			"retest_of", lab_text(test, "test"), "rule", rule),
		NULL, err);
}

int lab_retest(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id_out[LAB_ID_MAX], struct assay_error *err)
{
	const char *id = lab_need(request, "test", err), *rule = id ? rule_of(request, err) : NULL,
		   *reason = rule ? lab_need(request, "reason", err) : NULL;
	json_t *test = reason ? load(lab, id, err) : NULL;
	int status = test                            ? may(lab, test, err)
		     : !reason                       ? ASSAY_EREFUSED
		     : strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND
						     : ASSAY_EIO;

	if (status == ASSAY_OK)
		status = order(lab, test, rule, reason, actor, id_out, err);
	json_decref(test);
	return status;
}
