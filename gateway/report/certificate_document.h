/* SPDX-License-Identifier: Apache-2.0
 * A certificate's document as report.h describes it, checked against itself. Texts belong to the JSON. */
#ifndef ASSAY_REPORT_CERTIFICATE_DOCUMENT_H
#define ASSAY_REPORT_CERTIFICATE_DOCUMENT_H

#include "gateway/report/document.h"
#include "gateway/report/parties.h"

#define CERTIFICATE_TESTS_MAX 400

struct sentence {
	const char *text_zh, *text_en;
};
struct reason {
	const char *code, *text_zh, *text_en;
};
struct certificate_method {
	const char *standard, *title_zh, *title_en;
};
struct certificate_limit {
	const char *standard, *clause, *text;
};
struct certificate_result {
	const char *value, *unit, *censored, *lod, *loq, *uncertainty, *text_zh, *text_en;
};
struct certificate_verdict {
	const char *verdict;
	struct list reasons; /* of struct reason */
};
struct certificate_test {
	const char *test, *analyte_zh, *analyte_en, *basis_zh, *basis_en, *was;
	struct certificate_method method;
	struct certificate_limit *limit; /* NULL none */
	struct certificate_result *result; /* NULL none */
	struct certificate_verdict verdict;
};
struct certificate_batch {
	const char *batch, *name, *product_zh, *product_en, *category_zh, *category_en, *lot, *produced,
		*received;
	const char *tested_from, *tested_to, *amount, *origin_zh, *origin_en, *verdict, *text_zh, *text_en;
	struct list samples; /* of const char * */
	struct list reasons; /* of struct reason */
	struct sentence scope;
};
struct certificate_replaced {
	const char *certificate, *issued, *reason;
};
struct certificate_signature {
	const char *action, *who, *name, *at, *digest;
};
struct certificate_checkpoint {
	long long size;
	const char *root, *at, *witness;
};
struct certificate_check {
	const char *address, *proof;
};
struct certificate {
	const char *kind, *certificate, *issued;
	struct laboratory laboratory;
	struct producer producer;
	struct certificate_batch batch;
	struct list tests; /* of struct certificate_test */
	struct sentence decision_rule;
	struct list notes; /* of struct sentence */
	struct certificate_replaced *replaces; /* NULL: first issue */
	struct list signatures; /* of struct certificate_signature */
	struct certificate_checkpoint checkpoint;
	struct certificate_check check;
};

/* *out lives as long as document and root. */
int certificate_read(struct document *document, json_t *root, struct certificate *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
