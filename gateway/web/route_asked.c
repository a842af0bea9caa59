/* SPDX-License-Identifier: Apache-2.0
 * What is read and not answered at once: prints that the recorder has made, proofs and searches that the worker does. */
#include "gateway/lab/query.h"
#include "gateway/lab/trail.h"
#include "gateway/record/proof.h"
#include "gateway/web/answer.h"
#include "gateway/web/csv.h"
#include "gateway/web/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_MAX 24u /* labels of a sheet */
#define ROWS_USUAL 100u
#define ROWS_MAX 500u

enum MHD_Result web_get_status(struct web_call *call)
{
	return web_ask_recorder(call, "status", json_object());
}

enum MHD_Result web_get_labels(struct web_call *call)
{
	uint64_t first;

	if (!web_number_argument(call, "first", 1, PLACES_MAX, &first))
		return web_refuse_arguments(call);
	return web_ask_recorder(call, "batch.labels",
		json_pack("{s:s,s:I,s:b}", "batch", call->id, "first", (json_int_t)first, "pdf", 1));
}

enum MHD_Result web_get_card_paper(struct web_call *call)
{
	return web_ask_recorder(call, "card.paper", json_pack("{s:s,s:b}", "card", call->id, "pdf", 1));
}

/* ---- proofs -------------------------------------------------------------------------------------------------- */

struct sheet {
	unsigned char *bytes;
	size_t length, room;
};

static ssize_t keep(void *cookie, const char *bytes, size_t length)
{
	struct sheet *sheet = cookie;

	if (sheet->length + length > sheet->room) {
		size_t room = sheet->room ? sheet->room * 2 : 1 << 20;
		unsigned char *grown;

		while (room < sheet->length + length)
			room *= 2;
		grown = room <= WEB_JOB_BYTES_MAX ? realloc(sheet->bytes, room) : NULL;
		if (!grown)
			return 0;
		sheet->bytes = grown;
		sheet->room = room;
	}
	memcpy(sheet->bytes + sheet->length, bytes, length);
	sheet->length += length;
	return (ssize_t)length;
}

