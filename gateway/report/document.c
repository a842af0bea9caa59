/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/report/document.h"
#include "gateway/report/report.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 160u

struct document_block {
	struct document_block *next;
};

struct reader {
	struct document *document;
	struct assay_error *err;
	char path[PATH_MAX_BYTES]; /* "tests[3].limit.text", for messages */
};

/* One sentence for each language about the same place. */
static int say(struct assay_error *err, const char *code, const char *path, const char *name, const char *zh,
	const char *en)
{
	struct assay_error other;

	(void)assay_error_set(&other, ASSAY_EREFUSED, code, "%s%s：%s", "%s%s: %s", path, name, zh);
	(void)assay_error_set(err, ASSAY_EREFUSED, code, "%s%s：%s", "%s%s: %s", path, name, en);
	if (err)
		memcpy(err->text_zh, other.text_zh, sizeof err->text_zh);
	return ASSAY_EREFUSED;
}

static int refuse(struct reader *reader, const char *name, const char *zh, const char *en)
{
	return say(reader->err, "report-field-invalid", reader->path, name, zh, en);
}

/* ---- parsing ---------------------------------------------------------------------------------------------- */

/* jansson's own depth limit is far above what a report needs. */
static bool too_deep(const char *bytes, size_t length)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < length; i++) {
		if (quoted) {
			if (bytes[i] == '\\')
				i++;
			else if (bytes[i] == '"')
				quoted = false;
		} else if (bytes[i] == '"') {
			quoted = true;
		} else if (bytes[i] == '{' || bytes[i] == '[') {
			if (++depth > ASSAY_REPORT_DEPTH_MAX)
				return true;
		} else if ((bytes[i] == '}' || bytes[i] == ']') && depth) {
			depth--;
		}
	}
	return false;
}

int document_parse(const char *bytes, size_t length, json_t **out, struct assay_error *err)
{
	json_error_t error;

	if (length > ASSAY_REPORT_INPUT_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "report-too-large", "文档超过 %u 字节",
			"the document is larger than %u bytes", ASSAY_REPORT_INPUT_MAX);
	if (too_deep(bytes, length))
		return assay_error_set(err, ASSAY_EREFUSED, "report-too-deep", "文档嵌套超过 %u 层",
			"the document is nested more than %u deep", ASSAY_REPORT_DEPTH_MAX);
	*out = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
	if (!*out)
		return assay_error_set(err, ASSAY_EREFUSED, "report-not-json", "第 %d 行不是有效的 JSON：%s",
			"line %d is not valid JSON: %s", error.line, error.text);
	return ASSAY_OK;
}

/* ---- values ----------------------------------------------------------------------------------------------- */

static uint32_t next_character(const unsigned char **at)
{
	const unsigned char *p = *at;
	unsigned more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
	uint32_t c = more == 0 ? *p : *p & (0x3fu >> more);

	for (p++; more; more--, p++)
		c = c << 6 | (*p & 0x3fu);
	*at = p;
	return c;
}

