/* SPDX-License-Identifier: Apache-2.0
 * Mettler-Toledo MT-SICS, levels 0 and 1. Sources: MT-SICS reference manuals 11780711 and 30014405.
 *
 *   S S     100.00 g CR LF       ID blank STATUS blank weight(10, right aligned) blank unit
 *   53 20 53 20 20 20 20 20 31 30 30 2E 30 30 20 67 0D 0A      stable 100.00 g
 *   S I     busy or time-out     S +  overload     S -  underload     S D  dynamic
 *   I4 A "0123456789"            serial number     ES ET EL  error lines, two letters only
 *
 * A line that does not fit gives no number: "S S Error 10b" begins like a weight. */
#include "drivers/text_line.h"

#include <string.h>

#define LINE_MAX 128u
#define TOKENS_MAX 6u
#define VALUE_TIMEOUT_MS 2000u
#define STABLE_TIMEOUT_MS 60000u

struct assay_session {
	const struct assay_host *host;
};

struct token {
	const char *text;
	uint32_t at, length;
};

static int sics_open(const struct assay_host *host, const struct assay_setting *settings, size_t count,
	struct assay_session **out, char *why, size_t why_size)
{
	struct assay_session *session = host->allocate(sizeof *session);

	(void)settings;
	(void)count;
	if (!session) {
		if (why_size)
			why[0] = '\0';
		return -1;
	}
	session->host = host;
	*out = session;
	return 0;
}

static void sics_close(struct assay_session *session)
{
	if (session)
		session->host->release(session);
}

static int sics_ask(
	const struct assay_session *session, uint32_t want, uint32_t turn, struct assay_request *out)
{
	static const char *const identity[] = {"I4\r\n", "I2\r\n"};
	const char *text = NULL;

	(void)session;
	memset(out, 0, sizeof *out);
	out->timeout_ms = VALUE_TIMEOUT_MS;
	if (want == ASSAY_WANT_IDENTITY && turn < 2)
		text = identity[turn];
	else if (want == ASSAY_WANT_VALUES && turn == 0)
		text = "SI\r\n";
	else if (want == ASSAY_WANT_STABLE && turn == 0)
		text = "S\r\n";
	if (!text)
		return 0;
	if (want == ASSAY_WANT_STABLE)
		out->timeout_ms = STABLE_TIMEOUT_MS;
	out->kind = ASSAY_REQUEST_BYTES;
	out->tag = want;
	out->length = (uint32_t)strlen(text);
	memcpy(out->bytes, text, out->length);
	return 0;
}

static int sics_cut(struct assay_session *session, const struct assay_window *window, struct assay_cut *out)
{
	(void)session;
	text_line_cut(window, LINE_MAX, out);
	/* "I4 B ..." announces more lines of the same answer */
	out->more = out->frame > 4 && window->bytes[out->skip] == 'I' && window->bytes[out->skip + 3] == 'B';
	return 0;
}

static unsigned split(const char *line, size_t length, struct token *tokens)
{
	unsigned count = 0;
	size_t at = 0;

	while (at < length && count < TOKENS_MAX) {
		size_t start;

		while (at < length && line[at] == ' ')
			at++;
		if (at == length)
			break;
		start = at;
		while (at < length && line[at] != ' ')
			at++;
		tokens[count++] = (struct token){line + start, (uint32_t)start, (uint32_t)(at - start)};
	}
	return count;
}

static int is(const struct token *token, const char *text)
{
	return token->length == strlen(text) && memcmp(token->text, text, token->length) == 0;
}

/* -?digits[.digits]; sign directly before the first digit; leading zeros cut to one. 0 when it is no number. */
static int number(const struct token *token, char out[ASSAY_VALUE_MAX])
{
	const char *text = token->text;
	size_t length = token->length, digits = 0, point = 0, written = 0, i = 0;

	if (length == 0 || length >= ASSAY_VALUE_MAX)
		return 0;
	if (text[0] == '-')
		out[written++] = text[i++];
	else if (text[0] == '+')
		i++;
	for (size_t j = i; j < length; j++) {
		if (text[j] == '.') {
			if (point || digits == 0 || j + 1 == length)
				return 0;
			point = 1;
		} else if (text[j] >= '0' && text[j] <= '9') {
			digits++;
		} else {
			return 0;
		}
	}
	if (digits == 0)
		return 0;
	while (i + 1 < length && text[i] == '0' && text[i + 1] != '.')
		i++;
	memcpy(out + written, text + i, length - i);
	out[written + length - i] = '\0';
	return 1;
}

static int no_number(const struct assay_sink *sink, uint32_t reason, uint32_t flags)
{
	struct assay_reading reading = {.size = sizeof reading,
		.flags = flags,
		.reason = reason,
		.channel = "weight",
		.value = NULL,
		.unit = ""};

	return sink->reading(sink->context, &reading);
}

