/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/line_candidate.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int see(void *context, const struct assay_replay_result *result)
{
	struct line_candidate *who = context;

	if (result->kind == ASSAY_REPLAY_IDENTITY) {
		who->known = true;
		if (result->identity->model)
			(void)snprintf(who->model, sizeof who->model, "%s", result->identity->model);
		if (result->identity->serial)
			(void)snprintf(who->serial, sizeof who->serial, "%s", result->identity->serial);
	} else if (result->kind == ASSAY_REPLAY_READING && result->reading->value) {
		who->reading = true;
	} else if (result->kind != ASSAY_REPLAY_REPLY) {
		who->nonsense = true;
	}
	return 0;
}

static const struct assay_plugin *plugin_of(struct line_candidates *candidates,
	const struct assay_places *places, const char *name, struct assay_error *err)
{
	size_t i = 0;

	while (i < candidates->plugin_count && strcmp(candidates->plugins[i].driver.name, name) != 0)
		i++;
	if (i < candidates->plugin_count)
		return &candidates->plugins[i];
	if (i == sizeof candidates->plugins / sizeof *candidates->plugins) {
		(void)assay_error_set(err, ASSAY_EFULL, "too-many-drivers", "驱动太多", "too many drivers");
		return NULL;
	}
	if (assay_plugin_load(places->drivers, name, &candidates->plugins[i], err) != ASSAY_OK)
		return NULL;
	candidates->plugin_count++;
	return &candidates->plugins[i];
}

/* Streams only; result files and Modbus maps are not asked here. */
static int add(struct line_candidates *candidates, const struct assay_places *places, const char *name,
	struct assay_error *err)
{
	struct line_candidate *who = &candidates->list[candidates->count];
	const struct assay_plugin *plugin;
	int status;

	memset(who, 0, sizeof *who);
	(void)snprintf(who->name, sizeof who->name, "%s", name);
	status = assay_instrument_spec_load(places->specs, name, &who->spec, err);
	if (status != ASSAY_OK)
		return status;
	plugin = plugin_of(candidates, places, who->spec->driver, err);
	if (plugin && plugin->driver.link == ASSAY_LINK_STREAM && strcmp(who->spec->driver, "table") != 0)
		status = assay_replay_open(
			plugin, who->spec->settings, who->spec->setting_count, see, who, &who->replay, err);
	if (!plugin || !who->replay) {
		assay_instrument_spec_free(who->spec);
		return plugin ? status : ASSAY_EREFUSED;
	}
	who->asks = assay_replay_ask(who->replay, ASSAY_WANT_IDENTITY, 0);
	if (who->asks)
		who->query = *assay_replay_request(who->replay);
	candidates->count++;
	return ASSAY_OK;
}

static int is_spec(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".xml") == 0 && strlen(entry->d_name) < 64;
}

int line_candidates_load(
	const struct assay_places *places, struct line_candidates **out, struct assay_error *err)
{
	struct line_candidates *candidates = calloc(1, sizeof *candidates);
	struct dirent **names = NULL;
	char dir[600];
	int found, status = ASSAY_OK;

	if (!candidates)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	(void)snprintf(dir, sizeof dir, "%s/instruments", places->specs);
	found = scandir(dir, &names, is_spec, alphasort);
	for (int i = 0; i < found; i++) {
		*strrchr(names[i]->d_name, '.') = '\0';
		if (status == ASSAY_OK && candidates->count < LINE_CANDIDATES_MAX)
			status = add(candidates, places, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	if (status != ASSAY_OK) {
		line_candidates_free(candidates);
		return status;
	}
	*out = candidates;
	return ASSAY_OK;
}

void line_candidates_free(struct line_candidates *candidates)
{
	if (!candidates)
		return;
	for (size_t i = 0; i < candidates->count; i++) {
		assay_replay_close(candidates->list[i].replay);
		assay_instrument_spec_free(candidates->list[i].spec);
	}
	for (size_t i = 0; i < candidates->plugin_count; i++)
		assay_plugin_unload(&candidates->plugins[i]);
	free(candidates);
}

static bool same_query(const struct line_candidate *a, const struct line_candidate *b)
{
	return a->asks && b->asks && a->query.length == b->query.length &&
	       memcmp(a->query.bytes, b->query.bytes, a->query.length) == 0;
}

bool line_candidate_repeats(const struct line_candidates *candidates, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (same_query(&candidates->list[i], &candidates->list[index]))
			return true;
	return false;
}

static bool feed(struct line_candidate *who, const uint8_t *bytes, size_t length)
{
	who->known = who->reading = who->nonsense = false;
	who->model[0] = who->serial[0] = '\0';
	return assay_replay_feed(who->replay, bytes, length, ASSAY_EVENT_BYTES) == 0 &&
	       assay_replay_end(who->replay) == 0;
}

bool line_candidate_answers(
	struct line_candidate *who, const struct line_candidate *asked, const uint8_t *bytes, size_t length)
{
	if (!same_query(who, asked))
		return false;
	assay_replay_begin(who->replay);
	return assay_replay_ask(who->replay, ASSAY_WANT_IDENTITY, 0) && feed(who, bytes, length) &&
	       who->known && !who->nonsense;
}

bool line_candidate_speaks(struct line_candidate *who, const uint8_t *bytes, size_t length)
{
	assay_replay_begin(who->replay);
	return feed(who, bytes, length) && who->reading && !who->nonsense;
}
