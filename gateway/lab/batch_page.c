/* SPDX-License-Identifier: Apache-2.0
 * Every statement here is put together from the fixed pieces of this file; what people type is bound. */
#include "gateway/lab/batch_page.h"
#include "gateway/lab/pinyin.h"
#include "gateway/lab/query_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many hits are gathered and sorted; more of them are met on the way through the order, between the first and the last time
 * that one was received. These are looked for when there are at most so many numbers, and words. */
#define FEW 2000
#define FEW_BY_NUMBER 20000 /* in the order of numbers, where there is no such time */
#define SPAN_HITS 150000
#define SPAN_WORDS 200

/* few: there never are many of them, since people work them off; they are gathered and sorted. */
static const struct kind {
	const char *name, *where;
	bool few;
} kinds[] = {
	{"", "1", false},
	{"open", "need<=3", true},
	{"awaiting-review", "need=0", true},
	{"awaiting-release", "need=1", true},
	{"testing", "need=2", true},
	{"to-test", "need=3", true},
	{"released", "need=4", false},
	{"void", "need=5", false},
	{"pass", "verdict='pass'", false},
	{"fail", "verdict='fail'", false},
	{"undetermined", "verdict='undetermined'", false},
};

/* key: what stands in the cursor, its last part the id. */
static const struct order {
	const char *name, *by, *ordered, *key, *beyond;
	unsigned numbers;
} orders[] = {
	{"need", "need, turn, id", "b.need, b.turn, b.id", "need || '.' || turn || '.' || id",
		"(need, turn, id)>(?1, ?2, ?3)", 2},
	{"received", "received_ns, id", "b.received_ns, b.id", "received_ns || '.' || id",
		"(received_ns, id)>(?1, ?3)", 1},
	{"-received", "received_ns DESC, id DESC", "b.received_ns DESC, b.id DESC",
		"received_ns || '.' || id", "(received_ns, id)<(?1, ?3)", 1},
	{"batch", "id", "b.id", "id", "id>?3", 0},
	{"-batch", "id DESC", "b.id DESC", "id", "id<?3", 0},
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static const struct order *find_order(const char *name)
{
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (strcmp(orders[i].name, name) == 0)
			return &orders[i];
	return NULL;
}

bool assay_batch_kind_known(const char *kind)
{
	return find_kind(kind) != NULL;
}

bool assay_batch_order_known(const char *order)
{
	return find_order(order) != NULL;
}

struct cursor {
	int64_t number[2];
	const char *id;
};

static int refuse_cursor(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "cursor-invalid", "翻页的位置不对，请从第一页开始",
		"the place to go on from is wrong; begin with the first page");
}

static int read_cursor(
	const struct order *order, const char *after, struct cursor *out, struct assay_error *err)
{
	*out = (struct cursor){{0, 0}, after};
	if (strlen(after) > ASSAY_BATCH_CURSOR_MAX)
		return refuse_cursor(err);
	for (unsigned i = 0; *after && i < order->numbers; i++) {
		char *end;

		if (strspn(out->id, "-0123456789") == 0)
			return refuse_cursor(err);
		out->number[i] = strtoll(out->id, &end, 10);
		if (*end != '.' || !end[1])
			return refuse_cursor(err);
		out->id = end + 1;
	}
	return ASSAY_OK;
}

/* What was typed, as sets of words that stand in batches. */
struct found {
	json_t *products, *names, *producers;
	char prefix[ASSAY_BATCH_TYPED_MAX + 1],
		beyond[ASSAY_BATCH_TYPED_MAX + 2]; /* of a number, in capitals */
	bool few;
	bool numbers; /* there are none but batches whose number begins so */
	int64_t from_ns, to_ns; /* all of them were received then */
};

static void release(struct found *found)
{
	json_decref(found->products);
	json_decref(found->names);
	json_decref(found->producers);
}

