/* SPDX-License-Identifier: Apache-2.0
 * A line's device as the supervisor keeps it. Opening can block (name look-up, a port that waits for a carrier), so a
 * process of its own does it and passes the descriptor back. The supervisor keeps a copy of a serial descriptor: a
 * host that dies loses neither the port nor the bytes in it. */
#ifndef ASSAY_LINE_PORT_H
#define ASSAY_LINE_PORT_H

#include "gateway/config.h"
#include "gateway/wire/channel.h"

#include <sys/types.h>

struct line_port {
	const struct assay_config_line *config;
	uint16_t index;
	int fd; /* opened device, -1 none */
	pid_t opener; /* 0: nobody is opening it */
	int answer; /* the opener's channel, -1 none */
	uint64_t open_at_ns; /* when to open next; UINT64_MAX: not before somebody asks */
	uint64_t opened_ns, give_up_ns;
	unsigned backoff_ms;
	struct assay_line_state trouble; /* status 0: none; what the host is to tell */
};

/* All lines start closed; nothing is opened before line_port_want. */
void line_port_init(struct line_port *port, const struct assay_config_line *config, uint16_t index);
/* A host is there for it: open now unless open or being opened. */
void line_port_want(struct line_port *port, uint64_t now_ns);
/* The host says the device hung up: close, open again after 1 to 60 s. */
void line_port_reopen(struct line_port *port, uint64_t now_ns);
/* The host has died. A connection is dropped, since answers may still be under way in it; a port stays. */
void line_port_host_died(struct line_port *port, uint64_t now_ns);

/* Start what is due, end what takes too long. True: trouble has changed. */
bool line_port_tick(struct line_port *port, uint64_t now_ns);
/* answer is readable. True: fd or trouble has changed. */
bool line_port_answered(struct line_port *port, uint64_t now_ns);
uint64_t line_port_next_ns(const struct line_port *port);
void line_port_close(struct line_port *port); /* and end the opener */

#endif
