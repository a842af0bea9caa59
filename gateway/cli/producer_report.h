/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_CLI_PRODUCER_REPORT_H
#define ASSAY_CLI_PRODUCER_REPORT_H

/* "producer report" with its arguments; the exit code. */
int assay_cmd_producer_report(int argc, char **argv);

#endif
