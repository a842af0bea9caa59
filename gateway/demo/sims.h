/* SPDX-License-Identifier: Apache-2.0
 * The demonstration's instruments: processes of their own that speak real bytes on pseudo-terminals and sockets.
 * Each obeys text messages on a SOCK_SEQPACKET control socket and ends when that is closed. */
#ifndef ASSAY_DEMO_SIMS_H
#define ASSAY_DEMO_SIMS_H

#include "limits/error.h"

#include <stdint.h>
#include <sys/types.h>

#define ASSAY_SIM_MESSAGE_MAX 64u

struct assay_sim {
	pid_t pid;
	int control; /* our end */
	uint16_t tcp_port;
};

/* Balance, MT-SICS: "mass N" (0.1 mg), "print", "unit TEXT". link becomes a symlink to its port. settle_ms: how long
 * a new mass moves before it is stable. */
int assay_sim_balance(const char *link, const char *serial, unsigned settle_ms, struct assay_sim *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* Drying oven, Modbus RTU unit 1: "temperature N" (0.1 degC), reached at once; wanders by 0.4 degC. */
int assay_sim_oven(const char *link, struct assay_sim *out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Room transmitter, Modbus TCP unit 1 on 127.0.0.1; port 0: any. */
int assay_sim_room(uint16_t port, struct assay_sim *out, struct assay_error *err) ASSAY_WARN_UNUSED;

int assay_sim_tell(const struct assay_sim *sim, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void assay_sim_end(struct assay_sim *sim);

/* For the simulators: a raw pseudo-terminal with a symlink; the slave stays open, so the port never hangs up. */
int assay_sim_terminal(const char *link, int *master_out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Fork; in the child run(argument, control) and exit. */
int assay_sim_fork(struct assay_sim *out, void (*run)(void *argument, int control), void *argument,
	const char *name, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
