/* SPDX-License-Identifier: Apache-2.0
 * The standards as loaded, for pages: JSON of editions, their limits and what changed between two of them.
 *
 * edition    {edition, standard, number, title_zh, title_en, tree, from, until, successor, no_row, voluntary, partial,
 *             rows, unverified, matches, file, sha256}
 *            edition: its name in addresses, "gb-2762-2025"; matches: rows that hold what was typed; partial: not all
 *            rows of that edition were entered
 * limit      {row, category, category_zh, category_en, food_zh, analyte, analyte_zh, cas, kind, limit, unit, when: [condition],
 *             unless: [condition], only, except, basis, method, clause, source, confidence, line}
 *            row: its number in the edition, from 0; condition: {zh, en} */
#ifndef ASSAY_LAB_STANDARDS_H
#define ASSAY_LAB_STANDARDS_H

#include "limits/limits.h"

#include <jansson.h>

/* The edition of that name in addresses; NULL with err "standard-unknown". */
const struct assay_standard *assay_edition_find(
	const struct assay_specs *specs, const char *edition, struct assay_error *err);

/* [edition], by number, the newest of each first. With something typed: those that hold it, or rows that do. */
json_t *assay_editions_json(const struct assay_specs *specs, const char *typed, struct assay_error *err);
/* {edition: edition, total, next, limits: [limit]}: rows from number from on that hold typed, at most limit of them; next is
 * where to go on, -1 nowhere. */
json_t *assay_edition_limits_json(const struct assay_specs *specs, const struct assay_standard *standard,
	const char *typed, size_t from, size_t limit, struct assay_error *err);
/* {before: edition, after: edition, changes: [{change, before: limit or null, after: limit or null}]} */
json_t *assay_edition_changes_json(const struct assay_specs *specs, const struct assay_standard *before,
	const struct assay_standard *after, struct assay_error *err);

/* [{product, name_zh, name_en, standards: [number]}]: those whose name holds typed */
json_t *assay_products_json(const struct assay_specs *specs, const char *typed, struct assay_error *err);
/* {product, name_zh, name_en, produced, items: [item], untested}: every limit that applies to it when made on that day.
 * item: {analyte, analyte_zh, standard, clause, limit, unit, confidence, declared, applies, method, method_standard,
 * method_zh, method_en}; method "": nothing here tests it. NULL with err "product-unknown", "date-invalid". */
json_t *assay_product_plan_json(
	const struct assay_specs *specs, const char *product, const char *produced, struct assay_error *err);

#endif
