/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* base/drivers_part and base/specs_part, when both are there. */
static bool found_at(
	const char *base, const char *drivers_part, const char *specs_part, struct assay_places *out)
{
	char drivers[PATH_MAX + 64], specs[PATH_MAX + 64];

	(void)snprintf(drivers, sizeof drivers, "%s/%s", base, drivers_part);
	(void)snprintf(specs, sizeof specs, "%s/%s", base, specs_part);
	if (!is_folder(drivers) || !is_folder(specs) || strlen(drivers) >= sizeof out->drivers ||
		strlen(specs) >= sizeof out->specs)
		return false;
	memcpy(out->drivers, drivers, strlen(drivers) + 1);
	memcpy(out->specs, specs, strlen(specs) + 1);
	return true;
}

static void go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

int assay_places_find(struct assay_places *out, struct assay_error *err)
{
	char base[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", base, sizeof base - 1);

	if (length <= 0)
		return assay_error_set(err, ASSAY_EIO, "places", "找不到自己的程序文件（%s）",
			"the program's own file cannot be found (%s)", strerror(errno));
	base[length] = '\0';
	go_up(base);
	if (found_at(base, "drivers", "specs", out))
		return ASSAY_OK;
	go_up(base);
	if (found_at(base, "lib/assay/drivers", "share/assay/specs", out))
		return ASSAY_OK;
	go_up(base); /* a test program: build/tests/unit/NAME */
	if (found_at(base, "drivers", "specs", out))
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_ENOTFOUND, "places",
		"在程序旁边和安装前缀下都没有 drivers 和 specs。请重新安装，或在源码目录执行 make",
		"neither beside the program nor below its prefix are drivers and specs; install again, or "
		"run "
		"make in the source tree");
}
