/* SPDX-License-Identifier: Apache-2.0
 * One file that proves a batch's verdict without the database: its entries with the bytes from the instruments, the
 * specs and driver digests used, for each entry its path to the root that a checkpoint signs. Format: assay-journal.5. */
#ifndef ASSAY_RECORD_PROOF_H
#define ASSAY_RECORD_PROOF_H

#include "gateway/record/checkpoint.h"
#include "gateway/record/journal_reader.h"

#include <stdio.h>

#define ASSAY_PROOF_BYTES_MAX (512u * 1024 * 1024)

/* Write the proof of batch to out. Read-only on dir; ASSAY_READ_LIVE makes no file anywhere. ASSAY_ENOTFOUND: no such
 * batch; ASSAY_EREFUSED "not-signed-yet": no checkpoint covers its last entry yet. */
int assay_proof_write(const char *dir, const char *batch, enum assay_reader_mode mode, FILE *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#define ASSAY_PROOF_TEXT_MAX 8192u /* bytes: a scope or the results of 64 tests */

struct assay_proof_report {
	char batch[64], verdict[20], text_zh[512], text_en[512]; /* the batch's last verdict; "" none */
	char scope_zh[ASSAY_PROOF_TEXT_MAX], scope_en[ASSAY_PROOF_TEXT_MAX], status[32];
	char key[400]; /* the public key in the file, one line */
	char results[ASSAY_PROOF_TEXT_MAX]; /* "result = value unit", one a line */
	uint64_t entries, size; /* entries in the file; in the journal the checkpoint signs */
	uint8_t root[ASSAY_HASH_SIZE];
};

/* Check a proof. key: the public key known from elsewhere, NULL: that in the file is taken (and proves only that the
 * file is whole). ASSAY_EDAMAGED: the place and what does not hold. */
int assay_proof_check(const char *proof, size_t length, const struct assay_origin_key *key,
	struct assay_proof_report *report, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
