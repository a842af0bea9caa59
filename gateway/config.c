/* SPDX-License-Identifier: Apache-2.0
 * lab.xml -> struct assay_config: lines and their attributes. Instruments: config_instrument.c; what spans them:
 * config_check.c. */
#include "gateway/config_read.h"
#include "gateway/lab/actor.h"
#include "gateway/record/sha256.h"
#include "limits/xml_scan.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int no_memory(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

void *assay_config_keep(struct assay_config_store *store, size_t size, struct assay_error *err)
{
	void **owned = realloc(store->owned, (store->owned_count + 1) * sizeof *owned);
	void *memory = owned ? calloc(1, size ? size : 1) : NULL;

	if (owned)
		store->owned = owned;
	if (!memory) {
		(void)no_memory(err);
		return NULL;
	}
	store->owned[store->owned_count++] = memory;
	return memory;
}

static struct assay_config_same *find_same(
	struct assay_config_same *same, size_t places, const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t at;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 16777619u;
	for (at = hash & (places - 1);
		same[at].bytes && (same[at].size != size || memcmp(same[at].bytes, bytes, size) != 0);)
		at = (at + 1) & (places - 1);
	return &same[at];
}

/* Never more than half full. */
static bool same_room(struct assay_config_store *store)
{
	size_t places = store->same_places ? 2 * store->same_places : 256;
	struct assay_config_same *same;

	if (2 * (store->same_count + 1) <= store->same_places)
		return true;
	same = calloc(places, sizeof *same);
	if (!same)
		return false;
	for (size_t i = 0; i < store->same_places; i++)
		if (store->same[i].bytes)
			*find_same(same, places, store->same[i].bytes, store->same[i].size) = store->same[i];
	free(store->same);
	store->same = same;
	store->same_places = places;
	return true;
}

const void *assay_config_once(
	struct assay_config_store *store, const void *bytes, size_t size, struct assay_error *err)
{
	struct assay_config_same *place;
	void *copy;

	if (!same_room(store)) {
		(void)no_memory(err);
		return NULL;
	}
	place = find_same(store->same, store->same_places, bytes, size);
	if (!place->bytes) {
		copy = assay_config_keep(store, size, err);
		if (!copy)
			return NULL;
		if (size)
			memcpy(copy, bytes, size);
		store->same_count++;
		*place = (struct assay_config_same){copy, size};
	}
	return place->bytes;
}

const char *assay_config_text(struct assay_config_store *store, const char *text, struct assay_error *err)
{
	return assay_config_once(store, text, strlen(text) + 1, err);
}

int assay_config_at(
	const struct assay_config_store *store, unsigned line, int status, struct assay_error *err)
{
	struct assay_error inner = *err;

	(void)snprintf(
		err->text_zh, sizeof err->text_zh, "%s:%u：%s", store->config.path, line, inner.text_zh);
	(void)snprintf(
		err->text_en, sizeof err->text_en, "%s:%u: %s", store->config.path, line, inner.text_en);
	return status;
}

static bool is_element(xmlNodePtr node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static size_t count_elements(xmlNodePtr parent, const char *name)
{
	size_t count = 0;

	for (xmlNodePtr node = parent->children; node; node = node->next)
		count += is_element(node, name);
	return count;
}

/* Copy an attribute; fallback when it is absent. */
static int copy_text(struct assay_config_store *store, xmlNodePtr node, const char *name,
	const char *fallback, const char **out, struct assay_error *err)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);

	*out = assay_config_text(store, value ? (const char *)value : fallback, err);
	xmlFree(value);
	return *out ? ASSAY_OK : ASSAY_ENOMEM;
}

struct text_field {
	const char *attribute, *fallback;
	const char **out;
};

static int copy_texts(struct assay_config_store *store, xmlNodePtr node, const struct text_field *fields,
	size_t count, struct assay_error *err)
{
	int status = ASSAY_OK;

	for (size_t i = 0; status == ASSAY_OK && i < count; i++)
		status = copy_text(store, node, fields[i].attribute, fields[i].fallback, fields[i].out, err);
	return status;
}

static uint32_t number_of(xmlNodePtr node, const char *name, uint32_t fallback)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	uint32_t number = value ? (uint32_t)strtoul((const char *)value, NULL, 10) : fallback;

	xmlFree(value);
	return number;
}

/* First letter of a closed word list, as the schema has it. */
static char letter_of(xmlNodePtr node, const char *name, char fallback)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	char letter = value ? (char)value[0] : fallback;

	xmlFree(value);
	return (char)(letter - 'a' + 'A');
}

