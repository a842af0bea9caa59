/* SPDX-License-Identifier: Apache-2.0
 * Inclusion proofs, RFC 6962 section 2.1.1: that an entry is in the tree a checkpoint signs. The cost does not depend
 * on the age of the log: at most 255 hashes are read at each of its levels of 256. */
#ifndef ASSAY_RECORD_INCLUSION_H
#define ASSAY_RECORD_INCLUSION_H

#include "gateway/record/journal_reader.h"

#define ASSAY_PATH_MAX 64u

struct assay_path {
	unsigned count;
	uint8_t hash[ASSAY_PATH_MAX][ASSAY_HASH_SIZE]; /* from the leaf up */
};

/* The path of entry `index` in the tree of the first `size` entries (index < size <= assay_reader_size). */
int assay_inclusion_path(struct assay_reader *reader, uint64_t index, uint64_t size, struct assay_path *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* The root that leaf, its index and path give for a tree of size entries. 0, or -1 when the path has another length
 * than such a tree needs. */
int assay_inclusion_root(const uint8_t leaf[ASSAY_HASH_SIZE], uint64_t index, uint64_t size,
	const struct assay_path *path, uint8_t out[ASSAY_HASH_SIZE]) ASSAY_WARN_UNUSED;

#endif
