/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/trail.h"

#include "gateway/lab/entries.h"
#include "gateway/lab/query_row.h"
#include "gateway/record/journal_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS 1000000000ll

static const char *first_of(const json_t *body, const char *const names[])
{
	for (size_t i = 0; names[i]; i++)
		if (*lab_text(body, names[i]))
			return lab_text(body, names[i]);
	return "";
}

/* A reason in words, or its codes with blanks between. */
static json_t *reason_of(const json_t *body)
{
	const json_t *code;
	char joined[600] = "";
	size_t index, at = 0;

	if (*lab_text(body, "reason"))
		return json_string(lab_text(body, "reason"));
	json_array_foreach(json_object_get(body, "reasons"), index, code)
	{
		const char *text = json_string_value(code);

		if (text && at + strlen(text) + 2 < sizeof joined)
			at += (size_t)snprintf(joined + at, sizeof joined - at, "%s%s", at ? " " : "", text);
	}
	return json_string(joined);
}

json_t *assay_trail_row(const struct assay_entry *entry)
{
	static const char *const actions[] = {"action", "verdict", "status", "code", "outcome", "path", NULL};
	static const char *const instruments[] = {"instrument", "evidence_instrument", NULL};
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL), *row;
	const json_t *armed = json_object_get(body, "armed");
	char at[32];
	const char *action = first_of(body, actions);

	if (json_is_true(json_object_get(body, "typed")))
		action = "typed";
	else if (json_is_false(armed))
		action = "disarm";
	row = json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:s,s:s}", "seq",
		(json_int_t)entry->sequence, "at", query_time(entry->wall_ns, at), "kind",
		assay_entry_kind_name(entry->kind), "line", entry->line, "batch", lab_text(body, "batch"),
		"test", lab_text(body, "test"), "result", lab_text(body, "result"), "slot",
		lab_text(body, "slot"), "instrument", first_of(body, instruments), "who",
		lab_text(body, "who"), "action", action, "value", lab_text(body, "value"), "unit",
		lab_text(body, "unit"), "reason", reason_of(body), "text_zh", lab_text(body, "text_zh"),
		"text_en", lab_text(body, "text_en"));
	json_decref(body);
	return row;
}

static bool contains(const char *text, const char *part)
{
	return !part || !*part || strcasestr(text, part) != NULL;
}

static bool equals(const char *text, const char *whole)
{
	return !whole || !*whole || strcmp(text, whole) == 0;
}

/* id, or something below it: S26-1125-01.1.R1 is below S26-1125-01.1, which is below S26-1125-01. */
static bool below(const char *text, const char *id)
{
	size_t length = strlen(id);

	return strncmp(text, id, length) == 0 && (text[length] == '\0' || text[length] == '.');
}

static bool about(const json_t *row, const char *subject)
{
	const char *result = subject ? strstr(subject, ".R") : NULL;
	char test[80] = "";

	if (!subject || !*subject)
		return true;
	/* a result stands on what was done in its test */
	if (result && (size_t)(result - subject) < sizeof test)
		(void)snprintf(test, sizeof test, "%.*s", (int)(result - subject), subject);
	return below(lab_text(row, "batch"), subject) || below(lab_text(row, "test"), subject) ||
	       below(lab_text(row, "result"), subject) ||
	       (*test && strcmp(lab_text(row, "test"), test) == 0 &&
		       (!*lab_text(row, "result") || strcmp(lab_text(row, "result"), subject) == 0));
}

bool assay_trail_matches(const json_t *row, int64_t wall_ns, const struct assay_trail_query *query)
{
	return (!query->from_ns || wall_ns >= query->from_ns) && (!query->to_ns || wall_ns < query->to_ns) &&
	       contains(lab_text(row, "who"), query->who) &&
	       contains(lab_text(row, "reason"), query->reason) &&
	       equals(lab_text(row, "kind"), query->kind) &&
	       equals(lab_text(row, "instrument"), query->instrument) && about(row, query->subject);
}

struct search {
	const struct assay_trail_query *query;
	int (*visit)(void *context, const json_t *row);
	void *context;
	uint64_t found;
};

static int look(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct search *search = context;
	json_t *row = assay_trail_row(entry);
	int status = row ? 0 : ASSAY_ENOMEM;

	(void)leaf;
	if (row && assay_trail_matches(row, entry->wall_ns, search->query)) {
		search->found++;
		status = search->visit(search->context, row);
	}
	json_decref(row);
	return status;
}

int assay_trail_search(const char *dir, const struct assay_trail_query *query,
	int (*visit)(void *context, const json_t *row), void *context, uint64_t *found_out,
	struct assay_error *err)
{
	struct search search = {query, visit, context, 0};
	struct assay_reader *reader = NULL;
	int status = assay_reader_open(dir, ASSAY_READ_STILL, &reader, err);

	if (status == ASSAY_OK)
		status = assay_reader_each(reader, 0, 0, look, &search, err);
	if (status == ASSAY_ENOMEM)
		(void)lab_no_memory(err);
	assay_reader_close(reader);
	*found_out = search.found;
	return status > 0 ? ASSAY_OK : status;
}

struct page {
	const struct assay_trail_query *query;
	json_t *list;
	unsigned limit, looked;
	int64_t next;
};

static int look_for_page(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct page *page = context;
	json_t *row = assay_trail_row(entry);
	bool wanted = row && assay_trail_matches(row, entry->wall_ns, page->query);

	(void)leaf;
	if (!row || (wanted && json_array_append(page->list, row) != 0)) {
		json_decref(row);
		return ASSAY_ENOMEM;
	}
	json_decref(row);
	if (json_array_size(page->list) < page->limit && ++page->looked < ASSAY_TRAIL_LOOKED_MAX)
		return 0;
	page->next = (int64_t)entry->sequence + 1;
	return 1;
}

json_t *assay_trail_page(const char *dir, const struct assay_trail_query *query, uint64_t from,
	unsigned limit, struct assay_error *err)
{
	struct page page = {.query = query, .list = json_array(), .limit = limit, .next = -1};
	struct assay_reader *reader = NULL;
	int status = page.list ? assay_reader_open(dir, ASSAY_READ_LIVE, &reader, err) : lab_no_memory(err);

	if (status == ASSAY_OK)
		status = assay_reader_each(reader, from, 0, look_for_page, &page, err);
	if (status == ASSAY_ENOMEM)
		(void)lab_no_memory(err);
	assay_reader_close(reader);
	if (status >= 0)
		return json_pack("{s:o,s:I}", "entries", page.list, "next", (json_int_t)page.next);
	json_decref(page.list);
	return NULL;
}

bool assay_trail_time(const char *text, bool end, int64_t *ns_out)
{
	struct tm parts = {0};
	char day[11];
	size_t length = strlen(text);
	const char *rest;
	time_t seconds;

	if (length != 10 && length != 20)
		return false;
	(void)snprintf(day, sizeof day, "%s", text);
	if (!assay_date_valid(day))
		return false;
	rest = strptime(text, length == 10 ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%SZ", &parts);
	if (!rest || *rest)
		return false;
	seconds = timegm(&parts);
	if (length == 10 && end)
		seconds += 86400;
	if (seconds <= 0)
		return false;
	*ns_out = (int64_t)seconds * NS;
	return true;
}
