/* SPDX-License-Identifier: Apache-2.0
 * A batch's proof: whole it gives the verdict; any byte changed, any line dropped, doubled or swapped, it is refused,
 * and the place is named; tests/verify.py agrees. */
#include "gateway/record/proof.h"
#include "gateway/record/sha256.h"
#include "tests/fault/specimen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

static char script[300];
static char dir[64];
static char proof[200000];
static size_t length;

static void put(
	struct assay_journal *journal, uint16_t kind, const char *body, const void *raw, size_t raw_length)
{
	struct assay_error err;
	struct assay_entry entry = {.kind = kind,
		.body = body,
		.body_length = strlen(body),
		.raw = raw,
		.raw_length = raw_length};

	assert_int_equal(assay_journal_append(journal, &entry, &err), ASSAY_OK);
}

/* Two batches; the first one's story, and things of the second between. */
static int setup(void **state)
{
	static const uint8_t weighing[] = {
		2, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, '5', '.', '4', '2', ' ', 'g', '\n'};
	struct assay_journal_options options = specimen_options(0);
	struct assay_journal *journal;
	struct assay_error err;
	char body[300], digest[65], set[65];
	uint8_t hash[32];
	FILE *file;

	(void)state;
	specimen_dir(dir);
	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	put(journal, ASSAY_ENTRY_GENESIS, "{\"site\":\"specimen\"}", NULL, 0);
	put(journal, ASSAY_ENTRY_CONFIG, "{}", "<lab/>", 6);
	assay_sha256("<standard/>", 11, hash);
	assay_hex(hash, 32, digest);
	(void)snprintf(body, sizeof body, "{\"path\":\"standards/x.xml\",\"sha256\":\"%s\"}", digest);
	put(journal, ASSAY_ENTRY_SPEC, body, "<standard/>", 11);
	put(journal, ASSAY_ENTRY_SPEC, "{\"path\":\"other.xml\",\"sha256\":\"00\"}", "<other/>", 8);
	(void)snprintf(body, sizeof body, "%s  standards/x.xml\n", digest); /* as sha256sum prints it */
	assay_sha256(body, strlen(body), hash);
	assay_hex(hash, 32, set);
	(void)snprintf(body, sizeof body,
		"{\"sha256\":\"%s\",\"serial\":0,\"files\":{\"standards/x.xml\":\"%s\"}}", set, digest);
	put(journal, ASSAY_ENTRY_SPEC_SET, body, NULL, 0);
	(void)snprintf(body, sizeof body, "{\"batch\":\"B1\",\"specs_sha256\":\"%s\"}", set);
	put(journal, ASSAY_ENTRY_BATCH, body, NULL, 0);
	put(journal, ASSAY_ENTRY_BATCH, "{\"batch\":\"B2\"}", NULL, 0);
	put(journal, ASSAY_ENTRY_TEST,
		"{\"test\":\"B1.1\",\"batch\":\"B1\",\"evidence_instrument\":\"oven-1\"}", NULL, 0);
	put(journal, ASSAY_ENTRY_EXCHANGE, "{\"instrument\":\"balance-1\"}", weighing,
		sizeof weighing); /* 8 */
	put(journal, ASSAY_ENTRY_FILL, "{\"test\":\"B1.1\",\"exchange\":8,\"value\":\"5.42\"}", NULL,
		0); /* 9 */
	put(journal, ASSAY_ENTRY_EXCHANGE, "{\"instrument\":\"oven-1\"}", weighing, sizeof weighing); /* 10 */
	put(journal, ASSAY_ENTRY_EXCHANGE, "{\"instrument\":\"balance-1\"}", weighing,
		sizeof weighing); /* 11 */
	put(journal, ASSAY_ENTRY_RESULT,
		"{\"result\":\"B1.1.R1\",\"test\":\"B1.1\",\"batch\":\"B1\",\"value\":\"5.42\",\"unit\":\"g/"
		"100g\","
		"\"readings\":[{\"exchange\":8,\"fill\":9}]}",
		NULL, 0);
	(void)snprintf(body, sizeof body,
		"{\"result\":\"B1.1.R1\",\"verdict\":\"pass\",\"source\":{\"sha256\":\"%s\"}}", digest);
	put(journal, ASSAY_ENTRY_VERDICT, body, NULL, 0);
	put(journal, ASSAY_ENTRY_VERDICT,
		"{\"batch\":\"B1\",\"verdict\":\"pass\",\"text_zh\":\"\",\"text_en\":\"pass\",\"results\":[{"
		"\"result\":\"B1.1.R1\"}],\"status\":"
		"\"awaiting-release\"}",
		NULL, 0);
	put(journal, ASSAY_ENTRY_VERDICT, "{\"batch\":\"B2\",\"verdict\":\"fail\"}", NULL, 0);
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	file = tmpfile();
	assert_int_equal(assay_proof_write(dir, "B1", ASSAY_READ_STILL, file, &err), ASSAY_EREFUSED);
	assert_string_equal(err.code, "not-signed-yet");
	(void)fclose(file);
	assert_int_equal(assay_journal_checkpoint(journal, 0, true, NULL, &err), ASSAY_OK);
	assay_journal_close(journal);
	file = tmpfile();
	assert_int_equal(assay_proof_write(dir, "B1", ASSAY_READ_STILL, file, &err), ASSAY_OK);
	rewind(file);
	length = fread(proof, 1, sizeof proof - 1, file);
	(void)fclose(file);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	specimen_remove(dir);
	return 0;
}

