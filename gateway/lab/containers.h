/* SPDX-License-Identifier: Apache-2.0
 * Microbiology with a sampling plan (GB 4789.1): n containers of one test, each with a bar code and a count of its own. A
 * container is a replicate of the worksheet; nothing is averaged over them. */
#ifndef ASSAY_LAB_CONTAINERS_H
#define ASSAY_LAB_CONTAINERS_H

#include "gateway/lab/worksheet.h"

#define LAB_CONTAINERS_TEXT_MAX 600u /* of all counts in a row */

struct lab_container {
	bool counted; /* it has a count; otherwise it is missing, or its slots are not filled */
	char value[ASSAY_DECIMAL_TEXT_MAX + 4]; /* as reported, with (+) or (-) when rounding led to m or M */
	char exact[ASSAY_FRACTION_TEXT_MAX]; /* "n/d", "" when nothing was found */
	char judged[ASSAY_RESULT_TEXT_MAX]; /* the result text the plan sees: not rounded */
};

struct lab_containers {
	unsigned n; /* 0: the test has no sampling plan */
	unsigned counted;
	struct lab_container of[ASSAY_REPLICATES_MAX];
	char value[LAB_CONTAINERS_TEXT_MAX]; /* "12000; <10; — ...", in the containers' order */
};

/* What a test's slots come to. */
struct lab_outcome {
	struct assay_result
		result; /* of a plan: unit, reasons, steps; has_value when a container has a count */
	struct lab_containers containers;
};

/* The sampling plan of the product for what the method counts, as it stands in a TEST entry's sheet (entries.h), with the
 * bar codes of its containers; json_null() when no standard of the product has one. */
json_t *lab_sampling_plan(struct assay_lab *lab, const struct assay_product *product, const char *produced,
	const struct assay_method *method, const char *batch, unsigned position);
/* Containers of a sheet: n of its plan, 0 none. */
unsigned lab_plan_containers(const json_t *sheet);
/* The bar code of container k (from 1); "" none. */
const char *lab_container_sample(const json_t *sheet, unsigned k);

/* The method's result, or each container's. found as in assay_method_calculate. Always fills *out unless there is no
 * memory. */
int lab_calculate(const struct worksheet *sheet, const struct assay_evidence_found *found,
	struct lab_outcome *out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* [{container, sample, state: "counted" or "missing", value, unit, exact, judged}] */
json_t *lab_containers_json(const struct worksheet *sheet, const struct lab_outcome *outcome);

/* A container that cannot be counted: broken, lost, spoilt. */
int lab_container_missing(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* The last filling of a test that has no result yet is taken back: its slot is empty again. */
int lab_take_back(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
