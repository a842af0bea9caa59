/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints: C2SP tlog-checkpoint (origin, size, root) in a C2SP signed note, Ed25519. */
#ifndef ASSAY_RECORD_CHECKPOINT_H
#define ASSAY_RECORD_CHECKPOINT_H

#include "gateway/record/journal.h"

#define ASSAY_NOTE_MAX 1024u

struct assay_origin_key {
	char origin[128];
	uint8_t public_key[32];
	uint8_t secret[64]; /* zeroed where only the public part is known */
};

/* Read DIR/keys/origin.key, or make it (0600) with DIR/keys/origin.pub, the C2SP verifier key, when create. */
int assay_origin_key_load(const char *dir, const char *origin, bool create, struct assay_origin_key *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* A verifier key as text, one line: name+hash+base64. */
int assay_origin_key_parse(
	const char *text, struct assay_origin_key *out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Only the public part, from DIR/keys/origin.pub. */
int assay_origin_key_public(
	const char *dir, struct assay_origin_key *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* A change of key: the next one waits in keys/origin.key.next until the journal has announced it and both have signed.
 * next: read it, or with create make it; ASSAY_ENOTFOUND there is none. adopt: it becomes origin.key; the first public
 * key ever used stays in origin.first.pub, where a verification begins. */
int assay_origin_key_next(const char *dir, const char *origin, bool create, struct assay_origin_key *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_origin_key_adopt(const char *dir, const struct assay_origin_key *old,
	const struct assay_origin_key *next, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_origin_key_forget_next(const char *dir);
/* The verifier key as one line without its end; 400 bytes are enough. */
void assay_origin_key_line(const struct assay_origin_key *key, char *out, size_t size);

int assay_checkpoint_sign(const struct assay_origin_key *key, uint64_t size,
	const uint8_t root[ASSAY_HASH_SIZE], char out[ASSAY_NOTE_MAX]) ASSAY_WARN_UNUSED;
/* Read the note and check its signature. 0, or ASSAY_EDAMAGED. */
int assay_checkpoint_check(const struct assay_origin_key *key, const char *note, uint64_t *size_out,
	uint8_t root_out[ASSAY_HASH_SIZE], struct assay_error *err) ASSAY_WARN_UNUSED;

/* The signature line of any text that ends with a line end, and is no checkpoint: a signed note is the text, an empty line,
 * that line. And is the note's signature, behind its last empty line, this key's? */
#define ASSAY_NOTE_LINE_MAX 300u
int assay_note_sign(const struct assay_origin_key *key, const char *text,
	char out[ASSAY_NOTE_LINE_MAX]) ASSAY_WARN_UNUSED;
int assay_note_check(const struct assay_origin_key *key, const char *note) ASSAY_WARN_UNUSED;

/* Read the note without its signature. origin_out holds 128 bytes; may be NULL. 0, or ASSAY_EDAMAGED. */
int assay_checkpoint_parse(const char *note, char *origin_out, uint64_t *size_out,
	uint8_t root_out[ASSAY_HASH_SIZE], struct assay_error *err) ASSAY_WARN_UNUSED;

/* Where the newest note is kept beside the segments: DIR/journal/checkpoint. It is public: the file to hand out. */
void assay_checkpoint_path(const char *dir, char *out, size_t size);
/* Replace that file, durably; a crash leaves the old or the new one. */
int assay_checkpoint_publish(const char *dir, const char *note, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
