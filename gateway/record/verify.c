/* SPDX-License-Identifier: Apache-2.0
 * The journal from its first segment to its last; one segment is verify_segment.c. */
#include "gateway/record/verify.h"

#include "gateway/record/base64.h"
#include "gateway/record/journal_reader.h"
#include "gateway/record/sha256.h"
#include "gateway/record/verify_segment.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE_FILE_MAX 4096u

int verify_found(struct verify *verify, unsigned segment, uint64_t sequence, const struct assay_error *what)
{
	struct assay_finding finding = {.segment = segment, .sequence = sequence, .what = *what};

	if (verify->report->findings == 0)
		verify->report->worst = finding;
	if (verify->report->findings < ASSAY_FINDINGS_MAX && verify->options->found)
		verify->options->found(verify->options->context, &finding);
	verify->report->findings++;
	return ASSAY_OK;
}

void verify_stop_compare(struct verify *verify)
{
	uint8_t root[ASSAY_HASH_SIZE];
	struct assay_error what;

	verify->next_stop = UINT64_MAX;
	for (unsigned i = 0; i < VERIFY_STOPS; i++) {
		struct verify_stop *stop = &verify->stop[i];

		if (!stop->wanted || stop->reached || stop->size < verify->tree.size)
			continue;
		if (stop->size > verify->tree.size) {
			if (stop->size < verify->next_stop)
				verify->next_stop = stop->size;
			continue;
		}
		stop->reached = true;
		assay_tree_root(&verify->tree, root);
		stop->agrees = memcmp(root, stop->root, sizeof root) == 0;
		if (stop->agrees)
			continue;
		(void)assay_error_set(&what, ASSAY_EDAMAGED, "checkpoint-disagrees",
			"台账前 %" PRIu64 " 条与检查点（%s）不符：这些条目在签名之后被改写",
			"the first %" PRIu64
			" entries do not agree with %s: they were rewritten after it was signed",
			stop->size, stop->name);
		(void)verify_found(verify, 0, ASSAY_NO_SEQUENCE, &what);
	}
}

/* "SIZE ROOT", as printed on a certificate; an origin may stand before them. */
static int parse_short(const char *text, struct verify_stop *stop)
{
	char copy[NOTE_FILE_MAX], *save = NULL, *word[3] = {NULL};
	unsigned words = 0;
	size_t length;
	char *end;

	if (strlen(text) >= sizeof copy)
		return -1;
	(void)snprintf(copy, sizeof copy, "%s", text);
	for (char *at = strtok_r(copy, " \t\r\n", &save); at; at = strtok_r(NULL, " \t\r\n", &save)) {
		if (words == 3)
			return -1;
		word[words++] = at;
	}
	if (words < 2 || word[words - 2][0] < '0' || word[words - 2][0] > '9')
		return -1;
	errno = 0;
	stop->size = strtoull(word[words - 2], &end, 10);
	if (*end || errno ||
		assay_base64_decode(word[words - 1], strlen(word[words - 1]), stop->root, sizeof stop->root,
			&length) != 0 ||
		length != sizeof stop->root)
		return -1;
	return 0;
}

static int want_older(struct verify *verify, struct assay_error *err)
{
	struct verify_stop *stop = &verify->stop[VERIFY_STOP_OLDER];
	const char *text = verify->options->checkpoint;

	if (!text)
		return ASSAY_OK;
	stop->wanted = true;
	stop->name = "the older checkpoint";
	if (strstr(text, "\n\n")) {
		if (strlen(text) >= sizeof stop->note)
			return assay_error_set(err, ASSAY_EUSAGE, "checkpoint-unreadable", "给出的检查点太长",
				"the checkpoint given is too long");
		(void)snprintf(stop->note, sizeof stop->note, "%s", text);
		return assay_checkpoint_parse(text, NULL, &stop->size, stop->root, err) == ASSAY_OK
			       ? ASSAY_OK
			       : ASSAY_EUSAGE;
	}
	if (parse_short(text, stop) == 0)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EUSAGE, "checkpoint-unreadable",
		"给出的检查点既不是签名检查点，也不是“条数 根哈希”",
		"the checkpoint given is neither a signed note nor \"SIZE ROOT\"");
}

static void want_published(struct verify *verify)
{
	struct verify_stop *stop = &verify->stop[VERIFY_STOP_PUBLISHED];
	char path[600];
	struct assay_error what;
	FILE *file;
	size_t got;

	assay_checkpoint_path(verify->dir, path, sizeof path);
	file = fopen(path, "re");
	if (!file)
		return; /* none was due yet, or the directory holds segments alone */
	got = fread(stop->note, 1, sizeof stop->note - 1, file);
	(void)fclose(file);
	stop->note[got] = '\0';
	stop->name = "journal/checkpoint";
	if (strlen(stop->note) == got &&
		assay_checkpoint_parse(stop->note, NULL, &stop->size, stop->root, &what) == ASSAY_OK) {
		stop->wanted = true;
		return;
	}
	(void)assay_error_set(&what, ASSAY_EDAMAGED, "checkpoint-bad", "journal/checkpoint 不成立",
		"journal/checkpoint does not hold");
	(void)verify_found(verify, 0, ASSAY_NO_SEQUENCE, &what);
}

/* Signatures of the notes that came from outside the segments, now that every key is known. */
static void check_stop_notes(struct verify *verify)
{
	struct assay_error what;
	uint8_t root[ASSAY_HASH_SIZE];
	uint64_t size;

	for (unsigned i = 0; i < VERIFY_STOPS; i++)
		if (verify->stop[i].wanted && verify->stop[i].note[0] &&
			verify_key_any(verify, verify->stop[i].note, &size, root, &what) != ASSAY_OK) {
			verify->stop[i].agrees = false;
			(void)verify_found(verify, 0, ASSAY_NO_SEQUENCE, &what);
		}
}

