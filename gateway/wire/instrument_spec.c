/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/instrument_spec.h"

#include "limits/xml_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 1048576u

/* Everything a spec points to, freed at once; the public struct is the first member. */
struct store {
	struct assay_instrument_spec spec;
	void **owned;
	size_t owned_count;
	bool failed; /* memory ran out: checked once at the end */
};

static void *keep(struct store *store, void *memory)
{
	void **owned = memory ? realloc(store->owned, (store->owned_count + 1) * sizeof *owned) : NULL;

	if (!owned) {
		free(memory);
		store->failed = true;
		return NULL;
	}
	store->owned = owned;
	store->owned[store->owned_count++] = memory;
	return memory;
}

static const char *text_of(struct store *store, xmlNodePtr node, const char *name, const char *fallback)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	const char *copy = keep(store, strdup(value ? (const char *)value : fallback));

	xmlFree(value);
	return copy ? copy : "";
}

static uint32_t duration_of(xmlNodePtr node, const char *name)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	char *end = NULL;
	unsigned long number = value ? strtoul((const char *)value, &end, 10) : 0;

	if (end && strcmp(end, "s") == 0)
		number *= 1000;
	xmlFree(value);
	return (uint32_t)number;
}

static bool is_element(xmlNodePtr node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static size_t count_children(xmlNodePtr parent, const char *name)
{
	size_t count = 0;

	for (xmlNodePtr node = parent->children; node; node = node->next)
		count += is_element(node, name);
	return count;
}

/* Rows of a table: every element that is no setting, channel or transcript; its name is the group. */
static bool is_row(xmlNodePtr node)
{
	return node->type == XML_ELEMENT_NODE && !is_element(node, "setting") &&
	       !is_element(node, "channel") && !is_element(node, "transcript");
}

static size_t count_settings(xmlNodePtr root)
{
	size_t count = count_children(root, "setting");

	for (xmlNodePtr node = root->children; node; node = node->next)
		if (is_row(node))
			for (xmlAttrPtr attribute = node->properties; attribute; attribute = attribute->next)
				count++;
	return count;
}

static uint32_t row_number(xmlNodePtr node)
{
	uint32_t row = 0;

	for (xmlNodePtr before = node->prev; before; before = before->prev)
		row += before->type == XML_ELEMENT_NODE && xmlStrEqual(before->name, node->name);
	return row;
}

/* <setting name value/> are single; of each row, one setting an attribute. */
static void read_settings(struct store *store, xmlNodePtr root)
{
	struct assay_setting *settings = keep(store, calloc(count_settings(root) + 1, sizeof *settings));
	size_t count = 0;

	if (!settings)
		return;
	for (xmlNodePtr node = root->children; node; node = node->next) {
		const char *group;
		uint32_t row;

		if (is_element(node, "setting"))
			settings[count++] = (struct assay_setting){
				"", 0, text_of(store, node, "name", ""), text_of(store, node, "value", "")};
		if (!is_row(node))
			continue;
		group = keep(store, strdup((const char *)node->name));
		row = row_number(node);
		for (xmlAttrPtr attribute = node->properties; attribute; attribute = attribute->next) {
			const char *name = keep(store, strdup((const char *)attribute->name));

			settings[count++] = (struct assay_setting){group ? group : "", row, name ? name : "",
				text_of(store, node, (const char *)attribute->name, "")};
		}
	}
	store->spec.settings = settings;
	store->spec.setting_count = count;
}

static void read_channels(struct store *store, xmlNodePtr root)
{
	struct assay_config_channel *channels =
		keep(store, calloc(count_children(root, "channel") + 1, sizeof *channels));
	size_t count = 0;

	if (!channels)
		return;
	for (xmlNodePtr node = root->children; node; node = node->next)
		if (is_element(node, "channel"))
			channels[count++] = (struct assay_config_channel){text_of(store, node, "name", ""),
				text_of(store, node, "name-zh", ""), text_of(store, node, "name-en", ""), "",
				"", text_of(store, node, "unit", "")};
	store->spec.channels = channels;
	store->spec.channel_count = count;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "53 20 0D 0A" */
static bool read_hex(struct store *store, const char *text, struct assay_transcript *out)
{
	uint8_t *bytes = keep(store, malloc(strlen(text) / 2 + 1));

	while (bytes && *text) {
		int high = nibble(text[0]), low = high < 0 ? -1 : nibble(text[1]);

		if (*text == ' ') {
			text++;
			continue;
		}
		if (low < 0)
			return false;
		bytes[out->length++] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	out->bytes = bytes;
	return bytes != NULL;
}

static uint32_t want_of(xmlNodePtr node)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)"want");
	uint32_t want = ASSAY_WANT_VALUES;

	if (value && strcmp((const char *)value, "identity") == 0)
		want = ASSAY_WANT_IDENTITY;
	else if (value && strcmp((const char *)value, "stable") == 0)
		want = ASSAY_WANT_STABLE;
	xmlFree(value);
	return want;
}

