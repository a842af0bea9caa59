/* SPDX-License-Identifier: Apache-2.0
 * What pages, command line and API read from the state: one function for each answer, used by the recorder
 * (for commands) and by web (read-only connection). Returned objects are new references, owned by the caller;
 * NULL with err filled on failure.
 *
 * Quantities are text; times ("at", "since", "from", "to") are RFC 3339 UTC with milliseconds, "" none; seq is a
 * journal sequence number; texts for people come as NAME_zh and NAME_en; "" where there is nothing.
 *
 * line       {line, transport, address, settings, name_zh, name_en, status, code, text_zh, text_en, since,
 *             instruments: [{instrument, driver, driver_sha256, spec, name_zh, name_en, model, serial, serial_seen,
 *               model_seen, calibrated_until, location, needed,
 *               channels: [{channel, name_zh, name_en, band_low, band_high, value, unit, flags: [name],
 *                 reason, at, seq, idx, band}]}]}
 *            status: enum assay_line_status by name; band: "in", "low", "high", "" (no band or no number)
 * reviews    [{batch, name, lot, producer, producer_id, batch_seq, test, analyte, analyte_zh, analyte_en, retest_of, result,
 *             value, unit, verdict, reasons, standard, clause, limit, text_zh, text_en, seq, why: [word]}]
 *            why: out-of-limit, undetermined, near-limit, typed, duplicate, condition, calibration, taken-back, limit-unverified, retest
 * review     {head: {result, test, analyte, batch, name, lot, produced, producer, producer_id, status, received}, test,
 *             instruments: [instrument], earlier: [{batch, lot, produced, result, value, unit, verdict, seq}], trace}
 * alarm      {alarm, kind: line, instrument, calibration, entitlement, clock, disk, fault, certificate or quality, subject, level:
 *             alarm or notice, since, text_zh, text_en, acknowledged: {who, at, reason} or null}; alarm is its name
 * certificate {certificate, batch, name, producer, verdict, replaces, replaced_by, reason, who, issued, paper_seq,
 *             paper_sha256, paper_bytes, seq, document}; in lists without document; paper_seq null: not printed yet
 * frame      {seq, line, instrument, at, outcome, solicited, received (hex), detail, fate,
 *             readings: [{channel, value, unit, flags, reason}]}
 *            fate: "", filled, evidence, unassigned, refused
 * batch      {batch, product, product_zh, product_en, name, producer, lot, produced, amount, origin, sample, received,
 *             status, verdict, reasons: [code], text_zh, text_en, scope: {tests: [analyte], text_zh, text_en},
 *             attention_zh, attention_en, seq, producer_id, card, samples: [{sample, role, amount}],
 *             cannot_test: [{analyte, analyte_zh, standard, reason}], tests: [test],
 *             reviews: [{seq, action, reason, who, at, signature, and what the action adds}], certificates: [certificate]}
 *            status: to-test, testing, awaiting-review, awaiting-release, released, void; verdict "" while there is none.
 *            In lists tests is left out; tests_done and tests_total stand instead.
 * test       {test, retest_of, rule, batch, position, analyte, analyte_zh, analyte_en, method, method_standard, method_zh, method_en,
 *             formula, unit, status, evidence_instrument, limit: {standard, clause, text} or null,
 *             slots: [{slot, name_zh, name_en, unit, replicate, ordinal, repeat, status, instrument, value, typed,
 *               reason, reason_zh, reason_en, at, exchange_seq, exchange_idx, seq}],
 *             calculated: [{name, name_zh, name_en, replicate, value, unit, low, high}],
 *             evidence: [{role, instrument, channel, unit, from, to, min, max, count, low, high, status}],
 *             result: result or null, held: [{hold, rule, reason, run, instrument}]}: held: its verdict is undetermined then,
 *             and verdict.judged is what it is by itself
 *            slot status: empty, armed, filled, refused; evidence status: in, low, high, missing, "" (not yet)
 * result     {result, value, unit, exact, derivation: [{zh, en}], seq, verdict: verdict or null}
 * verdict    {verdict, reasons, standard, clause, limit, compared, text_zh, text_en, derivation: [{zh, en}], seq}
 * entry      {seq, kind, at, mono_ns, boot, line, body (the JSON), leaf (hex), raw (hex, when asked for)}
 * trace      {result, limit: {standard, clause, text, source, confidence, file, sha256, line}, method: {id, file, sha256},
 *             batch, test, readings: [{slot, replicate, ordinal, value, unit, typed, exchange: {entry fields,
 *               events: [{direction, at_ns, hex}], received (hex)}, frame_at, frame_length, value_at, value_length,
 *               unit_at, unit_length, instrument, serial, driver: {name, version, sha256}}], steps: [{zh, en}]}
 * producer   {producer, name, name_en, licence, address, contact, phone, email, products: [product], self_tests: [analyte],
 *             tests_a_year, cost_a_year, note, registered, seq, entitled, used, remaining,
 *             changes: [{seq, row, reason, who, at}], cards: [card]}; in lists without changes and cards
 * instrument {instrument, line, name_zh, name_en, driver, spec, model, serial, serial_seen, model_seen, calibrated_until,
 *             location, users: [who], outcome: "", fit or unfit, line_status, seq,
 *             calibrations: [{seq, certificate, laboratory, calibrated, due, outcome, reason, who, at}]}, newest first
 * programme  {programme, name_zh, name_en, tests, producers, alarm_at, valid_until, prices: [{analyte, price}], issued, used,
 *             saved_fen, remaining, producers_with_card, reason, who, at, seq}
 * card       {card, programme, producer, producer_name, tests, used, remaining, status: active or revoked, valid_until, issued,
 *             seq, ledger: [{seq, action, issued, used, batch, saved_fen, unpriced, reason, who, at}]}; in lists without
 *             ledger
 *
 * Commands on run/assay.sock, one JSON object a line: {"cmd": NAME, ...}; answer {"ok": true, ...} or
 * {"error": {"code", "text_zh", "text_en", "status"}}. "who" may name the person whom a local peer types for; else the peer's
 * user name. Rights by role: rights.c.
 *
 * status                                                       -> {lines, journal: {size, root, segment, boot}, config, roles, disk: {free_bytes,
 *                                                                  journal_bytes_per_day, days_left, low}}
 * batch.new {product, name, producer, lot, produced, amount, origin, card, samples, retained, key,
 *   tests: [analyte]}: tests left out: its whole plan           -> {batch}
 * batch.list {status ""}                                        -> {batches: [...]}
 * batch.show {batch}                                            -> {batch}
 * batch.confirm / batch.void {batch, reason}                    -> {batch}
 * batch.trail-read {batch}                                      -> {batch}   its trail was read, up to now
 * batch.release {batch, reason}                                 -> {certificate}
 * certificate.amend {certificate, reason}                       -> {certificate}
 * certificate.show {certificate} / certificate.list {batch, before} -> {certificate} / {certificates}
 * test.show {test}                                              -> {test}
 * test.fill {test, slot, replicate, instrument, take false}     -> {test}   arm the slot for the instrument's next stable reading
 * test.retest {test, rule, reason}                              -> {test}   the new one
 * test.disarm {test}                                            -> {test}
 * test.enter {test, slot, replicate, value, reason}             -> {test}   a typed value "20.1127 g"
 * test.missing {test, replicate, reason}                        -> {test}   a container of its sampling plan cannot be counted
 * test.take-back {test, reason}                                 -> {test}   its last filling
 * line.confirm {line, instrument "", reason}                    -> {confirmed}   the device that answers there is right
 * producer.add {name, licence, ...}                             -> {producer}
 * producer.change {producer, reason, ...}                       -> {producer}
 * producer.show {producer} / producer.list {text, after}        -> {producer} / {producers}; after: the last id of a page
 * product.list                                                  -> {products}
 * instrument.calibrate {instrument, certificate, laboratory, calibrated, due, outcome, reason} -> {instrument}
 * instrument.use {instrument, location, users, reason}          -> {instrument}
 * instrument.show {instrument} / instrument.list                -> {instrument} / {instruments}
 * programme.set {programme, name_zh, tests, producers, prices, ..., reason} / programme.list    -> {programmes}
 * card.issue {programme, producer, tests, valid_until}          -> {card}
 * card.revoke {card, reason} / card.show {card}                 -> {card}
 * card.list {programme, producer, after}                        -> {cards}
 * batch.labels {batch, first} -> {labels} / card.paper {card} -> {paper}: documents for assay-report
 * who.can {act "", on}                                          -> {who_can}   who could do it on a day (people.h)
 * rack.load {instrument, places: [{position, test, slot, replicate}]} / rack.show {instrument} -> {places}
 * review.list {before}                                          -> {reviews}   before: batch_seq of the last row of a page
 * review.show {result}                                          -> {review}
 * alarm.list / alarm.acknowledge {alarm, reason}                -> {alarms}
 * entitlement.audit                                             -> {audit: {findings: [{code, subject, found, wanted, text_zh,
 *                                                                  text_en}], programmes}}
 * qc.material.add {kind, name_zh, lot, expires, level, method, value, uncertainty, ...} / .retire {material, reason} / .list
 * qc.run.new {instrument, materials, of, added, next_due, evidence} / .show {run} / .list {before}   -> {run} / {runs}
 * qc.chart.list / .show {material, instrument} / .freeze {material, instrument, relative, left_out: ["TEST=WHY"], reason}
 * qc.hold.list {all} / .show {hold} / .explain {hold, cause, action} / .release {hold, reason}       -> {hold} / {holds}
 * qc.proficiency.add {scheme, round, date, method, value, unit, assigned, ...} / .list {method}      -> {rounds, history}
 * qc.uncertainty.show {method, relative} / .adopt {method, relative, reason}                         -> {uncertainty, adopted}
 * statement.print {document}: of the web role alone                                       -> {pdf: base64}
 * split.enter {test, value, unit, uncertainty, coverage, date, note, reason} / .list {producer, method}  -> {splits}
 * trace {result}                                                -> {trace}
 * config.reload {reason}                                        -> {reload: {sha256, generation (of the recorder that answers;
 *                                                                  the next one has another), kept, changed, added, removed}}
 * key.change {reason}                                           -> {changed: {key, before (public), size, who, reason}}
 * journal {from, limit, raw}                                    -> {entries} */
