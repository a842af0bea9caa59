/* SPDX-License-Identifier: Apache-2.0
 * A batch is registered with the tests ordered for it: everything is checked before the first entry. */
#include "gateway/lab/containers.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/sign.h"
#include "gateway/lab/steps.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLES_MAX 12 /* a certificate names them all */

/* What a print takes (gateway/report/document.c): neither a control nor a mark that turns the direction of text or is not seen,
 * with which a name could read as another one. JSON has shown that it is UTF-8. */
static bool one_line(const char *text)
{
	static const uint32_t unseen[][2] = {{0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x61c, 0x61c},
		{0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffc},
		{0xe0000, 0xe0fff}};
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		unsigned more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc0 ? 1 : 0;
		uint32_t c = more ? *at & (0x3fu >> more) : *at;

		for (at++; more && (*at & 0xc0) == 0x80; more--, at++)
			c = c << 6 | (*at & 0x3fu);
		for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
			if (c >= unseen[i][0] && c <= unseen[i][1])
				return false;
		if ((c & 0xfffe) == 0xfffe)
			return false;
	}
	return true;
}

const char *lab_may(const json_t *request, const char *name, struct assay_error *err)
{
	const json_t *member = json_object_get(request, name);
	const char *text = member ? json_string_value(member) : "";

	if (text && strlen(text) <= LAB_TEXT_MAX && one_line(text))
		return text;
	(void)assay_error_set(err, ASSAY_EREFUSED, "field-invalid",
		"%s 要是一行文字，最多 %u 字节，不含看不见的字符",
		"%s must be one line of text of at most %u bytes, without characters that are not seen", name,
		LAB_TEXT_MAX);
	return NULL;
}

const char *lab_need(const json_t *request, const char *name, struct assay_error *err)
{
	const char *text = lab_may(request, name, err);

	if (text && text[strspn(text, " ")])
		return text;
	if (text)
		(void)assay_error_set(err, ASSAY_EREFUSED, "field-missing", "缺少 %s", "%s is missing", name);
	return NULL;
}

struct order {
	const struct assay_product *product;
	const char *name, *producer, *lot, *produced, *amount, *origin, *evidence, *card, *retained, *key;
	char producer_id[LAB_ID_MAX], producer_name[LAB_TEXT_MAX + 1];
	const struct assay_method *method[LAB_TESTS_MAX];
	size_t count;
	unsigned samples;
	json_t *cannot_test; /* owned */
	json_t *plan[LAB_TESTS_MAX]; /* owned: of each test, null without one */
	char request_digest[65];
};

/* "2026-11-25" and "S26-1125-", where the laboratory is. */
static int today(char date[16], char prefix[16], struct assay_error *err)
{
	time_t now = time(NULL);
	struct tm parts;

	if (localtime_r(&now, &parts) && strftime(date, 16, "%Y-%m-%d", &parts) > 0) {
		(void)snprintf(prefix, 16, "S%.2s-%.2s%.2s-", date + 2, date + 5, date + 8);
		return ASSAY_OK;
	}
	return assay_error_set(err, ASSAY_EIO, "clock", "读不到日期", "the date cannot be read");
}

static int check_dates(const struct order *order, struct assay_error *err)
{
	char day[16], prefix[16];
	int status = today(day, prefix, err);

	if (status != ASSAY_OK)
		return status;
	if (strlen(order->produced) != 10 || !assay_date_valid(order->produced))
		return assay_error_set(err, ASSAY_EREFUSED, "date-invalid",
			"生产日期要写成 YYYY-MM-DD，收到 %.30s",
			"the production date is written YYYY-MM-DD, %.30s came", order->produced);
	if (strcmp(order->produced, day) > 0)
		return assay_error_set(err, ASSAY_EREFUSED, "date-in-future", "生产日期 %s 在今天 %s 之后",
			"the production date %s is after today, %s", order->produced, day);
	return ASSAY_OK;
}

static int check_tests(
	struct assay_lab *lab, const json_t *tests, struct order *order, struct assay_error *err)
{
	const json_t *analyte;
	size_t index;

	if (!tests)
		return lab_plan(lab, order->product, order->produced, order->method, &order->count,
			&order->cannot_test, err);
	if (!json_is_array(tests) || json_array_size(tests) == 0 || json_array_size(tests) > LAB_TESTS_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "tests-missing", "要有 1 到 %u 个检验项目",
			"1 to %u tests are ordered for a batch", LAB_TESTS_MAX);
	json_array_foreach(tests, index, analyte)
	{
		const char *name = json_string_value(analyte);
		const struct assay_method *method =
			name ? lab_method_for(lab, order->product, order->produced, name) : NULL;

		if (!method)
			return assay_error_set(err, ASSAY_EREFUSED, "test-unknown", "没有 %.60s 的检验方法",
				"there is no method for %.60s", name ? name : "?");
		for (size_t i = 0; i < order->count; i++)
			if (order->method[i] == method)
				return assay_error_set(err, ASSAY_EREFUSED, "test-twice", "%.60s 下达了两次",
					"%.60s is ordered twice", name);
		order->method[order->count++] = method;
	}
	return ASSAY_OK;
}

