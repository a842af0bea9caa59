/* SPDX-License-Identifier: Apache-2.0
 * Power loss: one journal is written while every call is recorded; then the power goes before each of these calls, in
 * several ways each (seeds: 3, ASSAY_FULL 20, or the first argument). What was acknowledged is there, once, the tree
 * holds, and the journal goes on. Every eighth time the power goes again while it recovers. */
#include "tests/fault/disk.h"

#define ENTRIES 60u

static struct assay_journal_options options(void)
{
	struct assay_journal_options all = specimen_options(24000);

	all.wal_pages = 12;
	return all;
}

static void work(const char *dir, unsigned count, unsigned change_at)
{
	struct assay_journal_options all = options();
	struct assay_journal *journal;
	struct assay_error err;

	SPECIMEN_CHECK(assay_journal_open(dir, &all, &journal, &err) == ASSAY_OK);
	for (unsigned i = 0; i < count; i++) {
		SPECIMEN_CHECK(specimen_append(journal, i, &err) == ASSAY_OK);
		if (i % 4 != 3)
			continue;
		SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
		disk_ack(assay_journal_size(journal));
		if (i % 12 == 11)
			SPECIMEN_CHECK(assay_journal_checkpoint(journal, 0, true, NULL, &err) == ASSAY_OK &&
				       assay_journal_checkpoint(journal, 0, false, NULL, &err) == ASSAY_OK);
		if (i == change_at)
			SPECIMEN_CHECK(assay_journal_change_key(journal, "boss", "yearly", &err) == ASSAY_OK);
	}
	assay_journal_close(journal);
}

/* The journal as the power left it: opens, holds, has what was acknowledged, goes on. */
static void recovered(const char *dir, uint64_t acknowledged, uint64_t written, size_t op, uint64_t seed)
{
	struct assay_journal_options all = options();
	struct assay_journal *journal = NULL;
	struct assay_verify_report report;
	struct assay_error err;
	int status = assay_journal_open(dir, &all, &journal, &err);
	uint64_t size = status == ASSAY_OK ? assay_journal_size(journal) : 0;

	if (status != ASSAY_OK || size < acknowledged || size > written) {
		(void)fprintf(stderr,
			"call %zu, seed %lu: %s, %lu entries, %lu acknowledged, %lu written (%s)\n", op,
			(unsigned long)seed, status == ASSAY_OK ? "opened" : err.text_en, (unsigned long)size,
			(unsigned long)acknowledged, (unsigned long)written, dir);
		abort();
	}
	SPECIMEN_CHECK(specimen_append(journal, size, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
	assay_journal_close(journal);
	report = specimen_verify(dir, NULL);
	if (report.findings || report.end < size + 1) {
		(void)fprintf(stderr, "call %zu, seed %lu: %s (%s)\n", op, (unsigned long)seed,
			report.worst.what.text_en, dir);
		abort();
	}
}

/* The power goes a second time, while the journal recovers or soon after. */
static void again(const char *image, const char *image2, uint64_t acknowledged, uint64_t written, size_t op,
	uint64_t seed)
{
	struct disk first = disk;
	size_t loaded;

	memset(&disk, 0, sizeof disk);
	disk_begin(image);
	disk_load(image, "/journal");
	disk_load(image, "/keys");
	loaded = disk.count;
	disk_ack(acknowledged);
	work(image, 5, UINT32_MAX);
	disk_end();
	disk.random = seed * 7919 + op;
	for (unsigned i = 0; i < 5; i++)
		(void)disk_random();
	loaded += 1 + (size_t)(disk_random() % (disk.count - loaded));
	disk_crash(loaded, seed, image, image2);
	recovered(image2, disk_acknowledged(loaded), written + 8, op, seed);
	disk_free();
	disk = first;
}

int main(int argc, char **argv)
{
	unsigned seeds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : getenv("ASSAY_FULL") ? 20 : 3;
	unsigned states = 0;
	size_t calls_made;
	char dir[64], image[80], image2[80];
	uint64_t written;

	specimen_dir(dir);
	(void)snprintf(image, sizeof image, "%s-after", dir);
	(void)snprintf(image2, sizeof image2, "%s-twice", dir);
	disk_begin(dir);
	work(dir, ENTRIES, 31);
	disk_end();
	written = specimen_verify(dir, NULL).end;
	SPECIMEN_CHECK(specimen_verify(dir, NULL).segments >= 2);
	calls_made = disk.count;
	for (uint64_t seed = 1; seed <= seeds; seed++)
		for (size_t op = 1; op <= calls_made; op++) {
			disk_crash(op, seed, dir, image);
			if (op % 8 == seed % 8)
				again(image, image2, disk_acknowledged(op), written, op, seed);
			else
				recovered(image, disk_acknowledged(op), written, op, seed);
			states++;
		}
	(void)printf("power loss: %zu calls, %u seeds, %u states: 0 acknowledged lost, 0 doubled, every tree "
		     "holds\n",
		calls_made, seeds, states);
	disk_free();
	specimen_remove(image);
	specimen_remove(image2);
	specimen_remove(dir);
	return 0;
}
