/* SPDX-License-Identifier: Apache-2.0
 * Any instrument that speaks lines of text, described in XML: what to send, and PCRE2 patterns for what comes.
 *
 *   <request want="values" send="Q\r\n"/>
 *   <line pattern="(?&lt;status&gt;ST|US|OL),(?&lt;value&gt;[-+][0-9.]{8})(?&lt;unit&gt;.{3})" channel="weight"/>
 *   53 54 2C 2B 30 30 30 31 32 2E 33 34 20 20 67 0D 0A     ST,+00012.34  g   ->   12.34 g (A&D)
 *
 * A pattern must fit the whole line. The first that fits decides; a line that fits none is bad format. Named groups:
 * value, unit, status, sample, serial, model; with several channels in one line value_NAME, unit_NAME, status_NAME. */
#include "drivers/ascii_grammar.h"
#include "drivers/text_line.h"

#define TEXT_ROOM 8192u
#define MATCH_LIMIT 20000u

static void *allocate(PCRE2_SIZE size, void *host)
{
	return ((const struct assay_host *)host)->allocate(size);
}

static void release(void *memory, void *host)
{
	((const struct assay_host *)host)->release(memory);
}

static void ascii_close(struct assay_session *session)
{
	if (!session)
		return;
	for (uint32_t i = 0; i < RULES_MAX; i++)
		pcre2_code_free(session->rule[i].code);
	pcre2_match_data_free(session->found);
	pcre2_match_context_free(session->match);
	pcre2_compile_context_free(session->compile);
	pcre2_general_context_free(session->memory);
	session->host->release(session->settings);
	session->host->release(session);
}