static int check_samples(const json_t *samples, struct order *order, struct assay_error *err)
{
	json_int_t count = samples ? json_integer_value(samples) : 1;

	if (count < 1 || count > SAMPLES_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "samples-invalid", "样品数要从 1 到 %d",
			"a batch has 1 to %d samples", SAMPLES_MAX);
	order->samples = (unsigned)count;
	return ASSAY_OK;
}

/* Of what is asked, not of who asks and when. */
static int request_digest(const json_t *request, char out[65], struct assay_error *err)
{
	static const char *const not_asked[] = {
		"id", "by_session", "by_token", "from_address", "password", "who"};
	json_t *asked = json_copy((json_t *)(uintptr_t)request);
	int status = ASSAY_ENOMEM;

	for (size_t i = 0; asked && i < sizeof not_asked / sizeof *not_asked; i++)
		(void)json_object_del(asked, not_asked[i]);
	status = asked ? lab_record_digest(asked, out, err) : lab_no_memory(err);
	json_decref(asked);
	return status;
}

/* The batch an earlier request of the same key registered: 1, 0 none, negative with err. */
static int asked_before(
	struct assay_lab *lab, const struct order *order, char batch_out[LAB_ID_MAX], struct assay_error *err)
{
	json_t *rows;
	const json_t *row;
	int status = 0;

	if (!*order->key)
		return 0;
	rows = query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT id, request_digest FROM batch WHERE request_key=?1 AND request_key<>''", "t",
			order->key),
		err);
	row = json_array_get(rows, 0);
	if (!rows)
		return ASSAY_EIO;
	if (row && strcmp(lab_text(row, "request_digest"), order->request_digest) != 0) {
		status = assay_error_set(err, ASSAY_EREFUSED, "key-reused",
			"%.60s 已用于登记另一个批次 %.60s", "%.60s was used to register another batch, %.60s",
			order->key, lab_text(row, "id"));
	} else if (row) {
		(void)snprintf(batch_out, LAB_ID_MAX, "%s", lab_text(row, "id"));
		status = 1;
	}
	json_decref(rows);
	return status;
}

static int read_order(
	struct assay_lab *lab, const json_t *request, struct order *order, struct assay_error *err)
{
	const char *product = lab_need(request, "product", err);
	int status;

	if (!product || !(order->name = lab_need(request, "name", err)) ||
		!(order->producer = lab_need(request, "producer", err)) ||
		!(order->lot = lab_need(request, "lot", err)) ||
		!(order->produced = lab_need(request, "produced", err)) ||
		!(order->amount = lab_may(request, "amount", err)) ||
		!(order->origin = lab_may(request, "origin", err)) ||
		!(order->evidence = lab_may(request, "evidence", err)) ||
		!(order->card = lab_may(request, "card", err)) ||
		!(order->retained = lab_may(request, "retained", err)) ||
		!(order->key = lab_may(request, "key", err)))
		return ASSAY_EREFUSED;
	if (!lab_origin_known(order->origin))
		return assay_error_set(err, ASSAY_EREFUSED, "origin-unknown", "没有这种来源：%.60s",
			"there is no origin %.60s", order->origin);
	status = check_samples(json_object_get(request, "samples"), order, err);
	if (status == ASSAY_OK)
		status = request_digest(request, order->request_digest, err);
	if (status != ASSAY_OK)
		return status;
	order->product = assay_specs_product_find(lab->specs, product);
	if (!order->product)
		return assay_error_set(err, ASSAY_EREFUSED, "product-unknown",
			"没有产品 %.60s；specs/products 里有才能登记",
			"there is no product %.60s; it must stand in specs/products", product);
	status = check_dates(order, err);
	if (status == ASSAY_OK)
		status = lab_producer_find(
			lab, order->producer, order->producer_id, order->producer_name, err);
	return status == ASSAY_OK ? check_tests(lab, json_object_get(request, "tests"), order, err) : status;
}