/* After the last segment: what was promised and never came. */
static void check_stops(struct verify *verify)
{
	struct assay_error what;

	for (unsigned i = 0; i < VERIFY_STOPS; i++) {
		const struct verify_stop *stop = &verify->stop[i];

		if (!stop->wanted || stop->reached || stop->size < verify->report->first)
			continue;
		(void)assay_error_set(&what, ASSAY_EDAMAGED, "journal-rolled-back",
			"台账只有 %" PRIu64 " 条可核对，检查点（%s）签的是 %" PRIu64
			" 条：末尾被截，或放回了旧文件",
			"only %" PRIu64 " entries can be followed, but %s was signed over %" PRIu64
			": the end was cut or an old file was put back",
			verify->tree.size, stop->name, stop->size);
		(void)verify_found(verify, 0, ASSAY_NO_SEQUENCE, &what);
	}
	verify->report->compared = verify->stop[VERIFY_STOP_OLDER].agrees;
}

/* More entries or more time without a signature than the writer ever leaves. */
static void check_cadence(struct verify *verify)
{
	struct assay_verify_report *report = verify->report;
	uint64_t tail = report->end - report->covered;
	struct assay_error what;

	if (report->end < report->covered || tail <= VERIFY_TAIL_ENTRIES)
		return;
	(void)assay_error_set(&what, ASSAY_EDAMAGED, "tail-too-long",
		"末尾 %" PRIu64 " 条没有检查点；记录进程每 1000 条必签一次，检查点被去掉了",
		"the last %" PRIu64 " entries have no checkpoint, but the recorder signs every 1,000: "
		"checkpoints were taken away",
		tail);
	(void)verify_found(verify, 0, report->covered, &what);
}

static int begin(struct verify *verify, struct assay_error *err)
{
	int status;

	memset(verify->report, 0, sizeof *verify->report);
	status = verify_key_begin(verify, err);
	return status == ASSAY_OK ? want_older(verify, err) : status;
}

static int finish(struct verify *verify, struct assay_error *err)
{
	check_stop_notes(verify);
	check_stops(verify);
	verify_gone_end(verify);
	verify_key_end(verify);
	check_cadence(verify);
	assay_tree_root(&verify->tree, verify->report->root);
	if (verify->out_of_memory)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	return ASSAY_OK;
}

/* A segment that was given up after a failed write keeps its WAL, which may hold a group that was never acknowledged:
 * the segment after it says where it ends. */
static uint64_t given_up_end(const char *dir, const char *path, unsigned number)
{
	struct assay_reader *reader = NULL;
	uint64_t end = UINT64_MAX;
	char wal[620], next[600];
	struct stat about;

	(void)snprintf(wal, sizeof wal, "%s-wal", path);
	if (stat(wal, &about) != 0 || about.st_size == 0)
		return end;
	assay_segment_path(dir, number + 1, next, sizeof next);
	if (assay_reader_open_segment(next, &reader, NULL) != ASSAY_OK)
		return end;
	if (assay_reader_segment(reader, 0)->before_file[0] == '\0')
		end = assay_reader_segment(reader, 0)->first;
	assay_reader_close(reader);
	return end;
}

int assay_verify_dir(const char *dir, const struct assay_verify_options *options,
	struct assay_verify_report *report, struct assay_error *err)
{
	struct verify *verify = calloc(1, sizeof *verify);
	struct assay_error what;
	char path[600];
	int last, status;

	if (!verify)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	verify->options = options;
	verify->report = report;
	verify->dir = dir;
	last = assay_segment_last(dir, err);
	if (last <= 0) {
		status = last < 0
				 ? ASSAY_EIO
				 : assay_error_set(err, ASSAY_ENOTFOUND, "journal-missing",
					   "%s/journal 里没有台账", "there is no journal in %s/journal", dir);
		goto out;
	}
	status = begin(verify, err);
	if (status != ASSAY_OK)
		goto out;
	want_published(verify);
	verify->tree_valid = true;
	for (unsigned number = 1; number <= (unsigned)last; number++) {
		assay_segment_path(dir, number, path, sizeof path);
		if (access(path, F_OK) != 0) {
			(void)assay_error_set(&what, ASSAY_EDAMAGED, "segment-missing", "台账第 %04u 段不在",
				"journal segment %04u is not there", number);
			(void)verify_found(verify, number, ASSAY_NO_SEQUENCE, &what);
			verify->tree_valid = verify->before_known = false;
			continue;
		}
		verify_segment(verify, path, number,
			number < (unsigned)last ? given_up_end(dir, path, number) : UINT64_MAX);
	}
	status = finish(verify, err);
out:
	free(verify->exchange_bits);
	free(verify->gone);
	free(verify);
	return status;
}

int assay_verify_segment(const char *path, const struct assay_verify_options *options,
	struct assay_verify_report *report, struct assay_error *err)
{
	struct verify *verify = calloc(1, sizeof *verify);
	const char *name = strrchr(path, '/');
	int status;

	if (!verify)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	verify->options = options;
	verify->report = report;
	status = begin(verify, err);
	if (status == ASSAY_OK && access(path, R_OK) != 0)
		status = assay_error_set(err, ASSAY_ENOTFOUND, "journal-missing", "%s：不能读取（%s）",
			"%s: cannot be read (%s)", path, strerror(errno));
	if (status == ASSAY_OK) {
		verify_segment(verify, path, (unsigned)strtoul(name ? name + 1 : path, NULL, 10), UINT64_MAX);
		status = finish(verify, err);
	}
	free(verify->exchange_bits);
	free(verify->gone);
	free(verify);
	return status;
}
