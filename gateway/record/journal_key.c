/* SPDX-License-Identifier: Apache-2.0
 * A change of the signing key, in steps that a crash may stop anywhere: the next key is on disk; the journal
 * announces it and the old key signs for that; the new key signs; it takes the old one's place. */
#include "gateway/record/journal_inside.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define KEY_BODY_MAX 1600u
#define KEY_REASON_MAX 1000u
#define PUBLIC_LINE_MAX 400u
#define IN_FORCE "{\"state\":\"in-force\"}"

/* JSON text without control characters or quotes to escape wrongly: those are refused by the caller. */
static bool plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\')
			return false;
	return true;
}

static int append_key(struct assay_journal *journal, const char *body, struct assay_error *err)
{
	struct assay_entry entry = {.kind = ASSAY_ENTRY_KEY, .body = body, .body_length = strlen(body)};
	int status = assay_journal_append(journal, &entry, err);

	if (status == ASSAY_OK)
		status = assay_journal_commit(journal, err);
	if (status == ASSAY_OK && journal->wrote)
		journal->wrote(journal->wrote_context, &entry);
	return status;
}

/* The note kept beside the segments must be the new key's before the old one is gone, also when a crash came after the
 * signature and before that. */
static int publish_last(struct assay_journal *journal, struct assay_error *err)
{
	sqlite3_stmt *last = NULL;
	const char *note = NULL;
	int status = ASSAY_OK;
	int rc = sqlite3_prepare_v2(journal->segment.db,
		"SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1", -1, &last, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(last)) == SQLITE_ROW)
		note = (const char *)sqlite3_column_text(last, 0);
	if (note)
		status = assay_checkpoint_publish(journal->dir, note, err);
	else
		status = assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);
	(void)sqlite3_finalize(last);
	return status;
}

/* The new key's first signature, and it takes its place. */
static int take_over(
	struct assay_journal *journal, const struct assay_origin_key *next, struct assay_error *err)
{
	struct assay_origin_key old = journal->key;
	int status;

	journal->key = *next;
	status = assay_journal_checkpoint(journal, 0, true, NULL, err);
	if (status == ASSAY_OK)
		status = publish_last(journal, err);
	if (status == ASSAY_OK)
		status = assay_origin_key_adopt(journal->dir, &old, next, err);
	else
		journal->key = old;
	sodium_memzero(&old, sizeof old);
	return status;
}

/* From the announcement on: the old key's last signature, one entry above for the new key to sign. */
static int finish(struct assay_journal *journal, const struct assay_origin_key *next, struct assay_error *err)
{
	int status = assay_journal_checkpoint(journal, 0, true, NULL, err);

	if (status == ASSAY_OK)
		status = append_key(journal, IN_FORCE, err);
	return status == ASSAY_OK ? take_over(journal, next, err) : status;
}

static void last_key_body(const struct assay_journal *journal, char *out, size_t size)
{
	sqlite3_stmt *last = NULL;
	struct assay_entry entry;
	const char *body;
	const void *header;

	*out = '\0';
	if (sqlite3_prepare_v2(journal->segment.db,
		    "SELECT header, body FROM entry ORDER BY seq DESC LIMIT 1", -1, &last,
		    NULL) == SQLITE_OK &&
		sqlite3_step(last) == SQLITE_ROW && (header = sqlite3_column_blob(last, 0)) != NULL &&
		sqlite3_column_bytes(last, 0) == (int)ASSAY_HEADER_SIZE &&
		assay_entry_parse_header(header, &entry, NULL) == ASSAY_OK && entry.kind == ASSAY_ENTRY_KEY &&
		(body = (const char *)sqlite3_column_text(last, 1)) != NULL)
		(void)snprintf(out, size, "%s", body);
	(void)sqlite3_finalize(last);
}

int journal_key_resume(struct assay_journal *journal, const struct assay_origin_key *next, bool next_signed,
	struct assay_error *err)
{
	char body[KEY_BODY_MAX], line[PUBLIC_LINE_MAX];

	if (next_signed)
		return take_over(journal, next, err);
	last_key_body(journal, body, sizeof body);
	assay_origin_key_line(next, line, sizeof line);
	if (strcmp(body, IN_FORCE) == 0)
		return take_over(journal, next, err);
	if (strstr(body, line))
		return finish(journal, next, err);
	assay_origin_key_forget_next(journal->dir); /* it was never announced */
	return ASSAY_OK;
}

int assay_journal_change_key(struct assay_journal *journal, const char *reason, struct assay_error *err)
{
	struct assay_origin_key next;
	char body[KEY_BODY_MAX], line[PUBLIC_LINE_MAX];
	int status;

	if (!reason[0] || strlen(reason) > KEY_REASON_MAX || !plain(reason))
		return assay_error_set(err, ASSAY_EREFUSED, "reason-missing",
			"换签名密钥要写明原因（一行文字，不含引号和反斜杠）",
			"a change of the signing key needs a reason (one line, no quotes or backslashes)");
	if (journal->open_group)
		return assay_error_set(err, ASSAY_EREFUSED, "group-open", "有未提交的条目，请稍后再换密钥",
			"entries are waiting to be committed; change the key after that");
	status = assay_origin_key_next(journal->dir, journal->key.origin, true, &next, err);
	if (status != ASSAY_OK)
		return status;
	assay_origin_key_line(&next, line, sizeof line);
	(void)snprintf(body, sizeof body, "{\"key\":\"%s\",\"reason\":\"%s\"}", line, reason);
	status = append_key(journal, body, err);
	if (status == ASSAY_OK)
		status = finish(journal, &next, err);
	sodium_memzero(&next, sizeof next);
	return status;
}
