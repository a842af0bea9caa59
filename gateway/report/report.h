/* SPDX-License-Identifier: Apache-2.0
 * assay-report: one JSON document on standard input, one PDF on standard output. A program of its own, so that no
 * role carries Pango; it opens no network and no file but its fonts.
 *
 *     assay-report certificate [--json]            A4, Chinese with English
 *     assay-report labels [--svg] [--json]         bar code labels on a sheet; --svg: one sheet as SVG
 *     assay-report card [--json]                   a producer's card, 85.6 mm x 54 mm
 *     assay-report statement [--json]              A4: headings, sentences and tables, such as a quarter's report
 *
 * Exit 0; 1 refused, with one line on standard error (--json: {"error": {code, text_zh, text_en}}); 2 usage.
 * The same document gives the same bytes, whatever the time, zone and locale, as long as fonts and libraries are the same.
 *
 * Names are those of gateway/lab/query.h. Quantities are text and printed as they stand: nothing is computed, rounded
 * or translated here. Every field below must be there, "" or null or [] where there is nothing; no other field may be. Texts
 * hold no control character, no direction mark, and only characters that the fonts have. Limits: 4 MiB, 12 deep; texts
 * and lists as in the field tables of certificate_document.c, label.c and card.c.
 *
 * DATE is YYYY-MM-DD. TIME is RFC 3339 with the laboratory's own offset (2026-11-23T16:20:05+08:00), since it is printed as
 * written; a fraction of a second is allowed and not printed. HASH is 64 lower-case hexadecimal digits. NUMBER is a JSON
 * integer. Everything else is text; names ending in _mm are decimal text with at most two places.
 *
 * certificate
 *   {kind: "certificate", certificate, issued TIME,
 *    laboratory: {name_zh, name_en, address, contact},
 *    producer: {name, licence, address},
 *    batch: {batch, name, product_zh, product_en, category_zh, category_en, lot, produced DATE, received DATE,
 *      tested_from DATE or "", tested_to DATE or "", amount, origin_zh, origin_en, samples: [sample],
 *      scope: {text_zh, text_en}, verdict, reasons: [{code, text_zh, text_en}], text_zh, text_en},
 *    tests: [{test, analyte_zh, analyte_en, basis_zh, basis_en, method: {standard, title_zh, title_en},
 *      limit: {standard, clause, text} or null,
 *      result: {value, unit, censored, lod, loq, uncertainty, text_zh, text_en} or null,
 *      verdict: {verdict, reasons: [{code, text_zh, text_en}]}, was}],
 *    decision_rule: {text_zh, text_en}, notes: [{text_zh, text_en}],
 *    replaces: {certificate, issued TIME, reason} or null,
 *    signatures: [{action, who, name, at TIME, digest HASH}],
 *    checkpoint: {size NUMBER, root HASH, at TIME, witness},
 *    check: {address, proof}}
 *   batch.verdict: "pass", "fail", "undetermined"; of a test also "not_applicable". action: "test", "review", "release".
 *   method.standard and limit.standard end in their year ("GB 5009.12-2023"); a method without a standard has a title
 *   ("计算", "calculated"). result.value holds the GB/T 8170 mark when it has one ("0.489(+)"); censored: "", or
 *   "not-detected" (value "" then; 未检出 ND is printed with lod and loq, which are with units). was: what the replaced
 *   certificate printed for this test, "" unchanged; only when replaces is there. check.address ends in the number of the
 *   certificate and starts with http:// or https://; the QR code holds ADDRESS#SIZE.ROOT, the root's first 16 digits.
 *
 *   A certificate that contradicts itself is refused: a batch that passes while a test does not, or fails while none
 *   does; a pass or fail without limit or without result; an undetermined without reason; a pass or fail with a
 *   reason beside it that is not "limit-unverified", "typed-value", "near-limit" or "reading-taken-back" (the judging makes those undetermined); a release by
 *   a person (who) who signed the review or a test; no release at all. name is what is printed for who.
 *
 * labels
 *   {kind: "labels", issued TIME,
 *    sheet: {width_mm, height_mm, columns NUMBER, rows NUMBER, left_mm, top_mm, label_width_mm, label_height_mm,
 *      pitch_x_mm, pitch_y_mm, first NUMBER},
 *    labels: [{sample, name, text}]}
 *   first: the place on the first sheet to begin with, from 1, row by row. sample: what the bar code (Code 128) holds and
 *   what stands readable below it; 1 to 32 printable ASCII characters.
 *
 * statement
 *   {kind: "statement", issued TIME, number, title_zh, title_en, subject, laboratory: {name_zh, name_en, address, contact},
 *    parts: [{part: "heading", "text", "note" or "table", text_zh, text_en, heads: [{text_zh, text_en, share NUMBER}],
 *      rows: [{cells: [{text}]}]}]}
 *   heads and rows are [] but in a table; share: of the width; each row has as many cells as there are heads.
 *
 * card
 *   {kind: "card", issued TIME, laboratory: {name_zh, name_en, address, contact}, card, producer: {name, licence,
 *    address}, programme_zh, programme_en, tests, valid_until DATE or "", code}
 *   tests: the entitlement in words ("7 次全项 / 7 full-item tests"). code: what the QR code holds; it ends in the card's id. */
#ifndef ASSAY_REPORT_REPORT_H
#define ASSAY_REPORT_REPORT_H

#include "gateway/report/document.h"

#include <stdio.h>

#define ASSAY_REPORT_INPUT_MAX 4194304u /* bytes */
#define ASSAY_REPORT_DEPTH_MAX 12u

/* Check the document, draw it and write the whole result to out (nothing before it is complete). The caller keeps
 * root and out. */
int assay_report_certificate(json_t *root, FILE *out, struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_report_labels(json_t *root, bool svg, FILE *out, struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_report_card(json_t *root, FILE *out, struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_report_statement(json_t *root, FILE *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Give up what is not needed: time, memory, network, other programs, writing files. Call first of all. */
int assay_report_confine(struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
