/* SPDX-License-Identifier: Apache-2.0
 * The made-up district of tests/sim/district.h as entries in a state: its classes are 12 classes of real products, its
 * quarters those of 2026. */
#ifndef TESTS_UNIT_DISTRICT_PLAY_H
#define TESTS_UNIT_DISTRICT_PLAY_H

#include "tests/sim/district.h"
#include "tests/unit/risk_play.h"

static const struct {
	const char *product, *class;
} district_products[DISTRICT_CLASSES] = {{"rice", "01"}, {"oil-peanut", "02"}, {"vinegar-liquid", "03"},
	{"cooked-meat", "04"}, {"tea-drink", "06"}, {"biscuit", "08"}, {"puffed-snack", "12"}, {"tea", "14"},
	{"baijiu", "15"}, {"pickles", "16"}, {"pastry", "24"}, {"tofu", "25"}};
static const char *const district_origins[] = {"sent-in", "collected", "market-check", "sentinel-point"};

static inline void district_analyte(uint32_t analyte, char out[16])
{
	(void)snprintf(out, 16, "analyte-%02u", analyte);
}

static inline void district_producer(uint32_t producer, char out[8])
{
	(void)snprintf(out, 8, "P%03u", producer + 1);
}

static inline int64_t district_quarter_ns(uint32_t quarter)
{
	static const int64_t begins_s[] = {1767225600, 1775001600, 1782864000, 1790812800}; /* date -u +%s */

	return (begins_s[quarter] + 86400) * 1000000000;
}

/* A planted test stands in a batch of its own, since its analyte is none of the batch's others. Quarters must not go back. */
static inline void district_play(struct risk_play *play, const struct district *district)
{
	for (uint32_t quarter = 0; quarter < 4; quarter++)
		for (uint32_t i = 0; i < DISTRICT_TESTS; i++) {
			const struct district_test *test = &district->test[i];
			bool planted = i >= DISTRICT_BATCHES * DISTRICT_ITEMS,
			     first = planted || i % DISTRICT_ITEMS == 0;
			char batch[32], id[48], analyte[16], producer[8];

			if (test->quarter != quarter)
				continue;
			play->wall_ns = district_quarter_ns(quarter);
			(void)snprintf(
				batch, sizeof batch, planted ? "X%u" : "B%u", planted ? i : test->batch);
			(void)snprintf(id, sizeof id, "%s.%u", batch, planted ? 1 : i % DISTRICT_ITEMS + 1);
			district_analyte(test->analyte, analyte);
			district_producer(test->producer, producer);
			if (first)
				risk_batch(play, batch, district_products[test->class].product, producer,
					district_origins[test->origin]);
			risk_test(play, id, batch, analyte, "", "");
			risk_verdict(play, id, test->failed ? "fail" : "pass", "", "");
		}
}

#endif
