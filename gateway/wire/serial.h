/* SPDX-License-Identifier: Apache-2.0
 * Opening serial ports; part of device.c. */
#ifndef ASSAY_WIRE_SERIAL_H
#define ASSAY_WIRE_SERIAL_H

#include "gateway/config.h"

int assay_serial_open(
	const struct assay_config_line *line, int *fd_out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Symlinks (stable names) to the device they mean now. ASSAY_ENOTFOUND "port-missing". */
int assay_serial_resolve(const char *port, char *out, size_t size, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Exclusive use. ASSAY_ETAKEN "port-taken". */
int assay_serial_claim(int fd, const char *port, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
