/* SPDX-License-Identifier: Apache-2.0
 * An option without help. */
#define ASSAY_LOAD_NAME "tables"
#include "tests/load/good.h"

static const struct assay_option bad_options[] = {{.name = "x", .kind = ASSAY_OPTION_CHOICE}, {.name = NULL}};
const struct assay_option *const keep_options __attribute__((visibility("hidden"))) = good_options;
const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .name = ASSAY_LOAD_NAME,
	.link = ASSAY_LINK_STREAM, .version = "1", .summary_zh = "测试", .summary_en = "test",
	.options = bad_options, .channels = good_channels, .open = good_open, .close = good_close,
	.ask = good_ask, .cut = good_cut, .decode = good_decode};
