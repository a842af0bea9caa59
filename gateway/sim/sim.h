/* SPDX-License-Identifier: Apache-2.0
 * A scripted instrument at work. */
#ifndef ASSAY_SIM_SIM_H
#define ASSAY_SIM_SIM_H

#include "gateway/sim/outlet.h"
#include "gateway/sim/script.h"

#define SIM_HELD_MAX 1024u /* bytes of a request that is not complete */

struct sim_options {
	const char *link; /* "" none */
	const char *listen; /* NULL: a pseudo-terminal */
	bool rtu; /* Modbus over a socket: RTU frames instead of MBAP */
	bool json;
	bool chaos;
	uint64_t seed;
	unsigned percent; /* of the answers that go wrong under chaos */
	uint32_t chaos_faults; /* bit (1 << enum sim_fault) */
	unsigned baud; /* 0: the script's */
};

struct sim {
	struct sim_script *script;
	const struct sim_options *options;
	struct sim_outlet outlet;
	bool mbap; /* Modbus over a socket */
	bool swapped, mute;
	uint64_t random;
	unsigned answers; /* given so far */
	unsigned faults[SIM_FAULTS]; /* made so far */
	enum sim_fault ordered; /* for the next answer, by the person at the keyboard */
	uint8_t held[SIM_HELD_MAX];
	size_t held_length;
	uint64_t held_ns; /* when the last of it came */
	uint64_t say_ns[50];
};

uint64_t sim_now_ns(void);
uint32_t sim_random(struct sim *sim, uint32_t below);

/* Prints where it is plugged in, then serves until SIGINT or SIGTERM. */
int sim_run(struct sim_script *script, const struct sim_options *options,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* answer.c: bytes from the host have been added to held. */
void sim_answer_held(struct sim *sim, uint64_t now_ns);
/* RTU: a request that stands still is no request. */
void sim_forget_piece(struct sim *sim, uint64_t now_ns);

/* fault.c: send this answer at at_ns, with whatever goes wrong. frame: as it stands on the wire; request: likewise. */
void sim_send(struct sim *sim, uint64_t at_ns, const uint8_t *request, size_t request_length, uint8_t *frame,
	size_t length);
/* Bytes of a script as they leave: {count} filled in, the serial number of the device that is there now. Returns the
 * length; out holds size bytes. */
size_t sim_fill_in(const struct sim *sim, const struct sim_bytes *from, uint8_t *out, size_t size);

#endif
