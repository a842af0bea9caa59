/* SPDX-License-Identifier: Apache-2.0
 * The growing edge of an RFC 6962 tree, kept as 256-wide tiles: for each level the hashes of the tile that
 * is not complete yet. A complete tile's subtree root becomes one hash of the level above. Size of this
 * struct and cost of every call do not depend on the age of the log. */
#ifndef ASSAY_RECORD_MERKLE_H
#define ASSAY_RECORD_MERKLE_H

#include "gateway/record/journal.h"

#define ASSAY_TILE_WIDTH 256u
#define ASSAY_TILE_LEVELS 8u /* 256^8 entries */

struct assay_tile {
	uint64_t n; /* index of the tile at its level, from 0 */
	unsigned count;
	uint8_t hash[ASSAY_TILE_WIDTH][ASSAY_HASH_SIZE];
};

struct assay_tree {
	uint64_t size; /* leaves */
	struct assay_tile level[ASSAY_TILE_LEVELS];
};

void assay_node(const uint8_t left[ASSAY_HASH_SIZE], const uint8_t right[ASSAY_HASH_SIZE],
	uint8_t out[ASSAY_HASH_SIZE]);

/* Root of count hashes as RFC 6962 section 2.1 splits them (largest power of two below count to the left);
 * of no hash: SHA-256 of nothing. */
void assay_subtree_root(const uint8_t (*hash)[ASSAY_HASH_SIZE], size_t count, uint8_t out[ASSAY_HASH_SIZE]);

/* Add a leaf hash. For each tile that becomes complete, complete(context, level, tile, root) is called before
 * the tile is emptied; a non-zero return stops and is handed back (the tree is then unusable). */
int assay_tree_append(struct assay_tree *tree, const uint8_t leaf[ASSAY_HASH_SIZE],
	int (*complete)(void *context, unsigned level, const struct assay_tile *tile,
		const uint8_t root[ASSAY_HASH_SIZE]),
	void *context);

void assay_tree_root(const struct assay_tree *tree, uint8_t out[ASSAY_HASH_SIZE]);

#endif
