/* SPDX-License-Identifier: Apache-2.0
 * The bus planner. Times: the table of serial cycles worked out by hand from Modbus over Serial Line v1.02, 2.5.1 (33
 * characters of 10 bits and twice 3.5 characters for ten registers). Plans: every way to share the values out among
 * requests is tried on small random maps, with the rules checked register by register, and none is cheaper. */
#include "gateway/wire/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VALUES_MAX 7u
#define SPACE 400u

static const struct assay_plan_line slow = {.baud = 9600, .character_bits = 10};

static uint64_t state = 20261130;

static uint32_t below(uint32_t limit)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % limit;
}

static struct assay_map_piece piece(uint32_t kind, uint32_t function, uint32_t address, uint32_t registers)
{
	return (struct assay_map_piece){.kind = kind,
		.function = function,
		.address = address,
		.registers = registers,
		.most = function <= 2 ? 2000 : 125};
}

static void make(const struct assay_map_piece *map, size_t count, const struct assay_plan_bar *bars,
	size_t bar_count, const struct assay_plan_line *line, struct assay_plan *out)
{
	struct assay_error err;

	if (assay_plan_make(map, count, bars, bar_count, line, 1000, out, &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
}

static void test_times(void **unused)
{
	/* cycle in us, from the formula with decimals: 41.667, 20.833, 6.365 ms; turnaround 5 ms added */
	static const struct {
		uint32_t baud, turnaround_us, us;
	} rows[] = {{9600, 0, 41667}, {19200, 0, 20833}, {38400, 0, 12094}, {57600, 0, 9229},
		{115200, 0, 6365}, {9600, 5000, 46667}, {115200, 20000, 26365}};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct assay_plan_line line = {
			.baud = rows[i].baud, .character_bits = 10, .turnaround_us = rows[i].turnaround_us};

		assert_in_range(assay_plan_request_ns(&line, 3, 10), (rows[i].us - 1) * 1000u,
			(rows[i].us + 1) * 1000u);
	}
}

/* A gap of holes is worth reading along until it takes longer than another turn of the bus: 13 characters and twice 3.5,
 * 20 in all, are 10 registers. */
static void test_bridges(void **unused)
{
	struct assay_plan plan;

	(void)unused;
	for (uint32_t gap = 1; gap <= 12; gap++) {
		const struct assay_map_piece map[] = {piece(ASSAY_MAP_VALUE, 3, 0, 1),
			piece(ASSAY_MAP_HOLE, 3, 1, gap), piece(ASSAY_MAP_VALUE, 3, 1 + gap, 1)};

		make(map, 3, NULL, 0, &slow, &plan);
		if (gap != 10)
			assert_int_equal(plan.requests, gap < 10 ? 1 : 2);
		make(map, 1, NULL, 0, &slow, &plan);
		assert_int_equal(plan.requests, 1);
	}
}

static void test_undeclared_hole(void **unused)
{
	const struct assay_map_piece map[] = {
		piece(ASSAY_MAP_VALUE, 3, 0, 2), piece(ASSAY_MAP_VALUE, 3, 3, 2)};
	struct assay_plan plan;

	(void)unused;
	make(map, 2, NULL, 0, &slow, &plan);
	assert_int_equal(plan.requests, 2);
	assert_int_equal(plan.request[0].count, 2);
	assert_int_equal(plan.request[1].address, 3);
}

static void test_limits(void **unused)
{
	struct assay_map_piece map[130];
	struct assay_plan plan;

	(void)unused;
	/* 64 values of two registers: 128 are more than 125, and 125 would split one */
	for (uint32_t i = 0; i < 64; i++)
		map[i] = piece(ASSAY_MAP_VALUE, 4, 2 * i, 2);
	make(map, 64, NULL, 0, &slow, &plan);
	assert_int_equal(plan.requests, 2);
	assert_int_equal(plan.request[0].count + plan.request[1].count, 128);
	assert_int_equal(plan.request[0].count % 2, 0);
	for (uint32_t i = 0; i < 64; i++)
		map[i].most = 9;
	make(map, 64, NULL, 0, &slow, &plan);
	assert_int_equal(plan.requests, 16);
	for (uint32_t i = 0; i < plan.requests; i++)
		assert_int_equal(plan.request[i].count, 8);
	map[0] = piece(ASSAY_MAP_VALUE, 1, 0, 2000);
	map[1] = piece(ASSAY_MAP_VALUE, 1, 2000, 1);
	make(map, 2, NULL, 0, &slow, &plan);
	assert_int_equal(plan.requests, 2);
}

static void test_periods(void **unused)
{
	struct assay_map_piece map[] = {piece(ASSAY_MAP_VALUE, 3, 0, 2), piece(ASSAY_MAP_VALUE, 3, 2, 2),
		piece(ASSAY_MAP_VALUE, 3, 4, 2), piece(ASSAY_MAP_VALUE, 3, 40, 2)};
	struct assay_plan plan;

	(void)unused;
	map[0].period_ms = map[2].period_ms = 100;
	make(map, 4, NULL, 0, &slow, &plan);
	/* 0..5 each 100 ms, whereby 2..3 is read along; 40 each 1000 ms */
	assert_int_equal(plan.periods, 2);
	assert_int_equal(plan.requests, 2);
	assert_int_equal(plan.period_ms[0], 100);
	assert_int_equal(plan.request[0].count, 6);
	assert_int_equal(plan.first[1], 1);
	assert_int_equal(plan.request[1].address, 40);
	assert_int_equal(plan.request[1].period_ms, 1000);
}

/* -- every way -- */

struct small_map {
	struct assay_map_piece piece[2 * VALUES_MAX];
	size_t count, values;
	struct assay_plan_bar bar[3];
	size_t bars;
	bool declared[SPACE];
};

static void random_map(struct small_map *map)
{
	uint32_t at = 0, function = below(4) + 1, most = below(3) ? 125 : 4 + below(30);

	memset(map, 0, sizeof *map);
	map->values = 1 + below(VALUES_MAX);
	for (size_t i = 0; i < map->values; i++) {
		uint32_t gap = below(4) ? below(14) : below(40), registers = 1u << below(3);

		if (i && !below(6) && at > 3)
			at -= 3; /* lies over its neighbour */
		if (gap && below(3))
			map->piece[map->count++] = piece(ASSAY_MAP_HOLE, function, at, gap);
		at += gap;
		map->piece[map->count] = piece(ASSAY_MAP_VALUE, function, at, registers);
		map->piece[map->count++].most = most;
		at += registers;
	}
	for (size_t i = 0; i < map->count; i++)
		for (uint32_t r = 0; r < map->piece[i].registers; r++)
			map->declared[map->piece[i].address + r] = true;
	map->bars = below(3);
	for (size_t i = 0; i < map->bars; i++) {
		uint32_t from = below(at + 1);

		map->bar[i] = (struct assay_plan_bar){function, from, from + below(3)};
	}
}

/* One request for the values in `set`: what it costs, UINT64_MAX when it must not be made. */
static uint64_t one_request(const struct small_map *map, const struct assay_plan_line *line, unsigned set)
{
	uint32_t from = SPACE, to = 0, most = 2000, function = map->piece[0].function, members = 0;
	size_t value = 0;

	for (size_t i = 0; i < map->count; i++) {
		const struct assay_map_piece *it = &map->piece[i];

		if (it->kind != ASSAY_MAP_VALUE || !(set >> value++ & 1))
			continue;
		members++;
		from = it->address < from ? it->address : from;
		to = it->address + it->registers > to ? it->address + it->registers : to;
		most = it->most < most ? it->most : most;
	}
	for (uint32_t r = from; r < to; r++)
		if (!map->declared[r])
			return UINT64_MAX;
	if (members > 1 && to - from > most)
		return UINT64_MAX;
	for (size_t i = 0; i < map->bars && members > 1; i++) {
		const struct assay_plan_bar *bar = &map->bar[i];

		for (uint32_t r = bar->from; r < bar->to; r++)
			if (r >= from && r < to)
				return UINT64_MAX;
		if (bar->from == bar->to && bar->from > from && bar->from < to)
			return UINT64_MAX;
	}
	return assay_plan_request_ns(line, function, to - from);
}

static uint64_t cheapest(const struct small_map *map, const struct assay_plan_line *line, unsigned left)
{
	unsigned first = left & (0u - left), rest = left & ~first;
	uint64_t best = UINT64_MAX;

	if (!left)
		return 0;
	for (unsigned with = rest;; with = (with - 1) & rest) {
		uint64_t one = one_request(map, line, first | with), more;

		if (one != UINT64_MAX) {
			more = cheapest(map, line, rest & ~with);
			if (more != UINT64_MAX && one + more < best)
				best = one + more;
		}
		if (!with)
			break;
	}
	return best;
}

/* Values inside another one come with it, so the barred ones among them count for nothing: leave such maps out. */
static bool has_nested(const struct small_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		for (size_t j = 0; j < map->count; j++)
			if (i != j && map->piece[i].kind == ASSAY_MAP_VALUE &&
				map->piece[j].kind == ASSAY_MAP_VALUE &&
				map->piece[j].address >= map->piece[i].address &&
				map->piece[j].address + map->piece[j].registers <=
					map->piece[i].address + map->piece[i].registers)
				return true;
	return false;
}

static void check_covers(const struct small_map *map, const struct assay_plan *plan)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct assay_map_piece *it = &map->piece[i];
		bool whole = it->kind == ASSAY_MAP_HOLE;

		for (uint32_t j = 0; j < plan->requests && !whole; j++)
			whole = plan->request[j].address <= it->address &&
				it->address + it->registers <=
					plan->request[j].address + plan->request[j].count;
		assert_true(whole);
	}
	for (uint32_t j = 0; j < plan->requests; j++)
		for (uint32_t r = 0; r < plan->request[j].count; r++)
			assert_true(map->declared[plan->request[j].address + r]);
}

