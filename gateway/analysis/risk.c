/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/risk.h"

#include "gateway/analysis/shrinkage.h"

#include <stdlib.h>
#include <string.h>

#define CHILDREN_MIN 3u /* with fewer, their scatter says nothing about a parent */

static int by_keys(const void *left, const void *right)
{
	const struct assay_risk_cell *a = left, *b = right;

	for (int k = 0; k < ASSAY_RISK_KEYS; k++)
		if (a->key[k] != b->key[k])
			return a->key[k] < b->key[k] ? -1 : 1;
	return 0;
}

uint32_t assay_risk_roll_up(
	const struct assay_risk_cell *cells, uint32_t count, unsigned mask, struct assay_risk_cell *out)
{
	uint32_t kept = 0;

	if (count == 0)
		return 0;
	memmove(out, cells, count * sizeof *out);
	for (uint32_t i = 0; i < count; i++)
		for (unsigned k = 0; k < ASSAY_RISK_KEYS; k++)
			if (!(mask & ASSAY_RISK_BIT(k)))
				out[i].key[k] = ASSAY_RISK_ANY;
	qsort(out, count, sizeof *out, by_keys);
	for (uint32_t i = 1; i < count; i++) {
		struct assay_risk_cell *into = &out[kept];

		if (by_keys(into, &out[i]) != 0) {
			out[++kept] = out[i];
			continue;
		}
		into->n += out[i].n;
		into->failed += out[i].failed;
		into->near += out[i].near;
		into->maybe_near += out[i].maybe_near;
	}
	return kept + 1;
}

struct child {
	uint32_t parent[ASSAY_RISK_KEYS];
	uint32_t cell;
};

static int by_parent(const void *left, const void *right)
{
	const struct child *a = left, *b = right;

	for (int k = 0; k < ASSAY_RISK_KEYS; k++)
		if (a->parent[k] != b->parent[k])
			return a->parent[k] < b->parent[k] ? -1 : 1;
	return (a->cell > b->cell) - (a->cell < b->cell);
}

static bool siblings(const struct child *a, const struct child *b)
{
	return memcmp(a->parent, b->parent, sizeof a->parent) == 0;
}

/* Children sorted by parent; those of small families moved to the end, where they form one family. */
static uint32_t families(const struct assay_risk_cell *cells, uint32_t count, unsigned parent_mask,
	struct child *children, struct child *scratch)
{
	uint32_t big = 0, small = 0;

	for (uint32_t i = 0; i < count; i++) {
		children[i].cell = i;
		for (unsigned k = 0; k < ASSAY_RISK_KEYS; k++)
			children[i].parent[k] =
				parent_mask & ASSAY_RISK_BIT(k) ? cells[i].key[k] : ASSAY_RISK_ANY;
	}
	qsort(children, count, sizeof *children, by_parent);
	for (uint32_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && siblings(&children[first], &children[end]);)
			end++;
		if (end - first >= CHILDREN_MIN) {
			memmove(&children[big], &children[first], (end - first) * sizeof *children);
			big += end - first;
		} else {
			memcpy(&scratch[small], &children[first], (end - first) * sizeof *children);
			small += end - first;
		}
	}
	memcpy(&children[big], scratch, small * sizeof *children);
	for (uint32_t i = big; i < count; i++)
		memset(children[i].parent, 0xff, sizeof children[i].parent);
	return big;
}

/* Small groups have the same counts over and over, and an exact interval takes two searches. */
#define REMEMBERED 512u

struct memory {
	double confidence;
	struct {
		uint64_t count, n;
		struct assay_rate rate;
	} slot[REMEMBERED]; /* n 0: empty */
};

static struct assay_rate exact_rate(struct memory *memory, uint64_t count, uint64_t n)
{
	size_t at = (size_t)((n * 31 + count) % REMEMBERED);

	if (n == 0)
		return assay_rate_of(0, 0, memory->confidence, ASSAY_INTERVAL_CLOPPER_PEARSON);
	if (memory->slot[at].n != n || memory->slot[at].count != count) {
		memory->slot[at].n = n;
		memory->slot[at].count = count;
		memory->slot[at].rate =
			assay_rate_of(count, n, memory->confidence, ASSAY_INTERVAL_CLOPPER_PEARSON);
	}
	return memory->slot[at].rate;
}

