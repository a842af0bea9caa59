/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/people.h"

#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NAME_BYTES_MAX 60u
#define METHODS_MAX 64u
#define TOKEN_DAYS_MAX 366

static void copy_person(sqlite3_stmt *row, struct lab_person *out)
{
	(void)snprintf(out->user, sizeof out->user, "%s", (const char *)sqlite3_column_text(row, 0));
	(void)snprintf(out->name, sizeof out->name, "%s", (const char *)sqlite3_column_text(row, 1));
	(void)snprintf(out->producer, sizeof out->producer, "%s", (const char *)sqlite3_column_text(row, 3));
	if (!lab_roles_read((const char *)sqlite3_column_text(row, 2), &out->roles))
		out->roles = 0;
	out->disabled = sqlite3_column_int(row, 4) != 0;
	out->second_factor = sqlite3_column_int(row, 5) != 0;
	out->unproven = false;
}

/* Takes row. */
static int read_person(sqlite3 *state, sqlite3_stmt *row, struct lab_person *out, struct assay_error *err)
{
	int rc = row ? query_step(row) : SQLITE_ERROR;

	if (rc == SQLITE_ROW)
		copy_person(row, out);
	(void)sqlite3_finalize(row);
	if (rc == SQLITE_ROW)
		return ASSAY_OK;
	return rc == SQLITE_DONE ? ASSAY_ENOTFOUND : query_failed(state, err);
}

int lab_person(sqlite3 *state, const char *user, struct lab_person *out, struct assay_error *err)
{
	int status = read_person(state,
		query_prepare(state, err,
			"SELECT user, name, roles, producer, disabled, second_factor FROM person WHERE "
			"user=?1",
			"t", user),
		out, err);

	if (status == ASSAY_ENOTFOUND)
		(void)assay_error_set(
			err, status, "user-unknown", "没有用户 %.40s", "there is no user %.40s", user);
	return status;
}

int lab_token(sqlite3 *state, const char *id, int64_t now_ns, struct lab_person *out, struct assay_error *err)
{
	int status = read_person(state,
		query_prepare(state, err,
			"SELECT id, name, roles, producer, revoked, 0 FROM token WHERE id=?1 AND revoked=0 "
			"AND "
			"until_ns>?2",
			"ti", id, now_ns),
		out, err);

	if (status == ASSAY_ENOTFOUND)
		(void)assay_error_set(err, status, "login-required", "令牌无效、已过期或已撤销",
			"the token is wrong, has expired or was revoked");
	return status;
}

/* Administrators that can log in, without user. */
static int other_admins(sqlite3 *state, const char *user, int *out, struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(state, err,
		"SELECT count(*) FROM person WHERE disabled=0 AND user<>?1 AND ' '||roles||' ' LIKE '% admin "
		"%'",
		"t", user);
	int rc = row ? query_step(row) : SQLITE_ERROR;

	*out = rc == SQLITE_ROW ? sqlite3_column_int(row, 0) : 0;
	(void)sqlite3_finalize(row);
	return rc == SQLITE_ROW ? ASSAY_OK : query_failed(state, err);
}

int lab_has_admin(sqlite3 *state, bool *out, struct assay_error *err)
{
	int count = 0, status = other_admins(state, "", &count, err);

	*out = count > 0;
	return status;
}

static int check_id(const char *user, struct assay_error *err)
{
	size_t length = strspn(user, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	if (length >= 2 && length < LAB_USER_MAX && !user[length] && user[0] >= 'a' && user[0] <= 'z')
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EREFUSED, "user-invalid",
		"用户名用 2 到 %u 个小写字母、数字和 . _ -，以字母开头；收到 %.40s",
		"a user's id is 2 to %u small letters, digits and . _ - and begins with a letter; %.40s came",
		LAB_USER_MAX - 1, user);
}

/* roles and producer of a request. A producer's user is nothing else, and says whose. */
static int check_roles(
	const json_t *request, unsigned *roles_out, const char **producer_out, struct assay_error *err)
{
	const char *roles = lab_need(request, "roles", err);

	*producer_out = roles ? lab_may(request, "producer", err) : NULL;
	if (!*producer_out)
		return ASSAY_EREFUSED;
	if (!lab_roles_read(roles, roles_out) || *roles_out == 0)
		return assay_error_set(err, ASSAY_EREFUSED, "roles-invalid",
			"角色是 technician reviewer qa admin producer read 中的若干个；收到 %.60s",
			"roles are some of technician reviewer qa admin producer read; %.60s came", roles);
	if ((*roles_out & ASSAY_ACTS_PRODUCER) && *roles_out != ASSAY_ACTS_PRODUCER)
		return assay_error_set(err, ASSAY_EREFUSED, "roles-invalid", "企业用户不能兼任实验室的角色",
			"a producer's user has no role in the laboratory");
	if (((*roles_out & ASSAY_ACTS_PRODUCER) != 0) != (**producer_out != '\0'))
		return assay_error_set(err, ASSAY_EREFUSED, "producer-missing",
			"企业用户要写明企业（producer），别的用户不写",
			"a producer's user names its producer, nobody else does");
	return ASSAY_OK;
}

