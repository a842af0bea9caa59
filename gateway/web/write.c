/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web/write.h"

#include "gateway/web/route.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LINE 200u /* bytes of a name, lot, reason, as LAB_TEXT_MAX */
#define SECRET 512u /* bytes of a password */
#define TEXT(name)                                                                                           \
	{                                                                                                    \
		name, WEB_FIELD_TEXT, LINE                                                                   \
	}
#define PASSWORD                                                                                             \
	{                                                                                                    \
		"password", WEB_FIELD_TEXT, SECRET                                                           \
	} /* of a signature */
#define CODE                                                                                                 \
	{                                                                                                    \
		"code", WEB_FIELD_TEXT, 16                                                                   \
	} /* of a second factor */
#define COUNT 1000000000u /* of anything counted, as LAB_COUNT_MAX */
#define PRODUCER                                                                                             \
	TEXT("name"), TEXT("name_en"), TEXT("licence"), TEXT("address"), TEXT("contact"), TEXT("phone"),     \
		TEXT("email"), {"products", WEB_FIELD_TEXTS, LINE}, {"self_tests", WEB_FIELD_TEXTS, LINE},   \
		{"tests_a_year", WEB_FIELD_NUMBER, COUNT}, TEXT("cost_a_year"), TEXT("note")

const struct web_write web_writes[] = {
	{"POST", "/api/v1/session", "session.begin", NULL, true, {TEXT("user"), PASSWORD, CODE}},
	{"DELETE", "/api/v1/session", "session.end", NULL, false, {{0}}},
	{"POST", "/api/v1/first-admin", "first.admin", NULL, true,
		{TEXT("code"), TEXT("user"), TEXT("name"), {"new_password", WEB_FIELD_TEXT, SECRET}}},
	{"POST", "/api/v1/users", "user.add", NULL, false,
		{TEXT("user"), TEXT("name"), TEXT("roles"), TEXT("producer"),
			{"new_password", WEB_FIELD_TEXT, SECRET}, PASSWORD}},
	{"PUT", "/api/v1/users/{id}/roles", "user.roles", "user", false,
		{TEXT("roles"), TEXT("producer"), TEXT("reason"), PASSWORD}},
	{"PUT", "/api/v1/users/{id}/methods", "user.methods", "user", false,
		{{"methods", WEB_FIELD_TEXTS, 64}, TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/users/{id}/disable", "user.disable", "user", false, {TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/users/{id}/enable", "user.enable", "user", false, {TEXT("reason"), PASSWORD}},
	{"PUT", "/api/v1/users/{id}/password", "user.password", "user", false,
		{{"new_password", WEB_FIELD_TEXT, SECRET}, PASSWORD}},
	{"POST", "/api/v1/users/{id}/second-factor", "user.second-factor.begin", "user", false,
		{CODE, PASSWORD}},
	{"POST", "/api/v1/users/{id}/second-factor/confirm", "user.second-factor.confirm", "user", false,
		{CODE}},
	{"POST", "/api/v1/users/{id}/second-factor/drop", "user.second-factor.drop", "user", false,
		{TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/tokens", "token.add", NULL, false,
		{TEXT("name"), TEXT("roles"), TEXT("producer"), {"days", WEB_FIELD_NUMBER, 366}, PASSWORD}},
	{"POST", "/api/v1/tokens/{id}/revoke", "token.revoke", "token", false, {TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/batches", "batch.new", NULL, false,
		{TEXT("product"), TEXT("name"), TEXT("producer"), TEXT("lot"), TEXT("produced"),
			TEXT("amount"), TEXT("origin"), TEXT("evidence"), {"tests", WEB_FIELD_TEXTS, LINE},
			TEXT("card"), {"samples", WEB_FIELD_NUMBER, 12}, TEXT("retained")}},
	{"POST", "/api/v1/batches/{id}/confirm", "batch.confirm", "batch", false, {TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/batches/{id}/void", "batch.void", "batch", false, {TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/batches/{id}/trail-read", "batch.trail-read", "batch", false, {{0}}},
	{"POST", "/api/v1/batches/{id}/release", "batch.release", "batch", false, {TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/certificates/{id}/amend", "certificate.amend", "certificate", false,
		{TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/tests/{id}/fill", "test.fill", "test", false,
		{TEXT("slot"), {"replicate", WEB_FIELD_NUMBER, 64}, TEXT("instrument"),
			{"take", WEB_FIELD_TRUTH, 1}}},
	{"POST", "/api/v1/tests/{id}/disarm", "test.disarm", "test", false, {{0}}},
	{"POST", "/api/v1/tests/{id}/enter", "test.enter", "test", false,
		{TEXT("slot"), {"replicate", WEB_FIELD_NUMBER, 64}, TEXT("value"), TEXT("reason")}},
	{"POST", "/api/v1/tests/{id}/missing", "test.missing", "test", false,
		{{"replicate", WEB_FIELD_NUMBER, 64}, TEXT("reason")}},
	{"POST", "/api/v1/tests/{id}/take-back", "test.take-back", "test", false, {TEXT("reason")}},
	{"POST", "/api/v1/tests/{id}/retest", "test.retest", "test", false,
		{TEXT("rule"), TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/tests/{id}/split", "split.enter", "test", false,
		{TEXT("value"), TEXT("unit"), TEXT("uncertainty"), TEXT("coverage"), TEXT("date"),
			TEXT("note"), TEXT("reason")}},
	{"POST", "/api/v1/lines/{id}/confirm", "line.confirm", "line", false,
		{TEXT("instrument"), TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/producers", "producer.add", NULL, false, {PRODUCER}},
	{"PATCH", "/api/v1/producers/{id}", "producer.change", "producer", false, {PRODUCER, TEXT("reason")}},
	{"POST", "/api/v1/instruments/{id}/calibrations", "instrument.calibrate", "instrument", false,
		{TEXT("certificate"), TEXT("laboratory"), TEXT("calibrated"), TEXT("due"), TEXT("outcome"),
			TEXT("reason")}},
	{"PATCH", "/api/v1/instruments/{id}", "instrument.use", "instrument", false,
		{TEXT("location"), {"users", WEB_FIELD_TEXTS, LINE}, TEXT("reason")}},
	{"PUT", "/api/v1/instruments/{id}/rack", "rack.load", "instrument", false,
		{{"places", WEB_FIELD_ROWS, 200}}},
	{"PUT", "/api/v1/programmes/{id}", "programme.set", "programme", false,
		{TEXT("name_zh"), TEXT("name_en"), {"tests", WEB_FIELD_NUMBER, COUNT},
			{"producers", WEB_FIELD_NUMBER, COUNT}, {"alarm_at", WEB_FIELD_NUMBER, COUNT},
			TEXT("valid_until"), {"prices", WEB_FIELD_ROWS, 500}, TEXT("reason")}},
	{"POST", "/api/v1/cards", "card.issue", NULL, false,
		{TEXT("programme"), TEXT("producer"), {"tests", WEB_FIELD_NUMBER, COUNT},
			TEXT("valid_until")}},
	{"POST", "/api/v1/cards/{id}/revoke", "card.revoke", "card", false, {TEXT("reason")}},
	{"POST", "/api/v1/journal/key", "key.change", NULL, false, {TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/alarms/acknowledge", "alarm.acknowledge", NULL, false,
		{TEXT("alarm"), TEXT("reason")}},
	{"POST", "/api/v1/qc/materials", "qc.material.add", NULL, false,
		{TEXT("kind"), TEXT("name_zh"), TEXT("name_en"), TEXT("lot"), TEXT("expires"),
			{"level", WEB_FIELD_NUMBER, 8}, TEXT("method"), TEXT("value"), TEXT("unit"),
			TEXT("uncertainty"), TEXT("coverage"), TEXT("certificate")}},
	{"POST", "/api/v1/qc/materials/{id}/retire", "qc.material.retire", "material", false,
		{TEXT("reason")}},
	{"POST", "/api/v1/qc/runs", "qc.run.new", NULL, false,
		{TEXT("instrument"), {"materials", WEB_FIELD_TEXTS, 64}, TEXT("of"), TEXT("added"),
			TEXT("next_due"), TEXT("evidence")}},
	{"POST", "/api/v1/qc/charts/{id}/freeze", "qc.chart.freeze", "material", false,
		{TEXT("instrument"), {"relative", WEB_FIELD_TRUTH, 1}, {"left_out", WEB_FIELD_TEXTS, 300},
			TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/qc/holds/{id}/explain", "qc.hold.explain", "hold", false,
		{TEXT("cause"), TEXT("action"), PASSWORD}},
	{"POST", "/api/v1/qc/holds/{id}/release", "qc.hold.release", "hold", false,
		{TEXT("reason"), PASSWORD}},
	{"POST", "/api/v1/qc/proficiency", "qc.proficiency.add", NULL, false,
		{TEXT("scheme"), TEXT("round"), TEXT("date"), TEXT("method"), TEXT("value"), TEXT("unit"),
			TEXT("assigned"), TEXT("sigma"), TEXT("u_assigned"), TEXT("u_value"),
			TEXT("coverage"), TEXT("sd_between"), {"laboratories", WEB_FIELD_NUMBER, COUNT},
			TEXT("note")}},
	{"POST", "/api/v1/qc/uncertainty/{id}/adopt", "qc.uncertainty.adopt", "method", false,
		{{"relative", WEB_FIELD_TRUTH, 1}, TEXT("reason"), PASSWORD}},
};
const size_t web_write_count = sizeof web_writes / sizeof *web_writes;

static const struct web_problem problem_json = {
	400, "body-unreadable", "正文不是 JSON 对象", "the body is not a JSON object"};
static const struct web_problem problem_field = {422, "field-unknown",
	"正文里有这里不收的字段，或字段的类型、长度不对；见 /api/v1/openapi.json",
	"the body has a member that is not taken here, or one of the wrong type or length; see "
	"/api/v1/openapi.json"};

const struct web_write *web_write_find(const char *method, const char *path, char *id)
{
	for (size_t i = 0; i < web_write_count; i++)
		if (strcmp(web_writes[i].method, method) == 0 &&
			web_path_matches(web_writes[i].path, path, id))
			return &web_writes[i];
	id[0] = '\0';
	return NULL;
}

void web_write_methods(const char *path, char *out, size_t size)
{
	char id[WEB_ID_MAX + 1];
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < web_write_count; i++)
		if (web_path_matches(web_writes[i].path, path, id) && length < size)
			length += (size_t)snprintf(out + length, size - length, ", %s", web_writes[i].method);
}

static bool text_fits(const json_t *value, unsigned max)
{
	return json_is_string(value) && json_string_length(value) <= max &&
	       strlen(json_string_value(value)) == json_string_length(value);
}

/* What stands in the members is the command's to judge. */
static bool rows_fit(const json_t *value, unsigned max)
{
	const json_t *row, *member;
	const char *name;
	size_t index;

	if (!json_is_array(value) || json_array_size(value) > max)
		return false;
	json_array_foreach(value, index, row)
	{
		if (!json_is_object(row) || json_object_size(row) > WEB_MEMBERS_MAX)
			return false;
		json_object_foreach((json_t *)(uintptr_t)row, name, member)
		{
			if (!text_fits(member, LINE) && !json_is_integer(member))
				return false;
		}
	}
	return true;
}

static bool fits(const struct web_field *field, const json_t *value)
{
	switch (field->kind) {
	case WEB_FIELD_TEXT:
		return text_fits(value, field->max);
	case WEB_FIELD_NUMBER:
		return json_is_integer(value) && json_integer_value(value) >= 0 &&
		       json_integer_value(value) <= field->max;
	case WEB_FIELD_TRUTH:
		return json_is_boolean(value);
	case WEB_FIELD_TEXTS:
		if (!json_is_array(value) || json_array_size(value) > WEB_LIST_MAX)
			return false;
		for (size_t i = 0; i < json_array_size(value); i++)
			if (!text_fits(json_array_get(value, i), field->max))
				return false;
		return true;
	case WEB_FIELD_ROWS:
		return rows_fit(value, field->max);
	}
	return false;
}

static const struct web_field *find_field(const struct web_write *row, const char *name)
{
	for (unsigned i = 0; i < WEB_FIELDS_MAX && row->field[i].name; i++)
		if (strcmp(row->field[i].name, name) == 0)
			return &row->field[i];
	return NULL;
}

const struct web_problem *web_write_fields(
	const struct web_write *row, const char *id, const char *text, size_t length, json_t *command)
{
	json_t *body = length ? json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL) : json_object(),
	       *value;
	const struct web_problem *problem = json_is_object(body) ? NULL : &problem_json;
	const char *name;

	json_object_foreach(body, name, value)
	{
		const struct web_field *field = problem ? NULL : find_field(row, name);

		if (!problem && (!field || !fits(field, value)))
			problem = &problem_field;
		if (!problem && json_object_set(command, name, value) != 0)
			problem = &web_problem_memory;
	}
	if (!problem && row->id_field && json_object_set_new(command, row->id_field, json_string(id)) != 0)
		problem = &web_problem_memory;
	json_decref(body);
	return problem;
}