/* Controls and marks that turn the direction of text could make a report say something else than it holds. */
static bool printable(uint32_t c)
{
	return c >= 0x20 && !(c >= 0x7f && c <= 0x9f) && c != 0xad && c != 0x61c &&
	       !(c >= 0x200b && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
	       !(c >= 0x2060 && c <= 0x206f) && c != 0xfeff && !(c >= 0xfff9 && c <= 0xfffc) &&
	       !(c >= 0xe0000 && c <= 0xe0fff) && (c & 0xfffe) != 0xfffe;
}

static int check_text(struct reader *reader, const char *name, const json_t *value, long long most)
{
	const unsigned char *at;
	long long count = 0;

	if (!json_is_string(value))
		return refuse(reader, name, "应为文本", "must be text");
	at = (const unsigned char *)json_string_value(value);
	while (*at) {
		if (!printable(next_character(&at)))
			return refuse(reader, name, "含控制字符或方向标记",
				"holds a control character or direction mark");
		if (++count > most)
			return refuse(reader, name, "文本过长", "the text is too long");
	}
	return ASSAY_OK;
}

static int check_id(struct reader *reader, const char *name, const json_t *value, long long most)
{
	const char *text = json_string_value(value);
	size_t length = text ? strlen(text) : 0;

	if (!length || (long long)length > most || text[0] == ' ' || text[length - 1] == ' ')
		return refuse(reader, name, "编号为空或过长", "the identifier is empty or too long");
	for (size_t i = 0; i < length; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return refuse(reader, name, "编号只能用可打印的 ASCII 字符",
				"an identifier holds printable ASCII characters only");
	return ASSAY_OK;
}

/* text against a pattern: '0' is a digit, everything else itself. */
static bool matches(const char *text, const char *pattern)
{
	for (; *pattern; text++, pattern++)
		if (*pattern == '0' ? *text < '0' || *text > '9' : *text != *pattern)
			return false;
	return true;
}

static unsigned two(const char *text)
{
	return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

static bool is_date(const char *text)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned year, month, day, last;

	if (!matches(text, "0000-00-00"))
		return false;
	year = two(text) * 100 + two(text + 2);
	month = two(text + 5);
	day = two(text + 8);
	if (month < 1 || month > 12 || day < 1)
		return false;
	last = days[month - 1];
	if (month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0))
		last = 29;
	return day <= last;
}

static bool is_time(const char *text)
{
	const char *at;

	if (!is_date(text) || !matches(text + 10, "T00:00:00") || two(text + 11) > 23 ||
		two(text + 14) > 59 || two(text + 17) > 60)
		return false;
	at = text + 19;
	if (*at == '.') {
		size_t digits = strspn(++at, "0123456789");

		if (!digits || digits > 9)
			return false;
		at += digits;
	}
	if (strcmp(at, "Z") == 0)
		return true;
	return (*at == '+' || *at == '-') && matches(at + 1, "00:00") && at[6] == '\0' && two(at + 1) < 24 &&
	       two(at + 4) < 60;
}

static bool is_hundredths(const char *text, long long *out)
{
	long long value = 0;
	unsigned digits = 0, places = 0;
	bool point = false;

	for (; *text; text++) {
		if (*text == '.' && !point && digits) {
			point = true;
		} else if (*text >= '0' && *text <= '9' && ++digits <= 8) {
			value = value * 10 + (*text - '0');
			places += point;
		} else {
			return false;
		}
	}
	if (!digits || places > 2 || (point && !places))
		return false;
	for (; places < 2; places++)
		value *= 10;
	*out = value;
	return true;
}

static int read_word(struct reader *reader, const struct field *field, const json_t *value)
{
	const char *text = json_string_value(value);

	for (const char *const *word = field->words; text && *word; word++)
		if (strcmp(*word, text) == 0)
			return ASSAY_OK;
	return refuse(reader, field->name, "不是规定的词", "is not one of the words allowed");
}

static int read_number(struct reader *reader, const struct field *field, const json_t *value, long long *out)
{
	if (field->type == FIELD_NUMBER) {
		if (!json_is_integer(value))
			return refuse(reader, field->name, "应为整数", "must be an integer");
		*out = json_integer_value(value);
	} else if (!json_is_string(value) || !is_hundredths(json_string_value(value), out)) {
		return refuse(reader, field->name, "应为至多两位小数的数",
			"must be a decimal number with at most two places, as text");
	}
	if (*out < 0 || *out > field->most)
		return refuse(reader, field->name, "数值超出范围", "the number is out of range");
	return ASSAY_OK;
}

static int read_string(struct reader *reader, const struct field *field, const json_t *value)
{
	const char *text = json_string_value(value);

	switch (field->type) {
	case FIELD_TEXT:
		return check_text(reader, field->name, value, field->most);
	case FIELD_ID:
		return check_id(reader, field->name, value, field->most);
	case FIELD_WORD:
		return read_word(reader, field, value);
	case FIELD_DATE_OR_NONE:
		if (text && !*text)
			return ASSAY_OK;
		__attribute__((fallthrough));
	case FIELD_DATE:
		if (text && strlen(text) == 10 && is_date(text))
			return ASSAY_OK;
		return refuse(reader, field->name, "应为存在的日期 YYYY-MM-DD",
			"must be a day that exists, YYYY-MM-DD");
	case FIELD_TIME:
		if (text && is_time(text))
			return ASSAY_OK;
		return refuse(reader, field->name, "应为带时区的 RFC 3339 时间",
			"must be an RFC 3339 time with its offset");
	default:
		if (text && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64)
			return ASSAY_OK;
		return refuse(reader, field->name, "应为 64 位小写十六进制数字",
			"must be 64 lower-case hexadecimal digits");
	}
}

/* ---- objects ---------------------------------------------------------------------------------------------- */

static void *take(struct reader *reader, size_t size)
{
	struct document_block *block = calloc(1, sizeof(struct document_block) + size);

	if (!block) {
		(void)assay_error_set(reader->err, ASSAY_ENOMEM, "no-memory", "内存不足", "out of memory");
		return NULL;
	}
	block->next = reader->document->blocks;
	reader->document->blocks = block;
	return block + 1;
}

static int read_object(struct reader *reader, json_t *value, const struct shape *shape, char *out);

/* Go one step down in the path for messages; returns where to cut it off again. */
static size_t enter(struct reader *reader, const char *name, size_t index, bool in_list)
{
	size_t length = strlen(reader->path);

	if (in_list)
		(void)snprintf(
			reader->path + length, sizeof reader->path - length, "%s[%zu].", name, index + 1);
	else
		(void)snprintf(reader->path + length, sizeof reader->path - length, "%s.", name);
	return length;
}

static int read_list(struct reader *reader, const struct field *field, json_t *value, struct list *out)
{
	size_t size = field->type == FIELD_TEXTS ? sizeof(const char *) : field->shape->size;
	size_t count = json_array_size(value);
	int status = ASSAY_OK;

	if (!json_is_array(value))
		return refuse(reader, field->name, "应为列表", "must be a list");
	if ((long long)count > field->most)
		return refuse(reader, field->name, "列表过长", "the list is too long");
	out->items = take(reader, count * size);
	if (!out->items)
		return ASSAY_ENOMEM;
	out->count = count;
	for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
		size_t mark = enter(reader, field->name, i, true);
		char *item = (char *)out->items + i * size;

		if (field->type == FIELD_TEXTS) {
			status = check_id(reader, "", json_array_get(value, i), 64);
			((const char **)out->items)[i] = json_string_value(json_array_get(value, i));
		} else {
			status = read_object(reader, json_array_get(value, i), field->shape, item);
		}
		reader->path[mark] = '\0';
	}
	return status;
}

