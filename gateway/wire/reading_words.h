/* SPDX-License-Identifier: Apache-2.0
 * The closed lists of what a reading can say besides its number: names for programs, zh and en for people. */
#ifndef ASSAY_WIRE_READING_WORDS_H
#define ASSAY_WIRE_READING_WORDS_H

#include "drivers/driver.h"

#include <stdbool.h>

struct assay_reading_word {
	uint32_t code; /* one ASSAY_FLAG_ bit, or an enum assay_reason */
	const char *name, *zh, *en;
};

/* Rows in the order of the bits; ends with a row whose name is NULL. */
const struct assay_reading_word *assay_reading_flags(void);
/* Rows in the order of enum assay_reason, from 1; ends with a row whose name is NULL. */
const struct assay_reading_word *assay_reading_reasons(void);

/* "over", "" for 0, "?" for a number that is not in the list. */
const char *assay_reading_reason_name(uint32_t reason);
/* The bit of a flag's name, 0 when there is none. */
uint32_t assay_reading_flag_bit(const char *name, size_t length);
/* Names of the bits set, blank-separated. out holds size bytes; always NUL-terminated. Returns out. */
char *assay_reading_flags_text(uint32_t flags, char *out, size_t size);

/* A reading keeps the contract of driver.h: a channel, a value of the closed form -?digits[.digits] without
 * superfluous zeros or a reason instead of one, and every text within its ceiling and in UTF-8. */
bool assay_reading_holds(const struct assay_reading *reading);

#endif
