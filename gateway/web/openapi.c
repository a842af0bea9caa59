/* SPDX-License-Identifier: Apache-2.0
 * The API's description: what is read stands in openapi.json, what is written is told from the table that does it. */
#include "gateway/web/route.h"
#include "gateway/web/write.h"

#include "gateway/lab/actor.h"

#include <stdio.h>
#include <string.h>

static json_t *field_schema(const struct web_field *field)
{
	switch (field->kind) {
	case WEB_FIELD_TEXT: /* max is bytes: no text has more characters */
		return json_pack("{s:s,s:i}", "type", "string", "maxLength", (int)field->max);
	case WEB_FIELD_NUMBER:
		return json_pack(
			"{s:s,s:i,s:i}", "type", "integer", "minimum", 0, "maximum", (int)field->max);
	case WEB_FIELD_TRUTH:
		return json_pack("{s:s}", "type", "boolean");
	case WEB_FIELD_TEXTS:
		return json_pack("{s:s,s:i,s:{s:s,s:i}}", "type", "array", "maxItems", (int)WEB_LIST_MAX,
			"items", "type", "string", "maxLength", (int)field->max);
	case WEB_FIELD_ROWS:
		return json_pack("{s:s,s:i,s:{s:s}}", "type", "array", "maxItems", (int)field->max, "items",
			"type", "object");
	}
	return NULL;
}

static json_t *body_schema(const struct web_write *row)
{
	json_t *properties = json_object();

	for (unsigned i = 0; i < WEB_FIELDS_MAX && row->field[i].name; i++)
		(void)json_object_set_new(properties, row->field[i].name, field_schema(&row->field[i]));
	return json_pack("{s:{s:{s:{s:s,s:b,s:o}}}}", "content", "application/json", "schema", "type",
		"object", "additionalProperties", 0, "properties", properties);
}

static json_t *header(const char *name, const char *what)
{
	return json_pack("{s:s,s:s,s:s,s:{s:s}}", "name", name, "in", "header", "description", what, "schema",
		"type", "string");
}

static json_t *operation(const struct web_write *row)
{
	static const char *const refused[] = {
		"400", "401", "403", "404", "409", "411", "412", "413", "415", "422", "429", "503"};
	json_t *parameters = json_array(), *responses = json_object();
	char summary[200];

	if (row->id_field)
		(void)json_array_append_new(parameters,
			json_pack("{s:s,s:s,s:b,s:{s:s,s:s}}", "name", "id", "in", "path", "required", 1,
				"schema", "type", "string", "pattern", "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"));
	(void)json_array_append_new(
		parameters, header("X-CSRF-Token", "with a session's cookie: csrf of GET /api/v1/session"));
	(void)json_array_append_new(
		parameters, header("Idempotency-Key", "the same key and request are done once"));
	(void)json_array_append_new(
		parameters, header("If-Match", "the ETag of what was looked at; else 412"));
	(void)json_object_set_new(responses, "200",
		json_pack("{s:s,s:{s:{s:{s:s}}}}", "description", "done", "content", "application/json",
			"schema", "type", "object"));
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		(void)json_object_set_new(
			responses, refused[i], json_pack("{s:s}", "$ref", "#/components/responses/Problem"));
	(void)snprintf(summary, sizeof summary, "The command %s.%s%s", row->command,
		lab_signs(row->command) ? " A signature: with the password of who gives it." : "",
		row->open ? " Without being logged in." : "");
	return json_pack("{s:s,s:s,s:o,s:o,s:o}", "operationId", row->command, "summary", summary,
		"parameters", parameters, "requestBody", body_schema(row), "responses", responses);
}

json_t *web_openapi(void)
{
	json_t *document = NULL, *paths;

	for (size_t i = 0; !document && i < assay_asset_count; i++)
		if (strcmp(assay_assets[i].path, "/ui/openapi.json") == 0)
			document = json_loadb(
				(const char *)assay_assets[i].bytes, assay_assets[i].length, 0, NULL);
	paths = json_object_get(document, "paths");
	for (size_t i = 0; i < web_write_count; i++) {
		json_t *item = json_object_get(paths, web_writes[i].path);
		char method[8] = "";

		for (size_t j = 0; j < sizeof method - 1 && web_writes[i].method[j]; j++)
			method[j] = (char)(web_writes[i].method[j] - 'A' + 'a');
		if (!item) {
			item = json_object();
			(void)json_object_set_new(paths, web_writes[i].path, item);
		}
		(void)json_object_set_new(item, method, operation(&web_writes[i]));
	}
	return document;
}