static void test_whole(void **state)
{
	static struct assay_proof_report report;
	struct assay_origin_key key, foreign;
	struct assay_error err;
	char other[80];

	(void)state;
	assert_int_equal(assay_origin_key_public(dir, &key, &err), ASSAY_OK);
	assert_int_equal(assay_proof_check(proof, length, &key, &report, &err), ASSAY_OK);
	assert_string_equal(report.batch, "B1");
	assert_string_equal(report.verdict, "pass");
	assert_string_equal(report.results, "B1.1.R1 = 5.42 g/100g\n");
	/* genesis, config, spec, set of specs, batch, test, weighing, fill, oven, result, two verdicts */
	assert_int_equal(report.entries, 12);
	assert_int_equal(report.size, 16);
	(void)snprintf(other, sizeof other, "%s-x", dir);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(
		assay_origin_key_load(other, "specimen.assay.example", true, &foreign, &err), ASSAY_OK);
	assert_int_equal(assay_proof_check(proof, length, &foreign, &report, &err), ASSAY_EDAMAGED);
	assert_string_equal(err.code, "key-foreign");
	specimen_remove(other);
}

/* Each byte, another bit of it each time: found, and the line named is the one it stands in. */
static void test_each_byte(void **state)
{
	static struct assay_proof_report report;
	struct assay_error err;
	unsigned line = 1;

	(void)state;
	for (size_t i = 0; i < length; i++) {
		char byte = proof[i], wanted[40];

		proof[i] = (char)(byte ^ (1 << (i % 8)));
		assert_int_equal(assay_proof_check(proof, length, NULL, &report, &err), ASSAY_EDAMAGED);
		(void)snprintf(wanted, sizeof wanted, "line %u", line);
		/* An end of line that is gone joins two lines; a verdict's batch that is another is told at the end. */
		if (byte != '\n' && line > 2 && !strstr(err.text_en, wanted)) {
			print_error("byte %zu of line %u: %s\n", i, line, err.text_en);
			fail();
		}
		proof[i] = byte;
		line += byte == '\n';
	}
	for (size_t i = 0; i < length; i += 7)
		assert_int_equal(assay_proof_check(proof, i, NULL, &report, &err), ASSAY_EDAMAGED);
}

/* text and a newline to the end of out */
static void append(char *out, size_t size, const char *text)
{
	size_t end = strlen(out);

	assert_true(end + strlen(text) + 2 <= size);
	(void)snprintf(out + end, size - end, "%s\n", text);
}

/* Lines dropped, doubled, swapped, and the digest at the end made right again. */
static void test_lines(void **state)
{
	static struct assay_proof_report report;
	static char changed[sizeof proof * 2];
	struct assay_error err;
	char *line[64], *copy = strndup(proof, length), *rest = NULL;
	unsigned lines = 0;

	(void)state;
	for (char *at = strtok_r(copy, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest))
		line[lines++] = at;
	assert_int_equal(lines, 17);
	for (unsigned i = 0; i + 1 < lines; i++)
		for (unsigned way = 0; way < 3; way++) {
			uint8_t hash[32];
			char hex[65], end[80];

			*changed = '\0';
			for (unsigned j = 0; j + 1 < lines; j++) {
				const char *put = line[j];

				if (way == 0 && j == i)
					continue;
				if (way == 1 && i + 2 < lines && (j == i || j == i + 1))
					put = line[j == i ? i + 1 : i];
				append(changed, sizeof changed, put);
				if (way == 2 && j == i)
					append(changed, sizeof changed, put);
			}
			if (way == 1 && i + 2 >= lines)
				continue;
			assay_sha256(changed, strlen(changed), hash);
			assay_hex(hash, 32, hex);
			(void)snprintf(end, sizeof end, "end %s", hex);
			append(changed, sizeof changed, end);
			/* Genesis, config and the oven's bytes support nothing that names them: a file without them is
			 * whole, it only tells less. */
			if (way == 0 && (i == 4 || i == 5 || i == 12))
				continue;
			if (assay_proof_check(changed, strlen(changed), NULL, &report, &err) == ASSAY_OK) {
				print_error("line %u, way %u: holds\n", i + 1, way);
				fail();
			}
		}
	free(copy);
}

static int second(const char *path)
{
	char command[600];
	int code;

	(void)snprintf(command, sizeof command, "/usr/bin/python3 %s %s >/dev/null 2>&1", script, path);
	code = system(command);
	return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
}

static void write_file(const char *path)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(proof, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void test_second_reader(void **state)
{
	char path[100];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/B1.proof", dir);
	write_file(path);
	assert_int_equal(second(path), 0);
	for (size_t i = 20; i < length; i += length / 23) {
		proof[i] ^= 4;
		write_file(path);
		assert_int_equal(second(path), 1);
		proof[i] ^= 4;
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_second_reader),
	};

	(void)argc;
	(void)snprintf(script, sizeof script, "tests/verify.py");
	if (access(script, R_OK) != 0)
		(void)snprintf(script, sizeof script, "%.*s/../../../tests/verify.py",
			(int)(strrchr(argv[0], '/') - argv[0]), argv[0]);
	return cmocka_run_group_tests(tests, setup, teardown);
}