static int read_below(struct reader *reader, const struct field *field, json_t *value, char *out)
{
	size_t mark;
	int status;

	if (field->type == FIELD_OBJECT_OR_NULL) {
		void *object = NULL;

		if (json_is_null(value))
			return ASSAY_OK;
		object = take(reader, field->shape->size);
		if (!object)
			return ASSAY_ENOMEM;
		*(void **)(void *)out = object;
		out = object;
	}
	mark = enter(reader, field->name, 0, false);
	status = read_object(reader, value, field->shape, out);
	reader->path[mark] = '\0';
	return status;
}

static int read_field(struct reader *reader, const struct field *field, json_t *value, char *out)
{
	int status;

	switch (field->type) {
	case FIELD_NUMBER:
	case FIELD_HUNDREDTHS:
		return read_number(reader, field, value, (long long *)(void *)out);
	case FIELD_OBJECT:
	case FIELD_OBJECT_OR_NULL:
		return read_below(reader, field, value, out);
	case FIELD_LIST:
	case FIELD_TEXTS:
		return read_list(reader, field, value, (struct list *)(void *)out);
	default:
		status = read_string(reader, field, value);
		if (status == ASSAY_OK)
			*(const char **)(void *)out = json_string_value(value);
		return status;
	}
}

static int read_object(struct reader *reader, json_t *value, const struct shape *shape, char *out)
{
	size_t known = 0;
	const char *name;
	json_t *member;

	if (!json_is_object(value))
		return refuse(reader, "", "应为对象", "must be an object");
	for (const struct field *field = shape->fields; field->name; field++, known++) {
		int status;

		member = json_object_get(value, field->name);
		if (!member)
			return say(reader->err, "report-field-missing", reader->path, field->name,
				"缺少这个字段", "this field is missing");
		status = read_field(reader, field, member, out + field->offset);
		if (status != ASSAY_OK)
			return status;
	}
	if (json_object_size(value) == known)
		return ASSAY_OK;
	json_object_foreach(value, name, member)
	{
		const struct field *field = shape->fields;

		while (field->name && strcmp(field->name, name) != 0)
			field++;
		if (!field->name)
			break;
	}
	return say(reader->err, "report-field-unknown", reader->path,
		name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789")] == '\0' ? name : "?",
		"不认识的字段", "this field is not known");
}

int document_read(struct document *document, json_t *root, const struct shape *shape, void *out,
	struct assay_error *err)
{
	struct reader reader = {.document = document, .err = err};

	memset(out, 0, shape->size);
	return read_object(&reader, root, shape, out);
}

void document_release(struct document *document)
{
	while (document->blocks) {
		struct document_block *block = document->blocks;

		document->blocks = block->next;
		free(block);
	}
}

int document_contradiction(struct assay_error *err, const char *where, const char *zh, const char *en)
{
	return say(err, "report-contradiction", where, "", zh, en);
}