/* "on", "off", or absent: left alone. */
static char level_of(xmlNodePtr node, const char *name)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	char level = !value ? '-' : strcmp((const char *)value, "on") == 0 ? '1' : '0';

	xmlFree(value);
	return level;
}

static bool is_true(xmlNodePtr node, const char *name)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	bool truth =
		value && (strcmp((const char *)value, "true") == 0 || strcmp((const char *)value, "1") == 0);

	xmlFree(value);
	return truth;
}

static int read_endpoint(struct assay_config_store *store, xmlNodePtr node, struct assay_config_line *line,
	struct assay_error *err)
{
	line->tcp_port = (uint16_t)number_of(node, "port", 0);
	line->listens = is_true(node, "listen");
	return copy_text(store, node, "host", "", &line->host, err);
}

static int read_folder(struct assay_config_store *store, xmlNodePtr node, struct assay_config_line *line,
	struct assay_error *err)
{
	line->settle_ms = number_of(node, "settle-ms", 5000);
	return copy_text(store, node, "path", "", &line->path, err);
}

static int read_port(struct assay_config_store *store, xmlNodePtr node, struct assay_config_line *line,
	struct assay_error *err)
{
	line->baud = number_of(node, "baud", 9600);
	line->bits = (uint8_t)number_of(node, "bits", 8);
	line->stop = (uint8_t)number_of(node, "stop", 1);
	line->parity = letter_of(node, "parity", 'n');
	line->flow = letter_of(node, "flow", 'n');
	line->gap_ms = number_of(node, "gap-ms", 0);
	line->dtr = level_of(node, "dtr");
	line->rts = level_of(node, "rts");
	return copy_text(store, node, "port", "", &line->port, err);
}

static int read_transport(struct assay_config_store *store, xmlNodePtr parent, struct assay_config_line *line,
	struct assay_error *err)
{
	static const struct {
		const char *name;
		uint32_t transport;
		int (*read)(struct assay_config_store *, xmlNodePtr, struct assay_config_line *,
			struct assay_error *);
	} kinds[] = {{"serial", ASSAY_TRANSPORT_SERIAL, read_port},
		{"modbus-rtu", ASSAY_TRANSPORT_MODBUS_RTU, read_port},
		{"modbus-tcp", ASSAY_TRANSPORT_MODBUS_TCP, read_endpoint},
		{"tcp", ASSAY_TRANSPORT_TCP, read_endpoint},
		{"rtu-tcp", ASSAY_TRANSPORT_RTU_TCP, read_endpoint},
		{"folder", ASSAY_TRANSPORT_FOLDER, read_folder},
		{"replay", ASSAY_TRANSPORT_REPLAY, read_folder}};

	line->port = line->host = line->path = "";
	for (xmlNodePtr node = parent->children; node; node = node->next)
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
			if (is_element(node, kinds[i].name)) {
				line->transport = kinds[i].transport;
				return kinds[i].read(store, node, line, err);
			}
	return assay_error_set(err, ASSAY_EREFUSED, "config-invalid", "%s:%ld：线路没有传输方式",
		"%s:%ld: the line has no transport", store->config.path, xmlGetLineNo(parent));
}

static int read_line(struct assay_config_store *store, xmlNodePtr node, struct assay_config_line *line,
	unsigned *source_lines, struct assay_error *err)
{
	const struct text_field fields[] = {
		{"id", "", &line->id}, {"name-zh", "", &line->name_zh}, {"name-en", "", &line->name_en}};
	struct assay_config_instrument *instruments =
		assay_config_keep(store, count_elements(node, "instrument") * sizeof *instruments, err);
	int status = instruments ? ASSAY_OK : ASSAY_ENOMEM;

	line->source_line = (unsigned)xmlGetLineNo(node);
	line->disabled = is_true(node, "disabled");
	line->instruments = instruments;
	if (status == ASSAY_OK)
		status = copy_texts(store, node, fields, sizeof fields / sizeof *fields, err);
	if (status == ASSAY_OK)
		status = read_transport(store, node, line, err);
	for (xmlNodePtr child = node->children; child && status == ASSAY_OK; child = child->next)
		if (is_element(child, "instrument")) {
			source_lines[line->instrument_count] = (unsigned)xmlGetLineNo(child);
			status = assay_config_instrument(
				store, child, line->transport, &instruments[line->instrument_count++], err);
		}
	return status;
}

