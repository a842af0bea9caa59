/* SPDX-License-Identifier: Apache-2.0
 * Secrets about people: passwords, sessions with a moved clock, tokens, the first code, throttling, repeated requests.
 * Expected values: the security checklist (S11 to S17: 256 bits, 15 min idle, 8 h in all, argon2id 64 MiB / 3 / 1, 8 to 128
 * characters, doubling after five). */
#include "gateway/people/password.h"
#include "gateway/people/people.h"
#include "gateway/people/second_factor.h"
#include "gateway/people/throttle.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MINUTE 60000000000ll
#define T0 1780000000000000000ll

static char dir[] = "/tmp/assay-people-XXXXXX";
static struct assay_people *people;

static int setup(void **state)
{
	char path[64];
	struct assay_error err;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof path, "%s/keys", dir);
	return mkdir(path, 0700) == 0 ? assay_people_open(dir, &people, &err) : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = {"/keys/people.db", "/keys/people.db-journal"};
	char path[64];

	(void)state;
	assay_people_close(people);
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof path, "%s%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof path, "%s/keys", dir);
	(void)rmdir(path);
	return rmdir(dir);
}

static void file_is_ours_alone(void **state)
{
	char path[64];
	struct stat about;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/keys/people.db", dir);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0600);
}

static void sessions_end(void **state)
{
	char id[ASSAY_SECRET_TEXT_MAX], other[ASSAY_SECRET_TEXT_MAX], user[ASSAY_USER_MAX];
	struct assay_error err;
	int64_t at = T0;

	(void)state;
	assert_int_equal(assay_session_begin(people, "li", T0, id, &err), ASSAY_OK);
	assert_int_equal(assay_session_begin(people, "li", T0, other, &err), ASSAY_OK);
	assert_int_equal(strlen(id), 43); /* 32 bytes as base64url without padding */
	assert_string_not_equal(id, other);
	/* used every 14 minutes it lives 8 hours, and not a minute longer */
	while (at + 14 * MINUTE < T0 + 480 * MINUTE) {
		at += 14 * MINUTE;
		assert_int_equal(assay_session_use(people, id, at, true, user, &err), ASSAY_OK);
		assert_string_equal(user, "li");
	}
	assert_int_equal(assay_session_use(people, id, T0 + 480 * MINUTE, true, user, &err), ASSAY_ENOTFOUND);
	assert_string_equal(err.code, "login-required");
	/* the other one was idle */
	assert_int_equal(
		assay_session_use(people, other, T0 + 15 * MINUTE, true, user, &err), ASSAY_ENOTFOUND);
	/* a page that only watches does not keep it alive */
	assert_int_equal(assay_session_begin(people, "li", at, id, &err), ASSAY_OK);
	assert_int_equal(assay_session_use(people, id, at + 14 * MINUTE, false, user, &err), ASSAY_OK);
	assert_int_equal(assay_session_use(people, id, at + 15 * MINUTE, false, user, &err), ASSAY_ENOTFOUND);
	/* one is ended by itself, all of a user together */
	assert_int_equal(assay_session_begin(people, "li", at, id, &err), ASSAY_OK);
	assert_int_equal(assay_session_begin(people, "li", at, other, &err), ASSAY_OK);
	assert_int_equal(assay_session_end(people, id, &err), ASSAY_OK);
	assert_int_equal(assay_session_use(people, id, at, true, user, &err), ASSAY_ENOTFOUND);
	assert_int_equal(assay_session_use(people, other, at, true, user, &err), ASSAY_OK);
	assert_int_equal(assay_session_end_all(people, "li", &err), ASSAY_OK);
	assert_int_equal(assay_session_use(people, other, at, true, user, &err), ASSAY_ENOTFOUND);
	assert_int_equal(assay_session_use(people, "' OR 1=1 --", at, true, user, &err), ASSAY_ENOTFOUND);
}

static void tokens_are_found_and_dropped(void **state)
{
	char secret[ASSAY_SECRET_TEXT_MAX], id[ASSAY_USER_MAX];
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_token_make(people, "t1", secret, &err), ASSAY_OK);
	assert_int_equal(assay_token_find(people, secret, id, &err), ASSAY_OK);
	assert_string_equal(id, "t1");
	secret[0] = (char)(secret[0] == 'A' ? 'B' : 'A');
	assert_int_equal(assay_token_find(people, secret, id, &err), ASSAY_ENOTFOUND);
	secret[0] = '\0';
	assert_int_equal(assay_token_find(people, secret, id, &err), ASSAY_ENOTFOUND);
	assert_int_equal(assay_token_drop(people, "t1", &err), ASSAY_OK);
}

