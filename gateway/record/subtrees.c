/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/subtrees.h"

#include "gateway/record/merkle.h"

#include <inttypes.h>
#include <string.h>

static void say(const struct assay_subtree *subtree,
	void (*beside)(void *context, const struct assay_subtree *subtree), void *context)
{
	if (!subtree->inside && beside)
		beside(context, subtree);
}

/* The last two are neighbours of one size: one subtree. Beside an entry that is there, the other one stands by itself. */
static void join(struct assay_subtree_row *row,
	void (*beside)(void *context, const struct assay_subtree *subtree), void *context)
{
	struct assay_subtree *left = &row->peak[row->count - 2], *right = &row->peak[row->count - 1];

	if (left->inside || right->inside) {
		say(left, beside, context);
		say(right, beside, context);
		left->inside = true;
	} else {
		assay_node(left->hash, right->hash, left->hash);
	}
	left->count *= 2;
	row->count--;
}

bool assay_subtree_take(struct assay_subtree_row *row, const struct assay_subtree *next,
	void (*beside)(void *context, const struct assay_subtree *subtree), void *context)
{
	uint64_t count = next->count;

	if (next->first != row->size || count == 0 || (count & (count - 1)) != 0 ||
		next->first % count != 0 || next->first + count < count ||
		row->count == sizeof row->peak / sizeof *row->peak)
		return false;
	row->peak[row->count++] = *next;
	row->size += count;
	while (row->count > 1 && row->peak[row->count - 1].count == row->peak[row->count - 2].count)
		join(row, beside, context);
	return true;
}

void assay_subtree_end(const struct assay_subtree_row *row,
	void (*beside)(void *context, const struct assay_subtree *subtree), void *context)
{
	for (unsigned i = 0; i < row->count; i++)
		say(&row->peak[i], beside, context);
}

void assay_subtree_root_of(const struct assay_subtree_row *row, uint8_t out[ASSAY_HASH_SIZE])
{
	if (row->count == 0) {
		assay_subtree_root(NULL, 0, out);
		return;
	}
	memcpy(out, row->peak[row->count - 1].hash, ASSAY_HASH_SIZE);
	for (unsigned i = row->count - 1; i > 0; i--)
		assay_node(row->peak[i - 1].hash, out, out);
}

int assay_subtree_compare(const void *a, const void *b)
{
	const struct assay_subtree *left = a, *right = b;

	return left->first < right->first ? -1 : left->first > right->first;
}

bool assay_subtree_print(FILE *out, const struct assay_subtree *subtree)
{
	(void)fprintf(out, "%" PRIu64 " %" PRIu64 " ", subtree->first, subtree->count);
	for (size_t i = 0; i < ASSAY_HASH_SIZE; i++)
		(void)fprintf(out, "%02x", subtree->hash[i]);
	return fputc('\n', out) != EOF;
}

static bool take_number(const char **text, uint64_t *out)
{
	const char *begin = *text;

	*out = 0;
	while (**text >= '0' && **text <= '9') {
		if (*out > (UINT64_MAX - 9) / 10)
			return false;
		*out = *out * 10 + (uint64_t)(*(*text)++ - '0');
	}
	return *text > begin && (*begin != '0' || *text == begin + 1) && *(*text)++ == ' ';
}

static int nibble(char digit)
{
	return digit >= '0' && digit <= '9'   ? digit - '0'
	       : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
					      : -1;
}

bool assay_subtree_parse(const char *line, struct assay_subtree *out)
{
	memset(out, 0, sizeof *out);
	if (!take_number(&line, &out->first) || !take_number(&line, &out->count))
		return false;
	for (size_t i = 0; i < ASSAY_HASH_SIZE; i++) {
		int high = nibble(line[0]), low = high < 0 ? -1 : nibble(line[1]);

		if (low < 0)
			return false;
		out->hash[i] = (uint8_t)(high << 4 | low);
		line += 2;
	}
	return strcmp(line, "\n") == 0;
}
