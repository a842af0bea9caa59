/* SPDX-License-Identifier: Apache-2.0
 * Who is asked next, and what. A device that does not answer costs its own time-outs only, and is asked less often. */
#include "gateway/wire/host_line.h"

#include <string.h>

#define LATE_FACTOR 2u
#define LATE_MIN_MS 200u
#define LATE_MAX_MS 5000u
#define RETRY_MIN_NS (1000 * ASSAY_MS)
#define RETRY_MAX_NS (60000 * ASSAY_MS)
#define RETRY_NEEDED_NS (5000 * ASSAY_MS) /* while somebody waits for it */
#define BUSY_NS                                                                                              \
	(50 * ASSAY_MS) /* a device that is not ready is asked again after so long, then twice as long ... */
#define BUSY_TRIES 5u

bool ask_request(struct host_line *line, uint16_t index, uint32_t want, struct assay_request *out)
{
	const struct host_instrument *who = &line->instrument[index];

	if (who->plan && want != ASSAY_WANT_IDENTITY)
		return line_plan_request(who, want, out);
	memset(out, 0, sizeof *out);
	if (who->plugin->driver.ask(who->session, want, who->turn, out) < 0 ||
		out->length > ASSAY_REQUEST_MAX || (out->kind == ASSAY_REQUEST_READ && out->count == 0) ||
		(out->kind != ASSAY_REQUEST_BYTES && out->unit == 0))
		out->kind = ASSAY_REQUEST_NONE; /* unit 0 is everybody: nobody may answer */
	if (out->timeout_ms == 0 || out->timeout_ms > 600000)
		out->timeout_ms = 1000;
	return out->kind != ASSAY_REQUEST_NONE;
}

/* Stated in lab.xml, or twice the time an answer is waited for. */
static uint32_t late_ms(const struct host_instrument *who, uint32_t timeout_ms)
{
	uint32_t late = LATE_FACTOR * timeout_ms;

	if (who->config->late_ms)
		return who->config->late_ms;
	return late < LATE_MIN_MS ? LATE_MIN_MS : late > LATE_MAX_MS ? LATE_MAX_MS : late;
}

void ask_setup(struct host_line *line)
{
	for (size_t at = 0; at < line->instrument_count; at++) {
		uint16_t i = (uint16_t)at;
		struct host_instrument *who = &line->instrument[i];
		struct assay_request request;

		who->turn = 0;
		line_plan_setup(line, who);
		if (who->plan)
			line_plan_due(who, 0);
		who->listens = !ask_request(line, i, ASSAY_WANT_STABLE, &request) &&
			       !ask_request(line, i, ASSAY_WANT_IDENTITY, &request) &&
			       !ask_request(line, i, ASSAY_WANT_VALUES, &request);
		who->listens = who->listens || line_is_fed(line);
		who->address = line_is_stream(line) ? 0 : request.unit;
		who->late_ms = late_ms(who, request.timeout_ms);
		who->due_ns = who->hold_ns = 0;
		who->identified = false;
	}
}

static uint64_t retry_ns(const struct host_instrument *who)
{
	uint64_t wait = RETRY_MIN_NS, most = who->needed || who->take ? RETRY_NEEDED_NS : RETRY_MAX_NS;

	for (uint32_t i = 2; i < who->failures && wait < most; i++)
		wait *= 2;
	return wait < most ? wait : most;
}

void ask_failed(struct host_line *line)
{
	struct host_instrument *who = &line->instrument[line->asked];

	if (who->failures < UINT32_MAX)
		who->failures++;
	who->turn = 0;
	who->due_ns = host_now_ns(line->host) + retry_ns(who);
	line_say_status(line);
}

static void cycle_over(struct host_line *line, struct host_instrument *who)
{
	uint64_t now = host_now_ns(line->host);

	who->turn = 0;
	who->due_ns =
		who->plan ? line_plan_cycle_over(who, now)
			  : line_next_due_ns(who->due_ns, line_period_ns(who, who->config->every_ms), now);
}

void ask_succeeded(struct host_line *line, bool over)
{
	struct host_instrument *who = &line->instrument[line->asked];

	who->failures = 0;
	if (!line->again)
		who->turn++;
	over = over && !line->again;
	line->again = false;
	if (line->want == ASSAY_WANT_STABLE && over)
		who->take = false;
	else if (who->take && line->want != ASSAY_WANT_STABLE)
		who->turn = 0; /* somebody waits: from the beginning */
	if (over)
		cycle_over(line, who);
	line_say_status(line);
}

