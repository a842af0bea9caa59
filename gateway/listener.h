/* SPDX-License-Identifier: Apache-2.0
 * Listening sockets, opened by the supervisor and handed to the role that answers on them. */
#ifndef ASSAY_LISTENER_H
#define ASSAY_LISTENER_H

#include "limits/error.h"

#include <stdbool.h>

#define ASSAY_URL_MAX 96u

/* DIR/run/assay.sock, mode 0600; what an earlier gateway left there is removed (the caller owns the directory). */
int assay_listener_unix(
	const char *dir, const char *name, int *fd_out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* ADDR:PORT, numeric ("127.0.0.1:8480", "[::1]:0") or localhost; port 0 takes a free one. ASSAY_ETAKEN "address-taken". */
int assay_listener_http(const char *address, int *fd_out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Where it is bound, as an address for a browser. */
void assay_listener_url(int fd, bool tls, char url[ASSAY_URL_MAX]);
/* Is that an address that only this machine reaches? */
bool assay_listener_is_loopback(int fd);

#endif
