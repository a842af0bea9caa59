/* SPDX-License-Identifier: Apache-2.0
 * What a text instrument's XML says, as settings: requests, patterns, line ends; part of ascii.c. */
#ifndef ASSAY_DRIVERS_ASCII_GRAMMAR_H
#define ASSAY_DRIVERS_ASCII_GRAMMAR_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include "drivers/text_tables.h"

#include <pcre2.h>

#define REQUESTS_MAX 16u
#define RULES_MAX 64u
#define END_MAX 8u
#define CHANNELS_MAX 160u /* characters of a rule's list */

enum end { END_LF, END_CR, END_ANY, END_BYTES };
enum meaning { MEANS_READING, MEANS_IDENTITY, MEANS_IGNORE, MEANS_READY, MEANS_REASON };

struct request_row {
	uint32_t want, timeout_ms, length;
	uint8_t bytes[ASSAY_REQUEST_MAX];
};

struct rule {
	pcre2_code *code;
	enum meaning meaning;
	uint32_t reason, flags;
	char channels[CHANNELS_MAX]; /* blank-separated */
	const char *unit;
	int answers; /* row of the request it may answer; -1 any */
};

struct assay_session {
	const struct assay_host *host;
	struct assay_setting *settings; /* copies; what follows points into them */
	pcre2_general_context *memory;
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_match_data *found;
	enum end end;
	uint8_t end_bytes[END_MAX];
	size_t end_length, longest;
	enum words_charset charset;
	uint32_t requests, rules, empty_reason;
	struct request_row request[REQUESTS_MAX];
	struct rule rule[RULES_MAX];
	struct text_tables tables;
};

static inline int set_request(struct request_row *row, const struct assay_setting *setting)
{
	if (strcmp(setting->name, "want") == 0) {
		row->want = setting->value[0] == 'i'   ? ASSAY_WANT_IDENTITY
			    : setting->value[0] == 's' ? ASSAY_WANT_STABLE
						       : ASSAY_WANT_VALUES;
	} else if (strcmp(setting->name, "send") == 0) {
		int length = words_unescape(setting->value, row->bytes, sizeof row->bytes);

		if (length <= 0)
			return 0;
		row->length = (uint32_t)length;
	} else if (strcmp(setting->name, "timeout-ms") == 0) {
		row->timeout_ms = words_integer(setting->value);
	}
	return 1;
}

static inline int set_pattern(struct assay_session *session, struct rule *rule, const char *pattern)
{
	int error;
	PCRE2_SIZE at;

	rule->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
		PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C |
			PCRE2_DOLLAR_ENDONLY,
		&error, &at, session->compile);
	return rule->code != NULL;
}

static inline int set_rule(
	struct assay_session *session, struct rule *rule, const struct assay_setting *setting)
{
	if (strcmp(setting->name, "pattern") == 0)
		return set_pattern(session, rule, setting->value);
	if (strcmp(setting->name, "channel") == 0) {
		if (strlen(setting->value) >= sizeof rule->channels)
			return 0;
		words_copy(rule->channels, sizeof rule->channels, setting->value);
	} else if (strcmp(setting->name, "unit") == 0) {
		rule->unit = setting->value;
		return strchr(setting->value, ' ') || strlen(setting->value) < ASSAY_UNIT_MAX;
	} else if (strcmp(setting->name, "flags") == 0) {
		return words_flags_of(setting->value, &rule->flags);
	} else if (strcmp(setting->name, "answers") == 0) {
		rule->answers = (int)words_integer(setting->value);
	} else if (strcmp(setting->name, "means") == 0) {
		rule->meaning = strcmp(setting->value, "reading") == 0    ? MEANS_READING
				: strcmp(setting->value, "identity") == 0 ? MEANS_IDENTITY
				: strcmp(setting->value, "ignore") == 0   ? MEANS_IGNORE
				: strcmp(setting->value, "ready") == 0    ? MEANS_READY
									  : MEANS_REASON;
		rule->reason = words_code(words_reasons, setting->value, strlen(setting->value));
		return rule->meaning != MEANS_REASON || rule->reason;
	}
	return 1;
}

static inline int set_end(struct assay_session *session, const char *value)
{
	int length;

	if (strcmp(value, "lf") == 0 || strcmp(value, "cr") == 0 || strcmp(value, "any") == 0) {
		session->end = value[0] == 'l' ? END_LF : value[0] == 'c' ? END_CR : END_ANY;
		return 1;
	}
	session->end = END_BYTES;
	length = words_unescape(value, session->end_bytes, sizeof session->end_bytes);
	session->end_length = length > 0 ? (size_t)length : 0;
	return length > 0;
}

static inline int set_single(struct assay_session *session, const struct assay_setting *setting)
{
	const char *value = setting->value;

	if (strcmp(setting->name, "end") == 0)
		return set_end(session, value);
	if (strcmp(setting->name, "longest") == 0)
		session->longest = words_integer(value);
	else if (strcmp(setting->name, "decimal") == 0)
		session->tables.how |= strcmp(value, "comma") == 0 ? NUMBER_COMMA : 0;
	else if (strcmp(setting->name, "exponent") == 0)
		session->tables.how |= strcmp(value, "yes") == 0 ? NUMBER_EXPONENT : 0;
	else if (strcmp(setting->name, "charset") == 0)
		session->charset = strcmp(value, "utf8") == 0     ? WORDS_UTF8
				   : strcmp(value, "latin1") == 0 ? WORDS_LATIN1
				   : strcmp(value, "cp850") == 0  ? WORDS_CP850
								  : WORDS_ASCII;
	else if (strcmp(setting->name, "empty") == 0)
		session->empty_reason = words_code(words_reasons, value, strlen(value));
	return strcmp(setting->name, "empty") != 0 || session->empty_reason;
}

static inline int apply(struct assay_session *session, const struct assay_setting *setting)
{
	int taken = tables_setting(&session->tables, setting);

	if (taken)
		return taken > 0;
	if (strcmp(setting->group, "request") == 0) {
		if (setting->row >= REQUESTS_MAX)
			return 0;
		if (setting->row >= session->requests)
			session->requests = setting->row + 1;
		return set_request(&session->request[setting->row], setting);
	}
	if (strcmp(setting->group, "line") == 0) {
		if (setting->row >= RULES_MAX)
			return 0;
		if (setting->row >= session->rules)
			session->rules = setting->row + 1;
		return set_rule(session, &session->rule[setting->row], setting);
	}
	return set_single(session, setting);
}

#endif
