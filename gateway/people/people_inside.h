/* SPDX-License-Identifier: Apache-2.0
 * Inside of gateway/people: the database and its statements. */
#ifndef ASSAY_PEOPLE_INSIDE_H
#define ASSAY_PEOPLE_INSIDE_H

#include "gateway/people/people.h"

#include <sqlite3.h>

#define PEOPLE_DIGEST_TEXT 65u

struct assay_people {
	char path[600];
	sqlite3 *db;
};

/* Run a statement that gives no row (values as in query_prepare). */
int people_run(struct assay_people *people, struct assay_error *err, const char *sql, const char *values,
	...) ASSAY_WARN_UNUSED;
/* 32 random bytes as text, and the digest that is kept instead. */
void people_secret(char text[ASSAY_SECRET_TEXT_MAX], char digest[PEOPLE_DIGEST_TEXT]);
void people_digest(const char *text, char digest[PEOPLE_DIGEST_TEXT]);

#endif
