/* SPDX-License-Identifier: Apache-2.0
 * The immutable set behind struct assay_specs, its indexes, and the look-ups only the library itself needs. */
#ifndef ASSAY_LIMITS_SPECS_H
#define ASSAY_LIMITS_SPECS_H

#include "limits/limits.h"

#define ASSAY_NONE UINT32_MAX
#define ASSAY_PARTS_MAX 8u
#define ASSAY_EQUIVALENTS_MAX 4u

enum assay_kind {
	ASSAY_KIND_LE = 1,
	ASSAY_KIND_LT,
	ASSAY_KIND_GE,
	ASSAY_KIND_GT,
	ASSAY_KIND_RANGE,
	ASSAY_KIND_TOL_PM,
	ASSAY_KIND_ND,
	ASSAY_KIND_PROHIBITED,
	ASSAY_KIND_QUAL_NEGATIVE,
	ASSAY_KIND_RATIO_LE,
	ASSAY_KIND_SUM_LE,
	ASSAY_KIND_SUM_GE,
	ASSAY_KIND_RATIO_SUM,
	ASSAY_KIND_PLAN2,
	ASSAY_KIND_PLAN3
};
/* 0 when there is none. */
enum assay_kind assay_kind_find(const char *name);

struct assay_codes {
	const uint32_t *id;
	uint32_t count;
};

/* A limit with everything judging looks up, worked out at load. */
struct assay_row {
	const struct assay_limit *limit;
	uint32_t standard, category, analyte;
	uint32_t next; /* further row of the same standard, category and analyte */
	enum assay_kind kind;
	int unit;
	int place; /* of the rounded-value method: digits after the point of the limit as written */
	struct assay_codes except, only, dilution;
	uint64_t when, unless, left_out_when, dilution_when, eighth_when, alternative_when;
	struct assay_fraction lower, upper, alternative_upper, m, M, lod;
	bool has_lod, relative, rounded;
};

/* A category, all its ancestors by distance (itself first), and how many of them rows may be taken from. */
struct assay_lineage {
	const uint32_t *id;
	const uint8_t *distance;
	uint32_t count, reach;
};

/* A name an analyte goes by. rank 0: the row's own name; 1: another name or CAS number; 2: reported as something else */
struct assay_name {
	const char *text;
	uint32_t analyte;
	uint8_t rank;
	struct assay_fraction factor;
};

struct assay_analyte {
	const char *name;
	const char *part[ASSAY_PARTS_MAX]; /* names separated by | */
	unsigned part_count;
	struct {
		int unit, of;
		struct assay_fraction factor; /* 1 of `of` is factor of `unit` */
	} equivalent[ASSAY_EQUIVALENTS_MAX];
	unsigned equivalent_count;
};

struct assay_drying {
	uint32_t standard, family, products, dried; /* dried may be ASSAY_NONE */
	const char *clause;
};

struct assay_gap { /* left-out and review */
	uint32_t standard, category;
	const char *group; /* "" any analyte: left out */
	const char *zh, *en;
};

struct assay_hash {
	uint32_t *slot; /* index + 1, 0 empty */
	uint32_t mask;
};

struct assay_texts; /* interned strings */

struct assay_specs {
	struct assay_texts *texts;
	struct assay_spec_file **files; /* each allocated by itself: pointers to them stay good */
	size_t file_count;
	struct assay_standard *standards;
	size_t standard_count;
	bool *no_row_unverified; /* beside standards */
	struct assay_product *products;
	size_t product_count;
	struct assay_method *methods;
	size_t method_count;
	struct assay_category *categories; /* sorted by tree, code */
	size_t category_count;
	struct assay_lineage *lineages; /* beside categories */
	struct assay_row *rows;
	size_t row_count;
	struct assay_analyte *analytes;
	size_t analyte_count;
	struct assay_name *names; /* sorted by text, rank */
	size_t name_count;
	struct assay_drying *dryings;
	size_t drying_count;
	struct assay_gap *gaps;
	size_t gap_count;
	uint32_t *editions; /* standards sorted by number, from */
	uint8_t *analyte_in_standard; /* bits: standard * analyte_count + analyte */
	struct assay_hash by_category, by_name, by_row, by_standard;
};

/* Interned copy that lives as long as the set; NULL: no memory. */
const char *assay_specs_text(struct assay_specs *specs, const char *text);
/* Memory that lives as long as the set. */
void *assay_specs_memory(struct assay_specs *specs, size_t size);

/* One more zeroed element at the end of an array; NULL: no memory. */
void *assay_specs_grow(void **array, size_t *count, size_t size);

/* ASSAY_NONE when unknown. */
uint32_t assay_specs_category_id(const struct assay_specs *specs, const char *tree, const char *code);
uint32_t assay_specs_analyte_id(const struct assay_specs *specs, const char *name); /* by its own name */
/* Names of text: *first is their first index, returns how many. */
uint32_t assay_specs_names(const struct assay_specs *specs, const char *text, uint32_t *first);
/* First row of the key, ASSAY_NONE none; go on with rows[i].next. */
uint32_t assay_specs_row(
	const struct assay_specs *specs, uint32_t standard, uint32_t category, uint32_t analyte);
bool assay_specs_has_analyte(const struct assay_specs *specs, uint32_t standard, uint32_t analyte);
/* category or one of its ancestors is one of codes. */
bool assay_specs_within(const struct assay_specs *specs, uint32_t category, const struct assay_codes *codes);
bool assay_specs_below(const struct assay_specs *specs, uint32_t category, uint32_t ancestor);

/* Rows gathered for one question. */
#define ASSAY_FOUND_MAX 8u
struct assay_found {
	uint32_t row[ASSAY_FOUND_MAX];
	struct assay_fraction factor[ASSAY_FOUND_MAX]; /* of the name it was found by */
	unsigned count;
	bool ambiguous; /* rows of different analytes answer to the name */
	bool known; /* the name means something in the standard at all */
	uint32_t analyte; /* the first analyte the name means in this standard, ASSAY_NONE none */
	struct assay_fraction analyte_factor;
};
/* The nearest level with rows decides. */
void assay_specs_find(const struct assay_specs *specs, uint32_t standard, uint32_t category, const char *name,
	struct assay_found *out);

/* Build the indexes, of categories as soon as they are read; then the checks across rows. */
int assay_specs_index_categories(struct assay_specs *specs, struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_specs_index(struct assay_specs *specs, struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_specs_check(const struct assay_specs *specs, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Does the method measure the analyte, by any of its names, which assay_specs_names found at first? */
bool assay_method_named(const struct assay_specs *specs, const struct assay_method *method,
	const char *analyte, uint32_t first, uint32_t count);

/* 0 when the name is no condition. */
uint64_t assay_condition_bit(const char *name, size_t length);
bool assay_condition_bits(const char *names, uint64_t *out);

#endif
