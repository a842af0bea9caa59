/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/merkle.h"

#include "gateway/record/sha256.h"

#include <string.h>

void assay_node(const uint8_t left[ASSAY_HASH_SIZE], const uint8_t right[ASSAY_HASH_SIZE],
	uint8_t out[ASSAY_HASH_SIZE])
{
	uint8_t input[1 + 2 * ASSAY_HASH_SIZE];

	input[0] = 0x01;
	memcpy(input + 1, left, ASSAY_HASH_SIZE);
	memcpy(input + 1 + ASSAY_HASH_SIZE, right, ASSAY_HASH_SIZE);
	assay_sha256(input, sizeof input, out);
}

void assay_subtree_root(const uint8_t (*hash)[ASSAY_HASH_SIZE], size_t count, uint8_t out[ASSAY_HASH_SIZE])
{
	/* Perfect subtrees of the left edge, largest first; folded from the right at the end. */
	uint8_t stack[64][ASSAY_HASH_SIZE];
	unsigned depth = 0;

	if (count == 0) {
		assay_sha256(NULL, 0, out);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		memcpy(stack[depth++], hash[i], ASSAY_HASH_SIZE);
		for (size_t full = i + 1; (full & 1) == 0; full >>= 1) {
			depth--;
			assay_node(stack[depth - 1], stack[depth], stack[depth - 1]);
		}
	}
	while (depth > 1) {
		depth--;
		assay_node(stack[depth - 1], stack[depth], stack[depth - 1]);
	}
	memcpy(out, stack[0], ASSAY_HASH_SIZE);
}

int assay_tree_append(struct assay_tree *tree, const uint8_t leaf[ASSAY_HASH_SIZE],
	int (*complete)(void *context, unsigned level, const struct assay_tile *tile,
		const uint8_t root[ASSAY_HASH_SIZE]),
	void *context)
{
	uint8_t carried[ASSAY_HASH_SIZE];

	memcpy(carried, leaf, ASSAY_HASH_SIZE);
	tree->size++;
	for (unsigned level = 0; level < ASSAY_TILE_LEVELS; level++) {
		struct assay_tile *tile = &tree->level[level];
		int result;

		memcpy(tile->hash[tile->count++], carried, ASSAY_HASH_SIZE);
		if (tile->count < ASSAY_TILE_WIDTH)
			break;
		assay_subtree_root((const uint8_t(*)[ASSAY_HASH_SIZE])tile->hash, ASSAY_TILE_WIDTH, carried);
		result = complete ? complete(context, level, tile, carried) : 0;
		if (result)
			return result;
		tile->n++;
		tile->count = 0;
	}
	return 0;
}

void assay_tree_root(const struct assay_tree *tree, uint8_t out[ASSAY_HASH_SIZE])
{
	bool have = false;

	/* The left siblings of the edge stand in the levels above: fold from the lowest level up. */
	assay_sha256(NULL, 0, out);
	for (unsigned level = 0; level < ASSAY_TILE_LEVELS; level++) {
		const struct assay_tile *tile = &tree->level[level];
		uint8_t row[ASSAY_TILE_WIDTH][ASSAY_HASH_SIZE];
		size_t count = tile->count;

		memcpy(row, tile->hash, count * ASSAY_HASH_SIZE);
		if (have)
			memcpy(row[count++], out, ASSAY_HASH_SIZE);
		if (count == 0)
			continue;
		assay_subtree_root((const uint8_t(*)[ASSAY_HASH_SIZE])row, count, out);
		have = true;
	}
}
