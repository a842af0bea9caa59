/* SPDX-License-Identifier: Apache-2.0
 * Open and configure what a line is made of. Called by the supervisor only; hosts get the descriptor. */
#ifndef ASSAY_WIRE_DEVICE_H
#define ASSAY_WIRE_DEVICE_H

#include "gateway/config.h"

/* Serial: through libserialport, or plain termios where that refuses (pseudo-terminals, virtual ports);
 * exclusive (ASSAY_ETAKEN "port-taken"), symlinks resolved, descriptor non-blocking and close-on-exec.
 * Modbus RTU: opened by libmodbus. TCP: connect started, non-blocking; the host sees it complete or fail.
 * ASSAY_ENOTFOUND "port-missing" when there is no such port. The caller owns *fd_out. */
int assay_device_open(
	const struct assay_config_line *line, int *fd_out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