static void the_first_code_expires(void **state)
{
	char code[ASSAY_FIRST_CODE_MAX], newer[ASSAY_FIRST_CODE_MAX], plain[ASSAY_FIRST_CODE_MAX + 8];
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_first_code_make(people, T0, code, &err), ASSAY_OK);
	assert_int_equal(strlen(code), 19);
	assert_int_equal(assay_first_code_check(people, code, T0, &err), ASSAY_OK);
	(void)snprintf(plain, sizeof plain, " %.4s%.4s %.4s%.4s", code, code + 5, code + 10, code + 15);
	assert_int_equal(assay_first_code_check(people, plain, T0, &err), ASSAY_OK);
	assert_int_equal(assay_first_code_check(people, code, T0 + 24 * 60 * MINUTE, &err), ASSAY_EREFUSED);
	assert_int_equal(assay_first_code_check(people, "", T0, &err), ASSAY_EREFUSED);
	assert_int_equal(assay_first_code_check(people, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", T0, &err),
		ASSAY_EREFUSED);
	assert_int_equal(assay_first_code_make(people, T0, newer, &err), ASSAY_OK);
	assert_int_equal(assay_first_code_check(people, code, T0, &err), ASSAY_EREFUSED);
	assert_int_equal(assay_first_code_drop(people, &err), ASSAY_OK);
	assert_int_equal(assay_first_code_check(people, newer, T0, &err), ASSAY_EREFUSED);
}

static void the_same_key_gets_the_same_answer(void **state)
{
	struct assay_error err;
	char *found = NULL;

	(void)state;
	assert_int_equal(assay_answered_find(people, "li", "k", "{1}", T0, &found, &err), ASSAY_OK);
	assert_null(found);
	assert_int_equal(assay_answered_keep(people, "li", "k", "{1}", "{\"a\":1}", T0, &err), ASSAY_OK);
	assert_int_equal(assay_answered_find(people, "li", "k", "{1}", T0, &found, &err), ASSAY_OK);
	assert_string_equal(found, "{\"a\":1}");
	free(found);
	assert_int_equal(assay_answered_find(people, "li", "k", "{2}", T0, &found, &err), ASSAY_EREFUSED);
	assert_string_equal(err.code, "key-reused");
	assert_int_equal(assay_answered_find(people, "wang", "k", "{2}", T0, &found, &err), ASSAY_OK);
	assert_null(found);
	assert_int_equal(
		assay_answered_find(people, "li", "k", "{1}", T0 + 24 * 60 * MINUTE, &found, &err), ASSAY_OK);
	assert_null(found);
}

static void which_passwords_are_taken(void **state)
{
	static const struct {
		const char *password, *code;
	} cases[] = {
		{"", "password-short"},
		{"1234567", "password-short"},
		{"七个汉字的密码", "password-short"},
		{"八个汉字也是密码", ""},
		{"correct horse battery", ""},
		{"tr0ub4dor&3", ""},
		{"  spaces  too ", ""},
		{"12345678", "password-common"},
		{"87654321", "password-common"},
		{"aaaaaaaaaaaa", "password-common"},
		{"QWERTYUIOP", "password-common"},
		{"abcdefgh", "password-common"},
		{"password1", "password-common"},
		{"Password123", "password-common"},
		{"admin2026", "password-common"},
		{"liming", "password-short"},
		{"liming26", "password-common"},
		{"asdfghjkl", "password-common"},
		{"11112222", "password-common"},

		{"trustno1", "password-common"},
		{"1qaz2wsx", "password-common"},
		{"Superman", "password-common"},
		{"jordan23", "password-common"},
	};
	char longest[131];
	struct assay_error err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		err.code[0] = '\0';
		assert_int_equal(assay_password_allowed("liming", cases[i].password, &err),
			*cases[i].code ? ASSAY_EREFUSED : ASSAY_OK);
		assert_string_equal(err.code, cases[i].code);
	}
	for (size_t i = 0; i < 130; i++)
		longest[i] = (char)('!' + i * 7 % 90);
	longest[128] = '\0';
	assert_int_equal(assay_password_allowed("liming", longest, &err), ASSAY_OK);
	longest[128] = 'x';
	longest[129] = '\0';
	assert_int_equal(assay_password_allowed("liming", longest, &err), ASSAY_EREFUSED);
	assert_string_equal(err.code, "password-long");
}

static void await(struct assay_password_work *work, int fd, struct assay_password_result *out)
{
	struct pollfd polled = {fd, POLLIN, 0};

	assert_int_equal(poll(&polled, 1, 60000), 1);
	assert_true(assay_password_work_done(work, out));
}

