/* SPDX-License-Identifier: Apache-2.0
 * A request that comes again with the same Idempotency-Key gets the answer it got the first time. */
#include "gateway/lab/query_row.h"
#include "gateway/people/people_inside.h"

#include <string.h>

int assay_answered_find(struct assay_people *people, const char *user, const char *key, const char *request,
	int64_t now_ns, char **out, struct assay_error *err)
{
	char digest[PEOPLE_DIGEST_TEXT];
	sqlite3_stmt *row;
	int rc, status = ASSAY_OK;

	*out = NULL;
	people_digest(request, digest);
	row = query_prepare(people->db, err,
		"SELECT request, answer FROM answered WHERE user=?1 AND key=?2 AND at_ns>?3", "tti", user,
		key, now_ns - ASSAY_ANSWERED_NS);
	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(row, 0), digest) != 0)
		status = assay_error_set(err, ASSAY_EREFUSED, "key-reused",
			"这个 Idempotency-Key 已用于另一个请求",
			"this Idempotency-Key came with another request before");
	else if (rc == SQLITE_ROW && !(*out = strdup((const char *)sqlite3_column_text(row, 1))))
		status = assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	else if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		status = query_failed(people->db, err);
	(void)sqlite3_finalize(row);
	return status;
}

int assay_answered_keep(struct assay_people *people, const char *user, const char *key, const char *request,
	const char *answer, int64_t now_ns, struct assay_error *err)
{
	char digest[PEOPLE_DIGEST_TEXT];
	int status = people_run(
		people, err, "DELETE FROM answered WHERE at_ns<?1", "i", now_ns - ASSAY_ANSWERED_NS);

	people_digest(request, digest);
	if (status != ASSAY_OK)
		return status;
	return people_run(people, err, "INSERT OR REPLACE INTO answered VALUES(?1,?2,?3,?4,?5)", "tttti",
		user, key, digest, answer, now_ns);
}
