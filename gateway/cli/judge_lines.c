/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/judge_lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_MAX 64u
#define FLUSH_AT 49152u

struct line {
	struct assay_question question;
	const char *results[LIST_MAX], *conditions[LIST_MAX];
	struct assay_named_text components[LIST_MAX], aux[LIST_MAX];
	struct assay_declared declared[LIST_MAX];
	const char *id; /* as written */
	size_t id_length;
	uint32_t seen; /* bits of fields */
	const char *error; /* the first thing wrong that is not the JSON itself */
};

static const struct {
	const char *code, *zh, *en;
} errors[] = {
	{"json-invalid", "这一行不是 JSON 对象(UTF-8)", "the line is not a JSON object in UTF-8"},
	{"number-not-text", "数值必须写成文本", "a quantity must be text, not a JSON number"},
	{"field-unknown", "有不认识的字段", "a field is not known"},
	{"field-twice", "字段重复", "a field is given twice"},
	{"field-type", "字段的类型不对", "a field has the wrong type"},
	{"field-missing", "缺少 produced、standard、category 或 analyte",
		"produced, standard, category or analyte is missing"},
	{"value-unknown", "compare 或 decision.rule 的值不认识",
		"compare or decision.rule has an unknown value"},
	{"list-too-long", "列表超过 64 项", "a list has more than 64 items"},
	{"line-too-long", "一行超过 1 MiB", "a line is longer than 1 MiB"},
};

static void wrong(struct line *line, const char *code)
{
	if (!line->error)
		line->error = code;
}

/* A string; anything else is read past and said. */
static const char *text(struct assay_json_reader *reader, struct line *line)
{
	enum assay_json_kind kind;
	char *out = NULL;

	if (!assay_json_peek(reader, &kind))
		return NULL;
	if (kind == ASSAY_JSON_STRING)
		return assay_json_string(reader, &out) ? out : NULL;
	wrong(line, kind == ASSAY_JSON_NUMBER ? "number-not-text" : "field-type");
	(void)assay_json_skip(reader);
	return NULL;
}

static bool expect(struct assay_json_reader *reader, struct line *line, enum assay_json_kind wanted)
{
	enum assay_json_kind kind;

	if (!assay_json_peek(reader, &kind))
		return false;
	if (kind == wanted)
		return true;
	wrong(line, kind == ASSAY_JSON_NUMBER ? "number-not-text" : "field-type");
	(void)assay_json_skip(reader);
	return false;
}

static size_t texts(struct assay_json_reader *reader, struct line *line, const char **out)
{
	size_t count = 0;

	if (!expect(reader, line, ASSAY_JSON_ARRAY))
		return 0;
	for (bool more = assay_json_enter(reader, '['); more; more = assay_json_more(reader, ']')) {
		const char *one = text(reader, line);

		if (reader->broken)
			break;
		if (count == LIST_MAX)
			wrong(line, "list-too-long");
		else if (one)
			out[count++] = one;
	}
	return count;
}

/* A value of aux: text, or a number whose digits are taken as written. Its NUL is set once the next character is read. */
static const char *text_or_digits(struct assay_json_reader *reader, struct line *line, char **cut)
{
	enum assay_json_kind kind;
	char *out = NULL;
	size_t length;

	*cut = NULL;
	if (!assay_json_peek(reader, &kind) || kind != ASSAY_JSON_NUMBER)
		return text(reader, line);
	if (!assay_json_number(reader, &out, &length))
		return NULL;
	*cut = out + length;
	return out;
}

static size_t named(
	struct assay_json_reader *reader, struct line *line, struct assay_named_text *out, bool numbers)
{
	size_t count = 0;
	char *key, *cut = NULL;

	if (!expect(reader, line, ASSAY_JSON_OBJECT))
		return 0;
	for (bool more = assay_json_enter(reader, '{'); more && assay_json_key(reader, &key);) {
		const char *one = numbers ? text_or_digits(reader, line, &cut) : text(reader, line);

		if (reader->broken)
			break;
		more = assay_json_more(reader, '}');
		if (numbers && cut)
			*cut = '\0';
		for (size_t i = 0; i < count; i++)
			if (strcmp(out[i].name, key) == 0)
				wrong(line, "field-twice");
		if (count == LIST_MAX) {
			wrong(line, "list-too-long");
		} else if (one) {
			out[count].name = key;
			out[count++].text = one;
		}
	}
	return count;
}

