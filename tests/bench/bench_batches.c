/* SPDX-License-Identifier: Apache-2.0
 * Pages of the list of batches at a million of them (or as many as ASSAY_BATCHES says): first page, deep page and every kind,
 * order and filter that the page offers. Server time of the query with its JSON; aim: under 50 ms each. */
#include "gateway/lab/batch_page.h"
#include "gateway/lab/query.h"
#include "gateway/record/state_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20
#define AIM_US 50000

static const char make_rows[] =
	"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i+1<?1)"
	" INSERT INTO batch(id, product, product_zh, product_en, name, producer, lot, produced, amount, "
	"origin,"
	" received_ns, sample, who, status, verdict, seq, producer_id, card, cannot_test, request_key,"
	" request_digest, specs)"
	" SELECT printf('B%02d-%04d-%04d', 20+i/100000, i/50%1300, i%10000), iif(i<30000 AND i%4=0, 'old', "
	"'p'||(i%77)),"
	"  '产品'||(i%77), iif(i<30000 AND i%4=0, 'old sauce', 'product '||(i%77)), '食品 '||(i%4999), '企业 "
	"'||(i%72), 'L'||(i%3000), date('2020-01-01', "
	"'+'||(i%2400)||' days'),"
	"  '500 g', 'sent-in', 1577836800000000000+i*190000000000, printf('S%07d', i), 'lin',"
	"  CASE WHEN i<?1-300 THEN CASE WHEN i%40=0 THEN 'void' ELSE 'released' END ELSE"
	"   CASE i%5 WHEN 0 THEN 'awaiting-review' WHEN 1 THEN 'awaiting-release' WHEN 2 THEN 'testing' ELSE "
	"'to-test' END END,"
	"  CASE WHEN i%31=0 THEN 'fail' WHEN i%57=0 THEN 'undetermined' ELSE 'pass' END, i, '', '', '[]', "
	"'', '', ''"
	" FROM n";
static const char make_tests[] =
	"INSERT INTO test(id, batch, position, analyte, method, status, evidence_instrument, sheet, "
	"calculated, result, seq, retest_of, rule)"
	" SELECT b.id||'-1', b.id, 0, 'moisture', 'm', 'done', '', '{}', '[]', '', b.seq, '', '' FROM batch "
	"AS b";

static const struct assay_batch_wish wishes[] = {
	{"", "", "need", "", 50, NULL},
	{"open", "", "need", "", 50, NULL},
	{"awaiting-review", "", "need", "", 50, NULL},
	{"released", "", "need", "", 50, NULL},
	{"fail", "", "need", "", 50, NULL},
	{"undetermined", "", "need", "", 50, NULL},
	{"void", "", "need", "", 50, NULL},
	{"", "", "-received", "", 50, NULL},
	{"fail", "", "-received", "", 50, NULL},
	{"released", "", "received", "", 50, NULL},
	{"open", "", "received", "", 50, NULL},
	{"", "", "-batch", "", 50, NULL},
	{"undetermined", "", "batch", "", 50, NULL},
	{"awaiting-release", "", "batch", "", 50, NULL},
	{"", "食品 4321", "need", "", 50, NULL},
	{"", "企业 7", "need", "", 50, NULL},
	{"open", "企业 7", "need", "", 50, NULL},
	{"fail", "企业 71", "need", "", 50, NULL},
	{"", "product 7", "-received", "", 50, NULL},
	{"", "qiye", "need", "", 50, NULL},
	{"", "B25-", "need", "", 50, NULL},
	{"", "B25-0123-0", "need", "", 50, NULL},
	{"", "S0123456", "need", "", 50, NULL},
	{"", "L299", "need", "", 50, NULL},
	{"", "2024-02-11", "need", "", 50, NULL},
	{"", "B25-", "-received", "", 50, NULL},
	{"", "B25-", "received", "", 50, NULL},
	{"", "B25-", "batch", "", 50, NULL},
	{"fail", "B25-", "-batch", "", 50, NULL},
	{"", "B20-00", "need", "", 50, NULL},
	{"", "S09", "need", "", 50, NULL},
	/* made for a year, and then no more */
	{"", "old sauce", "need", "", 50, NULL},
	{"", "old sauce", "-received", "", 50, NULL},
	{"", "old sauce", "-batch", "", 50, NULL},
	{"", "nobody has typed this", "need", "", 50, NULL},
	{"", "qiye", "-batch", "", 50, NULL},
	{"", "", "need", "", 50, "企业 7"},
	{"", "酱", "need", "", 50, "企业 7"},
	{"fail", "", "-received", "", 50, "企业 7"},
};

