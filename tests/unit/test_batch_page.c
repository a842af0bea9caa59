/* SPDX-License-Identifier: Apache-2.0
 * Batches page by page: every page put together is the whole list, in the order wanted, held against a sort of our own over the
 * rows as they were put in. Counts are held against counting. */
#include "gateway/lab/batch_page.h"
#include "gateway/record/state_tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define COUNT 4800 /* so that some searches have more hits than are gathered and sorted (2,000) */
#define GATHERED 2000

static const char *const statuses[] = {
	"awaiting-review", "awaiting-release", "testing", "to-test", "released", "void"};
static const char *const verdicts[] = {"", "pass", "fail", "undetermined"};
static const char *const names[] = {"生抽酱油", "香米锅巴", "桂花蜂蜜", "百花蜜"};
static const char *const producers[] = {"永和酱油厂", "禾香食品", "南山蜂场"};

static struct row {
	char id[32], lot[16], sample[32], produced[11];
	unsigned status, verdict, name, producer;
	bool pickled; /* of a product made for a while only */
	long long received;
} rows[COUNT];
static sqlite3 *state;

static void fill(void)
{
	sqlite3_stmt *put;
	unsigned seed = 7;

	for (const char *const *sql = assay_state_schema; *sql; sql++)
		assert_int_equal(sqlite3_exec(state, *sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(state,
			"INSERT INTO batch(id, product, product_zh, product_en, name, producer, "
			"lot, produced,"
			" amount, origin, received_ns, sample, who, status, verdict, seq, producer_id, "
			"card, cannot_test, request_key, request_digest, specs) "
			"VALUES(?1, iif(?9, 'q', 'p'), iif(?9, '腌黄瓜', '酿造酱油'),"
			" iif(?9, 'pickled cucumber', 'brewed soy sauce'), ?2, ?3, ?4, ?5, '', 'sent-in', "
			"?6, ?7, 'lin', "
			"'to-test', '', ?8, '', '', '[]', '', '', '')",
			-1, &put, NULL),
		SQLITE_OK);
	for (unsigned i = 0; i < COUNT; i++) {
		struct row *row = &rows[i];

		seed = seed * 1103515245u + 12345u;
		row->status = (seed >> 16) % 6;
		row->verdict = (seed >> 19) % 4;
		row->name = (seed >> 21) % 4;
		row->producer = (seed >> 23) % 3;
		row->received = (seed >> 8) % 1000 + 1; /* many at the same moment: the id decides */
		row->pickled = row->received > 200 && row->received < 750;
		(void)snprintf(row->id, sizeof row->id, "B%d-%02u%02u-%03u", row->received < 500 ? 25 : 26,
			1 + i % 12, 1 + i % 28, i);
		(void)snprintf(row->sample, sizeof row->sample, "S26-%04u", i);
		(void)snprintf(row->lot, sizeof row->lot, "L%u", i % 50);
		(void)snprintf(row->produced, sizeof row->produced, "2026-10-%02u", 1 + i % 28);
		assert_int_equal(sqlite3_bind_text(put, 1, row->id, -1, SQLITE_STATIC), SQLITE_OK);
		assert_int_equal(sqlite3_bind_text(put, 2, names[row->name], -1, SQLITE_STATIC), SQLITE_OK);
		assert_int_equal(
			sqlite3_bind_text(put, 3, producers[row->producer], -1, SQLITE_STATIC), SQLITE_OK);
		assert_int_equal(sqlite3_bind_text(put, 4, row->lot, -1, SQLITE_STATIC), SQLITE_OK);
		assert_int_equal(sqlite3_bind_text(put, 5, row->produced, -1, SQLITE_STATIC), SQLITE_OK);
		assert_int_equal(sqlite3_bind_int64(put, 6, row->received), SQLITE_OK);
		assert_int_equal(sqlite3_bind_text(put, 7, row->sample, -1, SQLITE_STATIC), SQLITE_OK);
		assert_int_equal(sqlite3_bind_int64(put, 8, i), SQLITE_OK);
		assert_int_equal(sqlite3_bind_int(put, 9, row->pickled), SQLITE_OK);
		assert_int_equal(sqlite3_step(put), SQLITE_DONE);
		assert_int_equal(sqlite3_reset(put), SQLITE_OK);
	}
	assert_int_equal(sqlite3_finalize(put), SQLITE_OK);
	/* as in life: the status comes later */
	assert_int_equal(sqlite3_prepare_v2(
				 state, "UPDATE batch SET status=?2, verdict=?3 WHERE id=?1", -1, &put, NULL),
		SQLITE_OK);
	for (unsigned i = 0; i < COUNT; i++) {
		assert_int_equal(sqlite3_bind_text(put, 1, rows[i].id, -1, SQLITE_STATIC), SQLITE_OK);
		assert_int_equal(
			sqlite3_bind_text(put, 2, statuses[rows[i].status], -1, SQLITE_STATIC), SQLITE_OK);
		assert_int_equal(
			sqlite3_bind_text(put, 3, verdicts[rows[i].verdict], -1, SQLITE_STATIC), SQLITE_OK);
		assert_int_equal(sqlite3_step(put), SQLITE_DONE);
		assert_int_equal(sqlite3_reset(put), SQLITE_OK);
	}
	assert_int_equal(sqlite3_finalize(put), SQLITE_OK);
}

static int by_need(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	bool closed = x->status >= 4;

	if (x->status != y->status)
		return x->status < y->status ? -1 : 1;
	if (x->received != y->received)
		return (x->received < y->received) == closed ? 1 : -1;
	return strcmp(x->id, y->id);
}

static int by_received(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->received != y->received)
		return x->received < y->received ? -1 : 1;
	return strcmp(x->id, y->id);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

static bool of_kind(const struct row *row, const char *kind)
{
	return !*kind || (strcmp(kind, "open") == 0 && row->status < 4) ||
	       strcmp(kind, statuses[row->status]) == 0 || strcmp(kind, verdicts[row->verdict]) == 0;
}

/* What a person would say fits; texts as put in above. */
static bool fits(const struct row *row, const char *typed)
{
	return !*typed || strstr(names[row->name], typed) || strstr(producers[row->producer], typed) ||
	       (strcmp(typed, "fengmi") == 0 && row->name == 2) ||
	       strstr(row->pickled ? "腌黄瓜 pickled cucumber" : "酿造酱油 brewed soy sauce", typed) ||
	       strncasecmp(row->id, typed, strlen(typed)) == 0 ||
	       strncmp(row->sample, typed, strlen(typed)) == 0 ||
	       strncmp(row->lot, typed, strlen(typed)) == 0 || strcmp(row->produced, typed) == 0;
}

static void walk(const char *kind, const char *typed, const char *order, bool backwards)
{
	struct row *wanted = malloc(sizeof rows);
	struct assay_batch_wish wish = {kind, typed, order, "", 97, NULL};
	char after[ASSAY_BATCH_CURSOR_MAX + 1] = "";
	size_t count = 0, seen = 0, hits = 0;

	assert_non_null(wanted);
	for (size_t i = 0; i < COUNT; i++)
		hits += fits(&rows[i], typed);
	for (size_t i = 0; i < COUNT; i++)
		if (of_kind(&rows[i], kind) && fits(&rows[i], typed))
			wanted[count++] = rows[i];
	qsort(wanted, count, sizeof *wanted,
		strstr(order, "received") ? by_received
		: strstr(order, "batch")  ? by_id
					  : by_need);
	do {
		struct assay_error err = {0};
		json_t *page = assay_query_batch_page(state, &wish, &err), *one;
		size_t index;

		if (!page)
			fail_msg("%s %s %s: %s", kind, typed, order, err.text_en);
		if (!*typed || hits <= GATHERED || json_integer_value(json_object_get(page, "total")) != -1)
			assert_int_equal(json_integer_value(json_object_get(page, "total")), count);
		json_array_foreach(json_object_get(page, "batches"), index, one)
		{
			assert_true(seen < count);
			assert_string_equal(json_string_value(json_object_get(one, "batch")),
				wanted[backwards ? count - 1 - seen : seen].id);
			assert_null(json_object_get(one, "key"));
			seen++;
		}
		(void)snprintf(after, sizeof after, "%s", json_string_value(json_object_get(page, "next")));
		wish.after = after;
		json_decref(page);
	} while (*after);
	assert_int_equal(seen, count);
	free(wanted);
}

static void test_walk(void **context)
{
	static const char *const kinds[] = {
		"", "open", "awaiting-review", "released", "void", "fail", "pass"};
	static const char *const typed[] = {"", "酱油", "蜂蜜", "fengmi", "南山", "B26-03", "L4", "S26-06",
		"2026-10-11", "brewed", "nothing like it", "B25-", "b26", "S26", "L", "cucumber"};

	(void)context;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		walk(kinds[i], "", "need", false);
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
		walk("", typed[i], "need", false);
		walk("open", typed[i], "received", false);
		walk("fail", typed[i], "-received", true);
		walk("fail", typed[i], "need", false);
		walk("void", typed[i], "need", false);
		walk("", typed[i], "received", false);
		walk("", typed[i], "batch", false);
		walk("", typed[i], "-batch", true);
	}
}

