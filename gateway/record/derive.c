/* SPDX-License-Identifier: Apache-2.0
 * The walk: each entry is compared with what the entries before it lead to, then it counts as it was recorded. So one
 * difference is said once and does not draw others after it. */
#include "gateway/record/derive_inside.h"
#include "gateway/record/journal_reader.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP 2000u /* entries in one transaction of the state */

__attribute__((format(printf, 4, 0), format(printf, 5, 0))) static void fill_finding(
	struct assay_finding *finding, uint64_t sequence, const char *code, const char *zh, const char *en,
	va_list args)
{
	va_list again;

	memset(finding, 0, sizeof *finding);
	finding->sequence = sequence;
	va_copy(again, args);
	(void)snprintf(finding->what.code, sizeof finding->what.code, "%s", code);
	(void)vsnprintf(finding->what.text_zh, sizeof finding->what.text_zh, zh, args);
	(void)vsnprintf(finding->what.text_en, sizeof finding->what.text_en, en, again);
	va_end(again);
}

void derive_differs(
	struct derive *derive, uint64_t sequence, const char *code, const char *zh, const char *en, ...)
{
	struct assay_finding finding;
	va_list args;

	va_start(args, en);
	fill_finding(&finding, sequence, code, zh, en, args);
	va_end(args);
	if (derive->report->differences++ == 0)
		derive->report->worst = finding;
	if (derive->options->found && derive->report->differences <= ASSAY_FINDINGS_MAX)
		derive->options->found(derive->options->context, &finding);
}

void derive_note(
	struct derive *derive, uint64_t sequence, const char *code, const char *zh, const char *en, ...)
{
	struct assay_finding finding;
	va_list args;

	va_start(args, en);
	fill_finding(&finding, sequence, code, zh, en, args);
	va_end(args);
	derive->report->notes++;
	if (derive->options->noted && derive->report->notes <= ASSAY_FINDINGS_MAX)
		derive->options->noted(derive->options->context, &finding);
}

/* Every folder that is read, also one that had no file in it then. */
static int make_spec_folders(const struct derive *derive)
{
	const char *name;
	char path[700];

	for (size_t i = 0; (name = assay_specs_folder(i)) != NULL; i++) {
		(void)snprintf(path, sizeof path, "%s/specs/%s", derive->folder, name);
		if (mkdir(path, 0700) != 0)
			return -1;
	}
	return 0;
}

/* TMPDIR/assay-derive-XXXXXX with specs/schema as installed. */
static int make_folder(struct derive *derive, struct assay_error *err)
{
	const char *parent = getenv("TMPDIR");
	char path[700], schema[700];

	if (!parent || strlen(parent) > sizeof derive->folder - 32)
		parent = "/tmp";
	(void)snprintf(derive->folder, sizeof derive->folder, "%s/assay-derive-XXXXXX", parent);
	if (!mkdtemp(derive->folder)) {
		derive->folder[0] = '\0';
		return assay_error_set(err, ASSAY_EIO, "derive-io", "%s：建不了临时目录（%s）",
			"%s: no private folder can be made there (%s)", parent, strerror(errno));
	}
	(void)snprintf(path, sizeof path, "%s/digests", derive->folder);
	if (mkdir(path, 0700) == 0) {
		(void)snprintf(path, sizeof path, "%s/specs", derive->folder);
		(void)snprintf(schema, sizeof schema, "%s/schema", derive->options->places->specs);
		if (mkdir(path, 0700) == 0) {
			(void)snprintf(path, sizeof path, "%s/specs/schema", derive->folder);
			if (symlink(schema, path) == 0 && make_spec_folders(derive) == 0)
				return ASSAY_OK;
		}
	}
	return assay_error_set(err, ASSAY_EIO, "derive-io", "%s：写不了（%s）", "%s: cannot be written (%s)",
		path, strerror(errno));
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *where)
{
	(void)about;
	(void)type;
	(void)where;
	(void)remove(path);
	return 0;
}

static int look(struct derive *derive, const struct assay_entry *entry, struct assay_error *err)
{
	int status = derive_compare(derive, entry, err);

	if (status != ASSAY_OK)
		return status;
	switch (entry->kind) {
	case ASSAY_ENTRY_SPEC:
		return derive_spec(derive, entry, err);
	case ASSAY_ENTRY_SPEC_SET:
		return derive_spec_set(derive, entry, err);
	case ASSAY_ENTRY_CONFIG:
		return derive_config(derive, entry, err);
	case ASSAY_ENTRY_START:
		derive_sessions_close(derive);
		return ASSAY_OK;
	default:
		return ASSAY_OK;
	}
}

static int visit(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	static struct assay_exchange exchange;
	struct derive *derive = context;
	struct assay_error *err = &derive->failed;
	bool gone = entry->body_length == 0; /* its payload went by a signed entry */
	int status = gone ? ASSAY_OK : look(derive, entry, err);

	(void)leaf;
	if (status == ASSAY_OK && entry->kind == ASSAY_ENTRY_EXCHANGE && !gone) {
		status = assay_exchange_body_read(entry->body, entry->body_length, &exchange, err);
		if (status == ASSAY_OK)
			derive_exchange(derive, entry, &exchange);
	}
	if (status == ASSAY_OK)
		status = assay_state_apply(derive->state, entry, err);
	if (status == ASSAY_OK && entry->kind == ASSAY_ENTRY_EXCHANGE && !gone)
		status = derive_offer(derive, entry, &exchange, err);
	else if (status == ASSAY_OK && !gone &&
		 (entry->kind == ASSAY_ENTRY_FILL || entry->kind == ASSAY_ENTRY_REFUSED))
		status = derive_offer_rest(derive, entry, &exchange, err);
	if (status == ASSAY_OK && entry->sequence % GROUP == GROUP - 1)
		status = assay_state_commit(derive->state, err);
	return status;
}

int assay_derive(const char *dir, const struct assay_derive_options *options,
	struct assay_derive_report *report, struct assay_error *err)
{
	struct derive *derive = calloc(1, sizeof *derive);
	struct assay_reader *reader = NULL;
	struct assay_error failed = {0};
	int status;

	memset(report, 0, sizeof *report);
	if (!derive)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	derive->options = options;
	derive->report = report;
	derive->current = json_object();
	status = assay_reader_open(dir, ASSAY_READ_STILL, &reader, err);
	if (status == ASSAY_OK)
		status = make_folder(derive, err);
	if (status == ASSAY_OK)
		status = assay_state_open(derive->folder, &derive->state, err);
	if (status == ASSAY_OK) {
		status = assay_reader_each(reader, 0, 0, visit, derive, &failed);
		if (status != ASSAY_OK && err)
			*err = derive->failed.code[0] ? derive->failed : failed;
	}
	assay_state_close(derive->state);
	derive_files_free(derive);
	json_decref(derive->made);
	if (derive->folder[0])
		(void)nftw(derive->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	assay_reader_close(reader);
	free(derive);
	return status;
}
