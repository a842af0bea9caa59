/* SPDX-License-Identifier: Apache-2.0
 * Commands that are a form for the recorder: VERB [ID] and options become members of one request, and the answer is
 * printed as a table or as names and values. A noun is then two tables and its help. */
#ifndef ASSAY_CLI_FORM_H
#define ASSAY_CLI_FORM_H

#include "gateway/cli/ask.h"

#define ASSAY_FORM_FIELDS_MAX 32u

struct assay_form_field {
	const char *option; /* "valid-until": member valid_until, unless member says another */
	char type; /* t text, n whole number, l text that may come again: a list, p ANALYTE=PRICE that may come again, f flag */
	const char *member;
};

struct assay_form_verb {
	const char *verb, *command; /* "list", "card.list" */
	const char *positional; /* member that the one argument is, NULL none */
	const char *member; /* of the answer */
	bool findings; /* exit code 1 when the answer's "findings" are not empty */
};

struct assay_form {
	const char *noun, *help;
	const struct assay_form_field *fields; /* ends with option NULL */
	const struct assay_form_verb *verbs; /* ends with verb NULL */
	const char *const *columns; /* of a row, ends with NULL */
};

/* Run the command; its exit code. */
int assay_form_run(const struct assay_form *form, int argc, char **argv);

#endif
