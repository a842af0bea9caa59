/* SPDX-License-Identifier: Apache-2.0
 * Analysers that send by ASTM E1381 (LIS1-A) framing and E1394 (LIS2-A2) records, over a serial line or TCP.
 *
 *   05                                              ENQ          <- 06 ACK
 *   02 34 "R|1|^^^FAT|3.62|g/100g||N||F" 0D 03 C1 C2 0D 0A       <- 06 once durable, 15 (NAK) when the sum differs
 *   04                                              EOT
 *
 * C1 C2: sum of everything behind STX up to and with ETX or ETB, modulo 256, hexadecimal. The host sends ACK only after
 * the bytes are durable. Taken as well, since analysers do it: messages in one long frame, ETB behind every record, line
 * ends missing behind the sum, other delimiters, specimen in field 4, lower-case sums, EOT without a message. A result
 * with status X, dashes or text is never a number. */
#include "drivers/astm_records.h"

#define STX 0x02
#define ETX 0x03
#define EOT 0x04
#define ENQ 0x05
#define ACK 0x06
#define NAK 0x15
#define ETB 0x17
#define TESTS_MAX 64u

struct test {
	const char *code, *channel, *unit;
};

struct assay_session {
	const struct assay_host *host;
	struct assay_setting *settings; /* copies; tests point into them */
	uint32_t tests, value_field, unit_field;
	struct test test[TESTS_MAX];

	/* one conversation: ENQ to EOT */
	struct astm_delimiters delimiters;
	int last_frame; /* number of the last frame taken, -1 none */
	char *record; /* begun and not ended */
	size_t length, room;
	char sample[ASSAY_SAMPLE_MAX];
};

static void begin(struct assay_session *session)
{
	session->delimiters = (struct astm_delimiters){'|', '\\', '^', '&'};
	session->last_frame = -1;
	session->length = 0;
	session->sample[0] = '\0';
}

static void astm_close(struct assay_session *session)
{
	if (!session)
		return;
	session->host->release(session->record);
	session->host->release(session->settings);
	session->host->release(session);
}

static int apply(struct assay_session *session, const struct assay_setting *setting)
{
	const char *value = setting->value;
	struct test *test;

	if (strcmp(setting->name, "value-field") == 0)
		session->value_field = words_integer(value);
	else if (strcmp(setting->name, "unit-field") == 0)
		session->unit_field = words_integer(value);
	if (strcmp(setting->group, "test") != 0)
		return 1;
	if (setting->row >= TESTS_MAX)
		return 0;
	if (setting->row >= session->tests)
		session->tests = setting->row + 1;
	test = &session->test[setting->row];
	if (strcmp(setting->name, "code") == 0)
		test->code = value;
	else if (strcmp(setting->name, "channel") == 0)
		test->channel = value;
	else if (strcmp(setting->name, "unit") == 0)
		test->unit = value;
	return strlen(value) < ASSAY_NAME_MAX;
}

static int astm_open(const struct assay_host *host, const struct assay_setting *settings, size_t count,
	struct assay_session **out, char *why, size_t why_size)
{
	struct assay_session *session = host->allocate(sizeof *session);

	if (session)
		session->host = host;
	if (!session || !(session->settings = words_settings_copy(host, settings, count))) {
		astm_close(session);
		words_copy(why, why_size, "out of memory");
		return -1;
	}
	session->value_field = 4;
	session->unit_field = 5;
	for (size_t i = 0; i < count; i++) {
		if (!apply(session, &session->settings[i])) {
			words_copy(why, why_size, settings[i].name);
			astm_close(session);
			return -1;
		}
	}
	begin(session);
	*out = session;
	return 0;
}

/* The analyser speaks by itself. */
static int astm_ask(
	const struct assay_session *session, uint32_t want, uint32_t turn, struct assay_request *out)
{
	(void)session;
	(void)want;
	(void)turn;
	memset(out, 0, sizeof *out);
	return 0;
}

static int is_control(uint8_t byte)
{
	return byte == ENQ || byte == EOT || byte == STX || byte == ACK || byte == NAK;
}

/* Bytes up to the next control character belong to nothing; they are given up together, however they came. */
static void cut_noise(const struct assay_window *window, size_t skip, struct assay_cut *out)
{
	size_t end = skip;

	while (end < window->length && !is_control(window->bytes[end]))
		end++;
	if (end == window->length && end - skip < ASSAY_FRAME_MAX)
		return;
	out->skip = end;
	out->bad = ASSAY_REASON_BAD_FORMAT;
}

