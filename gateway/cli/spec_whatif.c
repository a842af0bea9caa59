/* SPDX-License-Identifier: Apache-2.0
 * assay spec whatif: recorded results judged again with a file added; the journal is read, never written. */
#include "gateway/cli/spec.h"

#include "gateway/record/journal_reader.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct whatif {
	const struct assay_specs *before, *after;
	struct assay_verdict *verdict;
	json_t *batches; /* id -> {product, produced} */
	json_t *tests; /* id -> {batch, analyte} */
	json_t *results; /* id -> {test, exact, judged, unit, reasons} */
	json_t *changes;
	unsigned looked_at;
	char since[11];
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

/* "n/d" or "n" as the journal keeps it. */
static bool exact_of(const char *words, struct assay_fraction *out)
{
	struct assay_decimal n, d = {.coefficient = 1};
	size_t length = strcspn(words, "/");

	if (assay_decimal_parse(words, length, &n) != ASSAY_OK || n.scale != 0)
		return false;
	if (words[length] &&
		(assay_decimal_parse(words + length + 1, strlen(words + length + 1), &d) != ASSAY_OK ||
			d.scale != 0 || d.coefficient <= 0))
		return false;
	out->n = n.coefficient;
	out->d = d.coefficient;
	return true;
}

static int weight(const struct assay_verdict *verdict)
{
	static const int weights[] = {[ASSAY_VERDICT_UNDETERMINED] = 3,
		[ASSAY_VERDICT_PASS] = 2,
		[ASSAY_VERDICT_FAIL] = 4,
		[ASSAY_VERDICT_NOT_APPLICABLE] = 0};

	if (verdict->kind == ASSAY_VERDICT_UNDETERMINED && verdict->reasons.count == 1 &&
		assay_reason_has(&verdict->reasons, "no-limit"))
		return 1;
	return weights[verdict->kind];
}

/* The strictest verdict over all standards of the product; its text in *limit and *standard. */
static enum assay_verdict_kind judge(const struct whatif *whatif, const struct assay_specs *specs,
	const struct assay_product *product, const struct assay_question *base, const char **standard,
	const char **limit)
{
	enum assay_verdict_kind kind = ASSAY_VERDICT_UNDETERMINED;
	int heaviest = -1;

	*standard = *limit = "";
	for (unsigned i = 0; i < product->use_count; i++) {
		struct assay_question question = *base;

		question.standard = product->use[i].standard;
		question.category = product->use[i].category;
		assay_judge(specs, &question, whatif->verdict);
		if (weight(whatif->verdict) <= heaviest)
			continue;
		heaviest = weight(whatif->verdict);
		kind = whatif->verdict->kind;
		*standard = whatif->verdict->standard ? whatif->verdict->standard->id : "";
		*limit = assay_verdict_limit(whatif->verdict);
	}
	return kind;
}

/* What was wrong with the result keeps its verdict undetermined, whatever the limit. */
static void reasons_of(const json_t *result, struct assay_reason_list *out)
{
	size_t index;
	const json_t *code, *list = json_object_get(result, "reasons");

	out->count = 0;
	for (index = 0; index < json_array_size(list); index++) {
		code = json_array_get(list, index);
		assay_reason_add(out, json_string_value(code) ? json_string_value(code) : "incomplete");
	}
}

static void judge_again(struct whatif *whatif, const json_t *body, uint64_t sequence)
{
	const json_t *result = json_object_get(whatif->results, text(body, "result"));
	const json_t *test = json_object_get(whatif->tests, text(result, "test"));
	const json_t *batch = json_object_get(whatif->batches, text(test, "batch"));
	const struct assay_product *product =
		assay_specs_product_find(whatif->before, text(batch, "product"));
	struct assay_question question = {.analyte = text(test, "analyte"),
		.produced = text(batch, "produced"),
		.has_exact = true,
		.unit = text(result, "unit")};
	struct assay_reason_list reasons;
	const char *old_standard, *old_limit, *new_standard, *new_limit;
	enum assay_verdict_kind before, after;

	if (!product || !exact_of(text(result, "exact"), &question.exact))
		return;
	if (*text(result, "judged")) { /* not detected, or below a bound: the mean is no find */
		question.has_exact = false;
		question.value = text(result, "judged");
		question.unit = "";
	}
	reasons_of(result, &reasons);
	question.reasons = &reasons;
	question.conditions = product->condition;
	question.condition_count = product->condition_count;
	whatif->looked_at++;
	before = judge(whatif, whatif->before, product, &question, &old_standard, &old_limit);
	after = judge(whatif, whatif->after, product, &question, &new_standard, &new_limit);
	if (before == after)
		return;
	(void)json_array_append_new(whatif->changes,
		json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "seq", (json_int_t)sequence, "batch",
			text(test, "batch"), "result", text(body, "result"), "analyte", question.analyte,
			"recorded", text(body, "verdict"), "before", assay_verdict_name(before), "after",
			assay_verdict_name(after), "standard", new_standard, "limit_before", old_limit,
			"limit_after", new_limit));
}

