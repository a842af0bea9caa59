/* SPDX-License-Identifier: Apache-2.0
 * assay judge --jsonl: one question a line in, one verdict a line out, order kept. Fields: CONTRACT.md, assay-judge(1). */
#ifndef ASSAY_CLI_JUDGE_LINES_H
#define ASSAY_CLI_JUDGE_LINES_H

#include "gateway/cli/json_line.h"
#include "limits/limits.h"

#define ASSAY_LINE_MAX 1048576u

/* Judge one line; appends exactly one line to out. line[length] must be writable; the line is changed. number counts
 * from 1. verdict is room to work in. */
void assay_judge_line(const struct assay_specs *specs, char *line, size_t length, uint64_t number,
	struct assay_verdict *verdict, struct assay_json_writer *out);

/* The fields of a verdict without braces: "verdict": ..., to "derivation": [...]. */
void assay_verdict_fields(const struct assay_verdict *verdict, struct assay_json_writer *out);

/* Judge everything from descriptor in to descriptor out. An unreadable line answers with an error and the rest goes on;
 * ASSAY_EIO when reading or writing fails. */
int assay_judge_lines(
	const struct assay_specs *specs, int in, int out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
