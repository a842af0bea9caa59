/* SPDX-License-Identifier: Apache-2.0
 * Which role may give which command: one table. An administrator decides about no batch, QA alters no value. */
#include "gateway/lab/actor.h"

#include <stdio.h>
#include <string.h>

#define T ((unsigned)ASSAY_ACTS_TECHNICIAN)
#define R ((unsigned)ASSAY_ACTS_REVIEWER)
#define Q ((unsigned)ASSAY_ACTS_QA)
#define A ((unsigned)ASSAY_ACTS_ADMIN)
#define P ((unsigned)ASSAY_ACTS_PRODUCER)
#define M ((unsigned)ASSAY_ACTS_READ)
#define STAFF ASSAY_ACTS_STAFF

static const struct {
	const char *command;
	unsigned roles; /* any of them */
	bool signs;
} rights[] = {
	{"status", STAFF | M, false},
	{"journal", STAFF, false},
	{"trace", STAFF, false},
	{"standard.list", STAFF | P | M, false},
	{"batch.new", T, false},
	{"batch.list", STAFF | P | M, false},
	{"batch.show", STAFF | P | M, false},
	{"batch.confirm", R, true},
	{"batch.void", R | Q, true},
	{"batch.trail-read", R | Q, false},
	{"batch.release", R, true},
	{"test.retest", R, true},
	{"certificate.amend", R, true},
	{"certificate.show", STAFF, false},
	{"certificate.list", STAFF, false},
	{"certificate.paper", STAFF | P, false},
	{"test.show", STAFF | P | M, false},
	{"test.fill", T, false},
	{"test.disarm", T, false},
	{"test.enter", T, false},
	{"test.missing", T, false},
	{"test.take-back", T, false},
	{"line.confirm", R | Q | A, true},
	{"config.reload", A, false},
	{"key.change", A, true},
	{"user.list", A | Q, false},
	{"user.add", A, true},
	{"user.roles", A, true},
	{"user.methods", A, true},
	{"user.disable", A, true},
	{"user.enable", A, true},
	{"user.password", STAFF | P | M, true}, /* one's own; an administrator anybody's */
	{"user.second-factor.begin", STAFF | P | M, true}, /* one's own */
	{"user.second-factor.confirm", STAFF | P | M, false},
	{"user.second-factor.drop", A, true},
	{"token.list", A | Q, false},
	{"who.can", A | Q, false},
	{"token.add", A, true},
	{"token.revoke", A, true},
	{"producer.add", T | Q, false},
	{"producer.change", T | Q, false},
	{"producer.show", STAFF, false},
	{"producer.list", STAFF, false},
	{"product.list", STAFF | P | M, false},
	{"instrument.calibrate", Q, false},
	{"instrument.use", Q, false},
	{"instrument.show", STAFF, false},
	{"instrument.list", STAFF, false},
	{"programme.set", Q, false},
	{"programme.list", STAFF, false},
	{"card.issue", Q, false},
	{"card.revoke", Q, false},
	{"card.show", STAFF, false},
	{"card.list", STAFF, false},
	{"batch.labels", STAFF, false},
	{"card.paper", STAFF, false},
	{"producer.report", STAFF, false},
	{"producer.own", P, false}, /* whose, the account says */
	{"district.rates", STAFF | M, false},
	{"district.trend", STAFF | M, false},
	{"district.items", STAFF, false},
	{"district.coverage", STAFF | M, false},
	{"district.overview", STAFF | M, false},
	{"district.paper", Q | A | M, false}, /* for whoever oversees the district */
	{"statement.print", STAFF | P | M, false}, /* of what he may read */
	{"rack.load", T, false},
	{"rack.show", STAFF, false},
	{"review.list", STAFF, false},
	{"review.show", STAFF, false},
	{"alarm.list", STAFF | M, false},
	{"alarm.acknowledge", T | R | Q | ASSAY_ACTS_ADMIN, false},
	{"entitlement.audit", STAFF, false},
	{"qc.material.add", Q, false},
	{"qc.material.retire", Q, false},
	{"qc.material.list", STAFF, false},
	{"qc.run.new", T | Q, false},
	{"qc.run.show", STAFF, false},
	{"qc.run.list", STAFF, false},
	{"qc.chart.freeze", Q, true},
	{"qc.chart.show", STAFF, false},
	{"qc.chart.list", STAFF, false},
	{"qc.hold.explain", T | R | Q, true},
	{"qc.hold.release", R | Q, true},
	{"qc.hold.show", STAFF, false},
	{"qc.hold.list", STAFF, false},
	{"split.enter", T | Q | P, false}, /* a producer: of its own batches */
	{"split.list", STAFF, false},
	{"qc.proficiency.add", Q, false},
	{"qc.proficiency.list", STAFF, false},
	{"qc.uncertainty.show", STAFF, false},
	{"qc.uncertainty.adopt", Q, true},
};

