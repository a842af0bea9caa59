/* SPDX-License-Identifier: Apache-2.0
 * batch, results, verdicts, signatures -> the document of a certificate. Nothing is decided here; what the paper has no
 * room for is cut with an ellipsis, and stands whole in the journal. */
#include "gateway/lab/certificate.h"

#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>

json_t *lab_cut(const char *text, unsigned most)
{
	char out[4 * 640];
	size_t at = 0, last = 0;
	unsigned count = 0;

	for (; text[at] && at + 8 < sizeof out; at++) {
		if (((unsigned char)text[at] & 0xc0u) == 0x80u)
			continue;
		if (++count == most)
			last = at;
		if (count > most)
			break;
	}
	if (count <= most && !text[at])
		return lab_string(text);
	(void)snprintf(out, sizeof out, "%.*s…", (int)(count > most ? last : at), text);
	return lab_string(out);
}

static json_t *reasons_json(const json_t *codes)
{
	json_t *list = json_array();
	const json_t *code;
	size_t index;

	json_array_foreach(codes, index, code)
	{
		const struct assay_reason_text *reason = assay_reason_find(json_string_value(code));

		(void)json_array_append_new(
			list, json_pack("{s:O,s:o,s:o}", "code", code, "text_zh", lab_cut(reason->zh, 200),
				      "text_en", lab_cut(reason->en, 200)));
	}
	return list;
}

/* "ND" and its limit, or the value as reported. */
static json_t *result_json(const struct assay_specs *specs, const json_t *test)
{
	const json_t *result = json_object_get(test, "result");
	const struct assay_method *method =
		specs ? assay_specs_method(specs, lab_text(test, "method")) : NULL;
	const char *value = lab_text(result, "value");
	bool nd = strcmp(value, "ND") == 0;
	char lod[ASSAY_DECIMAL_TEXT_MAX + 24] = "", loq[ASSAY_DECIMAL_TEXT_MAX + 24] = "",
					  text[ASSAY_DECIMAL_TEXT_MAX];

	if (!*value)
		return json_null();
	if (nd && method && method->has_lod && assay_decimal_format(&method->lod, text) == ASSAY_OK)
		(void)snprintf(lod, sizeof lod, "%s %s", text, method->unit);
	if (nd && method && method->has_loq && assay_decimal_format(&method->loq, text) == ASSAY_OK)
		(void)snprintf(loq, sizeof loq, "%s %s", text, method->unit);
	return json_pack("{s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "value", lab_cut(nd ? "" : value, 160), "unit",
		lab_text(result, "unit"), "censored", nd ? "not-detected" : "", "lod", lod, "loq", loq,
		"uncertainty", "", "text_zh", "", "text_en", "");
}

static const char *was(const json_t *replaces, const json_t *test)
{
	const json_t *tests = json_object_get(json_object_get(replaces, "document"), "tests"), *old, *now;
	size_t index;

	now = json_object_get(test, "result");
	json_array_foreach(tests, index, old)
	{
		const char *value = lab_text(json_object_get(old, "result"), "value");

		if (strcmp(lab_text(old, "test"), lab_text(test, "test")) == 0 &&
			strcmp(value, lab_text(now, "value")) != 0)
			return value;
	}
	return "";
}

/* The limit that the verdict names. GB 2760 judges without a row: what it does not list is not permitted. */
static json_t *limit_json(const json_t *verdict)
{
	const char *standard = lab_text(verdict, "standard"), *text = lab_text(verdict, "limit"),
		   *clause = lab_text(verdict, "clause"), *kind = lab_text(verdict, "verdict");
	bool judged = strcmp(kind, "pass") == 0 || strcmp(kind, "fail") == 0;

	if (!*text && *standard && judged) {
		text = "不得使用 not permitted";
		clause = "附录A(未列入即不得使用) appendix A (not listed: not permitted)";
	}
	return *text ? json_pack("{s:s,s:o,s:o}", "standard", standard, "clause", lab_cut(clause, 80), "text",
			       lab_cut(text, 120))
		     : json_null();
}