static void hashes_are_argon2id(void **state)
{
	struct assay_password_work *work = NULL;
	struct assay_password_result result;
	struct assay_error err;
	char hash[ASSAY_PASSWORD_HASH_MAX];
	int fd = -1, here = 0;

	(void)state;
	assert_int_equal(assay_password_work_open(&work, &fd, &err), ASSAY_OK);
	assert_false(assay_password_work_done(work, &result));
	assert_int_equal(assay_password_hash(work, "correct horse", &here, &err), ASSAY_OK);
	await(work, fd, &result);
	assert_true(result.right);
	assert_ptr_equal(result.context, &here);
	assert_memory_equal(result.hash, "$argon2id$v=19$m=65536,t=3,p=1$", 31);
	(void)snprintf(hash, sizeof hash, "%s", result.hash);
	assert_int_equal(assay_password_check(work, "correct horse", hash, &here, &err), ASSAY_OK);
	await(work, fd, &result);
	assert_true(result.right);
	assert_string_equal(result.hash, "");
	assert_int_equal(assay_password_check(work, "correct horsf", hash, &here, &err), ASSAY_OK);
	await(work, fd, &result);
	assert_false(result.right);
	/* nobody's: never right */
	assert_int_equal(assay_password_check(work, "correct horse", "", &here, &err), ASSAY_OK);
	await(work, fd, &result);
	assert_false(result.right);
	/* two at once, the rest waits, and there is an end to that */
	for (unsigned i = 0; i < ASSAY_PASSWORD_THREADS + ASSAY_PASSWORD_WAITING_MAX; i++)
		assert_int_equal(assay_password_check(work, "x", "", &here, &err), ASSAY_OK);
	assert_int_equal(assay_password_check(work, "x", "", &here, &err), ASSAY_EFULL);
	assert_string_equal(err.code, "too-busy");
	assay_password_work_close(work); /* what waits is dropped */
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Milliseconds of processor time that one look at a password takes. */
static double cost_ms(struct assay_password_work *work, int fd, const char *hash)
{
	struct assay_password_result result;
	struct assay_error err;
	struct timespec from, to;
	int here = 0;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	assert_int_equal(assay_password_check(work, "surely wrong", hash, &here, &err), ASSAY_OK);
	await(work, fd, &result);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_false(result.right);
	return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

/* S15: who is nobody costs what somebody costs: medians less than 5 ms apart, of 1,000 tries each with ASSAY_FULL. */
static void nobody_costs_the_same(void **state)
{
	static double there[1000], nobody[1000];
	size_t tries = getenv("ASSAY_FULL") ? 1000 : 7;
	struct assay_password_work *work = NULL;
	struct assay_password_result result;
	struct assay_error err;
	char hash[ASSAY_PASSWORD_HASH_MAX];
	int fd = -1, here = 0;
	double gap, most_ms = tries < 1000 ? 15 : 5;

	(void)state;
#ifdef ASSAY_INSTRUMENTED
	most_ms = 1000; /* instrumented code has costs of its own */
#endif
	assert_int_equal(assay_password_work_open(&work, &fd, &err), ASSAY_OK);
	assert_int_equal(assay_password_hash(work, "correct horse", &here, &err), ASSAY_OK);
	await(work, fd, &result);
	(void)snprintf(hash, sizeof hash, "%s", result.hash);
	for (size_t i = 0; i < tries; i++) {
		there[i] = cost_ms(work, fd, hash);
		nobody[i] = cost_ms(work, fd, "");
	}
	qsort(there, tries, sizeof *there, by_size);
	qsort(nobody, tries, sizeof *nobody, by_size);
	gap = there[tries / 2] - nobody[tries / 2];
	(void)printf(
		"S15: %zu tries, medians %.2f ms and %.2f ms\n", tries, there[tries / 2], nobody[tries / 2]);
	assert_true(gap < most_ms && gap > -most_ms);
	assay_password_work_close(work);
}

/* Nothing of 128 characters is cut off: the last one counts. */
static void nothing_is_cut_off(void **state)
{
	struct assay_password_work *work = NULL;
	struct assay_password_result result;
	struct assay_error err;
	char longest[129], hash[ASSAY_PASSWORD_HASH_MAX];
	int fd = -1, here = 0;

	(void)state;
	for (size_t i = 0; i < 128; i++)
		longest[i] = (char)('!' + i * 7 % 90);
	longest[128] = '\0';
	assert_int_equal(assay_password_work_open(&work, &fd, &err), ASSAY_OK);
	assert_int_equal(assay_password_hash(work, longest, &here, &err), ASSAY_OK);
	await(work, fd, &result);
	(void)snprintf(hash, sizeof hash, "%s", result.hash);
	longest[127]++;
	assert_int_equal(assay_password_check(work, longest, hash, &here, &err), ASSAY_OK);
	await(work, fd, &result);
	assert_false(result.right);
	longest[127]--;
	assert_int_equal(assay_password_check(work, longest, hash, &here, &err), ASSAY_OK);
	await(work, fd, &result);
	assert_true(result.right);
	assay_password_work_close(work);
}

static void wrong_passwords_cost_time(void **state)
{
	static struct assay_throttle throttle;
	const uint64_t second = 1000000000u;
	uint64_t now = 5000 * second;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(assay_throttle_wait_s(&throttle, "li", "10.0.0.1", now), 0);
		assay_throttle_failed(&throttle, "li", "10.0.0.1", now);
	}
	assert_int_equal(assay_throttle_wait_s(&throttle, "li", "10.0.0.1", now), 1);
	assert_int_equal(assay_throttle_wait_s(&throttle, "li", "10.0.0.1", now + second), 0);
	assay_throttle_failed(&throttle, "li", "10.0.0.1", now);
	assay_throttle_failed(&throttle, "li", "10.0.0.1", now);
	assert_int_equal(assay_throttle_wait_s(&throttle, "li", "10.0.0.1", now), 4);
	assert_int_equal(assay_throttle_wait_s(&throttle, "wang", "10.0.0.1", now), 4); /* the address */
	assert_int_equal(assay_throttle_wait_s(&throttle, "li", "10.0.0.2", now), 4); /* the account */
	assert_int_equal(assay_throttle_wait_s(&throttle, "wang", "10.0.0.2", now), 0);
	for (unsigned i = 0; i < 40; i++)
		assay_throttle_failed(&throttle, "li", "10.0.0.1", now);
	assert_int_equal(assay_throttle_wait_s(&throttle, "li", "10.0.0.1", now), 900);
	assert_int_equal(
		assay_throttle_wait_s(&throttle, "li", "10.0.0.2", now), 30); /* nobody is locked out */
	assay_throttle_succeeded(&throttle, "li", "10.0.0.2");
	assert_int_equal(assay_throttle_wait_s(&throttle, "li", "10.0.0.2", now), 0);
	assert_int_equal(assay_throttle_wait_s(&throttle, "li", "10.0.0.1", now), 900);
	/* a thousand addresses: the table does not grow, the last ones are known */
	for (unsigned i = 0; i < 1000; i++) {
		char address[32];

		(void)snprintf(address, sizeof address, "10.1.%u.%u", i / 250, i % 250);
		for (unsigned j = 0; j < 6; j++)
			assay_throttle_failed(&throttle, "x", address, now + (i + 1) * second);
	}
	assert_int_equal(assay_throttle_wait_s(&throttle, "wang", "10.1.3.249", now + 1000 * second), 2);
}

/* RFC 6238, appendix B: the rows of SHA-1. */
static void codes_of_the_standard(void **state)
{
	static const struct {
		uint64_t time;
		const char *code;
	} rows[] = {{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"},
		{1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
	static const uint8_t key[] = "12345678901234567890";
	char code[9];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(assay_totp(key, 20, rows[i].time / 30, 8, code));
		assert_string_equal(code, rows[i].code);
		assert_true(assay_totp(key, 20, rows[i].time / 30, 6, code));
		assert_string_equal(code, rows[i].code + 2);
	}
	assert_false(assay_totp(key, 20, 1, 9, code));
}

/* RFC 4648: 32 letters of five bits, read here by their own rule. */
static void code_at(const char *secret, int64_t now_ns, char code[9])
{
	uint8_t key[20] = {0};

	assert_int_equal(strlen(secret), 32);
	for (unsigned i = 0; i < 160; i++) {
		const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
			   *at = strchr(letters, secret[i / 5]);

		assert_non_null(at);
		if ((at - letters) >> (4 - i % 5) & 1)
			key[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	assert_true(assay_totp(key, 20, (uint64_t)(now_ns / 30000000000), 6, code));
}

static void refused_code(int status, const struct assay_error *err)
{
	assert_int_equal(status, ASSAY_EREFUSED);
	assert_string_equal(err->code, "second-factor-refused");
}

/* S19: each code once, none before it is confirmed, none when it was dropped. */
static void a_code_counts_once(void **state)
{
	const int64_t step = 30000000000;
	char secret[ASSAY_TOTP_SECRET_MAX], second[ASSAY_TOTP_SECRET_MAX], code[9], late[9], spaced[9];
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_second_factor_begin(people, "li", secret, &err), ASSAY_OK);
	code_at(secret, T0, code);
	refused_code(assay_second_factor_check(people, "li", code, T0, &err), &err);
	refused_code(assay_second_factor_confirm(people, "li", "000000", T0 - 50 * step, &err), &err);
	assert_int_equal(assay_second_factor_confirm(people, "li", code, T0, &err), ASSAY_OK);
	refused_code(assay_second_factor_check(people, "li", code, T0, &err), &err); /* it has been used */
	code_at(secret, T0 + step, code);
	code_at(secret, T0 + 2 * step, late);
	refused_code(assay_second_factor_check(people, "li", late, T0, &err), &err); /* two steps ahead */
	(void)snprintf(spaced, sizeof spaced, "%.3s %.3s", code, code + 3);
	assert_int_equal(assay_second_factor_check(people, "li", spaced, T0, &err), ASSAY_OK);
	refused_code(assay_second_factor_check(people, "li", code, T0 + step, &err), &err);
	assert_int_equal(assay_second_factor_check(people, "li", late, T0 + 3 * step, &err), ASSAY_OK);
	code_at(secret, T0 + step, code);
	refused_code(
		assay_second_factor_check(people, "li", code, T0 + step, &err), &err); /* clock put back */
	refused_code(assay_second_factor_check(people, "wang", late, T0 + 3 * step, &err), &err);
	refused_code(assay_second_factor_check(people, "li", "", T0, &err), &err);
	refused_code(assay_second_factor_check(people, "li", "1234567", T0, &err), &err);
	refused_code(assay_second_factor_check(people, "li", "12345x", T0, &err), &err);
	/* another device: the old one counts until the new one has shown its first code */
	assert_int_equal(assay_second_factor_begin(people, "li", second, &err), ASSAY_OK);
	assert_string_not_equal(second, secret);
	code_at(secret, T0 + 10 * step, code);
	assert_int_equal(assay_second_factor_check(people, "li", code, T0 + 10 * step, &err), ASSAY_OK);
	code_at(second, T0 + 11 * step, code);
	assert_int_equal(assay_second_factor_confirm(people, "li", code, T0 + 11 * step, &err), ASSAY_OK);
	code_at(secret, T0 + 12 * step, code);
	refused_code(assay_second_factor_check(people, "li", code, T0 + 12 * step, &err), &err);
	code_at(second, T0 + 13 * step, code);
	assert_int_equal(assay_second_factor_check(people, "li", code, T0 + 13 * step, &err), ASSAY_OK);
	assert_int_equal(assay_second_factor_drop(people, "li", &err), ASSAY_OK);
	code_at(second, T0 + 14 * step, code);
	refused_code(assay_second_factor_check(people, "li", code, T0 + 14 * step, &err), &err);
}

static void wrong_codes_cost_time(void **state)
{
	static struct assay_throttle throttle;
	const uint64_t second = 1000000000ull, now = 1000 * second;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(assay_throttle_code_wait_s(&throttle, "li", now), 0);
		assay_throttle_code_failed(&throttle, "li", now);
	}
	assert_int_equal(assay_throttle_code_wait_s(&throttle, "li", now), 1);
	assert_int_equal(assay_throttle_code_wait_s(&throttle, "wang", now), 0);
	/* a password that is right does not wipe them out, and they lock no password out */
	assay_throttle_succeeded(&throttle, "li", "10.0.0.1");
	assert_int_equal(assay_throttle_code_wait_s(&throttle, "li", now), 1);
	assert_int_equal(assay_throttle_wait_s(&throttle, "li", "10.0.0.1", now), 0);
	for (unsigned i = 0; i < 20; i++)
		assay_throttle_code_failed(&throttle, "li", now);
	assert_int_equal(assay_throttle_code_wait_s(&throttle, "li", now), 900);
	assay_throttle_code_succeeded(&throttle, "li");
	assert_int_equal(assay_throttle_code_wait_s(&throttle, "li", now), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_is_ours_alone),
		cmocka_unit_test(sessions_end),
		cmocka_unit_test(tokens_are_found_and_dropped),
		cmocka_unit_test(the_first_code_expires),
		cmocka_unit_test(the_same_key_gets_the_same_answer),
		cmocka_unit_test(which_passwords_are_taken),
		cmocka_unit_test(hashes_are_argon2id),
		cmocka_unit_test(nobody_costs_the_same),
		cmocka_unit_test(nothing_is_cut_off),
		cmocka_unit_test(wrong_passwords_cost_time),
		cmocka_unit_test(codes_of_the_standard),
		cmocka_unit_test(a_code_counts_once),
		cmocka_unit_test(wrong_codes_cost_time),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
