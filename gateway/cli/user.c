/* SPDX-License-Identifier: Apache-2.0
 * assay user and assay token: who may work here, from the machine itself. Passwords are read from the terminal or from
 * standard input, never from the command line, where everybody could see them. */
#include "gateway/cli/ask.h"
#include "gateway/people/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char user_help[] =
	"usage: assay user add USER --name NAME --role ROLE ... [--producer P] [-d DIR] [--json]\n"
	"       assay user list\n"
	"       assay user roles USER --role ROLE ... [--producer P] [--reason R]\n"
	"       assay user methods USER --method M ...   what the user is competent for; none takes all "
	"away\n"
	"       assay user disable USER --reason R       ends the sessions at once; the entries stay\n"
	"       assay user enable USER --reason R\n"
	"       assay user password USER                 a new one; ends the sessions\n"
	"       assay user second-factor-off USER --reason R   for a lost phone; ends the sessions\n"
	"Users of the gateway that runs in DIR ($ASSAY_DIR).\n"
	"  --role ROLE    technician, reviewer, qa, admin, producer or read; again for each\n"
	"  --producer P   whose batches a producer's user sees\n"
	"A new password is asked for twice, or is the first line of standard input when that is no "
	"terminal.\n";
static const char token_help[] =
	"usage: assay token add NAME --role ROLE ... [--producer P] [--days N] [-d DIR] [--json]\n"
	"       assay token list\n"
	"       assay token revoke TOKEN --reason R\n"
	"Tokens with which machines use the API of the gateway that runs in DIR ($ASSAY_DIR). The secret is "
	"shown once;\n"
	"it is sent as \"Authorization: Bearer SECRET\". A token never administers and never signs.\n"
	"  --role ROLE    technician, qa, producer or read; again for each\n"
	"  --days N       how long it counts, 1 to 366, default 90\n";

static void print_user(const json_t *user)
{
	static const char *const names[] = {"user", "name", "roles", "producer"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		(void)printf(i ? "  " : "");
		assay_ask_put(assay_ask_text(user, names[i]));
	}
	if (json_is_true(json_object_get(user, "disabled")))
		(void)printf("  %s", assay_ask_chinese() ? "已停用" : "disabled");
	(void)printf("\n");
}

static void print_token(const json_t *token)
{
	static const char *const names[] = {"token", "name", "roles", "producer", "until"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		(void)printf(i ? "  " : "");
		assay_ask_put(assay_ask_text(token, names[i]));
	}
	if (json_is_true(json_object_get(token, "revoked")))
		(void)printf("  %s", assay_ask_chinese() ? "已撤销" : "revoked");
	(void)printf("\n");
}

static void print_secret(const json_t *token)
{
	(void)printf("%s  %s\n", assay_ask_text(token, "token"), assay_ask_text(token, "secret"));
}

static void print_users(const json_t *users)
{
	const json_t *user;
	size_t index;

	json_array_foreach(users, index, user)
	{
		print_user(user);
	}
}

static void print_tokens(const json_t *tokens)
{
	const json_t *token;
	size_t index;

	json_array_foreach(tokens, index, token)
	{
		print_token(token);
	}
}

static bool read_line(const char *prompt, char out[ASSAY_PASSWORD_BYTES_MAX + 2])
{
	struct termios usual, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &usual) == 0, got;

	if (terminal) {
		(void)fputs(prompt, stderr);
		quiet = usual;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	got = fgets(out, ASSAY_PASSWORD_BYTES_MAX + 2, stdin) != NULL;
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
		(void)fputs("\n", stderr);
	}
	if (got)
		out[strcspn(out, "\n")] = '\0';
	return got;
}

/* The new password into fields. false: said on standard error. */
static bool read_password(const struct assay_ask *ask, json_t *fields)
{
	char first[ASSAY_PASSWORD_BYTES_MAX + 2] = "", again[ASSAY_PASSWORD_BYTES_MAX + 2] = "";
	bool chinese = assay_ask_chinese(), fits;
	struct assay_error err;

	fits = read_line(chinese ? "新密码：" : "new password: ", first);
	if (fits && isatty(STDIN_FILENO))
		fits = read_line(chinese ? "再输入一次：" : "the same again: ", again) &&
		       strcmp(first, again) == 0;
	if (fits)
		fits = json_object_set_new(fields, "new_password", json_string(first)) == 0;
	explicit_bzero(first, sizeof first);
	explicit_bzero(again, sizeof again);
	if (fits)
		return true;
	(void)assay_error_set(&err, ASSAY_EREFUSED, "password-unread", "没有读到密码，或两次输入不同",
		"no password could be read, or the two differ");
	(void)assay_cli_fail(ask->json, ASSAY_EREFUSED, &err);
	return false;
}

