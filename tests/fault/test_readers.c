/* SPDX-License-Identifier: Apache-2.0
 * Two readers that share no code agree: assay's own and tests/verify.py, which was written from assay-journal.5 alone.
 * On good journals root and size are equal; what one finds damaged the other does, too. */
#include "tests/fault/specimen.h"

#include "gateway/record/sha256.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static char script[300];

static void find_script(const char *program)
{
	(void)snprintf(script, sizeof script, "tests/verify.py");
	if (access(script, R_OK) == 0)
		return;
	(void)snprintf(script, sizeof script, "%.*s/../../../tests/verify.py",
		(int)(strrchr(program, '/') - program), program);
}

/* The second reader's answer; NULL when it could not read at all. */
static json_t *second(const char *dir, const char *options)
{
	char command[700];
	FILE *pipe;
	json_t *answer;

	(void)snprintf(command, sizeof command, "/usr/bin/python3 %s %s %s --json 2>/dev/null", script, dir,
		options);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	answer = json_loadf(pipe, 0, NULL);
	(void)pclose(pipe);
	return answer;
}

static void agree(const char *dir, const char *what, bool good, const char *checkpoint_file)
{
	char options[300] = "", text[ASSAY_NOTE_MAX], root[65];
	struct assay_verify_report report;
	json_t *answer;
	bool ok;
	FILE *file;

	if (checkpoint_file) {
		(void)snprintf(options, sizeof options, "--checkpoint %s", checkpoint_file);
		file = fopen(checkpoint_file, "re");
		assert_non_null(file);
		text[fread(text, 1, sizeof text - 1, file)] = '\0';
		(void)fclose(file);
	}
	report = specimen_verify(dir, checkpoint_file ? text : NULL);
	answer = second(dir, options);
	ok = answer && json_is_true(json_object_get(answer, "ok"));
	if ((report.findings == 0) != good || ok != good) {
		print_error("%s: assay %s (%s), verify.py %s\n", what, report.findings ? "finds" : "holds",
			report.worst.what.text_en, ok ? "holds" : "finds");
		if (answer)
			(void)json_dumpf(json_object_get(answer, "findings"), stderr, JSON_INDENT(1));
		fail();
	}
	if (good) {
		assay_hex(report.root, 32, root);
		assert_string_equal(root, json_string_value(json_object_get(answer, "root")));
		assert_int_equal(report.end, json_integer_value(json_object_get(answer, "entries")));
		assert_int_equal(report.covered, json_integer_value(json_object_get(answer, "covered")));
	}
	json_decref(answer);
}

static void test_good(void **state)
{
	char dir[64], note[128];
	struct assay_journal_options options = specimen_options(80000);
	struct assay_journal *journal;
	struct assay_error err;

	(void)state;
	specimen_dir(dir);
	(void)snprintf(note, sizeof note, "%s/older", dir);
	specimen_fill(dir, 80000, 1, 1, 0);
	agree(dir, "one entry", true, NULL);
	specimen_fill(dir, 80000, 900, 10, 100);
	specimen_shell("cp $A/journal/checkpoint $B", dir, note);
	agree(dir, "several segments", true, NULL);
	specimen_fill(dir, 80000, 555, 7, 0);
	agree(dir, "more", true, note);
	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	for (unsigned i = 0; i < 33; i++)
		assert_int_equal(specimen_append(journal, i, &err), ASSAY_OK);
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	agree(dir, "beside a writer", true, note);
	assert_int_equal(assay_journal_change_key(journal, "boss", "yearly", &err), ASSAY_OK);
	agree(dir, "another key", true, note);
	assay_journal_close(journal);
	specimen_shell("sed -n '2{h;n;H;x;s/\\n/ /;p}' $A > $B.short", note, note);
	(void)snprintf(note, sizeof note, "%s/older.short", dir);
	agree(dir, "the short form", true, note);
	specimen_remove(dir);
}