static int weight(
	const struct assay_sink *sink, const struct token *value, const struct token *unit, uint32_t flags)
{
	char text[ASSAY_VALUE_MAX], unit_text[ASSAY_UNIT_MAX];
	struct assay_reading reading = {.size = sizeof reading, .flags = flags, .channel = "weight"};

	if (!number(value, text) || unit->length == 0 || unit->length >= sizeof unit_text)
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "not a weight and a unit");
	for (uint32_t i = 0; i < unit->length; i++)
		if (unit->text[i] < 0x21 || unit->text[i] > 0x7e || unit->text[i] == ':' ||
			(unit->text[i] >= '0' && unit->text[i] <= '9')) /* "gI4": an echo within the line */
			return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT,
				"not a unit (compound units are not read)");
	memcpy(unit_text, unit->text, unit->length);
	unit_text[unit->length] = '\0';
	reading.value = text;
	reading.unit = unit_text;
	reading.value_at = value->at;
	reading.value_length = value->length;
	reading.unit_at = unit->at;
	reading.unit_length = unit->length;
	return sink->reading(sink->context, &reading);
}

static int weighing(const struct assay_sink *sink, const struct token *tokens, unsigned count)
{
	static const struct {
		const char *status;
		uint32_t flags;
	} states[] = {{"S", ASSAY_FLAG_STABLE}, {"D", ASSAY_FLAG_DYNAMIC},
		/* Excellence manuals: below minimum weight; not verified on a device */
		{"M", ASSAY_FLAG_STABLE | ASSAY_FLAG_BELOW_MINIMUM},
		{"N", ASSAY_FLAG_DYNAMIC | ASSAY_FLAG_BELOW_MINIMUM}};

	if (count == 2 && is(&tokens[1], "I"))
		return no_number(sink, ASSAY_REASON_BUSY, 0);
	if (count == 2 && is(&tokens[1], "L"))
		return sink->reason(sink->context, ASSAY_REASON_REFUSED, "wrong parameter (L)");
	if (count == 2 && is(&tokens[1], "+"))
		return no_number(sink, ASSAY_REASON_OVER, ASSAY_FLAG_OVER);
	if (count == 2 && is(&tokens[1], "-"))
		return no_number(sink, ASSAY_REASON_UNDER, ASSAY_FLAG_UNDER);
	if (count >= 3 && is(&tokens[2], "Error"))
		return sink->reason(
			sink->context, ASSAY_REASON_DEVICE_ERROR, "the weigh module reports an error");
	for (unsigned i = 0; i < sizeof states / sizeof *states; i++)
		if (count == 4 && is(&tokens[1], states[i].status))
			return weight(sink, &tokens[2], &tokens[3], states[i].flags);
	return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "not a weighing line");
}

/* I4 A "serial", I2 A "type": the quoted text, whatever digits it holds, is never a weight. */
static int identity(const struct assay_sink *sink, const char *line, size_t length)
{
	struct assay_identity who = {.size = sizeof who, .maker = "Mettler-Toledo"};
	const char *open = memchr(line, '"', length), *close;
	char text[64];

	close = open ? memchr(open + 1, '"', length - (size_t)(open + 1 - line)) : NULL;
	if (!close || (size_t)(close - open - 1) >= sizeof text)
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "identity without quoted text");
	/* What a line is locked to is ASCII; what the maker calls the model (I2) is his affair. */
	for (const char *c = open + 1; c < close && line[1] == '4'; c++)
		if ((unsigned char)*c > 0x7f)
			return sink->reason(
				sink->context, ASSAY_REASON_BAD_FORMAT, "the serial number is no ASCII text");
	memcpy(text, open + 1, (size_t)(close - open - 1));
	text[close - open - 1] = '\0';
	if (line[1] == '4')
		who.serial = text;
	else
		who.model = text;
	return sink->identity(sink->context, &who);
}

static int sics_decode(
	struct assay_session *session, const struct assay_frame *frame, const struct assay_sink *sink)
{
	const char *line = (const char *)frame->bytes;
	size_t length = frame->length;
	struct token tokens[TOKENS_MAX];
	unsigned count;

	(void)session;
	while (length && (line[length - 1] == '\n' || line[length - 1] == '\r' || line[length - 1] == ' '))
		length--;
	count = split(line, length, tokens);
	if (count == 0)
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "empty line");
	if (length == 2 && line[0] == 'E')
		return sink->reason(sink->context,
			line[1] == 'T' ? ASSAY_REASON_BAD_CHECKSUM : ASSAY_REASON_REFUSED,
			line[1] == 'T'   ? "the balance saw a transmission error (ET)"
			: line[1] == 'S' ? "the balance does not know the command (ES)"
					 : "the balance cannot carry out the command (EL)");
	if ((is(&tokens[0], "I4") || is(&tokens[0], "I2")) && count >= 3 && is(&tokens[1], "A"))
		return identity(sink, line, length);
	if (is(&tokens[0], "S"))
		return weighing(sink, tokens, count);
	return sink->reason(sink->context, ASSAY_REASON_NOT_MINE, "a line that is no weighing");
}

static const struct assay_option options[] = {{.name = NULL}};
static const struct assay_channel channels[] = {{"weight", "g", "称量值", "weight"}, {.name = NULL}};

ASSAY_DRIVER_EXPORT;
const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .link = ASSAY_LINK_STREAM, .name = "sics",
	.version = "1.0", .summary_zh = "梅特勒-托利多 MT-SICS 天平",
	.summary_en = "Mettler-Toledo balances, MT-SICS", .options = options, .channels = channels,
	.open = sics_open, .close = sics_close, .ask = sics_ask, .cut = sics_cut, .decode = sics_decode};
