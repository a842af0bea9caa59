/* SPDX-License-Identifier: Apache-2.0
 * A checked configuration as bytes, for a role that was not forked from the process that read lab.xml: that role may
 * neither read lab.xml nor the specs, and gets just what was checked. lab.xml's own text stays out (the recorder alone
 * records it, and it is always forked). Same machine, same binary: native byte order. */
#ifndef ASSAY_CONFIG_IMAGE_H
#define ASSAY_CONFIG_IMAGE_H

#include "gateway/config.h"

#define ASSAY_CONFIG_IMAGE_MAX                                                                               \
	67108864u /* bytes; a thousand lines with their register maps are about one million */

/* *bytes_out is yours: free. */
int assay_config_image_write(const struct assay_config *config, void **bytes_out, size_t *length_out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* Copies what it needs of bytes; *out is yours: assay_config_free. ASSAY_EREFUSED "config-image" when the bytes are not
 * such an image; nothing beyond length is read whatever they are. */
int assay_config_image_read(const void *bytes, size_t length, struct assay_config **out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
