/* SPDX-License-Identifier: Apache-2.0
 * /metrics, in Prometheus' text format. Numbers of channels are printed as they stand in the state. */
#include "gateway/lab/batch_page.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/web/answer.h"
#include "gateway/web/route.h"
#include "gateway/wire/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	(void)fprintf(out, "# HELP assay_%s %s\n# TYPE assay_%s %s\n", name, help, name, type);
}

static void label(FILE *out, const char *before, const char *name, const char *value)
{
	(void)fprintf(out, "%s%s=\"", before, name);
	for (; value && *value; value++) {
		if (*value == '\\' || *value == '"')
			(void)fputc('\\', out);
		if (*value == '\n')
			(void)fputs("\\n", out);
		else
			(void)fputc(*value, out);
	}
	(void)fputc('"', out);
}

static const char *word(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void own_metrics(FILE *out, const struct web *web)
{
	const struct web_counts *counts = &web->counts;

	head(out, "build_info", "gauge", "Version of the gateway.");
	(void)fprintf(out, "assay_build_info{version=\"%s\"} 1\n", ASSAY_VERSION);
	head(out, "web_answers_total", "counter", "HTTP answers by class of status.");
	for (int i = 1; i <= 5; i++)
		(void)fprintf(out, "assay_web_answers_total{status=\"%dxx\"} %llu\n", i,
			(unsigned long long)counts->answers[i]);
	head(out, "web_refused_auth_total", "counter", "Requests refused for want of authentication.");
	(void)fprintf(out, "assay_web_refused_auth_total %llu\n", (unsigned long long)counts->refused_auth);
	head(out, "web_cut_slow_total", "counter", "Connections ended because the caller was too slow.");
	(void)fprintf(out, "assay_web_cut_slow_total %llu\n", (unsigned long long)counts->cut_slow);
	head(out, "web_connections", "gauge", "Open HTTP connections.");
	(void)fprintf(out, "assay_web_connections %u\n", web->peer_count);
	head(out, "web_viewers", "gauge", "Readers of the live events.");
	(void)fprintf(out, "assay_web_viewers %u\n", web->viewer_count);
	head(out, "web_events_total", "counter", "Live events sent.");
	(void)fprintf(out, "assay_web_events_total %llu\n", (unsigned long long)counts->events);
}

static bool is_decimal(const char *text)
{
	size_t digits;

	if (*text == '-')
		text++;
	digits = strspn(text, "0123456789");
	if (digits == 0)
		return false;
	text += digits;
	if (*text == '.') {
		digits = strspn(text + 1, "0123456789");
		if (digits == 0)
			return false;
		text += digits + 1;
	}
	return *text == '\0';
}

static void channel_metric(FILE *out, const json_t *instrument, const json_t *channel)
{
	if (!is_decimal(word(channel, "value")))
		return;
	label(out, "assay_channel_value{", "instrument", word(instrument, "instrument"));
	label(out, ",", "channel", word(channel, "channel"));
	label(out, ",", "unit", word(channel, "unit"));
	(void)fprintf(out, "} %s\n", word(channel, "value"));
}

static void status_metric(FILE *out, const json_t *line)
{
	static const char *const statuses[] = {"opening", "online", "silent", "down", "locked", "disabled"};

	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		label(out, "assay_line_status{", "line", word(line, "line"));
		label(out, ",", "status", statuses[i]);
		(void)fprintf(out, "} %d\n", strcmp(word(line, "status"), statuses[i]) == 0);
	}
}

static void instrument_metrics(FILE *out, const json_t *instrument)
{
	const json_t *channels = json_object_get(instrument, "channels");

	for (size_t i = 0; i < json_array_size(channels); i++)
		channel_metric(out, instrument, json_array_get(channels, i));
}

static void line_metrics(FILE *out, const json_t *lines)
{
	head(out, "line_status", "gauge", "1 for the status that the line has.");
	for (size_t i = 0; i < json_array_size(lines); i++)
		status_metric(out, json_array_get(lines, i));
	head(out, "channel_value", "gauge",
		"Last number of a channel, digits as the instrument printed them.");
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *instruments = json_object_get(json_array_get(lines, i), "instruments");

		for (size_t j = 0; j < json_array_size(instruments); j++)
			instrument_metrics(out, json_array_get(instruments, j));
	}
}

