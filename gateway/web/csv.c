/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web/csv.h"

#include "gateway/web/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLOCK 65536u

bool web_wants_table(const struct web_call *call)
{
	const char *format = web_argument(call, "format"),
		   *accept = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, "Accept");

	return format ? strcmp(format, "csv") == 0 : accept && strcasestr(accept, "text/csv") != NULL;
}

bool web_format_known(const struct web_call *call)
{
	const char *format = web_argument(call, "format");

	return !format || strcmp(format, "csv") == 0 || strcmp(format, "json") == 0;
}

static bool is_number(const char *text)
{
	text += *text == '-' || *text == '+';
	text += strspn(text, "0123456789");
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	return *text == '\0';
}

/* What a spreadsheet begins a formula with, full-width forms as well (OWASP, CSV injection). */
static bool is_formula(const char *text)
{
	static const char *const wide[] = {"＝", "＋", "－", "＠"};

	if (*text == '\0' || is_number(text))
		return false;
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (strncmp(text, wide[i], strlen(wide[i])) == 0)
			return true;
	return strchr("=+-@\t\r\n", *text) != NULL;
}

static void put_cell(FILE *out, const char *text)
{
	bool formula = is_formula(text), quote = formula || strpbrk(text, ",\"\r\n") != NULL;

	if (quote)
		(void)putc('"', out);
	if (formula)
		(void)putc('\'', out);
	for (; *text; text++) {
		if (*text == '"')
			(void)putc('"', out);
		(void)putc(*text, out);
	}
	if (quote)
		(void)putc('"', out);
}

static bool all_texts(const json_t *list)
{
	const json_t *one;
	size_t index;

	json_array_foreach(list, index, one)
	{
		if (!json_is_string(one))
			return false;
	}
	return json_is_array(list);
}

/* A list of texts with semicolons between; what is deeper as JSON. */
static void put_value(FILE *out, const json_t *value)
{
	char *text = NULL;
	size_t length = 0, index;
	const json_t *one;
	FILE *joined;

	if (json_is_string(value)) {
		put_cell(out, json_string_value(value));
	} else if (all_texts(value)) {
		joined = open_memstream(&text, &length);
		json_array_foreach(value, index, one)
		{
			if (joined)
				(void)fprintf(joined, "%s%s", index ? "; " : "", json_string_value(one));
		}
		if (joined && fclose(joined) == 0)
			put_cell(out, text);
	} else if (value && !json_is_null(value)) {
		text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		put_cell(out, text ? text : "");
	}
	free(text);
}

bool web_csv_line(const json_t *columns, const json_t *row, bool names, char **text, size_t *length)
{
	char *line = NULL, *grown;
	size_t line_length = 0;
	FILE *out = open_memstream(&line, &line_length);
	const char *name;
	json_t *column;
	bool first = true;

	if (!out)
		return false;
	json_object_foreach((json_t *)(uintptr_t)columns, name, column)
	{
		if (!first)
			(void)putc(',', out);
		first = false;
		if (names)
			put_cell(out, name);
		else
			put_value(out, json_object_get(row, name));
	}
	(void)fputs("\r\n", out);
	grown = fclose(out) == 0 ? realloc(*text, *length + line_length + 1) : NULL;
	if (grown) {
		memcpy(grown + *length, line, line_length + 1);
		*text = grown;
		*length += line_length;
	}
	free(line);
	return grown != NULL;
}

/* The rest of a list on its way. */
struct table {
	struct web_call call; /* what it points to lives as long as the request */
	const char *name;
	web_page *read;
	char after[WEB_CSV_AFTER_MAX];
	json_t *columns; /* the first row */
	bool over;
	char *text;
	size_t length, at;
};

static void table_free(void *cls)
{
	struct table *table = cls;

	json_decref(table->columns);
	free(table->text);
	free(table);
}

static bool add_rows(struct table *table, const json_t *list)
{
	const json_t *row;
	size_t index;

	json_array_foreach(list, index, row)
	{
		if (!table->columns) {
			table->columns = json_incref((json_t *)(uintptr_t)row);
			if (!web_csv_line(row, row, true, &table->text, &table->length))
				return false;
		}
		if (!web_csv_line(table->columns, row, false, &table->text, &table->length))
			return false;
	}
	return true;
}

static bool add_page(struct table *table, const json_t *page)
{
	const char *next = json_string_value(json_object_get(page, "next"));

	table->over = !next || !*next || strlen(next) >= sizeof table->after;
	(void)snprintf(table->after, sizeof table->after, "%s", table->over ? "" : next);
	return add_rows(table, json_object_get(page, table->name));
}

static ssize_t give(void *cls, uint64_t position, char *out, size_t max)
{
	struct table *table = cls;
	size_t some;

	(void)position;
	while (table->at == table->length) {
		struct assay_error err = {0};
		json_t *page = table->over ? NULL : table->read(&table->call, table->after, &err);
		bool good;

		if (table->over)
			return MHD_CONTENT_READER_END_OF_STREAM;
		table->at = table->length = 0;
		good = page && add_page(table, page);
		json_decref(page);
		if (!good)
			return MHD_CONTENT_READER_END_WITH_ERROR; /* cut off: a table that ends early is not whole */
		web_peer_answering(table->call.connection, false); /* who takes it page by page may go on */
	}
	some = table->length - table->at < max ? table->length - table->at : max;
	memcpy(out, table->text + table->at, some);
	table->at += some;
	return (ssize_t)some;
}

static enum MHD_Result queue(struct table *table)
{
	struct web_call *call = &table->call;
	struct MHD_Response *response;
	char shown[80];

	(void)snprintf(shown, sizeof shown, "attachment; filename=\"%.40s.csv\"", table->name);
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, give, table, table_free);
	if (!response) {
		table_free(table);
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, "Content-Type", "text/csv; charset=utf-8; header=present");
	(void)MHD_add_response_header(response, "Content-Disposition", shown);
	return web_answer_queue(call->web, call->connection, 200, response, false);
}

static struct table *table_new(const struct web_call *call, const char *name, web_page *read)
{
	struct table *table = calloc(1, sizeof *table);

	if (!table)
		return NULL;
	table->call = *call;
	table->name = name;
	table->read = read;
	table->over = read == NULL;
	table->text = strdup(WEB_CSV_MARK);
	table->length = table->text ? strlen(WEB_CSV_MARK) : 0;
	return table;
}

enum MHD_Result web_answer_table(struct web_call *call, const char *name, json_t *list)
{
	struct table *table = table_new(call, name, NULL);
	bool good = table && add_rows(table, list);

	json_decref(list);
	if (good)
		return queue(table);
	if (table)
		table_free(table);
	return web_answer_problem(call->web, call->connection, &web_problem_memory);
}

enum MHD_Result web_answer_pages(struct web_call *call, const char *name, web_page *read)
{
	struct assay_error err = {0};
	bool whole = web_wants_table(call), good;
	struct table *table;
	json_t *page;

	if (!web_format_known(call))
		return web_refuse_arguments(call);
	page = read(call, whole ? "" : web_text_argument(call, "after", ""), &err);
	if (!page && strcmp(err.code, "query-refused") == 0)
		return web_refuse_arguments(call);
	if (!page || !whole)
		return web_answer_whole(call, page, &err);
	table = table_new(call, name, read);
	good = table && add_page(table, page);
	json_decref(page);
	if (good)
		return queue(table);
	if (table)
		table_free(table);
	return web_answer_problem(call->web, call->connection, &web_problem_memory);
}
