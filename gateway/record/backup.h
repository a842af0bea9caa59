/* SPDX-License-Identifier: Apache-2.0
 * A copy of a data directory that can be trusted: made while the gateway writes, verified before it counts. */
#ifndef ASSAY_RECORD_BACKUP_H
#define ASSAY_RECORD_BACKUP_H

#include "gateway/record/verify.h"

/* Copy DIR's journal, public keys, lab.xml and the spec bundles installed there to `to`, which must not exist. It is made as `to`.partial, verified, and
 * renamed; a failure leaves nothing. with_key: the secret signing key, too. Sealed segments are copied as they are;
 * the state is not (it is made again). report: of the copy. ASSAY_EDAMAGED: the copy does not hold, report says why. */
int assay_backup(const char *dir, const char *to, bool with_key, struct assay_verify_report *report,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Make DIR from a backup: copied, verified, compared with it entry by entry; its entries will bear a boot id of its
 * own. dir must not exist. *has_key_out: the signing key was in the backup; without it the gateway cannot start. */
int assay_restore(const char *backup, const char *dir, bool *has_key_out, struct assay_verify_report *report,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
