/* SPDX-License-Identifier: Apache-2.0
 * Judge calls a second through the C API, with and without texts; lines a second through --jsonl's own reader and writer;
 * loading the specs; and whether cost grows with the number of editions. One core. */
#include "gateway/cli/judge_lines.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct assay_question questions[] = {
	{.standard = "GB 2762",
		.category = "F04.2.2",
		.analyte = "cadmium",
		.value = "0.19 mg/kg",
		.produced = "2026-10-01"},
	{.standard = "GB 2762",
		.category = "F18.2",
		.analyte = "lead",
		.value = "0.501 mg/kg",
		.produced = "2026-08-01"},
	{.standard = "GB 2760",
		.category = "07.02.03",
		.analyte = "sorbic acid and potassium salt as sorbic acid",
		.value = "0.98 g/kg",
		.produced = "2026-10-01"},
	{.standard = "GB 17401",
		.category = "P.17401.OIL",
		.analyte = "moisture",
		.value = "6.98 g/100g",
		.produced = "2026-10-01"},
	{.standard = "GB 2717",
		.category = "P.2717",
		.analyte = "amino acid nitrogen",
		.value = "0.41 g/100mL",
		.produced = "2026-10-01"},
	{.standard = "GB 2762",
		.category = "F09.1.1.2.TUNA",
		.analyte = "methylmercury",
		.value = "<0.02 mg/kg",
		.produced = "2026-10-01"},
	{.standard = "GB 2760",
		.category = "15.01.01",
		.analyte = "cyclamate as cyclamic acid",
		.value = "ND (LOD 0.00003 g/kg)",
		.produced = "2026-10-01"},
	{.standard = "GB 2762",
		.category = "F22.3",
		.analyte = "cadmium",
		.value = "0.1 mg/kg",
		.produced = "2026-10-01"},
};

#define QUESTION_COUNT (sizeof questions / sizeof *questions)

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double decide_rate(const struct assay_specs *specs, size_t which, size_t count)
{
	struct assay_decision decision;
	double begun = seconds();
	unsigned kinds = 0;

	for (size_t i = 0; i < count; i++) {
		assay_decide(
			specs, &questions[which < QUESTION_COUNT ? which : i % QUESTION_COUNT], &decision);
		kinds += decision.kind;
	}
	return kinds == 0xffffffffu ? 0 : (double)count / (seconds() - begun);
}

static void calls(const struct assay_specs *specs)
{
	static struct assay_verdict verdict;
	double begun;
	size_t count = 400000;

	(void)printf("judge, C API, texts not built: %10.0f a second over eight questions (the first alone: "
		     "%.0f)\n",
		decide_rate(specs, QUESTION_COUNT, 4 * count), decide_rate(specs, 0, 4 * count));
	begun = seconds();
	for (size_t i = 0; i < count; i++)
		assay_judge(specs, &questions[i % QUESTION_COUNT], &verdict);
	(void)printf("judge, C API, with texts:      %10.0f a second\n", (double)count / (seconds() - begun));
}

static void write_questions(FILE *file, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct assay_question *question = &questions[i % QUESTION_COUNT];

		(void)fprintf(file,
			"{\"id\":%zu,\"produced\":\"%s\",\"standard\":\"%s\",\"category\":\"%s\",\"analyte\":"
			"\"%s\",\"results\":[\"%s\"]}\n",
			i, question->produced, question->standard, question->category, question->analyte,
			question->value);
	}
}

static void lines(const struct assay_specs *specs)
{
	size_t count = 400000;
	FILE *in = tmpfile();
	int out = open("/dev/null", O_WRONLY);
	struct assay_error err;
	double begun;

	if (!in || out < 0)
		return;
	write_questions(in, count);
	(void)fflush(in);
	(void)lseek(fileno(in), 0, SEEK_SET);
	begun = seconds();
	if (assay_judge_lines(specs, fileno(in), out, &err) == ASSAY_OK)
		(void)printf("judge --jsonl:                 %10.0f lines a second, with texts\n",
			(double)count / (seconds() - begun));
	(void)close(out);
	(void)fclose(in);
}

/* Load, validate and check everything in a process of its own: time and memory. */
static void loading(void)
{
	struct rusage used;
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct assay_specs *specs = NULL;
		struct assay_error err;
		double begun = seconds();

		if (assay_specs_load("specs", &specs, &err) != ASSAY_OK)
			_exit(1);
		(void)printf("specs loaded and validated in  %10.1f ms", (seconds() - begun) * 1e3);
		(void)fflush(stdout);
		_exit(0);
	}
	if (child > 0 && wait4(child, &status, 0, &used) == child)
		(void)printf(", %.1f MiB at most\n", (double)used.ru_maxrss / 1024);
}

/* Sixty-four further editions beside the shipped ones. */
static void editions(double before)
{
	char dir[] = "/tmp/assay-bench-XXXXXX", path[64][80];
	const char *files[64];
	struct assay_specs *specs = NULL;
	struct assay_error err;

	if (!mkdtemp(dir))
		return;
	for (int i = 0; i < 64; i++) {
		FILE *file;

		(void)snprintf(path[i], sizeof path[i], "%s/gb-2762-%d.xml", dir, 2101 + i);
		files[i] = path[i];
		file = fopen(path[i], "w");
		if (!file)
			return;
		(void)fprintf(file,
			"<standard id=\"GB 2762-%d\" number=\"GB 2762\" title-zh=\"x\" title-en=\"x\" "
			"tree=\"GB2762\" from=\"%d-01-01\" "
			"%s no-row=\"no-limit\">\n<limit category=\"F04\" analyte=\"cadmium\" "
			"analyte-zh=\"镉\" kind=\"le\" text=\"x\" "
			"upper=\"1\" unit=\"mg/kg\" clause=\"1\" source=\"bench\" "
			"confidence=\"high\"/>\n</standard>\n",
			2101 + i, 2101 + i, "");
		(void)fclose(file);
	}
	if (assay_specs_load_with("specs", files, 64, true, &specs, &err) == ASSAY_OK)
		(void)printf("the same with 64 more editions: %9.0f a second (%.0f before)\n",
			decide_rate(specs, 0, 1600000), before);
	else
		(void)printf("%s\n", err.text_en);
	assay_specs_free(specs);
	for (int i = 0; i < 64; i++)
		(void)unlink(path[i]);
	(void)rmdir(dir);
}

/* The same questions in Python's decimal, in the same run. */
static void python(void)
{
	(void)fflush(stdout);
	if (system("/usr/bin/python3 tests/limits/decimal_judge.py") != 0)
		(void)printf("python3 is not here\n");
}

int main(void)
{
	struct assay_specs *specs = NULL;
	struct assay_error err;
	double alone;

	loading();
	if (assay_specs_load("specs", &specs, &err) != ASSAY_OK) {
		(void)fprintf(stderr, "%s\n", err.text_en);
		return 1;
	}
	calls(specs);
	lines(specs);
	alone = decide_rate(specs, 0, 1600000);
	assay_specs_free(specs);
	editions(alone);
	python();
	return 0;
}
