/* SPDX-License-Identifier: Apache-2.0
 * The second factor: six digits that change every 30 s, TOTP by RFC 6238 with HMAC-SHA-1, as every authenticator reckons them.
 * Secrets stand in keys/people.db and nowhere else; that somebody has one is a fact and stands in the journal. */
#ifndef ASSAY_PEOPLE_SECOND_FACTOR_H
#define ASSAY_PEOPLE_SECOND_FACTOR_H

#include "gateway/people/people.h"

#define ASSAY_TOTP_KEY_BYTES 20u /* as long as the hash, RFC 4226 section 4 */
#define ASSAY_TOTP_SECRET_MAX 33u /* the key in base32, with NUL */
#define ASSAY_TOTP_STEP_S 30
#define ASSAY_TOTP_DIGITS 6u

/* The code of a step, its digits (6 to 8) with NUL in out. false: HMAC could not be computed. */
bool assay_totp(const uint8_t *key, size_t length, uint64_t step, unsigned digits, char out[9]);

/* A new secret for user, which counts for nothing yet; the one he may have goes on counting. */
int assay_second_factor_begin(struct assay_people *people, const char *user,
	char secret_out[ASSAY_TOTP_SECRET_MAX], struct assay_error *err) ASSAY_WARN_UNUSED;
/* His device shows the new secret's code: from now on it counts, and the old one no more. ASSAY_EREFUSED
 * "second-factor-refused". */
int assay_second_factor_confirm(struct assay_people *people, const char *user, const char *code,
	int64_t now_ns, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Is it the code of now, or of the step before or after? Each code counts once, and none that is older than the last.
 * ASSAY_EREFUSED "second-factor-refused". */
int assay_second_factor_check(struct assay_people *people, const char *user, const char *code, int64_t now_ns,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_second_factor_drop(
	struct assay_people *people, const char *user, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
