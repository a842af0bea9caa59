/* SPDX-License-Identifier: Apache-2.0
 * A made-up district from a seed: 72 producers in 12 product classes, 500 batches, 20 analytes of which each class is
 * tested for 8. Every test fails with the base rate, 2 %. One more class x analyte has 12 tests; in a planted district
 * half of those fail, in another they are like all others. */
#ifndef ASSAY_TESTS_SIM_DISTRICT_H
#define ASSAY_TESTS_SIM_DISTRICT_H

#include "gateway/analysis/risk.h"

#include <stdint.h>
#include <string.h>

enum {
	DISTRICT_PRODUCERS = 72,
	DISTRICT_CLASSES = 12,
	DISTRICT_ANALYTES = 20,
	DISTRICT_ITEMS = 8, /* analytes of each class */
	DISTRICT_BATCHES = 500,
	DISTRICT_PLANTED_TESTS = 12,
	DISTRICT_TESTS = DISTRICT_BATCHES * DISTRICT_ITEMS + DISTRICT_PLANTED_TESTS
};

#define DISTRICT_BASE_RATE 0.02
#define DISTRICT_PLANTED_RATE 0.5

struct district_test {
	uint32_t producer, batch, class, analyte, process, quarter, origin;
	bool failed;
};

struct district {
	uint64_t seed;
	bool planted;
	uint32_t planted_class, planted_analyte;
	struct district_test test[DISTRICT_TESTS];
};

/* SplitMix64 (Steele, Lea and Flood 2014). */
static inline uint64_t district_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline double district_uniform(uint64_t *state)
{
	return (double)(district_next(state) >> 11) * 0x1p-53;
}

static inline uint32_t district_pick(uint64_t *state, uint32_t below)
{
	return (uint32_t)(district_uniform(state) * below);
}

/* Item i of a class: 8 different analytes of the 20, starting 5 further for each class. */
static inline uint32_t district_item(uint32_t class, uint32_t i)
{
	return (class * 5 + i) % DISTRICT_ANALYTES;
}

/* One random number a statement: the order of draws is the seed's meaning. */
static inline struct district_test district_conditions(uint64_t *state, uint32_t producer, uint32_t batch)
{
	struct district_test test = {
		.producer = producer, .batch = batch, .class = producer % DISTRICT_CLASSES};

	test.process = district_pick(state, 3);
	test.quarter = batch * 4 / DISTRICT_BATCHES;
	test.origin = district_pick(state, 4);
	return test;
}

static inline void district_make(struct district *district, uint64_t seed, bool planted)
{
	uint64_t state = seed;
	struct district_test *test = district->test;

	district->seed = seed;
	district->planted = planted;
	district->planted_class = district_pick(&state, DISTRICT_CLASSES);
	district->planted_analyte = district_pick(&state, DISTRICT_ANALYTES - DISTRICT_ITEMS);
	district->planted_analyte =
		district_item(district->planted_class, DISTRICT_ITEMS + district->planted_analyte);
	for (uint32_t batch = 0; batch < DISTRICT_BATCHES; batch++) {
		uint32_t producer = district_pick(&state, DISTRICT_PRODUCERS);
		struct district_test common = district_conditions(&state, producer, batch);

		for (uint32_t i = 0; i < DISTRICT_ITEMS; i++) {
			common.analyte = district_item(common.class, i);
			common.failed = district_uniform(&state) < DISTRICT_BASE_RATE;
			*test++ = common;
		}
	}
	for (uint32_t i = 0; i < DISTRICT_PLANTED_TESTS; i++) {
		uint32_t producer = district->planted_class + DISTRICT_CLASSES * district_pick(&state, 6);
		uint32_t batch = district_pick(&state, DISTRICT_BATCHES);

		*test = district_conditions(&state, producer, batch);
		test->analyte = district->planted_analyte;
		test->failed =
			district_uniform(&state) < (planted ? DISTRICT_PLANTED_RATE : DISTRICT_BASE_RATE);
		test++;
	}
}

/* One cell for each test; sum them with assay_risk_roll_up. */
static inline void district_cells(const struct district *district, struct assay_risk_cell *cells)
{
	for (uint32_t i = 0; i < DISTRICT_TESTS; i++) {
		const struct district_test *test = &district->test[i];

		cells[i] = (struct assay_risk_cell){
			.key = {test->class, test->analyte, test->process, test->quarter, test->origin},
			.n = 1,
			.failed = test->failed};
	}
}

static inline double district_rate(const struct district *district, uint32_t class, uint32_t analyte)
{
	bool here = class == district->planted_class && analyte == district->planted_analyte;

	return here && district->planted ? DISTRICT_PLANTED_RATE : DISTRICT_BASE_RATE;
}

#endif
