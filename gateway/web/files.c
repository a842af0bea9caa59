/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web/files.h"

#include "gateway/confine.h"

#include <stdio.h>
#include <sys/stat.h>

static const char *const names[WEB_STATE_FILES] = {"state.db", "state.db-wal", "state.db-shm"};

static ino_t look(const char *dir, unsigned which, char path[4200])
{
	struct stat about;

	(void)snprintf(path, 4200, "%s/%s", dir, names[which]);
	return stat(path, &about) == 0 ? about.st_ino : 0;
}

int web_files_confine(const char *dir, struct web_files *out, struct assay_error *err)
{
	char path[WEB_STATE_FILES][4200], journal[4200], key[4200];
	struct assay_confine_path allowed[WEB_STATE_FILES + 3] = {0};

	out->dir = dir;
	for (unsigned i = 0; i < WEB_STATE_FILES; i++) {
		out->seen[i] = look(dir, i, path[i]);
		allowed[i].path = path[i];
	}
	(void)snprintf(journal, sizeof journal, "%s/journal", dir);
	allowed[WEB_STATE_FILES].path = journal;
	(void)snprintf(key, sizeof key, "%s/keys/origin.pub", dir); /* stands in every proof */
	allowed[WEB_STATE_FILES + 1].path = key;
	return assay_confine(ASSAY_CONFINED_WEB, allowed, NULL, err);
}

bool web_files_replaced(const struct web_files *files)
{
	char path[4200];

	for (unsigned i = 0; i < WEB_STATE_FILES; i++) {
		ino_t now = look(files->dir, i, path);

		if (now != 0 && now != files->seen[i])
			return true;
	}
	return false;
}
