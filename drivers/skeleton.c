/* SPDX-License-Identifier: Apache-2.0
 * A working example to copy: a made-up thermometer that answers "T?" with "T=+023.45 C" and LF.
 *
 *   54 3F 0A                                   asked
 *   54 3D 2B 30 32 33 2E 34 35 20 43 0A        answered: 23.45 C, stable
 *   54 3D 2D 2D 2D 2E 2D 2D 20 43 0A           no sensor: never a number
 *
 * Four steps: open checks settings, ask says what to send, cut says where a frame ends, decode what it means. */
#include "drivers/driver.h"

#include <string.h>

#define LINE_MAX 32u

struct assay_session {
	const struct assay_host *host;
	uint32_t timeout_ms;
};

/* Settings were checked against `options` before: the text is an integer in range. */
static uint32_t integer(const char *text)
{
	uint32_t value = 0;

	while (*text >= '0' && *text <= '9')
		value = value * 10 + (uint32_t)(*text++ - '0');
	return value;
}

static int skeleton_open(const struct assay_host *host, const struct assay_setting *settings, size_t count,
	struct assay_session **out, char *why, size_t why_size)
{
	struct assay_session *session = host->allocate(sizeof *session);

	(void)why;
	(void)why_size;
	if (!session)
		return -1;
	session->host = host;
	session->timeout_ms = 1000;
	for (size_t i = 0; i < count; i++)
		if (strcmp(settings[i].name, "timeout-ms") == 0)
			session->timeout_ms = integer(settings[i].value);
	*out = session;
	return 0;
}

static void skeleton_close(struct assay_session *session)
{
	if (session)
		session->host->release(session);
}

static int skeleton_ask(
	const struct assay_session *session, uint32_t want, uint32_t turn, struct assay_request *out)
{
	memset(out, 0, sizeof *out);
	if (want == ASSAY_WANT_IDENTITY || turn != 0)
		return 0; /* it cannot tell who it is; one request serves the rest */
	out->kind = ASSAY_REQUEST_BYTES;
	out->timeout_ms = session->timeout_ms;
	out->length = 3;
	memcpy(out->bytes, "T?\n", 3);
	return 0;
}

static int skeleton_cut(
	struct assay_session *session, const struct assay_window *window, struct assay_cut *out)
{
	const uint8_t *end;

	(void)session;
	memset(out, 0, sizeof *out);
	if (window->event == ASSAY_EVENT_LINE_ERROR || window->event == ASSAY_EVENT_RESET) {
		out->skip = window->length;
		return 0;
	}
	end = memchr(window->bytes, '\n', window->length < LINE_MAX ? window->length : LINE_MAX);
	if (end) {
		out->frame = (size_t)(end - window->bytes) + 1;
	} else if (window->length >= LINE_MAX) {
		out->skip = LINE_MAX;
		out->bad = ASSAY_REASON_TOO_LONG;
	}
	return 0;
}

static int skeleton_decode(
	struct assay_session *session, const struct assay_frame *frame, const struct assay_sink *sink)
{
	/* Fixed columns: T = sign 3 digits point 2 digits blank C LF */
	static const char form[] = "T=+ddd.dd C\n";
	struct assay_reading reading = {.size = sizeof reading,
		.channel = "temperature",
		.unit = "\xc2\xb0"
			"C",
		.flags = ASSAY_FLAG_STABLE,
		.value_at = 2,
		.value_length = 7,
		.unit_at = 10,
		.unit_length = 1};
	const char *line = (const char *)frame->bytes;
	char value[ASSAY_VALUE_MAX];
	size_t start = 3, written = 0;

	(void)session;
	if (frame->length == sizeof form - 1 && memcmp(line, "T=----.-- C\n", 12) == 0) {
		reading.flags = 0;
		reading.reason = ASSAY_REASON_NO_SENSOR;
		return sink->reading(sink->context, &reading);
	}
	if (frame->length != sizeof form - 1)
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "wrong length");
	for (size_t i = 0; form[i]; i++) {
		int good = form[i] == 'd'   ? line[i] >= '0' && line[i] <= '9'
			   : form[i] == '+' ? line[i] == '+' || line[i] == '-'
					    : line[i] == form[i];

		if (!good)
			return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "outside the grammar");
	}
	if (line[2] == '-')
		value[written++] = '-';
	while (start < 5 && line[start] == '0')
		start++;
	memcpy(value + written, line + start, 9 - start);
	value[written + 9 - start] = '\0';
	reading.value = value;
	return sink->reading(sink->context, &reading);
}

static const struct assay_option options[] = {
	{.name = "timeout-ms",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 50,
		.max = 60000,
		.fallback = "1000",
		.help_zh = "等待应答的毫秒数",
		.help_en = "how long to wait for the answer"},
	{.name = NULL},
};
static const struct assay_channel channels[] = {{"temperature",
							"\xc2\xb0"
							"C",
							"温度", "temperature"},
	{.name = NULL}};

ASSAY_DRIVER_EXPORT;
const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .link = ASSAY_LINK_STREAM, .name = "skeleton",
	.version = "1.0", .summary_zh = "示例驱动", .summary_en = "example driver, to copy",
	.options = options, .channels = channels, .open = skeleton_open, .close = skeleton_close,
	.ask = skeleton_ask, .cut = skeleton_cut, .decode = skeleton_decode};
