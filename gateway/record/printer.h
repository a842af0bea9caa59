/* SPDX-License-Identifier: Apache-2.0
 * The recorder's end of the report role: certificates that have no print yet are sent there one after the other, and what
 * comes back goes into the journal; labels and cards that somebody waits for go first, and to him alone. The recorder never
 * waits for it. */
#ifndef ASSAY_RECORD_PRINTER_H
#define ASSAY_RECORD_PRINTER_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define PRINTER_JOBS_MAX 16u /* that wait */

struct recorder;
struct recorder_ask;

/* A document that is printed for whoever asked, and recorded nowhere. */
struct recorder_print {
	struct recorder_ask *ask;
	char *document; /* owned */
};

struct recorder_printer {
	int fd; /* -1: nothing is under way */
	char certificate[64]; /* that is being printed */
	struct recorder_ask *ask; /* or who waits for what is; NULL: it is a certificate */
	struct recorder_print waiting[PRINTER_JOBS_MAX]; /* the oldest first */
	size_t waiting_count;
	char *out; /* the question, what is left of it from out_sent */
	size_t out_length, out_sent;
	uint8_t *in;
	size_t in_length, in_room;
	uint64_t deadline_ns, next_ns; /* of this one; not before then the next */
	int64_t refused_seq; /* certificates up to here were refused, and are not tried again before the next start */
};

void printer_start(struct recorder_printer *printer);
/* Begin the next one when it is time; give up one that takes too long. */
void printer_tick(struct recorder *recorder, uint64_t now_ns);
short printer_events(const struct recorder_printer *printer); /* to poll fd for */
/* Its descriptor is ready. A finished print is appended to the open group. */
void printer_ready(struct recorder *recorder);
/* A certificate was issued: do not wait for the next look. */
void printer_soon(struct recorder_printer *printer);
/* Print document for ask. The answer that refuses it, or NULL: it comes later, {"ok", "pdf": base64}. */
json_t *printer_ask(struct recorder *recorder, struct recorder_ask *ask, const json_t *document);
void printer_end(struct recorder_printer *printer);
void printer_stop(struct recorder_printer *printer); /* and what waits is forgotten */

#endif
