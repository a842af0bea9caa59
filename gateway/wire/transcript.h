/* SPDX-License-Identifier: Apache-2.0
 * Do an instrument file's transcripts give the readings it names? */
#ifndef ASSAY_WIRE_TRANSCRIPT_H
#define ASSAY_WIRE_TRANSCRIPT_H

#include "gateway/wire/instrument_spec.h"
#include "gateway/wire/loader.h"

/* Settings, then each transcript: whole, and streams byte by byte too. ASSAY_EREFUSED "transcript-differs" with
 * path:line, what came and what should. */
int assay_transcripts_check(const char *path, const struct assay_plugin *plugin,
	const struct assay_instrument_spec *spec, struct assay_error *err) ASSAY_WARN_UNUSED;

/* One transcript in pieces: ends[] are the offsets where a piece ends, the last one length. */
int assay_transcript_check(const char *path, const struct assay_plugin *plugin,
	const struct assay_instrument_spec *spec, const struct assay_transcript *transcript,
	const size_t *ends, size_t end_count, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
