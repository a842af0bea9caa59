/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/people/people_inside.h"

#include "gateway/lab/query_row.h"
#include "gateway/record/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char schema[] =
	"PRAGMA user_version=1;"
	"CREATE TABLE IF NOT EXISTS password(user TEXT PRIMARY KEY, hash TEXT NOT NULL) STRICT, WITHOUT "
	"ROWID;"
	"CREATE TABLE IF NOT EXISTS session(digest TEXT PRIMARY KEY, user TEXT NOT NULL, begun_ns INTEGER "
	"NOT NULL,"
	" used_ns INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS session_by_user ON session(user);"
	"CREATE TABLE IF NOT EXISTS token(digest TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT, WITHOUT "
	"ROWID;"
	/* counts 0: shown, and not confirmed yet; step: the last one whose code was taken */
	"CREATE TABLE IF NOT EXISTS second_factor(user TEXT NOT NULL, counts INTEGER NOT NULL, secret TEXT "
	"NOT NULL,"
	" step INTEGER NOT NULL, PRIMARY KEY(user, counts)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS code(digest TEXT PRIMARY KEY, until_ns INTEGER NOT NULL) STRICT, WITHOUT "
	"ROWID;"
	"CREATE TABLE IF NOT EXISTS answered(user TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL,"
	" answer TEXT NOT NULL, at_ns INTEGER NOT NULL, PRIMARY KEY(user, key)) STRICT, WITHOUT ROWID;";

static int cannot(const struct assay_people *people, const char *why, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EIO, "people-unusable", "%s：用户库不能使用（%s）",
		"%s: the users' database cannot be used (%s)", people->path, why);
}

/* The file is made here with its rights, not by SQLite with the umask's. */
static int make_file(const struct assay_people *people, struct assay_error *err)
{
	int fd = open(people->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), status = ASSAY_OK;

	if (fd < 0 || fchmod(fd, 0600) != 0)
		status = cannot(people, strerror(errno), err);
	if (fd >= 0)
		(void)close(fd);
	return status;
}

int assay_people_open(const char *dir, struct assay_people **out, struct assay_error *err)
{
	struct assay_people *people = calloc(1, sizeof *people);
	int status, rc = SQLITE_OK;

	if (!people || sodium_init() < 0) {
		free(people);
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	}
	(void)snprintf(people->path, sizeof people->path, "%s/keys/people.db", dir);
	status = make_file(people, err);
	if (status == ASSAY_OK) {
		rc = sqlite3_open_v2(people->path, &people->db,
			SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_db_config(people->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_db_config(people->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(people->db,
				"PRAGMA secure_delete=ON; PRAGMA cell_size_check=ON; PRAGMA "
				"temp_store=MEMORY;"
				" PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL",
				NULL, NULL, NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(people->db, schema, NULL, NULL, NULL);
		if (rc != SQLITE_OK)
			status = cannot(people, sqlite3_errstr(rc), err);
	}
	if (status != ASSAY_OK)
		assay_people_close(people);
	else
		*out = people;
	return status;
}

void assay_people_close(struct assay_people *people)
{
	if (!people)
		return;
	(void)sqlite3_close(people->db);
	free(people);
}

int people_run(struct assay_people *people, struct assay_error *err, const char *sql, const char *values, ...)
{
	sqlite3_stmt *statement = NULL;
	va_list list;
	int rc = sqlite3_prepare_v2(people->db, sql, -1, &statement, NULL);

	va_start(list, values);
	for (int i = 1; rc == SQLITE_OK && *values; values++, i++)
		rc = *values == 'i' ? sqlite3_bind_int64(statement, i, va_arg(list, int64_t))
				    : sqlite3_bind_text(
					      statement, i, va_arg(list, const char *), -1, SQLITE_TRANSIENT);
	va_end(list);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	return rc == SQLITE_DONE ? ASSAY_OK : cannot(people, sqlite3_errstr(rc), err);
}

void people_digest(const char *text, char digest[PEOPLE_DIGEST_TEXT])
{
	uint8_t hash[32];

	assay_sha256(text, strlen(text), hash);
	assay_hex(hash, sizeof hash, digest);
}

void people_secret(char text[ASSAY_SECRET_TEXT_MAX], char digest[PEOPLE_DIGEST_TEXT])
{
	uint8_t bytes[32];

	randombytes_buf(bytes, sizeof bytes);
	(void)sodium_bin2base64(
		text, ASSAY_SECRET_TEXT_MAX, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof bytes);
	people_digest(text, digest);
}

int assay_people_password(struct assay_people *people, const char *user, char out[ASSAY_PASSWORD_HASH_MAX],
	struct assay_error *err)
{
	sqlite3_stmt *row =
		query_prepare(people->db, err, "SELECT hash FROM password WHERE user=?1", "t", user);
	int rc = row ? sqlite3_step(row) : SQLITE_ERROR, status = ASSAY_OK;

	if (rc == SQLITE_ROW)
		(void)snprintf(out, ASSAY_PASSWORD_HASH_MAX, "%s", (const char *)sqlite3_column_text(row, 0));
	else if (rc == SQLITE_DONE)
		status = assay_error_set(err, ASSAY_ENOTFOUND, "user-unknown", "没有用户 %.40s",
			"there is no user %.40s", user);
	else
		status = cannot(people, sqlite3_errmsg(people->db), err);
	(void)sqlite3_finalize(row);
	return status;
}

int assay_people_set_password(
	struct assay_people *people, const char *user, const char *hash, struct assay_error *err)
{
	return people_run(people, err,
		"INSERT INTO password VALUES(?1,?2) ON CONFLICT(user) DO UPDATE SET hash=?2", "tt", user,
		hash);
}