static int run_user(const struct assay_ask *ask, json_t *fields, int argc, char **argv)
{
	static const char *const changes[] = {
		"add", "roles", "methods", "disable", "enable", "password", "second-factor-off"};
	const char *command = argc ? argv[0] : "";
	char name[40];
	size_t i = 0;

	if (strcmp(command, "list") == 0 && argc == 1)
		return assay_ask_print(ask, json_pack("{s:s}", "cmd", "user.list"), "users", print_users);
	while (i < sizeof changes / sizeof *changes && strcmp(changes[i], command) != 0)
		i++;
	if (i == sizeof changes / sizeof *changes || argc != 2)
		return assay_ask_usage(ask, "user");
	if ((strcmp(command, "add") == 0 || strcmp(command, "password") == 0) && !read_password(ask, fields))
		return ASSAY_EXIT_REFUSED;
	(void)snprintf(name, sizeof name, "user.%s",
		strcmp(command, "second-factor-off") == 0 ? "second-factor.drop" : command);
	(void)json_object_set_new(fields, "cmd", json_string(name));
	(void)json_object_set_new(fields, "user", json_string(argv[1]));
	return assay_ask_print(ask, json_incref(fields), "user", print_user);
}

static int run_token(const struct assay_ask *ask, json_t *fields, int argc, char **argv)
{
	const char *command = argc ? argv[0] : "", *days = assay_ask_text(fields, "days");
	bool add = strcmp(command, "add") == 0;

	if (strcmp(command, "list") == 0 && argc == 1)
		return assay_ask_print(ask, json_pack("{s:s}", "cmd", "token.list"), "tokens", print_tokens);
	if (argc != 2 || (!add && strcmp(command, "revoke") != 0))
		return assay_ask_usage(ask, "token");
	(void)json_object_set_new(fields, "days", json_integer(*days ? strtol(days, NULL, 10) : 90));
	(void)json_object_set_new(fields, "cmd", json_string(add ? "token.add" : "token.revoke"));
	(void)json_object_set_new(fields, add ? "name" : "token", json_string(argv[1]));
	return assay_ask_print(ask, json_incref(fields), "token", add ? print_secret : print_token);
}

/* --role again and again: the words in a row. */
static int add_role(json_t *fields, const char *role)
{
	const char *before = assay_ask_text(fields, "roles");
	char text[200];

	(void)snprintf(text, sizeof text, "%s%s%s", before, *before ? " " : "", role);
	return json_object_set_new(fields, "roles", json_string(text));
}

static int with_options(int argc, char **argv, const char *name, const char *help,
	int (*run)(const struct assay_ask *ask, json_t *fields, int argc, char **argv))
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS, {"name", required_argument, NULL, 1},
		{"producer", required_argument, NULL, 2}, {"reason", required_argument, NULL, 3},
		{"days", required_argument, NULL, 4}, {"role", required_argument, NULL, 'r'},
		{"method", required_argument, NULL, 'm'}, {NULL, 0, NULL, 0}};
	static const char *const names[] = {"", "name", "producer", "reason", "days"};
	struct assay_ask ask = {0};
	json_t *fields = json_object(), *methods = json_array();
	int option, code = -1, rc = 0;

	while (code < 0 && (option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option >= 1 && option <= 4)
			rc = json_object_set_new(fields, names[option], json_string(optarg));
		else if (option == 'r')
			rc = add_role(fields, optarg);
		else if (option == 'm')
			rc = json_array_append_new(methods, json_string(optarg));
		else if (!assay_ask_option(&ask, option, optarg))
			code = ASSAY_EXIT_USAGE;
		if (rc != 0)
			code = assay_ask_usage(&ask, name);
	}
	(void)json_object_set(fields, "methods", methods);
	if (code < 0 && ask.help) {
		(void)fputs(help, stdout);
		code = assay_cli_flush();
	}
	if (code < 0)
		code = run(&ask, fields, argc - optind, argv + optind);
	json_decref(methods);
	json_decref(fields);
	return code;
}

int assay_cmd_user(int argc, char **argv)
{
	return with_options(argc, argv, "user", user_help, run_user);
}

int assay_cmd_token(int argc, char **argv)
{
	return with_options(argc, argv, "token", token_help, run_token);
}
