/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/plan.h"

#include <stdlib.h>
#include <string.h>

#define REGISTERS_MAX 125u
#define BITS_MAX 2000u
#define REQUEST_CHARACTERS 8u /* unit, function, address, count, CRC */
#define ANSWER_CHARACTERS 5u /* unit, function, byte count, CRC */
#define TCP_BYTE_NS 80u /* 100 Mbit/s; headers are part of the turnaround */
#define SILENCE_FAST_NS 1750000u
#define NEVER UINT64_MAX

/* A value of one function and period, not inside another. */
struct piece {
	uint32_t from, to, most;
};

/* The cheapest way to read everything before this piece. */
struct way {
	uint64_t ns;
	uint32_t requests, begins; /* the last request begins with this piece */
};

struct planner {
	const struct assay_map_piece *map;
	size_t count;
	const struct assay_plan_bar *bars;
	size_t bar_count;
	const struct assay_plan_line *line;
	struct piece piece[ASSAY_PLAN_PIECES_MAX];
	struct way way[ASSAY_PLAN_PIECES_MAX + 1];
	uint32_t pieces;
};

static uint64_t characters_ns(const struct assay_plan_line *line, uint64_t count)
{
	return count * line->character_bits * 1000000000u / line->baud;
}

uint64_t assay_plan_silence_ns(const struct assay_plan_line *line)
{
	if (line->baud > 19200)
		return SILENCE_FAST_NS;
	return line->baud ? 35u * (uint64_t)line->character_bits * 100000000u / line->baud : 0;
}

uint64_t assay_plan_request_ns(const struct assay_plan_line *line, uint32_t function, uint32_t count)
{
	uint64_t data = function <= 2 ? (count + 7u) / 8u : 2u * (uint64_t)count;
	uint64_t silence = assay_plan_silence_ns(line), gap = line->gap_us * (uint64_t)1000;
	uint64_t turnaround = line->turnaround_us * (uint64_t)1000;

	if (!line->baud)
		return turnaround + (REQUEST_CHARACTERS + ANSWER_CHARACTERS + data) * TCP_BYTE_NS;
	return characters_ns(line, REQUEST_CHARACTERS) + silence + turnaround +
	       characters_ns(line, ANSWER_CHARACTERS + data) + (gap > silence ? gap : silence) +
	       line->own_us * (uint64_t)1000;
}

static uint32_t end_of(const struct assay_map_piece *piece)
{
	return piece->address + piece->registers;
}

/* Does the map say of each register in [from, to) that it can be read? */
static bool readable(
	const struct assay_map_piece *map, size_t count, uint32_t function, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint32_t reached = from;

		for (size_t i = 0; i < count; i++)
			if (map[i].function == function && map[i].address <= from &&
				end_of(&map[i]) > reached)
				reached = end_of(&map[i]);
		if (reached == from)
			return false;
		from = reached;
	}
	return true;
}

static bool barred(
	const struct assay_plan_bar *bars, size_t count, uint32_t function, uint32_t from, uint32_t to)
{
	for (size_t i = 0; i < count; i++)
		if (bars[i].function == function &&
			(bars[i].from == bars[i].to ? bars[i].from > from && bars[i].from < to
						    : bars[i].from < to && bars[i].to > from))
			return true;
	return false;
}

static int by_place(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return a->to == b->to ? 0 : a->to > b->to ? -1 : 1;
}

static bool is_read_already(
	const struct assay_plan *plan, uint32_t function, const struct assay_map_piece *piece)
{
	for (uint32_t i = 0; i < plan->requests; i++)
		if (plan->request[i].function == function && plan->request[i].address <= piece->address &&
			end_of(piece) <= plan->request[i].address + plan->request[i].count)
			return true;
	return false;
}

/* What is to be read in this period and by no request of a shorter one, in order; a piece inside another is read with
 * it. */
static void gather(struct planner *planner, const struct assay_plan *faster, uint32_t function,
	uint32_t period_ms, uint32_t every_ms)
{
	uint32_t kept = 0;

	planner->pieces = 0;
	for (size_t i = 0; i < planner->count; i++) {
		const struct assay_map_piece *piece = &planner->map[i];
		uint32_t its = piece->period_ms ? piece->period_ms : every_ms;

		if (piece->kind == ASSAY_MAP_VALUE && piece->function == function && its == period_ms &&
			!is_read_already(faster, function, piece))
			planner->piece[planner->pieces++] =
				(struct piece){piece->address, end_of(piece), piece->most};
	}
	qsort(planner->piece, planner->pieces, sizeof *planner->piece, by_place);
	for (uint32_t i = 0; i < planner->pieces; i++) {
		struct piece *last = kept ? &planner->piece[kept - 1] : NULL;

		if (last && planner->piece[i].to <= last->to &&
			last->to - last->from <= planner->piece[i].most)
			continue;
		planner->piece[kept++] = planner->piece[i];
	}
	planner->pieces = kept;
}