static int astm_cut(struct assay_session *session, const struct assay_window *window, struct assay_cut *out)
{
	size_t skip = 0;

	memset(out, 0, sizeof *out);
	if (window->event == ASSAY_EVENT_LINE_ERROR || window->event == ASSAY_EVENT_RESET ||
		window->event == ASSAY_EVENT_TIMEOUT) {
		begin(session);
		out->skip = window->length;
		return 0;
	}
	while (skip < window->length &&
		(window->bytes[skip] == '\r' || window->bytes[skip] == '\n' || window->bytes[skip] == '\0'))
		skip++;
	out->skip = skip;
	if (skip == window->length)
		return 0;
	if (!is_control(window->bytes[skip])) {
		cut_noise(window, skip, out);
		return 0;
	}
	if (window->bytes[skip] != STX) {
		out->frame = 1;
		return 0;
	}
	for (size_t i = skip + 1; i < window->length && i - skip < ASSAY_FRAME_MAX - 2; i++) {
		if (window->bytes[i] == STX || window->bytes[i] == ENQ || window->bytes[i] == EOT) {
			out->skip = i; /* begun again in the middle: the first part is nothing */
			out->bad = ASSAY_REASON_BAD_FORMAT;
			return 0;
		}
		if (window->bytes[i] != ETX && window->bytes[i] != ETB)
			continue;
		if (i + 2 < window->length)
			out->frame = i + 3 - skip;
		return 0;
	}
	if (window->length - skip >= ASSAY_FRAME_MAX - 2) {
		out->skip = window->length;
		out->bad = ASSAY_REASON_TOO_LONG;
	}
	return 0;
}

static int reply(const struct assay_sink *sink, uint8_t byte)
{
	return sink->reply(sink->context, &byte, 1);
}

