/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/sim/script.h"

#include "limits/xml_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 1048576u
#define SEND_MAX 1000u
#define LATE_MS 3000u
#define TORN_MS 700u
#define AWAY_MS 500u

static const char *const names[SIM_FAULTS] = {
	"", "late", "doubled", "torn", "cut", "foreign", "noise", "echo", "lost", "flip", "hang-up", "swap"};

const char *sim_fault_name(enum sim_fault fault)
{
	return names[fault];
}

enum sim_fault sim_fault_of(const char *name, size_t length)
{
	for (unsigned i = 1; i < SIM_FAULTS; i++)
		if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
			return (enum sim_fault)i;
	return SIM_FAULT_NONE;
}

static bool keep(struct sim_bytes *out, const void *bytes, size_t length)
{
	out->bytes = malloc(length ? length : 1);
	if (!out->bytes)
		return false;
	memcpy(out->bytes, bytes, length);
	out->length = length;
	return true;
}

bool sim_add_answer(struct sim_script *script, const void *request, size_t request_length, const void *reply,
	size_t length, unsigned after_ms)
{
	struct sim_answer *grown = realloc(script->answers, (script->answer_count + 1) * sizeof *grown),
			  *answer;

	if (!grown)
		return false;
	script->answers = grown;
	answer = &grown[script->answer_count];
	memset(answer, 0, sizeof *answer);
	answer->after_ms = after_ms;
	if (!keep(&answer->request, request, request_length))
		return false;
	script->answer_count++;
	return keep(&answer->reply, reply, length);
}

bool sim_add_say(struct sim_script *script, const void *bytes, size_t length, unsigned every_ms)
{
	struct sim_say *grown = realloc(script->says, (script->say_count + 1) * sizeof *grown);

	if (!grown)
		return false;
	script->says = grown;
	grown[script->say_count].every_ms = every_ms;
	if (!keep(&grown[script->say_count].bytes, bytes, length))
		return false;
	script->say_count++;
	return true;
}

struct sim_registers *sim_add_registers(struct sim_script *script, size_t count)
{
	struct sim_registers *grown =
				     realloc(script->registers, (script->register_count + 1) * sizeof *grown),
			     *added;

	if (!grown)
		return NULL;
	script->registers = grown;
	added = &grown[script->register_count];
	memset(added, 0, sizeof *added);
	added->values = calloc(count ? count : 1, sizeof *added->values);
	if (!added->values)
		return NULL;
	added->count = count;
	script->register_count++;
	return added;
}

