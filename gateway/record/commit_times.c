/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/commit_times.h"

#define NS_A_MS 1000000u

const unsigned commit_edges_ms[COMMIT_EDGES] = {1, 2, 5, 10, 20, 50, 100, 500, 2000};

void commit_times_add(struct commit_times *times, uint64_t took_ns)
{
	unsigned edge = 0;

	while (edge < COMMIT_EDGES && took_ns > (uint64_t)commit_edges_ms[edge] * NS_A_MS)
		edge++;
	times->by_edge[edge]++;
	times->count++;
	times->total_ns += took_ns;
}
