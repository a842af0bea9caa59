/* SPDX-License-Identifier: Apache-2.0
 * Certificates as pages and commands see them. */
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"

#define CERTIFICATE                                                                                          \
	"SELECT c.id AS certificate, c.batch, b.name, b.producer, c.verdict, c.replaces, c.replaced_by, "    \
	"c.reason, c.who,"                                                                                   \
	" c.wall_ns AS \"@issued\", c.paper_seq, c.paper_sha256, c.paper_bytes, c.seq"

json_t *assay_query_certificates(sqlite3 *state, const char *batch, int64_t before, struct assay_error *err)
{
	if (*batch)
		return query_list(state,
			query_prepare(state, err,
				CERTIFICATE
				" FROM certificate AS c JOIN batch AS b ON b.id=c.batch WHERE c.batch=?1"
				" ORDER BY c.seq DESC",
				"t", batch),
			err);
	return query_list(state,
		query_prepare(state, err,
			CERTIFICATE " FROM certificate AS c JOIN batch AS b ON b.id=c.batch WHERE c.seq<?1"
				    " ORDER BY c.seq DESC LIMIT ?2",
			"ii", before > 0 ? before : INT64_MAX, (int64_t)ASSAY_QUERY_PAGE),
		err);
}

json_t *assay_query_certificate(sqlite3 *state, const char *id, struct assay_error *err)
{
	return query_one(state,
		query_prepare(state, err,
			CERTIFICATE
			", c.document AS \"{document\" FROM certificate AS c JOIN batch AS b ON b.id=c.batch"
			" WHERE c.id=?1",
			"t", id),
		"certificate-unknown", id, err);
}
