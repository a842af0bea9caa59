/* SPDX-License-Identifier: Apache-2.0
 * A driver that does what a line tells it: CRASH, SPIN, LEAK, FLOOD, LIE; "V=digits" is a reading. */
#define ASSAY_LOAD_NAME "bad"
#include "tests/load/good.h"

struct assay_session {
	const struct assay_host *host;
};

static int bad_open(const struct assay_host *host, const struct assay_setting *settings, size_t count,
	struct assay_session **out, char *why, size_t why_size)
{
	int status = good_open(host, settings, count, out, why, why_size);

	if (status == 0)
		(*out)->host = host;
	return status;
}

static int says(const struct assay_window *window, size_t length, const char *word)
{
	return length > strlen(word) && memcmp(window->bytes, word, strlen(word)) == 0;
}

static int bad_cut(struct assay_session *session, const struct assay_window *window, struct assay_cut *out)
{
	const uint8_t *end = window->length ? memchr(window->bytes, '\n', window->length) : NULL;

	(void)session;
	memset(out, 0, sizeof *out);
	if (!end)
		return 0;
	out->frame = (size_t)(end - window->bytes) + 1;
	if (says(window, out->frame, "LIE"))
		out->frame += 1000000;
	return 0;
}

static int bad_decode(
	struct assay_session *session, const struct assay_frame *frame, const struct assay_sink *sink)
{
	struct assay_reading reading = {.size = sizeof reading, .channel = "v", .value = NULL, .unit = "g"};
	const struct assay_window line = {frame->bytes, frame->length, 0, NULL};
	char value[16] = "";

	if (says(&line, line.length, "CRASH"))
		*(volatile int *)(uintptr_t)(frame->length & 0) = 1;
	while (says(&line, line.length, "SPIN"))
		__asm__ volatile("");
	for (unsigned i = 0; says(&line, line.length, "LEAK") && i < 100000; i++) {
		char *lost = session->host->allocate(1048576);

		if (!lost)
			return -1;
		lost[0] = 1;
	}
	reading.value = "1";
	for (unsigned i = 0; says(&line, line.length, "FLOOD") && i < 1000000; i++)
		(void)sink->reading(sink->context, &reading);
	if (!says(&line, line.length, "V=") || frame->length > 12)
		return sink->reason(sink->context, ASSAY_REASON_NOT_MINE, NULL);
	memcpy(value, frame->bytes + 2, frame->length - 3);
	reading.value = value;
	return sink->reading(sink->context, &reading);
}

static const struct assay_channel bad_channels[] = {{"v", "g", "值", "value"}, {.name = NULL}};

const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .name = ASSAY_LOAD_NAME,
	.link = ASSAY_LINK_STREAM, .version = "1", .summary_zh = "测试", .summary_en = "test",
	.options = good_options, .channels = bad_channels, .open = bad_open, .close = good_close,
	.ask = good_ask, .cut = bad_cut, .decode = bad_decode};

/* what the others of this folder use and this one does not */
int (*const keep_cut)(struct assay_session *, const struct assay_window *, struct assay_cut *)
	__attribute__((visibility("hidden"))) = good_cut;
int (*const keep_decode)(struct assay_session *, const struct assay_frame *, const struct assay_sink *)
	__attribute__((visibility("hidden"))) = good_decode;
const struct assay_channel *const keep_channels __attribute__((visibility("hidden"))) = good_channels;
