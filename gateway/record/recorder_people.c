/* SPDX-License-Identifier: Apache-2.0
 * Logins and users. Facts go to the journal, secrets to keys/people.db; a secret is written only together with
 * its entry. */
#include "gateway/record/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *recorder_ask_text(const struct recorder_ask *ask, const char *name)
{
	const char *value = json_string_value(json_object_get(ask->request, name));

	return value ? value : "";
}

json_t *recorder_refuse(int status, const char *code, const char *zh, const char *en)
{
	struct assay_error err;

	(void)assay_error_set(&err, status, code, "%s", "%s", zh);
	(void)snprintf(err.text_en, sizeof err.text_en, "%s", en);
	return recorder_error(status, &err);
}

static json_t *login_required(void)
{
	return recorder_refuse(ASSAY_EREFUSED, "login-required", "请登录（登录已过期或尚未登录）",
		"log in; you are not, or no longer");
}

/* DIR/run/first-admin holds the code while there is no administrator. */
static void code_path(const struct recorder *recorder, char out[600])
{
	(void)snprintf(out, 600, "%s/run/first-admin", recorder->role->dir);
}

static int write_code(const struct recorder *recorder, const char *code, struct assay_error *err)
{
	char path[600], line[ASSAY_FIRST_CODE_MAX + 1];
	int length = snprintf(line, sizeof line, "%s\n", code), fd;

	code_path(recorder, path);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, line, (size_t)length) != length) {
		(void)assay_error_set(err, ASSAY_EIO, "directory-unusable", "%s 不能写入（%s）",
			"%s cannot be written (%s)", path, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return ASSAY_EIO;
	}
	return close(fd) == 0 ? ASSAY_OK : ASSAY_EIO;
}

int recorder_people_start(struct recorder *recorder, struct assay_error *err)
{
	char code[ASSAY_FIRST_CODE_MAX], path[600];
	bool admin = false;
	int status = assay_people_open(recorder->role->dir, &recorder->people, err);

	if (status == ASSAY_OK)
		status = assay_password_work_open(&recorder->passwords, &recorder->passwords_fd, err);
	if (status == ASSAY_OK)
		status = lab_has_admin(recorder->lab.state, &admin, err);
	if (status != ASSAY_OK)
		return status;
	code_path(recorder, path);
	if (admin) {
		(void)unlink(path);
		return assay_first_code_drop(recorder->people, err);
	}
	status = assay_first_code_make(recorder->people, recorder_wall_ns(), code, err);
	if (status == ASSAY_OK)
		status = write_code(recorder, code, err);
	sodium_memzero(code, sizeof code);
	return status;
}

void recorder_people_release(struct recorder *recorder)
{
	struct recorder_ask *ask = recorder->asks;

	assay_password_work_close(recorder->passwords);
	while (ask) {
		struct recorder_ask *next = ask->next;

		json_decref(ask->request);
		free(ask);
		ask = next;
	}
	assay_people_close(recorder->people);
}

void recorder_people_tell(struct recorder *recorder)
{
	if (!recorder->people_changed)
		return;
	recorder->people_changed = false;
	for (size_t i = recorder->client_count; i-- > 0;)
		if (recorder->client[i]->web)
			client_end_tell(recorder, recorder->client[i], json_pack("{s:s}", "event", "people"));
}

/* By session or token of the request: true when it is somebody who may act. */
static bool identify_secret(struct recorder *recorder, struct recorder_ask *ask)
{
	const char *session = recorder_ask_text(ask, "by_session"),
		   *token = recorder_ask_text(ask, "by_token");
	char user[ASSAY_USER_MAX];
	struct assay_error ignored;
	int64_t now = recorder_wall_ns();

	if (*session)
		return assay_session_use(recorder->people, session, now,
			       !json_is_true(json_object_get(ask->request, "watch")), user,
			       &ignored) == ASSAY_OK &&
		       lab_person(recorder->lab.state, user, &ask->person, &ignored) == ASSAY_OK &&
		       !ask->person.disabled;
	return *token && assay_token_find(recorder->people, token, user, &ignored) == ASSAY_OK &&
	       lab_token(recorder->lab.state, user, now, &ask->person, &ignored) == ASSAY_OK;
}

