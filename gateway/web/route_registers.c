/* SPDX-License-Identifier: Apache-2.0
 * Registers over HTTP: producers, instruments with their racks, programmes and cards; alarms and the review queue. */
#include "gateway/lab/query.h"
#include "gateway/web/answer.h"
#include "gateway/web/csv.h"
#include "gateway/web/route.h"
#include "limits/method.h"

#include <stdio.h>
#include <string.h>
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

/* Takes list. */
static json_t *page_of(const char *name, json_t *list, const char *by)
{
	return list ? json_pack("{s:o,s:o}", name, list, "next", next_of(list, by)) : NULL;
}

/* A next that is a sequence number; 0: the first page. */
static bool sequence(const char *after, int64_t *out, struct assay_error *err)
{
	*out = 0;
	if (strlen(after) > 18 || strspn(after, "0123456789") != strlen(after)) {
		(void)assay_error_set(err, ASSAY_EREFUSED, "query-refused", "after 不是上一页的 next",
			"after is not the next of a page");
		return false;
	}
	for (; *after; after++)
		*out = *out * 10 + (*after - '0');
	return true;
}

static json_t *read_producers(struct web_call *call, const char *after, struct assay_error *err)
{
	sqlite3 *db = web_state_get(&call->web->state, err);

	return page_of("producers",
		db ? assay_query_producers(db, web_text_argument(call, "q", ""), after, err) : NULL,
		"producer");
}

enum MHD_Result web_get_producers(struct web_call *call)
{
	return web_answer_pages(call, "producers", read_producers);
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

/* What the analytes of the price lists are called: {analyte: {zh, en}}. */
static json_t *names_of(const struct assay_specs *specs, const json_t *programmes)
{
	json_t *names = json_object();
	const json_t *one, *price;
	size_t at, index;

	json_array_foreach(programmes, at, one)
	{
		json_array_foreach(json_object_get(one, "prices"), index, price)
		{
			const char *analyte = json_string_value(json_object_get(price, "analyte"));
			const struct assay_method *method =
				specs && analyte ? assay_specs_method_for(specs, analyte) : NULL;

			if (method)
				(void)json_object_set_new(names, analyte,
					json_pack("{s:s,s:s}", "zh", method->analyte_zh, "en",
						method->analyte_en && *method->analyte_en ? method->analyte_en
											  : analyte));
		}
	}
	return names;
}

enum MHD_Result web_get_programmes(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);
	json_t *list = db ? assay_query_programmes(db, &err) : NULL;

	return web_answer_member(call, "programmes",
		list ? json_pack(
			       "{s:o,s:o}", "programmes", list, "analytes", names_of(call->web->specs, list))
		     : NULL,
		&err);
}

enum MHD_Result web_get_programme(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(call, db ? assay_query_programme(db, call->id, &err) : NULL, &err);
}

static json_t *read_cards(struct web_call *call, const char *after, struct assay_error *err)
{
	sqlite3 *db = web_state_get(&call->web->state, err);

	return page_of("cards",
		db ? assay_query_cards(db, web_text_argument(call, "programme", ""),
			     web_text_argument(call, "producer", ""), after, err)
		   : NULL,
		"card");
}

enum MHD_Result web_get_cards(struct web_call *call)
{
	return web_answer_pages(call, "cards", read_cards);
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

/* A page ends with a whole batch, so a full one may be shorter. */
static json_t *read_reviews(struct web_call *call, const char *after, struct assay_error *err)
{
	sqlite3 *db = web_state_get(&call->web->state, err);
	int64_t before;
	json_t *list = db && sequence(after, &before, err) ? assay_query_reviews(db, before, err) : NULL;
	size_t count = json_array_size(list);
	char next[24] = "";

	if (count > ASSAY_QUERY_PAGE / 2)
		(void)snprintf(next, sizeof next, "%" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(json_array_get(list, count - 1), "batch_seq")));
	return list ? json_pack("{s:o,s:s}", "reviews", list, "next", next) : NULL;
}

enum MHD_Result web_get_reviews(struct web_call *call)
{
	return web_answer_pages(call, "reviews", read_reviews);
}

enum MHD_Result web_get_review(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(
		call, db ? assay_query_review(db, call->web->role->dir, call->id, &err) : NULL, &err);
}

static json_t *read_certificates(struct web_call *call, const char *after, struct assay_error *err)
{
	sqlite3 *db = web_state_get(&call->web->state, err);
	int64_t before;

	return db && sequence(after, &before, err)
		       ? page_of("certificates",
				 assay_query_certificates(
					 db, web_text_argument(call, "batch", ""), before, err),
				 "seq")
		       : NULL;
}

enum MHD_Result web_get_certificates(struct web_call *call)
{
	return web_answer_pages(call, "certificates", read_certificates);
}

enum MHD_Result web_get_certificate(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_object(call, db ? assay_query_certificate(db, call->id, &err) : NULL, &err);
}
