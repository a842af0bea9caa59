/* SPDX-License-Identifier: Apache-2.0
 * The grammar of a reported result. */
#include "limits/interval.h"

#include <string.h>

#define TIMES_TEN                                                                                            \
	"\xc3\x97"                                                                                           \
	"10^" /* the multiplication sign U+00D7 */
#define EXPONENT_MAX 18u

struct text {
	const char *at, *end;
};

static bool take(struct text *text, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0)
		return false;
	text->at += length;
	return true;
}

/* -?digits[.digits], then (when allowed) eN or x10^N with N one or two digits. */
static int number(struct text *text, bool counts, struct assay_decimal *out, bool *exponent_out)
{
	const char *start = text->at;
	unsigned exponent = 0;
	int status;

	while (text->at < text->end &&
		(*text->at == '-' || *text->at == '.' || (*text->at >= '0' && *text->at <= '9')))
		text->at++;
	status = assay_decimal_parse(start, (size_t)(text->at - start), out);
	if (status != ASSAY_OK)
		return status;
	*exponent_out = counts && (take(text, "e") || take(text, "E") || take(text, TIMES_TEN));
	if (!*exponent_out)
		return ASSAY_OK;
	start = text->at;
	while (text->at < text->end && *text->at >= '0' && *text->at <= '9' && text->at - start < 3)
		exponent = exponent * 10 + (unsigned)(*text->at++ - '0');
	if (text->at == start || text->at - start > 2)
		return ASSAY_EREFUSED;
	if (exponent > EXPONENT_MAX)
		return ASSAY_EOVERFLOW;
	if (exponent <= out->scale) {
		out->scale = (uint8_t)(out->scale - exponent);
		return ASSAY_OK;
	}
	if (__builtin_mul_overflow(
		    out->coefficient, assay_power_of_ten(exponent - out->scale), &out->coefficient) ||
		out->coefficient >= assay_power_of_ten(ASSAY_DECIMAL_DIGITS_MAX) ||
		out->coefficient <= -assay_power_of_ten(ASSAY_DECIMAL_DIGITS_MAX))
		return ASSAY_EOVERFLOW;
	out->scale = 0;
	return ASSAY_OK;
}

/* A unit up to the end or to stop: printable, no blanks; u, U+03BC and U+00B5 are one. */
static int unit(struct text *text, char stop, char out[ASSAY_UNIT_TEXT_MAX])
{
	size_t length = 0;

	if (text->at == text->end || strchr("(-0123456789.", *text->at))
		return ASSAY_EREFUSED;
	while (text->at < text->end && *text->at != stop) {
		unsigned char c = (unsigned char)*text->at;

		if (length == ASSAY_UNIT_TEXT_MAX - 1 || c <= ' ' || c == '<' || c == '>')
			return ASSAY_EREFUSED;
		if (take(text, "\xce\xbc") || take(text, "\xc2\xb5")) {
			out[length++] = 'u';
			continue;
		}
		if (c >= 0x80)
			return ASSAY_EREFUSED;
		out[length++] = (char)c;
		text->at++;
		if (c == '(' && stop == ')') { /* "g(mL)" closes a bracket of its own */
			while (text->at < text->end && *text->at != ')' && length < ASSAY_UNIT_TEXT_MAX - 2)
				out[length++] = *text->at++;
			if (length == ASSAY_UNIT_TEXT_MAX - 1 || !take(text, ")"))
				return ASSAY_EREFUSED;
			out[length++] = ')';
		}
	}
	out[length] = '\0';
	return length ? ASSAY_OK : ASSAY_EREFUSED;
}

/* "(LOD NUMBER UNIT)" after its opening word. */
static int bracket(struct text *text, struct assay_decimal *value, char out[ASSAY_UNIT_TEXT_MAX])
{
	bool exponent;
	int status = number(text, false, value, &exponent);

	if (status != ASSAY_OK)
		return status;
	if (value->coefficient <= 0 || !take(text, " "))
		return ASSAY_EREFUSED;
	status = unit(text, ')', out);
	return status == ASSAY_OK && !take(text, ")") ? ASSAY_EREFUSED : status;
}

static int not_detected(struct text *text, struct assay_reported *out)
{
	int status = ASSAY_OK;

	out->kind = ASSAY_REPORTED_NOT_DETECTED;
	while (status == ASSAY_OK && text->at < text->end) {
		(void)take(text, " ");
		if (!out->has_lod && !out->has_loq && take(text, "(LOD ")) {
			out->has_lod = true;
			status = bracket(text, &out->lod, out->lod_unit);
		} else if (!out->has_loq && take(text, "(LOQ ")) {
			out->has_loq = true;
			status = bracket(text, &out->loq, out->loq_unit);
		} else {
			return ASSAY_EREFUSED;
		}
	}
	return status;
}

static bool word(struct text *text, struct assay_reported *out)
{
	static const struct {
		const char *text;
		enum assay_reported_kind kind;
	} words[] = {{"detected", ASSAY_REPORTED_DETECTED}, {"检出", ASSAY_REPORTED_DETECTED},
		{"negative", ASSAY_REPORTED_NEGATIVE}, {"阴性", ASSAY_REPORTED_NEGATIVE},
		{"positive", ASSAY_REPORTED_POSITIVE}, {"阳性", ASSAY_REPORTED_POSITIVE}};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (take(text, words[i].text)) {
			out->kind = words[i].kind;
			return true;
		}
	return false;
}

static int quantity(struct text *text, struct assay_reported *out)
{
	int status;

	out->kind = take(text, "<") ? ASSAY_REPORTED_BELOW
				    : (take(text, ">") ? ASSAY_REPORTED_ABOVE : ASSAY_REPORTED_NUMBER);
	status = number(text, true, &out->value, &out->exponent);
	if (status != ASSAY_OK)
		return status;
	if (take(text, "(+)"))
		out->value.mark = ASSAY_MARK_PLUS;
	else if (take(text, "(-)"))
		out->value.mark = ASSAY_MARK_MINUS;
	if (out->value.coefficient == 0 && out->value.mark == ASSAY_MARK_MINUS)
		return ASSAY_EREFUSED; /* nothing is smaller than zero in absolute terms */
	if (out->kind != ASSAY_REPORTED_NUMBER &&
		(out->value.coefficient < 0 || out->value.mark != ASSAY_MARK_EXACT))
		return ASSAY_EREFUSED;
	if (out->kind == ASSAY_REPORTED_BELOW && out->value.coefficient == 0)
		return ASSAY_EREFUSED;
	if (text->at == text->end)
		return ASSAY_OK;
	return take(text, " ") ? unit(text, '\0', out->unit) : ASSAY_EREFUSED;
}

int assay_result_text_parse(const char *bytes, size_t length, struct assay_reported *out)
{
	struct text text = {bytes, bytes + length};
	struct assay_reported found;
	int status;

	if (length == 0 || length > ASSAY_RESULT_TEXT_MAX)
		return ASSAY_EREFUSED;
	memset(&found, 0, sizeof found);
	if (take(&text, "ND") || take(&text, "未检出"))
		status = not_detected(&text, &found);
	else if (word(&text, &found))
		status = text.at == text.end ? ASSAY_OK : ASSAY_EREFUSED;
	else
		status = quantity(&text, &found);
	if (status == ASSAY_OK)
		*out = found;
	return status;
}
