/* SPDX-License-Identifier: Apache-2.0
 * Shared risk over HTTP. What is asked of a million batches takes most of a second: the worker does it, from a connection of
 * its own to the state, and nobody else waits. */
#include "gateway/analysis/producer.h"
#include "gateway/lab/district.h"
#include "gateway/lab/quarter.h"
#include "gateway/lab/statement.h"
#include "gateway/web/answer.h"
#include "gateway/web/district_table.h"
#include "gateway/web/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct web_problem problem_argument = {
	400, "query-refused", "网址的参数不对", "the address's arguments are wrong"};

#define REQUEST_MAX 2048u /* bytes of the arguments as JSON */

/* What the thread needs to know: specs and advice are never changed once they are read. */
struct wish {
	const struct assay_specs *specs;
	const struct assay_advice *advice;
	const char *what;
	char id[WEB_ID_MAX + 1]; /* a producer or a quarter */
	char request[REQUEST_MAX];
	bool paper, table;
	int (*work)(struct web_job *job, const struct wish *wish, sqlite3 *db);
};

/* Page after page, as one table. */
static int answer_table(struct web_job *job, const struct wish *wish, json_t *request, sqlite3 *db)
{
	json_t *rows = json_array(), *page;
	int status = rows ? ASSAY_OK : ASSAY_ENOMEM;
	json_int_t next = 1;

	while (status == ASSAY_OK && next > 0) {
		page = assay_district_answer(wish->what, request, db, wish->specs, &status, &job->err);
		next = json_integer_value(json_object_get(page, "next"));
		(void)json_object_set_new(request, "before", json_integer(next));
		if (status == ASSAY_OK && !web_district_rows(page, rows))
			status = ASSAY_ENOMEM;
		json_decref(page);
	}
	job->bytes = status == ASSAY_OK ? (unsigned char *)web_district_csv(rows, &job->length) : NULL;
	job->type = "text/csv; charset=utf-8; header=present";
	(void)snprintf(job->name, sizeof job->name, "district-%.20s.csv", wish->what);
	json_decref(rows);
	if (status == ASSAY_ENOMEM || (status == ASSAY_OK && !job->bytes))
		return assay_error_set(&job->err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	return status;
}

static int answer(struct web_job *job, const struct wish *wish, sqlite3 *db)
{
	json_t *request = json_loads(wish->request, 0, NULL);
	int status = ASSAY_EIO;

	if (wish->table)
		status = answer_table(job, wish, request, db);
	else
		job->object = assay_district_answer(wish->what, request, db, wish->specs, &status, &job->err);
	json_decref(request);
	return status;
}

static int report(struct web_job *job, const struct wish *wish, sqlite3 *db)
{
	json_t *found = assay_producer_report(
		db, wish->specs, wish->advice, wish->id, (int64_t)time(NULL), &job->err);

	if (!found || !wish->paper) {
		job->object = found;
		return found ? ASSAY_OK : ASSAY_EIO;
	}
	job->object = lab_producer_statement(db, found, &job->err);
	job->print = true;
	json_decref(found);
	return job->object ? ASSAY_OK : ASSAY_EIO;
}

/* A quarter as CSV, or as a statement. */
static int quarter(struct web_job *job, const struct wish *wish, sqlite3 *db)
{
	int status = ASSAY_EIO;
	json_t *figures = lab_quarter_figures(db, wish->specs, wish->id, &status, &job->err);

	if (figures && wish->paper) {
		job->object = lab_quarter_statement(db, figures, &job->err);
		job->print = true;
		status = job->object ? ASSAY_OK : ASSAY_EIO;
	} else if (figures) {
		job->bytes = (unsigned char *)lab_quarter_csv(figures, &job->length);
		job->type = "text/csv; charset=utf-8";
		(void)snprintf(job->name, sizeof job->name, "%.20s.csv", wish->id);
		status = job->bytes ? ASSAY_OK : ASSAY_EIO;
	}
	json_decref(figures);
	return status;
}

/* In the thread. */
static void work(struct web_job *job)
{
	const struct wish *wish = job->wish;
	struct web_state state = {.dir = job->dir};
	sqlite3 *db = web_state_get(&state, &job->err);

	job->status = db ? wish->work(job, wish, db) : ASSAY_EIO;
	if (job->status == ASSAY_EREFUSED)
		job->problem = &problem_argument;
	web_state_close(&state);
}

static enum MHD_Result give(struct web_call *call, const struct wish *wish)
{
	struct assay_error err;
	struct web_job *job;

	if (!call->web->specs) {
		(void)assay_error_set(&err, ASSAY_EGONE, "specs-absent",
			"标准没有读进来：在网关本机运行 assay spec check 查看原因",
			"the standards were not read: run assay spec check on the gateway to see why");
		return web_answer_error(call->web, call->connection, &err);
	}
	job = calloc(1, sizeof *job);
	if (job)
		job->wish = malloc(sizeof *wish);
	if (!job || !job->wish) {
		web_job_free(job);
		return web_answer_problem(call->web, call->connection, &web_problem_memory);
	}
	memcpy(job->wish, wish, sizeof *wish);
	job->run = work;
	return web_give_worker(call, job);
}

/* The arguments of the address as a request, in JSON. false: one of them is wrong. */
static bool read_request(const struct web_call *call, char out[REQUEST_MAX])
{
	static const char *const names[] = {"by", "class", "analyte", "process", "quarter", "origin"};
	json_t *request = json_object();
	uint64_t before;
	bool good = web_number_argument(call, "before", 0, INT64_MAX, &before);
	size_t length;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *text = web_argument(call, names[i]);

		if (text)
			(void)json_object_set_new(request, names[i], json_string(text));
	}
	(void)json_object_set_new(request, "before", json_integer((json_int_t)before));
	length = json_dumpb(request, out, REQUEST_MAX - 1, JSON_COMPACT);
	json_decref(request);
	if (!good || length == 0 || length >= REQUEST_MAX)
		return false;
	out[length] = '\0';
	return true;
}

