/* SPDX-License-Identifier: Apache-2.0
 * Where a simulated instrument is plugged in: a pseudo-terminal or a TCP socket, and the bytes on their way out, each
 * with its time. */
#ifndef ASSAY_SIM_OUTLET_H
#define ASSAY_SIM_OUTLET_H

#include "limits/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_QUEUE_MAX 65536u /* bytes waiting; what does not fit is lost, as in a device */

struct sim_byte {
	uint64_t due_ns;
	uint8_t byte;
	bool hangup; /* no byte: here the device goes away */
};

struct sim_outlet {
	int fd; /* terminal or connection; -1: nobody connected, or gone */
	int slave; /* of the terminal, kept open so that the port does not hang up when its user closes it */
	int listener; /* -1: a terminal */
	const char *link; /* stable name of the terminal, "" none */
	char name[128]; /* what a user opens: the terminal, or ADDR:PORT */
	uint64_t char_ns; /* time of a character on the wire, 0: none */
	uint64_t back_ns; /* gone until then, 0: there */
	struct sim_byte *queue;
	size_t head, count;
	uint64_t last_ns; /* when the last byte queued will have left */
};

/* link: "" none; listen: "ADDR:PORT", NULL for a pseudo-terminal. ASSAY_EIO, ASSAY_EUSAGE. */
int sim_outlet_open(struct sim_outlet *outlet, const char *link, const char *listen,
	struct assay_error *err) ASSAY_WARN_UNUSED;
void sim_outlet_close(struct sim_outlet *outlet);

/* Queue bytes for at_ns or, when others are still on their way, behind them. */
void sim_outlet_put(struct sim_outlet *outlet, uint64_t at_ns, const uint8_t *bytes, size_t length);
void sim_outlet_put_hangup(struct sim_outlet *outlet, uint64_t at_ns);
/* Send what is due. 1: the device went away just now; 0: nothing to say; negative: the other side hung up. */
int sim_outlet_send(struct sim_outlet *outlet, uint64_t now_ns);
uint64_t sim_outlet_next_ns(const struct sim_outlet *outlet); /* UINT64_MAX: nothing is due */

/* Go away; nothing queued is sent any more. */
void sim_outlet_leave(struct sim_outlet *outlet, uint64_t back_ns);
/* Be there again, a terminal under another number. */
int sim_outlet_return(struct sim_outlet *outlet, struct assay_error *err) ASSAY_WARN_UNUSED;
void sim_outlet_accept(struct sim_outlet *outlet);
/* The other side of a connection is gone. */
void sim_outlet_drop(struct sim_outlet *outlet);

#endif