/* The schema has seen that they are roles. */
static unsigned read_roles(xmlNodePtr node)
{
	xmlChar *text = xmlGetNoNsProp(node, (const xmlChar *)"second-factor");
	unsigned roles = 0;

	if (text && !lab_roles_read((const char *)text, &roles))
		roles = ASSAY_ACTS_ALL;
	xmlFree(text);
	return roles;
}

/* How pages are served; the address stands at lab itself. */
static int read_web(struct assay_config_store *store, xmlNodePtr root, struct assay_error *err)
{
	struct assay_config *config = &store->config;
	const struct text_field fields[] = {
		{"certificate", "", &config->certificate}, {"key", "", &config->key}};

	config->certificate = config->key = "";
	config->second_factor = 0;
	for (xmlNodePtr node = root->children; node; node = node->next)
		if (is_element(node, "web")) {
			config->anonymous_read = is_true(node, "anonymous-read");
			config->second_factor = read_roles(node);
			return copy_texts(store, node, fields, sizeof fields / sizeof *fields, err);
		}
	return ASSAY_OK;
}

/* Whom alarms are told. A mail without somebody it is for goes nowhere. */
static int read_tell(struct assay_config_store *store, xmlNodePtr root, struct assay_error *err)
{
	struct assay_config *config = &store->config;
	const struct text_field fields[] = {{"mail", "", &config->tell_mail}, {"to", "", &config->tell_to},
		{"from", "", &config->tell_from}, {"hook", "", &config->tell_hook},
		{"hook-ca", "", &config->tell_hook_ca}};

	config->tell_mail = config->tell_to = config->tell_from = config->tell_hook = config->tell_hook_ca =
		"";
	for (xmlNodePtr node = root->children; node; node = node->next) {
		int status;

		if (!is_element(node, "tell"))
			continue;
		status = copy_texts(store, node, fields, sizeof fields / sizeof *fields, err);
		if (status == ASSAY_OK && !*config->tell_mail != !*config->tell_to)
			status = assay_config_at(store, (unsigned)xmlGetLineNo(node),
				assay_error_set(err, ASSAY_EREFUSED, "tell-incomplete",
					"mail 和 to 要一起写：命令，和收件人",
					"mail and to go together: the command, and who it is for"),
				err);
		if (status == ASSAY_OK && *config->tell_hook_ca &&
			(strncmp(config->tell_hook, "https:", 6) != 0 ||
				access(config->tell_hook_ca, R_OK) != 0))
			status = assay_config_at(store, (unsigned)xmlGetLineNo(node),
				assay_error_set(err, ASSAY_EREFUSED, "tell-incomplete",
					"hook-ca 要写一个能读的文件，并且 hook 是 https 地址",
					"hook-ca names a file that can be read, and hook an https address"),
				err);
		return status;
	}
	return ASSAY_OK;
}

/* A control named for a method that there is not would be asked of nobody. */
static int check_control(const struct assay_config_store *store, xmlNodePtr node, size_t before,
	const struct assay_config_control *control, struct assay_error *err)
{
	const struct assay_config *config = &store->config;
	char path[900];
	bool twice = false;

	for (size_t i = 0; i < before; i++)
		twice = twice || strcmp(config->controls[i].method, control->method) == 0;
	if (twice || (!control->within_hours && !control->within_results))
		return assay_error_set(err, ASSAY_EREFUSED, "control-invalid",
			"%s:%ld：方法 %.60s 的质控要求写了两次，或没有 within-hours 和 within-results",
			"%s:%ld: the control of method %.60s is asked for twice, or without within-hours and "
			"within-results",
			config->path, xmlGetLineNo(node), control->method);
	(void)snprintf(path, sizeof path, "%s/methods/%s.xml", store->specs_dir, control->method);
	if (access(path, R_OK) != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "method-unknown",
			"%s:%ld：specs/methods 里没有方法 %.60s", "%s:%ld: specs/methods has no method %.60s",
			config->path, xmlGetLineNo(node), control->method);
	return ASSAY_OK;
}

static int read_controls(struct assay_config_store *store, xmlNodePtr root, struct assay_error *err)
{
	struct assay_config_control *controls =
		assay_config_keep(store, count_elements(root, "control") * sizeof *controls, err);
	int status = controls ? ASSAY_OK : ASSAY_ENOMEM;

	store->config.controls = controls;
	for (xmlNodePtr node = root->children; node && status == ASSAY_OK; node = node->next) {
		struct assay_config_control *control = controls + store->config.control_count;

		if (!is_element(node, "control"))
			continue;
		control->within_hours = number_of(node, "within-hours", 0);
		control->within_results = number_of(node, "within-results", 0);
		status = copy_text(store, node, "method", "", &control->method, err);
		if (status == ASSAY_OK)
			status = check_control(store, node, store->config.control_count, control, err);
		store->config.control_count++;
	}
	return status;
}

