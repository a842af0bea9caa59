/* SPDX-License-Identifier: Apache-2.0
 * A list as a table for a spreadsheet (RFC 4180, UTF-8 with a mark): one column for each member of the first row, the whole
 * list, however many pages it has. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
#ifndef ASSAY_WEB_CSV_H
#define ASSAY_WEB_CSV_H

#include "gateway/web/route.h"

#define WEB_CSV_MARK "\xef\xbb\xbf" /* so that spreadsheets read UTF-8 */

#define WEB_CSV_AFTER_MAX 128u /* bytes of a next */

/* One page, as the route answers it: {name: [row], next}; NULL with err. after "": the first. */
typedef json_t *web_page(struct web_call *call, const char *after, struct assay_error *err);

/* Is it a table that is wanted: ?format=csv, or text/csv in Accept. */
bool web_wants_table(const struct web_call *call);
bool web_format_known(const struct web_call *call); /* json, csv, or not said */
/* Takes list. */
enum MHD_Result web_answer_table(struct web_call *call, const char *name, json_t *list);
/* A list of pages: JSON, the page after the argument "after", or the whole table. What read refuses with
 * "query-refused" is 400. */
enum MHD_Result web_answer_pages(struct web_call *call, const char *name, web_page *read);

/* One line of a table: the members of row, or with names their names instead. Adds to *text (malloc'd, grows). false: no
 * memory. */
bool web_csv_line(const json_t *columns, const json_t *row, bool names, char **text, size_t *length);

#endif