static void test_bad(void **state)
{
	static const char *const changes[] = {
		"UPDATE entry SET body='{}' WHERE seq=7",
		"UPDATE entry SET raw=x'02' WHERE seq=7",
		"UPDATE entry SET leaf=zeroblob(32) WHERE seq=7",
		"UPDATE entry SET header=CAST(substr(header,1,71)||x'41'||substr(header,73) AS BLOB) WHERE "
		"seq=9",
		"UPDATE entry SET header=CAST(substr(header,1,5)||x'09'||substr(header,7) AS BLOB) WHERE "
		"seq=9",
		"UPDATE entry SET seq=-1 WHERE seq=0",
		"UPDATE entry SET seq=9000000000000000000 WHERE seq=(SELECT max(seq) FROM entry)",
		"DELETE FROM entry WHERE seq=7",
		"DELETE FROM entry WHERE seq>=100",
		"DELETE FROM entry",
		"INSERT INTO entry SELECT seq+1,header,leaf,body,raw FROM entry ORDER BY seq DESC LIMIT 1",
		"UPDATE tile SET root=zeroblob(32)",
		"UPDATE tile SET hashes=zeroblob(32) WHERE level=0 AND n=0",
		"DELETE FROM tile",
		"INSERT INTO tile SELECT 3,3,hashes,root FROM tile LIMIT 1",
		"DELETE FROM checkpoint WHERE size=0",
		"UPDATE checkpoint SET note=note||char(10) WHERE size>0",
		"UPDATE checkpoint SET note=replace(note,'specimen','spectre')",
		"UPDATE checkpoint SET size=size+1 WHERE size=100",
		"INSERT INTO checkpoint SELECT size+1,note FROM checkpoint WHERE size=100",
		"INSERT INTO checkpoint SELECT size+100000,note FROM checkpoint WHERE size=100",
		"UPDATE segment SET value='x' WHERE key='origin'",
		"UPDATE segment SET value='02' WHERE key='number'",
		"UPDATE segment SET value='00' WHERE key='first'",
		"UPDATE segment SET value='2' WHERE key='format'",
		"UPDATE segment SET value=upper(value) WHERE key='before_root'",
		"UPDATE segment SET value='ab' WHERE key='before_file'",
		"UPDATE segment SET value='elsewhere' WHERE key='site'",
		"DELETE FROM segment WHERE key='site'",
		"INSERT INTO segment VALUES('x','y')",
		"INSERT INTO carry VALUES(0,0,zeroblob(32))",
		"INSERT INTO gone VALUES(7,zeroblob(32),zeroblob(32))",
		"PRAGMA user_version=2",
		"PRAGMA application_id=2",
		"CREATE TABLE more(x)",
		"CREATE INDEX more ON entry(leaf)",
		"CREATE VIEW more AS SELECT 1",
	};
	char dir[64], other[80];

	(void)state;
	specimen_dir(dir);
	(void)snprintf(other, sizeof other, "%s-x", dir);
	specimen_fill(dir, 0, 600, 10, 100);
	for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++) {
		specimen_copy(dir, other);
		assert_int_equal(specimen_change(other, 1, changes[i]), 0);
		agree(other, changes[i], false, NULL);
	}
	specimen_remove(other);
	specimen_remove(dir);
}

static void test_bad_files(void **state)
{
	static const char *const changes[] = {
		"rm $A/journal/0002.db",
		"rm $A/journal/0001.db",
		"rm $(ls $A/journal/*.db | tail -1)",
		"printf x | dd of=$A/journal/0001.db bs=1 seek=9000 conv=notrunc 2>/dev/null",
		"truncate -s -4096 $A/journal/0002.db",
		"echo x >> $A/journal/checkpoint",
		"sed -i s/specimen/spectre/ $A/keys/origin.pub",
		"cp $A/journal/0001.db $A/journal/0002.db",
		"sqlite3 -version >/dev/null 2>&1; mv $A/journal/0001.db $A/a && mv $A/journal/0002.db "
		"$A/journal/0001.db && mv $A/a $A/journal/0002.db",
	};
	char dir[64], other[80];

	(void)state;
	specimen_dir(dir);
	(void)snprintf(other, sizeof other, "%s-x", dir);
	specimen_fill(dir, 80000, 1500, 10, 100);
	specimen_fill(dir, 0, 30, 10, 10); /* signed in the last segment, too */
	for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++) {
		specimen_copy(dir, other);
		specimen_shell(changes[i], other, "");
		agree(other, changes[i], false, NULL);
	}
	specimen_remove(other);
	specimen_remove(dir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_files),
	};

	(void)argc;
	find_script(argv[0]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