static int make_contexts(struct assay_session *session)
{
	session->memory = pcre2_general_context_create(allocate, release, (void *)(uintptr_t)session->host);
	if (!session->memory)
		return 0;
	session->compile = pcre2_compile_context_create(session->memory);
	session->match = pcre2_match_context_create(session->memory);
	session->found = pcre2_match_data_create(64, session->memory);
	if (!session->compile || !session->match || !session->found)
		return 0;
	(void)pcre2_set_match_limit(session->match, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(session->match, 1000);
	return 1;
}

static int ascii_open(const struct assay_host *host, const struct assay_setting *settings, size_t count,
	struct assay_session **out, char *why, size_t why_size)
{
	struct assay_session *session = host->allocate(sizeof *session);

	if (session)
		session->host = host;
	if (!session || !(session->settings = words_settings_copy(host, settings, count)) ||
		!make_contexts(session)) {
		ascii_close(session);
		words_copy(why, why_size, "out of memory");
		return -1;
	}
	session->longest = 256;
	for (uint32_t i = 0; i < RULES_MAX; i++)
		session->rule[i].answers = -1;
	for (size_t i = 0; i < count; i++) {
		if (!apply(session, &session->settings[i])) {
			words_copy(why, why_size, settings[i].name);
			ascii_close(session);
			return -1;
		}
	}
	if (session->rules == 0) {
		words_copy(why, why_size, "no line: name a pattern in the instrument's XML");
		ascii_close(session);
		return -1;
	}
	*out = session;
	return 0;
}

static int ascii_ask(
	const struct assay_session *session, uint32_t want, uint32_t turn, struct assay_request *out)
{
	uint32_t kind = want;

	memset(out, 0, sizeof *out);
	/* a device that cannot wait for a stable value gives the present one, and says whether it is stable */
	if (want == ASSAY_WANT_STABLE) {
		kind = ASSAY_WANT_VALUES;
		for (uint32_t i = 0; i < session->requests; i++)
			if (session->request[i].want == ASSAY_WANT_STABLE)
				kind = ASSAY_WANT_STABLE;
	}
	for (uint32_t i = 0; i < session->requests; i++) {
		const struct request_row *row = &session->request[i];

		if (row->want != kind || turn-- != 0)
			continue;
		out->kind = ASSAY_REQUEST_BYTES;
		out->timeout_ms = row->timeout_ms ? row->timeout_ms : 2000;
		out->tag = i;
		out->length = row->length;
		memcpy(out->bytes, row->bytes, row->length);
		return 0;
	}
	return 0;
}

static int is_end(const struct assay_session *session, const uint8_t *bytes, size_t at)
{
	switch (session->end) {
	case END_LF:
		return bytes[at] == '\n';
	case END_CR:
		return bytes[at] == '\r';
	case END_ANY:
		return bytes[at] == '\r' || bytes[at] == '\n';
	default:
		return at + 1 >= session->end_length && memcmp(bytes + at + 1 - session->end_length,
								session->end_bytes, session->end_length) == 0;
	}
}

static int ascii_cut(struct assay_session *session, const struct assay_window *window, struct assay_cut *out)
{
	if (!text_line_begins(window, out))
		return 0;
	for (size_t i = out->skip; i < window->length && i - out->skip < session->longest; i++)
		if (is_end(session, window->bytes + out->skip, i - out->skip)) {
			out->frame = i + 1 - out->skip;
			return 0;
		}
	text_line_waits(window, session->longest, out);
	return 0;
}

/* One line of a frame, as UTF-8. */
struct line {
	const char *text;
	size_t length;
	uint32_t at; /* in the frame */
	int exact; /* the text's places are the frame's */
	const struct assay_request *request;
};

/* A named group of the last match; 0 when the pattern has none or it did not take part. */
static int group(const struct assay_session *session, const struct rule *rule, const char *name,
	const struct line *line, const char **text, size_t *length)
{
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(session->found);
	int number = pcre2_substring_number_from_name(rule->code, (PCRE2_SPTR)name);

	*text = "";
	*length = 0;
	if (number < 0 || number >= 64 || places[2 * number] == PCRE2_UNSET ||
		places[2 * number + 1] < places[2 * number])
		return 0;
	*text = line->text + places[2 * number];
	*length = places[2 * number + 1] - places[2 * number];
	return 1;
}

static int channel_group(const struct assay_session *session, const struct rule *rule, const char *what,
	const char *channel, int several, const struct line *line, const char **text, size_t *length)
{
	char name[2 * ASSAY_NAME_MAX];
	size_t at;

	if (!several)
		return group(session, rule, what, line, text, length);
	words_copy(name, sizeof name, what);
	at = strlen(name);
	words_copy(name + at, sizeof name - at, "_");
	words_copy(name + at + 1, sizeof name - at - 1, channel);
	/* a status or unit may stand once for all of them */
	return group(session, rule, name, line, text, length) ||
	       group(session, rule, what, line, text, length);
}

/* With several channels the rule's unit is a list in the same order. */
static const char *unit_of(const struct rule *rule, unsigned place, int several, char out[ASSAY_UNIT_MAX])
{
	const char *at = rule->unit;
	size_t length;

	if (!at || !several)
		return at;
	for (; place && *at; place--)
		at += strcspn(at, " ") + (at[strcspn(at, " ")] == ' ');
	length = strcspn(at, " ");
	if (length >= ASSAY_UNIT_MAX)
		length = 0;
	memcpy(out, at, length);
	out[length] = '\0';
	return words_same(out, length, "-") ? "" : out;
}

static int tell_channel(const struct assay_session *session, const struct rule *rule, const char *channel,
	unsigned place, int several, const struct line *line, const struct assay_sink *sink)
{
	char fixed[ASSAY_UNIT_MAX];
	char value[ASSAY_VALUE_MAX], unit[ASSAY_UNIT_MAX], sample[ASSAY_SAMPLE_MAX];
	struct assay_reading reading = {.size = sizeof reading, .channel = channel, .unit = ""};
	struct table_parts parts = {.fixed_unit = unit_of(rule, place, several, fixed), .flags = rule->flags};
	const char *id;
	size_t id_length;

	if (rule->meaning == MEANS_REASON) {
		reading.flags = rule->flags;
		reading.reason = rule->reason;
		return sink->reading(sink->context, &reading);
	}
	(void)channel_group(
		session, rule, "value", channel, several, line, &parts.value, &parts.value_length);
	(void)channel_group(session, rule, "unit", channel, several, line, &parts.unit, &parts.unit_length);
	(void)channel_group(
		session, rule, "status", channel, several, line, &parts.status, &parts.status_length);
	tables_read(&session->tables, parts, value, unit, &reading);
	if (group(session, rule, "sample", line, &id, &id_length)) {
		words_trim(&id, &id_length);
		if (id_length && id_length < sizeof sample) {
			memcpy(sample, id, id_length);
			sample[id_length] = '\0';
			reading.sample = sample;
		}
	}
	if (line->exact && parts.value_length) {
		reading.value_at = line->at + (uint32_t)(parts.value - line->text);
		reading.value_length = (uint32_t)parts.value_length;
	}
	if (line->exact && parts.unit_length) {
		reading.unit_at = line->at + (uint32_t)(parts.unit - line->text);
		reading.unit_length = (uint32_t)parts.unit_length;
	}
	return sink->reading(sink->context, &reading);
}

static int tell_identity(const struct assay_session *session, const struct rule *rule,
	const struct line *line, const struct assay_sink *sink)
{
	struct assay_identity who = {.size = sizeof who};
	char text[2][64];
	static const char *const names[] = {"serial", "model"};

	for (unsigned i = 0; i < 2; i++) {
		const char *part;
		size_t length;

		text[i][0] = '\0';
		(void)group(session, rule, names[i], line, &part, &length);
		words_trim(&part, &length);
		if (length >= sizeof text[i])
			return sink->reason(sink->context, ASSAY_REASON_TOO_LONG, "identity too long");
		memcpy(text[i], part, length);
		text[i][length] = '\0';
	}
	who.serial = text[0][0] ? text[0] : NULL;
	who.model = text[1][0] ? text[1] : NULL;
	return sink->identity(sink->context, &who);
}

static int tell(const struct assay_session *session, const struct rule *rule, const struct line *line,
	const struct assay_sink *sink)
{
	char channels[CHANNELS_MAX], *at = channels;
	int several, status = 0;
	unsigned place = 0;

	if (rule->meaning == MEANS_IGNORE)
		return 0;
	if (rule->meaning == MEANS_READY)
		return sink->reason(sink->context, ASSAY_REASON_NONE, NULL);
	if (rule->meaning == MEANS_IDENTITY)
		return tell_identity(session, rule, line, sink);
	if (rule->meaning == MEANS_REASON && !rule->channels[0])
		return sink->reason(sink->context, rule->reason, NULL);
	memcpy(channels, rule->channels, sizeof channels);
	several = strchr(channels, ' ') != NULL;
	while (*at && status == 0) {
		char *end = at + strcspn(at, " "), *next = *end ? end + 1 : end;

		*end = '\0';
		status = tell_channel(session, rule, at, place++, several, line, sink);
		at = next;
	}
	return status;
}

/* 1: a rule has fitted, and told unless it ignores; 0: none fits. */
static int one_line(
	struct assay_session *session, const struct line *line, const struct assay_sink *sink, int *told)
{
	for (uint32_t i = 0; i < session->rules; i++) {
		const struct rule *rule = &session->rule[i];

		if (!rule->code || (rule->answers >= 0 && line->request &&
					   (uint32_t)rule->answers != line->request->tag))
			continue;
		if (pcre2_match(rule->code, (PCRE2_SPTR)line->text, line->length, 0, 0, session->found,
			    session->match) <= 0)
			continue;
		*told += rule->meaning != MEANS_IGNORE;
		return tell(session, rule, line, sink) < 0 ? -1 : 1;
	}
	return 0;
}

static int ascii_decode(
	struct assay_session *session, const struct assay_frame *frame, const struct assay_sink *sink)
{
	char text[TEXT_ROOM];
	size_t at = 0, length = frame->length;
	int told = 0;

	if (session->end == END_BYTES)
		length -= length < session->end_length ? length : session->end_length;
	while (at < length) {
		const uint8_t *start = frame->bytes + at;
		size_t size = 0;
		struct line line = {.text = text, .at = (uint32_t)at, .request = frame->request};
		int utf8, status;

		while (at + size < length && start[size] != '\r' && start[size] != '\n')
			size++;
		at += size + 1;
		while (size && start[size - 1] == ' ')
			size--;
		if (size == 0)
			continue;
		utf8 = words_to_utf8(session->charset, start, size, text, sizeof text);
		if (utf8 < 0) {
			told++;
			if (sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT,
				    "bytes outside the character set") < 0)
				return -1;
			continue;
		}
		line.length = (size_t)utf8;
		line.exact = line.length == size;
		status = one_line(session, &line, sink, &told);
		if (status < 0)
			return -1;
		if (status == 0) {
			told++;
			if (sink->reason(
				    sink->context, ASSAY_REASON_BAD_FORMAT, "a line outside the grammar") < 0)
				return -1;
		}
	}
	if (told == 0 && session->empty_reason)
		return sink->reason(sink->context, session->empty_reason, "no measurement in the answer");
	return 0;
}