void ask_refused(struct host_line *line, uint8_t exception, char *detail, size_t size)
{
	struct host_instrument *who = &line->instrument[line->asked];
	bool busy = exception == 5 || exception == 6;

	if (line->want == ASSAY_WANT_IDENTITY || line->separator)
		return;
	if (busy && who->busy < BUSY_TRIES) {
		who->hold_ns = host_now_ns(line->host) + (BUSY_NS << who->busy++);
		line->again = true;
	} else if ((exception == 2 || exception == 3) && who->plan &&
		   line_plan_refused(line, who, &line->request, detail, size)) {
		who->turn = 0;
		line->again = true;
	}
	if (!line->again)
		who->busy = 0;
}

uint64_t ask_due_ns(const struct host_line *line)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < line->instrument_count && !line->host->paused; i++) {
		const struct host_instrument *who = &line->instrument[i];
		uint64_t due = who->due_ns > who->hold_ns ? who->due_ns : who->hold_ns;

		if (due < next)
			next = due;
	}
	return next;
}

static bool comes_first(const struct host_instrument *a, const struct host_instrument *b)
{
	if (a->take != b->take)
		return a->take;
	if ((a->turn != 0) != (b->turn != 0))
		return a->turn != 0; /* finish a cycle that has begun */
	return a->due_ns < b->due_ns;
}

static void ask_values(struct host_line *line, uint16_t index, uint64_t now)
{
	struct host_instrument *who = &line->instrument[index];
	struct assay_request request;
	uint32_t want = who->take ? ASSAY_WANT_STABLE : ASSAY_WANT_VALUES;

	if (!who->identified) {
		want = ASSAY_WANT_IDENTITY;
		if ((line_is_stream(line) && !*who->config->serial) ||
			!ask_request(line, index, want, &request)) {
			who->identified = true;
			who->turn = 0;
			want = who->take ? ASSAY_WANT_STABLE : ASSAY_WANT_VALUES;
		}
	}
	if (!ask_request(line, index, want, &request)) {
		who->turn = 0;
		who->take = false;
		who->due_ns = UINT64_MAX; /* it only speaks by itself */
		return;
	}
	if (!fence_keeps_apart(line, index, &request, now))
		return;
	line->request = request;
	line->asked = index;
	line->want = want;
	fence_send(line, PHASE_WAITING);
}

void ask_next(struct host_line *line, uint64_t now)
{
	uint16_t best = UINT16_MAX;

	if (line->host->paused)
		return;
	for (size_t at = 0; at < line->instrument_count; at++) {
		uint16_t i = (uint16_t)at;
		const struct host_instrument *who = &line->instrument[i];

		if (who->due_ns <= now && who->hold_ns <= now &&
			(best == UINT16_MAX || comes_first(who, &line->instrument[best])))
			best = i;
	}
	if (best == UINT16_MAX)
		return;
	if (line->instrument[best].listens) {
		line->instrument[best].due_ns = UINT64_MAX;
		fence_unit(line, best)->dirty = false; /* nothing was asked, so nothing can be late */
		return;
	}
	if (fence_between(line, best, now) && fence_allows(line, best, now))
		ask_values(line, best, now);
}

void line_wanted(struct host_line *line, const struct assay_want_message *want)
{
	struct host_instrument *who;
	uint64_t now = host_now_ns(line->host), period;

	if (want->instrument >= line->instrument_count)
		return;
	who = &line->instrument[want->instrument];
	if (who->listens || who->locked)
		return;
	who->needed = want->needed != 0;
	if (want->take) {
		who->take = true;
		if (line->asked != want->instrument || line->phase == PHASE_IDLE)
			who->turn = 0;
		who->due_ns = now;
		if (who->plan)
			line_plan_due(who, now);
		return;
	}
	if (who->failures && who->needed && who->due_ns > now + RETRY_NEEDED_NS)
		who->due_ns = now + RETRY_NEEDED_NS;
	period = line_period_ns(who, who->config->every_ms);
	if (who->failures == 0 && period && who->due_ns > now + period) {
		who->due_ns = now;
		if (who->plan)
			line_plan_due(who, now);
	}
}
