/* SPDX-License-Identifier: Apache-2.0
 * What stands beside some of a log's entries, in as few hashes as there can be: the largest complete subtrees (RFC 6962)
 * that hold none of them. With these and the entries' own leaves the signed root is worked out again, although the rest
 * of the log is not there. Written by an export of a part, one line each: FIRST COUNT HASH. */
#ifndef ASSAY_RECORD_SUBTREES_H
#define ASSAY_RECORD_SUBTREES_H

#include "gateway/record/journal.h"

#include <stdio.h>

#define ASSAY_SUBTREE_LINE_MAX 128u

struct assay_subtree {
	uint64_t first,
		count; /* entries [first, first + count); count a power of two, first a multiple of it */
	bool inside; /* holds an entry that is there: hash is not filled while hashes are gathered */
	uint8_t hash[ASSAY_HASH_SIZE];
};

/* The complete subtrees so far, from the largest down. Cost and size do not depend on the age of the log. */
struct assay_subtree_row {
	struct assay_subtree peak[64];
	unsigned count;
	uint64_t size; /* entries taken */
};

/* Take the next subtree; it begins where the row ends and is aligned, or false. Two neighbours of one size become one. When
 * gathering, beside(context, subtree) gets each largest subtree without an entry that is there (in no order). */
bool assay_subtree_take(struct assay_subtree_row *row, const struct assay_subtree *next,
	void (*beside)(void *context, const struct assay_subtree *subtree), void *context);
/* After the last one: what is left without an entry that is there. */
void assay_subtree_end(const struct assay_subtree_row *row,
	void (*beside)(void *context, const struct assay_subtree *subtree), void *context);
/* The root of all that was taken; only when no subtree was inside. */
void assay_subtree_root_of(const struct assay_subtree_row *row, uint8_t out[ASSAY_HASH_SIZE]);

int assay_subtree_compare(const void *a, const void *b); /* by first, for qsort */
bool assay_subtree_print(FILE *out, const struct assay_subtree *subtree);
/* One line as printed, nothing else; false for anything else. */
bool assay_subtree_parse(const char *line, struct assay_subtree *out);

#endif
