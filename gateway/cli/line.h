/* SPDX-License-Identifier: Apache-2.0
 * The parts of assay line. Each gets its name in argv[0] and its own arguments after it; returns the exit code. */
#ifndef ASSAY_CLI_LINE_H
#define ASSAY_CLI_LINE_H

#include "gateway/cli/ask.h"
#include "gateway/config.h"
#include "gateway/record/body.h"
#include "gateway/wire/replay.h"

#include <stdio.h>

int assay_line_list(int argc, char **argv);
int assay_line_watch(int argc, char **argv);
int assay_line_record(int argc, char **argv);
int assay_line_replay(int argc, char **argv);
int assay_line_probe(int argc, char **argv);
int assay_line_confirm(int argc, char **argv);
int assay_line_plan(int argc, char **argv);

/* line_feed.c: exchanges as the recorder commits them */
struct line_exchange {
	uint64_t sequence;
	const char *at, *line;
	const struct assay_exchange *body;
	const uint8_t *raw; /* events, see gateway/record/events.h */
	size_t raw_length;
};

struct line_feed {
	const char *dir, *line; /* line: "" all */
	uint64_t next; /* sequence to read from */
};

/* Set next behind the newest entry. ASSAY_ENOTFOUND "line-unknown" when the gateway has no such line. */
int line_feed_newest(struct line_feed *feed, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Hand over what is new; the receiver returns false when it has enough. 1: it had; 0: read on later. */
int line_feed_read(struct line_feed *feed,
	bool (*receive)(void *context, const struct line_exchange *exchange), void *context,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* Read until the receiver has enough, `seconds` are over (0: never) or SIGINT or SIGTERM comes. */
int line_feed_follow(struct line_feed *feed, unsigned seconds,
	bool (*receive)(void *context, const struct line_exchange *exchange), void *context,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* Until SIGINT or SIGTERM. */
void line_feed_catch_signals(void);
bool line_feed_interrupted(void);

/* line_print.c */
void line_print_bytes(
	const char *mark, const uint8_t *bytes, size_t length); /* hex and characters, 16 a row */
void line_print_reading(const struct assay_end_reading *reading);
json_t *line_reading_json(const struct assay_end_reading *reading);
json_t *line_hex_json(const uint8_t *bytes, size_t length);
void line_print_json(json_t *object); /* consumed; one line */
const char *line_event_name(uint32_t direction); /* "timeout", ... */

/* Positive decimal number within 1..max. */
bool line_number(const char *text, unsigned max, unsigned *out);

#endif
