/* SPDX-License-Identifier: Apache-2.0
 * Who may work here: facts about users and machines' tokens, as journal entries. Secrets are not here (people/). */
#ifndef ASSAY_LAB_PEOPLE_H
#define ASSAY_LAB_PEOPLE_H

#include "gateway/lab/lab.h"

#define LAB_USER_MAX 32u /* bytes, with NUL */
#define LAB_PRODUCER_MAX 208u

/* Who somebody is now. */
struct lab_person {
	char user[LAB_USER_MAX], name[80], producer[LAB_PRODUCER_MAX];
	unsigned roles;
	bool disabled;
	bool second_factor; /* he logs in with a code beside the password */
	bool unproven; /* lab.xml wants him to have one, and he has none */
};

/* ASSAY_ENOTFOUND "user-unknown". */
int lab_person(
	sqlite3 *state, const char *user, struct lab_person *out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Is somebody there who can make users? */
int lab_has_admin(sqlite3 *state, bool *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Is the request {user, name, roles, producer} one that lab_user_add takes? */
int lab_user_check(struct assay_lab *lab, const json_t *request, struct assay_error *err) ASSAY_WARN_UNUSED;
int lab_user_add(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* action: "roles" {roles, producer}, "methods" {methods}, "disabled", "enabled"; each with user and reason; "password"
 * {user}; "second-factor-on", "second-factor-off". The last administrator stays one. */
int lab_user_change(struct assay_lab *lab, const char *action, const json_t *request,
	const struct assay_actor *actor, struct assay_error *err) ASSAY_WARN_UNUSED;
/* action: "logged-in", "logged-out", "login-refused" (of somebody who is no user: user ""), "second-factor-refused" */
int lab_user_seen(struct assay_lab *lab, const char *action, const char *user, const char *address,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* {name, roles, producer, days} -> its id ("t7"). A token never administers and never signs. */
int lab_token_add(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id_out[LAB_USER_MAX], struct assay_error *err) ASSAY_WARN_UNUSED;
int lab_token_revoke(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* A token that counts at now_ns, as the person it stands for (user: its id). ASSAY_ENOTFOUND "login-required". */
int lab_token(sqlite3 *state, const char *id, int64_t now_ns, struct lab_person *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

json_t *lab_user_list(sqlite3 *state, struct assay_error *err); /* [user] */
json_t *lab_user_show(sqlite3 *state, const char *user, struct assay_error *err);
json_t *lab_token_list(sqlite3 *state, struct assay_error *err); /* [token] */
/* who_can.c: who had the right to a command (by its name, or its last word: a batch's act, or the only command's) on a day
 * (YYYY-MM-DD, where the laboratory is): {act, on, signs, who: [{subject, kind: "user" or "token", name, roles, producer,
 * methods, from, until, who, reason, seq}]}; act "": everybody, with rights. ASSAY_EREFUSED "act-unknown", "date-invalid". */
json_t *lab_who_could(sqlite3 *state, const char *act, const char *on, struct assay_error *err);

#endif
