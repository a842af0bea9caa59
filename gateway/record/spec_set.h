/* SPDX-License-Identifier: Apache-2.0
 * A set of specs: what was in force together, named by one digest. A batch keeps the set it was registered under; the files
 * stand in the journal, the list of them in the state. The digest is SHA-256 of a line "SHA256  PATH" for each file, sorted
 * by path: what sha256sum prints in a specs folder. */
#ifndef ASSAY_RECORD_SPEC_SET_H
#define ASSAY_RECORD_SPEC_SET_H

#include "limits/limits.h"

#include <jansson.h>
#include <sqlite3.h>

#define ASSAY_SPEC_SETS_KEPT 3u /* in memory beside the one in force */
#define ASSAY_SPEC_SET_FILES_MAX 4096u

struct assay_spec_sets {
	sqlite3 *state; /* borrowed */
	const char *schemas; /* a specs folder; borrowed */
	/* The file kept under this digest; *out is allocated. */
	int (*file)(void *context, const char *path, const char *sha256, char **out, size_t *length_out,
		struct assay_error *err);
	void *context;
	struct assay_spec_set {
		char sha256[65]; /* "" : free */
		struct assay_specs *specs; /* NULL: it could not be read, which has been said */
		uint64_t used;
	} kept[ASSAY_SPEC_SETS_KEPT];
	uint64_t clock;
};

/* {path: sha256} of a set; its digest. NULL: no memory. */
json_t *assay_spec_set_files(const struct assay_specs *specs);
int assay_spec_set_digest(const json_t *files, char out[65], struct assay_error *err) ASSAY_WARN_UNUSED;

/* The set with this digest, read when it is first asked for; good until other sets have been asked for. NULL with err;
 * err->code "" : it was said before. */
const struct assay_specs *assay_spec_sets_get(
	struct assay_spec_sets *sets, const char *sha256, struct assay_error *err);
void assay_spec_sets_free(struct assay_spec_sets *sets);

#endif