static int on_entry(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct whatif *whatif = context;
	json_t *body, *into = NULL;
	const char *key = NULL;
	time_t seconds = (time_t)(entry->wall_ns / 1000000000);
	struct tm day;
	char date[16];

	(void)leaf;
	if (entry->kind != ASSAY_ENTRY_BATCH && entry->kind != ASSAY_ENTRY_TEST &&
		entry->kind != ASSAY_ENTRY_RESULT && entry->kind != ASSAY_ENTRY_VERDICT)
		return 0;
	body = json_loadb(entry->body, entry->body_length, 0, NULL);
	if (!body)
		return 0;
	if (entry->kind == ASSAY_ENTRY_BATCH) {
		into = whatif->batches;
		key = text(body, "batch");
	} else if (entry->kind == ASSAY_ENTRY_TEST) {
		into = whatif->tests;
		key = text(body, "test");
	} else if (entry->kind == ASSAY_ENTRY_RESULT) {
		into = whatif->results;
		key = text(body, "result");
	}
	if (into && *key)
		(void)json_object_set(into, key, body);
	if (!into && gmtime_r(&seconds, &day) && strftime(date, sizeof date, "%Y-%m-%d", &day) == 10 &&
		strcmp(date, whatif->since) >= 0)
		judge_again(whatif, body, entry->sequence);
	json_decref(body);
	return 0;
}

static void print(struct whatif *whatif, bool json)
{
	size_t index;
	json_t *change;

	if (json) {
		json_t *object =
			json_pack("{s:i,s:O}", "results", (int)whatif->looked_at, "changes", whatif->changes);

		(void)json_dumpf(object, stdout, JSON_COMPACT);
		(void)putchar('\n');
		json_decref(object);
		return;
	}
	json_array_foreach(whatif->changes, index, change)
	{
		(void)printf("%s\t%s\t%s -> %s\t%s -> %s\t%s\n", text(change, "result"),
			text(change, "analyte"), text(change, "before"), text(change, "after"),
			text(change, "limit_before"), text(change, "limit_after"), text(change, "standard"));
	}
	(void)printf("%u recorded results judged again, %zu verdicts would change; none was changed\n",
		whatif->looked_at, json_array_size(whatif->changes));
}

static int whatif_with(const struct assay_specs *before, const struct assay_specs *after,
	const char *data_dir, enum assay_reader_mode mode, const char *since, bool json,
	struct assay_error *err)
{
	struct assay_reader *reader = NULL;
	struct whatif whatif = {0};
	int status = ASSAY_OK;

	if (strlen(since) != 10 || !assay_date_valid(since))
		return assay_error_set(
			err, ASSAY_EUSAGE, "date-invalid", "日期无效：%s", "not a valid date: %s", since);
	(void)snprintf(whatif.since, sizeof whatif.since, "%s", since);
	whatif.verdict = calloc(1, sizeof *whatif.verdict);
	whatif.batches = json_object();
	whatif.tests = json_object();
	whatif.results = json_object();
	whatif.changes = json_array();
	if (!whatif.verdict || !whatif.batches || !whatif.tests || !whatif.results || !whatif.changes)
		status = assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	whatif.before = before;
	whatif.after = after;
	if (status == ASSAY_OK)
		status = assay_reader_open(data_dir, mode, &reader, err);
	if (status == ASSAY_OK)
		status = assay_reader_each(reader, 0, 0, on_entry, &whatif, err);
	if (status == ASSAY_OK)
		print(&whatif, json);
	assay_reader_close(reader);
	json_decref(whatif.batches);
	json_decref(whatif.tests);
	json_decref(whatif.results);
	json_decref(whatif.changes);
	free(whatif.verdict);
	return status;
}

int assay_spec_whatif(const char *specs_dir, const char *data_dir, const char *file, const char *since,
	bool json, struct assay_error *err)
{
	struct assay_specs *before = NULL, *after = NULL;
	int status = assay_specs_load(specs_dir, &before, err);

	if (status == ASSAY_OK)
		status = assay_specs_load_with(specs_dir, &file, 1, true, &after, err);
	if (status == ASSAY_OK)
		status = whatif_with(before, after, data_dir, ASSAY_READ_STILL, since, json, err);
	assay_specs_free(before);
	assay_specs_free(after);
	return status;
}

int assay_spec_whatif_set(const char *specs_dir, const char *after_dir, const char *data_dir,
	const char *since, bool json, struct assay_error *err)
{
	struct assay_specs *before = NULL, *after = NULL;
	int status = assay_specs_load(specs_dir, &before, err);

	if (status == ASSAY_OK)
		status = assay_specs_load(after_dir, &after, err);
	if (status == ASSAY_OK)
		status = whatif_with(before, after, data_dir, ASSAY_READ_LIVE, since, json, err);
	assay_specs_free(before);
	assay_specs_free(after);
	return status;
}
