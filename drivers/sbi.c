/* SPDX-License-Identifier: Apache-2.0
 * Sartorius SBI: BCE, MSE, Secura, Quintix, Practum, Entris, MA moisture analysers. Sources: Sartorius interface
 * descriptions; public captures of MSE and BCE balances.
 *
 *   2B 20 20 20 20 20 30 2E 30 30 20 67 20 20 0D 0A                        +     0.00 g     16 characters
 *   4E 20 20 20 20 20 2B 20 20 20 20 30 2E 30 33 31 20 20 20 20 0D 0A      N     +    0.031 22 characters
 *   53 74 61 74 20 48 69 67 68 0D 0A                                       Stat High        overload
 *
 * A unit is printed only while the weight is stable: that is the only mark of it. Lines are read by their words, since
 * real ones are not padded as the manual says; "SerNo. 0031801165" and the like are never weights. */
#include "drivers/number.h"
#include "drivers/text_line.h"
#include "drivers/words.h"

#define LINE_MAX 80u
#define PLAIN_LENGTH 14u

struct assay_session {
	const struct assay_host *host;
	uint32_t timeout_ms;
	int identify;
};

static int sbi_open(const struct assay_host *host, const struct assay_setting *settings, size_t count,
	struct assay_session **out, char *why, size_t why_size)
{
	struct assay_session *session = host->allocate(sizeof *session);

	if (!session) {
		words_copy(why, why_size, "out of memory");
		return -1;
	}
	session->host = host;
	session->timeout_ms = 3000;
	session->identify = 1;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(settings[i].name, "timeout-ms") == 0)
			session->timeout_ms = words_integer(settings[i].value);
		else if (strcmp(settings[i].name, "identify") == 0)
			session->identify = settings[i].value[0] == 'y';
	}
	*out = session;
	return 0;
}

static void sbi_close(struct assay_session *session)
{
	if (session)
		session->host->release(session);
}

/* ESC P prints; ESC x1_ model, ESC x2_ serial number. A balance that cannot run a command drops it silently. */
static int sbi_ask(
	const struct assay_session *session, uint32_t want, uint32_t turn, struct assay_request *out)
{
	static const char *const identity[] = {"\033x2_\r\n", "\033x1_\r\n"};
	const char *text = NULL;

	memset(out, 0, sizeof *out);
	if (want == ASSAY_WANT_IDENTITY && session->identify && turn < 2)
		text = identity[turn];
	else if (want != ASSAY_WANT_IDENTITY && turn == 0)
		text = "\033P\r\n";
	if (!text)
		return 0;
	out->kind = ASSAY_REQUEST_BYTES;
	out->timeout_ms = want == ASSAY_WANT_STABLE ? 15000 : session->timeout_ms;
	out->tag = want == ASSAY_WANT_IDENTITY ? 1 + turn : 0;
	out->length = (uint32_t)strlen(text);
	memcpy(out->bytes, text, out->length);
	return 0;
}

static int sbi_cut(struct assay_session *session, const struct assay_window *window, struct assay_cut *out)
{
	(void)session;
	text_line_cut(window, LINE_MAX, out);
	return 0;
}

/* What stands in the value field, or after "Stat", without a number. */
static const struct {
	const char *text;
	uint32_t reason, flags;
} states[] = {{"High", ASSAY_REASON_OVER, ASSAY_FLAG_OVER}, {"H", ASSAY_REASON_OVER, ASSAY_FLAG_OVER},
	{"Low", ASSAY_REASON_UNDER, ASSAY_FLAG_UNDER}, {"L", ASSAY_REASON_UNDER, ASSAY_FLAG_UNDER},
	{"C", ASSAY_REASON_BUSY, ASSAY_FLAG_CALIBRATING},
	{"Cal.Int.", ASSAY_REASON_BUSY, ASSAY_FLAG_CALIBRATING},
	{"Cal.Ext.", ASSAY_REASON_BUSY, ASSAY_FLAG_CALIBRATING}, {"--", ASSAY_REASON_NOT_READY, 0},
	{"Err 54", ASSAY_REASON_UNDER, ASSAY_FLAG_UNDER}, {"Err 55", ASSAY_REASON_OVER, ASSAY_FLAG_OVER},
	{"ERR 54", ASSAY_REASON_UNDER, ASSAY_FLAG_UNDER}, {"ERR 55", ASSAY_REASON_OVER, ASSAY_FLAG_OVER},
	{"ERR 054", ASSAY_REASON_UNDER, ASSAY_FLAG_UNDER}, {"ERR 055", ASSAY_REASON_OVER, ASSAY_FLAG_OVER},
	{"Err 02", ASSAY_REASON_DEVICE_ERROR, 0}, {"Err 10", ASSAY_REASON_REFUSED, 0},
	{"Err 11", ASSAY_REASON_REFUSED, 0}};

