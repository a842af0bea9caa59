/* SPDX-License-Identifier: Apache-2.0
 * Room kept back on the disk, so that "the disk is full" can still be written down. */
#ifndef ASSAY_RECORD_RESERVE_H
#define ASSAY_RECORD_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

#define ASSAY_RESERVE_BYTES (64ull * 1024 * 1024)

struct assay_reserve {
	char path[600]; /* the file that holds the room */
	uint64_t bytes; /* 0: keep none */
	bool full; /* no room: only what describes the trouble is written */
	uint64_t looked_ns;
};

/* Take the room, or find that there is none (full). */
void assay_reserve_open(struct assay_reserve *reserve, const char *dir, uint64_t bytes);

/* The disk said full: give the room back to the journal. */
void assay_reserve_release(struct assay_reserve *reserve);

/* Look at the free space, at most once a second of mono_ns. full becomes true below the reserve's size, and false
 * again once twice that size is free and the reserve could be taken again. */
void assay_reserve_look(struct assay_reserve *reserve, uint64_t mono_ns);

#endif