#ifndef ASSAY_LAB_QUERY_H
#define ASSAY_LAB_QUERY_H

#include "limits/error.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Open DIR/state.db read-only for queries (busy time-out set). */
int assay_query_open(const char *dir, sqlite3 **out, struct assay_error *err) ASSAY_WARN_UNUSED;

json_t *assay_query_lines(sqlite3 *state, struct assay_error *err); /* [line] */
json_t *assay_query_frames(
	sqlite3 *state, unsigned limit, struct assay_error *err); /* [frame], newest first */
/* [{at, value, unit, seq, idx}], oldest first, for traces */
json_t *assay_query_history(sqlite3 *state, const char *instrument, const char *channel, int64_t from_ns,
	unsigned limit, struct assay_error *err);
json_t *assay_query_batches(sqlite3 *state, const char *status, struct assay_error *err); /* status "" all */
json_t *assay_query_batch(sqlite3 *state, const char *id, struct assay_error *err);
json_t *assay_query_test(sqlite3 *state, const char *id, struct assay_error *err);
/* The active job for the bench: tests with an armed slot, else the newest not finished, else the newest.
 * {"tests": [test, with batch_name, lot, sample], "frames": [frame, 20]} */
json_t *assay_query_bench(sqlite3 *state, struct assay_error *err);