static void describe(
	const struct assay_risk_cell *cell, struct memory *memory, struct assay_risk_entry *entry)
{
	entry->failed = exact_rate(memory, cell->failed, cell->n);
	entry->near = exact_rate(memory, cell->near, cell->n);
	if (cell->maybe_near > 0)
		entry->near.high = exact_rate(memory, cell->near + cell->maybe_near, cell->n).high;
}

struct work {
	struct memory *memory;
	struct child *children, *scratch;
	struct assay_shrinkage_child *counts;
	struct assay_rate *rates;
	double *p;
};

static int shrink_family(const struct assay_risk_cell *cells, const struct child *family, uint32_t count,
	double confidence, const struct work *work, struct assay_risk_entry *entries)
{
	struct assay_shrinkage parent;
	int status;

	for (uint32_t i = 0; i < count; i++)
		work->counts[i] =
			(struct assay_shrinkage_child){cells[family[i].cell].failed, cells[family[i].cell].n};
	status = assay_shrinkage_fit(work->counts, count, confidence, &parent, work->rates);
	for (uint32_t i = 0; status == ASSAY_OK && i < count; i++)
		entries[family[i].cell].shrunk = work->rates[i];
	return status;
}

static int shrink_all(const struct assay_risk_cell *cells, uint32_t count, unsigned parent_mask,
	double confidence, const struct work *work, struct assay_risk_entry *entries)
{
	uint32_t big = families(cells, count, parent_mask, work->children, work->scratch);
	int status = ASSAY_OK;

	for (uint32_t first = 0, end; first < count && status == ASSAY_OK; first = end) {
		end = first < big ? first + 1 : count;
		while (end < big && siblings(&work->children[first], &work->children[end]))
			end++;
		status = shrink_family(cells, &work->children[first], end - first, confidence, work, entries);
	}
	return status;
}

static int discover(const struct assay_risk_cell *cells, uint32_t count, double rate, const struct work *work,
	struct assay_risk_entry *entries)
{
	uint64_t all = 0, failed = 0;
	int status;

	for (uint32_t i = 0; i < count; i++) {
		all += cells[i].n;
		failed += cells[i].failed;
	}
	for (uint32_t i = 0; i < count; i++)
		work->p[i] = entries[i].p = assay_rate_excess(cells[i].failed, cells[i].n, failed, all);
	status = assay_discovery_adjust(work->p, work->p, count);
	for (uint32_t i = 0; status == ASSAY_OK && i < count; i++) {
		entries[i].q = work->p[i];
		entries[i].alarm = cells[i].n > 0 && entries[i].q <= rate;
	}
	return status;
}

static int by_risk(const void *left, const void *right)
{
	const struct assay_risk_entry *a = left, *b = right;

	if (a->alarm != b->alarm)
		return a->alarm ? -1 : 1;
	if ((a->failed.n > 0) != (b->failed.n > 0))
		return a->failed.n > 0 ? -1 : 1;
	if (a->alarm && (a->shrunk.low > b->shrunk.low || a->shrunk.low < b->shrunk.low))
		return a->shrunk.low > b->shrunk.low ? -1 : 1;
	if (a->p > b->p || a->p < b->p)
		return a->p < b->p ? -1 : 1;
	return (a->cell > b->cell) - (a->cell < b->cell);
}

int assay_risk_rank(const struct assay_risk_cell *cells, uint32_t count, unsigned parent_mask,
	double confidence, double discovery_rate, struct assay_risk_entry *entries)
{
	uint32_t room = count ? count : 1;
	struct work work = {.memory = calloc(1, sizeof *work.memory),
		.children = calloc(room, sizeof *work.children),
		.scratch = calloc(room, sizeof *work.scratch),
		.counts = calloc(room, sizeof *work.counts),
		.rates = calloc(room, sizeof *work.rates),
		.p = calloc(room, sizeof *work.p)};
	int status = ASSAY_ENOMEM;

	if (!work.memory || !work.children || !work.scratch || !work.counts || !work.rates || !work.p)
		goto out;
	work.memory->confidence = confidence;
	for (uint32_t i = 0; i < count; i++) {
		entries[i] = (struct assay_risk_entry){.cell = i};
		describe(&cells[i], work.memory, &entries[i]);
	}
	status = shrink_all(cells, count, parent_mask, confidence, &work, entries);
	if (status == ASSAY_OK)
		status = discover(cells, count, discovery_rate, &work, entries);
	if (status == ASSAY_OK && count > 1)
		qsort(entries, count, sizeof *entries, by_risk);
out:
	free(work.memory);
	free(work.children);
	free(work.scratch);
	free(work.counts);
	free(work.rates);
	free(work.p);
	return status;
}
