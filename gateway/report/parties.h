/* SPDX-License-Identifier: Apache-2.0
 * The laboratory and the producer, as they stand on certificates and cards. */
#ifndef ASSAY_REPORT_PARTIES_H
#define ASSAY_REPORT_PARTIES_H

#include "gateway/report/document.h"

struct laboratory {
	const char *name_zh, *name_en, *address, *contact;
};
struct producer {
	const char *name, *licence, *address;
};
extern const struct shape laboratory_shape, producer_shape;

#endif
