/* SPDX-License-Identifier: Apache-2.0
 * The text instruments of specs/instruments as probe tries them: what each asks who is there, and whether it knows an
 * answer. */
#ifndef ASSAY_CLI_LINE_CANDIDATE_H
#define ASSAY_CLI_LINE_CANDIDATE_H

#include "gateway/wire/instrument_spec.h"
#include "gateway/wire/replay.h"

#define LINE_CANDIDATES_MAX 200u

struct line_candidate {
	char name[64]; /* of the file */
	struct assay_instrument_spec *spec;
	struct assay_replay *replay;
	bool asks; /* query is set */
	struct assay_request query;
	char model[64], serial[64]; /* of the answer looked at last */
	bool known, reading, nonsense;
};

struct line_candidates {
	struct assay_plugin plugins[16];
	size_t plugin_count, count;
	struct line_candidate list[LINE_CANDIDATES_MAX];
};

/* The caller owns *out. */
int line_candidates_load(const struct assay_places *places, struct line_candidates **out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
void line_candidates_free(struct line_candidates *candidates); /* NULL allowed */
/* An earlier one asks the same. */
bool line_candidate_repeats(const struct line_candidates *candidates, size_t index);
/* The bytes say who it is, in answer to the query of `asked`; model and serial are set. */
bool line_candidate_answers(
	struct line_candidate *who, const struct line_candidate *asked, const uint8_t *bytes, size_t length);
/* Bytes nobody asked for are readings of such an instrument, and nothing else. */
bool line_candidate_speaks(struct line_candidate *who, const uint8_t *bytes, size_t length);

#endif
