/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/notify_send.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SUBJECT_MAX 300u
#define SUBJECT_PIECE 42u /* bytes of an encoded word: it is at most 75 characters (RFC 2047, 2) */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* One line: what would end it is a blank. */
static void put_line(FILE *out, const char *text)
{
	for (; *text; text++)
		(void)putc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, out);
}

/* RFC 2047, B; never in the middle of a character. */
static void put_subject(FILE *out, const char *text)
{
	char coded[2 * SUBJECT_PIECE];
	size_t left = strlen(text);
	bool first = true;

	(void)fputs("Subject:", out);
	while (left > 0) {
		size_t some = left < SUBJECT_PIECE ? left : SUBJECT_PIECE;

		while (some < left && ((unsigned char)text[some] & 0xc0u) == 0x80u)
			some--;
		(void)fprintf(out, "%s =?UTF-8?B?%s?=\r\n", first ? "" : "",
			sodium_bin2base64(coded, sizeof coded, (const unsigned char *)text, some,
				sodium_base64_VARIANT_ORIGINAL));
		first = false;
		text += some;
		left -= some;
	}
}

static void put_date(FILE *out, int64_t wall_ns)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
				 *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
					 "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(wall_ns / 1000000000);
	struct tm parts;

	if (gmtime_r(&seconds, &parts))
		(void)fprintf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n", days[parts.tm_wday],
			parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
			parts.tm_min, parts.tm_sec);
}

char *assay_notify_mail(const struct assay_config *config, const json_t *alarms, int64_t wall_ns)
{
	const json_t *alarm;
	size_t index, length = 0;
	char *text = NULL, subject[SUBJECT_MAX];
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	(void)snprintf(subject, sizeof subject, "[assay %.40s] %.60s%s", config->site,
		text_of(json_array_get(alarms, 0), "text_zh"), json_array_size(alarms) > 1 ? " …" : "");
	if (*config->tell_from)
		(void)fprintf(out, "From: %s\r\n", config->tell_from);
	(void)fprintf(out, "To: %s\r\n", config->tell_to);
	put_subject(out, subject);
	put_date(out, wall_ns);
	(void)fputs("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
		    "Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n",
		out);
	json_array_foreach(alarms, index, alarm)
	{
		static const char *const lines[] = {"text_zh", "text_en", "since", "alarm"};

		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
			put_line(out, text_of(alarm, lines[i]));
			(void)fputs("\r\n", out);
		}
		(void)fputs("\r\n", out);
	}
	(void)fputs("-- \r\n", out);
	put_line(out, config->name_zh);
	(void)fputs("\r\n", out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* A string of curl's configuration file. */
static void put_quoted(FILE *out, const char *name, const char *text)
{
	(void)fprintf(out, "%s = \"", name);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			(void)putc('\\', out);
		(void)putc(*text, out);
	}
	(void)fputs("\"\n", out);
}

char *assay_notify_hook(const struct assay_config *config, const json_t *alarms)
{
	json_t *object = json_pack("{s:s,s:s,s:s,s:O}", "site", config->site, "name_zh", config->name_zh,
		"name_en", config->name_en, "alarms", alarms);
	char *body = object ? json_dumps(object, JSON_COMPACT) : NULL, *text = NULL;
	size_t length = 0;
	FILE *out = body ? open_memstream(&text, &length) : NULL;

	json_decref(object);
	if (out) {
		put_quoted(out, "url", config->tell_hook);
		if (*config->tell_hook_ca) { /* this one alone: not those the system trusts */
			put_quoted(out, "cacert", config->tell_hook_ca);
			put_quoted(out, "capath", "/dev/null");
		}
		put_quoted(out, "header", "Content-Type: application/json");
		put_quoted(out, "data-binary", body); /* JSON begins with {, never with curl's @ */
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	free(body);
	return text;
}

size_t assay_notify_words(char *buffer, char *words[ASSAY_NOTIFY_WORDS_MAX + 1])
{
	size_t count = 0;
	char *rest = NULL;

	for (char *word = strtok_r(buffer, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (count == ASSAY_NOTIFY_WORDS_MAX)
			return 0;
		words[count++] = word;
	}
	words[count] = NULL;
	return count;
}

static pid_t start(char *const words[], int input)
{
	char path[] = "PATH=/usr/bin:/bin:/usr/sbin", language[] = "LANG=C.UTF-8";
	char *environment[] = {path, language, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	if (posix_spawn_file_actions_adddup2(&actions, input, 0) != 0 ||
		posix_spawn_file_actions_adddup2(&actions, 2, 1) != 0 ||
		posix_spawn_file_actions_addclosefrom_np(&actions, 3) != 0 ||
		posix_spawn(&pid, words[0], &actions, NULL, words, environment) != 0)
		pid = -1;
	(void)posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until it ends or is late; -1: late. */
static int wait_for(pid_t pid, void (*beat)(void *context), void *context)
{
	int64_t until = now_ms() + ASSAY_NOTIFY_SEND_MS, beaten = now_ms();
	int how = 0;

	for (;;) {
		pid_t ended = waitpid(pid, &how, WNOHANG);

		if (ended == pid)
			return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
		if (ended < 0 && errno != EINTR)
			return 255;
		if (now_ms() >= until) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &how, 0);
			return 255;
		}
		if (now_ms() - beaten >= 1000) {
			beaten = now_ms();
			beat(context);
		}
		(void)poll(NULL, 0, 20);
	}
}

int assay_notify_run(char *const words[], const char *text, void (*beat)(void *context), void *context)
{
	int ends[2], code;
	size_t length = strlen(text);
	pid_t pid;

	/* a socket, so that a program that does not read is an error and no signal; it holds a message whole or it is cut off */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return 255;
	pid = start(words, ends[1]);
	(void)close(ends[1]);
	for (int64_t until = now_ms() + ASSAY_NOTIFY_SEND_MS; pid > 0 && length > 0;) {
		struct pollfd ready = {ends[0], POLLOUT, 0};
		ssize_t sent = send(ends[0], text, length, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			break;
		if (sent > 0) {
			text += sent;
			length -= (size_t)sent;
		} else if (now_ms() >= until || poll(&ready, 1, 1000) < 0) {
			break;
		} else {
			beat(context);
		}
	}
	(void)close(ends[0]);
	code = pid > 0 ? wait_for(pid, beat, context) : 255;
	return length > 0 && code == 0 ? 255 : code;
}
