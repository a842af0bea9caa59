/* SPDX-License-Identifier: Apache-2.0
 * A batch is judged by the specs it was registered under, until it is released: a limit and a method change between its
 * intake and its verdict, over several restarts, through a real recorder. Figures: lab_play.h (5.44 g/100g); GB 17401-2014
 * says <= 7, the changed file <= 3. The digest of a set is held against sha256sum. */
#include "gateway/record/derive.h"
#include "gateway/record/rebuild.h"
#include "gateway/record/spec_set.h"
#include "tests/unit/lab_play.h"

static void shell(const char *command, const struct play *play)
{
	assert_int_equal(setenv("FOLDER", play->places.specs, 1), 0);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): fixed text */
}

/* What sha256sum says of the specs folder. */
static void digest_of(const struct play *play, char out[65])
{
	FILE *pipe;

	assert_int_equal(setenv("FOLDER", play->places.specs, 1), 0);
	pipe = popen(/* NOLINT(cert-env33-c): fixed text */
		"cd $FOLDER && LC_ALL=C sha256sum $(LC_ALL=C ls -d categories/*.xml standards/*.xml "
		"analytes/*.xml methods/*.xml products/*.xml | LC_ALL=C sort) | sha256sum | cut -c1-64 | tr "
		"-d '\\n'",
		"re");
	assert_non_null(pipe);
	assert_int_equal(fread(out, 1, 64, pipe), 64);
	out[64] = '\0';
	assert_int_equal(pclose(pipe), 0);
}

static void begin_copied(struct play *play)
{
	play_make(play);
	(void)snprintf(play->places.specs, sizeof play->places.specs, "%s/specs", play->dir);
	shell("cp -rL specs $FOLDER", play);
	begin(play);
}

/* The recorder ends and another begins: what a reload does to it, and a restart. */
static void again(struct play *play)
{
	assert_int_equal(play_stop(play), 0);
	play_host_dies(play);
	begin(play);
}

static void assert_set(struct play *play, const char *batch, const char *sha256, bool in_force)
{
	json_t *shown = show(play, batch), *specs = json_object_get(shown, "specs");

	assert_string_equal(play_text(specs, "sha256"), sha256);
	assert_int_equal(json_is_true(json_object_get(specs, "in_force")), in_force);
	assert_true(*play_text(specs, "since"));
	json_decref(shown);
}

static void begin_weighing(struct play *play, const char *batch)
{
	for (int i = 0; i < 2; i++) {
		weigh(play, batch, "m3", i + 1, below.m3[i]);
		weigh(play, batch, "m1", i + 1, below.m1[i]);
	}
}

static void finish_weighing(struct play *play, const char *batch)
{
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 2; i++) {
			play_oven(play, "103.0");
			weigh(play, batch, "m2", i + 1, below.m2[i][round]);
		}
}

static void table_differs(void *context, const char *table, uint64_t rows_before, uint64_t rows_after)
{
	(void)context;
	fail_msg("table %s is another after a rebuild: %llu rows, %llu", table,
		(unsigned long long)rows_before, (unsigned long long)rows_after);
}

/* The readings were made here and lab.xml is a stub, so that no driver decodes them: only what follows from them counts. */
static void on_found(void *context, const struct assay_finding *finding)
{
	unsigned *expected = context;

	if (strcmp(finding->what.code, "config-unreadable") == 0 ||
		strcmp(finding->what.code, "not-decodable") == 0)
		(*expected)++;
	else
		print_message("%s %s\n", finding->what.code, finding->what.text_en);
}

/* The journal derived again and the state rebuilt say the same. */
static void assert_derives(struct play *play)
{
	struct assay_places places = play->places;
	unsigned expected = 0;
	const struct assay_derive_options options = {
		.places = &places, .found = on_found, .context = &expected};
	struct assay_derive_report report;
	struct assay_rebuild_report rebuilt;
	struct assay_error err = {.code = ""};

	assert_int_equal(assay_derive(play->dir, &options, &report, &err), ASSAY_OK);
	assert_true(report.results >= 2 && report.verdicts >= 4);
	assert_int_equal(report.differences, expected);
	assert_int_equal(assay_rebuild(play->dir, table_differs, NULL, &rebuilt, &err), ASSAY_OK);
	assert_true(rebuilt.compared && rebuilt.tables > 20);
}

