/* SPDX-License-Identifier: Apache-2.0
 * Payloads that went by a signed entry. A sealed segment may be replaced by one whose payloads are gone, if a later
 * entry names its digest before and after and the range; header, leaf and the digests of body and raw stay. */
#include "gateway/record/sha256.h"
#include "gateway/record/verify_segment.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verify_gone {
	unsigned segment;
	bool replaced; /* the file is not the one that was sealed */
	char sealed[65], found[65]; /* digests: as sealed, then as each entry says; as the file is */
	uint64_t first, last; /* entries without payload; first > last: none */
	uint64_t from, to; /* what entries allow */
	uint64_t allowed_by; /* the newest such entry */
};

static struct verify_gone *gone_of(struct verify *verify, unsigned segment)
{
	struct verify_gone *grown;

	if (verify->gone_count && verify->gone[verify->gone_count - 1].segment == segment)
		return &verify->gone[verify->gone_count - 1];
	grown = realloc(verify->gone, (verify->gone_count + 1) * sizeof *grown);
	verify->out_of_memory = verify->out_of_memory || !grown;
	if (!grown)
		return NULL;
	verify->gone = grown;
	grown += verify->gone_count++;
	memset(grown, 0, sizeof *grown);
	grown->segment = segment;
	grown->first = grown->from = UINT64_MAX;
	return grown;
}

void verify_gone_file(struct verify *verify, unsigned segment, const char *sealed, const char *found)
{
	struct verify_gone *gone = gone_of(verify, segment);

	if (!gone)
		return;
	gone->replaced = true;
	(void)snprintf(gone->sealed, sizeof gone->sealed, "%s", sealed);
	(void)snprintf(gone->found, sizeof gone->found, "%s", found);
}

bool verify_gone_row(struct verify *verify, const struct assay_segment *segment, sqlite3_stmt *row,
	uint64_t sequence, struct assay_entry *entry, uint8_t leaf[ASSAY_HASH_SIZE])
{
	uint8_t input[1 + ASSAY_HEADER_SIZE + 2 * ASSAY_HASH_SIZE];
	const void *header = sqlite3_column_blob(row, 1);
	struct verify_gone *gone;
	sqlite3_stmt *select = NULL;
	bool good = header && sqlite3_column_bytes(row, 1) == (int)ASSAY_HEADER_SIZE &&
		    (uint64_t)sqlite3_column_int64(row, 0) == sequence &&
		    sqlite3_column_bytes(row, 2) == (int)ASSAY_HASH_SIZE &&
		    sqlite3_column_bytes(row, 3) == 0 && sqlite3_column_bytes(row, 4) == 0 &&
		    assay_entry_parse_header(header, entry, NULL) == ASSAY_OK &&
		    entry->sequence == sequence && entry->body_length + entry->raw_length > 0 &&
		    sqlite3_prepare_v2(segment->db, "SELECT body, raw FROM gone WHERE seq=?1", -1, &select,
			    NULL) == SQLITE_OK &&
		    sqlite3_bind_int64(select, 1, (sqlite3_int64)sequence) == SQLITE_OK &&
		    sqlite3_step(select) == SQLITE_ROW &&
		    sqlite3_column_bytes(select, 0) == (int)ASSAY_HASH_SIZE &&
		    sqlite3_column_bytes(select, 1) == (int)ASSAY_HASH_SIZE;

	if (good) {
		input[0] = 0x00;
		assay_entry_header(entry, input + 1);
		good = memcmp(input + 1, header, ASSAY_HEADER_SIZE) == 0;
		memcpy(input + 1 + ASSAY_HEADER_SIZE, sqlite3_column_blob(select, 0), ASSAY_HASH_SIZE);
		memcpy(input + 1 + ASSAY_HEADER_SIZE + ASSAY_HASH_SIZE, sqlite3_column_blob(select, 1),
			ASSAY_HASH_SIZE);
		assay_sha256(input, sizeof input, leaf);
		gone = gone_of(verify, segment->number);
		if (gone && gone->first == UINT64_MAX)
			gone->first = sequence;
		if (gone)
			gone->last = sequence;
	}
	(void)sqlite3_finalize(select);
	return good;
}

void verify_gone_entry(struct verify *verify, const struct assay_entry *entry)
{
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL);
	json_int_t segment = json_integer_value(json_object_get(body, "segment"));
	uint64_t from = (uint64_t)json_integer_value(json_object_get(body, "from"));
	uint64_t to = (uint64_t)json_integer_value(json_object_get(body, "to"));
	const char *before = json_string_value(json_object_get(body, "before"));
	const char *after = json_string_value(json_object_get(body, "after"));

	for (size_t i = 0; before && after && i < verify->gone_count; i++) {
		struct verify_gone *gone = &verify->gone[i];

		if ((json_int_t)gone->segment != segment || strcmp(gone->sealed, before) != 0)
			continue;
		(void)snprintf(gone->sealed, sizeof gone->sealed, "%s", after);
		gone->from = from < gone->from ? from : gone->from;
		gone->to = to > gone->to ? to : gone->to;
		gone->allowed_by = entry->sequence;
	}
	json_decref(body);
}

void verify_gone_end(struct verify *verify)
{
	struct assay_error what;

	for (size_t i = 0; i < verify->gone_count; i++) {
		const struct verify_gone *gone = &verify->gone[i];
		bool any = gone->first != UINT64_MAX;

		if (gone->replaced && strcmp(gone->sealed, gone->found) == 0 &&
			gone->allowed_by < verify->report->covered &&
			(!any || (gone->from <= gone->first && gone->last <= gone->to)))
			continue;
		if (any)
			(void)assay_error_set(&what, ASSAY_EDAMAGED, "payload-missing",
				"台账第 %04u 段：第 %" PRIu64 " 至 %" PRIu64
				" 条的内容没有，也没有签名的清理条目",
				"journal segment %04u: the payloads of entries %" PRIu64 " to %" PRIu64
				" are gone and no signed entry says so",
				gone->segment, gone->first, gone->last);
		else
			(void)assay_error_set(&what, ASSAY_EDAMAGED, "file-changed",
				"台账第 %04u 段：文件与封存时的摘要不符",
				"journal segment %04u: the file is not the one that was sealed",
				gone->segment);
		(void)verify_found(verify, gone->segment, any ? gone->first : ASSAY_NO_SEQUENCE, &what);
	}
}
