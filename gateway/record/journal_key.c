/* SPDX-License-Identifier: Apache-2.0
 * A change of the signing key, in steps that a crash may stop anywhere: the next key is on disk; the journal
 * announces it and the old key signs for that; the new key signs; it takes the old one's place. */
#include "gateway/record/journal_inside.h"
#include "gateway/record/journal_reader.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_REASON_MAX 1000u
#define PUBLIC_LINE_MAX 400u
#define IN_FORCE "{\"state\":\"in-force\"}"

static bool one_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20)
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

const struct assay_origin_key *journal_key(const struct assay_journal *journal, uint64_t size)
{
	return journal->change.step != KEY_NO_CHANGE && size > journal->change.announced_size
		       ? &journal->change.next
		       : &journal->key;
}

static int one_step(struct assay_journal *journal, struct assay_error *err)
{
	struct assay_key_change *change = &journal->change;
	int status = ASSAY_OK;

	if (!journal->segment.db)
		status = journal_next_after_given_up(journal, err);
	if (status != ASSAY_OK)
		return status;
	switch (change->step) {
	case KEY_ANNOUNCED: /* exactly this size is the old key's last, then it is the new one's turn */
		if (journal->checkpoint_size < change->announced_size)
			status = assay_journal_checkpoint(journal, 0, true, NULL, err);
		break;
	case KEY_OLD_SIGNED:
		status = append_key(journal, IN_FORCE, err);
		break;
	case KEY_IN_FORCE:
		if (journal->checkpoint_size <= change->announced_size)
			status = assay_journal_checkpoint(journal, 0, true, NULL, err);
		break;
	case KEY_NEXT_SIGNED:
		status = publish_last(journal, err);
		if (status == ASSAY_OK)
			status = assay_origin_key_adopt(journal->dir, &journal->key, &change->next, err);
		if (status == ASSAY_OK)
			journal->key = change->next;
		break;
	default:
		break;
	}
	return status;
}

int journal_key_continue(struct assay_journal *journal, struct assay_error *err)
{
	int status = ASSAY_OK;

	journal->change.busy = true;
	while (status == ASSAY_OK && journal->change.step != KEY_NO_CHANGE) {
		status = one_step(journal, err);
		if (status == ASSAY_OK)
			journal->change.step = journal->change.step == KEY_NEXT_SIGNED
						       ? KEY_NO_CHANGE
						       : journal->change.step + 1;
	}
	journal->change.busy = false;
	if (journal->change.step == KEY_NO_CHANGE)
		sodium_memzero(&journal->change, sizeof journal->change);
	return status;
}

/* Key entries among the last ones of a segment: the announcement of next, and what followed. */
static void look_back(struct assay_journal *journal, const struct assay_segment *segment, const char *line)
{
	struct assay_key_change *change = &journal->change;
	sqlite3_stmt *rows = NULL;
	struct assay_entry entry;

	if (sqlite3_prepare_v2(segment->db,
		    "SELECT seq, header, body FROM entry WHERE seq<?1 ORDER BY seq DESC LIMIT 4", -1, &rows,
		    NULL) == SQLITE_OK)
		(void)sqlite3_bind_int64(rows, 1, (sqlite3_int64)journal->committed.size);
	while (rows && sqlite3_step(rows) == SQLITE_ROW) {
		const void *header = sqlite3_column_blob(rows, 1);
		const char *body = (const char *)sqlite3_column_text(rows, 2);

		if (!header || !body || sqlite3_column_bytes(rows, 1) != (int)ASSAY_HEADER_SIZE ||
			assay_entry_parse_header(header, &entry, NULL) != ASSAY_OK ||
			entry.kind != ASSAY_ENTRY_KEY)
			continue;
		if (strcmp(body, IN_FORCE) == 0)
			change->step = KEY_IN_FORCE;
		else if (strstr(body, line)) {
			change->announced_size = entry.sequence + 1;
			if (change->step == KEY_NO_CHANGE)
				change->step = KEY_ANNOUNCED;
			break;
		}
	}
	(void)sqlite3_finalize(rows);
}

int journal_key_resume(struct assay_journal *journal, struct assay_error *err)
{
	struct assay_reader *before = NULL;
	char line[PUBLIC_LINE_MAX], path[600];

	if (journal->change.step == KEY_NEXT_SIGNED)
		return journal_key_continue(journal, err);
	if (!journal->change.next.origin[0])
		return ASSAY_OK;
	assay_origin_key_line(&journal->change.next, line, sizeof line);
	look_back(journal, &journal->segment, line);
	if (journal->change.announced_size == 0 && journal->segment.number > 1) {
		/* The segment it was announced in was given up just then. */
		assay_segment_path(journal->dir, journal->segment.number - 1, path, sizeof path);
		if (assay_reader_open_segment(path, &before, NULL) == ASSAY_OK)
			look_back(journal, assay_reader_segment(before, 0), line);
		assay_reader_close(before);
	}
	if (journal->change.announced_size)
		return journal_key_continue(journal, err);
	sodium_memzero(&journal->change, sizeof journal->change);
	assay_origin_key_forget_next(journal->dir); /* it was never announced */
	return ASSAY_OK;
}

/* The key as it is written in one line stands in the body as it is: look_back finds it there. */
static int announce(
	struct assay_journal *journal, const char *who, const char *reason, struct assay_error *err)
{
	struct assay_key_change *change = &journal->change;
	char line[PUBLIC_LINE_MAX];
	json_t *object;
	char *body;
	int status;

	assay_origin_key_line(&change->next, line, sizeof line);
	object = json_pack("{s:s,s:s,s:s}", "key", line, "reason", reason, "who", who);
	body = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	status = body ? append_key(journal, body, err)
		      : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	free(body);
	json_decref(object);
	if (status != ASSAY_OK) {
		assay_origin_key_forget_next(journal->dir);
		return status;
	}
	change->step = KEY_ANNOUNCED;
	change->announced_size = journal->committed.size;
	return ASSAY_OK;
}

int assay_journal_change_key(
	struct assay_journal *journal, const char *who, const char *reason, struct assay_error *err)
{
	struct assay_key_change *change = &journal->change;
	int status;

	if (!reason[0] || strlen(reason) > KEY_REASON_MAX || !one_line(reason) || !one_line(who))
		return assay_error_set(err, ASSAY_EREFUSED, "reason-missing",
			"换签名密钥要写明原因（一行文字）",
			"a change of the signing key needs a reason (one line)");
	if (journal->open_group)
		return assay_error_set(err, ASSAY_EREFUSED, "group-open", "有未提交的条目，请稍后再换密钥",
			"entries are waiting to be committed; change the key after that");
	if (change->step != KEY_NO_CHANGE)
		return journal_key_continue(journal, err);
	status = assay_origin_key_next(journal->dir, journal->key.origin, true, &change->next, err);
	if (status == ASSAY_OK)
		status = announce(journal, who, reason, err);
	return status == ASSAY_OK ? journal_key_continue(journal, err) : status;
}