static void decision(struct assay_json_reader *reader, struct line *line)
{
	char *key;

	if (!expect(reader, line, ASSAY_JSON_OBJECT))
		return;
	for (bool more = assay_json_enter(reader, '{'); more && assay_json_key(reader, &key);
		more = assay_json_more(reader, '}')) {
		const char *one = text(reader, line);

		if (strcmp(key, "U") == 0)
			line->question.uncertainty = one;
		else if (strcmp(key, "r") == 0)
			line->question.guard_ratio = one;
		else if (strcmp(key, "rule") != 0)
			wrong(line, "field-unknown");
		else if (one && !assay_rule_find(one, &line->question.rule))
			wrong(line, "value-unknown");
	}
}

static void declared_item(struct assay_json_reader *reader, struct line *line, struct assay_declared *out)
{
	char *key;

	out->kind = out->bound = out->unit = out->source = "";
	if (!expect(reader, line, ASSAY_JSON_OBJECT))
		return;
	for (bool more = assay_json_enter(reader, '{'); more && assay_json_key(reader, &key);
		more = assay_json_more(reader, '}')) {
		const char *one = text(reader, line);

		if (!one)
			continue;
		if (strcmp(key, "kind") == 0)
			out->kind = one;
		else if (strcmp(key, "bound") == 0)
			out->bound = one;
		else if (strcmp(key, "unit") == 0)
			out->unit = one;
		else if (strcmp(key, "source") == 0)
			out->source = one;
		else
			wrong(line, "field-unknown");
	}
}

static size_t declared(struct assay_json_reader *reader, struct line *line)
{
	size_t count = 0;

	if (!expect(reader, line, ASSAY_JSON_ARRAY))
		return 0;
	for (bool more = assay_json_enter(reader, '['); more; more = assay_json_more(reader, ']')) {
		struct assay_declared one;

		declared_item(reader, line, &one);
		if (reader->broken)
			break;
		if (count == LIST_MAX)
			wrong(line, "list-too-long");
		else
			line->declared[count++] = one;
	}
	return count;
}

static void compare(struct assay_json_reader *reader, struct line *line)
{
	const char *one = text(reader, line);

	if (!one)
		return;
	if (strcmp(one, "full") == 0)
		line->question.compare = ASSAY_COMPARE_FULL;
	else if (strcmp(one, "rounded") == 0)
		line->question.compare = ASSAY_COMPARE_ROUNDED;
	else
		wrong(line, "value-unknown");
}

static void id_of(struct assay_json_reader *reader, struct line *line)
{
	enum assay_json_kind kind;

	if (!assay_json_peek(reader, &kind))
		return;
	if (kind == ASSAY_JSON_ARRAY || kind == ASSAY_JSON_OBJECT) {
		wrong(line, "field-type");
		(void)assay_json_skip(reader);
		return;
	}
	line->id = reader->at; /* escapes are undone in place: kept apart below */
	if (kind == ASSAY_JSON_STRING) {
		char *one;

		line->id = assay_json_string(reader, &one) ? one : NULL;
		line->id_length = SIZE_MAX; /* a string to be quoted again */
	} else {
		char *from = reader->at;

		if (!assay_json_skip(reader))
			line->id = NULL;
		else
			line->id_length = (size_t)(reader->at - from);
	}
}

enum field {
	ID,
	PRODUCED,
	TESTED,
	STANDARD,
	CATEGORY,
	ANALYTE,
	RESULTS,
	COMPONENTS,
	AUX,
	CONDITIONS,
	COMPARE,
	DECISION,
	FRESH_CATEGORY,
	DECLARED,
	FIELD_COUNT
};

static enum field field_of(const char *key)
{
	static const char *const names[FIELD_COUNT] = {"id", "produced", "tested", "standard", "category",
		"analyte", "results", "components", "aux", "conditions", "compare", "decision",
		"fresh_category", "declared"};

	for (int i = 0; i < FIELD_COUNT; i++)
		if (names[i][0] == key[0] && strcmp(names[i], key) == 0)
			return (enum field)i;
	return FIELD_COUNT;
}

