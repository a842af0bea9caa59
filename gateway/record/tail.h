/* SPDX-License-Identifier: Apache-2.0
 * The end of the journal as a writer finds it at its start. */
#ifndef ASSAY_RECORD_TAIL_H
#define ASSAY_RECORD_TAIL_H

#include "gateway/record/checkpoint.h"
#include "gateway/record/segment.h"

/* Constant in the age of the archive: the last checkpoint of the segment must hold, so must the one kept beside the
 * segments, and every entry since (and in the incomplete tile before) is hashed again. tree is loaded with everything
 * up to segment->end. next: the key a change of key left waiting, or NULL; its signature is as good. ASSAY_EDAMAGED names segment and entry.
 * An entry whose contents do not fit its leaf, while the tree with that leaf is the signed one, is no failure: it is named in damaged. */
#define ASSAY_TAIL_DAMAGED 16u
struct assay_tail {
	uint64_t checkpoint_size; /* of the last checkpoint */
	bool next_signed; /* it was signed with the next key */
	unsigned damaged_count;
	uint64_t damaged[ASSAY_TAIL_DAMAGED]; /* sequences */
};

int assay_tail_check(const struct assay_segment *segment, const struct assay_origin_key *key,
	const struct assay_origin_key *next, const char *dir, struct assay_tree *tree, struct assay_tail *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
