/* SPDX-License-Identifier: Apache-2.0
 * Passwords: what one may be, and the slow hash. Hashing takes a quarter of a second on purpose, so it runs on threads
 * of its own (two at most) and the recorder goes on recording. */
#ifndef ASSAY_PEOPLE_PASSWORD_H
#define ASSAY_PEOPLE_PASSWORD_H

#include "gateway/people/people.h"

#define ASSAY_PASSWORD_MIN 8u /* characters */
#define ASSAY_PASSWORD_MAX 128u /* characters */
#define ASSAY_PASSWORD_BYTES_MAX 512u /* of 128 characters in UTF-8 */
/* argon2id: 64 MiB, 3 passes, 1 lane */
#define ASSAY_PASSWORD_MEMORY (64u * 1024u * 1024u)
#define ASSAY_PASSWORD_PASSES 3u
#define ASSAY_PASSWORD_THREADS 2u
#define ASSAY_PASSWORD_WAITING_MAX 32u

/* ASSAY_EREFUSED "password-short", "password-long", "password-common" (the user's own id or a well-known word with little more,
 * or only repeats and runs along the keyboard, or one of the 4,000 most used of eight characters and more). */
int assay_password_allowed(const char *user, const char *password, struct assay_error *err) ASSAY_WARN_UNUSED;

struct assay_password_work;

/* done_fd: readable when assay_password_work_done has something. */
int assay_password_work_open(
	struct assay_password_work **out, int *done_fd, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Waits for what is being hashed. NULL allowed. */
void assay_password_work_close(struct assay_password_work *work);

/* Does password belong to hash? hash "": there is no such user; it takes the same time and is wrong. context comes back
 * with the answer. ASSAY_EFULL "too-busy". */
int assay_password_check(struct assay_password_work *work, const char *password, const char *hash,
	void *context, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Make a hash. */
int assay_password_hash(struct assay_password_work *work, const char *password, void *context,
	struct assay_error *err) ASSAY_WARN_UNUSED;

struct assay_password_result {
	void *context;
	bool right; /* of a check; of a hash: it could be made */
	char hash[ASSAY_PASSWORD_HASH_MAX]; /* of a hash */
};
/* One finished piece of work; false: none now. */
bool assay_password_work_done(struct assay_password_work *work, struct assay_password_result *out);

#endif
