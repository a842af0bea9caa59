/* SPDX-License-Identifier: Apache-2.0
 * Before any parser: what no file of ours contains is refused in one pass over the bytes. libxml2 2.9.14 works
 * for a minute on a file with very many attributes and then accepts it. */
#ifndef ASSAY_LIMITS_XML_SCAN_H
#define ASSAY_LIMITS_XML_SCAN_H

#include "limits/error.h"

#include <libxml/tree.h>
#include <stddef.h>

#define ASSAY_XML_ATTRIBUTES_MAX 64u
#define ASSAY_XML_DEPTH_MAX 32u

/* No DOCTYPE, no ENTITY, no processing instruction but the XML declaration, at most 64 attributes a tag, 32 levels,
 * no NUL. path is for the message. ASSAY_EREFUSED "xml-refused" with path:line. */
int assay_xml_scan(
	const char *path, const char *bytes, size_t length, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Read a whole file of at most max bytes. The caller frees *out. */
int assay_xml_read(const char *path, size_t max, char **out, size_t *length_out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* A schema read once for many files. The caller closes *out. */
struct assay_xml_schema;
int assay_xml_schema_open(
	const char *path, struct assay_xml_schema **out, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_xml_schema_close(struct assay_xml_schema *schema); /* NULL allowed */
/* Scan, parse (no network, no entities, no DTD) and validate. path is for messages. The caller frees *out. */
int assay_xml_parse_with(struct assay_xml_schema *schema, const char *path, const char *bytes, size_t length,
	xmlDocPtr *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Scan, parse (no network, no entities, no DTD) and validate against schema_path. The caller frees *out. */
int assay_xml_parse(const char *path, const char *bytes, size_t length, const char *schema_path,
	xmlDocPtr *out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
