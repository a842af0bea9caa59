/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/inclusion.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The segment whose entries include this one. */
static const struct assay_segment *segment_of(const struct assay_reader *reader, uint64_t sequence)
{
	unsigned low = 0, high = assay_reader_segments(reader);

	while (low + 1 < high) {
		unsigned middle = (low + high) / 2;

		if (assay_reader_segment(reader, middle)->first <= sequence)
			low = middle;
		else
			high = middle;
	}
	return assay_reader_segment(reader, low);
}

static int missing(const struct assay_segment *segment, uint64_t sequence, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged", "%s：第 %" PRIu64 " 条处缺哈希",
		"%s: a hash is missing at entry %" PRIu64, segment->path, sequence);
}

/* count hashes of tile level `level` from index `from` on: leaves, or roots of the tiles below. They stand in the
 * segments in which they became complete. */
static int fetch(struct assay_reader *reader, unsigned level, uint64_t from, unsigned count,
	uint8_t (*out)[ASSAY_HASH_SIZE], struct assay_error *err)
{
	uint64_t span = UINT64_C(1) << (8 * level);

	for (unsigned done = 0; done < count;) {
		uint64_t last = (from + done + 1) * span - 1;
		const struct assay_segment *segment = segment_of(reader, last);
		sqlite3_stmt *rows = NULL;
		int rc = sqlite3_prepare_v2(segment->db,
			level == 0 ? "SELECT seq, leaf FROM entry WHERE seq>=?1 AND seq<?2 ORDER BY seq"
				   : "SELECT n, root FROM tile WHERE n>=?1 AND n<?2 AND level=?3 ORDER BY n",
			-1, &rows, NULL);
		uint64_t start = from + done, stop = from + count;
		unsigned before = done;

		if (rc == SQLITE_OK) {
			(void)sqlite3_bind_int64(rows, 1, (sqlite3_int64)start);
			(void)sqlite3_bind_int64(rows, 2, (sqlite3_int64)stop);
			if (level)
				(void)sqlite3_bind_int64(rows, 3, level - 1);
		}
		while (rc == SQLITE_OK && done < count && (rc = sqlite3_step(rows)) == SQLITE_ROW) {
			rc = SQLITE_OK;
			last = (from + done + 1) * span - 1;
			if (last >= segment->end)
				break; /* an unacknowledged rest of a segment that was given up */
			if ((uint64_t)sqlite3_column_int64(rows, 0) != from + done ||
				sqlite3_column_bytes(rows, 1) != (int)ASSAY_HASH_SIZE)
				break;
			memcpy(out[done++], sqlite3_column_blob(rows, 1), ASSAY_HASH_SIZE);
		}
		if (rc != SQLITE_OK && rc != SQLITE_DONE) {
			rc = assay_sqlite_error(err, segment->db, segment->path, rc);
			(void)sqlite3_finalize(rows);
			return rc;
		}
		(void)sqlite3_finalize(rows);
		if (done == before)
			return missing(segment, last, err);
	}
	return ASSAY_OK;
}

/* Root over entries from (a multiple of the largest power of two in count) to from + count. */
static int subtree(struct assay_reader *reader, uint64_t from, uint64_t count, uint8_t out[ASSAY_HASH_SIZE],
	struct assay_error *err)
{
	uint8_t hashes[ASSAY_TILE_WIDTH][ASSAY_HASH_SIZE], left[ASSAY_HASH_SIZE], right[ASSAY_HASH_SIZE];
	uint64_t half = 1;
	unsigned log = 0;
	int status;

	while (half * 2 < count) {
		half *= 2;
		log++;
	}
	if (count == 1 || half * 2 == count) {
		unsigned bits = count == 1 ? 0 : log + 1, level = bits / 8, width = 1u << bits % 8;

		status = fetch(reader, level, from >> (8 * level), width, hashes, err);
		if (status == ASSAY_OK)
			assay_subtree_root((const uint8_t(*)[ASSAY_HASH_SIZE])hashes, width, out);
		return status;
	}
	status = subtree(reader, from, half, left, err);
	if (status == ASSAY_OK)
		status = subtree(reader, from + half, count - half, right, err);
	if (status == ASSAY_OK)
		assay_node(left, right, out);
	return status;
}

int assay_inclusion_path(struct assay_reader *reader, uint64_t index, uint64_t size, struct assay_path *out,
	struct assay_error *err)
{
	uint64_t from = 0, count = size;
	struct {
		uint64_t from, count;
	} side[ASSAY_PATH_MAX];
	unsigned depth = 0;

	memset(out, 0, sizeof *out);
	if (index >= size || size > assay_reader_size(reader))
		return assay_error_set(err, ASSAY_EREFUSED, "no-such-entry", "没有第 %" PRIu64 " 条",
			"there is no entry %" PRIu64, index);
	while (count > 1) {
		uint64_t half = 1;

		while (half * 2 < count)
			half *= 2;
		if (index - from < half) {
			side[depth].from = from + half;
			side[depth++].count = count - half;
			count = half;
		} else {
			side[depth].from = from;
			side[depth++].count = half;
			from += half;
			count -= half;
		}
	}
	while (depth > 0) {
		int status = subtree(
			reader, side[depth - 1].from, side[depth - 1].count, out->hash[out->count], err);

		if (status != ASSAY_OK)
			return status;
		out->count++;
		depth--;
	}
	return ASSAY_OK;
}

/* RFC 9162 section 2.1.3.2. */
int assay_inclusion_root(const uint8_t leaf[ASSAY_HASH_SIZE], uint64_t index, uint64_t size,
	const struct assay_path *path, uint8_t out[ASSAY_HASH_SIZE])
{
	uint64_t fn = index, sn = size - 1;

	if (size == 0 || index >= size)
		return -1;
	memcpy(out, leaf, ASSAY_HASH_SIZE);
	for (unsigned i = 0; i < path->count; i++) {
		if (sn == 0)
			return -1;
		if ((fn & 1) || fn == sn) {
			assay_node(path->hash[i], out, out);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			assay_node(out, path->hash[i], out);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 ? 0 : -1;
}
