/* SPDX-License-Identifier: Apache-2.0
 * The least a driver needs; each file beside this one breaks one rule. */
#include "drivers/driver.h"

#include <string.h>

#ifndef ASSAY_LOAD_NAME
#error "the plugin's name"
#endif

static int good_open(const struct assay_host *host, const struct assay_setting *settings, size_t count,
	struct assay_session **out, char *why, size_t why_size)
{
	(void)settings;
	(void)count;
	(void)why;
	(void)why_size;
	*out = host->allocate(64);
	return *out ? 0 : -1;
}

static void good_close(struct assay_session *session)
{
	(void)session;
}

static int good_ask(
	const struct assay_session *session, uint32_t want, uint32_t turn, struct assay_request *out)
{
	(void)session;
	(void)want;
	(void)turn;
	memset(out, 0, sizeof *out);
	return 0;
}

static int good_cut(struct assay_session *session, const struct assay_window *window, struct assay_cut *out)
{
	(void)session;
	memset(out, 0, sizeof *out);
	out->skip = window->length;
	return 0;
}

static int good_decode(
	struct assay_session *session, const struct assay_frame *frame, const struct assay_sink *sink)
{
	(void)session;
	(void)frame;
	return sink->reason(sink->context, ASSAY_REASON_NOT_MINE, NULL);
}

static const struct assay_option good_options[] = {{.name = NULL}};
static const struct assay_channel good_channels[] = {{.name = NULL}};

#define GOOD_MEMBERS                                                                                         \
	.link = ASSAY_LINK_STREAM, .version = "1", .summary_zh = "测试", .summary_en = "test",               \
	.options = good_options, .channels = good_channels, .open = good_open, .close = good_close,          \
	.ask = good_ask, .cut = good_cut, .decode = good_decode

ASSAY_DRIVER_EXPORT;
