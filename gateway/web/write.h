/* SPDX-License-Identifier: Apache-2.0
 * What can be written over HTTP: one table. A row names method, path, the recorder's command, and the members a body may
 * have; anything else in a body is refused. Rights are the command's (gateway/lab/rights.c). */
#ifndef ASSAY_WEB_WRITE_H
#define ASSAY_WEB_WRITE_H

#include "gateway/web/answer.h"

#include <jansson.h>

#define WEB_BODY_MAX 61440u /* bytes; the recorder takes lines of 64 KiB */
#define WEB_FIELDS_MAX 15u
#define WEB_LIST_MAX 64u /* members of a list */

#define WEB_MEMBERS_MAX 8u /* of each object of a list */

enum web_field_kind {
	WEB_FIELD_TEXT = 1,
	WEB_FIELD_NUMBER,
	WEB_FIELD_TRUTH,
	WEB_FIELD_TEXTS,
	WEB_FIELD_ROWS /* a list of objects of texts and numbers */
};

struct web_field {
	const char *name;
	enum web_field_kind kind;
	unsigned max; /* bytes of a text, the largest number, bytes of each text of a list, or rows */
};

struct web_write {
	const char *method, *path;
	const char *command;
	const char *id_field; /* what {id} of the path is for the command; NULL: there is none */
	bool open; /* without being logged in: this is how one logs in */
	struct web_field field[WEB_FIELDS_MAX]; /* ends with a NULL name */
};

extern const struct web_write web_writes[];
extern const size_t web_write_count;

/* The whole API described, OpenAPI 3.1; a new reference, NULL without memory. */
json_t *web_openapi(void);

/* The row, with id filled; NULL: none. */
const struct web_write *web_write_find(const char *method, const char *path, char *id);
/* The methods that write at this path, ", POST, DELETE" or "". */
void web_write_methods(const char *path, char *out, size_t size);
/* Put the members of a body into command. NULL: done; else what is wrong (static). text need not end with NUL. */
const struct web_problem *web_write_fields(
	const struct web_write *row, const char *id, const char *text, size_t length, json_t *command);

#endif
