/* SPDX-License-Identifier: Apache-2.0
 * The recorder's end of the report role: certificates that have no print yet are sent there one after the other, and what
 * comes back goes into the journal. The recorder never waits for it. */
#ifndef ASSAY_RECORD_PRINTER_H
#define ASSAY_RECORD_PRINTER_H

#include <stddef.h>
#include <stdint.h>

struct recorder;

struct recorder_printer {
	int fd; /* -1: nothing is under way */
	char certificate[64]; /* that is being printed */
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
void printer_end(struct recorder_printer *printer);

#endif
