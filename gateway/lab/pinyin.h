/* SPDX-License-Identifier: Apache-2.0
 * Finding Chinese names by what a Latin keyboard can type: "tqys", "tuoqingyisuan" and "tuoqys" all find 脱氢乙酸. */
#ifndef ASSAY_LAB_PINYIN_H
#define ASSAY_LAB_PINYIN_H

#include <stdbool.h>

#define ASSAY_PINYIN_QUERY_MAX 64u /* bytes of what was typed; longer finds nothing */

/* Does text hold what was typed: as it stands (Latin letters in either case), or, for two and more Latin letters, as
 * syllables, first letters or a mixture of both of characters that follow each other? "" is held by every text. */
bool assay_pinyin_holds(const char *text, const char *typed);
/* Is there a reading for the character that text (UTF-8) begins with? */
bool assay_pinyin_known(const char *text);

#endif