static const struct {
	const char *name;
	unsigned role;
} roles[] = {
	{"technician", ASSAY_ACTS_TECHNICIAN},
	{"reviewer", ASSAY_ACTS_REVIEWER},
	{"qa", ASSAY_ACTS_QA},
	{"admin", ASSAY_ACTS_ADMIN},
	{"producer", ASSAY_ACTS_PRODUCER},
	{"read", ASSAY_ACTS_READ},
};

int lab_reads(const struct assay_actor *actor, const char *command, struct assay_error *err)
{
	static const char own[] = "user.second-factor.";
	char needed[ASSAY_ROLES_TEXT_MAX];

	if (actor->unproven && strncmp(command, own, sizeof own - 1) != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "second-factor-missing",
			"这里要求 %.60s 的角色有动态验证码；请先在“我”的页面设置",
			"here the roles of %.60s need a second factor; set one up on your own page first",
			actor->name);
	for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
		if (strcmp(rights[i].command, command) != 0)
			continue;
		if (rights[i].roles & actor->roles)
			return ASSAY_OK;
		lab_roles_text(rights[i].roles, needed);
		return assay_error_set(err, ASSAY_EREFUSED, "not-allowed",
			"%.60s 不能做这件事；需要的角色：%s",
			"this is not for %.60s to do; it needs the role %s", actor->name, needed);
	}
	return ASSAY_OK;
}

int lab_allows(const struct assay_actor *actor, const char *command, struct assay_error *err)
{
	int status = lab_reads(actor, command, err);

	if (status != ASSAY_OK || actor->how == ASSAY_ACTOR_LOCAL || actor->signature || !lab_signs(command))
		return status;
	return assay_error_set(err, ASSAY_EREFUSED, "signature-needed", "这一步是签名，请再输入一次密码",
		"this step is a signature: give your password again");
}

json_t *lab_rights(unsigned set)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
		if (rights[i].roles & set)
			(void)json_array_append_new(list, json_string(rights[i].command));
	return list;
}

bool lab_signs(const char *command)
{
	for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
		if (strcmp(rights[i].command, command) == 0)
			return rights[i].signs;
	return false;
}

bool lab_roles_read(const char *text, unsigned *roles_out)
{
	unsigned found = 0;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t length = strcspn(text, " "), i = 0;

		while (i < sizeof roles / sizeof *roles &&
			!(strlen(roles[i].name) == length && strncmp(roles[i].name, text, length) == 0))
			i++;
		if (i == sizeof roles / sizeof *roles)
			return false;
		found |= roles[i].role;
		text += length;
	}
	*roles_out = found;
	return true;
}

void lab_roles_text(unsigned set, char *out)
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (set & roles[i].role)
			length += (size_t)snprintf(out + length, ASSAY_ROLES_TEXT_MAX - length, "%s%s",
				length ? " " : "", roles[i].name);
}
