/* SPDX-License-Identifier: Apache-2.0
 * Reads the environment. */
#define ASSAY_LOAD_NAME "impure"
#include "tests/load/good.h"

#include <stdlib.h>

static int impure_open(const struct assay_host *host, const struct assay_setting *settings, size_t count,
	struct assay_session **out, char *why, size_t why_size)
{
	return getenv("HOME") ? good_open(host, settings, count, out, why, why_size) : -1;
}

const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .name = ASSAY_LOAD_NAME,
	.link = ASSAY_LINK_STREAM, .version = "1", .summary_zh = "测试", .summary_en = "test",
	.options = good_options, .channels = good_channels, .open = impure_open, .close = good_close,
	.ask = good_ask, .cut = good_cut, .decode = good_decode};
