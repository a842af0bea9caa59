/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/advice.h"

#include "limits/xml_scan.h"

#include <dirent.h>
#include <errno.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 20)
#define PATH_LENGTH_MAX 4096

struct assay_advice {
	struct assay_measure *measure;
	size_t count, room;
};

static int no_memory(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

static void free_sentences(struct assay_sentence *sentence, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		free(sentence[i].zh);
		free(sentence[i].en);
		free(sentence[i].source);
	}
}

void assay_advice_free(struct assay_advice *advice)
{
	if (!advice)
		return;
	for (size_t i = 0; i < advice->count; i++) {
		struct assay_measure *measure = &advice->measure[i];

		free(measure->id);
		free(measure->analyte);
		free(measure->process);
		free_sentences(measure->cause, measure->cause_count);
		free_sentences(measure->step, measure->step_count);
		free_sentences(measure->next, measure->next_count);
	}
	free(advice->measure);
	free(advice);
}

/* A copy of an attribute that the schema requires; NULL when memory is short. */
static char *attribute(xmlNodePtr node, const char *name)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	char *copy = value ? strdup((const char *)value) : NULL;

	xmlFree(value);
	return copy;
}

/* The count rises even when memory runs short, so that what was copied is freed. */
static bool read_sentence(xmlNodePtr node, struct assay_sentence *list, unsigned max, unsigned *count)
{
	struct assay_sentence *sentence = &list[*count];
	char *verified = attribute(node, "verified");
	bool good;

	if (*count == max) {
		free(verified);
		return false;
	}
	(*count)++;
	sentence->zh = attribute(node, "zh");
	sentence->en = attribute(node, "en");
	sentence->source = attribute(node, "source");
	sentence->verified = verified && strcmp(verified, "yes") == 0;
	good = sentence->zh && sentence->en && sentence->source && verified;
	free(verified);
	return good;
}

static bool read_measure(xmlNodePtr node, struct assay_measure *measure)
{
	bool good;

	measure->id = attribute(node, "id");
	measure->analyte = attribute(node, "analyte");
	measure->process = attribute(node, "process");
	good = measure->id && measure->analyte && measure->process;
	for (xmlNodePtr child = node->children; child && good; child = child->next) {
		if (child->type != XML_ELEMENT_NODE)
			continue;
		if (strcmp((const char *)child->name, "cause") == 0)
			good = read_sentence(
				child, measure->cause, ASSAY_ADVICE_CAUSES_MAX, &measure->cause_count);
		else if (strcmp((const char *)child->name, "do") == 0)
			good = read_sentence(
				child, measure->step, ASSAY_ADVICE_STEPS_MAX, &measure->step_count);
		else
			good = read_sentence(
				child, measure->next, ASSAY_ADVICE_NEXT_MAX, &measure->next_count);
	}
	return good;
}

static struct assay_measure *add(struct assay_advice *advice)
{
	if (advice->count == advice->room) {
		size_t room = advice->room ? advice->room * 2 : 32;
		struct assay_measure *bigger = realloc(advice->measure, room * sizeof *bigger);

		if (!bigger)
			return NULL;
		advice->measure = bigger;
		advice->room = room;
	}
	memset(&advice->measure[advice->count], 0, sizeof *advice->measure);
	return &advice->measure[advice->count++];
}

static int refuse_twice(
	const struct assay_advice *advice, const char *path, long line, struct assay_error *err)
{
	const struct assay_measure *last = &advice->measure[advice->count - 1];

	for (size_t i = 0; i + 1 < advice->count; i++) {
		const struct assay_measure *other = &advice->measure[i];

		if (strcmp(other->id, last->id) == 0 || (strcmp(other->analyte, last->analyte) == 0 &&
								strcmp(other->process, last->process) == 0))
			return assay_error_set(err, ASSAY_EREFUSED, "advice-twice",
				"%s:%ld：%s 与 %s 的编号或项目加工艺重复，请删去一个",
				"%s:%ld: %s has the id, or the analyte and process, of %s; remove one", path,
				line, last->id, other->id);
	}
	return ASSAY_OK;
}

