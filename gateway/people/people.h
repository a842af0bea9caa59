/* SPDX-License-Identifier: Apache-2.0
 * keys/people.db: what must be secret about people and so is not in the journal - hashes of passwords, secrets of second
 * factors (second_factor.h), sessions, tokens, the first administrator's code, and answers already given to a repeated request. Who somebody is and what he may do is
 * a fact and stands in the journal. One thread, the recorder's; nobody else opens this file.
 * Ids and tokens are 256 random bits as base64url; only their SHA-256 is kept. */
#ifndef ASSAY_PEOPLE_PEOPLE_H
#define ASSAY_PEOPLE_PEOPLE_H

#include "limits/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSAY_USER_MAX 32u /* bytes of a user's id, with NUL */
#define ASSAY_SECRET_TEXT_MAX 44u /* 32 bytes as base64url, with NUL */
#define ASSAY_PASSWORD_HASH_MAX 128u
#define ASSAY_SESSION_IDLE_NS (15ll * 60 * 1000000000)
#define ASSAY_SESSION_WHOLE_NS (8ll * 3600 * 1000000000)
#define ASSAY_FIRST_CODE_NS (24ll * 3600 * 1000000000)
#define ASSAY_FIRST_CODE_MAX 20u /* "XXXX-XXXX-XXXX-XXXX" with NUL */
#define ASSAY_ANSWERED_NS (24ll * 3600 * 1000000000)

struct assay_people;

int assay_people_open(const char *dir, struct assay_people **out, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_people_close(struct assay_people *people); /* NULL allowed */

/* ASSAY_ENOTFOUND "user-unknown" when there is none. */
int assay_people_password(struct assay_people *people, const char *user, char out[ASSAY_PASSWORD_HASH_MAX],
	struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_people_set_password(struct assay_people *people, const char *user, const char *hash,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* A new session, never the continuation of an old one. */
int assay_session_begin(struct assay_people *people, const char *user, int64_t now_ns,
	char id_out[ASSAY_SECRET_TEXT_MAX], struct assay_error *err) ASSAY_WARN_UNUSED;
/* Whose it is, and that it is used now (used false: only looked at, as a page does by itself that shows what changes). ASSAY_ENOTFOUND "login-required": none, idle too long, or too old. */
int assay_session_use(struct assay_people *people, const char *id, int64_t now_ns, bool used,
	char user_out[ASSAY_USER_MAX], struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_session_end(struct assay_people *people, const char *id, struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_session_end_all(
	struct assay_people *people, const char *user, struct assay_error *err) ASSAY_WARN_UNUSED;

/* secret_out is shown once. id: of the journal's entry about it. */
int assay_token_make(struct assay_people *people, const char *id, char secret_out[ASSAY_SECRET_TEXT_MAX],
	struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_token_find(struct assay_people *people, const char *secret, char id_out[ASSAY_USER_MAX],
	struct assay_error *err) ASSAY_WARN_UNUSED; /* ASSAY_ENOTFOUND "login-required" */
int assay_token_drop(struct assay_people *people, const char *id, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The code with which the first administrator is made; it replaces an earlier one. */
int assay_first_code_make(struct assay_people *people, int64_t now_ns, char code_out[ASSAY_FIRST_CODE_MAX],
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* Is it the code, and still good? Letters of either case, with or without dashes. ASSAY_EREFUSED "code-wrong". */
int assay_first_code_check(struct assay_people *people, const char *code, int64_t now_ns,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_first_code_drop(struct assay_people *people, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The answer (JSON text, malloc'd, the caller's) that this user got for this key; NULL in *out when none. ASSAY_EREFUSED
 * "key-reused" when the key came with another request. */
int assay_answered_find(struct assay_people *people, const char *user, const char *key, const char *request,
	int64_t now_ns, char **out, struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_answered_keep(struct assay_people *people, const char *user, const char *key, const char *request,
	const char *answer, int64_t now_ns, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
