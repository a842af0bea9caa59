/* SPDX-License-Identifier: Apache-2.0
 * The bus planner beside the plans that gateways use: value by value, neighbours only (up to 125 registers), and blocks of
 * fifty registers filled from the first value on. Predicted milliseconds of a cycle on the same map; all gaps of the maps
 * are declared readable, else the blocks could not be read at all. Ends with 1 when any rival is cheaper. */
#include "gateway/wire/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK 50u
#define VALUES 60u

struct map {
	const char *name;
	struct assay_map_piece piece[2 * VALUES];
	size_t count;
};

static uint64_t state = 20261130;

static uint32_t below(uint32_t limit)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % limit;
}

static void add(struct map *map, uint32_t kind, uint32_t address, uint32_t registers)
{
	map->piece[map->count++] = (struct assay_map_piece){
		.kind = kind, .function = 3, .address = address, .registers = registers, .most = 125};
}

/* Values of one or two registers; each gap is at most `gap` registers wide. */
static void make(struct map *map, const char *name, uint32_t values, uint32_t gap)
{
	uint32_t at = 0;

	map->name = name;
	map->count = 0;
	for (uint32_t i = 0; i < values; i++) {
		uint32_t registers = 1 + below(2), hole = gap && i ? below(3) ? 0 : below(gap + 1) : 0;

		if (hole)
			add(map, ASSAY_MAP_HOLE, at, hole);
		add(map, ASSAY_MAP_VALUE, at + hole, registers);
		at += hole + registers;
	}
}

static uint64_t one_by_one(const struct map *map, const struct assay_plan_line *line)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < map->count; i++)
		if (map->piece[i].kind == ASSAY_MAP_VALUE)
			ns += assay_plan_request_ns(line, 3, map->piece[i].registers);
	return ns;
}

/* Requests that begin with a value and go on while `joins` allows the next one. */
static uint64_t greedy(const struct map *map, const struct assay_plan_line *line, uint32_t most,
	bool over_holes, bool whole_blocks)
{
	uint64_t ns = 0;
	uint32_t from = 0, to = 0;

	for (size_t i = 0; i < map->count; i++) {
		const struct assay_map_piece *piece = &map->piece[i];

		if (piece->kind != ASSAY_MAP_VALUE)
			continue;
		if (to && piece->address + piece->registers - from <= most &&
			(over_holes || piece->address == to)) {
			to = piece->address + piece->registers;
			continue;
		}
		if (to)
			ns += assay_plan_request_ns(line, 3, whole_blocks ? most : to - from);
		from = piece->address;
		to = from + piece->registers;
	}
	return ns + assay_plan_request_ns(line, 3, to - from);
}

int main(void)
{
	static const struct assay_plan_line lines[] = {
		{.baud = 9600, .character_bits = 10, .turnaround_us = 5000},
		{.baud = 19200, .character_bits = 11, .turnaround_us = 5000},
		{.baud = 115200, .character_bits = 10, .turnaround_us = 5000},
		{.baud = 9600, .character_bits = 10, .turnaround_us = 30000}, {.turnaround_us = 1000}};
	static struct map map[4];
	static struct assay_plan plan;
	int code = 0;

	make(&map[0], "60 values, no gaps", 60, 0);
	make(&map[1], "60 values, gaps to 6", 60, 6);
	make(&map[2], "40 values, gaps to 40", 40, 40);
	make(&map[3], "12 values, gaps to 90", 12, 90);
	(void)printf("%-22s %-24s %10s %10s %10s %10s  requests\n", "map", "line", "one by one", "neighbours",
		"blocks 50", "planned");
	for (size_t m = 0; m < 4; m++)
		for (size_t l = 0; l < sizeof lines / sizeof *lines; l++) {
			const struct assay_plan_line *line = &lines[l];
			uint64_t rival[3] = {one_by_one(&map[m], line),
				greedy(&map[m], line, 125, false, false),
				greedy(&map[m], line, BLOCK, true, true)},
				 ns = 0;
			struct assay_error err;
			char name[32];

			if (assay_plan_make(map[m].piece, map[m].count, NULL, 0, line, 1000, &plan, &err) !=
				ASSAY_OK)
				return 1;
			for (uint32_t i = 0; i < plan.requests; i++)
				ns += plan.request[i].takes_ns;
			(void)snprintf(name, sizeof name, line->baud ? "%u baud, %u ms" : "TCP%.0u, %u ms",
				line->baud, line->turnaround_us / 1000);
			(void)printf("%-22s %-24s %7.1f ms %7.1f ms %7.1f ms %7.1f ms  %u\n", map[m].name,
				name, (double)rival[0] / 1e6, (double)rival[1] / 1e6, (double)rival[2] / 1e6,
				(double)ns / 1e6, plan.requests);
			for (unsigned r = 0; r < 3; r++)
				code = ns > rival[r] ? 1 : code;
		}
	return code;
}
