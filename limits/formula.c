/* SPDX-License-Identifier: Apache-2.0 */
#include "limits/formula.h"

#include <string.h>

struct cursor {
	const char *at;
	assay_formula_value *value;
	void *context;
	unsigned depth;
};

static int sum(struct cursor *cursor, struct assay_fraction *out);

static void skip_blanks(struct cursor *cursor)
{
	while (*cursor->at == ' ')
		cursor->at++;
}

static int atom(struct cursor *cursor, struct assay_fraction *out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	struct assay_decimal number;
	const char *start;
	size_t length;
	int status;

	skip_blanks(cursor);
	start = cursor->at;
	if (*start == '(') {
		if (++cursor->depth > ASSAY_FORMULA_DEPTH_MAX)
			return ASSAY_EREFUSED;
		cursor->at++;
		status = sum(cursor, out);
		if (status != ASSAY_OK)
			return status;
		skip_blanks(cursor);
		if (*cursor->at != ')')
			return ASSAY_EREFUSED; /* and never past the end */
		cursor->at++;
		cursor->depth--;
		return ASSAY_OK;
	}
	length = strspn(start, "0123456789.");
	if (length) {
		status = assay_decimal_parse(start, length, &number);
		if (status == ASSAY_OK)
			*out = assay_fraction_of(&number);
	} else {
		length = strspn(start, letters);
		status = length ? cursor->value(cursor->context, start, length, out) : ASSAY_EREFUSED;
	}
	cursor->at = start + length;
	return status;
}

static int product(struct cursor *cursor, struct assay_fraction *out)
{
	struct assay_fraction right;
	int status = atom(cursor, out);

	while (status == ASSAY_OK) {
		char op;

		skip_blanks(cursor);
		op = *cursor->at;
		if (op != '*' && op != '/')
			break;
		cursor->at++;
		status = atom(cursor, &right);
		if (status == ASSAY_OK)
			status = assay_fraction_apply(op, out, &right, out);
	}
	return status;
}

static int sum(struct cursor *cursor, struct assay_fraction *out)
{
	struct assay_fraction right;
	int status = product(cursor, out);

	while (status == ASSAY_OK) {
		char op;

		skip_blanks(cursor);
		op = *cursor->at;
		if (op != '+' && op != '-')
			break;
		cursor->at++;
		status = product(cursor, &right);
		if (status == ASSAY_OK)
			status = assay_fraction_apply(op, out, &right, out);
	}
	return status;
}

int assay_formula_evaluate(
	const char *formula, assay_formula_value *value, void *context, struct assay_fraction *out)
{
	struct cursor cursor = {formula, value, context, 0};
	struct assay_fraction result;
	int status = sum(&cursor, &result);

	if (status != ASSAY_OK)
		return status;
	skip_blanks(&cursor);
	if (*cursor.at)
		return ASSAY_EREFUSED;
	*out = result;
	return ASSAY_OK;
}
