/* SPDX-License-Identifier: Apache-2.0
 * Tokens of machines that use the API: as with users, the fact goes to the journal, the secret to keys/people.db, together. */
#include "gateway/record/recorder.h"

json_t *recorder_token_list(struct recorder *recorder, struct recorder_ask *ask)
{
	struct assay_error err;
	json_t *list = lab_token_list(recorder->lab.state, &err);

	(void)ask;
	return list ? json_pack("{s:b,s:o}", "ok", 1, "tokens", list) : recorder_error(ASSAY_EIO, &err);
}

json_t *recorder_token_add(struct recorder *recorder, struct recorder_ask *ask)
{
	char id[LAB_USER_MAX], secret[ASSAY_SECRET_TEXT_MAX];
	struct assay_error err;
	json_t *answer = NULL;
	int status = lab_token_add(&recorder->lab, ask->request, &ask->actor, id, &err);

	if (status == ASSAY_OK)
		status = assay_token_make(recorder->people, id, secret, &err);
	if (status == ASSAY_OK)
		answer = json_pack("{s:{s:s,s:s}}", "token", "token", id, "secret", secret);
	return recorder_settle(recorder, status, answer, &err);
}

json_t *recorder_token_revoke(struct recorder *recorder, struct recorder_ask *ask)
{
	struct assay_error err;
	int status = lab_token_revoke(&recorder->lab, ask->request, &ask->actor, &err);

	if (status == ASSAY_OK)
		status = assay_token_drop(recorder->people, recorder_ask_text(ask, "token"), &err);
	recorder->people_changed = true;
	return recorder_settle(recorder, status,
		status == ASSAY_OK ? json_pack("{s:{s:s}}", "token", "token", recorder_ask_text(ask, "token"))
				   : NULL,
		&err);
}