int lab_user_check(struct assay_lab *lab, const json_t *request, struct assay_error *err)
{
	const char *user = lab_need(request, "user", err),
		   *name = user ? lab_need(request, "name", err) : NULL, *producer;
	struct lab_person there;
	unsigned roles;
	int status = name ? check_id(user, err) : ASSAY_EREFUSED;

	if (status == ASSAY_OK && strlen(name) > NAME_BYTES_MAX)
		status = assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "姓名最多 %u 字节",
			"a name has at most %u bytes", NAME_BYTES_MAX);
	if (status == ASSAY_OK)
		status = check_roles(request, &roles, &producer, err);
	if (status != ASSAY_OK)
		return status;
	status = lab_person(lab->state, user, &there, err);
	if (status == ASSAY_OK)
		return assay_error_set(err, ASSAY_EREFUSED, "user-exists",
			"已有用户 %.40s；离开的人停用，名字不再用",
			"there is a user %.40s; who leaves is disabled, and the id is not used again", user);
	return status == ASSAY_ENOTFOUND ? ASSAY_OK : status;
}

int lab_user_add(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err)
{
	char roles_text[ASSAY_ROLES_TEXT_MAX];
	const char *producer;
	unsigned roles;
	int status = lab_user_check(lab, request, err);

	if (status == ASSAY_OK)
		status = check_roles(request, &roles, &producer, err);
	if (status != ASSAY_OK)
		return status;
	lab_roles_text(roles, roles_text);
	return lab_append(lab, ASSAY_ENTRY_PERSON,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "user", lab_text(request, "user"), "action", "created",
			"name", lab_text(request, "name"), "roles", roles_text, "producer", producer, "who",
			actor->name),
		NULL, err);
}

static int stays_admin(
	struct assay_lab *lab, const struct lab_person *person, bool admin_after, struct assay_error *err)
{
	int others = 0, status;

	if (admin_after || !(person->roles & ASSAY_ACTS_ADMIN) || person->disabled)
		return ASSAY_OK;
	status = other_admins(lab->state, person->user, &others, err);
	if (status != ASSAY_OK || others > 0)
		return status;
	return assay_error_set(err, ASSAY_EREFUSED, "last-admin", "%.40s 是最后一个管理员；先指定另一个",
		"%.40s is the last administrator; name another one first", person->user);
}

/* A list of method ids the specs know. */
static int check_methods(struct assay_lab *lab, const json_t *methods, struct assay_error *err)
{
	const json_t *method;
	size_t index;

	if (!json_is_array(methods) || json_array_size(methods) > METHODS_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "methods 是最多 %u 个方法的列表",
			"methods is a list of at most %u methods", METHODS_MAX);
	json_array_foreach(methods, index, method)
	{
		const char *id = json_string_value(method);

		if (!id || !assay_specs_method(lab->specs, id))
			return assay_error_set(err, ASSAY_EREFUSED, "method-unknown", "没有方法 %.60s",
				"there is no method %.60s", id ? id : "?");
	}
	return ASSAY_OK;
}

int lab_user_change(struct assay_lab *lab, const char *action, const json_t *request,
	const struct assay_actor *actor, struct assay_error *err)
{
	const char *user = lab_need(request, "user", err), *producer = "",
		   *reason = user ? lab_may(request, "reason", err) : NULL;
	char roles_text[ASSAY_ROLES_TEXT_MAX] = "";
	struct lab_person person = {.roles = 0};
	json_t *methods = json_object_get(request, "methods"), *body;
	unsigned roles = 0;
	int status = reason ? lab_person(lab->state, user, &person, err) : ASSAY_EREFUSED;

	if (status == ASSAY_OK && strcmp(action, "roles") == 0) {
		status = check_roles(request, &roles, &producer, err);
		if (status == ASSAY_OK)
			status = stays_admin(lab, &person, (roles & ASSAY_ACTS_ADMIN) != 0, err);
		lab_roles_text(roles, roles_text);
	} else if (status == ASSAY_OK && strcmp(action, "disabled") == 0) {
		status = stays_admin(lab, &person, false, err);
	} else if (status == ASSAY_OK && strcmp(action, "methods") == 0) {
		status = check_methods(lab, methods, err);
	}
	if (status != ASSAY_OK)
		return status;
	body = json_pack(
		"{s:s,s:s,s:s,s:s}", "user", user, "action", action, "reason", reason, "who", actor->name);
	if (*roles_text) {
		(void)json_object_set_new(body, "roles", json_string(roles_text));
		(void)json_object_set_new(body, "producer", json_string(producer));
	}
	if (strcmp(action, "methods") == 0)
		(void)json_object_set(body, "methods", methods);
	return lab_append(lab, ASSAY_ENTRY_PERSON, body, NULL, err);
}