/* A producer's own, however he asks; somebody of no producer has none. */
static void test_own(void **context)
{
	static const char *const typed[] = {"", "酱油", "禾香", "B26-03", "B25-", "cucumber"};

	(void)context;
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
		for (size_t k = 0; k < 2; k++) {
			struct assay_batch_wish wish = {
				k ? "fail" : "", typed[i], "need", "", 200, "永和酱油厂"};
			json_t *page = assay_query_batch_page(state, &wish, NULL), *one;
			size_t index, wanted = 0, hits = 0;

			for (size_t j = 0; j < COUNT; j++)
				wanted += of_kind(&rows[j], wish.kind) && fits(&rows[j], typed[i]) &&
					  rows[j].producer == 0;
			for (size_t j = 0; j < COUNT; j++)
				hits += fits(&rows[j], typed[i]);
			assert_int_equal(json_integer_value(json_object_get(page, "total")),
				*typed[i] && hits > GATHERED ? -1 : (json_int_t)wanted);
			json_array_foreach(json_object_get(page, "batches"), index, one)
			{
				assert_string_equal(
					json_string_value(json_object_get(one, "producer")), "永和酱油厂");
			}
			assert_int_equal(json_array_size(json_object_get(page, "batches")),
				wanted > 200 ? 200 : wanted);
			json_decref(page);
			wish.own = "";
			page = assay_query_batch_page(state, &wish, NULL);
			assert_int_equal(json_array_size(json_object_get(page, "batches")), 0);
			json_decref(page);
		}
}

