/* SPDX-License-Identifier: Apache-2.0
 * A test under way: its method as ordered, the values in its slots. */
#ifndef ASSAY_LAB_WORKSHEET_H
#define ASSAY_LAB_WORKSHEET_H

#include "gateway/lab/entries.h"

struct worksheet_fill {
	char slot[32], unit[32], value[ASSAY_DECIMAL_TEXT_MAX];
	unsigned replicate, ordinal;
	bool typed;
	int64_t fill, exchange, idx; /* sequences; exchange -1: typed */
};

struct worksheet {
	char test[LAB_ID_MAX], batch[LAB_ID_MAX], status[16], evidence_instrument[ASSAY_INSTRUMENT_ID_MAX];
	json_t *sheet; /* owned */
	const struct assay_specs *specs; /* the batch's; NULL: they cannot be read */
	const struct assay_method *method; /* NULL: its file is another than when the test was ordered */
	struct worksheet_fill fill[LAB_VALUES_MAX];
	struct assay_slot_value value[LAB_VALUES_MAX]; /* of the fills, in the same order */
	size_t count;
	unsigned containers; /* of the sampling plan; 0 none: then replicates are the method's */
	bool missing[ASSAY_REPLICATES_MAX]; /* container k+1 cannot be counted */
	bool taken_back; /* a filling was */
};

/* Read a test from the state. ASSAY_ENOTFOUND "test-unknown". worksheet_free in any case after success. */
int worksheet_load(struct assay_lab *lab, const char *test, struct worksheet *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
void worksheet_free(struct worksheet *sheet);

/* A value that is about to fill a slot, for what follows from it. false: no room or no number. */
bool worksheet_add(
	struct worksheet *sheet, const char *slot, unsigned replicate, unsigned ordinal, const char *value);
/* A filling is taken out again. */
void worksheet_drop(struct worksheet *sheet, size_t index);
/* The values of one container, numbered as if it were the only one. Returns how many. */
size_t worksheet_container(
	const struct worksheet *sheet, unsigned container, struct assay_slot_value out[LAB_VALUES_MAX]);
enum assay_slot_state worksheet_slot_state(
	const struct worksheet *sheet, const char *slot, unsigned replicate);
/* All slots of all replicates are complete, or their weighings are used up, or their container is missing. */
bool worksheet_finished(const struct worksheet *sheet);
/* [{name, name_zh, name_en, replicate, value, unit, low, high}] */
json_t *worksheet_calculated(const struct worksheet *sheet, const struct assay_result *result);
const struct assay_slot *worksheet_slot(
	const struct worksheet *sheet, const char *name, unsigned *position_out);
int worksheet_changed(struct assay_error *err); /* ASSAY_EREFUSED "method-changed" */

#endif