/* [a-z0-9_-] of a code, when the settings name no channel. */
static void channel_of(struct astm_part code, char out[ASSAY_NAME_MAX])
{
	size_t written = 0;

	for (size_t i = 0; i < code.length && written + 1 < ASSAY_NAME_MAX; i++) {
		char c = code.text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		out[written++] = (char)((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-');
	}
	out[written] = '\0';
}

/* Field 9: what the result is worth. */
static uint32_t status_reason(struct astm_part status, uint32_t *flags)
{
	char c = status.length ? *status.text : 'F';

	if (c == 'P' || c == 'S' || c == 'W')
		*flags |= ASSAY_FLAG_DYNAMIC; /* preliminary, partial, needs validation */
	else if (c == 'F' || c == 'C' || c == 'V' || c == 'R' || c == 'Q' || c == 'M')
		*flags |= ASSAY_FLAG_STABLE;
	if (c == 'X' || c == 'I' || c == 'N')
		return ASSAY_REASON_NOT_READY; /* cannot be obtained, pending, no information */
	return ASSAY_REASON_NONE;
}

static int is_dashes(struct astm_part part)
{
	size_t i = 0;

	while (i < part.length && (part.text[i] == '-' || part.text[i] == '*' || part.text[i] == '.'))
		i++;
	return i == part.length;
}

/* A number, perhaps behind < or >, perhaps with marks behind it ("146!  H"). */
static int number_in(struct astm_part part, char value[ASSAY_VALUE_MAX], uint32_t *flags)
{
	if (part.length && (*part.text == '<' || *part.text == '>')) {
		*flags |= *part.text == '<' ? ASSAY_FLAG_CENSORED_LOW : ASSAY_FLAG_CENSORED_HIGH;
		part.text++;
		part.length--;
	}
	while (part.length && strchr("!*HLN ", part.text[part.length - 1]))
		part.length--;
	return number_canonical(part.text, part.length, 0, value);
}

/* The one component that is a number; "text^number" is sent by some. */
static uint32_t value_of(const struct assay_session *session, struct astm_part field,
	char value[ASSAY_VALUE_MAX], struct astm_part *place, uint32_t *flags)
{
	int found = 0;

	if (is_dashes(field))
		return ASSAY_REASON_NOT_READY;
	for (unsigned i = 0; i < 6; i++) {
		struct astm_part part = astm_component(field, &session->delimiters, i);
		char text[ASSAY_VALUE_MAX];
		uint32_t seen = 0;

		if (!part.length || !number_in(part, text, &seen))
			continue;
		if (found++)
			return ASSAY_REASON_BAD_FORMAT;
		memcpy(value, text, sizeof text);
		*flags |= seen;
		*place = part;
	}
	if (!found)
		return words_same(field.text, field.length, "INVALID") ? ASSAY_REASON_DEVICE_ERROR
								       : ASSAY_REASON_BAD_FORMAT;
	return ASSAY_REASON_NONE;
}

static const struct test *find_test(const struct assay_session *session, struct astm_part code)
{
	for (uint32_t i = 0; i < session->tests; i++)
		if (session->test[i].code && words_same(code.text, code.length, session->test[i].code))
			return &session->test[i];
	return NULL;
}

static int result(
	struct assay_session *session, const char *record, size_t length, const struct assay_sink *sink)
{
	const struct astm_delimiters *by = &session->delimiters;
	struct astm_part code = astm_test(astm_field(record, length, by, 3), by);
	struct astm_part value = astm_field(record, length, by, session->value_field);
	struct astm_part unit = astm_field(record, length, by, session->unit_field), place = value;
	struct astm_part flag = astm_field(record, length, by, 7);
	const struct test *test = find_test(session, code);
	char channel[ASSAY_NAME_MAX], text[ASSAY_VALUE_MAX], unit_text[ASSAY_UNIT_MAX];
	struct assay_reading reading = {.size = sizeof reading, .unit = "", .channel = channel};

	if (code.length == 0)
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "a result without a test");
	channel_of(code, channel);
	if (test && test->channel)
		reading.channel = test->channel;
	reading.reason = status_reason(astm_field(record, length, by, 9), &reading.flags);
	if (flag.length == 1 && *flag.text == '<')
		reading.flags |= ASSAY_FLAG_CENSORED_LOW;
	if (flag.length == 1 && *flag.text == '>')
		reading.flags |= ASSAY_FLAG_CENSORED_HIGH;
	if (!reading.reason)
		reading.reason = value_of(session, value, text, &place, &reading.flags);
	reading.value = reading.reason ? NULL : text;
	if (unit.length && astm_text(unit, by, unit_text, sizeof unit_text)) {
		reading.unit = unit_text;
	} else if (unit.length) {
		reading.value = NULL; /* a unit that cannot be read is not the usual one */
		reading.reason = reading.reason ? reading.reason : ASSAY_REASON_UNKNOWN_UNIT;
	} else if (test && test->unit) {
		reading.unit = test->unit;
	}
	if (session->sample[0])
		reading.sample = session->sample;
	return sink->reading(sink->context, &reading);
}

static int one_record(
	struct assay_session *session, const char *record, size_t length, const struct assay_sink *sink)
{
	struct astm_part id;

	while (length && (*record == '\n' || *record == '\r'))
		record++, length--;
	if (length == 0)
		return 0;
	switch (*record) {
	case 'H':
		session->delimiters = astm_declared(record, length);
		session->sample[0] = '\0';
		return 0;
	case 'P':
		session->sample[0] = '\0';
		return 0;
	case 'O':
		session->sample[0] = '\0';
		for (unsigned field = 3; field <= 4 && !session->sample[0]; field++) {
			id = astm_first(astm_field(record, length, &session->delimiters, field),
				&session->delimiters);
			if (!astm_text(id, &session->delimiters, session->sample, sizeof session->sample))
				session->sample[0] = '\0';
		}
		return 0;
	case 'R':
		return result(session, record, length, sink);
	default:
		return 0; /* comments, queries, maker's own, the end */
	}
}

static int keep(struct assay_session *session, const uint8_t *text, size_t length)
{
	if (session->length + length > ASSAY_FRAME_MAX)
		return 0;
	if (session->length + length > session->room) {
		size_t room = 2 * (session->length + length);
		char *record = session->host->allocate(room);

		if (!record)
			return 0;
		if (session->length)
			memcpy(record, session->record, session->length);
		session->host->release(session->record);
		session->record = record;
		session->room = room;
	}
	memcpy(session->record + session->length, text, length);
	session->length += length;
	return 1;
}

/* Every record that has ended; at the end of the message also the one that has not. */
static int records(struct assay_session *session, int all, const struct assay_sink *sink)
{
	size_t start = 0;
	int status = 0;

	for (size_t i = 0; i < session->length && status >= 0; i++)
		if (session->record[i] == '\r') {
			status = one_record(session, session->record + start, i - start, sink);
			start = i + 1;
		}
	if (all && status >= 0 && start < session->length) {
		status = one_record(session, session->record + start, session->length - start, sink);
		start = session->length;
	}
	if (start)
		memmove(session->record, session->record + start, session->length - start);
	session->length -= start;
	return status;
}

static int frame_of(
	struct assay_session *session, const struct assay_frame *frame, const struct assay_sink *sink)
{
	const uint8_t *bytes = frame->bytes;
	size_t last = frame->length - 3; /* ETX or ETB */
	int high = words_nibble((char)bytes[last + 1]), low = words_nibble((char)bytes[last + 2]), number;
	uint8_t sum = 0;

	for (size_t i = 1; i <= last; i++)
		sum = (uint8_t)(sum + bytes[i]);
	if (high < 0 || low < 0 || (uint8_t)(high << 4 | low) != sum || last < 2 || bytes[1] < '0' ||
		bytes[1] > '7') {
		if (reply(sink, NAK) < 0)
			return -1;
		return sink->reason(sink->context, ASSAY_REASON_BAD_CHECKSUM, "checksum of a frame differs");
	}
	number = bytes[1] - '0';
	if (number == session->last_frame)
		return reply(sink, ACK); /* sent again, because our ACK was lost */
	if (session->last_frame >= 0 && number != (session->last_frame + 1) % 8) {
		if (reply(sink, NAK) < 0)
			return -1;
		return sink->reason(
			sink->context, ASSAY_REASON_BAD_FORMAT, "a frame is missing before this one");
	}
	if (!keep(session, bytes + 2, last - 2)) {
		if (reply(sink, NAK) < 0)
			return -1;
		return sink->reason(sink->context, ASSAY_REASON_TOO_LONG, "record beyond its ceiling");
	}
	session->last_frame = number;
	if (records(session, bytes[last] == ETX, sink) < 0)
		return -1;
	return reply(sink, ACK);
}

static int astm_decode(
	struct assay_session *session, const struct assay_frame *frame, const struct assay_sink *sink)
{
	if (frame->length >= 4 && frame->bytes[0] == STX)
		return frame_of(session, frame, sink);
	if (frame->length == 1 && frame->bytes[0] == ENQ) {
		begin(session);
		session->last_frame =
			0; /* the first one is 1; without ENQ, in the middle of a capture, any will do */
		return reply(sink, ACK);
	}
	if (frame->length == 1 && frame->bytes[0] == EOT) {
		begin(session);
		return 0;
	}
	if (frame->length == 1)
		return 0; /* ACK or NAK to nothing of ours */
	return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "not a frame");
}

