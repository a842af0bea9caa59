/* SPDX-License-Identifier: Apache-2.0
 * The trail over HTTP: the journal searched page by page, an entry's proof, a certificate's print. */
#include "gateway/lab/query.h"
#include "gateway/lab/trail.h"
#include "gateway/web/answer.h"
#include "gateway/web/route.h"

#include <stdio.h>
#include <string.h>

#define ROWS_USUAL 100u
#define ROWS_MAX 500u

static bool time_argument(const struct web_call *call, const char *name, bool end, int64_t *ns_out)
{
	const char *text = web_argument(call, name);

	*ns_out = 0;
	return !text || assay_trail_time(text, end, ns_out);
}

/* Nothing about a batch stands before its registration. */
static uint64_t begin_of(struct web_call *call, const char *subject)
{
	struct assay_error err;
	sqlite3 *db = *subject ? web_state_get(&call->web->state, &err) : NULL;
	char id[WEB_ID_MAX + 1];
	json_t *batch;
	json_int_t first;

	(void)snprintf(id, sizeof id, "%.*s", (int)strcspn(subject, "."), subject);
	batch = db ? assay_query_batch(db, id, &err) : NULL;
	first = json_integer_value(json_object_get(batch, "seq"));
	json_decref(batch);
	return first > 0 ? (uint64_t)first : 0;
}

enum MHD_Result web_get_trail(struct web_call *call)
{
	struct assay_trail_query query = {.who = web_argument(call, "who"),
		.reason = web_argument(call, "reason"),
		.kind = web_argument(call, "what"),
		.instrument = web_argument(call, "instrument"),
		.subject = web_argument(call, "about")};
	struct assay_error err = {0};
	uint64_t from, limit, first;
	json_t *page;

	if (!time_argument(call, "from", false, &query.from_ns) ||
		!time_argument(call, "to", true, &query.to_ns) ||
		!web_number_argument(call, "after", 0, INT64_MAX, &from) ||
		!web_number_argument(call, "limit", ROWS_USUAL, ROWS_MAX, &limit) || limit == 0)
		return web_refuse_arguments(call);
	first = begin_of(call, query.subject ? query.subject : "");
	page = assay_trail_page(
		call->web->role->dir, &query, from > first ? from : first, (unsigned)limit, &err);
	return web_answer_whole(call, page, &err);
}

enum MHD_Result web_get_inclusion(struct web_call *call)
{
	struct assay_error err = {0};
	uint64_t sequence = 0;

	if (strlen(call->id) > 18 || strspn(call->id, "0123456789") != strlen(call->id))
		return web_refuse_arguments(call);
	for (const char *digit = call->id; *digit; digit++)
		sequence = sequence * 10 + (uint64_t)(*digit - '0');
	return web_answer_whole(call, assay_query_inclusion(call->web->role->dir, sequence, &err), &err);
}

enum MHD_Result web_get_paper(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);
	unsigned char *bytes = NULL;
	char name[WEB_ID_MAX + 8];
	size_t length = 0;

	if (!db || assay_query_paper(db, call->web->role->dir, call->id, &bytes, &length, &err) != ASSAY_OK)
		return web_answer_error(call->web, call->connection, &err);
	(void)snprintf(name, sizeof name, "%s.pdf", call->id);
	return web_answer_pdf(call->web, call->connection, bytes, length, name);
}
