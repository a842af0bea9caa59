/* SPDX-License-Identifier: Apache-2.0
 * How long the journal's commits took: what a disk that is about to fail shows first. Told to the web role once a second, for
 * /metrics; counts begin anew with each recorder. */
#ifndef ASSAY_RECORD_COMMIT_TIMES_H
#define ASSAY_RECORD_COMMIT_TIMES_H

#include <stdint.h>

#define COMMIT_EDGES 9u /* upper edges of the histogram, and one for what is slower */

struct commit_times {
	uint64_t count, total_ns, told;
	uint64_t by_edge[COMMIT_EDGES + 1]; /* the first edge that is not below the time; the last: none */
};

extern const unsigned commit_edges_ms[COMMIT_EDGES];

void commit_times_add(struct commit_times *times, uint64_t took_ns);

#endif
