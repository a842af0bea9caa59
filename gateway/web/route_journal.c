/* SPDX-License-Identifier: Apache-2.0
 * What of the journal is read at once: an entry's way to a checkpoint, a certificate's print. */
#include "gateway/lab/query.h"
#include "gateway/record/checkpoint.h"
#include "gateway/web/answer.h"
#include "gateway/web/route.h"

#include <stdio.h>
#include <string.h>

enum MHD_Result web_get_inclusion(struct web_call *call)
{
	struct assay_error err = {0};
	struct assay_origin_key key;
	uint64_t sequence = 0;
	char line[400];
	json_t *found;

	if (strlen(call->id) > 18 || strspn(call->id, "0123456789") != strlen(call->id))
		return web_refuse_arguments(call);
	for (const char *digit = call->id; *digit; digit++)
		sequence = sequence * 10 + (uint64_t)(*digit - '0');
	found = assay_query_inclusion(call->web->role->dir, sequence, &err);
	if (found && assay_origin_key_public(call->web->role->dir, &key, &err) == ASSAY_OK) {
		assay_origin_key_line(&key, line, sizeof line);
		(void)json_object_set_new(found, "key", json_string(line));
	}
	return web_answer_whole(call, found, &err);
}

enum MHD_Result web_get_paper(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);
	unsigned char *bytes = NULL;
	char name[WEB_ID_MAX + 8];
	size_t length = 0;
	json_t *certificate = db ? assay_query_certificate(db, call->id, &err) : NULL;
	bool his = !certificate || web_his_own(call, certificate);

	json_decref(certificate);
	if (!his)
		return web_answer_problem(call->web, call->connection, &web_problem_others);
	if (!db || assay_query_paper(db, call->web->role->dir, call->id, &bytes, &length, &err) != ASSAY_OK)
		return web_answer_error(call->web, call->connection, &err);
	(void)snprintf(name, sizeof name, "%s.pdf", call->id);
	return web_answer_pdf(call->web, call->connection, bytes, length, name);
}
