/* SPDX-License-Identifier: Apache-2.0
 * The end of the journal as a writer finds it at its start. */
#ifndef ASSAY_RECORD_TAIL_H
#define ASSAY_RECORD_TAIL_H

#include "gateway/record/checkpoint.h"
#include "gateway/record/segment.h"

/* Constant in the age of the archive: the last checkpoint of the segment must hold, so must the one kept beside the
 * segments, and every entry since (and in the incomplete tile before) is hashed again. tree is loaded with everything
 * up to segment->end. ASSAY_EDAMAGED names segment and entry. */
int assay_tail_check(const struct assay_segment *segment, const struct assay_origin_key *key, const char *dir,
	struct assay_tree *tree, uint64_t *checkpoint_size_out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
