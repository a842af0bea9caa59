/* SPDX-License-Identifier: Apache-2.0
 * The body of an exchange entry, as assay-journal.5 describes it: compact JSON, one object, defaults left out. With
 * the raw events it says everything the state needs; no driver is asked again.
 *
 *     {"instrument":"balance-1","generation":3,"id":17,
 *      "readings":[["weight","20.1127","g",1,"",4,10,15,1,0,18]]}
 *
 * instrument  id from lab.xml; left out: none could be told
 * outcome     name of enum assay_outcome; left out: "ok"
 * want        "values" (left out), "stable" or "identity" was asked for; "none": the bytes came by themselves
 * generation, id   of the host's END message, so that an exchange told twice is recorded once
 * usable      true or false; left out: true exactly when outcome is "ok". Only readings of a usable exchange become
 *             values of a channel, evidence, or fill a slot
 * serial, model    what an identity exchange told
 * detail      one line for the technician
 * readings    list of lists, trailing defaults left out ("" and 0):
 *             channel, value ("" no number), unit, flags (ASSAY_FLAG_ bits of drivers/driver.h), reason (name of enum
 *             assay_reason), value_at, value_length, unit_at, unit_length, frame_at, frame_length (in the received
 *             bytes, all joined), unasked (1: came by itself inside an exchange that was asked for), sample, detail
 *
 * The recorder's other entries; jansson writes them, compact (the laboratory's: gateway/lab/entries.h):
 *
 * genesis  {format: "ASJ1", site, origin}
 * start    {version, generation, supervisor: "pid.start time"}; with another supervisor in the same or another boot the
 *          generations of hosts begin again
 * config   raw: lab.xml. {sha256, site, name_zh, name_en, address, contact, check, unverified, decision, controls: [{method, hours, results}], lines: [{line, transport, address, settings, name_zh, name_en,
 *          disabled, instruments: [{instrument, driver, driver_sha256, spec, name_zh, name_en, model, serial,
 *          calibrated_until, location, every_ms, needed_ms, channels: [{channel, name_zh, name_en, low, high, unit}]}]}],
 *          digest}: what lab.xml and the instruments' files say together; written when the digest over it is new
 * spec     raw: the file. {path, sha256}; written when the last one of this path is another
 * driver   {name, version, sha256}
 * line     {status, code, text_zh, text_en, generation, id, within}; within: it came in the middle of an exchange, whose
 *          end is still to come, so the host keeps what it told since
 * clock    {step_ms}: the wall clock went so far by itself
 * identity {line, instrument, serial, was, reason, who}: a person confirmed that the device with this serial number now
 *          stands in the instrument's place; was: the serial number lab.xml names, "" none. It counts until lab.xml names
 *          another
 * fault    {code, text_zh, text_en}; journal-quarantined also {segment, entries: [sequence]}: damaged at a start
 * stop     {reason}
 *
 * Unknown members are skipped by readers; later versions add, and never change the meaning of one. */
#ifndef ASSAY_RECORD_BODY_H
#define ASSAY_RECORD_BODY_H

#include "gateway/wire/channel.h"

#define ASSAY_INSTRUMENT_ID_MAX 64u /* with NUL */
#define ASSAY_EXCHANGE_BODY_MAX 262144u /* the longest body that can arise */

struct assay_exchange {
	char instrument[ASSAY_INSTRUMENT_ID_MAX]; /* "" none */
	uint32_t generation;
	uint64_t id;
	struct assay_end end; /* end.instrument is not part of the body; end.readings counts reading[] */
	struct assay_end_reading reading[ASSAY_END_READINGS_MAX];
	const char *list; /* read only: where in the body the readings stand, a JSON list; NULL none */
	size_t list_length;
};

/* What the state takes from a body besides its text: whoever writes one knows it already, the others read it. */
struct assay_exchange_gist {
	bool known; /* the rest says what the body says */
	bool usable, solicited;
	bool offers; /* a reading that may fill a slot */
	uint16_t outcome;
	uint32_t generation;
	uint64_t id;
	int64_t shape; /* a hash of the channels it gives, in order; 0: it gives none */
	size_t list_at, list_length; /* the readings in the body, a JSON list; length 0 none */
	char instrument[ASSAY_INSTRUMENT_ID_MAX];
	char serial[48], model[48];
};

/* Write the body; out holds ASSAY_EXCHANGE_BODY_MAX bytes. Bytes that are not UTF-8 become a question mark. Returns the
 * length. *gist (NULL: not wanted) is what assay_exchange_gist_read would find in it; not known when a byte became a
 * question mark. Any thread. */
size_t assay_exchange_body_write(
	const struct assay_exchange *exchange, char *out, struct assay_exchange_gist *gist);

/* Read a body for what the state takes from it. ASSAY_EDAMAGED as below. Not for threads: an exchange is large. */
int assay_exchange_gist_read(const char *body, size_t length, struct assay_exchange_gist *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Read a body; numbers and texts beyond their fields, or anything that is not such an object: ASSAY_EDAMAGED. Only
 * end.readings rows of reading[] are written. Any thread. */
int assay_exchange_body_read(const char *body, size_t length, struct assay_exchange *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* A reading that may fill a slot: it came by itself (print key), or one stable value was asked for. A value of the
 * steady round never does. */
bool assay_exchange_offers(const struct assay_exchange *exchange, const struct assay_end_reading *reading);

#endif