/* The cheapest requests for the pieces in order: the best way to before piece j, and one request from j to here. A piece
 * barred off stands alone. Reads that go past each other can always be swapped for ones that do not, so looking at runs
 * of neighbours is enough. */
static void find_way(struct planner *planner, uint32_t function)
{
	uint32_t ceiling = function <= 2 ? BITS_MAX : REGISTERS_MAX;

	planner->way[0] = (struct way){0};
	for (uint32_t last = 0; last < planner->pieces; last++) {
		struct way best = {.ns = NEVER};
		uint32_t from = planner->piece[last].from, to = planner->piece[last].to, most = ceiling;

		for (uint32_t first = last + 1; first-- > 0;) {
			const struct piece *piece = &planner->piece[first];
			const struct way *before = &planner->way[first];
			uint64_t ns;

			if (first < last && piece->to < from &&
				!readable(planner->map, planner->count, function, piece->to, from))
				break;
			from = piece->from;
			to = piece->to > to ? piece->to : to;
			most = piece->most < most ? piece->most : most;
			if (first < last && (to - from > most || barred(planner->bars, planner->bar_count,
									 function, from, to)))
				break;
			ns = before->ns + assay_plan_request_ns(planner->line, function, to - from);
			if (ns < best.ns || (ns == best.ns && before->requests + 1 < best.requests))
				best = (struct way){ns, before->requests + 1, first};
		}
		planner->way[last + 1] = best;
	}
}

static bool take_way(
	const struct planner *planner, uint32_t function, uint32_t period_ms, struct assay_plan *out)
{
	uint32_t at = out->requests + planner->way[planner->pieces].requests;

	if (at > ASSAY_PLAN_REQUESTS_MAX)
		return false;
	out->requests = at;
	for (uint32_t last = planner->pieces; last > 0; last = planner->way[last].begins) {
		struct assay_plan_request *request = &out->request[--at];
		uint32_t from = planner->piece[planner->way[last].begins].from, to = 0;

		for (uint32_t i = planner->way[last].begins; i < last; i++)
			to = planner->piece[i].to > to ? planner->piece[i].to : to;
		*request = (struct assay_plan_request){.function = function,
			.address = from,
			.count = to - from,
			.period_ms = period_ms,
			.takes_ns = assay_plan_request_ns(planner->line, function, to - from)};
	}
	return true;
}

static bool add_period(struct assay_plan *plan, uint32_t period_ms)
{
	uint32_t at = 0;

	while (at < plan->periods && plan->period_ms[at] < period_ms)
		at++;
	if (at < plan->periods && plan->period_ms[at] == period_ms)
		return true;
	if (plan->periods == ASSAY_PLAN_PERIODS_MAX)
		return false;
	memmove(plan->period_ms + at + 1, plan->period_ms + at,
		(plan->periods - at) * sizeof *plan->period_ms);
	plan->period_ms[at] = period_ms;
	plan->periods++;
	return true;
}

static int too_large(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "plan-large",
		"寄存器表太大：最多 %u 项、%u 种周期。请拆成两台仪器",
		"the register map is too large: %u pieces and %u periods at most; make it two instruments",
		ASSAY_PLAN_PIECES_MAX, ASSAY_PLAN_PERIODS_MAX);
}

int assay_plan_make(const struct assay_map_piece *pieces, size_t count, const struct assay_plan_bar *bars,
	size_t bar_count, const struct assay_plan_line *line, uint32_t every_ms, struct assay_plan *out,
	struct assay_error *err)
{
	struct planner planner = {
		.map = pieces, .count = count, .bars = bars, .bar_count = bar_count, .line = line};

	out->requests = out->periods = 0;
	if (count > ASSAY_PLAN_PIECES_MAX)
		return too_large(err);
	for (size_t i = 0; i < count; i++)
		if (pieces[i].kind == ASSAY_MAP_VALUE &&
			!add_period(out, pieces[i].period_ms ? pieces[i].period_ms : every_ms))
			return too_large(err);
	for (uint32_t period = 0; period < out->periods; period++) {
		const struct assay_plan faster = *out;

		out->first[period] = out->requests;
		for (uint32_t function = 1; function <= 4; function++) {
			gather(&planner, &faster, function, out->period_ms[period], every_ms);
			find_way(&planner, function);
			if (!take_way(&planner, function, out->period_ms[period], out))
				return too_large(err);
		}
	}
	out->first[out->periods] = out->requests;
	return ASSAY_OK;
}

