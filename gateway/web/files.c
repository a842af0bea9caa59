/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web/files.h"

#include <stdio.h>
#include <sys/stat.h>

static const char *const names[WEB_STATE_FILES] = {"state.db", "state.db-wal", "state.db-shm"};

static ino_t look(const char *dir, unsigned which, char path[4200])
{
	struct stat about;

	(void)snprintf(path, 4200, "%s/%s", dir, names[which]);
	return stat(path, &about) == 0 ? about.st_ino : 0;
}

int web_files_confine(const char *dir, enum assay_confined role, const struct assay_confine_path *more,
	struct web_files *out, struct assay_error *err)
{
	char path[WEB_STATE_FILES][4200];
	struct assay_confine_path allowed[WEB_STATE_FILES + WEB_MORE_PATHS_MAX + 1] = {0};
	size_t count = 0;

	out->dir = dir;
	for (unsigned i = 0; i < WEB_STATE_FILES; i++) {
		out->seen[i] = look(dir, i, path[i]);
		allowed[count++].path = path[i];
	}
	for (size_t i = 0; i < WEB_MORE_PATHS_MAX && more[i].path; i++)
		allowed[count++] = more[i];
	return assay_confine(role, allowed, NULL, err);
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