static void count_metric(FILE *out, const json_t *counts, const char *name, const char *key,
	const char *const *words, size_t word_count)
{
	for (size_t i = 0; i < word_count; i++)
		(void)fprintf(out, "assay_%s{%s=\"%s\"} %lld\n", name, key, words[i],
			(long long)json_integer_value(json_object_get(counts, words[i])));
}

static void batch_metrics(FILE *out, const json_t *batches)
{
	static const char *const statuses[] = {
		"to-test", "testing", "awaiting-review", "awaiting-release", "released", "void"};
	static const char *const verdicts[] = {"pass", "fail", "undetermined"};

	head(out, "batches", "gauge", "Batches by status.");
	count_metric(out, batches, "batches", "status", statuses, sizeof statuses / sizeof *statuses);
	head(out, "batch_verdicts", "gauge", "Batches by verdict.");
	count_metric(out, batches, "batch_verdicts", "verdict", verdicts, sizeof verdicts / sizeof *verdicts);
}

static void exchange_metrics(FILE *out, const struct web_journal_counts *counts)
{
	head(out, "line_exchanges_total", "counter", "Exchanges of a line by how they ended.");
	for (size_t i = 0; i < counts->line_count; i++)
		for (uint32_t j = 1; j < WEB_OUTCOMES && strcmp(assay_outcome_name(j), "?") != 0; j++) {
			label(out, "assay_line_exchanges_total{", "line", counts->lines[i].line);
			label(out, ",", "outcome", assay_outcome_name(j));
			(void)fprintf(out, "} %llu\n", (unsigned long long)counts->lines[i].exchanges[j]);
		}
	head(out, "line_bytes_total", "counter", "Bytes of a line.");
	for (size_t i = 0; i < counts->line_count; i++) {
		label(out, "assay_line_bytes_total{", "line", counts->lines[i].line);
		(void)fprintf(out, ",direction=\"received\"} %llu\n",
			(unsigned long long)counts->lines[i].received_bytes);
		label(out, "assay_line_bytes_total{", "line", counts->lines[i].line);
		(void)fprintf(
			out, ",direction=\"sent\"} %llu\n", (unsigned long long)counts->lines[i].sent_bytes);
	}
}

static void journal_metrics(FILE *out, const struct web_journal_counts *counts)
{
	head(out, "journal_entries", "gauge", "Entries of the journal.");
	(void)fprintf(out, "assay_journal_entries %llu\n", (unsigned long long)counts->size);
	head(out, "journal_tail_entries", "gauge", "Entries that no signed checkpoint covers yet.");
	(void)fprintf(out, "assay_journal_tail_entries %llu\n",
		(unsigned long long)(counts->size > counts->covered ? counts->size - counts->covered : 0));
	head(out, "journal_entries_total", "counter",
		"Entries by kind; start counts recorders that began, fault what went wrong.");
	for (unsigned kind = 1; kind < WEB_KINDS; kind++)
		if (strcmp(assay_entry_kind_name(kind), "?") != 0)
			(void)fprintf(out, "assay_journal_entries_total{kind=\"%s\"} %llu\n",
				assay_entry_kind_name(kind), (unsigned long long)counts->entries[kind]);
}

/* Cumulative, as Prometheus wants it. */
static void commit_metrics(FILE *out, const struct commit_times *times)
{
	uint64_t upto = 0;

	head(out, "commit_duration_seconds", "histogram",
		"How long the journal's commits took until they were on the disk, since the recorder began.");
	for (unsigned i = 0; i < COMMIT_EDGES; i++) {
		upto += times->by_edge[i];
		(void)fprintf(out, "assay_commit_duration_seconds_bucket{le=\"%u.%03u\"} %llu\n",
			commit_edges_ms[i] / 1000, commit_edges_ms[i] % 1000, (unsigned long long)upto);
	}
	(void)fprintf(out, "assay_commit_duration_seconds_bucket{le=\"+Inf\"} %llu\n",
		(unsigned long long)times->count);
	(void)fprintf(out, "assay_commit_duration_seconds_sum %llu.%09llu\n",
		(unsigned long long)(times->total_ns / 1000000000u),
		(unsigned long long)(times->total_ns % 1000000000u));
	(void)fprintf(out, "assay_commit_duration_seconds_count %llu\n", (unsigned long long)times->count);
}