static void read_field(struct assay_json_reader *reader, struct line *line, enum field field)
{
	struct assay_question *question = &line->question;

	switch (field) {
	case ID:
		id_of(reader, line);
		break;
	case PRODUCED:
		question->produced = text(reader, line);
		break;
	case TESTED:
		question->tested = text(reader, line);
		break;
	case STANDARD:
		question->standard = text(reader, line);
		break;
	case CATEGORY:
		question->category = text(reader, line);
		break;
	case ANALYTE:
		question->analyte = text(reader, line);
		break;
	case RESULTS:
		question->result_count = texts(reader, line, line->results);
		break;
	case COMPONENTS:
		question->component_count = named(reader, line, line->components, false);
		break;
	case AUX:
		question->aux_count = named(reader, line, line->aux, true);
		break;
	case CONDITIONS:
		question->condition_count = texts(reader, line, line->conditions);
		break;
	case COMPARE:
		compare(reader, line);
		break;
	case DECISION:
		decision(reader, line);
		break;
	case FRESH_CATEGORY:
		question->fresh_category = text(reader, line);
		break;
	case DECLARED:
		question->declared_count = declared(reader, line);
		break;
	case FIELD_COUNT:
	default:
		wrong(line, "field-unknown");
		(void)assay_json_skip(reader);
	}
}

static void read_line(char *bytes, size_t length, struct line *line)
{
	struct assay_json_reader reader;
	char *key;

	memset(&line->question, 0, sizeof line->question);
	line->question.results = line->results;
	line->question.components = line->components;
	line->question.aux = line->aux;
	line->question.conditions = line->conditions;
	line->question.declared = line->declared;
	line->id = line->error = NULL;
	line->id_length = line->seen = 0;
	assay_json_open(&reader, bytes, length);
	for (bool more = assay_json_enter(&reader, '{'); more && assay_json_key(&reader, &key);
		more = assay_json_more(&reader, '}')) {
		enum field field = field_of(key);

		if (field != FIELD_COUNT && (line->seen >> field & 1))
			wrong(line, "field-twice");
		line->seen |= field == FIELD_COUNT ? 0 : UINT32_C(1) << field;
		read_field(&reader, line, field);
	}
	if (!assay_json_done(&reader)) {
		line->error = "json-invalid";
		line->id = NULL;
	}
	if (!line->question.produced || !line->question.standard || !line->question.category ||
		!line->question.analyte)
		wrong(line, "field-missing");
}

static void put_id(const struct line *line, struct assay_json_writer *out)
{
	assay_json_text(out, "{\"id\":");
	if (!line->id)
		assay_json_text(out, "null");
	else if (line->id_length == SIZE_MAX)
		assay_json_quote(out, line->id);
	else
		assay_json_raw(out, line->id, line->id_length);
}

static void put_error(const struct line *line, uint64_t number, struct assay_json_writer *out)
{
	size_t i = 0;
	char digits[24];

	while (i + 1 < sizeof errors / sizeof *errors && strcmp(errors[i].code, line->error) != 0)
		i++;
	put_id(line, out);
	(void)snprintf(digits, sizeof digits, "%" PRIu64, number);
	assay_json_text(out, ",\"line\":");
	assay_json_text(out, digits);
	assay_json_text(out, ",\"error\":{\"code\":");
	assay_json_quote(out, errors[i].code);
	assay_json_text(out, ",\"text_zh\":");
	assay_json_quote(out, errors[i].zh);
	assay_json_text(out, ",\"text_en\":");
	assay_json_quote(out, errors[i].en);
	assay_json_text(out, "}}\n");
}

static void put_field(struct assay_json_writer *out, const char *name, const char *value)
{
	assay_json_text(out, name);
	assay_json_quote(out, value);
}

void assay_verdict_fields(const struct assay_verdict *verdict, struct assay_json_writer *out)
{
	put_field(out, "\"verdict\":", assay_verdict_name(verdict->kind));
	assay_json_text(out, ",\"reasons\":[");
	for (unsigned i = 0; i < verdict->reasons.count; i++) {
		if (i)
			assay_json_text(out, ",");
		assay_json_quote(out, verdict->reasons.code[i]);
	}
	put_field(out, "],\"text_zh\":", verdict->text_zh);
	put_field(out, ",\"text_en\":", verdict->text_en);
	put_field(out, ",\"standard\":", verdict->standard ? verdict->standard->id : "");
	put_field(out, ",\"clause\":", assay_verdict_clause(verdict));
	put_field(out, ",\"limit\":", assay_verdict_limit(verdict));
	put_field(out, ",\"compared\":", verdict->compared);
	assay_json_text(out, ",\"derivation\":[");
	for (unsigned i = 0; i < verdict->steps.count; i++) {
		put_field(out, i ? ",{\"zh\":" : "{\"zh\":", verdict->steps.step[i].zh);
		put_field(out, ",\"en\":", verdict->steps.step[i].en);
		assay_json_text(out, "}");
	}
	assay_json_text(out, "]");
}