/* A short digest of an answer, for If-Match: another text, another digest. */
#define ASSAY_QUERY_ETAG_MAX 33u
void assay_query_etag(const json_t *object, char out[ASSAY_QUERY_ETAG_MAX]);
/* Of a batch, or "" all: a page of those before a sequence (0: the newest), newest first. */
json_t *assay_query_certificates(sqlite3 *state, const char *batch, int64_t before, struct assay_error *err);
json_t *assay_query_certificate(sqlite3 *state, const char *id, struct assay_error *err);
/* The review queue, newest batch first: a page of those of batches before a sequence (0: the newest). A page ends with a
 * whole batch. */
json_t *assay_query_reviews(sqlite3 *state, int64_t before, struct assay_error *err);
/* One result with everything a reviewer needs; reads the journal in dir as well. */
json_t *assay_query_review(sqlite3 *state, const char *dir, const char *result, struct assay_error *err);
/* What somebody has to look at at now_ns (wall clock). */
json_t *assay_query_alarms(sqlite3 *state, int64_t now_ns, struct assay_error *err);
#define ASSAY_QUERY_PAGE 200 /* rows of one page of a list that has pages */
/* Part of a name or licence, "" all; those after an id, "" from the beginning. */
json_t *assay_query_producers(sqlite3 *state, const char *text, const char *after, struct assay_error *err);
json_t *assay_query_producer(sqlite3 *state, const char *id, struct assay_error *err);
json_t *assay_query_instruments(sqlite3 *state, struct assay_error *err);
json_t *assay_query_instrument(sqlite3 *state, const char *id, struct assay_error *err);
/* What was loaded last: [{position, test, slot, replicate, seq}]. */
json_t *assay_query_rack(sqlite3 *state, const char *instrument, struct assay_error *err);
json_t *assay_query_programmes(sqlite3 *state, struct assay_error *err);
json_t *assay_query_programme(sqlite3 *state, const char *id, struct assay_error *err);
/* "" any; those after an id, "" from the beginning. */
json_t *assay_query_cards(sqlite3 *state, const char *programme, const char *producer, const char *after,
	struct assay_error *err);
/* audit.c: the ledger added up again: {findings: [{code, subject, found, wanted, text_zh, text_en}], programmes}. */
json_t *assay_query_entitlement(sqlite3 *state, struct assay_error *err);
json_t *assay_query_card(sqlite3 *state, const char *id, struct assay_error *err);

/* These read the journal in DIR as well, read-only. */
json_t *assay_query_journal(
	const char *dir, uint64_t from, unsigned limit, bool raw, struct assay_error *err);
json_t *assay_query_trace(sqlite3 *state, const char *dir, const char *result, struct assay_error *err);
/* The print of a certificate as it went into the journal, its digest compared; *bytes_out is the caller's (free).
 * ASSAY_ENOTFOUND: no such certificate, or "not-printed-yet". */
int assay_query_paper(sqlite3 *state, const char *dir, const char *certificate, unsigned char **bytes_out,
	size_t *length_out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* An entry's way to the oldest checkpoint over it: {seq, kind, at, leaf, path: [hex, from the leaf up],
 * checkpoint: {size, note}} (RFC 6962, 2.1.1; C2SP signed note). */
json_t *assay_query_inclusion(const char *dir, uint64_t sequence, struct assay_error *err);

#endif