void recorder_identify(struct recorder *recorder, struct recorder_ask *ask)
{
	const struct recorder_client *client = ask->client;
	const char *named = recorder_ask_text(ask, "who");

	ask->actor = (struct assay_actor){
		.name = "", .full_name = "", .producer = "", .how = ASSAY_ACTOR_ANONYMOUS};
	if (client->local) { /* somebody at the machine may say for whom he types */
		ask->actor.name = *named ? named : client->who;
		ask->actor.roles = ASSAY_ACTS_ALL;
		ask->actor.how = ASSAY_ACTOR_LOCAL;
	} else if (client->web && identify_secret(recorder, ask)) {
		ask->actor.name = ask->person.user;
		ask->actor.full_name = ask->person.name;
		ask->actor.roles = ask->person.roles;
		ask->actor.producer = ask->person.producer;
		ask->actor.unproven =
			*recorder_ask_text(ask, "by_session") && recorder_unproven(recorder, &ask->person);
		ask->actor.how =
			*recorder_ask_text(ask, "by_session") ? ASSAY_ACTOR_SESSION : ASSAY_ACTOR_TOKEN;
	}
}

/* Start to look at a password; the answer when that cannot be, else NULL. */
static json_t *look(struct recorder *recorder, struct recorder_ask *ask, const char *password,
	const char *hash, bool make, recorder_then *then)
{
	struct assay_error err;
	int status = make ? assay_password_hash(recorder->passwords, password, ask, &err)
			  : assay_password_check(recorder->passwords, password, hash, ask, &err);

	ask->then = then;
	return status == ASSAY_OK ? NULL : recorder_error(status, &err);
}

json_t *recorder_throttled(unsigned wait_s, bool code)
{
	struct assay_error err;
	json_t *answer;

	if (!wait_s)
		return NULL;
	if (code)
		(void)assay_error_set(&err, ASSAY_EREFUSED, "too-many-tries",
			"验证码错误次数太多，请 %u 秒后再试", "too many wrong codes; try again in %u s",
			wait_s);
	else
		(void)assay_error_set(&err, ASSAY_EREFUSED, "too-many-tries",
			"密码错误次数太多，请 %u 秒后再试", "too many wrong passwords; try again in %u s",
			wait_s);
	answer = recorder_error(ASSAY_EREFUSED, &err);
	(void)json_object_set_new(answer, "wait_s", json_integer(wait_s));
	return answer;
}

static json_t *throttled(const struct recorder *recorder, const char *user, const char *address)
{
	return recorder_throttled(
		assay_throttle_wait_s(&recorder->throttle, user, address, recorder_now_ns()), false);
}

int recorder_person_seen(struct recorder *recorder, const char *action, const char *user, const char *address,
	struct assay_error *err)
{
	int status = lab_user_seen(&recorder->lab, action, user, address, err);

	if (status == ASSAY_OK)
		status = recorder_commit(recorder, err);
	if (status != ASSAY_OK)
		recorder_failed(recorder, status, err);
	return status;
}

static json_t *wrong_password(
	struct recorder *recorder, const struct recorder_ask *ask, const char *user, const char *action)
{
	struct lab_person person;
	struct assay_error err;

	assay_throttle_failed(
		&recorder->throttle, user, recorder_ask_text(ask, "from_address"), recorder_now_ns());
	/* a name that is nobody's may be a password typed into the wrong field: it is not written down. The entry is made all
	 * the same, so that its sync does not tell who there is */
	if (lab_person(recorder->lab.state, user, &person, &err) != ASSAY_OK)
		user = "";
	(void)recorder_person_seen(recorder, action, user, recorder_ask_text(ask, "from_address"), &err);
	return recorder_refuse(
		ASSAY_EREFUSED, "login-refused", "用户名或密码不对", "the user or the password is wrong");
}

/* What a person may know about himself. */
static json_t *about(const struct recorder_ask *ask)
{
	char roles[ASSAY_ROLES_TEXT_MAX];

	lab_roles_text(ask->actor.roles, roles);
	return json_pack("{s:b,s:s,s:s,s:s,s:s,s:b,s:b,s:b,s:o}", "ok", 1, "user", ask->actor.name, "name",
		ask->person.name, "roles", roles, "producer", ask->actor.producer, "session",
		ask->actor.how == ASSAY_ACTOR_SESSION, "second_factor", ask->person.second_factor,
		"second_factor_missing", ask->actor.unproven, "rights",
		lab_rights(ask->actor.unproven ? 0 : ask->actor.roles));
}

