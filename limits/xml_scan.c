/* SPDX-License-Identifier: Apache-2.0 */
#include "limits/xml_scan.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_MAX 1048576u
#define READ_FIRST 8192u

struct scan {
	const char *path, *at, *end;
	unsigned line, depth;
};

static int refuse(const struct scan *scan, const char *zh, const char *en, struct assay_error *err)
{
	struct assay_error words;

	/* zh and en are our own literals; two formats would need the same arguments in both. */
	(void)assay_error_set(
		&words, ASSAY_EREFUSED, "xml-refused", "%s:%u：", "%s:%u: ", scan->path, scan->line);
	if (err) {
		*err = words;
		(void)strncat(err->text_zh, zh, sizeof err->text_zh - strlen(err->text_zh) - 1);
		(void)strncat(err->text_en, en, sizeof err->text_en - strlen(err->text_en) - 1);
	}
	return ASSAY_EREFUSED;
}

/* Go past the next occurrence of text; false at the end of the file. */
static bool past(struct scan *scan, const char *text)
{
	size_t length = strlen(text);

	while ((size_t)(scan->end - scan->at) >= length) {
		if (memcmp(scan->at, text, length) == 0) {
			scan->at += length;
			return true;
		}
		if (*scan->at == '\n')
			scan->line++;
		scan->at++;
	}
	return false;
}

static int scan_tag(struct scan *scan, struct assay_error *err)
{
	unsigned attributes = 0;
	char quote = '\0', last = '\0';
	bool closing = *scan->at == '/';

	for (; scan->at < scan->end; scan->at++) {
		char c = *scan->at;

		if (c == '\n')
			scan->line++;
		if (quote) {
			if (c == quote)
				quote = '\0';
			continue;
		}
		if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '=') {
			if (++attributes > ASSAY_XML_ATTRIBUTES_MAX)
				return refuse(scan, "一个标签的属性超过 64 个",
					"more than 64 attributes in one tag", err);
		} else if (c == '>') {
			break;
		}
		last = c;
	}
	if (scan->at == scan->end)
		return refuse(scan, "标签没有结束", "a tag does not end", err);
	scan->at++;
	if (closing) {
		if (scan->depth == 0)
			return refuse(scan, "多余的结束标签", "one closing tag too many", err);
		scan->depth--;
	} else if (last != '/' && ++scan->depth > ASSAY_XML_DEPTH_MAX) {
		return refuse(scan, "嵌套超过 32 层", "nested more than 32 deep", err);
	}
	return ASSAY_OK;
}

/* The declaration that begins a file; at stands after "<?". */
static int scan_declaration(struct scan *scan, const char *bytes, struct assay_error *err)
{
	const char *begin = scan->at, *encoding;
	char words[200];
	size_t length;

	if (scan->at != bytes + 2 || scan->end - scan->at < 4 || memcmp(scan->at, "xml", 3) != 0 ||
		!strchr(" \t\r\n", scan->at[3]) || !past(scan, "?>"))
		return refuse(scan, "不允许处理指令", "processing instructions are not allowed", err);
	length = (size_t)(scan->at - begin);
	if (length >= sizeof words)
		return refuse(scan, "XML 声明太长", "the XML declaration is too long", err);
	memcpy(words, begin, length);
	words[length] = '\0';
	encoding = strstr(words, "encoding");
	if (encoding && !strcasestr(encoding, "\"utf-8\"") && !strcasestr(encoding, "'utf-8'"))
		return refuse(scan, "编码应为 UTF-8", "the encoding must be UTF-8", err);
	return ASSAY_OK;
}

int assay_xml_scan(const char *path, const char *bytes, size_t length, struct assay_error *err)
{
	struct scan scan = {path, bytes, bytes + length, 1, 0};
	int status = ASSAY_OK;

	if (memchr(bytes, '\0', length))
		return refuse(&scan, "含有 NUL 字节（编码应为 UTF-8）",
			"it contains a NUL byte (the encoding must be UTF-8)", err);
	while (status == ASSAY_OK && past(&scan, "<")) {
		size_t left = (size_t)(scan.end - scan.at);

		if (left >= 3 && memcmp(scan.at, "!--", 3) == 0) {
			if (!past(&scan, "-->"))
				status = refuse(&scan, "注释没有结束", "a comment does not end", err);
		} else if (left >= 8 && memcmp(scan.at, "![CDATA[", 8) == 0) {
			if (!past(&scan, "]]>"))
				status = refuse(&scan, "CDATA 没有结束", "a CDATA section does not end", err);
		} else if (left >= 1 && *scan.at == '!') {
			status = refuse(&scan, "不允许 DOCTYPE 和实体声明",
				"DOCTYPE and entity declarations are not allowed", err);
		} else if (left >= 1 && *scan.at == '?') {
			scan.at++;
			status = scan_declaration(&scan, bytes, err);
		} else {
			status = scan_tag(&scan, err);
		}
	}
	return status;
}