static void test_no_way_is_cheaper(void **unused)
{
	static const struct assay_plan_line lines[] = {{.baud = 9600, .character_bits = 11},
		{.baud = 19200, .character_bits = 10, .turnaround_us = 4000},
		{.baud = 115200, .character_bits = 10, .turnaround_us = 1000, .gap_us = 10000},
		{.turnaround_us = 300}};
	unsigned rounds = getenv("ASSAY_FULL") ? 200000 : 6000, tried = 0;

	(void)unused;
	for (unsigned i = 0; i < rounds; i++) {
		const struct assay_plan_line *line = &lines[i % 4];
		struct small_map map;
		struct assay_plan plan;
		uint64_t ns = 0;

		random_map(&map);
		make(map.piece, map.count, map.bar, map.bars, line, &plan);
		check_covers(&map, &plan);
		if (has_nested(&map))
			continue;
		for (uint32_t j = 0; j < plan.requests; j++)
			ns += plan.request[j].takes_ns;
		if (ns != cheapest(&map, line, (1u << map.values) - 1))
			fail_msg("round %u: the plan takes %llu ns, the best %llu ns", i,
				(unsigned long long)ns,
				(unsigned long long)cheapest(&map, line, (1u << map.values) - 1));
		tried++;
	}
	assert_true(tried > rounds / 2);
}

