/* SPDX-License-Identifier: Apache-2.0
 * Bodies of the laboratory's entries (assay-journal.5). All are JSON objects; quantities are text, seq and counts are
 * integers; "who" is the person or the peer's user name. Later versions add members and never change one.
 *
 * batch    {batch, sample, product, product_zh, product_en, product_file, product_sha256, name, producer, lot, produced,
 *           amount, origin, who, producer_id, card, samples: [{sample, role: "test", "retained" or
 *           "container", amount, counted_for, container}],
 *           cannot_test: [{analyte, analyte_zh, standard, reason}], key, request_digest, specs_sha256}: key: the asker's own name for
 *           the request, so that asking twice registers once; specs_sha256: the set of specs it is judged by
 * test     {test, batch, position, analyte, method, evidence_instrument, sheet, retest_of, rule}: rule of a retest:
 *           "retest-decides" or "worst-decides"
 *   sheet  what the method said when the test was ordered: {analyte_zh, analyte_en, method_standard, method_zh,
 *           method_en, method_file, method_sha256, formula, unit, replicates,
 *           slots: [{slot, name_zh, name_en, unit, repeat}],
 *           checks: [{name, name_zh, name_en, unit, low, high}],
 *           evidence: [{role, channel, unit, from_slot, to_slot, low, high}],
 *           limit: {standard, clause, text} or null}
 *         plan: {standard, clause, kind, n, c, m, M, unit, containers: [bar code]}}: a sampling plan; replicates is n, and
 *           replicate k is what container k holds
 * arm      {test, slot, replicate, ordinal, instrument, channel, who}: the slot waits for the instrument; whatever else
 *           waited for it does no longer.  {test, armed: false, who}: nothing of the test waits
 * fill     {test, slot, replicate, ordinal, position, value, unit, instrument, channel, exchange, idx, serial, driver,
 *           driver_sha256, again, calculated}: reading idx of entry `exchange`. again: one more weighing is due;
 *           calculated: what follows so far, as in gateway/lab/query.h.
 *          {..., sample}: put there by the sample the device named
 *          {..., typed: true, reason, who} without instrument and exchange: a typed value
 * refused  {test, slot, replicate, ordinal, instrument, exchange, idx, value, unit, reason, text_zh, text_en}
 * slot     {test, action: "taken-back", slot, replicate, ordinal, value, unit, typed, fill, exchange, idx, calculated, reason,
 *           who}: the slot is empty again; {test, action: "missing", replicate, sample, reason, who}: container replicate
 * result   {result, test, batch, value, unit, exact, reasons, derivation: [{zh, en}], calculated, evidence: [...],
 *           readings: [{slot, replicate, ordinal, value, unit, typed, fill, exchange, idx}],
 *           method: {id, file, sha256}}; value "" when none could be calculated; exact: "n/d"
 *           of a sampling plan value lists the counts in their containers' order, exact is "", and there is
 *           containers: [{container, sample, state: "counted" or "missing", value, unit, exact, judged}]
 * verdict  of a result: {result, verdict, reasons, standard, clause, limit, compared, text_zh, text_en, derivation,
 *           source: {category, file, sha256, line, source, confidence},
 *           share: {low, high} or null}: of the limit, exactly ("n/d", 1 is the limit); low and high differ when the
 *           result is an interval (below a limit of detection ...); null where no single bound above 0 is compared with
 *          of a batch: {batch, verdict, reasons, text_zh, text_en, scope_zh, scope_en, status,
 *           results: [{result, verdict}], derivation}
 * review   {batch, action: "confirm" or "void", reason, status, who}
 * person   {user, action: "created", name, roles (words), producer, who}
 *          {user, action: "roles", roles, producer, reason, who}, {user, action: "methods", methods: [id], reason, who},
 *          {user, action: "disabled" or "enabled", reason, who}, {user, action: "password", who},
 *          {user, action: "second-factor-on" or "second-factor-off", reason, who},
 *          {user, action: "logged-in", "logged-out", "login-refused" or "second-factor-refused", address}
 *          {token, action: "created", name, roles, producer, until_ns, who}, {token, action: "revoked", reason, who}
 * review   {batch, action: "confirm", "void", "retest", "trail-read" or "release", reason, status, who,
 *           signature: {name (of login), full_name, how: "password" or "local", meaning, at, record: {batch, verdict, verdict_seq, results},
 *           record_digest}}; of a retest also {test, result, rule, retest}; of trail-read {upto}; of a release
 *           {certificate}
 * certificate {certificate, batch, verdict, replaces, reason, who, document}: document as assay-report takes it
 * paper    {certificate, sha256}; raw: the PDF
 * rack     {instrument, places: [{position, test, slot, replicate}], who}: takes the place of the one before
 * alarm    {alarm, action: "acknowledge", reason, who}
 * split    {test, batch, producer, method, value, unit, uncertainty, coverage, date, note, blind, reason, who}: what the
 *           producer's own laboratory found; blind: before our result was there. The newest of a test counts
 *
 * Registers: an entry holds the whole row as it stands from then on; a correction is another entry with a reason.
 * producer   {producer, row: {name, name_en, licence, address, contact, phone, email, products: [product], self_tests:
 *             [analyte], tests_a_year, cost_a_year, note}, reason, who}
 * instrument {instrument, action: "calibrate", certificate, laboratory, calibrated, due, outcome: "fit" or "unfit",
 *             reason, who}: due is "0000-00-00" when unfit, so nothing is taken from it
 *            {instrument, action: "use", location, users: [who], reason, who}: users empty: everybody
 * programme  {programme, row: {name_zh, name_en, tests, producers, alarm_at, valid_until}, prices: [{analyte, price}],
 *             reason, who}
 * card       {card, programme, producer, action: "issue", "redeem", "return" or "revoke", issued, used, batch, saved_fen,
 *             unpriced, valid_until, reason, who}: a line of the ledger. issued, used and saved_fen are what it adds, or
 *             takes back when negative; unpriced: tests without a price, which saved_fen leaves out */
#ifndef ASSAY_LAB_ENTRIES_H
#define ASSAY_LAB_ENTRIES_H

#include "gateway/lab/lab.h"

#define LAB_TEXT_MAX 200u /* bytes of a name, lot, reason ... */
#define LAB_ID_MAX 64u
#define LAB_TESTS_MAX 64u /* of one batch */
#define LAB_VALUES_MAX 256u /* slots with their repeats, of one test */

/* "name": "..." as text, "" when absent. */
const char *lab_text(const json_t *object, const char *name);
/* A text for a body; cut at the last whole character when it is not UTF-8 to its end. New reference. */
json_t *lab_string(const char *text);
json_t *lab_steps(const struct assay_step_list *steps); /* [{zh, en}] */
json_t *lab_reasons(const struct assay_reason_list *reasons); /* [code] */
int lab_no_memory(struct assay_error *err);
/* Append body and drop it; NULL body: no memory. */
int lab_append(struct assay_lab *lab, uint16_t kind, json_t *body, uint64_t *sequence_out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
