/* SPDX-License-Identifier: Apache-2.0
 * What the District page and a quarter's report ask of the state: every answer, at the sums of 500 batches and of a million
 * (24 classes of products x 8 items x 12 quarters x 4 origins, as bench_analysis). Required: under 50 ms and under 2 s of one
 * processor, JSON included. Exits 1 when slower. The items behind a figure are rows of their own and not in the sums; none
 * are made here. */
#include "gateway/analysis/district.h"
#include "gateway/record/state_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static const char make_cells[] =
	"WITH RECURSIVE p(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM p WHERE i+1<?1),"
	" a(k) AS (SELECT 0 UNION ALL SELECT k+1 FROM a WHERE k+1<8),"
	" q(n) AS (SELECT 0 UNION ALL SELECT n+1 FROM q WHERE n+1<?2), o(m) AS (SELECT 0 UNION ALL SELECT "
	"m+1 FROM o WHERE m<3)"
	" INSERT INTO risk_cell SELECT (SELECT id FROM names WHERE n=p.i), 'analyte-'||((p.i*5+k)%20),"
	" printf('%04dQ%d', 2024+n/4, n%4+1), substr('abcd', m+1, 1), ?3, (p.i*7+k*3+n+m)%3, 1, (i+k+n)%4, "
	"(i+m)%2"
	" FROM p, a, q, o";
static const char make_shares[] = "INSERT INTO risk_share SELECT c.product, c.analyte, c.quarter, c.origin, "
				  "j.value, j.value, max(1, c.n/10) FROM risk_cell AS c,"
				  " json_each('[0,1,2,3,4,5,6,7,8,9]') AS j";

static double now_ms(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (double)at.tv_sec * 1e3 + (double)at.tv_nsec * 1e-6;
}

static void fail(const char *what)
{
	(void)fprintf(stderr, "bench_district: %s\n", what);
	exit(1);
}

static void run(sqlite3 *state, const char *sql, int64_t a, int64_t b, int64_t c)
{
	sqlite3_stmt *row = NULL;

	if (sqlite3_prepare_v2(state, sql, -1, &row, NULL) != SQLITE_OK)
		fail(sqlite3_errmsg(state));
	(void)sqlite3_bind_int64(row, 1, a);
	(void)sqlite3_bind_int64(row, 2, b);
	(void)sqlite3_bind_int64(row, 3, c);
	if (sqlite3_step(row) != SQLITE_DONE)
		fail(sqlite3_errmsg(state));
	(void)sqlite3_finalize(row);
}

/* Products by number, as the specs have them. */
static sqlite3 *build(const struct assay_specs *specs, int64_t products, int64_t quarters, int64_t n)
{
	sqlite3 *state = NULL;

	if (sqlite3_open(":memory:", &state) != SQLITE_OK)
		fail("no memory");
	for (const char *const *sql = assay_state_schema; *sql; sql++)
		if (sqlite3_exec(state, *sql, NULL, NULL, NULL) != SQLITE_OK)
			fail(sqlite3_errmsg(state));
	run(state, "CREATE TABLE names(n INTEGER PRIMARY KEY, id TEXT)", 0, 0, 0);
	for (size_t i = 0; i < assay_specs_product_count(specs); i++) {
		sqlite3_stmt *row = NULL;

		if (sqlite3_prepare_v2(state, "INSERT INTO names VALUES(?1,?2)", -1, &row, NULL) != SQLITE_OK)
			fail(sqlite3_errmsg(state));
		(void)sqlite3_bind_int64(row, 1, (int64_t)i);
		(void)sqlite3_bind_text(row, 2, assay_specs_product(specs, i)->id, -1, SQLITE_STATIC);
		(void)sqlite3_step(row);
		(void)sqlite3_finalize(row);
	}
	run(state, make_cells, products, quarters, n);
	run(state, make_shares, 0, 0, 0);
	return state;
}

static double ask_all(sqlite3 *state, const struct assay_specs *specs, const char *quarter)
{
	const struct assay_district_wish everything = {.by = 0};
	struct assay_error err;
	double begun = now_ms();
	json_t *answers[] = {assay_district_rates(state, specs, &everything, &err),
		assay_district_trends(state, specs, &everything, &err),
		assay_district_items(state, specs, &everything, &err),
		assay_district_coverage(state, specs, "2026-12-01", &err),
		assay_district_overview(state, specs, quarter, "2026-12-01", &err)};

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		char *text = answers[i] ? json_dumps(answers[i], JSON_COMPACT) : NULL;

		if (!text)
			fail(err.text_en);
		free(text);
		json_decref(answers[i]);
	}
	return now_ms() - begun;
}

static double measure(
	const struct assay_specs *specs, const char *what, int64_t products, int64_t quarters, int64_t n)
{
	sqlite3 *state = build(specs, products, quarters, n);
	double best = ask_all(state, specs, "2026Q4");

	for (int again = 0; again < 4; again++) {
		double took = ask_all(state, specs, "2026Q4");

		best = took < best ? took : best;
	}
	(void)printf("%s, %lld aggregates: every answer of the page %.0f ms (best of 5)\n", what,
		(long long)(products * 8 * quarters * 4), best);
	(void)sqlite3_close(state);
	return best;
}

int main(void)
{
	struct assay_specs *specs = NULL;
	struct assay_error err;
	struct rusage usage;
	double small, large;

	if (assay_specs_load("specs", &specs, &err) != ASSAY_OK)
		fail(err.text_en);
	small = measure(specs, "500 batches", 12, 4, 3);
	large = measure(specs, "1 million batches", 72, 12, 36);
	assay_specs_free(specs);
	(void)getrusage(RUSAGE_SELF, &usage);
	(void)printf("memory at most %ld MiB, with the state itself\n", usage.ru_maxrss / 1024);
	if (small > 50.0 || large > 2000.0)
		fail("slower than 50 ms and 2 s");
	return 0;
}
