/* SPDX-License-Identifier: Apache-2.0
 * A second factor: set up by whom it is for, asked for at the login, taken off by an administrator when a device is lost. The
 * secret goes to keys/people.db and once to its owner; entries say only that there is one. */
#include "gateway/people/second_factor.h"

#include "gateway/record/recorder.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

bool recorder_unproven(const struct recorder *recorder, const struct lab_person *person)
{
	return (recorder->role->config->second_factor & person->roles) && !person->second_factor;
}

static json_t *throttled(const struct recorder *recorder, const char *user)
{
	return recorder_throttled(
		assay_throttle_code_wait_s(&recorder->throttle, user, recorder_now_ns()), true);
}

/* A wrong code is seen and counted; anything else is only said. */
static json_t *wrong(struct recorder *recorder, const struct recorder_ask *ask, const char *user, int status,
	const struct assay_error *err)
{
	struct assay_error ignored;

	if (strcmp(err->code, "second-factor-refused") != 0)
		return recorder_error(status, err);
	assay_throttle_code_failed(&recorder->throttle, user, recorder_now_ns());
	(void)recorder_person_seen(
		recorder, "second-factor-refused", user, recorder_ask_text(ask, "from_address"), &ignored);
	return recorder_error(status, err);
}

/* The code in the request against the secret that counts. */
static json_t *look(struct recorder *recorder, const struct recorder_ask *ask, const char *user)
{
	struct assay_error err;
	json_t *answer;
	int status;

	if (!*recorder_ask_text(ask, "code"))
		return recorder_refuse(ASSAY_EREFUSED, "second-factor-needed",
			"请再输入手机上的动态验证码（六位数字）",
			"give the six digits that your authenticator shows, too");
	answer = throttled(recorder, user);
	if (answer)
		return answer;
	status = assay_second_factor_check(
		recorder->people, user, recorder_ask_text(ask, "code"), recorder_wall_ns(), &err);
	if (status != ASSAY_OK)
		return wrong(recorder, ask, user, status, &err);
	assay_throttle_code_succeeded(&recorder->throttle, user);
	return NULL;
}

json_t *recorder_second_factor_look(
	struct recorder *recorder, const struct recorder_ask *ask, const struct lab_person *person)
{
	return person->second_factor ? look(recorder, ask, person->user) : NULL;
}

/* NULL: it is his own. */
static json_t *not_his(const struct recorder_ask *ask)
{
	if (ask->actor.how == ASSAY_ACTOR_SESSION &&
		strcmp(recorder_ask_text(ask, "user"), ask->actor.name) == 0)
		return NULL;
	return recorder_refuse(ASSAY_EREFUSED, "not-allowed", "动态验证码只能由本人登录后设置",
		"a second factor is set up by whom it is for, logged in");
}

/* For the QR code that authenticators read. Who stands in it as letters, digits and . _ -: nothing to escape. */
static json_t *secret_of(const struct recorder *recorder, const char *user, const char *secret)
{
	char site[100];
	size_t length = 0;

	for (const char *c = recorder->role->config->site; *c && length < sizeof site - 1; c++)
		if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
			*c == '-' || *c == '.' || *c == '_')
			site[length++] = *c;
	site[length] = '\0';
	return json_pack("{s:s,s:o}", "secret", secret, "uri",
		json_sprintf(
			"otpauth://totp/assay-%s:%s?secret=%s&issuer=assay-%s", site, user, secret, site));
}

json_t *recorder_second_factor_begin(struct recorder *recorder, struct recorder_ask *ask)
{
	char secret[ASSAY_TOTP_SECRET_MAX];
	struct assay_error err;
	json_t *answer = not_his(ask);
	int status;

	/* who has one shows it before he takes another: a session left open is not enough */
	if (!answer && ask->person.second_factor)
		answer = look(recorder, ask, ask->actor.name);
	if (answer)
		return answer;
	status = assay_second_factor_begin(recorder->people, ask->actor.name, secret, &err);
	answer = status == ASSAY_OK ? json_pack("{s:b,s:o}", "ok", 1, "second_factor",
					      secret_of(recorder, ask->actor.name, secret))
				    : recorder_error(status, &err);
	sodium_memzero(secret, sizeof secret);
	return answer;
}

static json_t *user_shown(struct recorder *recorder, const char *user, struct assay_error *err)
{
	return json_pack("{s:o}", "user", lab_user_show(recorder->lab.state, user, err));
}

json_t *recorder_second_factor_confirm(struct recorder *recorder, struct recorder_ask *ask)
{
	struct assay_error err;
	json_t *answer = not_his(ask);
	int status;

	if (!answer)
		answer = throttled(recorder, ask->actor.name);
	if (answer)
		return answer;
	/* a secret that counts is asked for only when the entry is there, too */
	status = assay_second_factor_confirm(
		recorder->people, ask->actor.name, recorder_ask_text(ask, "code"), recorder_wall_ns(), &err);
	if (status != ASSAY_OK)
		return wrong(recorder, ask, ask->actor.name, status, &err);
	status = lab_user_change(&recorder->lab, "second-factor-on", ask->request, &ask->actor, &err);
	recorder->people_changed = true;
	return recorder_settle(recorder, status,
		status == ASSAY_OK ? user_shown(recorder, ask->actor.name, &err) : NULL, &err);
}

json_t *recorder_second_factor_drop(struct recorder *recorder, struct recorder_ask *ask)
{
	const char *user = recorder_ask_text(ask, "user");
	struct lab_person person;
	struct assay_error err;
	int status = lab_person(recorder->lab.state, user, &person, &err);

	if (status == ASSAY_OK && !person.second_factor)
		return recorder_refuse(ASSAY_EREFUSED, "second-factor-none", "此用户没有动态验证码",
			"this user has no second factor");
	if (status == ASSAY_OK)
		status =
			lab_user_change(&recorder->lab, "second-factor-off", ask->request, &ask->actor, &err);
	if (status == ASSAY_OK)
		status = assay_second_factor_drop(recorder->people, user, &err);
	if (status == ASSAY_OK)
		status = assay_session_end_all(recorder->people, user, &err);
	recorder->people_changed = true;
	return recorder_settle(
		recorder, status, status == ASSAY_OK ? user_shown(recorder, user, &err) : NULL, &err);
}
