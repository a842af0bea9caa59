/* SPDX-License-Identifier: Apache-2.0
 * Each says what is wrong (static), or NULL; request.c decides in which order they are asked. */
#ifndef ASSAY_WEB_CHECK_H
#define ASSAY_WEB_CHECK_H

#include "gateway/web/answer.h"

/* The address and the headers together. */
const struct web_problem *web_size_problem(
	const struct web_request *request, struct MHD_Connection *connection);
bool web_host_is_loopback(struct MHD_Connection *connection);
const struct web_problem *web_body_problem(struct MHD_Connection *connection, bool write);
const struct web_problem *web_origin_problem(const struct web_request *request);
/* Only these arguments (names, a space before and after each), each once. */
bool web_arguments_fit(struct MHD_Connection *connection, const char *allowed);

#endif
