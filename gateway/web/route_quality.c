/* SPDX-License-Identifier: Apache-2.0
 * Quality control over HTTP, from the state this role reads; statistics are asked of the recorder. */
#include "gateway/analysis/quality_figures.h"
#include "gateway/analysis/split_figures.h"
#include "gateway/lab/control.h"
#include "gateway/web/answer.h"
#include "gateway/web/route.h"

enum MHD_Result web_get_materials(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_list(call, "materials", db ? assay_query_materials(db, &err) : NULL, &err);
}

enum MHD_Result web_get_runs(struct web_call *call)
{
	struct assay_error err = {0};
	uint64_t before;
	sqlite3 *db;

	if (!web_number_argument(call, "before", 0, INT64_MAX, &before))
		return web_refuse_arguments(call);
	db = web_state_get(&call->web->state, &err);
	return web_answer_list(call, "runs", db ? assay_query_runs(db, (int64_t)before, &err) : NULL, &err);
}

enum MHD_Result web_get_run(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(call, db ? assay_query_run(db, call->id, &err) : NULL, &err);
}

enum MHD_Result web_get_charts(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_list(call, "charts", db ? assay_query_charts(db, &err) : NULL, &err);
}

enum MHD_Result web_get_chart(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_whole(call,
		db ? assay_query_chart(db, call->id, web_text_argument(call, "instrument", ""), &err) : NULL,
		&err);
}

enum MHD_Result web_get_holds(struct web_call *call)
{
	struct assay_error err = {0};
	uint64_t all;
	sqlite3 *db;

	if (!web_number_argument(call, "all", 0, 1, &all))
		return web_refuse_arguments(call);
	db = web_state_get(&call->web->state, &err);
	return web_answer_list(call, "holds", db ? assay_query_holds(db, all == 1, &err) : NULL, &err);
}

enum MHD_Result web_get_hold(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(call, db ? assay_query_hold(db, call->id, &err) : NULL, &err);
}

enum MHD_Result web_get_splits(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_list(call, "splits",
		db ? assay_split_figures(db, web_text_argument(call, "producer", ""),
			     web_text_argument(call, "method", ""), false, &err)
		   : NULL,
		&err);
}

enum MHD_Result web_get_rounds(struct web_call *call)
{
	const char *method = web_text_argument(call, "method", "");
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);
	json_t *rounds = db ? assay_quality_rounds(db, method, &err) : NULL,
	       *history = rounds && *method ? assay_quality_history(rounds) : json_null();

	return web_answer_member(call, "rounds",
		rounds ? json_pack("{s:o,s:o}", "rounds", rounds, "history", history) : NULL, &err);
}

enum MHD_Result web_get_uncertainty(struct web_call *call)
{
	uint64_t relative;

	if (!web_number_argument(call, "relative", 0, 1, &relative))
		return web_refuse_arguments(call);
	return web_ask_recorder(call, "qc.uncertainty.show",
		json_pack("{s:s,s:b}", "method", call->id, "relative", relative == 1));
}