static void take_word(struct found *found, sqlite3_stmt *row, const char *typed, int64_t *hits)
{
	const char *kind = (const char *)sqlite3_column_text(row, 0);
	const char *word = (const char *)sqlite3_column_text(row, 1);
	const char *also = (const char *)sqlite3_column_text(row, 2);
	json_t *into;

	if (!kind || !word || !also || !*word ||
		(!assay_pinyin_holds(also, typed) &&
			(strcmp(kind, "product") == 0 || !assay_pinyin_holds(word, typed))))
		return;
	into = strcmp(kind, "product") == 0 ? found->products
	       : strcmp(kind, "name") == 0  ? found->names
					    : found->producers;
	(void)json_array_append_new(into, json_string(word));
	*hits += sqlite3_column_int64(row, 3);
}

/* How many numbers of batches, lots and samples begin so; no further than it matters. */
static int count_prefix(
	sqlite3 *state, const struct found *found, int64_t *hits, bool *more_out, struct assay_error *err)
{
	static const char *const counts[] = {
		"SELECT count(*) FROM (SELECT 1 FROM batch WHERE id>=?1 AND id<?2 LIMIT ?3)",
		"SELECT count(*) FROM (SELECT 1 FROM batch WHERE lot>=?1 AND lot<?2 LIMIT ?3)",
		"SELECT count(*) FROM (SELECT 1 FROM batch WHERE sample>=?1 AND sample<?2 LIMIT ?3)"};

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		sqlite3_stmt *row = query_prepare(
			state, err, counts[i], "tti", found->prefix, found->beyond, (int64_t)FEW + 1);
		int rc = row ? query_step(row) : SQLITE_ERROR;

		if (rc == SQLITE_ROW) {
			*hits += sqlite3_column_int64(row, 0);
			*more_out = *more_out || sqlite3_column_int64(row, 0) > FEW;
		} else if (row)
			(void)query_failed(state, err);
		(void)sqlite3_finalize(row);
		if (rc != SQLITE_ROW)
			return ASSAY_EIO;
	}
	return ASSAY_OK;
}

static int bind_json(sqlite3_stmt *statement, int parameter, const json_t *list)
{
	char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
	int rc = !list  ? SQLITE_OK
		 : text ? sqlite3_bind_text(statement, parameter, text, -1, SQLITE_TRANSIENT)
			: SQLITE_NOMEM;

	free(text);
	return rc;
}

#define OF_WORDS(column, parameter)                                                                          \
	"SELECT (SELECT min(received_ns) FROM batch WHERE " column "=value), (SELECT max(received_ns) FROM " \
	"batch WHERE " column "=value), 0, 0 FROM json_each(" parameter ")"
#define OF_NUMBERS(column, index, is_id)                                                                     \
	"SELECT min(received_ns), max(received_ns), count(*), " is_id "*count(*) FROM (SELECT received_ns "  \
	"FROM batch INDEXED BY " index " WHERE " column ">=?4 AND " column "<?5 LIMIT ?6)"