static const struct assay_option options[] = {
	{.name = "value-field",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 3,
		.max = 20,
		.fallback = "4",
		.help_zh = "结果所在字段",
		.help_en = "field of the value"},
	{.name = "unit-field",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 3,
		.max = 20,
		.fallback = "5",
		.help_zh = "单位所在字段",
		.help_en = "field of the unit"},
	{.group = "test",
		.name = "code",
		.kind = ASSAY_OPTION_TEXT,
		.required = 1,
		.help_zh = "仪器的项目代码",
		.help_en = "the test as the analyser names it"},
	{.group = "test",
		.name = "channel",
		.kind = ASSAY_OPTION_TEXT,
		.required = 1,
		.help_zh = "通道",
		.help_en = "channel"},
	{.group = "test",
		.name = "unit",
		.kind = ASSAY_OPTION_TEXT,
		.help_zh = "未发送时的单位",
		.help_en = "unit when none is sent"},
	{.name = NULL},
};
static const struct assay_channel channels[] = {{.name = NULL}};

ASSAY_DRIVER_EXPORT;
const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .link = ASSAY_LINK_STREAM, .name = "astm",
	.version = "1.0", .summary_zh = "ASTM E1381/E1394（LIS1-A/LIS2-A2）分析仪",
	.summary_en = "analysers that send by ASTM E1381 and E1394 (LIS1-A, LIS2-A2)", .options = options,
	.channels = channels, .open = astm_open, .close = astm_close, .ask = astm_ask, .cut = astm_cut,
	.decode = astm_decode};
