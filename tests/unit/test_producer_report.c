/* SPDX-License-Identifier: Apache-2.0
 * What a producer is told: its own results against counts made here, the advice that is shipped, and an attack on what it is
 * told of others: whoever collects every answer that the command gives to anybody, and differences every pair of them, works
 * out nobody. */
#include "gateway/analysis/producer.h"
#include "tests/built.h"
#include "tests/unit/district_play.h"

static struct district made;
static struct assay_specs *specs;
static struct assay_advice *advice;
static struct risk_play play;

#define NOW_S 1798761600 /* 2027-01-01T00:00:00Z: all four quarters are over */
#define MID_DECEMBER_S 1797292800

static const char *text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value ? value : "";
}

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static json_t *report_at(const char *id, int64_t now_s)
{
	struct assay_error err = {0};
	json_t *report = assay_producer_report(risk_db(&play), specs, advice, id, now_s, &err);

	if (!report)
		fail_msg("%s: %s", err.code, err.text_en);
	return report;
}

static void register_producer(const char *id)
{
	char name[32];

	(void)snprintf(name, sizeof name, "producer %s", id);
	risk_put(&play, ASSAY_ENTRY_PRODUCER,
		json_pack("{s:s,s:{s:s,s:s,s:[s]},s:s,s:s}", "producer", id, "row", "name", name, "licence",
			id, "products", "pickles", "reason", "", "who", "lin"));
}

static int begin(void **state)
{
	struct assay_error err;
	char id[8];

	(void)state;
	assert_int_equal(assay_specs_load("specs", &specs, &err), ASSAY_OK);
	assert_int_equal(assay_advice_shipped("specs", &advice, &err), ASSAY_OK);
	district_make(&made, 1000, true);
	risk_begin(&play);
	for (uint32_t producer = 0; producer < DISTRICT_PRODUCERS; producer++) {
		district_producer(producer, id);
		register_producer(id);
	}
	district_play(&play, &made);
	return 0;
}

static int end(void **state)
{
	(void)state;
	risk_end(&play);
	assay_advice_free(advice);
	assay_specs_free(specs);
	return 0;
}

static void test_own(void **state)
{
	(void)state;
	for (uint32_t producer = 0; producer < DISTRICT_PRODUCERS; producer += 7) {
		json_int_t n = 0, failed = 0;
		char id[8];
		json_t *report;

		district_producer(producer, id);
		for (uint32_t i = 0; i < DISTRICT_TESTS; i++) {
			n += made.test[i].producer == producer;
			failed += made.test[i].producer == producer && made.test[i].failed;
		}
		report = report_at(id, NOW_S);
		assert_string_equal(text(report, "producer"), id);
		assert_int_equal(number(json_object_get(report, "failed"), "n"), n);
		assert_int_equal(number(json_object_get(report, "failed"), "count"), failed);
		assert_int_equal(json_array_size(json_object_get(report, "findings")), failed);
		json_decref(report);
	}
}

/* ---- the attack ---- */

enum { FIGURES_MAX = 4 * (DISTRICT_CLASSES + 1) };

struct figure {
	int class, quarter; /* class -1: all */
	json_int_t n, failed, producers;
};
static struct figure figures[FIGURES_MAX];
static unsigned figure_count, refused;
static bool atoms[DISTRICT_PRODUCERS][DISTRICT_CLASSES][4]; /* who has a result where */

static int class_number(const char *class)
{
	for (int c = 0; c < DISTRICT_CLASSES; c++)
		if (strcmp(district_products[c].class, class) == 0)
			return c;
	return -1;
}

/* What everybody is told of the same group is the same. */
static void collect(const json_t *row)
{
	struct figure figure = {class_number(text(row, "class")), text(row, "quarter")[5] - '1',
		number(json_object_get(row, "others"), "n"), number(json_object_get(row, "others"), "count"),
		number(row, "producers")};

	if (strcmp(text(row, "answer"), "allowed") != 0) {
		assert_true(json_is_null(json_object_get(row, "others")));
		assert_int_equal(number(row, "producers"), 0);
		refused++;
		return;
	}
	for (unsigned i = 0; i < figure_count; i++)
		if (figures[i].class == figure.class && figures[i].quarter == figure.quarter) {
			assert_memory_equal(&figures[i], &figure, sizeof figure);
			return;
		}
	assert_true(figure_count < FIGURES_MAX);
	figures[figure_count++] = figure;
}

static void collect_all(json_t *(*ask)(const char *id))
{
	char id[8];

	figure_count = refused = 0;
	for (uint32_t producer = 0; producer < DISTRICT_PRODUCERS; producer++) {
		json_t *report, *row;
		size_t index;

		district_producer(producer, id);
		report = ask(id);
		json_array_foreach(json_object_get(report, "compare"), index, row)
		{
			collect(row);
		}
		json_decref(report);
	}
}

static int covers(const struct figure *figure, int class, int quarter)
{
	return (figure->class < 0 || figure->class == class) && figure->quarter == quarter;
}