static int read_file(
	struct assay_advice *advice, const char *path, const char *schema_path, struct assay_error *err)
{
	char *bytes = NULL;
	size_t length = 0;
	xmlDocPtr document = NULL;
	int status = assay_xml_read(path, FILE_MAX, &bytes, &length, err);

	if (status == ASSAY_OK)
		status = assay_xml_parse(path, bytes, length, schema_path, &document, err);
	free(bytes);
	if (status != ASSAY_OK)
		return status;
	for (xmlNodePtr node = xmlDocGetRootElement(document)->children; node && status == ASSAY_OK;
		node = node->next) {
		struct assay_measure *measure;

		if (node->type != XML_ELEMENT_NODE)
			continue;
		measure = advice->count < ASSAY_ADVICE_MEASURES_MAX ? add(advice) : NULL;
		if (!measure || !read_measure(node, measure))
			status = no_memory(err);
		else
			status = refuse_twice(advice, path, xmlGetLineNo(node), err);
	}
	xmlFreeDoc(document);
	return status;
}

static int is_xml(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".xml") == 0;
}

static int read_all(struct assay_advice *advice, const char *dir, struct dirent **names, int count,
	const char *schema_path, struct assay_error *err)
{
	char path[PATH_LENGTH_MAX];
	int status = ASSAY_OK;

	for (int i = 0; i < count && status == ASSAY_OK; i++) {
		int length = snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);

		if (length < 0 || (size_t)length >= sizeof path)
			return assay_error_set(err, ASSAY_EREFUSED, "advice-missing", "%s：路径太长",
				"%s: the path is too long", dir);
		status = read_file(advice, path, schema_path, err);
	}
	return status;
}

int assay_advice_load(
	const char *dir, const char *schema_path, struct assay_advice **out, struct assay_error *err)
{
	struct dirent **names = NULL;
	struct assay_advice *advice = calloc(1, sizeof *advice);
	int count = scandir(dir, &names, is_xml, alphasort), status;

	if (!advice)
		status = no_memory(err);
	else if (count < 0)
		status = assay_error_set(err, ASSAY_ENOTFOUND, "advice-missing", "%s：不能读取（%s）",
			"%s: cannot be read (%s)", dir, strerror(errno));
	else if (count == 0 || count > (int)ASSAY_ADVICE_FILES_MAX)
		status = assay_error_set(err, ASSAY_ENOTFOUND, "advice-missing",
			"%s：应有 1 到 %u 个改进建议文件，现有 %d 个",
			"%s: takes 1 to %u files of advice, there are %d", dir, ASSAY_ADVICE_FILES_MAX,
			count);
	else
		status = read_all(advice, dir, names, count, schema_path, err);
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	if (status != ASSAY_OK) {
		assay_advice_free(advice);
		return status;
	}
	*out = advice;
	return ASSAY_OK;
}

size_t assay_advice_count(const struct assay_advice *advice)
{
	return advice->count;
}

const struct assay_measure *assay_advice_at(const struct assay_advice *advice, size_t i)
{
	return &advice->measure[i];
}

const struct assay_measure *assay_advice_find(
	const struct assay_advice *advice, const char *analyte, const char *process)
{
	const struct assay_measure *general = NULL;

	for (size_t i = 0; i < advice->count; i++) {
		const struct assay_measure *measure = &advice->measure[i];

		if (strcmp(measure->analyte, analyte) != 0)
			continue;
		if (strcmp(measure->process, process) == 0)
			return measure;
		if (strcmp(measure->process, "any") == 0)
			general = measure;
	}
	return general;
}

int assay_advice_shipped(const char *specs, struct assay_advice **out, struct assay_error *err)
{
	char dir[600], schema[600];

	(void)snprintf(dir, sizeof dir, "%.512s/advice", specs);
	(void)snprintf(schema, sizeof schema, "%.512s/schema/advice.xsd", specs);
	return assay_advice_load(dir, schema, out, err);
}
