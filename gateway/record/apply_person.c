/* SPDX-License-Identifier: Apache-2.0
 * Users and tokens: who there is and what he may do, as of the last entry about him. */
#include "gateway/record/state_tables.h"

#include <stdlib.h>
#include <string.h>

static int apply_token(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	if (strcmp(body_text(body, "action"), "revoked") == 0)
		return state_run(state, STATE_REVOKE_TOKEN, err, "ti", body_text(body, "token"),
			(int64_t)entry->sequence);
	return state_run(state, STATE_PUT_TOKEN, err, "ttttiiti", body_text(body, "token"),
		body_text(body, "name"), body_text(body, "roles"), body_text(body, "producer"),
		entry->wall_ns, body_number(body, "until_ns"), body_text(body, "who"),
		(int64_t)entry->sequence);
}

static int change(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	int64_t disabled, struct assay_error *err)
{
	const json_t *list = json_object_get(body, "methods");
	char *methods = list ? json_dumps(list, JSON_COMPACT) : NULL;
	int status = state_run(state, STATE_CHANGE_PERSON, err, "ttttiii", body_text(body, "user"),
		body_text(body, "roles"), body_text(body, "producer"), methods ? methods : "", disabled,
		entry->wall_ns, (int64_t)entry->sequence);

	free(methods);
	return status;
}

static int apply_facts(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *action = body_text(body, "action");

	if (*body_text(body, "token"))
		return apply_token(state, entry, body, err);
	if (strcmp(action, "created") == 0)
		return state_run(state, STATE_PUT_PERSON, err, "ttttii", body_text(body, "user"),
			body_text(body, "name"), body_text(body, "roles"), body_text(body, "producer"),
			entry->wall_ns, (int64_t)entry->sequence);
	if (strcmp(action, "disabled") == 0 || strcmp(action, "enabled") == 0)
		return change(state, entry, body, strcmp(action, "disabled") == 0, err);
	if (strcmp(action, "roles") == 0 || strcmp(action, "methods") == 0 || strcmp(action, "password") == 0)
		return change(state, entry, body, -1, err);
	if (strcmp(action, "second-factor-on") == 0 || strcmp(action, "second-factor-off") == 0)
		return state_run(state, STATE_SECOND_FACTOR, err, "tiii", body_text(body, "user"),
			(int64_t)(strcmp(action, "second-factor-on") == 0), entry->wall_ns,
			(int64_t)entry->sequence);
	return ASSAY_OK; /* logged in, out, refused: nothing about him is another */
}

/* What he may do from here on, beside what he could before. */
static bool entitles(const char *action)
{
	static const char *const actions[] = {
		"created", "roles", "methods", "disabled", "enabled", "revoked"};

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (strcmp(actions[i], action) == 0)
			return true;
	return false;
}

int apply_person(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *token = body_text(body, "token");
	int status = apply_facts(state, entry, body, err);

	if (status != ASSAY_OK || !entitles(body_text(body, "action")))
		return status;
	return state_run(state, *token ? STATE_ENTITLE_TOKEN : STATE_ENTITLE_PERSON, err, "tiitt",
		*token ? token : body_text(body, "user"), (int64_t)entry->sequence, entry->wall_ns,
		body_text(body, "who"), body_text(body, "reason"));
}