/* Producers about whom a minus b says something, b NULL: about whom a does; *nested false: b has something a has not. */
static unsigned about(const struct figure *a, const struct figure *b, uint32_t without, bool *nested)
{
	unsigned count = 0;

	*nested = true;
	for (uint32_t p = 0; p < DISTRICT_PRODUCERS; p++) {
		bool there = false;

		for (int c = 0; c < DISTRICT_CLASSES; c++)
			for (int q = 0; q < 4; q++) {
				int weight = atoms[p][c][q] ? covers(a, c, q) - (b ? covers(b, c, q) : 0) : 0;

				*nested = *nested && weight >= 0;
				there = there || weight != 0;
			}
		count += there && p != without;
	}
	return count;
}

static void difference_every_pair(void)
{
	bool nested;

	for (unsigned f = 0; f < figure_count; f++) {
		assert_true(about(&figures[f], NULL, DISTRICT_PRODUCERS, &nested) >= 5);
		assert_int_equal(about(&figures[f], NULL, DISTRICT_PRODUCERS, &nested), figures[f].producers);
		for (unsigned g = 0; g < figure_count; g++) {
			unsigned count =
				f == g ? 0 : about(&figures[f], &figures[g], DISTRICT_PRODUCERS, &nested);

			if (nested && count > 0 && count < 5)
				fail_msg("figures %u and %u differ by %u producers", f, g, count);
			for (uint32_t viewer = 0; f != g && viewer < DISTRICT_PRODUCERS; viewer++)
				assert_int_not_equal(about(&figures[f], &figures[g], viewer, &nested), 1);
		}
	}
}

static json_t *from_function(const char *id)
{
	return report_at(id, NOW_S);
}

static json_t *from_command(const char *id)
{
	char program[500], command[700], line[4096];
	size_t length = 0, room = 1 << 20;
	char *whole = calloc(1, room);
	FILE *pipe;
	json_t *report;

	(void)snprintf(command, sizeof command, "%s producer report %s -d %s --json",
		built("assay", program, sizeof program), id, play.dir);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	while (fgets(line, sizeof line, pipe)) {
		size_t got = strlen(line);

		assert_true(length + got < room);
		memcpy(whole + length, line, got);
		length += got;
	}
	assert_int_equal(pclose(pipe), 0);
	report = json_loadb(whole, length, 0, NULL);
	assert_non_null(report);
	free(whole);
	return report;
}

static void find_atoms(void)
{
	memset(atoms, 0, sizeof atoms);
	for (uint32_t i = 0; i < DISTRICT_TESTS; i++)
		atoms[made.test[i].producer][made.test[i].class][made.test[i].quarter] = true;
}

static void test_attack(void **state)
{
	(void)state;
	find_atoms();
	collect_all(from_function);
	print_message("%u figures told, %u refusals\n", figure_count, refused);
	assert_true(figure_count >= 8 && refused > 0); /* neither everything nor nothing */
	difference_every_pair();
}

/* The command's answers, all of them with ASSAY_FULL, else a few: the same as those above. The clock of the machine is past
 * what was made up, or the quarter is open: then nothing is told, which the attack holds for as well. */
static void test_attack_on_command(void **state)
{
	struct assay_error err;
	unsigned told;

	(void)state;
	assert_int_equal(assay_state_commit(play.state, &err), ASSAY_OK);
	find_atoms();
	if (getenv("ASSAY_FULL")) {
		collect_all(from_command);
		difference_every_pair();
		return;
	}
	collect_all(from_function);
	told = figure_count;
	for (uint32_t producer = 0; producer < DISTRICT_PRODUCERS; producer += 30) {
		char id[8];
		json_t *report, *row;
		size_t index;

		district_producer(producer, id);
		report = from_command(id);
		json_array_foreach(json_object_get(report, "compare"), index, row)
		{
			if (strcmp(text(row, "answer"), "open") != 0)
				collect(row);
		}
		json_decref(report);
	}
	assert_int_equal(figure_count, told);
}

/* A quarter that is not over is not told; what changes after it ended changes nothing for others. */
static void test_settled(void **state)
{
	json_t *before, *after, *row, *open = report_at("P001", MID_DECEMBER_S);
	size_t index;
	bool seen = false;

	(void)state;
	json_array_foreach(json_object_get(open, "compare"), index, row)
	{
		if (strcmp(text(row, "quarter"), "2026Q4") == 0) {
			assert_string_equal(text(row, "answer"), "open");
			seen = true;
		}
	}
	assert_true(seen);
	json_decref(open);
	before = report_at("P001", NOW_S);
	play.wall_ns = (int64_t)NOW_S * 1000000000;
	for (uint32_t i = 0; i < DISTRICT_BATCHES * DISTRICT_ITEMS; i += DISTRICT_ITEMS) {
		char id[16];

		if (made.test[i].producer % 12 != 0)
			continue;
		(void)snprintf(id, sizeof id, "B%u", made.test[i].batch);
		risk_void(&play, id);
	}
	after = report_at("P001", NOW_S);
	assert_true(json_equal(json_object_get(before, "compare"), json_object_get(after, "compare")));
	assert_false(json_equal(json_object_get(before, "failed"), json_object_get(after, "failed")));
	json_decref(before);
	json_decref(after);
}

