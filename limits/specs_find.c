/* SPDX-License-Identifier: Apache-2.0
 * Most specific row wins (GB 2762-2025 clause 3.3): the category itself, then upwards, nearest level first. */
#include "limits/specs.h"

#include <string.h>

static bool covers(const struct assay_specs *specs, const struct assay_row *row, uint32_t category)
{
	if (row->except.count && assay_specs_within(specs, category, &row->except))
		return false;
	return row->only.count == 0 || category == row->category ||
	       assay_specs_within(specs, category, &row->only);
}

static void take(struct assay_found *out, uint32_t row, const struct assay_fraction *factor,
	const struct assay_specs *specs, bool same_needed)
{
	if (out->count && same_needed && specs->rows[out->row[0]].analyte != specs->rows[row].analyte)
		out->ambiguous = true;
	if (out->count == ASSAY_FOUND_MAX) {
		out->ambiguous = true;
		return;
	}
	out->row[out->count] = row;
	out->factor[out->count++] = *factor;
}

/* Rows for names[first..first+count) at the nearest level that has any. */
static void climb(const struct assay_specs *specs, uint32_t standard, uint32_t category,
	const struct assay_name *names, uint32_t count, bool same_needed, struct assay_found *out)
{
	const struct assay_lineage *lineage = &specs->lineages[category];

	for (uint32_t i = 0; i < lineage->reach; i++) {
		if (out->count && lineage->distance[i] != lineage->distance[i - 1])
			return;
		for (uint32_t j = 0; j < count; j++)
			for (uint32_t row =
					assay_specs_row(specs, standard, lineage->id[i], names[j].analyte);
				row != ASSAY_NONE; row = specs->rows[row].next)
				if (covers(specs, &specs->rows[row], category))
					take(out, row, &names[j].factor, specs, same_needed);
	}
}

void assay_specs_find(const struct assay_specs *specs, uint32_t standard, uint32_t category, const char *name,
	struct assay_found *out)
{
	uint32_t first, all = assay_specs_names(specs, name, &first), next = 0;

	out->count = 0;
	out->ambiguous = out->known = false;
	out->analyte = ASSAY_NONE;
	/* by its own name; then by another name or CAS number; then reported as something else */
	for (uint8_t rank = 0; rank <= 2 && out->count == 0; rank++) {
		const struct assay_name *names = &specs->names[first + next];
		struct assay_name here[ASSAY_FOUND_MAX];
		uint32_t kept = 0;

		for (; next < all && specs->names[first + next].rank == rank; next++, names++) {
			if (kept == ASSAY_FOUND_MAX ||
				!assay_specs_has_analyte(specs, standard, names->analyte))
				continue;
			if (out->analyte == ASSAY_NONE) {
				out->analyte = names->analyte;
				out->analyte_factor = names->factor;
			}
			out->known = true;
			here[kept++] = *names;
		}
		if (kept)
			climb(specs, standard, category, here, kept, rank < 2, out);
	}
}
