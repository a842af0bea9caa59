/* SPDX-License-Identifier: Apache-2.0
 * Fields of a register's row, as a table: what a request may say, what it has to, and in what form. */
#ifndef ASSAY_LAB_FIELDS_H
#define ASSAY_LAB_FIELDS_H

#include "gateway/lab/entries.h"

#define LAB_COUNT_MAX 1000000000 /* of anything counted in a field */
#define LAB_LIST_MAX 64u /* texts of a list */
#define LAB_FEN_MAX 100000000000LL /* one sum of money, in fen */

enum lab_field_kind {
	LAB_FIELD_TEXT, /* one line, at most LAB_TEXT_MAX bytes */
	LAB_FIELD_DATE, /* YYYY-MM-DD, or "" when it is not needed */
	LAB_FIELD_COUNT, /* JSON integer from 0 */
	LAB_FIELD_LIST, /* list of texts */
	LAB_FIELD_MONEY /* yuan, decimal text with at most two places, or "" */
};

struct lab_field {
	const char *name;
	enum lab_field_kind kind;
	bool needed; /* must be there and not empty */
};

/* The row that request describes: every field of the table (which ends with name NULL) is there. What request leaves out
 * is taken from before (NULL: "", 0, []). *out is a new reference. ASSAY_EREFUSED "field-missing", "field-invalid". */
int lab_fields(const struct lab_field *fields, const json_t *request, const json_t *before, json_t **out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* "12.50" -> 1250. false: not such a sum. */
bool lab_money(const char *yuan, int64_t *fen_out);

/* YYYY-MM-DD where the laboratory is, now (lab->wall_ns when something old is worked out again). false: no clock. */
bool lab_today(const struct assay_lab *lab, char out[16]);

/* The next number of a register whose ids are prefix and digits, from table.id; at least width digits. */
int lab_next_number(struct assay_lab *lab, const char *sql, const char *prefix, unsigned width, char *out,
	size_t size, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
