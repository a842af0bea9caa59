/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/rebuild.h"

#include "gateway/record/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int io_error(struct assay_error *err, const char *path)
{
	return assay_error_set(err, ASSAY_EIO, "rebuild-io", "%s：读写失败（%s）",
		"%s: cannot be read or written (%s)", path, strerror(errno));
}

static int lock_journal(const char *dir, int *lock, struct assay_error *err)
{
	char path[600];

	(void)snprintf(path, sizeof path, "%s/journal/lock", dir);
	*lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*lock < 0)
		return io_error(err, path);
	if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_ETAKEN, "journal-taken",
		"%s 的网关正在运行；请先停止它，再重建状态",
		"the gateway in %s is running; stop it before its state is made again", dir);
}

/* A folder of its own in which `journal` is the real one, so that the new state grows beside the old one. */
static int make_side(const char *dir, char *side, size_t size, struct assay_error *err)
{
	char link[700], *real, from[600];
	int status = ASSAY_OK;

	(void)snprintf(from, sizeof from, "%s/journal", dir);
	(void)snprintf(side, size, "%s/rebuild", dir);
	(void)snprintf(link, sizeof link, "%s/journal", side);
	assay_state_remove(side);
	(void)unlink(link);
	if (mkdir(side, 0700) != 0 && errno != EEXIST)
		return io_error(err, side);
	real = realpath(from, NULL);
	if (!real || symlink(real, link) != 0)
		status = io_error(err, link);
	free(real);
	return status;
}

static void drop_side(const char *side)
{
	char link[700];

	assay_state_remove(side);
	(void)snprintf(link, sizeof link, "%s/journal", side);
	(void)unlink(link);
	(void)rmdir(side);
}

static int make_state(const char *side, uint64_t *entries, struct assay_error *err)
{
	struct assay_state *state = NULL;
	int status = assay_state_open(side, &state, err);

	if (status == ASSAY_OK)
		status = assay_state_catch_up(state, side, err);
	if (status == ASSAY_OK)
		*entries = assay_state_applied(state);
	assay_state_close(state);
	return status;
}

/* How many entries the old state has applied; 0 when there is none that can be read. */
static uint64_t applied_by(const char *path)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *applied = NULL;
	uint64_t entries = 0;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
		sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE key='applied'", -1, &applied, NULL) ==
			SQLITE_OK &&
		sqlite3_step(applied) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(applied, 0);

		entries = text ? strtoull(text, NULL, 10) : 0;
	}
	(void)sqlite3_finalize(applied);
	(void)sqlite3_close(db);
	return entries;
}

int assay_rebuild(const char *dir, assay_table_differs *differs, void *context,
	struct assay_rebuild_report *report, struct assay_error *err)
{
	char side[620], made[700], old[600];
	int lock = -1, status = lock_journal(dir, &lock, err);

	memset(report, 0, sizeof *report);
	(void)snprintf(old, sizeof old, "%s/state.db", dir);
	if (status == ASSAY_OK)
		status = make_side(dir, side, sizeof side, err);
	if (status != ASSAY_OK)
		goto out;
	(void)snprintf(made, sizeof made, "%s/state.db", side);
	status = make_state(side, &report->entries, err);
	if (status == ASSAY_OK && access(old, F_OK) == 0 && applied_by(old) == report->entries) {
		report->compared = true;
		status = assay_compare_states(old, made, differs, context, &report->tables, err);
	}
	if (status == ASSAY_OK) {
		assay_state_remove(dir);
		if (rename(made, old) != 0)
			status = io_error(err, old);
	}
	drop_side(side);
out:
	if (lock >= 0)
		(void)close(lock);
	return status;
}