static size_t count_instruments(xmlNodePtr root)
{
	size_t count = 0;

	for (xmlNodePtr node = root->children; node; node = node->next)
		if (is_element(node, "line"))
			count += count_elements(node, "instrument");
	return count;
}

int assay_config_read(struct assay_config_store *store, xmlDocPtr document, struct assay_error *err)
{
	struct assay_config *config = &store->config;
	xmlNodePtr root = xmlDocGetRootElement(document);
	const struct text_field fields[] = {{"site", "", &config->site}, {"origin", "", &config->origin},
		{"name-zh", "", &config->name_zh}, {"name-en", "", &config->name_en},
		{"listen", "", &config->listen}, {"address", "", &config->address},
		{"contact", "", &config->contact}, {"check", "", &config->check},
		{"unverified", "review", &config->unverified}, {"decision", "simple", &config->decision}};
	struct assay_config_line *lines =
		assay_config_keep(store, count_elements(root, "line") * sizeof *lines, err);
	unsigned *source_lines =
			 assay_config_keep(store, count_instruments(root) * sizeof *source_lines, err),
		 *at = source_lines;
	int status = lines && source_lines ? ASSAY_OK : ASSAY_ENOMEM;

	if (status == ASSAY_OK)
		status = copy_texts(store, root, fields, sizeof fields / sizeof *fields, err);
	if (status == ASSAY_OK)
		status = read_web(store, root, err);
	if (status == ASSAY_OK)
		status = read_tell(store, root, err);
	if (status == ASSAY_OK)
		status = read_controls(store, root, err);
	config->lines = lines;
	for (xmlNodePtr node = root->children; node && status == ASSAY_OK; node = node->next)
		if (is_element(node, "line")) {
			status = read_line(store, node, &lines[config->line_count], at, err);
			at += lines[config->line_count++].instrument_count;
		}
	if (status == ASSAY_OK)
		status = assay_config_check(store, source_lines, err);
	return status == ASSAY_OK ? assay_config_trial(store, source_lines, err) : status;
}

/* Drivers are needed while settings are checked; hosts load their own. */
static void release_checks(struct assay_config_store *store)
{
	for (size_t i = 0; i < store->plugin_count; i++)
		assay_plugin_unload(&store->plugins[i]);
	for (size_t i = 0; i < store->spec_count; i++)
		assay_instrument_spec_free(store->specs[i]);
	free(store->specs);
	store->specs = NULL;
	store->plugin_count = store->spec_count = 0;
	free(store->same);
	store->same = NULL;
	store->same_places = store->same_count = 0;
}

int assay_config_load(const char *path, const char *specs_dir, const char *drivers_dir,
	struct assay_config **out, struct assay_error *err)
{
	struct assay_config_store *store = calloc(1, sizeof *store);
	uint8_t digest[32];
	char schema[900], *bytes = NULL;
	size_t length = 0;
	xmlDocPtr document = NULL;
	int status;

	if (!store)
		return no_memory(err);
	store->drivers_dir = drivers_dir;
	store->specs_dir = specs_dir;
	store->config.path = assay_config_text(store, path, err);
	status = store->config.path ? ASSAY_OK : ASSAY_ENOMEM;
	(void)snprintf(schema, sizeof schema, "%s/schema/lab.xsd", specs_dir);
	if (status == ASSAY_OK)
		status = assay_xml_read(path, ASSAY_CONFIG_FILE_MAX, &bytes, &length, err);
	if (status == ASSAY_OK)
		status = assay_xml_parse(path, bytes, length, schema, &document, err);
	if (status == ASSAY_OK)
		status = assay_config_read(store, document, err);
	xmlFreeDoc(document);
	release_checks(store);
	(void)malloc_trim(0); /* the document was large, and every role is forked from here */
	if (status == ASSAY_OK) {
		assay_sha256(bytes, length, digest);
		assay_hex(digest, sizeof digest, store->config.sha256);
	}
	store->config.xml = bytes;
	store->config.xml_length = length;
	if (status != ASSAY_OK)
		assay_config_free(&store->config);
	else
		*out = &store->config;
	return status;
}

void assay_config_free(struct assay_config *config)
{
	struct assay_config_store *store = (struct assay_config_store *)config;

	if (!store)
		return;
	for (size_t i = 0; i < store->owned_count; i++)
		free(store->owned[i]);
	free(store->owned);
	free((void *)(uintptr_t)store->config.xml);
	free(store);
}
