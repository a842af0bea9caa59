/* SPDX-License-Identifier: Apache-2.0
 * S40, fail closed: while limits are read, a method is calculated and a result is judged, each allocation in turn fails, once
 * and from then on. Nothing ever comes out as pass that is not one, and nothing is half made: a set of specs is whole or not
 * there, a verdict is the right one or no verdict. The cases: GB 2762-2022 and -2025, table 2:
 * cadmium in brown rice, 0.2 mg/kg. */
#include "limits/limits.h"
#include "tests/fault/allocation.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct assay_question above = {.standard = "GB 2762",
	.category = "F04.2.1",
	.analyte = "cadmium",
	.produced = "2026-10-01",
	.value = "0.21 mg/kg"};
static const struct assay_question below = {.standard = "GB 2762",
	.category = "F04.2.1",
	.analyte = "cadmium",
	.produced = "2026-10-01",
	.value = "0.19 mg/kg"};

/* The failing one is the at-th from here. */
static void fail_at(unsigned at, bool for_ever)
{
	allocation.at = at;
	allocation.for_ever = for_ever;
	allocation.seen = 0;
	allocation.hit = false;
	allocation.watching = true;
}

static void judge_under_faults(const struct assay_specs *specs, bool for_ever, unsigned *tried)
{
	static struct assay_verdict verdict;

	for (unsigned at = 1;; at++) {
		fail_at(at, for_ever);
		assay_judge(specs, &above, &verdict);
		allocation.watching = false;
		if (verdict.kind != ASSAY_VERDICT_FAIL && verdict.kind != ASSAY_VERDICT_UNDETERMINED)
			fail_msg("0.21 against 0.2 came out as %d when allocation %u failed",
				(int)verdict.kind, at);
		fail_at(at, for_ever);
		assay_judge(specs, &below, &verdict);
		allocation.watching = false;
		if (verdict.kind != ASSAY_VERDICT_PASS && verdict.kind != ASSAY_VERDICT_UNDETERMINED)
			fail_msg("0.19 against 0.2 came out as %d when allocation %u failed",
				(int)verdict.kind, at);
		(*tried)++;
		if (!allocation.hit)
			return;
	}
}

static void test_judging_fails_closed(void **state)
{
	static struct assay_verdict verdict;
	struct assay_specs *specs = NULL;
	struct assay_error err;
	unsigned tried = 0;

	(void)state;
	assert_int_equal(assay_specs_load("specs", &specs, &err), ASSAY_OK);
	assay_judge(specs, &above, &verdict);
	assert_int_equal(verdict.kind, ASSAY_VERDICT_FAIL); /* without a fault */
	assay_judge(specs, &below, &verdict);
	assert_int_equal(verdict.kind, ASSAY_VERDICT_PASS);
	judge_under_faults(specs, false, &tried);
	judge_under_faults(specs, true, &tried);
	(void)printf("judging: %u allocations failed in turn\n", tried);
	assay_specs_free(specs);
}

enum { REFUSED, WHOLE, WRONG };

/* In a process of its own: libxml2 2.9.14 does not survive each of these, and a role that dies has judged nothing. */
static int read_under_fault(unsigned at, bool *more)
{
	static struct assay_verdict verdict;
	struct assay_specs *specs = NULL;
	struct assay_error err;
	int how = 0, pipe_ends[2], status;
	char hit = 0;
	pid_t child;

	assert_int_equal(pipe(pipe_ends), 0);
	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		(void)signal(SIGSEGV, SIG_DFL); /* not the test program's handler */
		(void)signal(SIGABRT, SIG_DFL);
		fail_at(at, at % 2);
		status = assay_specs_load("specs", &specs, &err);
		allocation.watching = false;
		if (allocation.hit && write(pipe_ends[1], "y", 1) != 1)
			_exit(WRONG);
		if (status != ASSAY_OK)
			_exit(specs ? WRONG : REFUSED);
		assay_judge(specs, &above, &verdict);
		_exit(verdict.kind == ASSAY_VERDICT_FAIL ? WHOLE : WRONG);
	}
	(void)close(pipe_ends[1]);
	assert_int_equal(waitpid(child, &how, 0), child);
	*more = read(pipe_ends[0], &hit, 1) == 1 || WIFSIGNALED(how);
	(void)close(pipe_ends[0]);
	return WIFEXITED(how) ? WEXITSTATUS(how) : REFUSED;
}

/* Reading takes some hundred thousand allocations: a spread of them, closer together with ASSAY_FULL. */
static void test_reading_fails_closed(void **state)
{
	unsigned tried = 0, refused = 0, step = getenv("ASSAY_FULL") ? 101 : 20011;
	bool more = true;

	(void)state;
	for (unsigned at = 1; more; at += at < 40 ? 3 : step) {
		int came_to = read_under_fault(at, &more);

		if (came_to == WRONG)
			fail_msg("allocation %u failed, and a set of specs was made that is not whole", at);
		refused += came_to == REFUSED;
		tried++;
	}
	(void)printf("reading: %u tries, %u refused\n", tried, refused);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	assert_true(refused > 5);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judging_fails_closed), cmocka_unit_test(test_reading_fails_closed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