/* A session for user, in the answer; the old one of this browser is over. */
static json_t *begin_session(struct recorder *recorder, struct recorder_ask *ask, const char *user)
{
	char id[ASSAY_SECRET_TEXT_MAX];
	struct assay_error err;
	json_t *answer;
	int status = lab_person(recorder->lab.state, user, &ask->person, &err);

	if (status == ASSAY_OK && *recorder_ask_text(ask, "by_session"))
		status = assay_session_end(recorder->people, recorder_ask_text(ask, "by_session"), &err);
	if (status == ASSAY_OK)
		status = assay_session_begin(recorder->people, user, recorder_wall_ns(), id, &err);
	if (status == ASSAY_OK)
		status = recorder_person_seen(
			recorder, "logged-in", user, recorder_ask_text(ask, "from_address"), &err);
	if (status != ASSAY_OK)
		return recorder_error(status, &err);
	ask->actor = (struct assay_actor){.name = ask->person.user,
		.roles = ask->person.roles,
		.producer = ask->person.producer,
		.unproven = recorder_unproven(recorder, &ask->person),
		.how = ASSAY_ACTOR_SESSION};
	answer = about(ask);
	(void)json_object_set_new(answer, "session_id", json_string(id));
	sodium_memzero(id, sizeof id);
	recorder->people_changed = true;
	return answer;
}

static json_t *password_signed(
	struct recorder *recorder, struct recorder_ask *ask, const struct assay_password_result *result)
{
	if (!result->right)
		return wrong_password(recorder, ask, ask->actor.name, "signature-refused");
	assay_throttle_succeeded(
		&recorder->throttle, ask->actor.name, recorder_ask_text(ask, "from_address"));
	recorder_identify(recorder, ask); /* he may have been disabled meanwhile */
	if (ask->actor.how != ASSAY_ACTOR_SESSION)
		return login_required();
	ask->actor.signature = true;
	return ask->after(recorder, ask, result);
}

json_t *recorder_sign(struct recorder *recorder, struct recorder_ask *ask, recorder_then *then)
{
	char hash[ASSAY_PASSWORD_HASH_MAX];
	struct assay_error err;
	json_t *answer = throttled(recorder, ask->actor.name, recorder_ask_text(ask, "from_address"));
	int status;

	if (answer)
		return answer;
	status = assay_people_password(recorder->people, ask->actor.name, hash, &err);
	if (status != ASSAY_OK)
		return recorder_error(status, &err);
	ask->after = then;
	return look(recorder, ask, recorder_ask_text(ask, "password"), hash, false, password_signed);
}

static json_t *logged_in(
	struct recorder *recorder, struct recorder_ask *ask, const struct assay_password_result *result)
{
	const char *user = recorder_ask_text(ask, "user");
	struct lab_person person;
	struct assay_error err;
	json_t *answer;

	if (!result->right || lab_person(recorder->lab.state, user, &person, &err) != ASSAY_OK ||
		person.disabled)
		return wrong_password(recorder, ask, user, "login-refused");
	answer = recorder_second_factor_look(recorder, ask, &person);
	if (answer)
		return answer;
	assay_throttle_succeeded(&recorder->throttle, user, recorder_ask_text(ask, "from_address"));
	return begin_session(recorder, ask, user);
}

static json_t *session_begin(struct recorder *recorder, struct recorder_ask *ask)
{
	const char *user = recorder_ask_text(ask, "user");
	char hash[ASSAY_PASSWORD_HASH_MAX] = "";
	struct assay_error err;
	json_t *answer = throttled(recorder, user, recorder_ask_text(ask, "from_address"));
	int status;

	if (answer)
		return answer;
	status = assay_people_password(recorder->people, user, hash, &err);
	if (status != ASSAY_OK && status != ASSAY_ENOTFOUND)
		return recorder_error(status, &err);
	return look(recorder, ask, recorder_ask_text(ask, "password"), hash, false, logged_in);
}

static json_t *session_end(struct recorder *recorder, struct recorder_ask *ask)
{
	struct assay_error err;
	int status;

	if (ask->actor.how != ASSAY_ACTOR_SESSION)
		return login_required();
	status = assay_session_end(recorder->people, recorder_ask_text(ask, "by_session"), &err);
	if (status == ASSAY_OK)
		status = recorder_person_seen(recorder, "logged-out", ask->actor.name,
			recorder_ask_text(ask, "from_address"), &err);
	recorder->people_changed = true;
	return status == ASSAY_OK ? json_pack("{s:b}", "ok", 1) : recorder_error(status, &err);
}

static json_t *session_show(struct recorder *recorder, struct recorder_ask *ask)
{
	(void)recorder;
	return ask->actor.how == ASSAY_ACTOR_SESSION || ask->actor.how == ASSAY_ACTOR_TOKEN
		       ? about(ask)
		       : login_required();
}

