/* SPDX-License-Identifier: Apache-2.0
 * Commands x roles. Expected values: DESIGN.md (technician works, a reviewer decides, QA reads and holds, an
 * administrator decides about no batch) and S26 of the security checklist, written out by hand. */
#include "gateway/lab/actor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *command, *may; /* one letter for each role that may */
} expected[] = {
	{"status", "trqam"},
	{"journal", "trqa"},
	{"trace", "trqa"},
	{"standard.list", "trqapm"},
	{"batch.new", "t"},
	{"batch.list", "trqapm"},
	{"batch.show", "trqapm"},
	{"batch.confirm", "r"},
	{"batch.void", "rq"},
	{"batch.trail-read", "rq"},
	{"batch.release", "r"},
	{"test.retest", "r"},
	{"certificate.amend", "r"},
	{"certificate.show", "trqa"},
	{"certificate.list", "trqa"},
	{"test.show", "trqapm"},
	{"test.fill", "t"},
	{"test.disarm", "t"},
	{"who.can", "qa"},
	{"certificate.paper", "trqap"},
	{"test.missing", "t"},
	{"test.take-back", "t"},
	{"test.enter", "t"},
	{"config.reload", "a"},
	{"key.change", "a"},
	{"user.list", "qa"},
	{"user.add", "a"},
	{"user.roles", "a"},
	{"user.methods", "a"},
	{"user.disable", "a"},
	{"user.enable", "a"},
	{"user.password", "trqapm"},
	{"user.second-factor.begin", "trqapm"},
	{"user.second-factor.confirm", "trqapm"},
	{"user.second-factor.drop", "a"},
	{"token.list", "qa"},
	{"token.add", "a"},
	{"token.revoke", "a"},
	{"producer.add", "tq"},
	{"producer.change", "tq"},
	{"producer.show", "trqa"},
	{"producer.list", "trqa"},
	{"product.list", "trqapm"},
	{"instrument.calibrate", "q"},
	{"instrument.use", "q"},
	{"instrument.show", "trqa"},
	{"instrument.list", "trqa"},
	{"programme.set", "q"},
	{"programme.list", "trqa"},
	{"card.issue", "q"},
	{"card.revoke", "q"},
	{"card.show", "trqa"},
	{"card.list", "trqa"},
	{"batch.labels", "trqa"},
	{"card.paper", "trqa"},
	{"producer.report", "trqa"},
	{"producer.own", "p"},
	{"district.rates", "trqam"},
	{"district.trend", "trqam"},
	{"district.items", "trqa"},
	{"district.coverage", "trqam"},
	{"district.overview", "trqam"},
	{"district.paper", "qam"},
	{"statement.print", "trqapm"},
	{"split.enter", "tqp"},
	{"split.list", "trqa"},
	{"rack.load", "t"},
	{"rack.show", "trqa"},
	{"review.list", "trqa"},
	{"review.show", "trqa"},
	{"alarm.list", "trqam"},
	{"alarm.acknowledge", "trqa"},
	{"entitlement.audit", "trqa"},
};

static void each_command_by_each_role(void **state)
{
	static const char letters[] = "trqapm";

	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		for (unsigned role = 0; role < 7; role++) { /* 6: none */
			const struct assay_actor actor = {.name = "x",
				.roles = role < 6 ? 1u << role : 0,
				.producer = "",
				.how = ASSAY_ACTOR_SESSION,
				.signature = true};
			struct assay_error err = {0};
			int want = role < 6 && strchr(expected[i].may, letters[role]) ? ASSAY_OK
										      : ASSAY_EREFUSED;

			assert_int_equal(lab_allows(&actor, expected[i].command, &err), want);
			if (want != ASSAY_OK)
				assert_string_equal(err.code, "not-allowed");
		}
}

static void a_signature_needs_the_password_again(void **state)
{
	struct assay_actor actor = {
		.name = "x", .roles = ASSAY_ACTS_ALL, .producer = "", .how = ASSAY_ACTOR_SESSION};
	struct assay_error err = {0};

	(void)state;
	assert_int_equal(lab_allows(&actor, "batch.confirm", &err), ASSAY_EREFUSED);
	assert_string_equal(err.code, "signature-needed");
	assert_int_equal(lab_allows(&actor, "test.fill", &err), ASSAY_OK);
	actor.how = ASSAY_ACTOR_TOKEN; /* a machine has no password: it never signs */
	assert_int_equal(lab_allows(&actor, "batch.void", &err), ASSAY_EREFUSED);
	actor.how = ASSAY_ACTOR_LOCAL;
	assert_int_equal(lab_allows(&actor, "batch.confirm", &err), ASSAY_OK);
}

static void roles_as_words(void **state)
{
	char text[ASSAY_ROLES_TEXT_MAX];
	unsigned roles = 0;

	(void)state;
	assert_true(lab_roles_read(" reviewer  technician ", &roles));
	assert_int_equal(roles, ASSAY_ACTS_REVIEWER | ASSAY_ACTS_TECHNICIAN);
	lab_roles_text(roles, text);
	assert_string_equal(text, "technician reviewer");
	assert_false(lab_roles_read("technician root", &roles));
	assert_int_equal(roles, ASSAY_ACTS_REVIEWER | ASSAY_ACTS_TECHNICIAN);
	lab_roles_text(ASSAY_ACTS_ALL, text);
	assert_string_equal(text, "technician reviewer qa admin producer read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_by_each_role),
		cmocka_unit_test(a_signature_needs_the_password_again),
		cmocka_unit_test(roles_as_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
