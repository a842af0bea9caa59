/* SPDX-License-Identifier: Apache-2.0
 * The state of health of an installation: what assay doctor looks at. Nothing here changes a byte of the data
 * directory; it works with and without a running gateway. */
#ifndef ASSAY_CARE_CARE_H
#define ASSAY_CARE_CARE_H

#include "gateway/config.h"

#include <jansson.h>

struct care {
	const char *dir; /* borrowed */
	struct assay_places places;
	struct assay_config *config; /* NULL when lab.xml cannot be used */
	json_t *status; /* the recorder's answer; NULL: none runs, or it does not answer */
	json_t *findings; /* list of {code, fault, subject, text_zh, text_en, do_zh, do_en} */
	json_t *figures; /* object: what was measured */
	unsigned faults;
	int64_t now_s; /* wall clock */
};

/* Look at everything. The care must be freed whatever happened; ASSAY_ENOMEM, ASSAY_EIO "places". */
int care_examine(const char *dir, struct care *out, struct assay_error *err) ASSAY_WARN_UNUSED;
void care_free(struct care *care);

/* One finding; code is a row of advice.c. subject: a line, an instrument, a file, "" none. */
void care_found(struct care *care, const char *code, const char *subject, const char *zh, const char *en, ...)
	__attribute__((format(printf, 4, 6), format(printf, 5, 6)));

/* The same with finished sentences. */
void care_found_texts(
	struct care *care, const char *code, const char *subject, const char *text_zh, const char *text_en);

/* The parts of care_examine. */
void care_machine(struct care *care); /* permissions, clock, versions */
void care_laboratory(struct care *care); /* lab.xml, ports, lines, calibrations, specs */
void care_records(struct care *care); /* journal, disk, checkpoint, backup */

/* SQLite, libmodbus and libxml2 as they run here: {name: version}. */
json_t *care_versions(void);

#endif