static json_t *test_json(const struct assay_specs *specs, const json_t *replaces, const json_t *test)
{
	const json_t *verdict = json_object_get(json_object_get(test, "result"), "verdict");
	const char *kind = lab_text(verdict, "verdict");
	json_t *codes = json_incref(json_object_get(verdict, "reasons")), *document;

	if (!*kind) { /* nothing limits it: listed, not judged */
		kind = "not_applicable";
		codes = json_pack("[s]", "no-limit");
	}
	document = json_pack("{s:s,s:o,s:o,s:s,s:s,s:{s:s,s:o,s:o},s:o,s:o,s:{s:s,s:o},s:s}", "test",
		lab_text(test, "test"), "analyte_zh", lab_cut(lab_text(test, "analyte_zh"), 80), "analyte_en",
		lab_cut(lab_text(test, "analyte_en"), 80), "basis_zh", "", "basis_en", "", "method",
		"standard", lab_text(test, "method_standard"), "title_zh",
		lab_cut(lab_text(test, "method_zh"), 60), "title_en",
		lab_cut(lab_text(test, "method_en"), 100), "limit", limit_json(verdict), "result",
		result_json(specs, test), "verdict", "verdict", kind, "reasons", reasons_json(codes), "was",
		was(replaces, test));
	json_decref(codes);
	return document;
}

/* A retest that decided stands in the first one's place; the first is told in a note. */
static const json_t *decided_again(const json_t *tests, const json_t *first)
{
	const json_t *again;
	size_t index;

	json_array_foreach(tests, index, again)
	{
		const char *kind =
			lab_text(json_object_get(json_object_get(again, "result"), "verdict"), "verdict");

		if (strcmp(lab_text(again, "retest_of"), lab_text(first, "test")) == 0 &&
			strcmp(lab_text(again, "rule"), LAB_RETEST_DECIDES) == 0 &&
			(strcmp(kind, "pass") == 0 || strcmp(kind, "fail") == 0))
			return again;
	}
	return NULL;
}

static json_t *first_result_note(const json_t *first)
{
	const json_t *result = json_object_get(first, "result");
	char zh[400], en[400];

	(void)snprintf(zh, sizeof zh, "%.80s 经复检，以复检结果为准；初检结果 %.60s %.20s，保留在案。",
		lab_text(first, "analyte_zh"), lab_text(result, "value"), lab_text(result, "unit"));
	(void)snprintf(en, sizeof en,
		"%.80s was tested again and the retest decides; the first result, %.60s %.20s, is kept.",
		lab_text(first, "analyte_en"), lab_text(result, "value"), lab_text(result, "unit"));
	return json_pack("{s:o,s:o}", "text_zh", lab_string(zh), "text_en", lab_string(en));
}

/* How a sampling plan was judged: the counts stand in the order of their containers. */
static json_t *plan_note(const json_t *test)
{
	const json_t *plan = json_object_get(test, "plan");
	int n = (int)json_integer_value(json_object_get(plan, "n")),
	    c = (int)json_integer_value(json_object_get(plan, "c"));
	char zh[400], en[400], bounds[160];

	(void)snprintf(bounds, sizeof bounds, "n=%d, c=%d, m=%.40s%s%.40s %.20s", n, c, lab_text(plan, "m"),
		*lab_text(plan, "M") ? ", M=" : "", lab_text(plan, "M"), lab_text(plan, "unit"));
	(void)snprintf(zh, sizeof zh,
		"%.80s 按采样方案判定（%s，%.40s）：%d "
		"份样品的结果依次列出，不取平均值；“—”为缺失。微生物项目不复检。",
		lab_text(test, "analyte_zh"), bounds, lab_text(plan, "standard"), n);
	(void)snprintf(en, sizeof en,
		"%.80s was judged by the sampling plan (%s): the results of %d containers in order, never "
		"averaged; — is missing. Microbiology is not tested again.",
		lab_text(test, "analyte_en"), bounds, n);
	return json_pack("{s:o,s:o}", "text_zh", lab_string(zh), "text_en", lab_string(en));
}

static json_t *cannot_note(const json_t *cannot)
{
	const json_t *one;
	size_t index, at;
	char zh[1700];

	at = (size_t)snprintf(zh, sizeof zh, "未检（本中心无方法或仪器）：");
	json_array_foreach(cannot, index, one)
	{
		if (at + 140 < sizeof zh)
			at += (size_t)snprintf(zh + at, sizeof zh - at, "%s%.100s", index ? "、" : "",
				lab_text(one, "analyte_zh"));
	}
	return json_pack("{s:o,s:o}", "text_zh", lab_cut(zh, 600), "text_en",
		lab_string("The items named at the left were not tested here: no method, or no instrument."));
}

static json_t *notes_json(const json_t *batch)
{
	const json_t *tests = json_object_get(batch, "tests"),
		     *cannot = json_object_get(batch, "cannot_test"), *test;
	json_t *list = json_array();
	size_t index;

	json_array_foreach(tests, index, test)
	{
		if (decided_again(tests, test) && json_array_size(list) < 18)
			(void)json_array_append_new(list, first_result_note(test));
		if (json_is_object(json_object_get(test, "plan")) && json_array_size(list) < 18)
			(void)json_array_append_new(list, plan_note(test));
	}
	if (json_array_size(cannot))
		(void)json_array_append_new(list, cannot_note(cannot));
	return list;
}