/* When the hits were received, so that nobody walks through the years before and after them. */
static int find_span(sqlite3 *state, const char *typed, struct found *found, struct assay_error *err)
{
	static const char sql[] =
		"SELECT min(f), max(t), max(n), count(f)=sum(id>0) FROM (SELECT NULL AS f, NULL AS t, 0 AS "
		"n, 0 AS id UNION ALL " OF_WORDS("product", "?1") " UNION ALL " OF_WORDS(
			"name", "?2") " UNION ALL " OF_WORDS("producer", "?3") " UNION ALL " OF_NUMBERS("id",
			"batch_by_number", "1") " UNION ALL " OF_NUMBERS("lot", "batch_by_lot",
			"0") " UNION ALL " OF_NUMBERS("sample", "batch_by_sample",
			"0") " UNION ALL SELECT (SELECT min(received_ns) FROM batch WHERE produced=?7), "
			     "(SELECT max(received_ns) FROM batch WHERE produced=?7), 0, 0)";
	sqlite3_stmt *row;
	int rc;

	if (json_array_size(found->products) + json_array_size(found->names) +
			json_array_size(found->producers) >
		SPAN_WORDS)
		return ASSAY_OK;
	row = query_prepare(state, err, sql, "");
	if (!row)
		return ASSAY_EIO;
	rc = bind_json(row, 1, found->products);
	if (rc == SQLITE_OK)
		rc = bind_json(row, 2, found->names);
	if (rc == SQLITE_OK)
		rc = bind_json(row, 3, found->producers);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(row, 4, found->prefix, -1, SQLITE_TRANSIENT);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(row, 5, found->beyond, -1, SQLITE_TRANSIENT);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(row, 6, SPAN_HITS + 1);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(row, 7, typed, -1, SQLITE_TRANSIENT);
	if (rc == SQLITE_OK)
		rc = query_step(row);
	if (rc == SQLITE_ROW) {
		found->numbers = sqlite3_column_int(row, 3) == 1;
		if (sqlite3_column_int64(row, 2) <= SPAN_HITS) {
			found->from_ns = sqlite3_column_int64(row, 0);
			found->to_ns = sqlite3_column_int64(row, 1);
		}
	} else {
		(void)query_failed(state, err);
	}
	(void)sqlite3_finalize(row);
	return rc == SQLITE_ROW ? ASSAY_OK : ASSAY_EIO;
}

static int find_words(
	sqlite3 *state, const struct assay_batch_wish *wish, struct found *found, struct assay_error *err)
{
	const char *typed = wish->typed;
	sqlite3_stmt *rows = query_prepare(state, err, "SELECT kind, word, also, n FROM batch_word", "");
	size_t length = strlen(typed);
	bool by_number = find_order(wish->order)->numbers == 0, more = false;
	int64_t hits = 0, words;
	int rc, status;

	if (!rows)
		return ASSAY_EIO;
	found->products = json_array();
	found->names = json_array();
	found->producers = json_array();
	while ((rc = query_step(rows)) == SQLITE_ROW)
		take_word(found, rows, typed, &hits);
	status = rc == SQLITE_DONE ? ASSAY_OK : query_failed(state, err);
	(void)sqlite3_finalize(rows);
	for (size_t i = 0; i < length; i++)
		found->prefix[i] =
			(char)(typed[i] >= 'a' && typed[i] <= 'z' ? typed[i] - 'a' + 'A' : typed[i]);
	(void)snprintf(found->beyond, sizeof found->beyond, "%s\x7f", found->prefix);
	words = hits;
	if (status == ASSAY_OK)
		status = count_prefix(state, found, &hits, &more, err);
	found->few = hits <= FEW || (by_number && !more && hits <= FEW_BY_NUMBER);
	found->from_ns = INT64_MIN;
	found->to_ns = INT64_MAX;
	/* so many are met soon, wherever one begins */
	return status == ASSAY_OK && !found->few && words <= SPAN_HITS ? find_span(state, typed, found, err)
								       : status;
}

#define IN(column, parameter) column " IN (SELECT value FROM json_each(" parameter "))"
#define BEGINS(column) column ">=?7 AND " column "<?8"
#define FROM_BATCH " SELECT id FROM batch WHERE "

static const char holds_few[] = "b.id IN (" FROM_BATCH IN("product", "?4") " UNION" FROM_BATCH IN("name",
	"?5") " UNION" FROM_BATCH IN("producer", "?6") " UNION" FROM_BATCH BEGINS("id") " UNION" FROM_BATCH
	BEGINS("lot") " UNION" FROM_BATCH BEGINS("sample") " UNION" FROM_BATCH "produced=?9)";
/* + keeps their indexes out of it: the rows are met in the order wanted. */
static const char holds_many[] = "(" IN("+product", "?4") " OR " IN("+name", "?5") " OR " IN("+producer",
	"?6") " OR (" BEGINS("+id") ") OR (" BEGINS("+lot") ") OR (" BEGINS("+sample") ") OR +produced=?9)";

