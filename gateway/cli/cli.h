/* SPDX-License-Identifier: Apache-2.0
 * The commands, and what they share: exit codes, one-line errors, the data directory. */
#ifndef ASSAY_CLI_CLI_H
#define ASSAY_CLI_CLI_H

#include "gateway/config.h"
#include "limits/error.h"

#include <stdbool.h>

#define ASSAY_EXIT_DONE 0
#define ASSAY_EXIT_REFUSED 1 /* refused, failed, or a finding */
#define ASSAY_EXIT_USAGE 2

/* Each gets its own name in argv[0] ("judge") and its arguments after it; returns the exit code. */
int assay_cmd_serve(int argc, char **argv);
int assay_cmd_station(int argc, char **argv);
int assay_cmd_reload(int argc, char **argv);
int assay_cmd_demo(int argc, char **argv);
int assay_cmd_status(int argc, char **argv);
int assay_cmd_batch(int argc, char **argv);
int assay_cmd_test(int argc, char **argv);
int assay_cmd_user(int argc, char **argv);
int assay_cmd_token(int argc, char **argv);
int assay_cmd_producer(int argc, char **argv);
int assay_cmd_district(int argc, char **argv);
int assay_cmd_product(int argc, char **argv);
int assay_cmd_instrument(int argc, char **argv);
int assay_cmd_programme(int argc, char **argv);
int assay_cmd_card(int argc, char **argv);
int assay_cmd_qc(int argc, char **argv);
int assay_cmd_certificate(int argc, char **argv);
int assay_cmd_review(int argc, char **argv);
int assay_cmd_print(int argc, char **argv);
int assay_cmd_alarm(int argc, char **argv);
int assay_cmd_who_can(int argc, char **argv);
int assay_cmd_qualify(int argc, char **argv);
int assay_cmd_entitlement(int argc, char **argv);
int assay_cmd_split(int argc, char **argv);
int assay_cmd_judge(int argc, char **argv);
int assay_cmd_plan(int argc, char **argv);
int assay_cmd_spec(int argc, char **argv);
int assay_cmd_journal(int argc, char **argv);
int assay_cmd_key(int argc, char **argv);
int assay_cmd_trace(int argc, char **argv);
int assay_cmd_verify(int argc, char **argv);
int assay_cmd_proof(int argc, char **argv);
int assay_cmd_rebuild(int argc, char **argv);
int assay_cmd_backup(int argc, char **argv);
int assay_cmd_restore(int argc, char **argv);
int assay_cmd_diff(int argc, char **argv);
int assay_cmd_export(int argc, char **argv);
int assay_cmd_history(int argc, char **argv);
int assay_cmd_trail(int argc, char **argv);
int assay_cmd_driver(int argc, char **argv);
int assay_cmd_line(int argc, char **argv);
int assay_cmd_sim(int argc, char **argv);
int assay_cmd_doctor(int argc, char **argv);
int assay_cmd_support_bundle(int argc, char **argv);

/* Print the error: one line on standard error, or with json {"error":{code,text_zh,text_en}} on standard
 * error. Returns ASSAY_EXIT_USAGE for status ASSAY_EUSAGE, else ASSAY_EXIT_REFUSED. */
int assay_cli_fail(bool json, int status, const struct assay_error *err);

/* dir when not NULL, else $ASSAY_DIR; NULL with err filled (ASSAY_EUSAGE) when there is neither. */
/* Where plugins and specs are: the specs in force in dir ($ASSAY_DIR when NULL) when a bundle is installed there. */
int assay_cli_places(const char *dir, struct assay_places *out, struct assay_error *err) ASSAY_WARN_UNUSED;
const char *assay_cli_dir(const char *dir, struct assay_error *err);

/* Standard output could not be written in full (disk full, closed pipe): 1, else 0. Call last. */
int assay_cli_flush(void);

#endif