static json_t *tests_json(const struct assay_specs *specs, const json_t *replaces, const json_t *tests)
{
	json_t *list = json_array();
	const json_t *test;
	size_t index;

	json_array_foreach(tests, index, test)
	{
		if (!decided_again(tests, test))
			(void)json_array_append_new(list, test_json(specs, replaces, test));
	}
	return list;
}

static json_t *signature_json(const char *action, const json_t *signature)
{
	const char *login = lab_text(signature, "name"), *name = lab_text(signature, "full_name");

	return json_pack("{s:s,s:s,s:o,s:s,s:s}", "action", action, "who", login, "name",
		lab_cut(*name ? name : login, 40), "at", lab_text(signature, "at"), "digest",
		lab_text(signature, "record_digest"));
}

static json_t *signatures_json(const json_t *batch, const json_t *release)
{
	json_t *list = json_array();
	const json_t *review;
	size_t index;

	json_array_foreach(json_object_get(batch, "reviews"), index, review)
	{
		if (strcmp(lab_text(review, "action"), "confirm") == 0 && json_array_size(list) < 11)
			(void)json_array_append_new(
				list, signature_json("review", json_object_get(review, "signature")));
	}
	(void)json_array_append_new(list, signature_json("release", release));
	return list;
}

json_t *lab_site(struct assay_lab *lab, struct assay_error *err)
{
	json_t *rows = query_list(
		       lab->state, query_prepare(lab->state, err, "SELECT key, value FROM meta", ""), err),
	       *object = rows ? json_object() : NULL;
	const json_t *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		(void)json_object_set(object, lab_text(row, "key"), json_object_get(row, "value"));
	}
	json_decref(rows);
	return object;
}

json_t *lab_producer_paper(struct assay_lab *lab, const char *id, const char *name)
{
	struct assay_error ignored;
	json_t *row = *id ? assay_query_producer(lab->state, id, &ignored) : NULL, *producer;

	producer = json_pack("{s:o,s:o,s:o}", "name", lab_cut(row ? lab_text(row, "name") : name, 80),
		"licence", lab_cut(lab_text(row, "licence"), 60), "address",
		lab_cut(lab_text(row, "address"), 120));
	json_decref(row);
	return producer;
}

json_t *lab_laboratory_paper(const json_t *site)
{
	return json_pack("{s:o,s:o,s:o,s:o}", "name_zh", lab_cut(lab_text(site, "name_zh"), 80), "name_en",
		lab_cut(lab_text(site, "name_en"), 80), "address", lab_cut(lab_text(site, "address"), 120),
		"contact", lab_cut(lab_text(site, "contact"), 60));
}

static const struct assay_category *category_of(const struct assay_specs *specs, const json_t *batch)
{
	const struct assay_product *product =
		specs ? assay_specs_product_find(specs, lab_text(batch, "product")) : NULL;
	bool in_force = false;
	const struct assay_standard *standard =
		product && product->use_count ? assay_specs_standard_at(specs, product->use[0].standard,
							lab_text(batch, "produced"), &in_force)
					      : NULL;

	return standard ? assay_specs_category(specs, standard->tree, product->use[0].category) : NULL;
}

/* Days of the first and the last value, where the laboratory is; "" none. */
static void tested(const json_t *tests, char from[16], char to[16])
{
	const json_t *test, *slot;
	size_t index, at;

	from[0] = to[0] = '\0';
	json_array_foreach(tests, index, test)
	{
		json_array_foreach(json_object_get(test, "slots"), at, slot)
		{
			const char *day = lab_text(slot, "at");

			if (!*day || strcmp(lab_text(slot, "status"), "filled") != 0)
				continue;
			if (!from[0] || strncmp(day, from, 10) < 0)
				(void)snprintf(from, 16, "%.10s", day);
			if (strncmp(day, to, 10) > 0)
				(void)snprintf(to, 16, "%.10s", day);
		}
	}
}

static json_t *sample_ids(const json_t *samples)
{
	json_t *list = json_array();
	const json_t *sample;
	size_t index;

	json_array_foreach(samples, index, sample)
	{
		if (strcmp(lab_text(sample, "role"), "test") == 0 && json_array_size(list) < 12)
			(void)json_array_append(list, json_object_get(sample, "sample"));
	}
	return list;
}

