/* SPDX-License-Identifier: Apache-2.0
 * Somebody with the files changes them, and assay verify looks: each stored value changed in several ways, each row
 * dropped, swapped, doubled, inserted, the tail cut, a segment rolled back, bytes of sealed segments flipped,
 * everything computed again without the key, and with the stolen key against an older checkpoint.
 * Prints found/tried, which must be equal. Tries: 20,000 (ASSAY_FULL: every byte; or the first argument). */
#include "tests/fault/specimen.h"

#include "gateway/record/merkle.h"
#include "gateway/record/segment.h"
#include "gateway/record/sha256.h"

#include <fcntl.h>

#define FILE_MAX (1u << 20)

/* A directory that is put back after each try. */
static struct {
	char dir[64];
	struct {
		char path[200];
		uint8_t *bytes;
		size_t size;
	} file[8];
	unsigned files;
	uint64_t tried, found;
} bench;

static void put_back(void)
{
	for (unsigned i = 0; i < bench.files; i++) {
		int fd = open(bench.file[i].path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		SPECIMEN_CHECK(fd >= 0);
		SPECIMEN_CHECK(
			write(fd, bench.file[i].bytes, bench.file[i].size) == (ssize_t)bench.file[i].size);
		(void)close(fd);
	}
}

static void keep(const char *name)
{
	FILE *file;
	char *path = bench.file[bench.files].path;

	SPECIMEN_CHECK(bench.files < 8 && strlen(bench.dir) + strlen(name) + 2 < 200);
	(void)stpcpy(stpcpy(stpcpy(path, bench.dir), "/"), name);
	(void)chmod(bench.file[bench.files].path, 0600);
	file = fopen(bench.file[bench.files].path, "re");
	SPECIMEN_CHECK(file != NULL);
	bench.file[bench.files].bytes = malloc(FILE_MAX);
	bench.file[bench.files].size = fread(bench.file[bench.files].bytes, 1, FILE_MAX, file);
	(void)fclose(file);
	bench.files++;
}

static void look(const char *what, const char *checkpoint)
{
	bench.tried++;
	if (specimen_verify(bench.dir, checkpoint).findings)
		bench.found++;
	else
		(void)fprintf(stderr, "not found: %s\n", what);
}

static void try_sql(unsigned segment, const char *sql)
{
	if (specimen_change(bench.dir, segment, sql) != 0)
		(void)fprintf(stderr, "not possible: %s\n", sql);
	look(sql, NULL);
	put_back();
}

/* Ways to change a value of each type into another one. */
static unsigned changes_of(
	int type, const char *table, const char *column, const char *where, unsigned bytes, char sql[][600])
{
	unsigned count = 0;

#define CHANGE(...) (void)snprintf(sql[count++], 600, "UPDATE %s SET %s=" __VA_ARGS__)
	switch (type) {
	case SQLITE_INTEGER:
		CHANGE("%s+1000000007 WHERE %s", table, column, column, where);
		CHANGE("-1-%s WHERE %s", table, column, column, where);
		break;
	case SQLITE_TEXT:
		CHANGE("%s||' ' WHERE %s", table, column, column, where);
		CHANGE("CASE %s WHEN '' THEN 'x' ELSE '' END WHERE %s", table, column, column, where);
		CHANGE("CASE WHEN length(%s)>0 THEN "
		       "substr(%s,1,length(%s)/2)||char(unicode(substr(%s,length(%s)/2+1))+1)||"
		       "substr(%s,length(%s)/2+2) ELSE 'y' END WHERE %s",
			table, column, column, column, column, column, column, column, column, where);
		break;
	default:
		CHANGE("CAST(%s||x'00' AS BLOB) WHERE %s", table, column, column, where);
		CHANGE("CASE length(%s) WHEN 0 THEN x'01' ELSE x'' END WHERE %s", table, column, column,
			where);
		for (unsigned at = 1; at <= bytes && at <= 96; at += bytes > 200 ? 16 : 8)
			CHANGE("CAST(substr(%s,1,%u)||CASE hex(substr(%s,%u,1)) WHEN '00' THEN x'80' ELSE "
			       "x'00' END||"
			       "substr(%s,%u) AS BLOB) WHERE %s",
				table, column, column, at - 1, column, at, column, at + 1, where);
		break;
	}
#undef CHANGE
	return count;
}

/* Every column of every row of one table. */
static void sweep_values(unsigned segment, const char *table, const char *key, uint64_t limit)
{
	static char sql[40][600];
	char path[200], query[100];
	sqlite3 *db;
	sqlite3_stmt *rows;
	struct {
		char where[100];
		int type[8];
		unsigned bytes[8];
	} row[600];
	char column[8][20];
	unsigned count = 0, columns;

	(void)snprintf(path, sizeof path, "file:%s/journal/%04u.db?immutable=1", bench.dir, segment);
	SPECIMEN_CHECK(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK);
	(void)snprintf(query, sizeof query, "SELECT *, %s FROM %s", key, table);
	SPECIMEN_CHECK(sqlite3_prepare_v2(db, query, -1, &rows, NULL) == SQLITE_OK);
	columns = (unsigned)sqlite3_column_count(rows) - 1;
	for (unsigned i = 0; i < columns; i++)
		(void)snprintf(column[i], sizeof column[i], "%s", sqlite3_column_name(rows, (int)i));
	while (sqlite3_step(rows) == SQLITE_ROW && count < 600) {
		for (unsigned i = 0; i < columns; i++) {
			row[count].type[i] = sqlite3_column_type(rows, (int)i);
			row[count].bytes[i] = (unsigned)sqlite3_column_bytes(rows, (int)i);
		}
		(void)snprintf(row[count].where, 100, "%s='%s'", key,
			(const char *)sqlite3_column_text(rows, (int)columns));
		count++;
	}
	(void)sqlite3_finalize(rows);
	(void)sqlite3_close(db);
	for (unsigned r = 0; r < count && bench.tried < limit; r++)
		for (unsigned c = 0; c < columns; c++) {
			unsigned changes = changes_of(
				row[r].type[c], table, column[c], row[r].where, row[r].bytes[c], sql);

			for (unsigned i = 0; i < changes; i++)
				try_sql(segment, sql[i]);
		}
}

static void sweep_rows(unsigned segment, uint64_t first, uint64_t end)
{
	char sql[900];

	for (uint64_t seq = first; seq < end; seq++) {
		uint64_t next = seq + 1 < end ? seq + 1 : first;

		(void)snprintf(sql, sizeof sql, "DELETE FROM entry WHERE seq=%lu", (unsigned long)seq);
		try_sql(segment, sql);
		(void)snprintf(sql, sizeof sql, "DELETE FROM entry WHERE seq>=%lu", (unsigned long)seq);
		try_sql(segment, sql);
		(void)snprintf(sql, sizeof sql,
			"UPDATE entry SET seq=-5 WHERE seq=%lu; UPDATE entry SET seq=%lu WHERE seq=%lu;"
			"UPDATE entry SET seq=%lu WHERE seq=-5",
			(unsigned long)seq, (unsigned long)seq, (unsigned long)next, (unsigned long)next);
		try_sql(segment, sql);
		(void)snprintf(sql, sizeof sql,
			"UPDATE entry SET seq=-1-seq WHERE seq>%lu; UPDATE entry SET seq=-seq WHERE seq<0;"
			"INSERT INTO entry SELECT seq+1,header,leaf,body,raw FROM entry WHERE seq=%lu",
			(unsigned long)seq, (unsigned long)seq);
		try_sql(segment, sql);
	}
}

/* Contents, leaf and the rows' numbers as the format wants them, tiles and carry, too: all but the signatures. */
static void recompute(const char *dir, uint64_t seq, const struct assay_origin_key *thief)
{
	static struct assay_tree tree;
	sqlite3 *db;
	sqlite3_stmt *rows;
	char path[200], sql[1000] = "", hex[65], note[ASSAY_NOTE_MAX];
	uint8_t leaf[ASSAY_HASH_SIZE], root[ASSAY_HASH_SIZE];
	const uint8_t *stored;
	struct assay_entry entry;
	struct assay_error err;
	uint64_t size = 0;

	(void)snprintf(sql, sizeof sql,
		"UPDATE entry SET body=replace(body,'balance-1','balance-2') WHERE seq=%lu",
		(unsigned long)seq);
	SPECIMEN_CHECK(specimen_change(dir, 1, sql) == 0);
	(void)snprintf(path, sizeof path, "%s/journal/0001.db", dir);
	memset(&tree, 0, sizeof tree);
	SPECIMEN_CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	SPECIMEN_CHECK(sqlite3_prepare_v2(db, "SELECT " ASSAY_SEGMENT_COLUMNS " FROM entry ORDER BY seq", -1,
			       &rows, NULL) == SQLITE_OK);
	*sql = '\0';
	memset(root, 0, sizeof root);
	while (sqlite3_step(rows) == SQLITE_ROW) {
		SPECIMEN_CHECK(assay_segment_row(rows, size, 1, &entry, &stored, &err) == ASSAY_OK);
		assay_entry_leaf(&entry, leaf);
		if (size == seq) {
			assay_hex(leaf, sizeof leaf, hex);
			(void)snprintf(sql, sizeof sql, "UPDATE entry SET leaf=x'%s' WHERE seq=%lu;", hex,
				(unsigned long)seq);
		}
		SPECIMEN_CHECK(assay_tree_append(&tree, leaf, NULL, NULL) == 0);
		size++;
	}
	(void)sqlite3_finalize(rows);
	(void)sqlite3_close(db);
	SPECIMEN_CHECK(specimen_change(dir, 1, sql) == 0);
	if (!thief)
		return;
	/* The thief signs what it is now, and throws the notes before away, but the one every segment begins with. */
	assay_tree_root(&tree, root);
	SPECIMEN_CHECK(assay_checkpoint_sign(thief, size, root, note) == 0);
	(void)snprintf(sql, sizeof sql,
		"DELETE FROM checkpoint WHERE size>0; INSERT INTO checkpoint VALUES(%lu,'%s')",
		(unsigned long)size, note);
	SPECIMEN_CHECK(specimen_change(dir, 1, sql) == 0);
	SPECIMEN_CHECK(assay_checkpoint_publish(dir, note, &err) == ASSAY_OK);
}

/* Bytes of the sealed segment, one bit each: as many as are wanted, spread over the whole; at most every one. */
static void sweep_bytes(uint64_t limit)
{
	uint64_t all = bench.file[0].size, wanted = limit > bench.tried ? limit - bench.tried : 1;
	int fd = open(bench.file[0].path, O_RDWR | O_CLOEXEC);

	SPECIMEN_CHECK(fd >= 0);
	if (wanted > all)
		wanted = all;
	for (uint64_t i = 0; i < wanted; i++) {
		uint64_t at = i * all / wanted;
		uint8_t byte = bench.file[0].bytes[at] ^ (uint8_t)(1u << (at % 8));

		SPECIMEN_CHECK(pwrite(fd, &byte, 1, (off_t)at) == 1);
		look("a byte of a sealed segment", NULL);
		SPECIMEN_CHECK(pwrite(fd, &bench.file[0].bytes[at], 1, (off_t)at) == 1);
	}
	(void)close(fd);
}

static void sweep_files(const char *older)
{
	/* A segment rolled back to an earlier copy of itself, each kept file cut, emptied, or taken away. */
	for (unsigned i = 0; i < bench.files; i++) {
		static const size_t cut[] = {0, 1, 100, 4096, 8192};

		for (unsigned j = 0; j < sizeof cut / sizeof *cut; j++) {
			if (cut[j] >= bench.file[i].size)
				continue;
			SPECIMEN_CHECK(truncate(bench.file[i].path, (off_t)cut[j]) == 0);
			look(bench.file[i].path, NULL);
			put_back();
		}
	}
	specimen_shell("cp $B $A", bench.file[bench.files - 3].path, older);
	look("the last segment rolled back", NULL);
	put_back();
}

static void drop(void)
{
	for (unsigned i = 0; i < bench.files; i++)
		free(bench.file[i].bytes);
	bench.files = 0;
	specimen_remove(bench.dir);
}

static struct assay_verify_report keep_all(unsigned segments)
{
	char name[40];
	struct assay_verify_report report;

	for (unsigned i = 1; i <= segments; i++) {
		(void)snprintf(name, sizeof name, "journal/%04u.db", i);
		keep(name);
	}
	keep("journal/checkpoint");
	keep("keys/origin.pub");
	report = specimen_verify(bench.dir, NULL);
	SPECIMEN_CHECK(report.findings == 0 && report.segments == segments);
	return report;
}

/* One segment, fewer entries than a tile, all computed again. */
static void sweep_recomputed(void)
{
	char note[ASSAY_NOTE_MAX], name[64];
	struct assay_origin_key key;
	struct assay_error err;

	specimen_dir(bench.dir);
	specimen_fill(bench.dir, 0, 60, 5, 20);
	specimen_note(bench.dir, note);
	SPECIMEN_CHECK(
		assay_origin_key_load(bench.dir, "specimen.assay.example", false, &key, &err) == ASSAY_OK);
	(void)keep_all(1);
	for (uint64_t seq = 1; seq < 60; seq++) {
		if (seq % 10 == 7)
			continue; /* no instrument in it */
		(void)snprintf(
			name, sizeof name, "recomputed without the key, entry %lu", (unsigned long)seq);
		recompute(bench.dir, seq, NULL);
		look(name, NULL);
		put_back();
		(void)snprintf(
			name, sizeof name, "recomputed with the stolen key, entry %lu", (unsigned long)seq);
		recompute(bench.dir, seq, &key);
		/* The thief did it well: by itself it holds. Only what somebody else has kept convicts. */
		SPECIMEN_CHECK(specimen_verify(bench.dir, NULL).findings == 0);
		look(name, note);
		put_back();
	}
	drop();
}

/* Several segments, the last one open: values, rows, whole files. */
static void sweep_database(uint64_t limit)
{
	char older[80], path[120];
	struct assay_verify_report report;
	unsigned segments;

	specimen_dir(bench.dir);
	(void)snprintf(older, sizeof older, "%s.older", bench.dir);
	specimen_fill(bench.dir, 50000, 330, 10, 110);
	specimen_fill(bench.dir, 0, 20, 5, 10);
	segments = specimen_verify(bench.dir, NULL).segments;
	SPECIMEN_CHECK(segments >= 2);
	(void)snprintf(path, sizeof path, "%s/journal/%04u.db", bench.dir, segments);
	specimen_shell("cp $A $B", path, older);
	specimen_fill(bench.dir, 0, 20, 5, 10);
	report = keep_all(segments);
	sweep_files(older);
	/* The open segment first: nothing but the tree protects it. */
	for (unsigned segment = segments; segment > 0; segment--) {
		sweep_values(segment, "segment", "key", limit);
		sweep_values(segment, "checkpoint", "size", limit);
		sweep_values(segment, "tile", "level", limit);
		sweep_values(segment, "carry", "level", limit);
		sweep_values(segment, "entry", "seq", limit / segments * (segments + 1 - segment));
	}
	sweep_rows(segments, report.end - 40, report.end);
	(void)unlink(older);
	drop();
}

/* One small sealed segment. */
static void sweep_sealed(uint64_t limit)
{
	specimen_dir(bench.dir);
	specimen_fill(bench.dir, 20000, 60, 10, 60);
	specimen_fill(bench.dir, 0, 3, 3, 3);
	(void)keep_all(2);
	sweep_bytes(limit);
	drop();
}

int main(int argc, char **argv)
{
	uint64_t limit = argc > 1 ? strtoull(argv[1], NULL, 10) : getenv("ASSAY_FULL") ? 1000000 : 20000;

	sweep_recomputed();
	/* A value or a row costs a change of the database; the rest are bytes. */
	sweep_database(limit < 100000 ? limit / 10 : limit);
	sweep_sealed(limit);
	(void)printf(
		"tampered: found/tried %lu/%lu\n", (unsigned long)bench.found, (unsigned long)bench.tried);
	return bench.found == bench.tried ? 0 : 1;
}