/* S26-1125-01: sample of 2026, received on 25 November, the first of that day. */
static int next_id(struct assay_lab *lab, char out[LAB_ID_MAX], struct assay_error *err)
{
	char date[16], day[16], until[32];
	sqlite3_stmt *row;
	unsigned long last = 0;
	int rc, status = today(date, day, err);

	if (status != ASSAY_OK)
		return status;
	(void)snprintf(until, sizeof until, "%s:", day); /* ':' follows '9' */
	row = query_prepare(lab->state, err,
		"SELECT id FROM batch WHERE id>=?1 AND id<?2 ORDER BY length(id) DESC, id DESC LIMIT 1", "tt",
		day, until);
	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW)
		last = strtoul((const char *)sqlite3_column_text(row, 0) + strlen(day), NULL, 10);
	(void)sqlite3_finalize(row);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return query_failed(lab->state, err);
	(void)snprintf(out, LAB_ID_MAX, "%s%02lu", day, last + 1);
	return ASSAY_OK;
}

/* The one instrument that can be the evidence, when there is one; else somebody has to say. */
int lab_find_evidence(struct assay_lab *lab, const struct assay_method *method, const char *named,
	char out[ASSAY_INSTRUMENT_ID_MAX], struct assay_error *err)
{
	json_t *list;

	out[0] = '\0';
	if (method->evidence_count == 0)
		return ASSAY_OK;
	list = query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT DISTINCT instrument FROM channel WHERE channel=?1 AND unit_wanted IN (?2,'')"
			" AND (?3='' OR instrument=?3)",
			"ttt", method->evidence[0].channel, method->evidence[0].unit, named),
		err);
	if (!list)
		return ASSAY_EIO;
	if (json_array_size(list) == 1)
		(void)snprintf(
			out, ASSAY_INSTRUMENT_ID_MAX, "%s", lab_text(json_array_get(list, 0), "instrument"));
	json_decref(list);
	if (*named && !out[0])
		return assay_error_set(err, ASSAY_EREFUSED, "instrument-unknown",
			"%.60s 不给出 %s（%s），不能作试验条件的记录",
			"%.60s gives no %s (%s) and cannot be the record of the conditions", named,
			method->evidence[0].channel, method->evidence[0].unit);
	return ASSAY_OK;
}

static json_t *slots_json(const struct assay_method *method)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < method->slot_count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s,s:s,s:s,s:i}", "slot", method->slot[i].name, "name_zh",
				      method->slot[i].name_zh, "name_en", method->slot[i].name_en, "unit",
				      method->slot[i].unit, "repeat", (int)method->slot[i].repeat));
	return list;
}

static json_t *bounds(json_t *object, const struct assay_decimal *low, const struct assay_decimal *high)
{
	char text[ASSAY_DECIMAL_TEXT_MAX];

	(void)assay_decimal_format(low, text);
	(void)json_object_set_new(object, "low", json_string(text));
	(void)assay_decimal_format(high, text);
	(void)json_object_set_new(object, "high", json_string(text));
	return object;
}

static json_t *checks_json(const struct assay_method *method)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < method->check_count; i++) {
		const struct assay_method_check *check = &method->check[i];

		(void)json_array_append_new(
			list, bounds(json_pack("{s:s,s:s,s:s,s:s,s:s}", "name", check->name, "name_zh",
					     check->name_zh, "name_en", check->name_en, "formula",
					     check->formula, "unit", check->unit),
				      &check->low, &check->high));
	}
	return list;
}

static json_t *evidence_json(const struct assay_method *method)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < method->evidence_count; i++) {
		const struct assay_method_evidence *rule = &method->evidence[i];

		(void)json_array_append_new(
			list, bounds(json_pack("{s:s,s:s,s:s,s:s,s:s}", "role", rule->role, "channel",
					     rule->channel, "unit", rule->unit, "from_slot", rule->from_slot,
					     "to_slot", rule->to_slot),
				      &rule->low, &rule->high));
	}
	return list;
}

/* The limit that will apply, for the worksheet's head; the verdict looks again. A zero is asked about, nobody judged. */
static json_t *limit_json(struct assay_lab *lab, const struct order *order, const struct assay_method *method)
{
	struct assay_verdict *verdict = calloc(1, sizeof *verdict);
	json_t *limit = NULL;

	for (unsigned i = 0; verdict && !limit && i < order->product->use_count; i++) {
		const struct assay_question question = {.standard = order->product->use[i].standard,
			.category = order->product->use[i].category,
			.analyte = method->analyte,
			.produced = order->produced,
			.value = "0",
			.unit = method->unit};

		assay_judge(lab->specs, &question, verdict);
		if (verdict->limit && verdict->standard)
			limit = json_pack("{s:s,s:s,s:s}", "standard", verdict->standard->id, "clause",
				verdict->limit->clause, "text", verdict->limit->text);
	}
	free(verdict);
	return limit ? limit : json_null();
}

json_t *lab_sheet(const struct assay_method *method, json_t *limit)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:o,s:o,s:o,s:o}", "analyte_zh",
		method->analyte_zh, "analyte_en",
		method->analyte_en && *method->analyte_en ? method->analyte_en : method->analyte,
		"method_standard", method->standard, "method_zh", method->title_zh, "method_en",
		method->title_en, "method_file", method->file->path, "method_sha256", method->file->sha256,
		"formula", method->formula, "unit", method->unit, "replicates", (int)method->replicates,
		"slots", slots_json(method), "checks", checks_json(method), "evidence", evidence_json(method),
		"limit", limit);
}

