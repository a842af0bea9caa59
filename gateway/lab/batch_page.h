/* SPDX-License-Identifier: Apache-2.0
 * Batches page by page, as a list of a million of them must be read: filtered and sorted here, by key, never all at once. */
#ifndef ASSAY_LAB_BATCH_PAGE_H
#define ASSAY_LAB_BATCH_PAGE_H

#include "limits/error.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>

#define ASSAY_BATCH_PAGE_MAX 200u /* rows of one page */
#define ASSAY_BATCH_TYPED_MAX 64u /* bytes of what was typed to filter by */
#define ASSAY_BATCH_CURSOR_MAX 120u

/* What is wanted. Texts are borrowed, "" for what is not asked. */
struct assay_batch_wish {
	/* "" all, "open", a status, or a verdict ("pass", "fail", "undetermined") */
	const char *kind;
	/* in the name of product or food or producer (Chinese, English, pinyin), or how the number of batch, sample or
	 * lot begins, or the day of production */
	const char *typed;
	/* "need": what a person must do first, of open ones the oldest, of closed ones the newest; "received", "batch",
	 * with "-" before it the other way round */
	const char *order;
	const char *after; /* next of the page before, "" for the first */
	unsigned limit; /* 1 to ASSAY_BATCH_PAGE_MAX */
	const char *own; /* of this producer only; NULL: of all */
};

bool assay_batch_kind_known(const char *kind);
bool assay_batch_order_known(const char *order);

/* {batches: [batch without tests and scope, with tests_done and tests_total], next: "" or where the next page begins,
 * total: how many fit, -1 when counting them would take too long}. ASSAY_EREFUSED "cursor-invalid". */
json_t *assay_query_batch_page(sqlite3 *state, const struct assay_batch_wish *wish, struct assay_error *err);
/* {all, open, "to-test", ..., pass, fail, undetermined}: how many there are of each kind */
json_t *assay_query_batch_counts(sqlite3 *state, struct assay_error *err);

#endif