static int read_transcript(struct store *store, const char *path, xmlNodePtr node,
	struct assay_transcript *out, struct assay_error *err)
{
	struct assay_transcript_reading *readings =
		keep(store, calloc(count_children(node, "reading") + 1, sizeof *readings));

	out->name = text_of(store, node, "name", "");
	out->origin = text_of(store, node, "origin", "");
	out->source = text_of(store, node, "source", "");
	out->serial = text_of(store, node, "serial", "");
	out->model = text_of(store, node, "model", "");
	out->turn = (uint32_t)strtoul(text_of(store, node, "turn", "0"), NULL, 10);
	out->want = want_of(node);
	out->asked = xmlHasProp(node, (const xmlChar *)"want") || xmlHasProp(node, (const xmlChar *)"turn");
	out->line = (unsigned)xmlGetLineNo(node);
	if (!read_hex(store, text_of(store, node, "bytes", ""), out))
		return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s:%u：bytes 不是十六进制",
			"%s:%u: bytes is not hexadecimal", path, out->line);
	for (xmlNodePtr child = node->children; child && readings; child = child->next)
		if (is_element(child, "reading"))
			readings[out->reading_count++] = (struct assay_transcript_reading){
				text_of(store, child, "channel", ""), text_of(store, child, "value", ""),
				text_of(store, child, "unit", ""), text_of(store, child, "flags", ""),
				text_of(store, child, "reason", ""), text_of(store, child, "sample", "")};
	out->readings = readings;
	return ASSAY_OK;
}

static int read_transcripts(struct store *store, const char *path, xmlNodePtr root, struct assay_error *err)
{
	struct assay_transcript *transcripts =
		keep(store, calloc(count_children(root, "transcript") + 1, sizeof *transcripts));
	int status = ASSAY_OK;

	for (xmlNodePtr node = root->children; node && transcripts && status == ASSAY_OK; node = node->next)
		if (is_element(node, "transcript"))
			status = read_transcript(
				store, path, node, &transcripts[store->spec.transcript_count++], err);
	store->spec.transcripts = transcripts;
	return status;
}

int assay_instrument_spec_load(
	const char *specs_dir, const char *name, struct assay_instrument_spec **out, struct assay_error *err)
{
	char path[900];

	(void)snprintf(path, sizeof path, "%s/instruments/%s.xml", specs_dir, name);
	return assay_instrument_spec_read(specs_dir, path, out, err);
}

int assay_instrument_spec_read(
	const char *specs_dir, const char *path, struct assay_instrument_spec **out, struct assay_error *err)
{
	char schema[900], *bytes = NULL;
	size_t length = 0;
	struct store *store = calloc(1, sizeof *store);
	xmlDocPtr document = NULL;
	xmlNodePtr root;
	int status;

	if (!store)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	(void)snprintf(schema, sizeof schema, "%s/schema/instrument.xsd", specs_dir);
	status = assay_xml_read(path, FILE_MAX, &bytes, &length, err);
	if (status == ASSAY_OK)
		status = assay_xml_parse(path, bytes, length, schema, &document, err);
	if (status != ASSAY_OK)
		goto out;
	root = xmlDocGetRootElement(document);
	store->spec.driver = text_of(store, root, "driver", "");
	store->spec.model = text_of(store, root, "model", "");
	store->spec.every_ms = duration_of(root, "every");
	store->spec.needed_ms = duration_of(root, "needed-every");
	read_settings(store, root);
	read_channels(store, root);
	status = read_transcripts(store, path, root, err);
	if (status == ASSAY_OK && store->failed)
		status = assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
out:
	xmlFreeDoc(document);
	free(bytes);
	if (status != ASSAY_OK) {
		assay_instrument_spec_free(&store->spec);
		return status;
	}
	*out = &store->spec;
	return ASSAY_OK;
}

void assay_instrument_spec_free(struct assay_instrument_spec *spec)
{
	struct store *store = (struct store *)spec;

	if (!store)
		return;
	for (size_t i = 0; i < store->owned_count; i++)
		free(store->owned[i]);
	free(store->owned);
	free(store);
}
