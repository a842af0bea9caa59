/* SPDX-License-Identifier: Apache-2.0
 * Shared risk over HTTP, from the state this role reads. */
#include "gateway/analysis/producer.h"
#include "gateway/lab/district.h"
#include "gateway/lab/quarter.h"
#include "gateway/web/answer.h"
#include "gateway/web/route.h"

#include <string.h>
#include <time.h>

static const struct web_problem problem_argument = {
	400, "query-refused", "网址的参数不对", "the address's arguments are wrong"};

static const struct assay_specs *specs_of(const struct web_call *call, struct assay_error *err)
{
	if (!call->web->specs)
		(void)assay_error_set(err, ASSAY_EGONE, "specs-absent",
			"标准没有读进来：在网关本机运行 assay spec check 查看原因",
			"the standards were not read: run assay spec check on the gateway to see why");
	return call->web->specs;
}

/* The arguments of the address as a request. NULL: one of them is wrong. */
static json_t *request_of(const struct web_call *call)
{
	static const char *const names[] = {"by", "class", "analyte", "process", "quarter", "origin"};
	json_t *request = json_object();
	uint64_t before;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *text = web_argument(call, names[i]);

		if (text)
			(void)json_object_set_new(request, names[i], json_string(text));
	}
	if (web_number_argument(call, "before", 0, INT64_MAX, &before)) {
		(void)json_object_set_new(request, "before", json_integer((json_int_t)before));
		return request;
	}
	json_decref(request);
	return NULL;
}

static enum MHD_Result answer(struct web_call *call, const char *what)
{
	struct assay_error err = {0};
	json_t *request = request_of(call), *value = NULL;
	sqlite3 *db = request ? web_state_get(&call->web->state, &err) : NULL;
	int status = ASSAY_EIO;

	if (db && specs_of(call, &err))
		value = assay_district_answer(what, request, db, call->web->specs, &status, &err);
	if (!request || (!value && status == ASSAY_EREFUSED)) {
		json_decref(request);
		return web_answer_problem(call->web, call->connection, &problem_argument);
	}
	json_decref(request);
	return value ? web_answer_json(call->web, call->connection, value)
		     : web_answer_error(call->web, call->connection, &err);
}

enum MHD_Result web_get_district_rates(struct web_call *call)
{
	return answer(call, "rates");
}

enum MHD_Result web_get_district_trend(struct web_call *call)
{
	return answer(call, "trend");
}

enum MHD_Result web_get_district_items(struct web_call *call)
{
	return answer(call, "items");
}

enum MHD_Result web_get_district_coverage(struct web_call *call)
{
	return answer(call, "coverage");
}

enum MHD_Result web_get_district_overview(struct web_call *call)
{
	return answer(call, "overview");
}

static enum MHD_Result answer_report(struct web_call *call, const char *producer)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);
	const struct assay_specs *specs = db ? specs_of(call, &err) : NULL;
	json_t *report = specs ? assay_producer_report(
					 db, specs, call->web->advice, producer, (int64_t)time(NULL), &err)
			       : NULL;

	return report ? web_answer_json(call->web, call->connection, report)
		      : web_answer_error(call->web, call->connection, &err);
}

enum MHD_Result web_get_producer_report(struct web_call *call)
{
	return answer_report(call, call->id);
}

/* Whose it is, the account says and nothing else. */
enum MHD_Result web_get_own_report(struct web_call *call)
{
	return answer_report(call, call->actor.producer);
}

/* A quarter as CSV. */
enum MHD_Result web_get_district_quarter(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);
	const struct assay_specs *specs = db ? specs_of(call, &err) : NULL;
	int status = ASSAY_EIO;
	json_t *figures = specs ? lab_quarter_figures(db, specs, call->id, &status, &err) : NULL;
	size_t length = 0;
	char *text = figures ? lab_quarter_csv(figures, &length) : NULL;

	json_decref(figures);
	if (text)
		return web_answer_text(call->web, call->connection, text, length, "text/csv; charset=utf-8");
	return status == ASSAY_EREFUSED ? web_answer_problem(call->web, call->connection, &problem_argument)
					: web_answer_error(call->web, call->connection, &err);
}