/* Parameters: ?1 to ?3 the cursor, ?4 to ?9 what was typed, ?10 how many rows, ?11 whose, ?12 and ?13 between which times. */
static int bind(sqlite3_stmt *statement, const struct assay_batch_wish *wish, const struct cursor *cursor,
	const struct found *found, unsigned limit)
{
	int count = sqlite3_bind_parameter_count(statement), rc = SQLITE_OK;

	for (int i = 1; rc == SQLITE_OK && i <= count; i++) {
		if (i <= 2)
			rc = sqlite3_bind_int64(statement, i, cursor->number[i - 1]);
		else if (i == 3)
			rc = sqlite3_bind_text(statement, i, cursor->id, -1, SQLITE_TRANSIENT);
		else if (i <= 6)
			rc = bind_json(statement, i,
				i == 4   ? found->products
				: i == 5 ? found->names
					 : found->producers);
		else if (i <= 8)
			rc = sqlite3_bind_text(
				statement, i, i == 7 ? found->prefix : found->beyond, -1, SQLITE_TRANSIENT);
		else if (i == 9 || i == 11)
			rc = sqlite3_bind_text(
				statement, i, i == 9 ? wish->typed : wish->own, -1, SQLITE_TRANSIENT);
		else
			rc = sqlite3_bind_int64(statement, i,
				i == 10   ? (int64_t)limit
				: i == 12 ? found->from_ns
					  : found->to_ns);
	}
	return rc;
}

static sqlite3_stmt *prepare(sqlite3 *state, const char *sql, const struct assay_batch_wish *wish,
	const struct cursor *cursor, const struct found *found, unsigned limit, struct assay_error *err)
{
	sqlite3_stmt *statement = NULL;

	if (query_compile(state, sql, &statement) == SQLITE_OK &&
		bind(statement, wish, cursor, found, limit) == SQLITE_OK)
		return statement;
	(void)query_failed(state, err);
	(void)sqlite3_finalize(statement);
	return NULL;
}

/* +status: by the batch's tests, not by the index of all that are done. */
#define COLUMNS                                                                                              \
	"b.id AS batch, product, product_zh, product_en, name, producer, lot, produced, amount, origin,"     \
	" sample, received_ns AS \"@received\", b.who, b.status, b.verdict, coalesce(v.reasons,'[]') AS"     \
	" \"{reasons\", coalesce(v.text_zh,'') AS text_zh, coalesce(v.text_en,'') AS text_en, b.seq,"        \
	" (SELECT count(*) FROM test WHERE batch=b.id) AS tests_total,"                                      \
	" (SELECT count(*) FROM test WHERE batch=b.id AND +status='done') AS tests_done"

/* The walk through many hits is cut to the times they were received at. In the order of need each of these is a walk of its
 * own: the few open ones; released ones and void ones, the newest first. */
static const struct walk {
	const char *where;
	int need; /* of the last row it can give */
} whole[] = {{"1", 5}}, received[] = {{"received_ns BETWEEN ?12 AND ?13", 5}},
  numbered[] = {{BEGINS("id"), 5}},
  by_need[] = {{"need<=3", 3}, {"need=4 AND turn BETWEEN -?13 AND -?12", 4},
	  {"need=5 AND turn BETWEEN -?13 AND -?12", 5}};

static const struct walk *choose_walks(const struct order *order, const struct assay_batch_wish *wish,
	const struct found *found, size_t *count_out)
{
	bool many = *wish->typed && !found->few, spanned = many && found->from_ns != INT64_MIN;

	*count_out = 1;
	if (order->numbers == 0)
		return many && found->numbers ? numbered : whole;
	if (!spanned)
		return whole;
	if (order->numbers == 1)
		return received;
	*count_out = sizeof by_need / sizeof *by_need;
	return by_need;
}

