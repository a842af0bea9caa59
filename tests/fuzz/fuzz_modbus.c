/* SPDX-License-Identifier: Apache-2.0
 * The driver modbus on any bytes. */
#include "drivers/modbus.c"
#include "tests/fuzz/driver_target.h"

static const struct assay_setting set[] = {{"item", 0, "channel", "a"}, {"item", 0, "function", "3"},
	{"item", 0, "address", "0"}, {"item", 0, "type", "f32"}, {"item", 1, "channel", "b"},
	{"item", 1, "function", "3"}, {"item", 1, "address", "2"}, {"item", 1, "type", "f64"},
	{"item", 1, "order", "dcba"}, {"item", 2, "channel", "c"}, {"item", 2, "function", "3"},
	{"item", 2, "address", "6"}, {"item", 2, "type", "s64"}, {"item", 2, "scale", "0.001"},
	{"item", 2, "offset", "-273.15"}, {"item", 3, "channel", "d"}, {"item", 3, "function", "3"},
	{"item", 3, "address", "10"}, {"item", 3, "type", "bcd32"}, {"item", 4, "channel", "e"},
	{"item", 4, "function", "1"}, {"item", 4, "address", "0"}, {"item", 4, "type", "bit"},
	{"item", 5, "identity", "serial"}, {"item", 5, "function", "3"}, {"item", 5, "address", "100"},
	{"item", 5, "type", "text"}, {"item", 5, "count", "4"}, {"", 0, "identify", "device-id"}};
FUZZ_DRIVER(set, sizeof set / sizeof *set)
