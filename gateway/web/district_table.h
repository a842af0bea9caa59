/* SPDX-License-Identifier: Apache-2.0
 * The district's answers as tables: figures that stand in each other come side by side, and a group with its quarters is a row for
 * each quarter. */
#ifndef ASSAY_WEB_DISTRICT_TABLE_H
#define ASSAY_WEB_DISTRICT_TABLE_H

#include "gateway/web/csv.h"

#define WEB_DISTRICT_ROWS_MAX 200000u

/* Adds the rows of an answer to rates, trend, items or coverage to rows. false: no memory, or more than can be. */
bool web_district_rows(const json_t *answer, json_t *rows);
/* The table, malloc'd; NULL: no memory. Each column that one of the rows has is there. */
char *web_district_csv(const json_t *rows, size_t *length_out);

#endif
