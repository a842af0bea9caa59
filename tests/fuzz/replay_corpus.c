/* SPDX-License-Identifier: Apache-2.0
 * main for fuzz targets outside the fuzz mode: every file of the target's corpus, whole and cut at each of its first
 * 512 bytes. Found from the program's name: fuzz_decimal reads tests/fuzz/corpus/decimal. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (1u << 20)
#define CUTS_MAX 512u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly that size, so that the sanitizer sees a read beyond it. */
static void try_input(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static unsigned replay_file(const char *path)
{
	static uint8_t data[FILE_MAX_BYTES];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file)
		return 0;
	size = fread(data, 1, sizeof data, file);
	(void)fclose(file);
	try_input(data, size);
	for (size_t cut = 0; cut < size && cut < CUTS_MAX; cut++)
		try_input(data, cut);
	return 1;
}

int main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "fuzz_");
	char folder[256], path[600];
	const struct dirent *entry;
	unsigned count = 0;
	DIR *corpus;

	for (const char *later = name; later; later = strstr(later + 1, "fuzz_"))
		name = later;
	if (argc > 1 || !name)
		return 2;
	(void)snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s", name + strlen("fuzz_"));
	corpus = opendir(folder);
	if (!corpus) {
		(void)fprintf(stderr, "%s: no corpus\n", folder);
		return 1;
	}
	while ((entry = readdir(corpus))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		count += replay_file(path);
	}
	(void)closedir(corpus);
	(void)printf("%u passed, %d failed\n", count, count ? 0 : 1);
	return count ? 0 : 1;
}
