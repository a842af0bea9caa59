/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/form.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_DIGITS_MAX 9u

static const char *const *shown_columns;

static void put_value(const json_t *value)
{
	const json_t *one;
	const char *text;
	size_t index;

	if (json_is_string(value)) {
		text = json_string_value(value);
		assay_ask_put(*text ? text : "-");
	} else if (json_is_integer(value)) {
		(void)printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	} else if (json_is_boolean(value)) {
		(void)printf("%s", json_is_true(value) ? "yes" : "no");
	} else if (json_is_array(value) && json_array_size(value)) {
		json_array_foreach(value, index, one)
		{
			(void)printf("%s", index ? ", " : "");
			put_value(one);
		}
	} else {
		(void)printf("-");
	}
}

static void print_row(const json_t *row)
{
	for (size_t i = 0; shown_columns[i]; i++) {
		(void)printf(i ? "  " : "");
		put_value(json_object_get(row, shown_columns[i]));
	}
	(void)printf("\n");
}

/* A list of objects below its name: one line each, the texts of this language. */
static void print_below(const char *name, const json_t *list)
{
	const json_t *row, *value;
	const char *member, *other = assay_ask_chinese() ? "_en" : "_zh";
	size_t index;

	(void)printf("%s\n", name);
	json_array_foreach(list, index, row)
	{
		(void)printf("  ");
		json_object_foreach((json_t *)(uintptr_t)row, member, value)
		{
			size_t length = strlen(member);

			if (json_is_object(value) || json_is_array(value) ||
				(length > 3 && strcmp(member + length - 3, other) == 0) ||
				(json_is_string(value) && !*json_string_value(value)))
				continue;
			(void)printf("%s=", member);
			put_value(value);
			(void)printf(" ");
		}
		(void)printf("\n");
	}
}

static void print_one(const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
			print_below(name, value);
		} else if (json_is_object(value)) {
			(void)printf("%s\n", name);
			print_one(value);
		} else {
			(void)printf("%-16s  ", name);
			put_value(value);
			(void)printf("\n");
		}
	}
}

static void print_answer(const json_t *value)
{
	const json_t *row;
	size_t index;

	if (!json_is_array(value)) {
		print_one(value);
		return;
	}
	json_array_foreach(value, index, row)
	{
		print_row(row);
	}
}

static json_t *number(const char *text)
{
	size_t length = strspn(text, "0123456789");

	return length && length <= NUMBER_DIGITS_MAX && !text[length] ? json_integer(strtol(text, NULL, 10))
								      : NULL;
}

static json_t *price(const char *text)
{
	const char *sign = strrchr(text, '=');

	return sign && sign != text ? json_pack("{s:o,s:s}", "analyte",
					      json_stringn(text, (size_t)(sign - text)), "price", sign + 1)
				    : NULL;
}

/* false: what was given is no such value. */
static bool put(json_t *request, const struct assay_form_field *field, const char *text)
{
	char name[40];
	json_t *list;

	(void)snprintf(name, sizeof name, "%s", field->member ? field->member : field->option);
	for (char *at = name; *at; at++)
		*at = *at == '-' ? '_' : *at;
	switch (field->type) {
	case 'n':
		return json_object_set_new(request, name, number(text)) == 0;
	case 'f':
		return json_object_set_new(request, name, json_true()) == 0;
	case 'l':
	case 'p':
		list = json_object_get(request, name);
		if (!list && json_object_set_new(request, name, list = json_array()) != 0)
			return false;
		/* --user "" alone: an empty list */
		return (field->type == 'l' && !*text) ||
		       json_array_append_new(list, field->type == 'l' ? json_string(text) : price(text)) == 0;
	default:
		return json_object_set_new(request, name, json_string(text)) == 0;
	}
}

static bool found_any(const json_t *value)
{
	return json_array_size(json_object_get(value, "findings")) > 0;
}

static int send(
	const struct assay_form *form, const struct assay_ask *ask, json_t *request, int argc, char **argv)
{
	const struct assay_form_verb *verb = form->verbs;

	while (verb->verb && (argc < 1 || strcmp(verb->verb, argv[0]) != 0))
		verb++;
	if (!verb->verb || argc != (verb->positional ? 2 : 1))
		return assay_ask_usage(ask, form->noun);
	(void)json_object_set_new(request, "cmd", json_string(verb->command));
	if (verb->positional)
		(void)json_object_set_new(request, verb->positional, json_string(argv[1]));
	shown_columns = form->columns;
	return assay_ask_finding(
		ask, json_incref(request), verb->member, print_answer, verb->findings ? found_any : NULL);
}

int assay_form_run(const struct assay_form *form, int argc, char **argv)
{
	static const struct option shared[] = {ASSAY_ASK_OPTIONS};
	struct option options[ASSAY_FORM_FIELDS_MAX + sizeof shared / sizeof *shared + 1] = {{0}};
	struct assay_ask ask = {0};
	json_t *request = json_object();
	size_t count = 0;
	int option, code = -1;

	for (; count < ASSAY_FORM_FIELDS_MAX && form->fields[count].option; count++)
		options[count] = (struct option){form->fields[count].option,
			form->fields[count].type == 'f' ? no_argument : required_argument, NULL,
			256 + (int)count};
	memcpy(options + count, shared, sizeof shared);
	while (code < 0 && (option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option >= 256 ? !put(request, &form->fields[option - 256], optarg ? optarg : "")
				  : !assay_ask_option(&ask, option, optarg))
			code = assay_ask_usage(&ask, form->noun);
	}
	if (code < 0 && ask.help) {
		(void)fputs(form->help, stdout);
		code = assay_cli_flush();
	}
	if (code < 0)
		code = send(form, &ask, request, argc - optind, argv + optind);
	json_decref(request);
	return code;
}
