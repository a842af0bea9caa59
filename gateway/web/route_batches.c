/* SPDX-License-Identifier: Apache-2.0
 * The list of batches over HTTP, page by page. */
#include "gateway/lab/batch_page.h"
#include "gateway/web/csv.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define PAGE_USUAL 100u

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static json_t *read_batches(struct web_call *call, const char *after, struct assay_error *err)
{
	struct assay_batch_wish wish = {.kind = web_text_argument(call, "status", ""),
		.typed = web_text_argument(call, "q", ""),
		.order = web_text_argument(call, "order", "need"),
		.after = after,
		/* a producer's user sees his own batches only; one of no producer sees none */
		.own = call->actor.roles & ASSAY_ACTS_PRODUCER ? call->actor.producer : NULL};
	int64_t began = now_us();
	uint64_t limit;
	sqlite3 *db;
	json_t *page = NULL;

	if (web_number_argument(call, "limit", web_wants_table(call) ? ASSAY_BATCH_PAGE_MAX : PAGE_USUAL,
		    ASSAY_BATCH_PAGE_MAX, &limit) &&
		limit > 0 && assay_batch_kind_known(wish.kind) && assay_batch_order_known(wish.order) &&
		strlen(wish.typed) <= ASSAY_BATCH_TYPED_MAX) {
		wish.limit = (unsigned)limit;
		db = web_state_get(&call->web->state, err);
		page = db ? assay_query_batch_page(db, &wish, err) : NULL;
	} else {
		(void)assay_error_set(err, ASSAY_EREFUSED, "query-refused", "网址的参数不对",
			"the address's arguments are wrong");
	}
	if (page)
		(void)json_object_set_new(page, "took_us", json_integer(now_us() - began));
	else if (strcmp(err->code, "cursor-invalid") == 0)
		(void)snprintf(err->code, sizeof err->code, "query-refused");
	return page;
}

enum MHD_Result web_get_batches(struct web_call *call)
{
	return web_answer_pages(call, "batches", read_batches);
}
