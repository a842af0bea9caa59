/* SPDX-License-Identifier: Apache-2.0
 * Find, check and open a driver plugin: one code path at start, reload and test. */
#ifndef ASSAY_WIRE_LOADER_H
#define ASSAY_WIRE_LOADER_H

#include "drivers/driver.h"
#include "limits/error.h"

struct assay_plugin {
	struct assay_driver driver; /* copied: missing members are NULL, a longer tail is ignored */
	void *handle;
	char path[600];
	char sha256[65]; /* of the file, lower-case hex */
};

/* Load dir/NAME.so. name: [a-z0-9_-]{1,31}. The folder and file must not be writable by others. Checks magic,
 * ABI and size before anything else is read, then required members, tables, and that the name agrees. */
int assay_plugin_load(const char *dir, const char *name, struct assay_plugin *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_plugin_unload(struct assay_plugin *plugin);

/* Check settings against the driver's option table: unknown names, ranges, missing required ones. where is
 * put before the message ("lab.xml:12"). */
int assay_plugin_check_settings(const struct assay_plugin *plugin, const struct assay_setting *settings,
	size_t count, const char *where, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The services handed to open. */
extern const struct assay_host assay_plugin_host;
/* The same in a host: where there is no memory left, the process ends. */
extern const struct assay_host assay_plugin_host_ending;

#endif
