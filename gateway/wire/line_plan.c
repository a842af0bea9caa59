/* SPDX-License-Identifier: Apache-2.0
 * A register map on a line: the plan of its reads, what the device has taught about it, and which of its periods is due. */
#include "gateway/wire/host_line.h"
#include "gateway/wire/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURNAROUND_SERIAL_MS 5u /* when the instrument's file states none */
#define TURNAROUND_TCP_MS 1u

struct line_plan {
	struct assay_request like; /* unit and time-out */
	struct assay_map_piece *piece;
	size_t pieces;
	struct assay_plan_bar *bar; /* NULL until something was refused */
	size_t bars;
	struct assay_plan_request *request;
	uint32_t requests;
	uint32_t period_ms[ASSAY_PLAN_PERIODS_MAX], first[ASSAY_PLAN_PERIODS_MAX + 1], periods;
	uint64_t due_ns[ASSAY_PLAN_PERIODS_MAX];
	uint32_t now; /* the period whose cycle it is */
};

uint64_t line_period_ns(const struct host_instrument *who, uint32_t period_ms)
{
	uint32_t needed_ms = who->needed ? who->config->needed_ms : 0;

	return (needed_ms && (!period_ms || needed_ms < period_ms) ? needed_ms : period_ms) * ASSAY_MS;
}

uint64_t line_next_due_ns(uint64_t due, uint64_t period, uint64_t now)
{
	if (!period)
		return UINT64_MAX;
	if (due == 0 || due == UINT64_MAX)
		return now + period;
	return due + period > now ? due + period : now;
}

static struct assay_plan_line line_cost(const struct host_line *line, const struct line_plan *plan)
{
	const struct assay_config_line *config = line->config;
	bool serial = config->transport == ASSAY_TRANSPORT_MODBUS_RTU;
	uint32_t turnaround_ms = 0;

	for (size_t i = 0; i < plan->pieces; i++)
		if (plan->piece[i].turnaround_ms > turnaround_ms)
			turnaround_ms = plan->piece[i].turnaround_ms;
	if (!turnaround_ms)
		turnaround_ms = serial ? TURNAROUND_SERIAL_MS : TURNAROUND_TCP_MS;
	return (struct assay_plan_line){.baud = serial ? config->baud : 0,
		.character_bits = 1u + config->bits + (config->parity != 'N') + config->stop,
		.turnaround_us = turnaround_ms * 1000u,
		.gap_us = config->gap_ms * 1000u};
}

/* False: the plan stays as it is. */
static bool plan_again(const struct host_line *line, const struct host_instrument *who)
{
	static struct assay_plan made;
	struct line_plan *plan = who->plan;
	const struct assay_plan_line cost = line_cost(line, plan);
	struct assay_plan_request *request;
	struct assay_error err;

	if (assay_plan_make(plan->piece, plan->pieces, plan->bar, plan->bars, &cost, who->config->every_ms,
		    &made, &err) != ASSAY_OK ||
		made.requests == 0)
		return false;
	request = realloc(plan->request, made.requests * sizeof *request);
	if (!request)
		return false;
	plan->request = request;
	memcpy(request, made.request, made.requests * sizeof *request);
	memcpy(plan->period_ms, made.period_ms, sizeof plan->period_ms);
	memcpy(plan->first, made.first, sizeof plan->first);
	plan->requests = made.requests;
	plan->periods = made.periods;
	return true;
}

static bool read_map(struct host_instrument *who)
{
	struct assay_map_piece piece;
	uint32_t count = 0;

	while (count < ASSAY_PLAN_PIECES_MAX && who->plugin->driver.map(who->session, count, &piece) == 1)
		count++;
	who->plan->piece = calloc(count ? count : 1, sizeof piece);
	for (uint32_t i = 0; who->plan->piece && i < count; i++)
		if (who->plugin->driver.map(who->session, i, &piece) != 1 || piece.function < 1 ||
			piece.function > 4 || piece.registers > 65536 - piece.address)
			return false;
		else
			who->plan->piece[who->plan->pieces++] = piece;
	return who->plan->piece && count;
}

/* Without a plan the driver's own requests are asked. */
void line_plan_setup(const struct host_line *line, struct host_instrument *who)
{
	if (who->plan || !who->plugin->driver.map || line_is_stream(line))
		return;
	who->plan = calloc(1, sizeof *who->plan);
	if (!who->plan)
		return;
	if (who->plugin->driver.ask(who->session, ASSAY_WANT_VALUES, 0, &who->plan->like) < 0 ||
		who->plan->like.kind != ASSAY_REQUEST_READ || !read_map(who) || !plan_again(line, who))
		line_plan_free(who);
}

void line_plan_free(struct host_instrument *who)
{
	if (!who->plan)
		return;
	free(who->plan->piece);
	free(who->plan->bar);
	free(who->plan->request);
	free(who->plan);
	who->plan = NULL;
}

/* One stable value may stand anywhere: then all is asked. */
bool line_plan_request(const struct host_instrument *who, uint32_t want, struct assay_request *out)
{
	const struct line_plan *plan = who->plan;
	bool all = want == ASSAY_WANT_STABLE;
	uint32_t at = who->turn + (all ? 0 : plan->first[plan->now]);

	*out = plan->like;
	out->kind = ASSAY_REQUEST_NONE;
	if (at >= (all ? plan->requests : plan->first[plan->now + 1]))
		return false;
	out->kind = ASSAY_REQUEST_READ;
	out->tag = who->turn;
	out->function = (uint8_t)plan->request[at].function;
	out->address = (uint16_t)plan->request[at].address;
	out->count = (uint16_t)plan->request[at].count;
	return true;
}

void line_plan_due(struct host_instrument *who, uint64_t now)
{
	for (uint32_t i = 0; i < who->plan->periods; i++)
		who->plan->due_ns[i] = now;
	who->plan->now = 0;
}

uint64_t line_plan_cycle_over(struct host_instrument *who, uint64_t now)
{
	struct line_plan *plan = who->plan;
	uint64_t period = line_period_ns(who, plan->period_ms[plan->now]), *due = &plan->due_ns[plan->now];

	*due = line_next_due_ns(*due, period, now);
	for (uint32_t i = 0; i < plan->periods; i++)
		if (plan->due_ns[i] < plan->due_ns[plan->now])
			plan->now = i;
	return plan->due_ns[plan->now];
}

bool line_plan_refused(const struct host_line *line, struct host_instrument *who,
	const struct assay_request *request, char *detail, size_t size)
{
	struct line_plan *plan = who->plan;
	const struct assay_plan_request refused = {
		.function = request->function, .address = request->address, .count = request->count};

	if (!plan->bar)
		plan->bar = calloc(ASSAY_PLAN_BARS_MAX, sizeof *plan->bar);
	if (!plan->bar || !assay_plan_refused(plan->piece, plan->pieces, &refused, plan->bar, &plan->bars) ||
		!plan_again(line, who))
		return false;
	(void)snprintf(detail, size,
		"it does not give %u from %u on in one answer: less is asked for at a time", request->count,
		request->address);
	return true;
}
