/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/sign.h"

#include "gateway/lab/people.h"
#include "gateway/lab/query_row.h"
#include "gateway/record/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t lab_now_ns(const struct assay_lab *lab)
{
	struct timespec now;

	if (lab->wall_ns)
		return lab->wall_ns;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void lab_local_time(int64_t wall_ns, char out[LAB_TIME_MAX])
{
	time_t seconds = (time_t)(wall_ns / 1000000000);
	struct tm parts;
	char text[LAB_TIME_MAX] = "", zone[8] = "";

	out[0] = '\0';
	if (!localtime_r(&seconds, &parts) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts) == 0 ||
		strftime(zone, sizeof zone, "%z", &parts) != 5)
		return;
	(void)snprintf(out, LAB_TIME_MAX, "%.19s%.3s:%.2s", text, zone, zone + 3);
}

json_t *lab_record(sqlite3 *state, const char *batch, struct assay_error *err)
{
	json_t *record = query_one(state,
		query_prepare(state, err,
			"SELECT id AS batch, verdict, coalesce(verdict_seq,0) AS verdict_seq FROM batch "
			"WHERE id=?1",
			"t", batch),
		"batch-unknown", batch, err);
	json_t *results;

	if (!record)
		return NULL;
	results = query_list(state,
		query_prepare(state, err,
			"SELECT t.id AS test, r.id AS result, r.value, r.unit, coalesce(v.verdict,'') AS "
			"verdict,"
			" r.seq FROM test AS t JOIN result AS r ON r.id=t.result LEFT JOIN verdict AS v ON"
			" v.subject=r.id AND v.seq=(SELECT max(seq) FROM verdict WHERE subject=r.id)"
			" WHERE t.batch=?1 ORDER BY t.id",
			"t", batch),
		err);
	if (results && json_object_set_new(record, "results", results) == 0)
		return record;
	json_decref(record);
	return NULL;
}

int lab_record_digest(const json_t *record, char hex_out[65], struct assay_error *err)
{
	char *text = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
	uint8_t digest[32];

	if (!text)
		return lab_no_memory(err);
	assay_sha256(text, strlen(text), digest);
	assay_hex(digest, sizeof digest, hex_out);
	free(text);
	return ASSAY_OK;
}

json_t *lab_sign(struct assay_lab *lab, const struct assay_actor *actor, const char *meaning, json_t *record,
	struct assay_error *err)
{
	char hex[65], at[LAB_TIME_MAX];
	struct lab_person person = {.name = ""};
	struct assay_error ignored;
	json_t *signature = NULL;

	if (record && lab_record_digest(record, hex, err) == ASSAY_OK) {
		lab_local_time(lab_now_ns(lab), at);
		if (lab_person(lab->state, actor->name, &person, &ignored) != ASSAY_OK)
			person.name[0] = '\0'; /* somebody at the machine who is no user */
		signature = json_pack("{s:s,s:s,s:s,s:s,s:s,s:O,s:s}", "name", actor->name, "full_name",
			person.name, "how", actor->signature ? "password" : "local", "meaning", meaning, "at",
			at, "record", record, "record_digest", hex);
		if (!signature)
			(void)lab_no_memory(err);
	}
	json_decref(record);
	return signature;
}
