/* SPDX-License-Identifier: Apache-2.0
 * Answers: status, headers and body. Each function queues exactly one response. */
#ifndef ASSAY_WEB_ANSWER_H
#define ASSAY_WEB_ANSWER_H

#include "gateway/web/asset.h"
#include "gateway/web/web.h"

#include <jansson.h>

/* What went wrong, for application/problem+json (RFC 9457); code is stable. */
struct web_problem {
	unsigned status;
	const char *code, *zh, *en;
};

/* Takes object. NULL answers 500. */
enum MHD_Result web_answer_json(struct web *web, struct MHD_Connection *connection, json_t *object);
enum MHD_Result web_answer_problem(
	struct web *web, struct MHD_Connection *connection, const struct web_problem *problem);
/* A failed query: 404 when its code says that something does not exist, else 503. */
enum MHD_Result web_answer_error(
	struct web *web, struct MHD_Connection *connection, const struct assay_error *err);
enum MHD_Result web_answer_asset(
	struct web *web, struct MHD_Connection *connection, const struct assay_asset *asset);
/* Takes text (malloc'd). */
enum MHD_Result web_answer_text(
	struct web *web, struct MHD_Connection *connection, char *text, size_t length, const char *type);
/* Takes bytes (malloc'd); shown in the browser, saved under name. */
enum MHD_Result web_answer_pdf(struct web *web, struct MHD_Connection *connection, unsigned char *bytes,
	size_t length, const char *name);
/* What the worker has made (taken; NULL: the role ends). */
enum MHD_Result web_answer_job(struct web *web, struct MHD_Connection *connection, struct web_job *job);
/* The headers that every answer carries. */
enum MHD_Result web_answer_queue(struct web *web, struct MHD_Connection *connection, unsigned status,
	struct MHD_Response *response, bool page);

/* The quality of a language (two letters) in an Accept-Language header, in thousandths; -1 when it is not named. */
int web_language_quality(const char *header, const char *language);
bool web_wants_chinese(
	struct MHD_Connection *connection); /* by Accept-Language; Chinese when it says nothing */

/* Takes object; with its ETag, for If-Match. */
enum MHD_Result web_answer_tagged(struct web *web, struct MHD_Connection *connection, json_t *object);
/* 405, with the methods there are: "GET, HEAD, POST". */
enum MHD_Result web_answer_method(struct web *web, struct MHD_Connection *connection, const char *allow);
/* The recorder's answer to a command (taken; NULL: it is away), with a cookie for a session that begins or ends. */
enum MHD_Result web_answer_command(struct web *web, struct MHD_Connection *connection, json_t *answer);

extern const struct web_problem web_problem_memory, web_problem_auth;

#endif
