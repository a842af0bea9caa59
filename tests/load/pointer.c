/* SPDX-License-Identifier: Apache-2.0
 * No cut, though it is a stream. */
#define ASSAY_LOAD_NAME "pointer"
#include "tests/load/good.h"

const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .name = ASSAY_LOAD_NAME,
	.link = ASSAY_LINK_STREAM, .version = "1", .summary_zh = "测试", .summary_en = "test",
	.options = good_options, .channels = good_channels, .open = good_open, .close = good_close,
	.ask = good_ask, .decode = good_decode};
int (*const keep_cut)(struct assay_session *, const struct assay_window *, struct assay_cut *)
	__attribute__((visibility("hidden"))) = good_cut;
