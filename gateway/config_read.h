/* SPDX-License-Identifier: Apache-2.0
 * Inside of assay_config_load: the store that owns a configuration, reading it, and checking what a schema cannot. */
#ifndef ASSAY_CONFIG_READ_H
#define ASSAY_CONFIG_READ_H

#include "gateway/config.h"
#include "gateway/wire/instrument_spec.h"
#include "gateway/wire/loader.h"

#include <libxml/tree.h>

#define ASSAY_CONFIG_FILE_MAX 8388608u /* bytes; the journal keeps it whole, so no more than ASSAY_RAW_MAX */
#define ASSAY_CONFIG_DRIVERS_MAX 64u

/* Bytes that are kept once, however often they are said; NULL: a free place. */
struct assay_config_same {
	const void *bytes;
	size_t size;
};

/* The public struct is the first member; everything it points to is owned here. */
struct assay_config_store {
	struct assay_config config;
	const char *drivers_dir, *specs_dir;
	void **owned;
	size_t owned_count;
	struct assay_config_same
		*same; /* of those owned, what is kept once: found by hash while the file is read */
	size_t same_places, same_count;
	struct assay_instrument_spec **specs;
	size_t spec_count;
	struct assay_plugin plugins[ASSAY_CONFIG_DRIVERS_MAX]; /* loaded while checking only */
	size_t plugin_count;
};

/* Memory that lives as long as the configuration, zeroed; NULL with err. */
void *assay_config_keep(struct assay_config_store *store, size_t size, struct assay_error *err);
/* The one copy of these bytes: a thousand instruments of one kind say the same words and have the same register map.
 * NULL with err. */
const void *assay_config_once(
	struct assay_config_store *store, const void *bytes, size_t size, struct assay_error *err);
const char *assay_config_text(struct assay_config_store *store, const char *text, struct assay_error *err);

/* Put "PATH:LINE: " before err's texts. Returns status. */
int assay_config_at(
	const struct assay_config_store *store, unsigned line, int status, struct assay_error *err);

/* document (valid by lab.xsd) -> store->config. Refused with file:line. */
int assay_config_read(
	struct assay_config_store *store, xmlDocPtr document, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Spec, driver, settings and channels of one instrument whose attributes have been read. */
int assay_config_instrument(struct assay_config_store *store, xmlNodePtr node, uint32_t transport,
	struct assay_config_instrument *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* What spans instruments and lines: ids, ports, units. source_lines: of each instrument, in order. */
int assay_config_check(const struct assay_config_store *store, const unsigned *source_lines,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Let each driver open its settings, in a process of its own. */
int assay_config_trial(const struct assay_config_store *store, const unsigned *source_lines,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
