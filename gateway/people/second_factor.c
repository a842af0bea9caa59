/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/people/second_factor.h"

#include "gateway/lab/query_row.h"
#include "gateway/people/people_inside.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; /* RFC 4648 */

/* RFC 4226 section 5.3: four bytes from where the last half byte says, then the last digits. */
bool assay_totp(const uint8_t *key, size_t length, uint64_t step, unsigned digits, char out[9])
{
	uint8_t counter[8], hash[EVP_MAX_MD_SIZE];
	unsigned hash_length = 0, at;
	uint32_t number, modulus = 1;

	for (unsigned i = 0; i < 8; i++)
		counter[i] = (uint8_t)(step >> (56 - 8 * i));
	if (digits < 6 || digits > 8 ||
		!HMAC(EVP_sha1(), key, (int)length, counter, sizeof counter, hash, &hash_length) ||
		hash_length != 20)
		return false;
	at = hash[19] & 15u;
	number = ((uint32_t)(hash[at] & 0x7f) << 24) | ((uint32_t)hash[at + 1] << 16) |
		 ((uint32_t)hash[at + 2] << 8) | hash[at + 3];
	for (unsigned i = 0; i < digits; i++)
		modulus *= 10;
	(void)snprintf(out, 9, "%0*u", (int)digits, number % modulus);
	return true;
}

/* 20 bytes are 32 letters: no padding. */
static void to_base32(const uint8_t key[ASSAY_TOTP_KEY_BYTES], char out[ASSAY_TOTP_SECRET_MAX])
{
	for (unsigned i = 0; i < 32; i++) {
		unsigned bit = 5 * i, byte = bit / 8;
		unsigned pair =
			(unsigned)key[byte] << 8 | (byte + 1 < ASSAY_TOTP_KEY_BYTES ? key[byte + 1] : 0);

		out[i] = letters[pair >> (11 - bit % 8) & 31];
	}
	out[32] = '\0';
}

static bool from_base32(const char *text, uint8_t out[ASSAY_TOTP_KEY_BYTES])
{
	uint32_t bits = 0;
	unsigned held = 0, length = 0;

	for (; *text; text++) {
		const char *letter = strchr(letters, *text);

		if (!letter)
			return false;
		bits = bits << 5 | (uint32_t)(letter - letters);
		held += 5;
		if (held < 8)
			continue;
		held -= 8;
		if (length == ASSAY_TOTP_KEY_BYTES)
			return false;
		out[length++] = (uint8_t)(bits >> held);
	}
	return length == ASSAY_TOTP_KEY_BYTES && held == 0;
}

static int refused(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "second-factor-refused",
		"动态验证码不对或已用过；请等下一个（手机和网关的时间要一致）",
		"the code of your authenticator is wrong or was used before; wait for the next one (phone "
		"and "
		"gateway must have the same time)");
}

int assay_second_factor_begin(struct assay_people *people, const char *user,
	char secret_out[ASSAY_TOTP_SECRET_MAX], struct assay_error *err)
{
	uint8_t key[ASSAY_TOTP_KEY_BYTES];

	randombytes_buf(key, sizeof key);
	to_base32(key, secret_out);
	sodium_memzero(key, sizeof key);
	return people_run(people, err,
		"INSERT INTO second_factor VALUES(?1,0,?2,0) ON CONFLICT DO UPDATE SET secret=?2", "tt", user,
		secret_out);
}

/* The secret that counts (or the new one), and the last step whose code was taken. */
static int read_secret(struct assay_people *people, const char *user, bool counts,
	uint8_t key[ASSAY_TOTP_KEY_BYTES], int64_t *step_out, struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(people->db, err,
		"SELECT secret, step FROM second_factor WHERE user=?1 AND counts=?2", "ti", user,
		(int64_t)counts);
	int rc = row ? sqlite3_step(row) : SQLITE_ERROR, status = ASSAY_OK;

	if (rc == SQLITE_ROW && from_base32((const char *)sqlite3_column_text(row, 0), key))
		*step_out = sqlite3_column_int64(row, 1);
	else if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		status = refused(err); /* without a secret no code is right */
	else
		status = query_failed(people->db, err);
	(void)sqlite3_finalize(row);
	return status;
}

/* Which step's code it is; -1 none that may still be used. Digits alone, blanks between them as devices show them. */
static int64_t find_step(
	const uint8_t key[ASSAY_TOTP_KEY_BYTES], const char *code, int64_t last_step, int64_t now_ns)
{
	int64_t now = now_ns / 1000000000 / ASSAY_TOTP_STEP_S, found = -1;
	char digits[ASSAY_TOTP_DIGITS + 1] = "", right[9];
	size_t length = 0;

	for (; *code; code++) {
		if (*code == ' ')
			continue;
		if (*code < '0' || *code > '9' || length == ASSAY_TOTP_DIGITS)
			return -1;
		digits[length++] = *code;
	}
	if (length != ASSAY_TOTP_DIGITS)
		return -1;
	for (int64_t step = now - 1; step <= now + 1; step++)
		if (step > last_step && found < 0 &&
			assay_totp(key, ASSAY_TOTP_KEY_BYTES, (uint64_t)step, ASSAY_TOTP_DIGITS, right) &&
			sodium_memcmp(right, digits, ASSAY_TOTP_DIGITS) == 0)
			found = step;
	return found;
}

static int look(struct assay_people *people, const char *user, bool counts, const char *code, int64_t now_ns,
	int64_t *step_out, struct assay_error *err)
{
	uint8_t key[ASSAY_TOTP_KEY_BYTES];
	int64_t last = 0;
	int status = read_secret(people, user, counts, key, &last, err);

	if (status == ASSAY_OK)
		*step_out = find_step(key, code, last, now_ns);
	sodium_memzero(key, sizeof key);
	if (status == ASSAY_OK && *step_out < 0)
		status = refused(err);
	return status;
}

int assay_second_factor_confirm(struct assay_people *people, const char *user, const char *code,
	int64_t now_ns, struct assay_error *err)
{
	int64_t step = 0;
	int status = look(people, user, false, code, now_ns, &step, err);

	/* one statement takes the old one's place, so that there is never none */
	if (status == ASSAY_OK)
		status = people_run(people, err,
			"INSERT OR REPLACE INTO second_factor SELECT user,1,secret,?2 FROM second_factor "
			"WHERE "
			"user=?1 AND counts=0",
			"ti", user, step);
	if (status == ASSAY_OK)
		status = people_run(
			people, err, "DELETE FROM second_factor WHERE user=?1 AND counts=0", "t", user);
	return status;
}

int assay_second_factor_check(struct assay_people *people, const char *user, const char *code, int64_t now_ns,
	struct assay_error *err)
{
	int64_t step = 0;
	int status = look(people, user, true, code, now_ns, &step, err);

	if (status != ASSAY_OK)
		return status;
	return people_run(
		people, err, "UPDATE second_factor SET step=?2 WHERE user=?1 AND counts=1", "ti", user, step);
}

int assay_second_factor_drop(struct assay_people *people, const char *user, struct assay_error *err)
{
	return people_run(people, err, "DELETE FROM second_factor WHERE user=?1", "t", user);
}