static const struct assay_option options[] = {
	{.name = "end",
		.kind = ASSAY_OPTION_TEXT,
		.fallback = "lf",
		.help_zh = "行尾：lf、cr、any，或结束字节如 >",
		.help_en = "end of an answer: lf, cr, any, or bytes such as >"},
	{.name = "longest",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 16,
		.max = 4096,
		.fallback = "256",
		.help_zh = "一次应答最多字节数",
		.help_en = "longest answer in bytes"},
	{.name = "decimal",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "point comma",
		.fallback = "point",
		.help_zh = "小数点",
		.help_en = "decimal mark"},
	{.name = "exponent",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "no yes",
		.fallback = "no",
		.help_zh = "接受指数写法",
		.help_en = "exponents are taken"},
	{.name = "charset",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "ascii utf8 latin1 cp850",
		.fallback = "ascii",
		.help_zh = "字符集",
		.help_en = "character set"},
	{.name = "empty",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "not-mine bad-checksum bad-format over under busy not-ready device-error refused "
			   "no-sensor unknown-unit too-long",
		.help_zh = "应答里没有数值时的原因",
		.help_en = "reason when an answer holds no value"},
	{.group = "request",
		.name = "want",
		.kind = ASSAY_OPTION_CHOICE,
		.required = 1,
		.choices = "identity values stable",
		.help_zh = "用途",
		.help_en = "what for"},
	{.group = "request",
		.name = "send",
		.kind = ASSAY_OPTION_TEXT,
		.required = 1,
		.help_zh = "发送的字节",
		.help_en = "bytes to send"},
	{.group = "request",
		.name = "timeout-ms",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 50,
		.max = 600000,
		.fallback = "2000",
		.help_zh = "等待应答的毫秒数",
		.help_en = "how long to wait for the answer"},
	{.group = "line",
		.name = "pattern",
		.kind = ASSAY_OPTION_TEXT,
		.required = 1,
		.help_zh = "整行的 PCRE2 模式",
		.help_en = "PCRE2 pattern of the whole line"},
	{.group = "line",
		.name = "means",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "reading identity ignore ready not-mine bad-checksum bad-format over under busy "
			   "not-ready device-error refused no-sensor unknown-unit too-long",
		.fallback = "reading",
		.help_zh = "含义",
		.help_en = "what it means"},
	{.group = "line",
		.name = "channel",
		.kind = ASSAY_OPTION_TEXT,
		.help_zh = "通道，空格分隔",
		.help_en = "channels, blank-separated"},
	{.group = "line",
		.name = "unit",
		.kind = ASSAY_OPTION_TEXT,
		.help_zh = "未打印时的单位",
		.help_en = "unit when none is printed"},
	{.group = "line", .name = "flags", .kind = ASSAY_OPTION_TEXT, .help_zh = "标志", .help_en = "flags"},
	{.group = "line",
		.name = "answers",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 0,
		.max = 15,
		.help_zh = "只应答第几个请求（从 0 起）",
		.help_en = "answers only this request (from 0)"},
	TEXT_TABLES_OPTIONS,
	{.name = NULL},
};
static const struct assay_channel channels[] = {{.name = NULL}};

ASSAY_DRIVER_EXPORT;
const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .link = ASSAY_LINK_STREAM, .name = "ascii",
	.version = "1.0", .summary_zh = "文本行仪器（用 XML 描述）",
	.summary_en = "instruments that speak lines of text, described in XML", .options = options,
	.channels = channels, .open = ascii_open, .close = ascii_close, .ask = ascii_ask, .cut = ascii_cut,
	.decode = ascii_decode};
