/* SPDX-License-Identifier: Apache-2.0
 * Codes that machines read: QR (libqrencode) and Code 128 (libzint), drawn as areas. */
#ifndef ASSAY_REPORT_CODE_H
#define ASSAY_REPORT_CODE_H

#include "gateway/report/sheet.h"

#define QR_TEXT_MAX 400u

/* A square of side pixels with the text, error correction M. The caller leaves a fifth of side free on all four sides,
 * which holds the quiet zone of 4 modules (ISO/IEC 18004) for every size of code. */
void code_qr(struct sheet *sheet, double x, double y, double side, const char *text);

/* Bars in the middle of width, with their quiet zones of 10 modules inside it, height high. Fails the sheet ("report-label-narrow") when a module would be under
 * 0.19 mm, which common scanners no longer read. text: printable ASCII. */
void code_128(struct sheet *sheet, double x, double y, double width, double height, const char *text);

#endif
