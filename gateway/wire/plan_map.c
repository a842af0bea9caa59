/* SPDX-License-Identifier: Apache-2.0
 * What the planner is given: a driver's register map, and what a line costs. */
#include "gateway/wire/plan.h"

#define TURNAROUND_SERIAL_MS 5u /* when the instrument's file states none */
#define TURNAROUND_TCP_MS 1u
#define OWN_SERIAL_US 250u /* measured: tests/bench/README.md */

size_t assay_plan_read_map(
	const struct assay_driver *driver, const struct assay_session *session, struct assay_map_piece *out)
{
	struct assay_map_piece piece;
	size_t count = 0;

	while (driver->map && driver->map(session, (uint32_t)count, &piece) == 1) {
		if (count == ASSAY_PLAN_PIECES_MAX || piece.function < 1 || piece.function > 4 ||
			piece.address > 65535 || piece.registers > 65536 - piece.address)
			return 0;
		out[count++] = piece;
	}
	return count;
}

struct assay_plan_line assay_plan_line_of(
	const struct assay_config_line *line, const struct assay_map_piece *pieces, size_t count)
{
	bool serial = line->transport == ASSAY_TRANSPORT_MODBUS_RTU;
	uint32_t turnaround_ms = 0;

	for (size_t i = 0; i < count; i++)
		if (pieces[i].turnaround_ms > turnaround_ms)
			turnaround_ms = pieces[i].turnaround_ms;
	if (!turnaround_ms)
		turnaround_ms = serial ? TURNAROUND_SERIAL_MS : TURNAROUND_TCP_MS;
	return (struct assay_plan_line){.baud = serial ? line->baud : 0,
		.character_bits = 1u + line->bits + (line->parity != 'N') + line->stop,
		.turnaround_us = turnaround_ms * 1000u,
		.gap_us = line->gap_ms * 1000u,
		.own_us = serial ? OWN_SERIAL_US : 0};
}
