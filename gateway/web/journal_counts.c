/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web/journal_counts.h"

#include "gateway/config.h"
#include "gateway/record/body.h"
#include "gateway/record/checkpoint.h"
#include "gateway/record/events.h"
#include "gateway/record/journal_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct web_line_counts *line_counts(struct web_journal_counts *counts, const char *line)
{
	struct web_line_counts *more;

	for (size_t i = 0; i < counts->line_count; i++)
		if (strcmp(counts->lines[i].line, line) == 0)
			return &counts->lines[i];
	if (counts->line_count == ASSAY_LINES_MAX)
		return NULL;
	more = realloc(counts->lines, (counts->line_count + 1) * sizeof *more);
	if (!more)
		return NULL;
	counts->lines = more;
	more += counts->line_count++;
	*more = (struct web_line_counts){0};
	(void)snprintf(more->line, sizeof more->line, "%s", line);
	return more;
}

static void count_bytes(struct web_line_counts *line, const struct assay_entry *entry)
{
	struct assay_event event;
	size_t at = 0;

	while (assay_event_next(entry->raw, entry->raw_length, &at, &event) == 1) {
		if (event.direction == ASSAY_RX)
			line->received_bytes += event.length;
		else if (event.direction == ASSAY_TX)
			line->sent_bytes += event.length;
	}
}

static int count_entry(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	static struct assay_exchange exchange; /* large; overwritten each time */
	struct web_journal_counts *counts = context;
	struct web_line_counts *line;

	(void)leaf;
	counts->next = entry->sequence + 1;
	if (entry->kind < WEB_KINDS)
		counts->entries[entry->kind]++;
	if (entry->kind != ASSAY_ENTRY_EXCHANGE)
		return 0;
	line = line_counts(counts, entry->line);
	if (!line)
		return ASSAY_ENOMEM;
	count_bytes(line, entry);
	if (assay_exchange_body_read(entry->body, entry->body_length, &exchange, NULL) == ASSAY_OK &&
		exchange.end.outcome < WEB_OUTCOMES)
		line->exchanges[exchange.end.outcome]++;
	return 0;
}

static void read_checkpoint(struct web_journal_counts *counts, const char *dir)
{
	char path[4200], note[ASSAY_NOTE_MAX];
	uint8_t root[ASSAY_HASH_SIZE];
	uint64_t covered;
	size_t length;
	FILE *file;

	assay_checkpoint_path(dir, path, sizeof path);
	file = fopen(path, "re");
	if (!file)
		return;
	length = fread(note, 1, sizeof note - 1, file);
	note[length] = '\0';
	(void)fclose(file);
	if (assay_checkpoint_parse(note, NULL, &covered, root, NULL) == ASSAY_OK)
		counts->covered = covered;
}

int web_journal_counts_read(struct web_journal_counts *counts, const char *dir, struct assay_error *err)
{
	struct assay_reader *reader = NULL;
	int status;

	read_checkpoint(counts, dir); /* before the journal grows on */
	status = assay_reader_open(dir, ASSAY_READ_LIVE, &reader, err);
	if (status != ASSAY_OK)
		return status;
	counts->size = assay_reader_size(reader);
	if (!counts->begun)
		counts->next = counts->size;
	counts->begun = true;
	if (counts->next < counts->size)
		status = assay_reader_each(reader, counts->next, WEB_COUNT_ENTRIES, count_entry, counts, err);
	assay_reader_close(reader);
	return status;
}

void web_journal_counts_free(struct web_journal_counts *counts)
{
	free(counts->lines);
	*counts = (struct web_journal_counts){0};
}
