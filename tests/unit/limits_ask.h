/* SPDX-License-Identifier: Apache-2.0
 * Asking the limit library from a test: load once, ask, look at kind and reasons. */
#ifndef ASSAY_TESTS_LIMITS_ASK_H
#define ASSAY_TESTS_LIMITS_ASK_H

#include "limits/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PASS ASSAY_VERDICT_PASS
#define FAIL ASSAY_VERDICT_FAIL
#define UNDETERMINED ASSAY_VERDICT_UNDETERMINED
#define NOT_APPLICABLE ASSAY_VERDICT_NOT_APPLICABLE

static struct assay_specs *specs; /* "specs" */
static struct assay_specs *examples; /* "tests/limits/specs" */
static struct assay_verdict verdict; /* of the last question */

/* Both ways must agree: with texts and without. */
static inline enum assay_verdict_kind ask_in(const struct assay_specs *set, struct assay_question question)
{
	struct assay_decision decision;

	if (!question.produced)
		question.produced = "2026-10-01";
	assay_decide(set, &question, &decision);
	assay_judge(set, &question, &verdict);
	assert_int_equal(decision.kind, verdict.kind);
	assert_int_equal(decision.reasons.count, verdict.reasons.count);
	return verdict.kind;
}

#define ASK(...) ask_in(specs, (struct assay_question){__VA_ARGS__})
#define ASK_EXAMPLE(...) ask_in(examples, (struct assay_question){__VA_ARGS__})

static inline bool because(const char *reason)
{
	return assay_reason_has(&verdict.reasons, reason);
}

static inline int load_specs(void **state)
{
	struct assay_error err;

	(void)state;
	if (assay_specs_load("specs", &specs, &err) == ASSAY_OK &&
		assay_specs_load("tests/limits/specs", &examples, &err) == ASSAY_OK)
		return 0;
	(void)fprintf(stderr, "%s\n", err.text_en);
	return -1;
}

static inline int unload_specs(void **state)
{
	(void)state;
	assay_specs_free(specs);
	assay_specs_free(examples);
	return 0;
}

/* Decimal text with an optional mark. */
static inline struct assay_decimal decimal(const char *text)
{
	struct assay_decimal value = {0};
	size_t length = strlen(text);
	int8_t mark = ASSAY_MARK_EXACT;

	if (length > 3 && text[length - 1] == ')') {
		mark = text[length - 2] == '+' ? ASSAY_MARK_PLUS : ASSAY_MARK_MINUS;
		length -= 3;
	}
	assert_int_equal(assay_decimal_parse(text, length, &value), ASSAY_OK);
	value.mark = mark;
	return value;
}

#endif
