/* SPDX-License-Identifier: Apache-2.0
 * Labels of a batch's samples and a producer's card, as documents for assay-report. They are no evidence: nothing is
 * recorded when one is printed. */
#include "gateway/lab/certificate.h"
#include "gateway/lab/query.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>

#define PLACES 24 /* labels of a sheet: A4, three by eight, 70 mm by 37 mm */

/* What is counted in it, and which of how many it is. */
static void container_text(const json_t *batch, const json_t *sample, char *text, size_t size)
{
	const json_t *test;
	size_t index;

	json_array_foreach(json_object_get(batch, "tests"), index, test)
	{
		if (strcmp(lab_text(test, "test"), lab_text(sample, "test")) == 0)
			(void)snprintf(text, size, "%.80s %d/%d　%.10s", lab_text(test, "analyte_zh"),
				(int)json_integer_value(json_object_get(sample, "container")),
				(int)json_integer_value(json_object_get(json_object_get(test, "plan"), "n")),
				lab_text(batch, "produced"));
	}
}

static json_t *label_list(const json_t *batch)
{
	json_t *list = json_array();
	const json_t *sample;
	char text[400];
	size_t index;

	json_array_foreach(json_object_get(batch, "samples"), index, sample)
	{
		(void)snprintf(text, sizeof text, "批号 Lot %.120s　%.10s%s", lab_text(batch, "lot"),
			lab_text(batch, "produced"),
			strcmp(lab_text(sample, "role"), "retained") == 0 ? "　留样 retained" : "");
		if (strcmp(lab_text(sample, "role"), "container") == 0)
			container_text(batch, sample, text, sizeof text);
		(void)json_array_append_new(
			list, json_pack("{s:O,s:o,s:o}", "sample", json_object_get(sample, "sample"), "name",
				      lab_cut(lab_text(batch, "name"), 60), "text", lab_cut(text, 80)));
	}
	return list;
}

static json_t *labels(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "batch", err);
	const json_t *first = json_object_get(request, "first");
	json_int_t place = first ? json_integer_value(first) : 1;
	json_t *batch, *document;
	char issued[LAB_TIME_MAX];

	(void)actor;
	*status_out = ASSAY_EREFUSED;
	if (!id)
		return NULL;
	if (place < 1 || place > PLACES) {
		*status_out = assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "first 要从 1 到 %d",
			"first is a place on the sheet, 1 to %d", PLACES);
		return NULL;
	}
	batch = assay_query_batch(lab->state, id, err);
	if (!batch)
		return lab_answer_one("labels", NULL, status_out, err);
	lab_local_time(lab_now_ns(lab), issued);
	document = json_pack("{s:s,s:s,s:{s:s,s:s,s:i,s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:I},s:o}", "kind",
		"labels", "issued", issued, "sheet", "width_mm", "210", "height_mm", "297", "columns", 3,
		"rows", 8, "left_mm", "0", "top_mm", "0.5", "label_width_mm", "70", "label_height_mm", "37",
		"pitch_x_mm", "70", "pitch_y_mm", "37", "first", place, "labels", label_list(batch));
	json_decref(batch);
	if (!document)
		(void)lab_no_memory(err);
	return lab_answer_one("labels", document, status_out, err);
}

static json_t *card(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "card", err);
	json_t *row = id ? assay_query_card(lab->state, id, err) : NULL,
	       *site = row ? lab_site(lab, err) : NULL, *document = NULL;
	char issued[LAB_TIME_MAX], tests[120], code[200];

	(void)actor;
	*status_out = id ? ASSAY_ENOTFOUND : ASSAY_EREFUSED;
	if (site) {
		long long count = json_integer_value(json_object_get(row, "tests"));

		lab_local_time(lab_now_ns(lab), issued);
		(void)snprintf(tests, sizeof tests, "%lld 次全项检验　%lld full-item tests", count, count);
		(void)snprintf(code, sizeof code, "%.120s%.60s", lab_text(site, "check"), id);
		document = json_pack("{s:s,s:s,s:o,s:s,s:o,s:s,s:s,s:s,s:s,s:s}", "kind", "card", "issued",
			issued, "laboratory", lab_laboratory_paper(site), "card", id, "producer",
			lab_producer_paper(lab, lab_text(row, "producer"), ""), "programme_zh",
			"免费全项检测卡", "programme_en", "Free full-item tests", "tests", tests,
			"valid_until", lab_text(row, "valid_until"), "code", code);
	}
	json_decref(site);
	json_decref(row);
	return document || id ? lab_answer_one("paper", document, status_out, err) : NULL;
}

const struct lab_command lab_paper_commands[] = {
	{"batch.labels", labels}, {"card.paper", card}, {NULL, NULL}};
