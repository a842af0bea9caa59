/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/people/throttle.h"

#include <stdio.h>
#include <string.h>

#define SECOND_NS 1000000000ull

static void name(char key[80], char kind, const char *text)
{
	(void)snprintf(key, 80, "%c%.78s", kind, text);
}

static int find(const struct assay_throttle *throttle, const char *key)
{
	for (unsigned i = 0; i < ASSAY_THROTTLE_ROWS; i++)
		if (throttle->row[i].failures && strcmp(throttle->row[i].key, key) == 0)
			return (int)i;
	return -1;
}

static unsigned wait_s(
	const struct assay_throttle *throttle, const char *key, unsigned ceiling_s, uint64_t now_ns)
{
	int at = find(throttle, key);
	unsigned failures = at < 0 ? 0 : throttle->row[at].failures, wait = ceiling_s;
	uint64_t until;

	if (failures < ASSAY_THROTTLE_FREE)
		return 0;
	if (failures - ASSAY_THROTTLE_FREE < 16 && 1u << (failures - ASSAY_THROTTLE_FREE) < ceiling_s)
		wait = 1u << (failures - ASSAY_THROTTLE_FREE);
	until = throttle->row[at].last_ns + wait * SECOND_NS;
	return until > now_ns ? (unsigned)((until - now_ns + SECOND_NS - 1) / SECOND_NS) : 0;
}

unsigned assay_throttle_wait_s(
	const struct assay_throttle *throttle, const char *user, const char *address, uint64_t now_ns)
{
	char key[80];
	unsigned account, place;

	name(key, 'u', user);
	account = wait_s(throttle, key, ASSAY_THROTTLE_ACCOUNT_S, now_ns);
	name(key, 'a', address);
	place = wait_s(throttle, key, ASSAY_THROTTLE_ADDRESS_S, now_ns);
	return account > place ? account : place;
}

static void count(struct assay_throttle *throttle, const char *key, uint64_t now_ns)
{
	int at = find(throttle, key);

	if (at < 0) {
		at = 0;
		for (unsigned i = 1; i < ASSAY_THROTTLE_ROWS; i++)
			if (throttle->row[i].last_ns < throttle->row[at].last_ns)
				at = (int)i;
		memcpy(throttle->row[at].key, key, sizeof throttle->row[at].key);
		throttle->row[at].failures = 0;
	}
	/* an hour of quiet and it is forgotten */
	if (now_ns - throttle->row[at].last_ns > 3600 * SECOND_NS)
		throttle->row[at].failures = 0;
	throttle->row[at].failures++;
	throttle->row[at].last_ns = now_ns;
}

void assay_throttle_failed(
	struct assay_throttle *throttle, const char *user, const char *address, uint64_t now_ns)
{
	char key[80];

	name(key, 'u', user);
	count(throttle, key, now_ns);
	name(key, 'a', address);
	count(throttle, key, now_ns);
}

static void forget(struct assay_throttle *throttle, const char *key)
{
	int at = find(throttle, key);

	if (at >= 0)
		throttle->row[at].failures = 0;
}

void assay_throttle_succeeded(struct assay_throttle *throttle, const char *user, const char *address)
{
	char key[80];

	name(key, 'u', user);
	forget(throttle, key);
	name(key, 'a', address);
	forget(throttle, key);
}

unsigned assay_throttle_code_wait_s(const struct assay_throttle *throttle, const char *user, uint64_t now_ns)
{
	char key[80];

	name(key, 'c', user);
	return wait_s(throttle, key, ASSAY_THROTTLE_CODE_S, now_ns);
}

void assay_throttle_code_failed(struct assay_throttle *throttle, const char *user, uint64_t now_ns)
{
	char key[80];

	name(key, 'c', user);
	count(throttle, key, now_ns);
}

void assay_throttle_code_succeeded(struct assay_throttle *throttle, const char *user)
{
	char key[80];

	name(key, 'c', user);
	forget(throttle, key);
}
