/* SPDX-License-Identifier: Apache-2.0
 * Wrong passwords cost time: after five, each further one doubles the wait, up to a ceiling - a quarter of an hour for
 * an address, half a minute for an account, so that nobody can lock another person out for good. Wrong codes of a second
 * factor are counted by themselves and wait up to a quarter of an hour: who tries them knows the password already, and six
 * digits would be guessed in time. In memory: a new recorder begins anew. */
#ifndef ASSAY_PEOPLE_THROTTLE_H
#define ASSAY_PEOPLE_THROTTLE_H

#include <stdint.h>

#define ASSAY_THROTTLE_FREE 5u
#define ASSAY_THROTTLE_ADDRESS_S 900u
#define ASSAY_THROTTLE_ACCOUNT_S 30u
#define ASSAY_THROTTLE_CODE_S 900u
#define ASSAY_THROTTLE_ROWS 512u /* the one that was quiet longest makes room */

struct assay_throttle {
	struct {
		char key[80];
		unsigned failures;
		uint64_t last_ns;
	} row[ASSAY_THROTTLE_ROWS];
};

/* Seconds until this account may be tried from this address again, 0: now. Monotonic time. */
unsigned assay_throttle_wait_s(
	const struct assay_throttle *throttle, const char *user, const char *address, uint64_t now_ns);
void assay_throttle_failed(
	struct assay_throttle *throttle, const char *user, const char *address, uint64_t now_ns);
void assay_throttle_succeeded(struct assay_throttle *throttle, const char *user, const char *address);
/* The same of codes, by user alone. */
unsigned assay_throttle_code_wait_s(const struct assay_throttle *throttle, const char *user, uint64_t now_ns);
void assay_throttle_code_failed(struct assay_throttle *throttle, const char *user, uint64_t now_ns);
void assay_throttle_code_succeeded(struct assay_throttle *throttle, const char *user);

#endif