int lab_user_seen(struct assay_lab *lab, const char *action, const char *user, const char *address,
	struct assay_error *err)
{
	return lab_append(lab, ASSAY_ENTRY_PERSON,
		json_pack(
			"{s:s,s:s,s:s,s:s}", "user", user, "action", action, "address", address, "who", user),
		NULL, err);
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int lab_token_add(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id_out[LAB_USER_MAX], struct assay_error *err)
{
	json_int_t days = json_integer_value(json_object_get(request, "days"));
	const char *name = lab_need(request, "name", err), *producer;
	char roles_text[ASSAY_ROLES_TEXT_MAX];
	sqlite3_stmt *row;
	unsigned roles = 0;
	int count = 0, rc, status = name ? check_roles(request, &roles, &producer, err) : ASSAY_EREFUSED;

	if (status == ASSAY_OK && (roles & ASSAY_ACTS_ADMIN))
		status = assay_error_set(err, ASSAY_EREFUSED, "roles-invalid", "令牌不能有 admin 角色",
			"a token cannot have the role admin");
	if (status == ASSAY_OK && (days < 1 || days > TOKEN_DAYS_MAX))
		status = assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "days 是 1 到 %d 天",
			"days is a number from 1 to %d", TOKEN_DAYS_MAX);
	if (status != ASSAY_OK)
		return status;
	row = query_prepare(lab->state, err, "SELECT count(*) FROM token", "");
	rc = row ? query_step(row) : SQLITE_ERROR;
	if (rc == SQLITE_ROW)
		count = sqlite3_column_int(row, 0);
	(void)sqlite3_finalize(row);
	if (rc != SQLITE_ROW)
		return query_failed(lab->state, err);
	lab_roles_text(roles, roles_text);
	(void)snprintf(id_out, LAB_USER_MAX, "t%d", count + 1);
	return lab_append(lab, ASSAY_ENTRY_PERSON,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:s}", "token", id_out, "action", "created", "name", name,
			"roles", roles_text, "producer", producer, "until_ns",
			(json_int_t)(now_ns() + days * 86400 * 1000000000), "who", actor->name),
		NULL, err);
}

int lab_token_revoke(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err)
{
	const char *token = lab_need(request, "token", err),
		   *reason = token ? lab_may(request, "reason", err) : NULL;
	struct lab_person found;
	int status = reason ? lab_token(lab->state, token, 0, &found, err) : ASSAY_EREFUSED;

	if (status == ASSAY_ENOTFOUND)
		return assay_error_set(err, status, "token-unknown", "没有令牌 %.40s，或已撤销",
			"there is no token %.40s, or it was revoked", token);
	if (status != ASSAY_OK)
		return status;
	return lab_append(lab, ASSAY_ENTRY_PERSON,
		json_pack("{s:s,s:s,s:s,s:s}", "token", token, "action", "revoked", "reason", reason, "who",
			actor->name),
		NULL, err);
}

#define USER_COLUMNS                                                                                         \
	"SELECT user, name, roles, producer, methods AS \"{methods\", disabled AS \"?disabled\", "           \
	"second_factor AS \"?second_factor\","                                                               \
	" made_ns AS \"@made\", changed_ns AS \"@changed\", seq FROM person "

json_t *lab_user_list(sqlite3 *state, struct assay_error *err)
{
	return query_list(state, query_prepare(state, err, USER_COLUMNS "ORDER BY user", ""), err);
}

json_t *lab_user_show(sqlite3 *state, const char *user, struct assay_error *err)
{
	return query_one(state, query_prepare(state, err, USER_COLUMNS "WHERE user=?1", "t", user),
		"user-unknown", user, err);
}

json_t *lab_token_list(sqlite3 *state, struct assay_error *err)
{
	return query_list(state,
		query_prepare(state, err,
			"SELECT id AS token, name, roles, producer, made_ns AS \"@made\", until_ns AS "
			"\"@until\","
			" revoked AS \"?revoked\", who, seq FROM token ORDER BY seq",
			""),
		err);
}