static int no_memory(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

static char *attribute(xmlNodePtr node, const char *name)
{
	return (char *)xmlGetNoNsProp(node, (const xmlChar *)name);
}

/* The schema has checked that it is a number and how large. */
static unsigned number(xmlNodePtr node, const char *name, unsigned fallback)
{
	char *text = attribute(node, name);
	unsigned value = text ? (unsigned)strtoul(text, NULL, 10) : fallback;

	xmlFree(text);
	return value;
}

static void text_of(xmlNodePtr node, const char *name, char out[SIM_SERIAL_MAX])
{
	char *text = attribute(node, name);

	(void)snprintf(out, SIM_SERIAL_MAX, "%s", text ? text : "");
	xmlFree(text);
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \r \n \t \\ \xNN, {serial} and {model}. False: a mistake. out holds SEND_MAX + 2 * SIM_SERIAL_MAX bytes. */
static bool expand(const struct sim_script *script, const char *text, uint8_t *out, size_t *length)
{
	static const char letters[] = "rnt\\", meant[] = "\r\n\t\\";
	static const struct {
		const char *mark;
		size_t at;
	} marks[] = {{"{serial}", offsetof(struct sim_script, serial)},
		{"{model}", offsetof(struct sim_script, model)}};

	*length = 0;
	while (*text) {
		const char *value = NULL, *letter;

		for (unsigned i = 0; i < 2; i++)
			if (strncmp(text, marks[i].mark, strlen(marks[i].mark)) == 0) {
				value = (const char *)script + marks[i].at;
				text += strlen(marks[i].mark);
				break;
			}
		if (*length > SEND_MAX)
			return false;
		if (value) {
			while (*value)
				out[(*length)++] = (uint8_t)*value++;
			continue;
		}
		if (*text != '\\') {
			out[(*length)++] = (uint8_t)*text++;
			continue;
		}
		letter = text[1] ? strchr(letters, text[1]) : NULL;
		if (letter) {
			out[(*length)++] = (uint8_t)meant[letter - letters];
			text += 2;
		} else if (text[1] == 'x' && nibble(text[2]) >= 0 && nibble(text[3]) >= 0) {
			out[(*length)++] = (uint8_t)(nibble(text[2]) << 4 | nibble(text[3]));
			text += 4;
		} else {
			return false;
		}
	}
	return *length > 0;
}

/* One element with bytes to send. 0, or negative: err is filled. */
static int read_sending(struct sim_script *script, const char *path, xmlNodePtr node, struct assay_error *err)
{
	uint8_t request[SEND_MAX + 2 * SIM_SERIAL_MAX], reply[SEND_MAX + 2 * SIM_SERIAL_MAX];
	size_t request_length = 0, length = 0;
	char *to = attribute(node, "to"), *send = attribute(node, "send");
	bool good = send && expand(script, send, reply, &length) &&
		    (!to || expand(script, to, request, &request_length));
	bool kept = good && (to ? sim_add_answer(script, request, request_length, reply, length,
					  number(node, "after-ms", script->delay_ms))
				: sim_add_say(script, reply, length, number(node, "every-ms", 1000)));

	xmlFree(to);
	xmlFree(send);
	if (!good)
		return assay_error_set(err, ASSAY_EREFUSED, "sim-invalid",
			"%s:%u：只认 \\r \\n \\t \\\\ \\xNN {serial} {model} {count}，最长 1000 字节",
			"%s:%u: only \\r \\n \\t \\\\ \\xNN {serial} {model} {count} are known, and at most "
			"1000 bytes",
			path, (unsigned)xmlGetLineNo(node));
	return kept ? ASSAY_OK : no_memory(err);
}

static int read_registers(
	struct sim_script *script, const char *path, xmlNodePtr node, struct assay_error *err)
{
	char *values = attribute(node, "values"), *at = values, *word;
	size_t count = 1, filled = 0;
	struct sim_registers *registers;
	bool large = false;

	for (const char *c = values; c && *c; c++)
		count += *c == ' ';
	registers = values ? sim_add_registers(script, count) : NULL;
	if (registers) {
		registers->unit = (uint8_t)number(node, "unit", 1);
		registers->function = (uint8_t)number(node, "function", 3);
		registers->address = (uint16_t)number(node, "address", 0);
		while ((word = strsep(&at, " ")) != NULL && filled < count) {
			unsigned long value = strtoul(word, NULL, 10);

			large = large || value > 65535;
			registers->values[filled++] = *word == 'c' ? -1 : (int32_t)(value & 0xffff);
		}
	}
	xmlFree(values);
	if (large)
		return assay_error_set(err, ASSAY_EREFUSED, "sim-invalid", "%s:%u：寄存器值不能大于 65535",
			"%s:%u: a register holds at most 65535", path, (unsigned)xmlGetLineNo(node));
	return registers ? ASSAY_OK : no_memory(err);
}

static void read_rule(struct sim_script *script, xmlNodePtr node)
{
	char *kind = attribute(node, "kind");

	if (kind && script->rule_count < sizeof script->rules / sizeof *script->rules)
		script->rules[script->rule_count++] = (struct sim_rule){
			sim_fault_of(kind, strlen(kind)), number(node, "at", 0), number(node, "every", 0)};
	xmlFree(kind);
}

static int read_script(struct sim_script *script, const char *path, xmlNodePtr root, struct assay_error *err)
{
	char *protocol = attribute(root, "protocol");
	int status = ASSAY_OK;

	script->modbus = protocol && strcmp(protocol, "modbus") == 0;
	xmlFree(protocol);
	text_of(root, "serial", script->serial);
	text_of(root, "swapped-serial", script->swapped);
	text_of(root, "model", script->model);
	script->baud = number(root, "baud", 0);
	script->delay_ms = number(root, "delay-ms", script->delay_ms);
	script->late_ms = number(root, "late-ms", script->late_ms);
	script->torn_ms = number(root, "torn-ms", script->torn_ms);
	script->away_ms = number(root, "away-ms", script->away_ms);
	for (xmlNodePtr node = root->children; node && status == ASSAY_OK; node = node->next) {
		const char *name = (const char *)node->name;

		if (node->type != XML_ELEMENT_NODE)
			continue;
		if (strcmp(name, "registers") == 0)
			status = read_registers(script, path, node, err);
		else if (strcmp(name, "fault") == 0)
			read_rule(script, node);
		else
			status = read_sending(script, path, node, err);
	}
	return status;
}

/* Is the root element <instrument>? Good enough to choose the schema, which then checks the whole. */
static bool is_instrument(const char *bytes, size_t length)
{
	const char *found = memmem(bytes, length, "<instrument", 11), *sim = memmem(bytes, length, "<sim", 4);

	return found && (!sim || found < sim);
}

/* The other device's serial number, where the file names none: the last character is another. */
static void make_swapped(struct sim_script *script)
{
	size_t length = strlen(script->serial);

	if (*script->swapped || length == 0)
		return;
	(void)snprintf(script->swapped, sizeof script->swapped, "%s", script->serial);
	script->swapped[length - 1] = script->serial[length - 1] == '9' ? '1' : '9';
}

int sim_script_load(
	const struct assay_places *places, const char *path, struct sim_script **out, struct assay_error *err)
{
	struct sim_script *script = calloc(1, sizeof *script);
	char schema[600], *bytes = NULL;
	size_t length = 0;
	xmlDocPtr document = NULL;
	int status;

	if (!script)
		return no_memory(err);
	script->late_ms = LATE_MS;
	script->torn_ms = TORN_MS;
	script->away_ms = AWAY_MS;
	status = assay_xml_read(path, FILE_MAX, &bytes, &length, err);
	if (status != ASSAY_OK)
		goto out;
	if (is_instrument(bytes, length)) {
		status = sim_script_from_instrument(places, path, script, err);
		goto out;
	}
	(void)snprintf(schema, sizeof schema, "%s/schema/sim.xsd", places->specs);
	status = assay_xml_parse(path, bytes, length, schema, &document, err);
	if (status == ASSAY_OK)
		status = read_script(script, path, xmlDocGetRootElement(document), err);
out:
	xmlFreeDoc(document);
	free(bytes);
	if (status != ASSAY_OK) {
		sim_script_free(script);
		return status;
	}
	make_swapped(script);
	*out = script;
	return ASSAY_OK;
}

void sim_script_free(struct sim_script *script)
{
	if (!script)
		return;
	for (size_t i = 0; i < script->answer_count; i++) {
		free(script->answers[i].request.bytes);
		free(script->answers[i].reply.bytes);
	}
	for (size_t i = 0; i < script->say_count; i++)
		free(script->says[i].bytes.bytes);
	for (size_t i = 0; i < script->register_count; i++)
		free(script->registers[i].values);
	free(script->answers);
	free(script->says);
	free(script->registers);
	free(script);
}