static void test_counts(void **context)
{
	json_t *counts = assay_query_batch_counts(state, NULL);
	const char *kind;
	json_t *value;

	(void)context;
	json_object_foreach(counts, kind, value)
	{
		int wanted = 0;

		for (size_t i = 0; i < COUNT; i++)
			wanted += of_kind(&rows[i], strcmp(kind, "all") == 0 ? "" : kind);
		if (json_integer_value(value) != wanted)
			fail_msg("%s: %lld, not %d", kind, (long long)json_integer_value(value), wanted);
	}
	assert_int_equal(json_object_size(counts), 11);
	json_decref(counts);
}

static void test_refused(void **context)
{
	static const struct assay_batch_wish wrong[] = {{"everything", "", "need", "", 7, NULL},
		{"", "", "colour", "", 7, NULL}, {"", "", "need", "", 0, NULL},
		{"", "", "need", "", ASSAY_BATCH_PAGE_MAX + 1, NULL}, {"", "", "need", "B26", 7, NULL},
		{"", "", "need", "1.", 7, NULL}, {"", "", "need", "1.2", 7, NULL},
		{"", "", "received", "x.B26", 7, NULL}};

	(void)context;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct assay_error err = {0};

		assert_null(assay_query_batch_page(state, &wrong[i], &err));
		assert_string_equal(err.code, i < 4 ? "query-refused" : "cursor-invalid");
	}
}

/* The statements are ours and what is typed is bound: nobody's text is SQL. */
static void test_hostile(void **context)
{
	static const char *const typed[] = {"'; DROP TABLE batch; --", "%", "\"", "[\"x\"]", "\x01"};

	(void)context;
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
		walk("", typed[i], "need", false);
}

static int open_state(void **context)
{
	(void)context;
	if (sqlite3_open(":memory:", &state) != SQLITE_OK)
		return -1;
	fill();
	return 0;
}

static int close_state(void **context)
{
	(void)context;
	return sqlite3_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, open_state, close_state);
}
