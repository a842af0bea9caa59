/* SPDX-License-Identifier: Apache-2.0
 * Registers over HTTP: producers, instruments with their racks, programmes and cards; alarms and the review queue. */
#include "gateway/lab/query.h"
#include "gateway/web/answer.h"
#include "gateway/web/route.h"

#include <stdio.h>
#include <time.h>

/* The text by which the next page begins: the member of the last row of a full page; "" when that was all. */
static json_t *next_of(const json_t *list, const char *member)
{
	size_t count = json_array_size(list);
	const json_t *last =
		count < ASSAY_QUERY_PAGE ? NULL : json_object_get(json_array_get(list, count - 1), member);
	char number[24];

	if (!json_is_integer(last))
		return json_string(last ? json_string_value(last) : "");
	(void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(last));
	return json_string(number);
}

static enum MHD_Result answer_page(
	struct web_call *call, const char *name, json_t *list, const char *by, const struct assay_error *err)
{
	if (!list)
		return web_answer_error(call->web, call->connection, err);
	return web_answer_json(
		call->web, call->connection, json_pack("{s:o,s:o}", name, list, "next", next_of(list, by)));
}

enum MHD_Result web_get_producers(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return answer_page(call, "producers",
		db ? assay_query_producers(
			     db, web_text_argument(call, "q", ""), web_text_argument(call, "after", ""), &err)
		   : NULL,
		"producer", &err);
}

enum MHD_Result web_get_producer(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(call, db ? assay_query_producer(db, call->id, &err) : NULL, &err);
}

enum MHD_Result web_get_instruments(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_list(call, "instruments", db ? assay_query_instruments(db, &err) : NULL, &err);
}

enum MHD_Result web_get_instrument(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(call, db ? assay_query_instrument(db, call->id, &err) : NULL, &err);
}

enum MHD_Result web_get_rack(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_list(call, "places", db ? assay_query_rack(db, call->id, &err) : NULL, &err);
}

enum MHD_Result web_get_programmes(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_list(call, "programmes", db ? assay_query_programmes(db, &err) : NULL, &err);
}

enum MHD_Result web_get_programme(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(call, db ? assay_query_programme(db, call->id, &err) : NULL, &err);
}

enum MHD_Result web_get_cards(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return answer_page(call, "cards",
		db ? assay_query_cards(db, web_text_argument(call, "programme", ""),
			     web_text_argument(call, "producer", ""), web_text_argument(call, "after", ""),
			     &err)
		   : NULL,
		"card", &err);
}

enum MHD_Result web_get_card(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(call, db ? assay_query_card(db, call->id, &err) : NULL, &err);
}

enum MHD_Result web_get_audit(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(call, db ? assay_query_entitlement(db, &err) : NULL, &err);
}

enum MHD_Result web_get_alarms(struct web_call *call)
{
	struct assay_error err = {0};
	struct timespec now;
	sqlite3 *db = web_state_get(&call->web->state, &err);

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return web_answer_list(call, "alarms",
		db ? assay_query_alarms(db, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, &err) : NULL,
		&err);
}

enum MHD_Result web_get_reviews(struct web_call *call)
{
	struct assay_error err = {0};
	uint64_t before;
	json_t *list;
	sqlite3 *db;

	if (!web_number_argument(call, "after", 0, INT64_MAX, &before))
		return web_refuse_arguments(call);
	db = web_state_get(&call->web->state, &err);
	list = db ? assay_query_reviews(db, (int64_t)before, &err) : NULL;
	if (list) {
		/* a page ends with a whole batch, so a full one may be shorter */
		size_t count = json_array_size(list);
		char next[24] = "";

		if (count > ASSAY_QUERY_PAGE / 2)
			(void)snprintf(next, sizeof next, "%" JSON_INTEGER_FORMAT,
				json_integer_value(
					json_object_get(json_array_get(list, count - 1), "batch_seq")));
		return web_answer_json(
			call->web, call->connection, json_pack("{s:o,s:s}", "reviews", list, "next", next));
	}
	return web_answer_error(call->web, call->connection, &err);
}

enum MHD_Result web_get_review(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(
		call, db ? assay_query_review(db, call->web->role->dir, call->id, &err) : NULL, &err);
}

enum MHD_Result web_get_certificates(struct web_call *call)
{
	struct assay_error err = {0};
	uint64_t before;
	sqlite3 *db;

	if (!web_number_argument(call, "after", 0, INT64_MAX, &before))
		return web_refuse_arguments(call);
	db = web_state_get(&call->web->state, &err);
	return answer_page(call, "certificates",
		db ? assay_query_certificates(db, web_text_argument(call, "batch", ""), (int64_t)before, &err)
		   : NULL,
		"seq", &err);
}

enum MHD_Result web_get_certificate(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(call, db ? assay_query_certificate(db, call->id, &err) : NULL, &err);
}
