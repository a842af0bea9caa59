/* SPDX-License-Identifier: Apache-2.0
 * What the supervisor and a station say to each other: one SOCK_SEQPACKET packet each, with up to STATION_DESCRIPTORS
 * descriptors. Same machine; the same binary, or it is refused. */
#ifndef ASSAY_STATION_ORDER_H
#define ASSAY_STATION_ORDER_H

#include "gateway/config.h"
#include "gateway/role_process.h"

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#define STATION_MAGIC 0x41535441u
#define STATION_DESCRIPTORS 6u

enum station_word {
	STATION_START = 1, /* supervisor: start this role */
	STATION_KILL = 2, /* supervisor: end pid, at once */
	STATION_CONFIG =
		3, /* supervisor: what the roles from now on are told; the image's descriptor with it */
	STATION_STARTED = 4, /* station: pid, or number: errno */
	STATION_ENDED = 5 /* station: pid, number: as waitpid tells it */
};

/* Places in which descriptors travel; those that are not there are left out (bit i of given is 0). */
enum {
	STATION_CONTROL = 0,
	STATION_LISTENER,
	STATION_RECORDER,
	STATION_KEPT,
	STATION_COUNTS,
	STATION_SECRET
};

struct station_order {
	uint32_t magic, word; /* enum station_word */
	char version[32]; /* of the binary that speaks */
	int32_t pid, number;
	uint32_t kind; /* enum role_kind */
	uint32_t generation, given, line_count;
	uint16_t lines[ROLE_LINES_MAX];
	uint64_t length; /* CONFIG: of the image */
	uint32_t demonstration;
	struct assay_places places;
	char dir[1024];
};

/* Fills magic, version and given. descriptor[i] is -1 for none; the caller keeps them. 0, or -1 with errno. */
int station_say(int fd, struct station_order *order, const int descriptor[STATION_DESCRIPTORS]);
/* 1 got one; descriptor[] is yours, -1 where none came. 0 nothing there; -1 the other side is gone, or speaks another
 * language. */
int station_hear(int fd, struct station_order *order, int descriptor[STATION_DESCRIPTORS]);

#endif
