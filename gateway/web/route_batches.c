/* SPDX-License-Identifier: Apache-2.0
 * The list of batches over HTTP, page by page. */
#include "gateway/lab/batch_page.h"
#include "gateway/web/answer.h"
#include "gateway/web/route.h"

#include <string.h>
#include <time.h>

#define PAGE_USUAL 100u

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

enum MHD_Result web_get_batches(struct web_call *call)
{
	struct assay_batch_wish wish = {.kind = web_text_argument(call, "status", ""),
		.typed = web_text_argument(call, "q", ""),
		.order = web_text_argument(call, "order", "need"),
		.after = web_text_argument(call, "after", ""),
		/* a producer's user sees his own batches only; one of no producer sees none */
		.own = call->actor.roles & ASSAY_ACTS_PRODUCER ? call->actor.producer : NULL};
	struct assay_error err = {0};
	int64_t began = now_us();
	uint64_t limit;
	sqlite3 *db;
	json_t *page;

	if (!web_number_argument(call, "limit", PAGE_USUAL, ASSAY_BATCH_PAGE_MAX, &limit) || limit == 0 ||
		!assay_batch_kind_known(wish.kind) || !assay_batch_order_known(wish.order) ||
		strlen(wish.typed) > ASSAY_BATCH_TYPED_MAX)
		return web_refuse_arguments(call);
	wish.limit = (unsigned)limit;
	db = web_state_get(&call->web->state, &err);
	page = db ? assay_query_batch_page(db, &wish, &err) : NULL;
	if (!page && strcmp(err.code, "cursor-invalid") == 0)
		return web_refuse_arguments(call);
	if (!page)
		return web_answer_error(call->web, call->connection, &err);
	(void)json_object_set_new(page, "took_us", json_integer(now_us() - began));
	return web_answer_json(call->web, call->connection, page);
}