/* Few hits are looked up one by one, not among all of the producer's. */
static const char *own_of(const struct assay_batch_wish *wish, bool few)
{
	if (!wish->own)
		return "1";
	return few ? "+producer=?11" : "producer=?11";
}

/* The rows of one walk, from the cursor on. */
static json_t *walk_rows(sqlite3 *state, const struct assay_batch_wish *wish, const struct cursor *cursor,
	const struct found *found, const struct walk *walk, unsigned limit, struct assay_error *err)
{
	const struct kind *kind = find_kind(wish->kind);
	const struct order *order = find_order(wish->order);
	bool few = *wish->typed && found->few, by_id = walk == numbered;
	char sql[4096];
	int length;

	/* Which rows and in which order is decided on keys; the rest is looked up for the rows of the page alone. By number,
	 * many of a kind are met on the way (+ keeps the kind's index out of it). */
	length = snprintf(sql, sizeof sql,
		"SELECT " COLUMNS ", key FROM (SELECT id AS found, %s AS key FROM batch AS b %s WHERE %s AND "
		"%s%s AND %s AND %s AND %s"
		" ORDER BY %s LIMIT ?10) CROSS JOIN batch AS b ON b.id=found"
		" LEFT JOIN verdict AS v ON v.subject=b.id AND v.seq=b.verdict_seq ORDER BY %s",
		order->key,
		kind->few && !few && !by_id && order->numbers < 2 ? "INDEXED BY batch_by_need" : "",
		walk->where, order->numbers == 0 && (!kind->few || by_id) ? "+" : "", kind->where,
		*wish->after ? order->beyond : "1",
		!*wish->typed ? "1"
		: few         ? holds_few
			      : holds_many,
		own_of(wish, few), order->by, order->ordered);
	if (length < 0 || (size_t)length >= sizeof sql) {
		(void)assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
		return NULL;
	}
	return query_list(state, prepare(state, sql, wish, cursor, found, limit, err), err);
}

static json_t *rows_of(
	sqlite3 *state, const struct assay_batch_wish *wish, struct found *found, struct assay_error *err)
{
	const struct order *order = find_order(wish->order);
	struct cursor cursor;
	const struct walk *walks;
	json_t *rows = json_array(), *more;
	size_t count;

	if (!rows || read_cursor(order, wish->after, &cursor, err) != ASSAY_OK) {
		json_decref(rows);
		return NULL;
	}
	walks = choose_walks(order, wish, found, &count);
	for (size_t i = 0; i < count && json_array_size(rows) <= wish->limit; i++) {
		struct found here = *found;

		if (walks == by_need && *wish->after && cursor.number[0] > walks[i].need)
			continue;
		/* a walk that has begun goes on where the cursor stands, not from its beginning */
		if (walks == by_need && *wish->after && cursor.number[0] == walks[i].need &&
			-cursor.number[1] < here.to_ns)
			here.to_ns = -cursor.number[1];
		more = walk_rows(state, wish, &cursor, &here, &walks[i],
			wish->limit + 1 - (unsigned)json_array_size(rows), err);
		if (!more || json_array_extend(rows, more) != 0) {
			json_decref(more);
			json_decref(rows);
			return NULL;
		}
		json_decref(more);
	}
	return rows;
}

/* Row by row: what needs attention; the key is only for the cursor. Returns where the next page begins, a new reference. */
static json_t *finish(json_t *rows, unsigned limit)
{
	json_t *next = NULL, *row;
	size_t index;

	if (json_array_size(rows) > limit)
		next = json_incref(json_object_get(json_array_get(rows, limit - 1), "key"));
	while (json_array_size(rows) > limit)
		(void)json_array_remove(rows, limit);
	json_array_foreach(rows, index, row)
	{
		bool waits =
			strcmp(json_string_value(json_object_get(row, "status")), "awaiting-review") == 0;

		(void)json_object_set_new(row, "attention_zh",
			waits ? json_incref(json_object_get(row, "text_zh")) : json_string(""));
		(void)json_object_set_new(row, "attention_en",
			waits ? json_incref(json_object_get(row, "text_en")) : json_string(""));
		(void)json_object_del(row, "key");
	}
	return next ? next : json_string("");
}