static int starts(const char *text, size_t length, const char *word)
{
	return length >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

/* "APP.ERR", "DIS. ERR", "PRT. ERR", "COMM.ERR", "SYS.ERR", "Err 123" */
static int is_fault(const char *text, size_t length)
{
	return (length >= 3 && memcmp(text + length - 3, "ERR", 3) == 0) || starts(text, length, "Err ") ||
	       starts(text, length, "ERR ");
}

/* Six characters of an identifier, or a shorter word: which quantity it is. */
static const struct {
	const char *id, *channel;
	uint32_t flags;
} kinds[] = {{"N", "weight", ASSAY_FLAG_NET}, {"G", "weight", ASSAY_FLAG_GROSS},
	{"T", "tare", ASSAY_FLAG_TARE}, {"T1", "tare", ASSAY_FLAG_TARE}, {"Qnt", "count", 0},
	{"Moist", "moisture", 0}, {"Dry", "dry", 0}, {"Ratio", "ratio", 0}, {"Dev", "deviation", 0},
	{"Stat", "weight", 0}, {"", "weight", 0}};

static int tell(const struct assay_sink *sink, struct assay_reading *reading, uint32_t reason, uint32_t flags)
{
	reading->reason = reason;
	reading->flags |= flags;
	return sink->reading(sink->context, reading);
}

struct part {
	const char *text;
	size_t length;
};

/* [sign] number [unit]: what follows the identifier. */
static int weighing(const char *line, struct part rest, size_t kind, const struct assay_sink *sink)
{
	struct assay_reading reading = {.size = sizeof reading,
		.channel = kinds[kind].channel,
		.unit = "",
		.flags = kinds[kind].flags};
	char value[ASSAY_VALUE_MAX], unit[ASSAY_UNIT_MAX];
	struct part number;
	size_t end = 0;

	words_trim(&rest.text, &rest.length);
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (words_same(rest.text, rest.length, states[i].text))
			return tell(sink, &reading, states[i].reason, states[i].flags);
	if (is_fault(rest.text, rest.length))
		return tell(sink, &reading, ASSAY_REASON_DEVICE_ERROR, 0);
	if (rest.length && (*rest.text == '+' || *rest.text == '-'))
		end = 1;
	while (end < rest.length && rest.text[end] == ' ')
		end++;
	while (end < rest.length && rest.text[end] != ' ')
		end++;
	number = (struct part){rest.text, end};
	if (!number_canonical(number.text, number.length, 0, value))
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "not a weight");
	reading.value = value;
	reading.value_at = (uint32_t)(number.text - line);
	reading.value_length = (uint32_t)number.length;
	rest.text += end;
	rest.length -= end;
	words_trim(&rest.text, &rest.length);
	if (rest.length >= sizeof unit || memchr(rest.text, ' ', rest.length))
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "not a unit");
	for (size_t i = 0; i < rest.length; i++)
		if (rest.text[i] < '!' || rest.text[i] > '~' || (rest.text[i] >= '0' && rest.text[i] <= '9'))
			return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "not a unit");
	memcpy(unit, rest.text, rest.length);
	unit[rest.length] = '\0';
	reading.unit = strcmp(unit, "%M") == 0 ? "%" : unit;
	reading.flags |= rest.length ? ASSAY_FLAG_STABLE : ASSAY_FLAG_DYNAMIC;
	if (rest.length) {
		reading.unit_at = (uint32_t)(rest.text - line);
		reading.unit_length = (uint32_t)rest.length;
	}
	return sink->reading(sink->context, &reading);
}