static void test_batch_keeps_its_set(void **state)
{
	struct play play;
	char first[65], second[65], old[64], fresh[64];

	(void)state;
	begin_copied(&play);
	digest_of(&play, first);
	register_batch(&play, "L1", old);
	assert_set(&play, old, first, true);
	begin_weighing(&play, old);
	shell("sed -i 's/≤7 g\\/100g\" upper=\"7\"/≤3 g\\/100g\" upper=\"3\"/' "
	      "$FOLDER/standards/gb-17401-2014.xml && grep -q 'upper=\"3\" unit=\"g/100g\"' "
	      "$FOLDER/standards/gb-17401-2014.xml && echo '<!-- changed -->' "
	      ">>$FOLDER/methods/gb-5009.3-direct.xml",
		&play);
	again(&play);
	digest_of(&play, second);
	assert_string_not_equal(first, second);
	assert_set(&play, old, first, false);
	register_batch(&play, "L2", fresh);
	assert_set(&play, fresh, second, true);
	again(&play);
	finish_weighing(&play, old);
	assert_verdict(&play, old, "pass", "", "awaiting-release", "5.44");
	begin_weighing(&play, fresh);
	finish_weighing(&play, fresh);
	assert_verdict(&play, fresh, "fail", "", "awaiting-review", "5.44");
	again(&play);
	assert_set(&play, old, first, false);
	assert_set(&play, fresh, second, true);
	assert_int_equal(play_stop(&play), 0);
	play_host_dies(&play);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_SPEC_SET)->count, 2);
	assert_derives(&play);
	shell("rm -r $FOLDER", &play);
	play_remove(&play);
}

/* More sets than are kept in memory, used in turn, and a standard that is taken away altogether. */
static void test_many_sets(void **state)
{
	enum { SETS = ASSAY_SPEC_SETS_KEPT + 1 };
	struct play play;
	char batch[SETS][64], lot[8];

	(void)state;
#ifdef __SANITIZE_THREAD__
	skip(); /* reading a set anew takes longer there than the oven's evidence may be silent: undetermined, rightly */
#endif
	begin_copied(&play);
	for (int i = 0; i < SETS; i++) {
		(void)snprintf(lot, sizeof lot, "L%d", i);
		register_batch(&play, lot, batch[i]);
		begin_weighing(&play, batch[i]);
		shell("echo '<!-- changed -->' >>$FOLDER/methods/gb-5009.3-direct.xml", &play);
		again(&play);
		play_oven(&play, "103.0"); /* a slow machine must not leave a gap in the oven's readings */
	}
	shell("rm $FOLDER/standards/gb-17401-2014.xml $FOLDER/products/puffed-snack.xml && for f in "
	      "$(grep -l 'GB 17401' $FOLDER/products/*.xml); do rm $f; done",
		&play);
	again(&play);
	play_oven(&play, "103.0");
	for (int round = 0; round < 3; round++)
		for (int i = SETS - 1; i >= 0; i--)
			for (int replicate = 0; replicate < 2; replicate++) {
				play_oven(&play, "103.0");
				weigh(&play, batch[i], "m2", replicate + 1, below.m2[replicate][round]);
			}
	for (int i = 0; i < SETS; i++)
		assert_verdict(&play, batch[i], "pass", "", "awaiting-release", "5.44");
	assert_int_equal(play_stop(&play), 0);
	play_host_dies(&play);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_SPEC_SET)->count, SETS + 2);
	assert_derives(&play);
	shell("rm -r $FOLDER", &play);
	play_remove(&play);
}

/* A set put back is the same set, and a retest goes on under the batch's own. */
static void test_put_back_and_retest(void **state)
{
	struct play play;
	char first[65], batch[64];

	(void)state;
	begin_copied(&play);
	digest_of(&play, first);
	register_batch(&play, "L1", batch);
	play_test(&play, batch, &above, "103.0");
	assert_verdict(&play, batch, "fail", "", "awaiting-review", "8.46");
	shell("echo '<!-- changed -->' >>$FOLDER/methods/gb-5009.3-direct.xml", &play);
	again(&play);
	assert_set(&play, batch, first, false);
	granted(&play, json_pack("{s:s,s:s+,s:s,s:s,s:s}", "cmd", "test.retest", "test", batch, ".1", "rule",
			       "retest-decides", "reason", "r", "who", "zhou"));
	shell("cp specs/methods/gb-5009.3-direct.xml $FOLDER/methods/", &play);
	again(&play);
	assert_set(&play, batch, first, true);
	end(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_batch_keeps_its_set),
		cmocka_unit_test(test_many_sets), cmocka_unit_test(test_put_back_and_retest)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
