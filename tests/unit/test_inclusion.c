/* SPDX-License-Identifier: Apache-2.0
 * Inclusion proofs from stored tiles: each leads to the root of the tree at that size. The root comes from the
 * definition in RFC 6962 section 2.1, written down here as it stands there. */
#include "gateway/record/inclusion.h"
#include "tests/fault/specimen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ENTRIES 1400u

static uint8_t leaves[ENTRIES + 64][ASSAY_HASH_SIZE];
static uint64_t count;

static int keep(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	(void)context;
	(void)entry;
	memcpy(leaves[count++], leaf, ASSAY_HASH_SIZE);
	return 0;
}

static void plain_root(const uint8_t (*leaf)[ASSAY_HASH_SIZE], size_t size, uint8_t out[ASSAY_HASH_SIZE])
{
	uint8_t left[ASSAY_HASH_SIZE], right[ASSAY_HASH_SIZE];
	size_t k = 1;

	if (size == 1) {
		memcpy(out, leaf[0], ASSAY_HASH_SIZE);
		return;
	}
	while (k * 2 < size)
		k *= 2;
	plain_root(leaf, k, left);
	plain_root(leaf + k, size - k, right);
	assay_node(left, right, out);
}

static void test_paths(void **state)
{
	char dir[64];
	struct assay_reader *reader;
	struct assay_path path;
	struct assay_error err;
	uint8_t wanted[ASSAY_HASH_SIZE], got[ASSAY_HASH_SIZE];
	static const uint64_t sizes[] = {1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 1000, 1024, 1025, 1399};

	(void)state;
	specimen_dir(dir);
	specimen_fill(dir, 80000, ENTRIES, 10, 100);
	assert_int_equal(assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_true(assay_reader_segments(reader) > 3);
	assert_int_equal(assay_reader_each(reader, 0, 0, keep, NULL, &err), ASSAY_OK);
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		plain_root((const uint8_t(*)[ASSAY_HASH_SIZE])leaves, sizes[i], wanted);
		for (uint64_t index = 0; index<sizes[i]; index += sizes[i]> 40 ? 13 : 1) {
			assert_int_equal(
				assay_inclusion_path(reader, index, sizes[i], &path, &err), ASSAY_OK);
			assert_int_equal(assay_inclusion_root(leaves[index], index, sizes[i], &path, got), 0);
			assert_memory_equal(got, wanted, sizeof got);
			/* Another place, another leaf, a path cut or lengthened: another root, or none. */
			if (sizes[i] > 1) {
				uint64_t other = index ? index - 1 : 1;

				assert_true(assay_inclusion_root(
						    leaves[index], other, sizes[i], &path, got) != 0 ||
					    memcmp(got, wanted, sizeof got) != 0);
				path.count--;
				assert_int_equal(
					assay_inclusion_root(leaves[index], index, sizes[i], &path, got), -1);
				path.count += 2;
				assert_int_equal(
					assay_inclusion_root(leaves[index], index, sizes[i], &path, got), -1);
			}
		}
	}
	assert_int_equal(assay_inclusion_path(reader, 5, 5, &path, &err), ASSAY_EREFUSED);
	assert_int_equal(assay_inclusion_path(reader, 0, ENTRIES * 2, &path, &err), ASSAY_EREFUSED);
	assay_reader_close(reader);
	specimen_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