/* Answers to ESC x2_ and x1_, and the lines of a print heading: "SerNo.    0031801165". */
static int identity(const struct assay_sink *sink, uint32_t asked, const char *line, size_t length)
{
	struct assay_identity who = {.size = sizeof who, .maker = "Sartorius"};
	int serial = asked == 1;
	char text[40];

	if (starts(line, length, "SerNo.")) {
		serial = 1;
		line += 6;
		length -= 6;
	} else if (starts(line, length, "Model")) {
		serial = 0;
		line += 5;
		length -= 5;
	}
	words_trim(&line, &length);
	if (length == 0 || length >= sizeof text)
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "identity too long");
	for (size_t i = 0; i < length; i++)
		if (line[i] < ' ' || line[i] > '~')
			return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "identity is no text");
	memcpy(text, line, length);
	text[length] = '\0';
	if (serial)
		who.serial = text;
	else
		who.model = text;
	return sink->identity(sink->context, &who);
}

static int sbi_decode(
	struct assay_session *session, const struct assay_frame *frame, const struct assay_sink *sink)
{
	const char *line = (const char *)frame->bytes;
	size_t length = frame->length, word = 0;
	uint32_t asked = frame->request ? frame->request->tag : 0;
	struct part rest;

	(void)session;
	while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
		length--;
	rest = (struct part){line, length};
	while (word < length && line[word] != ' ')
		word++;
	if (starts(line, length, "SerNo.") || starts(line, length, "Model"))
		return identity(sink, asked, line, length);
	/* 14 characters and the line end, no identifier: sign or blank first. Shorter is the tail of a line. */
	if (length == PLAIN_LENGTH && (*line == '+' || *line == '-' || *line == ' '))
		return weighing(line, rest, sizeof kinds / sizeof *kinds - 1, sink);
	for (size_t i = 0; i + 1 < sizeof kinds / sizeof *kinds; i++)
		if (words_same(line, word, kinds[i].id)) {
			rest = (struct part){line + word, length - word};
			return weighing(line, rest, i, sink);
		}
	/* MA analysers: a time stands where the identifier does, and the unit is a rate: an interim value */
	if (word == 5 && line[2] == ':')
		return sink->reason(sink->context, ASSAY_REASON_NOT_MINE, "an interim line of a drying");
	if (asked)
		return identity(sink, asked, line, length);
	if (length && ((*line >= '0' && *line <= '9') || *line == '+' || *line == '-' || *line == ' '))
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "the tail of a line");
	return sink->reason(sink->context, ASSAY_REASON_NOT_MINE, "a line that is no weighing");
}

static const struct assay_option options[] = {
	{.name = "timeout-ms",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 100,
		.max = 60000,
		.fallback = "3000",
		.help_zh = "等待应答的毫秒数",
		.help_en = "how long to wait for the answer"},
	{.name = "identify",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "yes no",
		.fallback = "yes",
		.help_zh = "用 ESC x1_/x2_ 查型号和序列号",
		.help_en = "ask model and serial number by ESC x1_ and x2_"},
	{.name = NULL},
};
static const struct assay_channel channels[] = {{"weight", "g", "称量值", "weight"},
	{"tare", "g", "皮重", "tare"}, {"count", "pcs", "件数", "pieces"},
	{"moisture", "%", "水分", "moisture"}, {"dry", "%", "干物质", "dry matter"},
	{"ratio", "%", "比值", "ratio"}, {"deviation", "g", "偏差", "deviation"}, {.name = NULL}};

ASSAY_DRIVER_EXPORT;
const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .link = ASSAY_LINK_STREAM, .name = "sbi",
	.version = "1.0", .summary_zh = "赛多利斯 SBI 天平与水分仪", .summary_en = "Sartorius balances, SBI",
	.options = options, .channels = channels, .open = sbi_open, .close = sbi_close, .ask = sbi_ask,
	.cut = sbi_cut, .decode = sbi_decode};
