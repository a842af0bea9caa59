/* SPDX-License-Identifier: Apache-2.0
 * The demonstration's journal derived again: all the same. Then written anew by somebody with the key who changed one
 * thing: found, at its place. A driver that is another file is said and is no difference. */
#include "gateway/record/derive.h"
#include "gateway/record/journal_reader.h"
#include "gateway/record/sha256.h"
#include "gateway/record/spec_set.h"
#include "tests/built.h"
#include "tests/fault/specimen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

static char honest[64], halfway[64], forged[64];
static struct assay_places places;

/* Of the entry at hand: text replaced in body and raw bytes, or another kind. */
struct forgery {
	uint16_t kind; /* of entries looked at, 0 all */
	bool raw; /* look in the raw bytes, else in the body */
	bool every; /* not only the first one */
	const char *before, *after; /* equally long when raw */
	uint16_t becomes; /* kind, with a body that says nothing */
	struct assay_journal *journal;
	uint64_t first; /* sequence changed first */
	unsigned changed;
};

static char *replace(const void *bytes, size_t length, const char *before, const char *after, size_t *out)
{
	const char *found = memmem(bytes, length, before, strlen(before));
	size_t head = found ? (size_t)(found - (const char *)bytes) : 0;
	char *made;

	if (!found)
		return NULL;
	*out = length - strlen(before) + strlen(after);
	made = malloc(*out + 1);
	assert_non_null(made);
	memcpy(made, bytes, head);
	memcpy(made + head, after, strlen(after));
	memcpy(made + head + strlen(after), found + strlen(before), length - head - strlen(before));
	made[*out] = '\0';
	return made;
}

static int forge_entry(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct forgery *forgery = context;
	struct assay_entry copy = *entry;
	struct assay_error err;
	size_t length = 0;
	char *made = NULL;

	(void)leaf;
	if (forgery->before && (!forgery->kind || entry->kind == forgery->kind) &&
		(forgery->every || !forgery->changed))
		made = forgery->raw ? replace(entry->raw, entry->raw_length, forgery->before, forgery->after,
					      &length)
				    : replace(entry->body, entry->body_length, forgery->before,
					      forgery->after, &length);
	if (made && forgery->changed++ == 0)
		forgery->first = entry->sequence;
	if (made && forgery->becomes) {
		copy.kind = forgery->becomes;
		copy.body = "{\"step_ms\":0}";
		copy.body_length = strlen(copy.body);
	} else if (made && forgery->raw) {
		copy.raw = (const uint8_t *)made;
		copy.raw_length = (uint32_t)length;
	} else if (made) {
		copy.body = made;
		copy.body_length = (uint32_t)length;
	}
	assert_int_equal(assay_journal_append(forgery->journal, &copy, &err), ASSAY_OK);
	assert_int_equal(copy.sequence, entry->sequence);
	free(made);
	return 0;
}

static void forge_from(const char *source, struct forgery *forgery)
{
	struct assay_journal_options options = {
		.site = "demo", .origin = "demo.assay.example", .reserve_bytes = UINT64_MAX};
	struct assay_reader *reader;
	struct assay_error err;

	specimen_dir(forged);
	assert_int_equal(assay_journal_open(forged, &options, &forgery->journal, &err), ASSAY_OK);
	assert_int_equal(assay_reader_open(source, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, forge_entry, forgery, &err), 0);
	assay_reader_close(reader);
	assert_int_equal(assay_journal_commit(forgery->journal, &err), ASSAY_OK);
	assay_journal_close(forgery->journal);
}

static void forge(struct forgery *forgery)
{
	forge_from(honest, forgery);
}

static bool would_pass;

static void on_found(void *context, const struct assay_finding *finding)
{
	(void)context;
	if (strstr(finding->what.text_en,
		    "verdict was recorded as \"fail\", worked out again it is \"pass\""))
		would_pass = true;
}

static struct assay_derive_report derive(const char *dir)
{
	const struct assay_derive_options options = {.places = &places, .found = on_found};
	struct assay_derive_report report;
	struct assay_error err;
	int status = assay_derive(dir, &options, &report, &err);

	if (status != ASSAY_OK)
		print_error("%s: %s\n", err.code, err.text_en);
	assert_int_equal(status, ASSAY_OK);
	if (report.differences)
		print_message("%s\n", report.worst.what.text_en);
	return report;
}

static void assert_found(struct forgery *forgery, const char *code)
{
	struct assay_derive_report report;

	forge(forgery);
	assert_true(forgery->changed > 0);
	report = derive(forged);
	assert_true(report.differences > 0);
	assert_string_equal(report.worst.what.code, code);
	assert_int_equal(report.worst.sequence, forgery->first);
	assert_true(report.worst.what.text_zh[0] && report.worst.what.text_en[0]);
	specimen_remove(forged);
}

