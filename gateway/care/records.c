/* SPDX-License-Identifier: Apache-2.0
 * The records: how fast the journal grows and how long the disk will do, how much of it is signed, when it was last
 * backed up. */
#include "gateway/care/care.h"
#include "gateway/care/last_backup.h"
#include "gateway/record/checkpoint.h"
#include "gateway/record/journal_reader.h"
#include "gateway/record/reserve.h"
#include "gateway/record/room.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HOUR_S INT64_C(3600)
#define DAYS_LEFT_MIN 30u
#define CHECKPOINT_OLD_S 300 /* one is due each minute */
#define BACKUP_OLD_S (48 * HOUR_S) /* the timer makes one each day */
#define NS_PER_S INT64_C(1000000000)

static void disk(struct care *care, const struct journal_growth *growth)
{
	struct journal_room room;
	uint64_t days;

	if (!assay_journal_room(care->dir, growth, &room))
		return;
	(void)json_object_set_new(
		care->figures, "disk_free_bytes", json_integer((json_int_t)room.free_bytes));
	if (room.low) {
		care_found(care, "disk-low", care->dir, "磁盘剩余不足 %llu MiB，采集会暂停",
			"less than %llu MiB of the disk are left; acquisition will pause",
			2 * ASSAY_RESERVE_BYTES >> 20);
		return;
	}
	if (room.bytes_a_day == 0)
		return;
	days = (uint64_t)room.days_left;
	(void)json_object_set_new(
		care->figures, "journal_bytes_per_day", json_integer((json_int_t)room.bytes_a_day));
	(void)json_object_set_new(care->figures, "disk_days_left", json_integer((json_int_t)days));
	if (days < DAYS_LEFT_MIN)
		care_found(care, "disk-low", care->dir,
			"按台账每天增长 %" PRIu64 " MiB 计算，磁盘还够 %" PRIu64 " 天",
			"the journal grows by %" PRIu64 " MiB a day: the disk will do for %" PRIu64 " days",
			room.bytes_a_day >> 20, days);
}

static bool read_note(const char *dir, char note[ASSAY_NOTE_MAX], int64_t *at_s)
{
	char path[1100];
	struct stat about;
	FILE *file;
	size_t length;

	assay_checkpoint_path(dir, path, sizeof path);
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(note, 1, ASSAY_NOTE_MAX - 1, file);
	note[length] = '\0';
	*at_s = fstat(fileno(file), &about) == 0 ? (int64_t)about.st_mtime : 0;
	(void)fclose(file);
	return length > 0;
}

static void checkpoint(struct care *care, const struct journal_growth *growth)
{
	char note[ASSAY_NOTE_MAX];
	uint8_t root[ASSAY_HASH_SIZE];
	struct assay_error err;
	uint64_t covered;
	int64_t at_s, age_s;

	if (growth->entries == 0)
		return;
	if (!read_note(care->dir, note, &at_s)) {
		if (!care->status || growth->span_s > CHECKPOINT_OLD_S)
			care_found(care, "checkpoint-missing", "journal/checkpoint", "没有检查点",
				"there is no checkpoint");
		return;
	}
	if (assay_checkpoint_parse(note, NULL, &covered, root, &err) != ASSAY_OK) {
		care_found_texts(care, "checkpoint-missing", "journal/checkpoint", err.text_zh, err.text_en);
		return;
	}
	age_s = care->now_s - at_s;
	(void)json_object_set_new(care->figures, "checkpoint_entries", json_integer((json_int_t)covered));
	(void)json_object_set_new(care->figures, "checkpoint_age_s", json_integer(age_s));
	if (covered >= growth->entries)
		return;
	if (care->status && age_s > CHECKPOINT_OLD_S)
		care_found(care, "checkpoint-old", "journal/checkpoint",
			"最后一个检查点是 %" PRId64 " 秒前的，其后 %" PRIu64 " 条没有签名",
			"the last checkpoint is %" PRId64 " s old; %" PRIu64
			" entries after it are not signed",
			age_s, growth->entries - covered);
	else if (!care->status)
		care_found(care, "tail-unsigned", "journal/checkpoint", "最后 %" PRIu64 " 条没有签名",
			"the last %" PRIu64 " entries are not signed", growth->entries - covered);
}

static void backup(struct care *care, const struct journal_growth *growth)
{
	struct care_last_backup last;
	int64_t age_s;

	if (growth->entries == 0)
		return;
	if (care_last_backup_read(care->dir, &last, NULL) != ASSAY_OK) {
		care_found(care, "backup-missing", "", "没有做过备份", "no backup was ever made");
		return;
	}
	age_s = care->now_s - last.at_s;
	(void)json_object_set_new(care->figures, "backup_age_s", json_integer(age_s));
	(void)json_object_set_new(care->figures, "backup", json_string(last.to));
	if (age_s > BACKUP_OLD_S || age_s < 0)
		care_found(care, "backup-old", last.to, "最近的备份是 %" PRId64 " 小时前的",
			"the last backup is %" PRId64 " h old", age_s / HOUR_S);
}

void care_records(struct care *care)
{
	struct assay_reader *reader = NULL;
	struct journal_growth growth = {0};
	struct assay_error err;
	char path[1100];
	struct stat about;
	int status = ASSAY_OK;

	(void)snprintf(path, sizeof path, "%s/journal/0001.db", care->dir);
	if (stat(path, &about) == 0) {
		status = assay_reader_open(
			care->dir, care->status ? ASSAY_READ_LIVE : ASSAY_READ_STILL, &reader, &err);
		if (status == ASSAY_OK)
			status = assay_journal_growth(reader, &growth, &err);
		assay_reader_close(reader);
	}
	if (status != ASSAY_OK)
		care_found_texts(care, "journal-unreadable", path, err.text_zh, err.text_en);
	(void)json_object_set_new(care->figures, "journal_entries", json_integer((json_int_t)growth.entries));
	disk(care, &growth);
	if (status == ASSAY_OK) {
		checkpoint(care, &growth);
		backup(care, &growth);
	}
}