static enum MHD_Result give_answer(struct web_call *call, const char *what)
{
	struct wish wish = {
		.specs = call->web->specs, .advice = call->web->advice, .what = what, .work = answer};

	wish.table = web_wants_table(call);
	return web_format_known(call) && read_request(call, wish.request)
		       ? give(call, &wish)
		       : web_answer_problem(call->web, call->connection, &problem_argument);
}

enum MHD_Result web_get_district_rates(struct web_call *call)
{
	return give_answer(call, "rates");
}

enum MHD_Result web_get_district_trend(struct web_call *call)
{
	return give_answer(call, "trend");
}

enum MHD_Result web_get_district_items(struct web_call *call)
{
	return give_answer(call, "items");
}

enum MHD_Result web_get_district_coverage(struct web_call *call)
{
	return give_answer(call, "coverage");
}

enum MHD_Result web_get_district_overview(struct web_call *call)
{
	return give_answer(call, "overview");
}

static enum MHD_Result give_of(struct web_call *call, const char *id, bool paper,
	int (*how)(struct web_job *job, const struct wish *wish, sqlite3 *db))
{
	struct wish wish = {.specs = call->web->specs,
		.advice = call->web->advice,
		.what = "",
		.paper = paper,
		.work = how};

	(void)snprintf(wish.id, sizeof wish.id, "%s", id);
	return give(call, &wish);
}

enum MHD_Result web_get_producer_report(struct web_call *call)
{
	return give_of(call, call->id, false, report);
}

enum MHD_Result web_get_producer_paper(struct web_call *call)
{
	return give_of(call, call->id, true, report);
}

/* Whose it is, the account says and nothing else. */
enum MHD_Result web_get_own_report(struct web_call *call)
{
	return give_of(call, call->actor.producer, false, report);
}

enum MHD_Result web_get_own_paper(struct web_call *call)
{
	return give_of(call, call->actor.producer, true, report);
}

enum MHD_Result web_get_district_quarter(struct web_call *call)
{
	return give_of(call, call->id, false, quarter);
}

enum MHD_Result web_get_quarter_paper(struct web_call *call)
{
	return give_of(call, call->id, true, quarter);
}
