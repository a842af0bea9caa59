/* SPDX-License-Identifier: Apache-2.0
 * Each driver opens its settings once, to learn what only the driver knows. Its code runs in a process of its own: a
 * driver that crashes or hangs here costs a message, not the gateway. */
#include "gateway/config_read.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIAL_MS 5000
#define WHY_MAX 200u

/* What the trial tells before each open, and again when it went wrong. */
struct trial_word {
	size_t line, instrument;
	char why[WHY_MAX]; /* "" before the open */
};

static const struct assay_plugin *plugin_named(const struct assay_config_store *store, const char *name)
{
	for (size_t i = 0; i < store->plugin_count; i++)
		if (strcmp(store->plugins[i].driver.name, name) == 0)
			return &store->plugins[i];
	return NULL;
}

/* In the child: 0 when every instrument opens. */
static int open_all(const struct assay_config_store *store, int out)
{
	struct trial_word word;

	for (size_t i = 0; i < store->config.line_count; i++)
		for (size_t j = 0; j < store->config.lines[i].instrument_count; j++) {
			const struct assay_config_instrument *instrument =
				&store->config.lines[i].instruments[j];
			const struct assay_plugin *plugin = plugin_named(store, instrument->driver);
			struct assay_session *session = NULL;

			memset(&word, 0, sizeof word);
			word.line = i;
			word.instrument = j;
			if (!plugin || write(out, &word, sizeof word) != (ssize_t)sizeof word)
				return 1;
			if (plugin->driver.open(&assay_plugin_host, instrument->settings,
				    instrument->setting_count, &session, word.why, sizeof word.why) < 0) {
				word.why[sizeof word.why - 1] = '\0';
				(void)!write(out, &word, sizeof word);
				return 1;
			}
			plugin->driver.close(session);
		}
	return 0;
}

/* The last word of the trial; false when it takes too long. */
static bool hear(int in, struct trial_word *last)
{
	struct pollfd polled = {in, POLLIN, 0};
	struct trial_word word;
	ssize_t got;

	for (;;) {
		int ready = poll(&polled, 1, TRIAL_MS);

		if (ready == 0)
			return false;
		if (ready < 0 && errno != EINTR)
			return false;
		got = ready > 0 ? read(in, &word, sizeof word) : 1;
		if (got == (ssize_t)sizeof word)
			*last = word;
		else if (got <= 0)
			return true;
	}
}

static int told(const struct assay_config_store *store, const struct trial_word *word,
	const unsigned *source_lines, bool finished, struct assay_error *err)
{
	const struct assay_config_instrument *instrument =
		&store->config.lines[word->line].instruments[word->instrument];
	const char *why = finished ? word->why : "it does not answer";
	size_t index = word->instrument;

	for (size_t i = 0; i < word->line; i++)
		index += store->config.lines[i].instrument_count;
	if (!*why)
		why = "its code crashed";
	return assay_error_set(err, ASSAY_EREFUSED, "driver-settings",
		"%s:%u：驱动 %s 不能用仪器 %s 的设置（%s）",
		"%s:%u: driver %s cannot use the settings of instrument %s (%s)", store->config.path,
		source_lines[index], instrument->driver, instrument->id, why);
}

int assay_config_trial(
	const struct assay_config_store *store, const unsigned *source_lines, struct assay_error *err)
{
	struct trial_word last = {0};
	int ends[2], status = 0;
	bool finished;
	pid_t child;

	if (store->config.line_count == 0)
		return ASSAY_OK;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return assay_error_set(err, ASSAY_EIO, "no-process", "不能试用驱动（%s）",
			"drivers cannot be tried (%s)", strerror(errno));
	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		(void)close(ends[0]);
		_exit(open_all(store, ends[1]));
	}
	(void)close(ends[1]);
	finished = child > 0 && hear(ends[0], &last);
	(void)close(ends[0]);
	if (child < 0)
		return assay_error_set(err, ASSAY_EIO, "no-process", "不能试用驱动（%s）",
			"drivers cannot be tried (%s)", strerror(errno));
	if (!finished)
		(void)kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return told(store, &last, source_lines, finished, err);
	return ASSAY_OK;
}
