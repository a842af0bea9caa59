/* SPDX-License-Identifier: Apache-2.0
 * Alarms on their way out: as a mail for a command of the site's choice, as JSON for a web hook, and the program that takes
 * them there. */
#ifndef ASSAY_NOTIFY_SEND_H
#define ASSAY_NOTIFY_SEND_H

#include "gateway/config.h"

#include <jansson.h>
#include <stdint.h>

#define ASSAY_NOTIFY_WORDS_MAX 24u /* of a command, its program first */
#define ASSAY_NOTIFY_SEND_MS 30000u

/* RFC 5322, UTF-8: one message about all of alarms (gateway/lab/query.h), Chinese and English. malloc'd; NULL: no memory.
 * Control characters of what instruments and people wrote become blanks. */
char *assay_notify_mail(const struct assay_config *config, const json_t *alarms, int64_t wall_ns);
/* What curl reads with -K -: address and body, so that neither stands in the list of processes. malloc'd. */
char *assay_notify_hook(const struct assay_config *config, const json_t *alarms);

/* Run words[0], a path, with words (ends with NULL) and text as its standard input; its words go to ours. beat is called
 * about once a second meanwhile. 0: it ended with 0; else its exit code, or 128 and more: killed, late, not started. */
int assay_notify_run(char *const words[], const char *text, void (*beat)(void *context), void *context);

/* "/usr/bin/msmtp -t" -> words in buffer, which is changed. The number of words; 0: none, or too many. */
size_t assay_notify_words(char *buffer, char *words[ASSAY_NOTIFY_WORDS_MAX + 1]);

#endif
