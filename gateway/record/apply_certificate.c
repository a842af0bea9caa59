/* SPDX-License-Identifier: Apache-2.0
 * Certificates, and their prints. Bodies: gateway/lab/entries.h. */
#include "gateway/record/state_tables.h"

#include <stdlib.h>

static int apply_issued(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *id = body_text(body, "certificate"), *replaces = body_text(body, "replaces");
	char *document = body_json(body, "document", "{}");
	int status = document ? state_run(state, STATE_PUT_CERTIFICATE, err, "tttttttii", id,
					body_text(body, "batch"), body_text(body, "verdict"), replaces,
					body_text(body, "reason"), body_text(body, "who"), document,
					entry->wall_ns, (int64_t)entry->sequence)
			      : body_no_memory(err);

	free(document);
	return status == ASSAY_OK && *replaces
		       ? state_run(state, STATE_REPLACE_CERTIFICATE, err, "tt", replaces, id)
		       : status;
}

int apply_certificate(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	if (entry->kind == ASSAY_ENTRY_CERTIFICATE)
		return apply_issued(state, entry, body, err);
	return state_run(state, STATE_PUT_PAPER, err, "titi", body_text(body, "certificate"),
		(int64_t)entry->sequence, body_text(body, "sha256"), (int64_t)entry->raw_length);
}