/* Five producers of whom all failed, or all but one: an average would tell of each. */
static void test_all_failed(void **state)
{
	json_t *report, *row;
	size_t index;

	(void)state;
	play.wall_ns = (int64_t)(NOW_S + 86400) * 1000000000;
	for (int i = 0; i < 6; i++) {
		char producer[8], batch[16], test[24];

		(void)snprintf(producer, sizeof producer, "P%03d", i + 1);
		(void)snprintf(batch, sizeof batch, "F%d", i);
		(void)snprintf(test, sizeof test, "F%d.1", i);
		risk_batch(&play, batch, "honey", producer, "sent-in");
		risk_test(&play, test, batch, "lead", "", "");
		risk_verdict(&play, test, i == 0 ? "pass" : "fail", "", "");
	}
	report = report_at("P002", NOW_S + 100 * 86400);
	json_array_foreach(json_object_get(report, "compare"), index, row)
	{
		if (strcmp(text(row, "quarter"), "2027Q1") == 0)
			assert_string_equal(text(row, "answer"), "withheld");
	}
	json_decref(report);
}

/* Dehydroacetic acid in pickles, 163 % of the limit: the measure that is shipped, and what to test next. */
static void test_advice(void **state)
{
	static const char analyte[] = "dehydroacetic acid and sodium salt as dehydroacetic acid";
	json_t *report, *found, *measure, *next;
	size_t index;

	(void)state;
	risk_batch(&play, "D1", "pickles", "P001", "sent-in");
	risk_test(&play, "D1.1", "D1", analyte, "", "");
	risk_verdict(&play, "D1.1", "fail", "489/300", "489/300");
	report = report_at("producer P001", NOW_S); /* by its name */
	found = json_array_get(json_object_get(report, "findings"), 0);
	assert_string_equal(text(found, "batch"), "D1");
	assert_string_equal(text(found, "percent"), "163"); /* 0.489 of 0.3 */
	measure = json_array_get(json_object_get(report, "advice"), 0);
	assert_string_equal(text(measure, "id"), "pickle-dehydroacetic");
	assert_true(json_array_size(json_object_get(measure, "steps")) >= 3);
	assert_true(*text(json_array_get(json_object_get(measure, "causes"), 0), "source"));
	next = json_array_get(json_object_get(report, "next"), 0);
	assert_string_equal(text(next, "analyte"), analyte);
	assert_string_equal(text(next, "why"), "failed");
	json_decref(report);
	/* controls hold results: nothing is told but of batches already released */
	assert_int_equal(
		sqlite3_exec(risk_db(&play),
			"INSERT INTO hold SELECT 'H1','','',0,'','','','open','','','','',0,0,'{}',0,0", NULL,
			NULL, NULL),
		SQLITE_OK);
	report = report_at("P001", NOW_S);
	assert_int_equal(json_array_size(json_object_get(report, "findings")), 0);
	assert_int_equal(number(json_object_get(report, "failed"), "n"), 0);
	json_decref(report);
	assert_int_equal(sqlite3_exec(risk_db(&play), "DELETE FROM hold", NULL, NULL, NULL), SQLITE_OK);
	risk_status(&play, "D1", "awaiting-review"); /* somebody still has to look: nothing of it is told */
	report = report_at("P001", NOW_S);
	json_array_foreach(json_object_get(report, "findings"), index, found)
	{
		assert_string_not_equal(text(found, "batch"), "D1");
	}
	json_decref(report);
}

/* The command prints it: assay-report takes the whole document, advice and refusals included. */
static void test_paper(void **state)
{
	char program[500], command[900], path[100], head[8] = "";
	struct assay_error err;
	FILE *file;

	(void)state;
	assert_int_equal(assay_state_commit(play.state, &err), ASSAY_OK);
	(void)snprintf(path, sizeof path, "%s/report.pdf", play.dir);
	(void)snprintf(command, sizeof command, "%s producer report P001 -d %s --out %s",
		built("assay", program, sizeof program), play.dir, path);
	assert_int_equal(system(command), 0);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fread(head, 1, 5, file), 5);
	assert_int_equal(fclose(file), 0);
	assert_string_equal(head, "%PDF-");
	assert_int_equal(unlink(path), 0);
}

static void test_unknown(void **state)
{
	struct assay_error err = {0};

	(void)state;
	assert_null(assay_producer_report(risk_db(&play), specs, advice, "P999", NOW_S, &err));
	assert_string_equal(err.code, "producer-unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_attack),
		cmocka_unit_test(test_attack_on_command),
		cmocka_unit_test(test_settled),
		cmocka_unit_test(test_all_failed),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_paper),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
