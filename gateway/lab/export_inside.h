/* SPDX-License-Identifier: Apache-2.0
 * Shared by export.c, which writes an export, and export_check.c, which writes it again to compare. */
#ifndef ASSAY_LAB_EXPORT_INSIDE_H
#define ASSAY_LAB_EXPORT_INSIDE_H

#include "gateway/lab/export.h"
#include "gateway/record/journal.h"
#include "gateway/record/subtrees.h"

#define PATH_ROOM 900u
#define COLUMNS_MAX 24u
#define EXPORT_TABLES 7u
#define EXPORT_SMALL_MAX 4096u

/* One CSV file: rows from the entries of one kind (0: the trail, all kinds). "=name" is text a person typed. */
struct export_table {
	const char *name;
	uint16_t kind;
	const char *column[COLUMNS_MAX];
};
extern const struct export_table export_tables[EXPORT_TABLES];
extern const char export_readme[];

struct export
{
	const char *to;
	char folder[PATH_ROOM - 100]; /* TO.new */
	FILE *entries, *table[EXPORT_TABLES];
	int64_t from_ns, to_ns;
	char checkpoint[EXPORT_SMALL_MAX], key[EXPORT_SMALL_MAX];
	struct assay_export_report *report;
	uint64_t signed_size; /* entries the checkpoint covers, 0: nothing is gathered beside the entries */
	struct assay_subtree_row row;
	struct assay_subtree *beside;
	size_t beside_count, beside_room;
	bool no_memory;
};

void export_put_heads(FILE *file, const struct export_table *table);
/* An assay_entry_visit: the entry's line and rows. context: struct export. */
int export_take(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE]);

#endif
