/* SPDX-License-Identifier: Apache-2.0
 * The two larger parts of assay driver. */
#ifndef ASSAY_CLI_DRIVER_H
#define ASSAY_CLI_DRIVER_H

#include "drivers/driver.h"
#include "gateway/config.h"

#define ASSAY_DRIVER_SET_MAX 512u /* --set options */
#define ASSAY_DRIVER_CAPTURE_MAX 67108864u /* bytes of a capture */

/* Replay the transcripts of files (all of specs/instruments when count is 0), whole and byte by byte. Exit code. */
int assay_driver_test(const struct assay_places *places, char **files, size_t count, bool json);

/* One JSON line for each reading of the capture. Exit code. */
int assay_driver_decode(const struct assay_places *places, const char *instrument, const char *driver,
	const struct assay_setting *settings, size_t setting_count, const char *capture, bool json);

#endif
