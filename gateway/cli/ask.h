/* SPDX-License-Identifier: Apache-2.0
 * What the commands that talk to the recorder share: -d, --json and --help, one question, one answer, and texts that
 * cannot harm a terminal. */
#ifndef ASSAY_CLI_ASK_H
#define ASSAY_CLI_ASK_H

#include "gateway/cli/cli.h"

#include <getopt.h>
#include <jansson.h>

/* Options every such command has, at the head of its own table. */
#define ASSAY_ASK_OPTIONS                                                                                    \
	{"dir", required_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'},                             \
	{                                                                                                    \
		"help", no_argument, NULL, 'h'                                                               \
	}

struct assay_ask {
	const char *dir;
	bool json, help;
};

/* Take one of the shared options: true. false: it is the command's own, or unknown. */
bool assay_ask_option(struct assay_ask *ask, int option, const char *argument);

/* Wrong options: a line that says where to look, and exit code 2. */
int assay_ask_usage(const struct assay_ask *ask, const char *command);

/* Send request (consumed; NULL: no memory) and print the answer's member by print, or the whole of it with --json.
 * The exit code. */
int assay_ask_print(
	const struct assay_ask *ask, json_t *request, const char *member, void (*print)(const json_t *value));

/* The same; exit code 1 when finding (may be NULL) says so of what was printed. */
int assay_ask_finding(const struct assay_ask *ask, json_t *request, const char *member,
	void (*print)(const json_t *value), bool (*finding)(const json_t *value));

/* The same of another that answers than the recorder: *answer_out is a new reference. */
typedef int assay_ask_call(
	const char *dir, const json_t *request, json_t **answer_out, struct assay_error *err);
int assay_ask_of(assay_ask_call *call, const struct assay_ask *ask, json_t *request, const char *member,
	void (*print)(const json_t *value), bool (*finding)(const json_t *value));

/* NAME_zh in a Chinese locale, else NAME_en; "" when absent. */
const char *assay_ask_words(const json_t *object, const char *name);
bool assay_ask_chinese(void);
const char *assay_ask_text(const json_t *object, const char *name);
/* Print text, control characters as ?. */
void assay_ask_put(const char *text);

#endif
