/* SPDX-License-Identifier: Apache-2.0
 * The bus planner: a register map -> the cheapest requests that read it on this line. Pure: the same map, line and
 * learned bars give the same plan.
 *
 * A request takes      its characters + silence + turnaround + the answer's characters + silence      on a serial bus
 * (Modbus over Serial Line v1.02, 2.5.1: 3.5 characters, fixed 1.75 ms above 19200 baud) and what waking up for both takes
 * here, and a turnaround on TCP. So
 * reading along is cheaper than asking twice while what is read along takes less than another turn of the bus. */
#ifndef ASSAY_WIRE_PLAN_H
#define ASSAY_WIRE_PLAN_H

#include "drivers/driver.h"
#include "gateway/config.h"
#include "limits/error.h"

#include <stdbool.h>

#define ASSAY_PLAN_PIECES_MAX 400u
#define ASSAY_PLAN_REQUESTS_MAX 400u
#define ASSAY_PLAN_BARS_MAX 400u
#define ASSAY_PLAN_PERIODS_MAX 8u

/* What a request costs here. */
struct assay_plan_line {
	uint32_t baud; /* 0: TCP */
	uint32_t character_bits; /* with start, parity and stop bits: 10 or 11 */
	uint32_t
		turnaround_us; /* from a request that is complete to the first byte of its answer; TCP: there and back */
	uint32_t gap_us; /* least silence between two exchanges; 3.5 characters when that is longer */
	uint32_t
		own_us; /* what this computer adds: it wakes up for the answer, and for the end of the silence after it */
};

/* Learned from the device: registers from..to are not read along with anything; from = to: no request goes across. */
struct assay_plan_bar {
	uint32_t function, from, to;
};

struct assay_plan_request {
	uint32_t function, address, count;
	uint32_t period_ms; /* 0: as often as the instrument is asked */
	uint64_t takes_ns;
};

/* Ordered by period: requests of period[i] stand from first[i] up to first[i + 1]. */
struct assay_plan {
	struct assay_plan_request request[ASSAY_PLAN_REQUESTS_MAX];
	uint32_t requests;
	uint32_t period_ms[ASSAY_PLAN_PERIODS_MAX], first[ASSAY_PLAN_PERIODS_MAX + 1];
	uint32_t periods;
};

/* A driver's register map; out holds ASSAY_PLAN_PIECES_MAX. How many pieces; 0: it has none, or none that can be. */
size_t assay_plan_read_map(
	const struct assay_driver *driver, const struct assay_session *session, struct assay_map_piece *out);
/* What requests cost on this line; turnaround as the pieces have it, else 5 ms serial, 1 ms TCP; serial, 0.25 ms of our own. */
struct assay_plan_line assay_plan_line_of(
	const struct assay_config_line *line, const struct assay_map_piece *pieces, size_t count);

uint64_t assay_plan_silence_ns(const struct assay_plan_line *line); /* 3.5 characters */
/* From the first byte of the request to where the next request may begin. */
uint64_t assay_plan_request_ns(const struct assay_plan_line *line, uint32_t function, uint32_t count);

/* every_ms: how often the instrument is asked, for pieces without a period of their own. ASSAY_EREFUSED "plan-large":
 * more pieces or periods than the ceilings above. */
int assay_plan_make(const struct assay_map_piece *pieces, size_t count, const struct assay_plan_bar *bars,
	size_t bar_count, const struct assay_plan_line *line, uint32_t every_ms, struct assay_plan *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* The device has refused this request with exception 2 or 3: what is learned from it, as bars added to the *count
 * (capacity ASSAY_PLAN_BARS_MAX). It is halved until two values with a hole between them are left - the hole is barred -
 * or one value, which stands alone from then on. False: nothing new, or there is no room. */
bool assay_plan_refused(const struct assay_map_piece *pieces, size_t count,
	const struct assay_plan_request *request, struct assay_plan_bar *bars, size_t *bar_count);

#endif
