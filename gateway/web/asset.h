/* SPDX-License-Identifier: Apache-2.0
 * The pages' files, compiled in by gateway/ui/embed.sh. Nothing is ever opened because of what a URL says. */
#ifndef ASSAY_WEB_ASSET_H
#define ASSAY_WEB_ASSET_H

#include <stddef.h>

struct assay_asset {
	const char *path; /* "/ui/app.js"; the start page is "/" */
	const char *type; /* Content-Type */
	const char *etag; /* with its quotes: the first 128 bits of the SHA-256, in hex */
	const unsigned char *bytes;
	size_t length;
	const unsigned char *gzip; /* the same, compressed */
	size_t gzip_length;
};

extern const struct assay_asset assay_assets[];
extern const size_t assay_asset_count;

#endif