static int add_test(struct assay_lab *lab, const struct order *order, const char *batch, size_t index,
	const char *evidence, struct assay_error *err)
{
	const struct assay_method *method = order->method[index];
	json_t *sheet = lab_sheet(method, limit_json(lab, order, method));
	char id[LAB_ID_MAX + 8];

	if (json_is_object(order->plan[index])) {
		(void)json_object_set(sheet, "replicates", json_object_get(order->plan[index], "n"));
		(void)json_object_set(sheet, "plan", order->plan[index]);
	}
	(void)snprintf(id, sizeof id, "%s.%zu", batch, index + 1);
	return lab_append(lab, ASSAY_ENTRY_TEST,
		json_pack("{s:s,s:s,s:i,s:s,s:s,s:s,s:o}", "test", id, "batch", batch, "position",
			(int)index + 1, "analyte", method->analyte, "method", method->id,
			"evidence_instrument", evidence, "sheet", sheet),
		NULL, err);
}

static int redeem(struct assay_lab *lab, const struct order *order, const char *batch, const char *who,
	struct assay_error *err)
{
	json_t *analytes = json_array();
	int status;

	for (size_t i = 0; i < order->count; i++)
		(void)json_array_append_new(analytes, json_string(order->method[i]->analyte));
	status = analytes ? lab_card_redeem(lab, order->card, batch, analytes, who, err) : lab_no_memory(err);
	json_decref(analytes);
	return status;
}

static json_t *batch_json(
	const struct assay_lab *lab, const struct order *order, const char *batch, const char *who)
{
	const struct assay_product *product = order->product;
	json_t *body =
		!product ? NULL
			 : json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}",
				   "batch", batch, "sample", batch, "product", product->id, "product_zh",
				   product->name_zh, "product_en", product->name_en, "product_file",
				   product->file->path, "product_sha256", product->file->sha256, "name",
				   order->name, "producer", order->producer_name, "lot", order->lot,
				   "produced", order->produced, "amount", order->amount, "origin",
				   order->origin, "who", who, "producer_id", order->producer_id, "card",
				   order->card);
	json_t *samples = lab_samples(batch, order->samples, order->amount, order->retained);
	char test[LAB_ID_MAX + 8];
	json_t *more;

	for (size_t i = 0; i < order->count; i++) {
		(void)snprintf(test, sizeof test, "%s.%zu", batch, i + 1);
		lab_add_containers(samples, test, order->plan[i]);
	}
	more = json_pack("{s:o,s:O*,s:s,s:s,s:s*}", "samples", samples, "cannot_test", order->cannot_test,
		"key", order->key, "request_digest", order->request_digest, "specs_sha256", lab->set);

	if (body && (!more || json_object_update(body, more) != 0)) {
		json_decref(body);
		body = NULL;
	}
	json_decref(more);
	return body;
}

int lab_register(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char batch_out[LAB_ID_MAX], struct assay_error *err)
{
	struct order order = {0};
	char evidence[LAB_TESTS_MAX][ASSAY_INSTRUMENT_ID_MAX];
	int status = read_order(lab, request, &order, err), before = 0;

	if (status == ASSAY_OK)
		before = asked_before(lab, &order, batch_out, err);
	if (status != ASSAY_OK || before != 0) {
		json_decref(order.cannot_test);
		return before < 0 ? before : status;
	}
	if (*order.card)
		status = lab_card_check(lab, order.card, order.producer_id, err);
	for (size_t i = 0; status == ASSAY_OK && i < order.count; i++)
		status = lab_find_evidence(lab, order.method[i], order.evidence, evidence[i], err);
	if (status == ASSAY_OK)
		status = next_id(lab, batch_out, err);
	for (size_t i = 0; status == ASSAY_OK && i < order.count; i++)
		order.plan[i] = lab_sampling_plan(
			lab, order.product, order.produced, order.method[i], batch_out, (unsigned)i + 1);
	if (status == ASSAY_OK)
		status = lab_append(
			lab, ASSAY_ENTRY_BATCH, batch_json(lab, &order, batch_out, actor->name), NULL, err);
	for (size_t i = 0; status == ASSAY_OK && i < order.count; i++)
		status = add_test(lab, &order, batch_out, i, evidence[i], err);
	if (status == ASSAY_OK && *order.card)
		status = redeem(lab, &order, batch_out, actor->name, err);
	for (size_t i = 0; i < order.count; i++)
		json_decref(order.plan[i]);
	json_decref(order.cannot_test);
	return status;
}
