/* SPDX-License-Identifier: Apache-2.0
 * The web role's way to the recorder: numbered commands, a line each, on the pair that the supervisor made. Never waits:
 * whoever asked is suspended until his answer is there. */
#ifndef ASSAY_WEB_RECORDER_LINK_H
#define ASSAY_WEB_RECORDER_LINK_H

#include <jansson.h>
#include <stdbool.h>

#define WEB_LINK_ASKED_MAX 256u
#define WEB_LINK_ANSWER_MAX (16u * 1024u * 1024u) /* bytes of one line */

struct web;
struct web_request;

/* Takes fd, a new pair; what was asked on the one before is answered with nothing. */
void web_link_open(struct web *web, int fd);
/* Takes command. false: it cannot be asked now (the recorder is being started again, or too much is asked). The answer
 * comes by web_request_told. */
bool web_link_ask(struct web *web, struct web_request *request, json_t *command);
void web_link_forget(struct web *web, const struct web_request *request);
/* The descriptor can be read or written, as web_link_events said. */
void web_link_ready(struct web *web);
short web_link_events(const struct web *web);
/* Nobody is answered any more; all who wait are told so. */
void web_link_close(struct web *web);

#endif
