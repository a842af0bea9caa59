/* SPDX-License-Identifier: Apache-2.0
 * Memory of a set: blocks that go with it, and every string once. */
#include "limits/specs.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536u

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(16) char bytes[];
};

struct assay_texts {
	struct block *blocks;
	const char **slot;
	size_t mask, count;
};

static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return hash;
}

static void *from_block(struct assay_texts *texts, size_t size)
{
	struct block *block = texts->blocks;
	void *out;

	size = (size + 15) & ~(size_t)15;
	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		block = malloc(sizeof *block + room);
		if (!block)
			return NULL;
		block->next = texts->blocks;
		block->used = 0;
		block->size = room;
		texts->blocks = block;
	}
	out = block->bytes + block->used;
	block->used += size;
	return out;
}

static struct assay_texts *texts_of(struct assay_specs *specs)
{
	if (!specs->texts)
		specs->texts = calloc(1, sizeof *specs->texts);
	return specs->texts;
}

void *assay_specs_memory(struct assay_specs *specs, size_t size)
{
	struct assay_texts *texts = texts_of(specs);
	void *out = texts ? from_block(texts, size) : NULL;

	if (out)
		memset(out, 0, size);
	return out;
}

static bool make_room(struct assay_texts *texts)
{
	size_t mask = texts->mask ? texts->mask * 2 + 1 : 4095;
	const char **slot;

	if (texts->slot && texts->count * 2 <= texts->mask)
		return true;
	slot = calloc(mask + 1, sizeof *slot);
	if (!slot)
		return false;
	for (size_t i = 0; texts->slot && i <= texts->mask; i++) {
		size_t at;

		if (!texts->slot[i])
			continue;
		at = hash_of(texts->slot[i]) & mask;
		while (slot[at])
			at = (at + 1) & mask;
		slot[at] = texts->slot[i];
	}
	free(texts->slot);
	texts->slot = slot;
	texts->mask = mask;
	return true;
}

const char *assay_specs_text(struct assay_specs *specs, const char *text)
{
	struct assay_texts *texts = texts_of(specs);
	size_t at, length;
	char *copy;

	if (!texts || !make_room(texts))
		return NULL;
	at = hash_of(text) & texts->mask;
	while (texts->slot[at]) {
		if (strcmp(texts->slot[at], text) == 0)
			return texts->slot[at];
		at = (at + 1) & texts->mask;
	}
	length = strlen(text);
	copy = from_block(texts, length + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, length + 1);
	texts->slot[at] = copy;
	texts->count++;
	return copy;
}

void *assay_specs_grow(void **array, size_t *count, size_t size)
{
	char *grown = *array;

	if ((*count & (*count - 1)) == 0) { /* at 0 and at each power of two */
		grown = realloc(*array, (*count ? *count * 2 : 1) * size);
		if (!grown)
			return NULL;
		*array = grown;
	}
	memset(grown + *count * size, 0, size);
	return grown + (*count)++ * size;
}

static void free_texts(struct assay_texts *texts)
{
	if (!texts)
		return;
	while (texts->blocks) {
		struct block *next = texts->blocks->next;

		free(texts->blocks);
		texts->blocks = next;
	}
	free(texts->slot);
	free(texts);
}

void assay_specs_free(struct assay_specs *specs)
{
	if (!specs)
		return;
	for (size_t i = 0; i < specs->file_count; i++) {
		free(specs->files[i]->bytes);
		free(specs->files[i]);
	}
	free(specs->files);
	free(specs->standards);
	free(specs->no_row_unverified);
	free(specs->products);
	free(specs->methods);
	free(specs->categories);
	free(specs->lineages);
	free(specs->rows);
	free(specs->analytes);
	free(specs->names);
	free(specs->dryings);
	free(specs->gaps);
	free(specs->editions);
	free(specs->analyte_in_standard);
	free(specs->by_category.slot);
	free(specs->by_name.slot);
	free(specs->by_row.slot);
	free(specs->by_standard.slot);
	free_texts(specs->texts);
	free(specs);
}