static void make_proof(struct web_job *job)
{
	const char *batch = job->wish;
	struct sheet sheet = {0};
	FILE *out = fopencookie(&sheet, "w", (cookie_io_functions_t){.write = keep});

	job->status =
		out ? assay_proof_write(job->dir, batch, ASSAY_READ_LIVE, out, &job->err)
		    : assay_error_set(&job->err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	if (out && fclose(out) != 0 && job->status == ASSAY_OK)
		job->status = assay_error_set(&job->err, ASSAY_EFULL, "proof-too-large",
			"证明文件太大，请用 assay proof %.60s",
			"the proof is too large here; use assay proof %.60s", batch);
	job->bytes = sheet.bytes;
	job->length = sheet.length;
	job->type = "text/plain; charset=utf-8";
	(void)snprintf(job->name, sizeof job->name, "%.60s.proof", batch);
}

static struct web_job *new_job(void (*run)(struct web_job *job), void *wish)
{
	struct web_job *job = wish ? calloc(1, sizeof *job) : NULL;

	if (!job) {
		free(wish);
		return NULL;
	}
	job->run = run;
	job->wish = wish;
	return job;
}

enum MHD_Result web_get_proof(struct web_call *call)
{
	struct web_job *job = new_job(make_proof, strdup(call->id));

	return job ? web_give_worker(call, job)
		   : web_answer_problem(call->web, call->connection, &web_problem_memory);
}

/* ---- the trail ----------------------------------------------------------------------------------------------- */

struct search {
	struct assay_trail_query query; /* its texts stand behind it */
	uint64_t from;
	unsigned limit;
	bool table; /* all of it, as CSV */
};

/* Rows of one page into the table; where the next one begins, -1 the end, -2 no memory. */
static int64_t add_page(struct web_job *job, const json_t *page, json_t **columns)
{
	char *text = (char *)job->bytes;
	const json_t *row;
	size_t index;
	bool good = true;

	json_array_foreach(json_object_get(page, "entries"), index, row)
	{
		if (!*columns) {
			*columns = json_incref((json_t *)(uintptr_t)row);
			good = web_csv_line(row, row, true, &text, &job->length);
		}
		good = good && web_csv_line(*columns, row, false, &text, &job->length);
	}
	job->bytes = (unsigned char *)text;
	return good && page ? json_integer_value(json_object_get(page, "next")) : -2;
}

static void search_table(struct web_job *job, const struct search *wish)
{
	json_t *columns = NULL, *page;
	int64_t next = (int64_t)wish->from;

	job->bytes = (unsigned char *)strdup(WEB_CSV_MARK);
	job->length = job->bytes ? strlen(WEB_CSV_MARK) : 0;
	job->status = job->bytes ? ASSAY_OK : ASSAY_ENOMEM;
	while (job->status == ASSAY_OK && next >= 0) {
		page = assay_trail_page(job->dir, &wish->query, (uint64_t)next, ROWS_MAX, &job->err);
		job->status = page ? ASSAY_OK : ASSAY_EIO;
		next = page ? add_page(job, page, &columns) : -1;
		json_decref(page);
		if (next == -2)
			job->status = assay_error_set(
				&job->err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
		else if (job->length > WEB_JOB_BYTES_MAX)
			job->status = assay_error_set(&job->err, ASSAY_EFULL, "table-too-large",
				"表太大，请缩小范围，或用 assay trail",
				"the table is too large; narrow the search, or use assay trail");
	}
	json_decref(columns);
	job->type = "text/csv; charset=utf-8; header=present";
	(void)snprintf(job->name, sizeof job->name, "trail.csv");
}

static void search(struct web_job *job)
{
	const struct search *wish = job->wish;

	if (wish->table) {
		search_table(job, wish);
		return;
	}
	job->object = assay_trail_page(job->dir, &wish->query, wish->from, wish->limit, &job->err);
	job->status = job->object ? ASSAY_OK : ASSAY_EIO;
}

/* The search with copies of its texts in one block. */
static struct search *new_search(
	const struct assay_trail_query *query, uint64_t from, unsigned limit, bool table)
{
	const char *const texts[] = {
		query->who, query->reason, query->kind, query->instrument, query->subject};
	const char *copies[5];
	size_t room = sizeof(struct search);
	struct search *made;
	char *at;

	for (size_t i = 0; i < 5; i++)
		room += texts[i] ? strlen(texts[i]) + 1 : 0;
	made = malloc(room);
	if (!made)
		return NULL;
	at = (char *)(made + 1);
	for (size_t i = 0; i < 5; i++) {
		size_t length = texts[i] ? strlen(texts[i]) + 1 : 0;

		if (length)
			memcpy(at, texts[i], length);
		copies[i] = length ? at : NULL;
		at += length;
	}
	*made = (struct search){
		{query->from_ns, query->to_ns, copies[0], copies[1], copies[2], copies[3], copies[4]}, from,
		limit, table};
	return made;
}

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
	uint64_t from, limit, first;
	struct web_job *job;

	if (!time_argument(call, "from", false, &query.from_ns) ||
		!time_argument(call, "to", true, &query.to_ns) ||
		!web_number_argument(call, "after", 0, INT64_MAX, &from) ||
		!web_number_argument(call, "limit", ROWS_USUAL, ROWS_MAX, &limit) || limit == 0 ||
		!web_format_known(call))
		return web_refuse_arguments(call);
	first = begin_of(call, query.subject ? query.subject : "");
	job = new_job(search,
		new_search(&query, from > first ? from : first, (unsigned)limit, web_wants_table(call)));
	return job ? web_give_worker(call, job)
		   : web_answer_problem(call->web, call->connection, &web_problem_memory);
}
