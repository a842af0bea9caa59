/* SPDX-License-Identifier: Apache-2.0
 * Any selection of a log's entries and the subtrees beside it give the log's root: every selection of logs of up to nine
 * entries, every run of entries of logs of up to forty. The root is RFC 6962's, by assay_subtree_root, which
 * test_journal and tests/verify.py hold to the RFC's definition; the most there can be beside a run is two for each level. */
#include "gateway/record/subtrees.h"

#include "gateway/record/merkle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 40u

struct beside {
	struct assay_subtree tree[MOST];
	size_t count;
};

static void leaf_of(uint64_t number, uint8_t out[ASSAY_HASH_SIZE])
{
	for (size_t i = 0; i < ASSAY_HASH_SIZE; i++)
		out[i] = (uint8_t)(number * 7 + i);
}

static void gather(void *context, const struct assay_subtree *subtree)
{
	struct beside *beside = context;

	assert_true(beside->count < MOST);
	assert_false(subtree->inside);
	beside->tree[beside->count++] = *subtree;
}

/* Entries whose bit is set, of size entries; the number of subtrees beside them. */
static size_t round_trip(uint64_t size, uint64_t chosen)
{
	struct assay_subtree_row all = {.size = 0}, again = {.size = 0};
	struct beside beside = {.count = 0};
	uint8_t leaf[MOST][ASSAY_HASH_SIZE], wanted[ASSAY_HASH_SIZE], got[ASSAY_HASH_SIZE];
	size_t next = 0;

	for (uint64_t i = 0; i < size; i++) {
		struct assay_subtree one = {.first = i, .count = 1, .inside = chosen >> i & 1};

		leaf_of(i, leaf[i]);
		if (!one.inside)
			memcpy(one.hash, leaf[i], sizeof one.hash);
		assert_true(assay_subtree_take(&all, &one, gather, &beside));
	}
	assay_subtree_end(&all, gather, &beside);
	qsort(beside.tree, beside.count, sizeof *beside.tree, assay_subtree_compare);
	while (again.size < size) {
		struct assay_subtree one = {.first = again.size, .count = 1};

		memcpy(one.hash, leaf[again.size], sizeof one.hash);
		if (!(chosen >> again.size & 1)) {
			assert_true(next < beside.count);
			one = beside.tree[next++];
		}
		assert_true(assay_subtree_take(&again, &one, NULL, NULL));
	}
	assert_int_equal(next, beside.count);
	assay_subtree_root_of(&again, got);
	assay_subtree_root((const uint8_t(*)[ASSAY_HASH_SIZE])leaf, size, wanted);
	assert_memory_equal(got, wanted, sizeof got);
	return beside.count;
}

static void test_every_selection(void **state)
{
	(void)state;
	for (uint64_t size = 1; size <= 9; size++)
		for (uint64_t chosen = 0; chosen < 1ull << size; chosen++)
			(void)round_trip(size, chosen);
}

static void test_every_run(void **state)
{
	(void)state;
	for (uint64_t size = 1; size <= MOST; size++)
		for (uint64_t from = 0; from < size; from++)
			for (uint64_t to = from + 1; to <= size; to++)
				assert_true(
					round_trip(size, ((1ull << to) - 1) & ~((1ull << from) - 1)) <= 12);
}

/* What cannot lie where it is said to. */
static void test_refused(void **state)
{
	static const struct assay_subtree bad[] = {{.first = 1, .count = 1}, {.first = 0, .count = 3},
		{.first = 0, .count = 0}, {.first = 2, .count = 2}};
	static const char *const lines[] = {
		"", "\n", "0 1\n", "0 1 00\n", "00 1 ", "-1 1 ", "0  1 ", "18446744073709551616 1 "};
	struct assay_subtree_row row = {.size = 0};
	struct assay_subtree one = {.first = 0, .count = 1}, odd = {.first = 1, .count = 2}, out;
	char good[ASSAY_SUBTREE_LINE_MAX] = "12 4 ", line[ASSAY_SUBTREE_LINE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(assay_subtree_take(&row, &bad[i], NULL, NULL));
	assert_true(assay_subtree_take(&row, &one, NULL, NULL));
	assert_false(assay_subtree_take(&row, &odd, NULL, NULL)); /* not aligned */
	memset(good + 5, 'a', 64);
	good[69] = '\n';
	good[70] = '\0';
	assert_true(assay_subtree_parse(good, &out));
	assert_true(out.first == 12 && out.count == 4 && out.hash[31] == 0xaa);
	good[30] = 'A'; /* one way to write it */
	assert_false(assay_subtree_parse(good, &out));
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		(void)snprintf(line, sizeof line, "%s%s", lines[i], i < 4 ? "" : good + 5);
		assert_false(assay_subtree_parse(line, &out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_selection),
		cmocka_unit_test(test_every_run), cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
