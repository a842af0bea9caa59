/* SPDX-License-Identifier: Apache-2.0
 * Who calls: by the session's cookie or a token, as the recorder has said. What it said is remembered for a minute, and
 * forgotten at once when it says that somebody's rights or sessions have changed. */
#ifndef ASSAY_WEB_CALLER_H
#define ASSAY_WEB_CALLER_H

#include "gateway/lab/actor.h"
#include "gateway/lab/people.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#define WEB_SECRET_MAX 64u /* bytes of a session id or token */
#define WEB_CALLERS_MAX 256u
#define WEB_CALLER_MS 60000u
#define WEB_CSRF_MAX 65u

struct web;
struct web_request;

struct web_caller {
	char secret[WEB_SECRET_MAX]; /* "" none was brought */
	bool token; /* a machine's; else the cookie's */
	bool known; /* the recorder knows whose it is */
	struct lab_person person;
	json_t *about; /* as the recorder said it; a reference of its own, NULL when not known */
};

struct web_known {
	struct web_caller caller;
	uint64_t until_ms;
};

/* What the request brings: secret and token are filled. false: it brings it in two ways, or it cannot be one. */
bool web_caller_read(const struct web *web, struct MHD_Connection *connection, struct web_caller *caller);
/* A cookie's or a bearer token's text as the secret, whole; false: it cannot be one, and nothing is filled. */
bool web_secret_take(struct web_caller *caller, const char *text);
/* Known already? Fills the rest. */
bool web_caller_remembered(struct web *web, struct web_caller *caller);
/* The recorder's answer to session.show; remembered. */
void web_caller_learn(struct web *web, struct web_caller *caller, json_t *answer);
void web_callers_forget(struct web *web);
/* {"cmd": name, "by_session" or "by_token", "from_address": where the request came from}; a new reference. */
json_t *web_caller_command(
	const struct web_caller *caller, struct MHD_Connection *connection, const char *name);
/* For lab_allows. anonymous: what somebody unknown may do. Borrows from caller. */
struct assay_actor web_caller_actor(const struct web_caller *caller, unsigned anonymous);
/* What a page has to send back with a write: it can read this, a foreign page cannot. */
void web_caller_csrf(const char *session, char out[WEB_CSRF_MAX]);
const char *web_cookie_name(const struct web *web);

#endif