static int setup(void **state)
{
	char program[600];
	struct assay_error err;
	int status = 0;
	pid_t child;

	(void)state;
	assert_int_equal(assay_places_find(&places, &err), ASSAY_OK);
	specimen_dir(honest);
	(void)built("assay", program, sizeof program);
	child = fork();
	if (child == 0) {
		(void)!freopen("/dev/null", "w", stdout);
		(void)execl(program, program, "demo", "--once", "-d", honest, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	specimen_remove(honest);
	return 0;
}

struct count {
	unsigned kind[32];
};

static int count_entry(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	(void)leaf;
	((struct count *)context)->kind[entry->kind]++;
	return 0;
}

static void test_all_the_same(void **state)
{
	struct assay_derive_report report = derive(honest);
	struct count count = {0};
	struct assay_reader *reader;
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_reader_open(honest, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, count_entry, &count, &err), 0);
	assay_reader_close(reader);
	assert_int_equal(report.differences, 0);
	assert_int_equal(report.notes, 0);
	assert_int_equal(report.exchanges, count.kind[ASSAY_ENTRY_EXCHANGE]);
	assert_int_equal(report.fills, count.kind[ASSAY_ENTRY_FILL] + count.kind[ASSAY_ENTRY_REFUSED]);
	assert_int_equal(report.results, 3);
	assert_int_equal(report.verdicts, 6);
	assert_true(report.readings >= 30);
}

static void test_copy(void **state)
{
	struct forgery nothing = {0};
	struct assay_derive_report report;

	(void)state;
	forge(&nothing);
	report = derive(forged);
	assert_int_equal(report.differences, 0);
	specimen_remove(forged);
}

/* 20.1127 g is the first mass of the demonstration's first batch (gateway/demo/play.c). */
static void test_bytes_and_readings(void **state)
{
	struct forgery bytes = {
		ASSAY_ENTRY_EXCHANGE, .raw = true, .every = true, .before = "20.1127", .after = "20.1128"};
	struct forgery reading = {ASSAY_ENTRY_EXCHANGE, .before = "20.1127", .after = "20.1128"};
	struct assay_derive_report report;
	struct forgery unit = {ASSAY_ENTRY_EXCHANGE, .before = "\"g\"", .after = "\"kg\""};

	(void)state;
	assert_found(&reading, "reading-differs");
	/* the same bytes may have come before the line was proved clean; no reading was made of those */
	forge(&bytes);
	report = derive(forged);
	assert_true(bytes.changed > 0);
	assert_string_equal(report.worst.what.code, "reading-differs");
	assert_int_equal(report.worst.sequence, reading.first);
	specimen_remove(forged);
	assert_found(&unit, "reading-differs");
}

static void test_fills(void **state)
{
	struct forgery value = {ASSAY_ENTRY_FILL, .before = "20.1127", .after = "20.1128"};
	struct forgery serial = {ASSAY_ENTRY_FILL, .before = "B612345678", .after = "B612345679"};
	struct forgery gone = {ASSAY_ENTRY_FILL, .before = "20.1127", .becomes = ASSAY_ENTRY_CLOCK};

	(void)state;
	gone.after = "";
	assert_found(&value, "fill-differs");
	assert_found(&serial, "fill-differs");
	forge(&gone);
	assert_string_equal(derive(forged).worst.what.code, "entry-missing");
	assert_int_equal(derive(forged).worst.sequence, gone.first - 1); /* the exchange before it */
	specimen_remove(forged);
}

static void test_results_and_verdicts(void **state)
{
	struct forgery value = {
		ASSAY_ENTRY_RESULT, .before = "\"value\":\"8.46\"", .after = "\"value\":\"6.46\""};
	struct forgery reason = {ASSAY_ENTRY_RESULT, .before = "\"condition-out-of-range\"", .after = ""};
	struct forgery verdict = {
		ASSAY_ENTRY_VERDICT, .before = "\"verdict\":\"fail\"", .after = "\"verdict\":\"pass\""};
	struct forgery batch = {
		ASSAY_ENTRY_VERDICT, .before = "awaiting-review", .after = "awaiting-release"};
	struct forgery evidence = {
		ASSAY_ENTRY_RESULT, .before = "\"status\":\"low\"", .after = "\"status\":\"in\""};

	(void)state;
	assert_found(&value, "result-differs");
	assert_found(&reason, "result-differs");
	assert_found(&verdict, "verdict-differs");
	assert_found(&batch, "verdict-differs");
	assert_found(&evidence, "result-differs");
}

static void test_specs(void **state)
{
	/* GB 17401-2014's limit for moisture, raised; the digest stays */
	struct forgery limit = {ASSAY_ENTRY_SPEC, .raw = true, .before = "<standard", .after = "<standarD"};

	(void)state;
	assert_found(&limit, "spec-differs");
}

struct limit_file {
	char before[65], after[65];
};

static int find_limit(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct limit_file *file = context;
	uint8_t digest[32];
	size_t length;
	char *made;

	(void)leaf;
	if (entry->kind != ASSAY_ENTRY_SPEC || !memmem(entry->body, entry->body_length, "gb-17401-2014", 13))
		return 0;
	assay_sha256(entry->raw, entry->raw_length, digest);
	assay_hex(digest, sizeof digest, file->before);
	made = replace(entry->raw, entry->raw_length, "upper=\"7\"", "upper=\"9\"", &length);
	assert_non_null(made);
	assay_sha256(made, length, digest);
	assay_hex(digest, sizeof digest, file->after);
	free(made);
	return 1;
}

struct set_digest {
	const char *before, *after; /* of the file */
	char set_before[65], set_after[65];
};

/* The list of specs with the file's new digest, and what the list is called then. */
static int find_set(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct set_digest *set = context;
	struct assay_error err;
	json_t *body;
	size_t length;
	char *made;

	(void)leaf;
	if (entry->kind != ASSAY_ENTRY_SPEC_SET)
		return 0;
	made = replace(entry->body, entry->body_length, set->before, set->after, &length);
	assert_non_null(made);
	body = json_loadb(made, length, 0, NULL);
	(void)snprintf(set->set_before, sizeof set->set_before, "%s",
		json_string_value(json_object_get(body, "sha256")));
	assert_int_equal(
		assay_spec_set_digest(json_object_get(body, "files"), set->set_after, &err), ASSAY_OK);
	json_decref(body);
	free(made);
	return 1;
}

static void look_for(assay_entry_visit *visit, void *context)
{
	struct assay_reader *reader;
	struct assay_error err;

	assert_int_equal(assay_reader_open(honest, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, visit, context, &err), 1);
	assay_reader_close(reader);
}

/* GB 17401-2014's limit for moisture raised from 7 to 9 g/100g, its digest made right everywhere: 8.46 g/100g would pass,
 * because verdicts are made with the specs in the journal and not with the installed ones. */
static void test_limit_of_the_journal(void **state)
{
	struct forgery raised = {ASSAY_ENTRY_SPEC, .raw = true,
		.before =
			"analyte=\"moisture\" analyte-zh=\"水分\" kind=\"le\" text=\"≤7 g/100g\" upper=\"7\"",
		.after = "analyte=\"moisture\" analyte-zh=\"水分\" kind=\"le\" text=\"≤7 g/100g\" "
			 "upper=\"9\""};
	struct forgery digest = {.every = true};
	struct limit_file file = {0};
	struct set_digest set = {.before = file.before, .after = file.after};
	struct assay_derive_report report;
	char of_file[sizeof halfway];

	(void)state;
	look_for(find_limit, &file);
	look_for(find_set, &set);
	forge(&raised);
	assert_int_equal(raised.changed, 1);
	memcpy(halfway, forged, sizeof halfway);
	digest.before = file.before;
	digest.after = file.after;
	forge_from(halfway, &digest);
	memcpy(of_file, forged, sizeof of_file);
	digest = (struct forgery){.every = true, .before = set.set_before, .after = set.set_after};
	forge_from(of_file, &digest);
	assert_true(digest.changed > 1); /* the set and its batches */
	specimen_remove(of_file);
	report = derive(forged);
	assert_true(report.differences > 0);
	assert_string_equal(report.worst.what.code, "verdict-differs");
	assert_true(would_pass);
	specimen_remove(halfway);
	specimen_remove(forged);
}

static void test_driver_changed(void **state)
{
	struct forgery driver = {.every = true};
	struct assay_derive_report report;
	char path[600], now[65], then[65];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/sics.so", places.drivers);
	assert_int_equal(assay_sha256_file(path, now), 0);
	(void)snprintf(then, sizeof then, "%064d", 7);
	driver.before = now;
	driver.after = then;
	forge(&driver);
	report = derive(forged);
	assert_int_equal(report.differences, 0);
	assert_int_equal(report.notes, 1);
	specimen_remove(forged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_the_same), cmocka_unit_test(test_copy),
		cmocka_unit_test(test_bytes_and_readings), cmocka_unit_test(test_fills),
		cmocka_unit_test(test_results_and_verdicts), cmocka_unit_test(test_specs),
		cmocka_unit_test(test_limit_of_the_journal), cmocka_unit_test(test_driver_changed)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