/* When a number last came, for "seconds since the last good reading": time() less this. */
static void reading_metrics(FILE *out, sqlite3 *db)
{
	sqlite3_stmt *rows = NULL;

	head(out, "instrument_last_reading_timestamp_seconds", "gauge",
		"When a number last came from the instrument, s since 1970.");
	if (query_compile(db,
		    "SELECT l.instrument, max(r.wall_ns) FROM latest AS l JOIN readings AS r ON r.seq=l.seq"
		    " WHERE EXISTS(SELECT 1 FROM json_each(r.list) AS j WHERE "
		    "json_extract(j.value,'$[1]')<>'')"
		    " GROUP BY l.instrument",
		    &rows) == SQLITE_OK)
		while (query_step(rows) == SQLITE_ROW) {
			int64_t at_ns = sqlite3_column_int64(rows, 1);

			label(out, "assay_instrument_last_reading_timestamp_seconds{", "instrument",
				(const char *)sqlite3_column_text(rows, 0));
			(void)fprintf(out, "} %lld.%03lld\n", (long long)(at_ns / 1000000000),
				(long long)(at_ns / 1000000 % 1000));
		}
	(void)sqlite3_finalize(rows);
}

static void role_metrics(FILE *out, const struct assay_role_counts *counts)
{
	const char *name;

	head(out, "role_processes", "gauge", "Processes of the role that live.");
	for (unsigned i = 1; (name = assay_role_kind_name(i)) != NULL; i++)
		(void)fprintf(out, "assay_role_processes{role=\"%s\"} %lu\n", name,
			(unsigned long)counts->living[i]);
	head(out, "role_starts_total", "counter", "Processes of the role that were started.");
	for (unsigned i = 1; (name = assay_role_kind_name(i)) != NULL; i++)
		(void)fprintf(out, "assay_role_starts_total{role=\"%s\"} %lu\n", name,
			(unsigned long)counts->starts[i]);
}

enum MHD_Result web_metrics(struct web_call *call)
{
	struct web *web = call->web;
	sqlite3 *db = web_state_get(&web->state, NULL);
	json_t *lines = db ? assay_query_lines(db, NULL) : NULL;
	json_t *batches = db ? assay_query_batch_counts(db, NULL) : NULL;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	bool bad;

	if (!out) {
		json_decref(lines);
		json_decref(batches);
		return web_answer_problem(web, call->connection, &web_problem_memory);
	}
	own_metrics(out, web);
	if (web->role->counts)
		role_metrics(out, web->role->counts);
	head(out, "state_ready", "gauge", "1 when the state can be read.");
	(void)fprintf(out, "assay_state_ready %d\n", db != NULL);
	if (db) {
		head(out, "journal_applied", "gauge", "Sequence of the last journal entry in the state.");
		(void)fprintf(out, "assay_journal_applied %lld\n", (long long)web_state_applied(db));
	}
	if (web_journal_counts_read(&web->journal, web->role->dir, NULL) == ASSAY_OK) {
		journal_metrics(out, &web->journal);
		exchange_metrics(out, &web->journal);
	}
	commit_metrics(out, &web->commits);
	if (db)
		reading_metrics(out, db);
	if (lines)
		line_metrics(out, lines);
	if (batches)
		batch_metrics(out, batches);
	json_decref(lines);
	json_decref(batches);
	bad = ferror(out) != 0;
	if (fclose(out) != 0 || bad) {
		free(text);
		return web_answer_problem(web, call->connection, &web_problem_memory);
	}
	return web_answer_text(
		web, call->connection, text, length, "text/plain; version=0.0.4; charset=utf-8");
}
