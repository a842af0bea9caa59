/* SPDX-License-Identifier: Apache-2.0
 * Exchanges as the recorder commits them, asked for every now and then over run/assay.sock. */
#include "gateway/cli/client.h"
#include "gateway/cli/line.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AT_ONCE 200 /* entries of one answer */
#define PAUSE_NS 150000000l

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

void line_feed_catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

bool line_feed_interrupted(void)
{
	return interrupted != 0;
}

int line_feed_newest(struct line_feed *feed, struct assay_error *err)
{
	json_t *request = json_pack("{s:s}", "cmd", "status"), *answer = NULL, *line;
	bool known = !*feed->line;
	size_t index;
	int status = request ? assay_client_call(feed->dir, request, &answer, err) : ASSAY_ENOMEM;

	json_decref(request);
	if (!request)
		return assay_error_set(err, status, "out-of-memory", "内存不足", "out of memory");
	if (status != ASSAY_OK)
		return status;
	json_array_foreach(json_object_get(answer, "lines"), index, line)
	{
		known = known || strcmp(assay_ask_text(line, "line"), feed->line) == 0;
	}
	feed->next =
		(uint64_t)json_integer_value(json_object_get(json_object_get(answer, "journal"), "size"));
	json_decref(answer);
	if (known)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_ENOTFOUND, "line-unknown", "网关没有线路 %.60s，见 assay line list",
		"the gateway has no line %.60s; see assay line list", feed->line);
}

static int nibble(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The recorder's own hexadecimal. NULL: no memory. */
static uint8_t *bytes_of(const char *hex, size_t *length)
{
	uint8_t *bytes = malloc(strlen(hex) / 2 + 1);

	*length = 0;
	for (; bytes && hex[0] && hex[1]; hex += 2)
		bytes[(*length)++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
	return bytes;
}

/* 1 to go on, 0 the receiver has enough, negative: no memory or an entry that is none. */
static int hand_over(const json_t *entry,
	bool (*receive)(void *context, const struct line_exchange *exchange), void *context,
	struct assay_error *err)
{
	static struct assay_exchange body;
	struct line_exchange exchange = {.at = assay_ask_text(entry, "at"),
		.line = assay_ask_text(entry, "line"),
		.body = &body,
		.sequence = (uint64_t)json_integer_value(json_object_get(entry, "seq"))};
	char *text = json_dumps(json_object_get(entry, "body"), JSON_COMPACT | JSON_PRESERVE_ORDER);
	uint8_t *raw = bytes_of(assay_ask_text(entry, "raw"), &exchange.raw_length);
	int status = text && raw ? assay_exchange_body_read(text, strlen(text), &body, err)
				 : assay_error_set(
					   err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");

	exchange.raw = raw;
	if (status == ASSAY_OK)
		status = receive(context, &exchange) ? 1 : 0;
	free(text);
	free(raw);
	return status;
}

int line_feed_read(struct line_feed *feed,
	bool (*receive)(void *context, const struct line_exchange *exchange), void *context,
	struct assay_error *err)
{
	json_t *request = json_pack("{s:s,s:I,s:i,s:b}", "cmd", "journal", "from", (json_int_t)feed->next,
		       "limit", AT_ONCE, "raw", 1),
	       *answer = NULL, *entry;
	int status =
		request ? assay_client_call(feed->dir, request, &answer, err)
			: assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	size_t index;

	json_decref(request);
	if (status != ASSAY_OK)
		return status;
	status = 1;
	json_array_foreach(json_object_get(answer, "entries"), index, entry)
	{
		feed->next = (uint64_t)json_integer_value(json_object_get(entry, "seq")) + 1;
		if (strcmp(assay_ask_text(entry, "kind"), "exchange") == 0 &&
			(!*feed->line || strcmp(assay_ask_text(entry, "line"), feed->line) == 0))
			status = hand_over(entry, receive, context, err);
		if (status != 1)
			break;
	}
	json_decref(answer);
	return status < 0 ? status : !status;
}

static time_t now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

int line_feed_follow(struct line_feed *feed, unsigned seconds,
	bool (*receive)(void *context, const struct line_exchange *exchange), void *context,
	struct assay_error *err)
{
	const struct timespec pause = {0, PAUSE_NS};
	time_t begun = now_s();
	int status = 0;

	line_feed_catch_signals();
	while (status == 0 && !interrupted && (!seconds || now_s() - begun < (time_t)seconds)) {
		uint64_t before = feed->next;

		status = line_feed_read(feed, receive, context, err);
		(void)fflush(stdout);
		if (status == 0 && feed->next == before)
			(void)nanosleep(&pause, NULL);
	}
	return status < 0 ? status : ASSAY_OK;
}
