/* SPDX-License-Identifier: Apache-2.0
 * A JSON document read into a struct by a table of its fields: every field there, no other, each within its limits. */
#ifndef ASSAY_REPORT_DOCUMENT_H
#define ASSAY_REPORT_DOCUMENT_H

#include "limits/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum field_type {
	FIELD_TEXT = 1, /* const char *; most: characters */
	FIELD_ID, /* const char *, not empty, printable ASCII; most: characters */
	FIELD_WORD, /* const char *, one of words */
	FIELD_DATE, /* const char *, YYYY-MM-DD */
	FIELD_DATE_OR_NONE, /* the same or "" */
	FIELD_TIME, /* const char *, RFC 3339 with offset */
	FIELD_HASH, /* const char *, 64 hexadecimal digits */
	FIELD_NUMBER, /* long long, 0 to most */
	FIELD_HUNDREDTHS, /* long long, hundredths of the unit, from "63.5"; 0 to most */
	FIELD_OBJECT, /* the struct itself, by shape */
	FIELD_OBJECT_OR_NULL, /* pointer to the struct, NULL for null */
	FIELD_LIST, /* struct list of structs, by shape; at most most */
	FIELD_TEXTS /* struct list of const char *, printable ASCII each, 64 characters; at most most */
};

struct shape;
struct field {
	const char *name;
	enum field_type type;
	size_t offset; /* in the struct */
	long long most;
	const struct shape *shape;
	const char *const *words; /* ends with NULL */
};
struct shape {
	size_t size; /* of the struct */
	const struct field *fields; /* ends with a row whose name is NULL */
};

struct list {
	void *items;
	size_t count;
};

/* What a reading has allocated. Texts belong to the JSON, which must outlive it. */
struct document {
	struct document_block *blocks;
};

/* Parse at most length bytes of JSON: no duplicate names, valid UTF-8, depth limited. *out is owned by the caller. */
int document_parse(const char *bytes, size_t length, json_t **out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Fill *out (zeroed by this function). On failure nothing of it may be used; release in either case. */
int document_read(struct document *document, json_t *root, const struct shape *shape, void *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
void document_release(struct document *document);

/* The document contradicts itself: ASSAY_EREFUSED, code "report-contradiction". where: a field or
 * number, the same in both languages. */
int document_contradiction(struct assay_error *err, const char *where, const char *zh, const char *en);

#endif