int assay_xml_read(const char *path, size_t max, char **out, size_t *length_out, struct assay_error *err)
{
	FILE *file = fopen(path, "rbe");
	char *bytes = NULL;
	size_t length = 0, room = 0, got;

	if (!file)
		return assay_error_set(err, ASSAY_ENOTFOUND, "file-missing", "%s：不能打开（%s）",
			"%s: cannot be opened (%s)", path, strerror(errno));
	do { /* a file may be a pipe: its size is known when it ends */
		char *grown;

		if (length == room) {
			room = room ? room * 2 : READ_FIRST;
			if (room > max + 1)
				room = max + 1;
			grown = realloc(bytes, room + 1);
			if (!grown)
				goto unreadable;
			bytes = grown;
		}
		got = fread(bytes + length, 1, room - length, file);
		length += got;
	} while (got > 0 && length <= max);
	if (ferror(file))
		goto unreadable;
	(void)fclose(file);
	if (length > max) {
		free(bytes);
		return assay_error_set(err, ASSAY_EREFUSED, "xml-refused", "%s：超过 %zu 字节",
			"%s: larger than %zu bytes", path, max);
	}
	bytes[length] = '\0';
	*out = bytes;
	*length_out = length;
	return ASSAY_OK;
unreadable:
	(void)assay_error_set(err, ASSAY_EIO, "file-unreadable", "%s：不能读取（%s）",
		"%s: cannot be read (%s)", path, strerror(errno));
	(void)fclose(file);
	free(bytes);
	return ASSAY_EIO;
}

struct first_error {
	const char *path;
	struct assay_error *err;
	bool set;
};

static void keep_first(void *context, xmlErrorPtr error)
{
	struct first_error *first = context;
	char text[300];

	if (first->set)
		return;
	first->set = true;
	(void)snprintf(text, sizeof text, "%s", error->message ? error->message : "?");
	text[strcspn(text, "\n")] = '\0';
	(void)assay_error_set(first->err, ASSAY_EREFUSED, "xml-invalid", "%s:%d：不合格式：%s", "%s:%d: %s",
		first->path, error->line, text);
}

static xmlParserInputPtr deny_entity(const char *url, const char *id, xmlParserCtxtPtr context)
{
	(void)url;
	(void)id;
	(void)context;
	return NULL;
}

struct assay_xml_schema {
	xmlSchemaPtr schema;
};

int assay_xml_schema_open(const char *path, struct assay_xml_schema **out, struct assay_error *err)
{
	struct assay_xml_schema *schema = calloc(1, sizeof *schema);
	struct first_error first = {path, err, false};
	xmlSchemaParserCtxtPtr parser = NULL;
	char *bytes = NULL;
	size_t length = 0;
	int status;

	if (!schema)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	status = assay_xml_read(path, SCHEMA_MAX, &bytes, &length, err);
	if (status != ASSAY_OK)
		goto out;
	parser = xmlSchemaNewMemParserCtxt(bytes, (int)length);
	if (parser) {
		xmlSchemaSetParserStructuredErrors(parser, keep_first, &first);
		schema->schema = xmlSchemaParse(parser);
	}
	if (!schema->schema) {
		status = ASSAY_EREFUSED;
		if (!first.set)
			(void)assay_error_set(err, ASSAY_EREFUSED, "schema-unusable", "%s：模式文件不能使用",
				"%s: the schema cannot be used", path);
	}
out:
	xmlSchemaFreeParserCtxt(parser);
	free(bytes);
	if (status == ASSAY_OK)
		*out = schema;
	else
		assay_xml_schema_close(schema);
	return status;
}

void assay_xml_schema_close(struct assay_xml_schema *schema)
{
	if (schema)
		xmlSchemaFree(schema->schema);
	free(schema);
}

static int validate(struct assay_xml_schema *schema, xmlDocPtr document, struct first_error *first)
{
	xmlSchemaValidCtxtPtr valid = xmlSchemaNewValidCtxt(schema->schema);
	int status = ASSAY_EREFUSED;

	if (valid) {
		xmlSchemaSetValidStructuredErrors(valid, keep_first, first);
		if (xmlSchemaValidateDoc(valid, document) == 0)
			status = ASSAY_OK;
	}
	xmlSchemaFreeValidCtxt(valid);
	if (status != ASSAY_OK && !first->set)
		(void)assay_error_set(first->err, ASSAY_EREFUSED, "xml-invalid", "%s：不符合模式",
			"%s: does not follow the schema", first->path);
	return status;
}

int assay_xml_parse_with(struct assay_xml_schema *schema, const char *path, const char *bytes, size_t length,
	xmlDocPtr *out, struct assay_error *err)
{
	struct first_error first = {path, err, false};
	xmlParserCtxtPtr parser;
	xmlDocPtr document;
	int status = assay_xml_scan(path, bytes, length, err);

	if (status != ASSAY_OK)
		return status;
	xmlSetExternalEntityLoader(deny_entity);
	parser = xmlNewParserCtxt();
	if (!parser)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	xmlSetStructuredErrorFunc(&first, keep_first);
	document = xmlCtxtReadMemory(
		parser, bytes, (int)length, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_COMPACT);
	status = document ? validate(schema, document, &first) : ASSAY_EREFUSED;
	xmlSetStructuredErrorFunc(NULL, NULL);
	if (status != ASSAY_OK && !first.set && !document)
		(void)assay_error_set(err, ASSAY_EREFUSED, "xml-invalid", "%s：不是合格的 XML",
			"%s: not well-formed XML", path);
	xmlFreeParserCtxt(parser);
	if (status != ASSAY_OK) {
		xmlFreeDoc(document);
		return status;
	}
	*out = document;
	return ASSAY_OK;
}

int assay_xml_parse(const char *path, const char *bytes, size_t length, const char *schema_path,
	xmlDocPtr *out, struct assay_error *err)
{
	struct assay_xml_schema *schema = NULL;
	int status = assay_xml_schema_open(schema_path, &schema, err);

	if (status == ASSAY_OK && schema)
		status = assay_xml_parse_with(schema, path, bytes, length, out, err);
	assay_xml_schema_close(schema);
	return status;
}
