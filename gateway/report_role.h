/* SPDX-License-Identifier: Apache-2.0
 * The report role's socket, DIR/run/report.sock: the recorder connects, sends one document (its kind: certificate, labels or
 * card) and gets one answer; then both hang up. Numbers are big-endian.
 *
 *     question  4 bytes length, then the JSON document (gateway/report/report.h)
 *     answer    1 byte 0, 4 bytes length, the PDF; or 1 byte 1, 4 bytes length, {"code", "text_zh", "text_en"} */
#ifndef ASSAY_REPORT_ROLE_H
#define ASSAY_REPORT_ROLE_H

#include <stdint.h>

#define ASSAY_REPORT_SOCKET "report.sock"
#define ASSAY_REPORT_DOCUMENT_MAX 1048576u /* bytes; a journal entry holds no more */
#define ASSAY_REPORT_HEAD 5u /* bytes before an answer */
#define ASSAY_REPORT_WAIT_MS 30000u /* for the whole of one question and answer */

#endif
