/* SPDX-License-Identifier: Apache-2.0
 * Sessions, tokens and the first administrator's code: secrets that are handed out, and only their digests kept. */
#include "gateway/lab/query_row.h"
#include "gateway/people/people_inside.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define USED_STEP_NS (30ll * 1000000000) /* when it was used last is written down no oftener */
#define CODE_LETTERS "ABCDEFGHJKMNPQRSTVWXYZ0123456789" /* 32, none that is taken for another */

static int none(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOTFOUND, "login-required", "请登录（登录已过期或尚未登录）",
		"log in; you are not, or no longer");
}

int assay_session_begin(struct assay_people *people, const char *user, int64_t now_ns,
	char id_out[ASSAY_SECRET_TEXT_MAX], struct assay_error *err)
{
	char digest[PEOPLE_DIGEST_TEXT];
	int status = people_run(people, err, "DELETE FROM session WHERE used_ns<?1 OR begun_ns<?2", "ii",
		now_ns - ASSAY_SESSION_IDLE_NS, now_ns - ASSAY_SESSION_WHOLE_NS);

	if (status != ASSAY_OK)
		return status;
	people_secret(id_out, digest);
	return people_run(
		people, err, "INSERT INTO session VALUES(?1,?2,?3,?3)", "tti", digest, user, now_ns);
}

int assay_session_use(struct assay_people *people, const char *id, int64_t now_ns, bool used,
	char user_out[ASSAY_USER_MAX], struct assay_error *err)
{
	char digest[PEOPLE_DIGEST_TEXT];
	sqlite3_stmt *row;
	int64_t used_ns = 0;
	int rc, ignored = ASSAY_OK;

	people_digest(id, digest);
	row = query_prepare(people->db, err,
		"SELECT user, used_ns FROM session WHERE digest=?1 AND used_ns>?2 AND begun_ns>?3", "tii",
		digest, now_ns - ASSAY_SESSION_IDLE_NS, now_ns - ASSAY_SESSION_WHOLE_NS);
	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		(void)snprintf(user_out, ASSAY_USER_MAX, "%s", (const char *)sqlite3_column_text(row, 0));
		used_ns = sqlite3_column_int64(row, 1);
	}
	(void)sqlite3_finalize(row);
	if (rc == SQLITE_DONE)
		return none(err);
	if (rc != SQLITE_ROW)
		return query_failed(people->db, err);
	/* a full disk logs nobody out: the session is then only older than it should be */
	if (used && now_ns - used_ns >= USED_STEP_NS)
		ignored = people_run(
			people, err, "UPDATE session SET used_ns=?2 WHERE digest=?1", "ti", digest, now_ns);
	(void)ignored;
	return ASSAY_OK;
}

int assay_session_end(struct assay_people *people, const char *id, struct assay_error *err)
{
	char digest[PEOPLE_DIGEST_TEXT];

	people_digest(id, digest);
	return people_run(people, err, "DELETE FROM session WHERE digest=?1", "t", digest);
}

int assay_session_end_all(struct assay_people *people, const char *user, struct assay_error *err)
{
	return people_run(people, err, "DELETE FROM session WHERE user=?1", "t", user);
}

int assay_token_make(struct assay_people *people, const char *id, char secret_out[ASSAY_SECRET_TEXT_MAX],
	struct assay_error *err)
{
	char digest[PEOPLE_DIGEST_TEXT];

	people_secret(secret_out, digest);
	return people_run(people, err, "INSERT INTO token VALUES(?1,?2)", "tt", digest, id);
}

int assay_token_find(
	struct assay_people *people, const char *secret, char id_out[ASSAY_USER_MAX], struct assay_error *err)
{
	char digest[PEOPLE_DIGEST_TEXT];
	sqlite3_stmt *row;
	int rc;

	people_digest(secret, digest);
	row = query_prepare(people->db, err, "SELECT id FROM token WHERE digest=?1", "t", digest);
	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW)
		(void)snprintf(id_out, ASSAY_USER_MAX, "%s", (const char *)sqlite3_column_text(row, 0));
	(void)sqlite3_finalize(row);
	if (rc == SQLITE_DONE)
		return none(err);
	return rc == SQLITE_ROW ? ASSAY_OK : query_failed(people->db, err);
}

int assay_token_drop(struct assay_people *people, const char *id, struct assay_error *err)
{
	return people_run(people, err, "DELETE FROM token WHERE id=?1", "t", id);
}

/* Upper case without dashes, as its digest is made; false: it cannot be one. */
static bool plain_code(const char *code, char out[ASSAY_FIRST_CODE_MAX])
{
	size_t length = 0;

	for (; *code; code++) {
		if (*code == '-' || *code == ' ')
			continue;
		if (length == ASSAY_FIRST_CODE_MAX - 1)
			return false;
		out[length++] = (char)toupper((unsigned char)*code);
	}
	out[length] = '\0';
	return length == 16;
}

int assay_first_code_make(struct assay_people *people, int64_t now_ns, char code_out[ASSAY_FIRST_CODE_MAX],
	struct assay_error *err)
{
	char plain[ASSAY_FIRST_CODE_MAX], digest[PEOPLE_DIGEST_TEXT];
	int status = assay_first_code_drop(people, err);

	if (status != ASSAY_OK)
		return status;
	for (unsigned i = 0; i < 16; i++)
		plain[i] = CODE_LETTERS[randombytes_uniform(32)];
	plain[16] = '\0';
	(void)snprintf(code_out, ASSAY_FIRST_CODE_MAX, "%.4s-%.4s-%.4s-%.4s", plain, plain + 4, plain + 8,
		plain + 12);
	people_digest(plain, digest);
	return people_run(
		people, err, "INSERT INTO code VALUES(?1,?2)", "ti", digest, now_ns + ASSAY_FIRST_CODE_NS);
}

int assay_first_code_check(
	struct assay_people *people, const char *code, int64_t now_ns, struct assay_error *err)
{
	char plain[ASSAY_FIRST_CODE_MAX], digest[PEOPLE_DIGEST_TEXT];
	sqlite3_stmt *row;
	int rc = SQLITE_DONE;

	if (plain_code(code, plain)) {
		people_digest(plain, digest);
		row = query_prepare(people->db, err, "SELECT 1 FROM code WHERE digest=?1 AND until_ns>?2",
			"ti", digest, now_ns);
		if (!row)
			return ASSAY_EIO;
		rc = sqlite3_step(row);
		(void)sqlite3_finalize(row);
	}
	if (rc == SQLITE_ROW)
		return ASSAY_OK;
	if (rc != SQLITE_DONE)
		return query_failed(people->db, err);
	return assay_error_set(err, ASSAY_EREFUSED, "code-wrong",
		"一次性代码不对或已过期；重新启动 assay serve 会给出新的代码",
		"the one-time code is wrong or has expired; assay serve gives a new one when it is started "
		"again");
}

int assay_first_code_drop(struct assay_people *people, struct assay_error *err)
{
	return people_run(people, err, "DELETE FROM code", "");
}