static bool covers(const struct assay_plan_request *request, const struct assay_map_piece *piece)
{
	return piece->kind == ASSAY_MAP_VALUE && piece->function == request->function &&
	       piece->address >= request->address && end_of(piece) <= request->address + request->count;
}

static bool add_bar(struct assay_plan_bar *bars, size_t *count, struct assay_plan_bar bar)
{
	if (*count == ASSAY_PLAN_BARS_MAX)
		return false;
	bars[(*count)++] = bar;
	return true;
}

/* The next run of registers in the request, from *at on, that no value lies in. */
static bool next_hole(const struct assay_map_piece *pieces, size_t count,
	const struct assay_plan_request *request, uint32_t *at, struct assay_plan_bar *out)
{
	uint32_t end = request->address + request->count;

	while (*at < end) {
		uint32_t from = *at, reached = from, next = end;

		for (size_t i = 0; i < count; i++) {
			if (!covers(request, &pieces[i]))
				continue;
			if (pieces[i].address <= from && end_of(&pieces[i]) > reached)
				reached = end_of(&pieces[i]);
			if (pieces[i].address > from && pieces[i].address < next)
				next = pieces[i].address;
		}
		*at = reached > from ? reached : next;
		if (reached > from)
			continue;
		*out = (struct assay_plan_bar){request->function, from, next};
		return true;
	}
	return false;
}

static bool has_holes(
	const struct assay_map_piece *pieces, size_t count, const struct assay_plan_request *request)
{
	struct assay_plan_bar hole;
	uint32_t at = request->address;

	return next_hole(pieces, count, request, &at, &hole);
}

static bool bar_holes(const struct assay_map_piece *pieces, size_t count,
	const struct assay_plan_request *request, struct assay_plan_bar *bars, size_t *bar_count)
{
	struct assay_plan_bar hole;
	uint32_t at = request->address;
	bool added = true;

	while (added && next_hole(pieces, count, request, &at, &hole))
		added = add_bar(bars, bar_count, hole);
	return added;
}

static void forget_cuts(struct assay_plan_bar *bars, size_t *count, uint32_t function)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (bars[i].function != function || bars[i].from != bars[i].to)
			bars[kept++] = bars[i];
	*count = kept;
}

static bool is_known(const struct assay_plan_bar *bars, size_t count, const struct assay_plan_bar *bar)
{
	for (size_t i = 0; i < count; i++)
		if (bars[i].function == bar->function && bars[i].from == bar->from && bars[i].to == bar->to)
			return true;
	return false;
}

/* Where the value begins that is nearest to the middle, but not the first; 0: there is one value only. */
static uint32_t middle_of(
	const struct assay_map_piece *pieces, size_t count, const struct assay_plan_request *request)
{
	uint32_t middle = request->address + request->count / 2, cut = 0, distance = UINT32_MAX;

	for (size_t i = 0; i < count; i++) {
		uint32_t at = pieces[i].address, away = at > middle ? at - middle : middle - at;

		if (!covers(request, &pieces[i]) || at == request->address || away >= distance)
			continue;
		cut = at;
		distance = away;
	}
	return cut;
}

bool assay_plan_refused(const struct assay_map_piece *pieces, size_t count,
	const struct assay_plan_request *request, struct assay_plan_bar *bars, size_t *bar_count)
{
	const struct assay_plan_bar whole = {
		request->function, request->address, request->address + request->count};
	uint32_t cut = middle_of(pieces, count, request);
	size_t starts = 0;

	if (is_known(bars, *bar_count, &whole))
		return false;

	for (size_t i = 0; i < count; i++)
		starts += covers(request, &pieces[i]) && pieces[i].address != request->address &&
			  pieces[i].address != cut;
	if (cut && (starts || !has_holes(pieces, count, request)))
		return add_bar(bars, bar_count, (struct assay_plan_bar){request->function, cut, cut});
	forget_cuts(bars, bar_count,
		request->function); /* found: what was halved off on the way is joined again */
	return cut ? bar_holes(pieces, count, request, bars, bar_count) : add_bar(bars, bar_count, whole);
}