static json_t *batch_json(const struct assay_specs *specs, const json_t *batch)
{
	const struct assay_category *category = category_of(specs, batch);
	const json_t *scope = json_object_get(batch, "scope");
	const char *origin = lab_text(batch, "origin");
	char from[16], to[16], received[16];

	tested(json_object_get(batch, "tests"), from, to);
	(void)snprintf(received, sizeof received, "%.10s", lab_text(batch, "received"));
	return json_pack(
		"{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:s,s:s,s:s,s:o,s:s,s:s,s:o,s:{s:o,s:o},s:s,s:o,s:o,s:o}",
		"batch", lab_text(batch, "batch"), "name", lab_cut(lab_text(batch, "name"), 80), "product_zh",
		lab_cut(lab_text(batch, "product_zh"), 80), "product_en",
		lab_cut(lab_text(batch, "product_en"), 80), "category_zh",
		lab_cut(category ? category->name_zh : "", 80), "category_en",
		lab_cut(category ? category->name_en : "", 80), "lot", lab_cut(lab_text(batch, "lot"), 80),
		"produced", lab_text(batch, "produced"), "received", received, "tested_from", from,
		"tested_to", to, "amount", lab_cut(lab_text(batch, "amount"), 60), "origin_zh",
		lab_origin_words(origin, true), "origin_en", lab_origin_words(origin, false), "samples",
		sample_ids(json_object_get(batch, "samples")), "scope", "text_zh",
		lab_cut(lab_text(scope, "text_zh"), 600), "text_en", lab_cut(lab_text(scope, "text_en"), 600),
		"verdict", lab_text(batch, "verdict"), "reasons",
		reasons_json(json_object_get(batch, "reasons")), "text_zh",
		lab_cut(lab_text(batch, "text_zh"), 600), "text_en",
		lab_cut(lab_text(batch, "text_en"), 600));
}

static json_t *rest_json(
	const struct lab_certificate *of, const json_t *site, const char *issued, const char *at)
{
	char address[200], proof[LAB_ID_MAX + 8];
	const json_t *old = json_object_get(of->replaces, "document");

	(void)snprintf(address, sizeof address, "%.120s%s",
		*lab_text(site, "check") ? lab_text(site, "check") : "http://127.0.0.1:8480/certificates/",
		of->certificate);
	(void)snprintf(proof, sizeof proof, "%s.proof", of->batch);
	return json_pack("{s:s,s:s,s:s,s:o,s:{s:s,s:s},s:o,s:{s:I,s:s,s:s,s:s},s:{s:s,s:s}}", "kind",
		"certificate", "certificate", of->certificate, "issued", issued, "laboratory",
		lab_laboratory_paper(site), "decision_rule", "text_zh",
		"简单接受（ILAC-G8:09/2019），全数值比较（GB/T 8170），不留保护带；按生产日期适用标准版本。",
		"text_en",
		"Simple acceptance (ILAC-G8:09/2019), full-value comparison (GB/T 8170), no guard band; "
		"editions by "
		"production date.",
		"replaces",
		of->replaces
			? json_pack("{s:s,s:s,s:o}", "certificate", lab_text(of->replaces, "certificate"),
				  "issued", lab_text(old, "issued"), "reason", lab_cut(of->reason, 600))
			: json_null(),
		"checkpoint", "size", (json_int_t)of->checkpoint.size, "root", of->checkpoint.root, "at", at,
		"witness", "", "check", "address", address, "proof", proof);
}

json_t *lab_certificate_document(
	struct assay_lab *lab, const struct lab_certificate *of, struct assay_error *err)
{
	json_t *batch = assay_query_batch(lab->state, of->batch, err),
	       *site = batch ? lab_site(lab, err) : NULL, *document = NULL;
	const struct assay_specs *specs = lab_specs_of(lab, of->batch);
	char issued[LAB_TIME_MAX], at[LAB_TIME_MAX];

	if (!site)
		goto out;
	lab_local_time(lab_now_ns(lab), issued);
	lab_local_time(of->checkpoint.at_ns, at);
	document = rest_json(of, site, issued, at);
	if (!document ||
		json_object_set_new(document, "producer",
			lab_producer_paper(
				lab, lab_text(batch, "producer_id"), lab_text(batch, "producer"))) != 0 ||
		json_object_set_new(document, "batch", batch_json(specs, batch)) != 0 ||
		json_object_set_new(document, "tests",
			tests_json(specs, of->replaces, json_object_get(batch, "tests"))) != 0 ||
		json_object_set_new(document, "notes", notes_json(batch)) != 0 ||
		json_object_set_new(document, "signatures", signatures_json(batch, of->signature)) != 0) {
		json_decref(document);
		document = NULL;
		(void)lab_no_memory(err);
	}
out:
	json_decref(site);
	json_decref(batch);
	return document;
}