/* A device that refuses (exception 2) every request with one of these registers in it: after some requests everything
 * else is read, what it refuses stands alone, and nothing more is learned. */
static void test_learns_holes(void **unused)
{
	static const uint32_t bad[] = {7, 21, 22, 60};
	struct assay_map_piece map[60];
	struct assay_plan_bar bars[ASSAY_PLAN_BARS_MAX];
	size_t count = 0, bar_count = 0;
	struct assay_plan plan;
	unsigned refused = 1, rounds = 0;

	(void)unused;
	for (uint32_t at = 0; at < 80; at += 2)
		map[count++] = piece(at % 10 == 6 ? ASSAY_MAP_HOLE : ASSAY_MAP_VALUE, 3, at, 2);
	while (refused) {
		refused = 0;
		make(map, count, bars, bar_count, &slow, &plan);
		assert_true(++rounds < 60);
		for (uint32_t i = 0; i < plan.requests && !refused; i++)
			for (size_t j = 0; j < sizeof bad / sizeof *bad; j++)
				if (bad[j] >= plan.request[i].address &&
					bad[j] < plan.request[i].address + plan.request[i].count) {
					refused = assay_plan_refused(
						map, count, &plan.request[i], bars, &bar_count);
					break;
				}
	}
	/* 20, 22 and 60 are values: alone for ever. 6 is a hole. */
	assert_int_equal(plan.requests, 7);
	for (uint32_t i = 0; i < plan.requests; i++) {
		const struct assay_plan_request *it = &plan.request[i];

		assert_false(it->address <= 7 && it->address + it->count > 6);
		if (it->address == 20 || it->address == 22 || it->address == 60)
			assert_int_equal(it->count, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_times), cmocka_unit_test(test_bridges),
		cmocka_unit_test(test_undeclared_hole), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_periods), cmocka_unit_test(test_no_way_is_cheaper),
		cmocka_unit_test(test_learns_holes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