static long now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static sqlite3 *build(const char *path, long count)
{
	sqlite3 *state = NULL;
	sqlite3_stmt *fill = NULL;
	int rc = sqlite3_open(path, &state);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(state,
			"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-800000; BEGIN",
			NULL, NULL, NULL);
	for (const char *const *sql = assay_state_schema; rc == SQLITE_OK && *sql; sql++)
		rc = sqlite3_exec(state, *sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(state, make_rows, -1, &fill, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(fill, 1, count);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(fill) == SQLITE_DONE ? SQLITE_OK : SQLITE_ERROR;
	(void)sqlite3_finalize(fill);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(state, make_tests, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(state, "COMMIT", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return state;
	(void)fprintf(stderr, "bench_batches: %s\n", sqlite3_errmsg(state));
	(void)sqlite3_close(state);
	return NULL;
}

/* The page and, since a reader goes on, the tenth after it. Returns the slowest of the middle times, -1 on failure. */
static long measure(sqlite3 *state, const struct assay_batch_wish *wanted)
{
	char after[ASSAY_BATCH_CURSOR_MAX + 1] = "";
	struct assay_batch_wish wish = *wanted;
	long times[ROUNDS], middle[2] = {0}, total = -1;

	for (int deep = 0; deep < 2; deep++) {
		wish.after = after;
		for (int i = 0; i < ROUNDS; i++) {
			struct assay_error err = {0};
			long from = now_us();
			json_t *page = assay_query_batch_page(state, &wish, &err);
			char *text = page ? json_dumps(page, JSON_COMPACT) : NULL;

			times[i] = now_us() - from;
			if (!text) {
				(void)fprintf(stderr, "bench_batches: %s\n", err.text_en);
				return -1;
			}
			free(text);
			total = (long)json_integer_value(json_object_get(page, "total"));
			if (i == ROUNDS - 1)
				(void)snprintf(after, sizeof after, "%s",
					json_string_value(json_object_get(page, "next")));
			json_decref(page);
		}
		qsort(times, ROUNDS, sizeof *times, compare);
		middle[deep] = times[ROUNDS / 2];
		if (!*after)
			break;
	}
	(void)printf("%-17s %-22s %-10s %8ld fit   first %6ld us   next %6ld us%s\n",
		*wanted->kind ? wanted->kind : "all", wanted->typed, wanted->order, total, middle[0],
		middle[1], middle[0] > AIM_US || middle[1] > AIM_US ? "   ABOVE 50 ms" : "");
	return middle[0] > middle[1] ? middle[0] : middle[1];
}

/* One batch, and the Bench when nothing is open. */
static long measure_one(sqlite3 *state, bool bench)
{
	long times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		struct assay_error err = {0};
		long from = now_us();
		json_t *shown = bench ? assay_query_bench(state, &err)
				      : assay_query_batch(state, "B25-0900-0000", &err);

		times[i] = now_us() - from;
		if (!shown && !bench)
			(void)fprintf(stderr, "bench_batches: %s\n", err.text_en);
		json_decref(shown);
	}
	qsort(times, ROUNDS, sizeof *times, compare);
	(void)printf("%-51s first %6ld us%s\n", bench ? "the Bench" : "a batch", times[ROUNDS / 2],
		times[ROUNDS / 2] > AIM_US ? "   ABOVE 50 ms" : "");
	return times[ROUNDS / 2];
}

int main(void)
{
	const char *wanted = getenv("ASSAY_BATCHES");
	long count = wanted ? strtol(wanted, NULL, 10) : 1000000, from = now_us(), slowest = 0;
	char path[] = "/tmp/assay-batches-XXXXXX";
	int fd = mkstemp(path);
	sqlite3 *state = fd < 0 ? NULL : build(path, count);

	if (!state)
		return 1;
	(void)close(fd);
	(void)printf("%ld batches made in %ld s\n", count, (now_us() - from) / 1000000);
	for (size_t i = 0; i < sizeof wishes / sizeof *wishes && slowest >= 0; i++) {
		long one = measure(state, &wishes[i]);

		slowest = one < 0 ? -1 : one > slowest ? one : slowest;
	}
	for (int i = 0; i < 2 && slowest >= 0; i++) {
		long one = measure_one(state, i == 1);

		slowest = one > slowest ? one : slowest;
	}
	(void)printf("slowest %ld us\n", slowest);
	(void)sqlite3_close(state);
	(void)unlink(path);
	return slowest < 0;
}
