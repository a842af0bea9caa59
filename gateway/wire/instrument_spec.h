/* SPDX-License-Identifier: Apache-2.0
 * specs/instruments/NAME.xml: a kind of instrument - its driver, settings and channels, and transcripts with the
 * readings they must give. Schema: specs/schema/instrument.xsd. */
#ifndef ASSAY_WIRE_INSTRUMENT_SPEC_H
#define ASSAY_WIRE_INSTRUMENT_SPEC_H

#include "gateway/config.h"

struct assay_transcript_reading {
	const char *channel, *value, *unit, *flags, *reason, *sample; /* value "" when there is no number */
};

struct assay_transcript {
	const char *name, *origin, *source; /* origin: captured, manual or grammar */
	const uint8_t *bytes; /* stream: as received; Modbus: the reply PDU */
	size_t length;
	uint32_t want, turn; /* which request it answers */
	bool asked; /* false: it came by itself, or any request will do (streams only) */
	const char *serial, *model; /* what it identifies, "" nothing */
	const struct assay_transcript_reading *readings;
	size_t reading_count;
	unsigned line; /* in the file */
};

struct assay_instrument_spec {
	const char *driver, *model;
	uint32_t every_ms, needed_ms;
	const struct assay_setting *settings;
	size_t setting_count;
	const struct assay_config_channel *channels;
	size_t channel_count;
	const struct assay_transcript *transcripts;
	size_t transcript_count;
};

/* Read and validate specs_dir/instruments/NAME.xml. Refused with file:line. The caller owns *out. */
int assay_instrument_spec_load(const char *specs_dir, const char *name, struct assay_instrument_spec **out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* The same for a file anywhere; the schema is taken from specs_dir. */
int assay_instrument_spec_read(const char *specs_dir, const char *path, struct assay_instrument_spec **out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_instrument_spec_free(struct assay_instrument_spec *spec); /* NULL allowed */

#endif