/* Entry first and in the open group, then the hash, then both for good. */
static json_t *keep_user(struct recorder *recorder, const struct recorder_ask *ask, const char *hash)
{
	const char *user = recorder_ask_text(ask, "user");
	struct assay_error err;
	int status = lab_user_add(&recorder->lab, ask->request, &ask->actor, &err);

	if (status == ASSAY_OK)
		status = assay_people_set_password(recorder->people, user, hash, &err);
	return recorder_settle(recorder, status,
		status == ASSAY_OK
			? json_pack("{s:o}", "user", lab_user_show(recorder->lab.state, user, &err))
			: NULL,
		&err);
}

static json_t *no_hash(void)
{
	return recorder_refuse(ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

static json_t *user_hashed(
	struct recorder *recorder, struct recorder_ask *ask, const struct assay_password_result *result)
{
	return result->right ? keep_user(recorder, ask, result->hash) : no_hash();
}

static json_t *user_add(struct recorder *recorder, struct recorder_ask *ask)
{
	struct assay_error err;
	int status = lab_user_check(&recorder->lab, ask->request, &err);

	if (status == ASSAY_OK)
		status = assay_password_allowed(
			recorder_ask_text(ask, "user"), recorder_ask_text(ask, "new_password"), &err);
	if (status != ASSAY_OK)
		return recorder_error(status, &err);
	return look(recorder, ask, recorder_ask_text(ask, "new_password"), "", true, user_hashed);
}

static json_t *first_hashed(
	struct recorder *recorder, struct recorder_ask *ask, const struct assay_password_result *result)
{
	struct assay_error err;
	char path[600];
	bool there = true;
	json_t *answer;
	int status = lab_has_admin(recorder->lab.state, &there, &err);

	if (status != ASSAY_OK)
		return recorder_error(status, &err);
	if (there)
		return recorder_refuse(ASSAY_EREFUSED, "admin-exists", "已有管理员，请登录",
			"there is an administrator; log in");
	if (!result->right)
		return no_hash();
	ask->actor.name = recorder_ask_text(ask, "user");
	answer = keep_user(recorder, ask, result->hash);
	if (!json_object_get(answer, "ok"))
		return answer;
	json_decref(answer);
	code_path(recorder, path);
	(void)unlink(path);
	status = assay_first_code_drop(recorder->people, &err);
	return status == ASSAY_OK ? begin_session(recorder, ask, recorder_ask_text(ask, "user"))
				  : recorder_error(status, &err);
}

static json_t *first_admin(struct recorder *recorder, struct recorder_ask *ask)
{
	struct assay_error err;
	json_t *answer = throttled(recorder, "first-admin", recorder_ask_text(ask, "from_address"));
	int status;

	if (answer)
		return answer;
	status = assay_first_code_check(
		recorder->people, recorder_ask_text(ask, "code"), recorder_wall_ns(), &err);
	if (status != ASSAY_OK) {
		assay_throttle_failed(&recorder->throttle, "first-admin",
			recorder_ask_text(ask, "from_address"), recorder_now_ns());
		return recorder_error(status, &err);
	}
	(void)json_object_set_new(ask->request, "roles", json_string("admin"));
	(void)json_object_set_new(ask->request, "producer", json_string(""));
	status = lab_user_check(&recorder->lab, ask->request, &err);
	if (status == ASSAY_OK)
		status = assay_password_allowed(
			recorder_ask_text(ask, "user"), recorder_ask_text(ask, "new_password"), &err);
	if (status != ASSAY_OK)
		return recorder_error(status, &err);
	return look(recorder, ask, recorder_ask_text(ask, "new_password"), "", true, first_hashed);
}

/* What changes rights ends the sessions that had them. */
static json_t *changed(struct recorder *recorder, const struct recorder_ask *ask, const char *action)
{
	const char *user = recorder_ask_text(ask, "user");
	struct assay_error err;
	int status = lab_user_change(&recorder->lab, action, ask->request, &ask->actor, &err);

	if (status == ASSAY_OK && strcmp(action, "methods") != 0)
		status = assay_session_end_all(recorder->people, user, &err);
	recorder->people_changed = true;
	return recorder_settle(recorder, status,
		status == ASSAY_OK
			? json_pack("{s:o}", "user", lab_user_show(recorder->lab.state, user, &err))
			: NULL,
		&err);
}

static json_t *user_roles(struct recorder *recorder, struct recorder_ask *ask)
{
	return changed(recorder, ask, "roles");
}

static json_t *user_methods(struct recorder *recorder, struct recorder_ask *ask)
{
	return changed(recorder, ask, "methods");
}

static json_t *user_disable(struct recorder *recorder, struct recorder_ask *ask)
{
	return changed(recorder, ask, "disabled");
}

static json_t *user_enable(struct recorder *recorder, struct recorder_ask *ask)
{
	return changed(recorder, ask, "enabled");
}

static json_t *password_hashed(
	struct recorder *recorder, struct recorder_ask *ask, const struct assay_password_result *result)
{
	struct assay_error err;
	json_t *answer;

	if (!result->right)
		return no_hash();
	answer = changed(recorder, ask, "password");
	if (!json_object_get(answer, "ok"))
		return answer;
	if (assay_people_set_password(recorder->people, recorder_ask_text(ask, "user"), result->hash, &err) ==
		ASSAY_OK)
		return answer;
	json_decref(answer);
	return recorder_error(ASSAY_EIO, &err);
}

static json_t *user_password(struct recorder *recorder, struct recorder_ask *ask)
{
	const char *user = recorder_ask_text(ask, "user");
	struct lab_person person;
	struct assay_error err;
	int status = lab_person(recorder->lab.state, user, &person, &err);

	if (!(ask->actor.roles & ASSAY_ACTS_ADMIN) && strcmp(user, ask->actor.name) != 0)
		return recorder_refuse(ASSAY_EREFUSED, "not-allowed", "只能改自己的密码",
			"you may change your own password only");
	if (status == ASSAY_OK)
		status = assay_password_allowed(user, recorder_ask_text(ask, "new_password"), &err);
	if (status != ASSAY_OK)
		return recorder_error(status, &err);
	return look(recorder, ask, recorder_ask_text(ask, "new_password"), "", true, password_hashed);
}

static json_t *user_list(struct recorder *recorder, struct recorder_ask *ask)
{
	struct assay_error err;
	json_t *list = lab_user_list(recorder->lab.state, &err);

	(void)ask;
	return list ? json_pack("{s:b,s:o}", "ok", 1, "users", list) : recorder_error(ASSAY_EIO, &err);
}

static const struct {
	const char *name;
	bool anybody; /* before there are rights */
	json_t *(*run)(struct recorder *recorder, struct recorder_ask *ask);
} commands[] = {
	{"session.begin", true, session_begin},
	{"session.end", true, session_end},
	{"session.show", true, session_show},
	{"first.admin", true, first_admin},
	{"user.list", false, user_list},
	{"user.add", false, user_add},
	{"user.roles", false, user_roles},
	{"user.methods", false, user_methods},
	{"user.disable", false, user_disable},
	{"user.enable", false, user_enable},
	{"user.password", false, user_password},
	{"user.second-factor.begin", false, recorder_second_factor_begin},
	{"user.second-factor.confirm", false, recorder_second_factor_confirm},
	{"user.second-factor.drop", false, recorder_second_factor_drop},
	{"token.list", false, recorder_token_list},
	{"token.add", false, recorder_token_add},
	{"token.revoke", false, recorder_token_revoke},
};

static json_t *sign_looked(
	struct recorder *recorder, struct recorder_ask *ask, const struct assay_password_result *result);

bool recorder_people_command(struct recorder *recorder, struct recorder_ask *ask, json_t **answer)
{
	struct assay_error err;
	size_t i = 0;
	int status;

	while (i < sizeof commands / sizeof *commands && strcmp(commands[i].name, ask->command) != 0)
		i++;
	if (i == sizeof commands / sizeof *commands)
		return false;
	status = commands[i].anybody ? ASSAY_OK : lab_allows(&ask->actor, ask->command, &err);
	if (status == ASSAY_OK)
		*answer = commands[i].run(recorder, ask);
	else if (strcmp(err.code, "signature-needed") == 0 && ask->actor.how == ASSAY_ACTOR_SESSION &&
		 json_object_get(ask->request, "password"))
		*answer = recorder_sign(recorder, ask, sign_looked);
	else
		*answer = recorder_error(status, &err);
	return true;
}

static json_t *sign_looked(
	struct recorder *recorder, struct recorder_ask *ask, const struct assay_password_result *result)
{
	json_t *answer = NULL;

	(void)result;
	(void)recorder_people_command(recorder, ask, &answer); /* with the signature now */
	return answer;
}
