/* SPDX-License-Identifier: Apache-2.0
 * A spec bundle: all specs as one file with a serial number, and beside it FILE.sig, a detached Ed25519 signature. Nothing in
 * the file is looked at before the signature of a trusted key has been found right. Format: assay(1), spec bundle.
 *
 *     specs folder -> make -> FILE, FILE.sig -> open (trusted keys) -> unpack -> DIR/specs/SERIAL -> in force */
#ifndef ASSAY_BUNDLE_BUNDLE_H
#define ASSAY_BUNDLE_BUNDLE_H

#include "gateway/config.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define ASSAY_BUNDLE_MAX (64u * 1024u * 1024u) /* bytes */
#define ASSAY_BUNDLE_FILES_MAX 4096u
#define ASSAY_BUNDLE_PATH_MAX 96u
#define ASSAY_BUNDLE_APPROVALS 2u /* people, to go back to an older one */
#define ASSAY_BUNDLE_KEYS "/etc/assay/spec-keys" /* NAME.pub: who may sign bundles */
#define ASSAY_BUNDLE_APPROVERS "/etc/assay/spec-approvers" /* NAME.pub: who may agree to an older one */

struct assay_bundle_file {
	char path[ASSAY_BUNDLE_PATH_MAX]; /* "standards/gb-2762-2022.xml" */
	uint8_t digest[32];
	const uint8_t *bytes; /* in the bundle */
	size_t length;
};

struct assay_bundle {
	char *bytes;
	size_t length;
	uint64_t serial;
	char sha256[65], signer[64]; /* the trusted key's file name without .pub */
	uint8_t signature[64];
	struct assay_bundle_file *file;
	size_t file_count;
};

/* A pair of keys: PATH (0600, new) and PATH.pub. */
int assay_bundle_key_make(const char *path, struct assay_error *err) ASSAY_WARN_UNUSED;

/* All specs of a folder, signed. out and out.sig must not exist. */
int assay_bundle_make(const char *specs_dir, uint64_t serial, const char *key, const char *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Signature first (bundle-untrusted), then names, lengths and digests (bundle-damaged). The caller frees. */
int assay_bundle_open(const char *path, const char *keys_dir, struct assay_bundle **out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_bundle_free(struct assay_bundle *bundle); /* NULL allowed */

/* Its files below dir, which must not exist; all of them, on disk, or none. */
int assay_bundle_unpack(
	const struct assay_bundle *bundle, const char *dir, struct assay_error *err) ASSAY_WARN_UNUSED;

/* What unpack has made is taken away again. */
void assay_bundle_remove(const struct assay_bundle *bundle, const char *dir);

/* SHA-256 of the bundle that assay_bundle_make would write of this folder. */
int assay_bundle_digest(
	const char *specs_dir, uint64_t serial, char sha256[65], struct assay_error *err) ASSAY_WARN_UNUSED;

/* A person's agreement that this bundle may follow a newer one, for this reason: PATH.approval-NAME, signed with his key. */
int assay_bundle_approve(const struct assay_bundle *bundle, const char *path, const char *key,
	const char *name, const char *reason, struct assay_error *err) ASSAY_WARN_UNUSED;

struct assay_bundle_wish {
	const char *path; /* of the bundle: approvals stand beside it */
	const char *data_dir, *who, *reason;
	const char *approvers_dir;
};
/* Into DIR/specs/SERIAL, in force from the gateway's next start or reload on. One that is older than the newest this
 * laboratory has had needs the agreement of two people (rollback-refused). */
int assay_bundle_install(const struct assay_bundle *bundle, const struct assay_bundle_wish *wish,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Where plugins and specs are, with DIR/specs/SERIAL in place of the specs that came with the program when a bundle is
 * installed in this data directory (NULL: none). */
int assay_bundle_places(
	const char *data_dir, struct assay_places *out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* What was written down at its installation, JSON; "" none. */
#define ASSAY_BUNDLE_RECORD_MAX 8192u
void assay_bundle_record(const char *data_dir, char *out, size_t size);

struct assay_bundle_keys {
	const char *signers, *approvers; /* folders */
};
/* Is what stands in the folder, under the serial number of this record, what a trusted key has signed (specs-untrusted)?
 * And how many people, each with a key of his own, have signed that it may follow a newer one, for the record's reason. */
int assay_bundle_trusted(const char *dir, const json_t *record, const struct assay_bundle_keys *keys,
	unsigned *agreed_out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
