/* SPDX-License-Identifier: Apache-2.0
 * A register map on a line: the plan of its reads, what the device has taught about it, and which of its periods is due. */
#include "gateway/wire/host_line.h"
#include "gateway/wire/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* False: the plan stays as it is. */
static bool plan_again(const struct host_line *line, const struct host_instrument *who)
{
	static struct assay_plan made;
	struct line_plan *plan = who->plan;
	const struct assay_plan_line cost = assay_plan_line_of(line->config, plan->piece, plan->pieces);
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
	static struct assay_map_piece pieces[ASSAY_PLAN_PIECES_MAX];
	size_t count = assay_plan_read_map(&who->plugin->driver, who->session, pieces);

	who->plan->piece = count ? malloc(count * sizeof *pieces) : NULL;
	if (!who->plan->piece)
		return false;
	memcpy(who->plan->piece, pieces, count * sizeof *pieces);
	who->plan->pieces = count;
	return true;
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