/* Exactly, from the counts or from few enough hits; else -1. */
static int64_t total_of(sqlite3 *state, const struct assay_batch_wish *wish, const struct found *found)
{
	const struct kind *kind = find_kind(wish->kind);
	struct cursor none = {{0, 0}, ""};
	sqlite3_stmt *row;
	char sql[3072];
	int64_t total = -1;
	json_t *counts;

	if (!*wish->typed && !wish->own) {
		counts = assay_query_batch_counts(state, NULL);
		if (counts)
			total = json_integer_value(json_object_get(counts, *kind->name ? kind->name : "all"));
		json_decref(counts);
		return total;
	}
	if (*wish->typed && !found->few)
		return -1;
	(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM batch AS b WHERE %s AND %s AND %s", kind->where,
		*wish->typed ? holds_few : "1", own_of(wish, *wish->typed));
	row = prepare(state, sql, wish, &none, found, 0, NULL);
	if (row && query_step(row) == SQLITE_ROW)
		total = sqlite3_column_int64(row, 0);
	(void)sqlite3_finalize(row);
	return total;
}

json_t *assay_query_batch_page(sqlite3 *state, const struct assay_batch_wish *wish, struct assay_error *err)
{
	struct found found = {0};
	json_t *rows = NULL, *page = NULL, *next;

	if (!find_kind(wish->kind) || !find_order(wish->order) || wish->limit == 0 ||
		wish->limit > ASSAY_BATCH_PAGE_MAX || strlen(wish->typed) > ASSAY_BATCH_TYPED_MAX) {
		(void)assay_error_set(err, ASSAY_EREFUSED, "query-refused", "列表的参数不对",
			"the list's arguments are wrong");
		return NULL;
	}
	if (!*wish->typed || find_words(state, wish, &found, err) == ASSAY_OK)
		rows = rows_of(state, wish, &found, err);
	if (rows) {
		next = finish(rows, wish->limit);
		page = json_pack("{s:o,s:o,s:I}", "batches", rows, "next", next, "total",
			(json_int_t)total_of(state, wish, &found));
	}
	release(&found);
	return page;
}

json_t *assay_query_batch_counts(sqlite3 *state, struct assay_error *err)
{
	sqlite3_stmt *rows = query_prepare(state, err, "SELECT status, verdict, n FROM batch_count", "");
	json_t *counts = rows ? json_object() : NULL;
	int rc = SQLITE_DONE;

	for (size_t i = 1; counts && i < sizeof kinds / sizeof *kinds; i++)
		(void)json_object_set_new(counts, kinds[i].name, json_integer(0));
	if (counts)
		(void)json_object_set_new(counts, "all", json_integer(0));
	while (counts && (rc = query_step(rows)) == SQLITE_ROW) {
		const char *status = (const char *)sqlite3_column_text(rows, 0);
		const char *verdict = (const char *)sqlite3_column_text(rows, 1);
		bool open = strcmp(status, "released") != 0 && strcmp(status, "void") != 0;
		const char *const into[] = {"all", open ? "open" : NULL, status, verdict};

		for (size_t i = 0; i < sizeof into / sizeof *into; i++)
			if (into[i] && json_object_get(counts, into[i]))
				(void)json_object_set_new(counts, into[i],
					json_integer(json_integer_value(json_object_get(counts, into[i])) +
						     sqlite3_column_int64(rows, 2)));
	}
	if (counts && rc != SQLITE_DONE) {
		(void)query_failed(state, err);
		json_decref(counts);
		counts = NULL;
	}
	(void)sqlite3_finalize(rows);
	return counts;
}
