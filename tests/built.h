/* SPDX-License-Identifier: Apache-2.0
 * Where the build lies, seen from a test program in BUILD/tests/KIND/NAME. */
#ifndef ASSAY_TESTS_BUILT_H
#define ASSAY_TESTS_BUILT_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* BUILD/what, e.g. "drivers" or "specs". Returns out. */
static inline const char *built(const char *what, char *out, size_t size)
{
	char self[400];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	self[length > 0 ? length : 0] = '\0';
	for (unsigned up = 0; up < 3; up++) {
		char *slash = strrchr(self, '/');

		if (slash)
			*slash = '\0';
	}
	(void)snprintf(out, size, "%s/%s", self, what);
	return out;
}

#endif