void assay_judge_line(const struct assay_specs *specs, char *bytes, size_t length, uint64_t number,
	struct assay_verdict *verdict, struct assay_json_writer *out)
{
	struct line line;

	if (length > ASSAY_LINE_MAX) {
		line.id = NULL;
		line.error = "line-too-long";
		put_error(&line, number, out);
		return;
	}
	read_line(bytes, length, &line);
	if (line.error) {
		put_error(&line, number, out);
		return;
	}
	assay_judge(specs, &line.question, verdict);
	put_id(&line, out);
	assay_json_text(out, ",");
	assay_verdict_fields(verdict, out);
	assay_json_text(out, "}\n");
}

/* ---- the stream --------------------------------------------------------------------------------------------- */

static int flush(struct assay_json_writer *writer, int out, struct assay_error *err)
{
	size_t done = 0;

	if (writer->full)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	while (done < writer->length) {
		ssize_t count = write(out, writer->bytes + done, writer->length - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return assay_error_set(err, ASSAY_EIO, "output-failed", "不能写出结果（%s）",
				"the output cannot be written (%s)", strerror(errno));
		done += (size_t)count;
	}
	writer->length = 0;
	return ASSAY_OK;
}

struct stream {
	const struct assay_specs *specs;
	struct assay_verdict *verdict;
	struct assay_json_writer writer;
	char *bytes; /* ASSAY_LINE_MAX + 2 */
	size_t length;
	uint64_t number;
	bool skipping; /* the rest of a line that was too long */
};

/* Judge the whole lines in the buffer; what is left moves to the front. */
static int whole_lines(struct stream *stream, int out, struct assay_error *err)
{
	char *at = stream->bytes, *end = stream->bytes + stream->length, *newline;
	int status = ASSAY_OK;

	while (status == ASSAY_OK && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (stream->skipping)
			stream->skipping = false;
		else
			assay_judge_line(stream->specs, at, (size_t)(newline - at), ++stream->number,
				stream->verdict, &stream->writer);
		at = newline + 1;
		if (stream->writer.length >= FLUSH_AT)
			status = flush(&stream->writer, out, err);
	}
	stream->length = (size_t)(end - at);
	memmove(stream->bytes, at, stream->length);
	return status;
}

/* The buffer is full and holds no newline: the line is too long; its rest is skipped. */
static void too_long(struct stream *stream)
{
	if (!stream->skipping)
		assay_judge_line(stream->specs, stream->bytes, stream->length, ++stream->number,
			stream->verdict, &stream->writer);
	stream->skipping = true;
	stream->length = 0;
}

static int judge_stream(struct stream *stream, int in, int out, struct assay_error *err)
{
	int status = ASSAY_OK;

	for (;;) {
		ssize_t count = read(in, stream->bytes + stream->length, ASSAY_LINE_MAX + 1 - stream->length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return assay_error_set(err, ASSAY_EIO, "input-failed", "不能读取输入（%s）",
				"the input cannot be read (%s)", strerror(errno));
		if (count == 0)
			break;
		stream->length += (size_t)count;
		status = whole_lines(stream, out, err);
		if (status == ASSAY_OK && stream->length == ASSAY_LINE_MAX + 1)
			too_long(stream);
		if (status == ASSAY_OK) /* before waiting for more */
			status = flush(&stream->writer, out, err);
		if (status != ASSAY_OK)
			return status;
	}
	if (stream->length && !stream->skipping) /* a last line without its newline */
		assay_judge_line(stream->specs, stream->bytes, stream->length, ++stream->number,
			stream->verdict, &stream->writer);
	return flush(&stream->writer, out, err);
}

int assay_judge_lines(const struct assay_specs *specs, int in, int out, struct assay_error *err)
{
	struct stream stream = {.specs = specs};
	int status;

	stream.verdict = malloc(sizeof *stream.verdict);
	stream.bytes = malloc(ASSAY_LINE_MAX + 2);
	status = stream.verdict && stream.bytes
			 ? judge_stream(&stream, in, out, err)
			 : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	free(stream.writer.bytes);
	free(stream.bytes);
	free(stream.verdict);
	return status;
}
