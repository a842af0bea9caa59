/* SPDX-License-Identifier: Apache-2.0
 * Standards over HTTP: from the set that the role read before it locked itself in. */
#include "gateway/lab/pinyin.h"
#include "gateway/lab/standards.h"
#include "gateway/web/answer.h"
#include "gateway/web/csv.h"
#include "gateway/web/route.h"

#include <string.h>

#define LIMITS_MAX 500u
#define LIMITS_USUAL 100u
#define LIMITS_TABLE 100000u /* a table has them all */

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

/* What was typed, "" when nothing; NULL when it is too long. */
static const char *typed_argument(const struct web_call *call)
{
	const char *typed = web_argument(call, "q");

	if (!typed)
		return "";
	return strlen(typed) > ASSAY_PINYIN_QUERY_MAX ? NULL : typed;
}

enum MHD_Result web_get_standards(struct web_call *call)
{
	const char *typed = typed_argument(call);
	struct assay_error err = {0};
	const struct assay_specs *specs = specs_of(call, &err);
	json_t *list;

	if (!typed)
		return web_answer_problem(call->web, call->connection, &problem_argument);
	list = specs ? assay_editions_json(specs, typed, &err) : NULL;
	return web_answer_member(
		call, "standards", list ? json_pack("{s:o}", "standards", list) : NULL, &err);
}

enum MHD_Result web_get_limits(struct web_call *call)
{
	const char *typed = typed_argument(call);
	struct assay_error err = {0};
	const struct assay_specs *specs = specs_of(call, &err);
	const struct assay_standard *standard = specs ? assay_edition_find(specs, call->id, &err) : NULL;
	uint64_t from, limit;

	if (!typed || !web_number_argument(call, "from", 0, UINT32_MAX, &from) ||
		!web_number_argument(call, "limit", web_wants_table(call) ? LIMITS_TABLE : LIMITS_USUAL,
			web_wants_table(call) ? LIMITS_TABLE : LIMITS_MAX, &limit) ||
		limit == 0)
		return web_answer_problem(call->web, call->connection, &problem_argument);
	return web_answer_member(call, "limits",
		standard
			? assay_edition_limits_json(specs, standard, typed, (size_t)from, (size_t)limit, &err)
			: NULL,
		&err);
}

enum MHD_Result web_get_changes(struct web_call *call)
{
	const char *since = web_argument(call, "since");
	struct assay_error err = {0};
	const struct assay_specs *specs = specs_of(call, &err);
	const struct assay_standard *before = NULL, *after = NULL;

	if (!since)
		return web_answer_problem(call->web, call->connection, &problem_argument);
	before = specs ? assay_edition_find(specs, since, &err) : NULL;
	after = before ? assay_edition_find(specs, call->id, &err) : NULL;
	return web_answer_member(
		call, "changes", after ? assay_edition_changes_json(specs, before, after, &err) : NULL, &err);
}

enum MHD_Result web_get_products(struct web_call *call)
{
	const char *typed = typed_argument(call);
	struct assay_error err = {0};
	const struct assay_specs *specs = specs_of(call, &err);
	json_t *list;

	if (!typed)
		return web_answer_problem(call->web, call->connection, &problem_argument);
	list = specs ? assay_products_json(specs, typed, &err) : NULL;
	return web_answer_member(call, "products", list ? json_pack("{s:o}", "products", list) : NULL, &err);
}

enum MHD_Result web_get_plan(struct web_call *call)
{
	const char *produced = web_argument(call, "produced");
	struct assay_error err = {0};
	const struct assay_specs *specs = specs_of(call, &err);

	if (!produced || !assay_date_valid(produced))
		return web_answer_problem(call->web, call->connection, &problem_argument);
	return web_answer_member(
		call, "items", specs ? assay_product_plan_json(specs, call->id, produced, &err) : NULL, &err);
}
