/* SPDX-License-Identifier: Apache-2.0
 * Split samples: what the producer's own laboratory found in a sample that is tested here, too. Written down beside our test,
 * never in it: nothing is judged by it. */
#include "gateway/analysis/split_figures.h"
#include "gateway/lab/fields.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>

static const struct lab_field fields[] = {{"value", LAB_FIELD_TEXT, true}, {"unit", LAB_FIELD_TEXT, true},
	{"uncertainty", LAB_FIELD_TEXT, false}, {"coverage", LAB_FIELD_TEXT, false},
	{"date", LAB_FIELD_DATE, true}, {"note", LAB_FIELD_TEXT, false}, {NULL, LAB_FIELD_TEXT, false}};

static json_t *find(struct assay_lab *lab, const char *test, struct assay_error *err)
{
	return query_one(lab->state,
		query_prepare(lab->state, err,
			"SELECT t.id AS test, t.batch, t.method, t.retest_of, t.result, "
			"json_extract(t.sheet,'$.unit') AS unit, b.status, b.producer_id AS producer,"
			" (SELECT count(*) FROM split WHERE test=t.id) AS before FROM test AS t JOIN batch "
			"AS b "
			"ON b.id=t.batch WHERE t.id=?1",
			"t", test),
		"test-unknown", test, err);
}

/* A producer writes for its own batches; of others it is not even told that they exist. */
static bool own(const struct assay_actor *actor, const json_t *test)
{
	return (actor->roles & ASSAY_ACTS_STAFF) || strcmp(actor->producer, lab_text(test, "producer")) == 0;
}

static int may(const json_t *test, const json_t *request, struct assay_error *err)
{
	if (!*lab_text(test, "producer"))
		return assay_error_set(err, ASSAY_EREFUSED, "producer-unregistered",
			"批次 %.60s 的企业没有登记，无从比较",
			"the producer of batch %.60s is not in the register; there is nobody to compare",
			lab_text(test, "batch"));
	if (strcmp(lab_text(test, "status"), "void") == 0 || *lab_text(test, "retest_of"))
		return assay_error_set(err, ASSAY_EREFUSED, "test-unfit", "%.60s 已作废或是复检，不作比对样",
			"%.60s is void or a retest: no split sample", lab_text(test, "test"));
	if (json_integer_value(json_object_get(test, "before")) && !*lab_text(request, "reason"))
		return assay_error_set(err, ASSAY_EREFUSED, "reason-needed",
			"%.60s 已有企业自测结果；更正要写明原因",
			"%.60s has the producer's own result already: say why it is another",
			lab_text(test, "test"));
	return ASSAY_OK;
}

static int above_zero(const json_t *row, const char *name, struct assay_error *err)
{
	const char *text = lab_text(row, name);
	struct assay_decimal value;

	if (!*text || (assay_decimal_parse(text, strlen(text), &value) == ASSAY_OK && value.coefficient > 0))
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "%s 要是大于零的小数",
		"%s must be a decimal above zero", name);
}

static int check(struct assay_lab *lab, const json_t *test, const json_t *row, struct assay_error *err)
{
	const char *text = lab_text(row, "value");
	struct assay_decimal value;
	char today[16];
	int status;

	if (assay_decimal_parse(text, strlen(text), &value) != ASSAY_OK)
		return assay_error_set(err, ASSAY_EREFUSED, "field-invalid",
			"value 要是小数；未检出的结果没有差值可比",
			"value must be a decimal; what was not detected has no difference to compare");
	if (strcmp(lab_text(row, "unit"), lab_text(test, "unit")) != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "unit-mismatch", "单位要是 %.20s",
			"the unit must be %.20s", lab_text(test, "unit"));
	if (!lab_today(lab, today) || strcmp(lab_text(row, "date"), today) > 0)
		return assay_error_set(err, ASSAY_EREFUSED, "date-in-future", "日期 %.10s 在今天之后",
			"the date %.10s is after today", lab_text(row, "date"));
	status = above_zero(row, "uncertainty", err);
	return status == ASSAY_OK ? above_zero(row, "coverage", err) : status;
}

static int append(struct assay_lab *lab, const json_t *test, const json_t *request, json_t *row,
	const struct assay_actor *actor, struct assay_error *err)
{
	static const char *const kept[] = {"test", "batch", "method", "producer"};

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		(void)json_object_set(row, kept[i], json_object_get(test, kept[i]));
	if (!*lab_text(row, "coverage"))
		(void)json_object_set_new(row, "coverage", json_string("2"));
	(void)json_object_set_new(row, "blind", json_boolean(!*lab_text(test, "result")));
	(void)json_object_set_new(row, "reason", lab_string(lab_text(request, "reason")));
	(void)json_object_set_new(row, "who", json_string(actor->name));
	return lab_append(lab, ASSAY_ENTRY_SPLIT, json_incref(row), NULL, err);
}

static json_t *figures(struct assay_lab *lab, const char *producer, const char *method, bool staff,
	int *status_out, struct assay_error *err)
{
	json_t *splits = assay_split_figures(lab->state, producer, method, !staff, err);

	*status_out = splits ? ASSAY_OK : ASSAY_EIO;
	return splits ? json_pack("{s:o}", "splits", splits) : NULL;
}

static json_t *enter(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "test", err),
		   *reason = id ? lab_may(request, "reason", err) : NULL;
	json_t *test = reason ? find(lab, id, err) : NULL, *row = NULL, *answer = NULL;

	*status_out = !reason ? ASSAY_EREFUSED : test ? ASSAY_OK : ASSAY_ENOTFOUND;
	if (test && !own(actor, test))
		*status_out = assay_error_set(
			err, ASSAY_ENOTFOUND, "test-unknown", "没有找到：%.80s", "there is no %.80s", id);
	if (*status_out == ASSAY_OK)
		*status_out = may(test, request, err);
	if (*status_out == ASSAY_OK)
		*status_out = lab_fields(fields, request, NULL, &row, err);
	if (*status_out == ASSAY_OK)
		*status_out = check(lab, test, row, err);
	if (*status_out == ASSAY_OK)
		*status_out = append(lab, test, request, row, actor, err);
	if (*status_out == ASSAY_OK)
		answer = figures(lab, lab_text(test, "producer"), lab_text(test, "method"),
			actor->roles & ASSAY_ACTS_STAFF, status_out, err);
	json_decref(row);
	json_decref(test);
	return answer;
}

static json_t *list(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *producer = lab_may(request, "producer", err),
		   *method = producer ? lab_may(request, "method", err) : NULL;

	(void)actor;
	*status_out = ASSAY_EREFUSED;
	return method ? figures(lab, producer, method, true, status_out, err) : NULL;
}

const struct lab_command lab_split_commands[] = {{"split.enter", enter}, {"split.list", list}, {NULL, NULL}};
