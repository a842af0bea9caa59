/* SPDX-License-Identifier: Apache-2.0
 * A signature 签名: who, meaning, time and the record signed, bound together in the entry that it makes. */
#ifndef ASSAY_LAB_SIGN_H
#define ASSAY_LAB_SIGN_H

#include "gateway/lab/entries.h"

#define LAB_TIME_MAX 40u

/* What is signed of a batch: {batch, verdict, verdict_seq, results: [{test, result, value, unit, verdict, seq}]}, from the
 * state. New reference. */
json_t *lab_record(sqlite3 *state, const char *batch, struct assay_error *err);

/* {name, how: "password" or "local", meaning, at, record, record_digest} - record_digest over the record's compact JSON with
 * sorted keys. record is consumed; NULL with err when it is NULL. */
json_t *lab_sign(struct assay_lab *lab, const struct assay_actor *actor, const char *meaning, json_t *record,
	struct assay_error *err);
/* The digest of a record as it stands in a signature. */
int lab_record_digest(const json_t *record, char hex_out[65], struct assay_error *err) ASSAY_WARN_UNUSED;

/* Now, or what the replay says it is. */
int64_t lab_now_ns(const struct assay_lab *lab);
/* RFC 3339 with the laboratory's own offset from UTC. */
void lab_local_time(int64_t wall_ns, char out[LAB_TIME_MAX]);

#endif
