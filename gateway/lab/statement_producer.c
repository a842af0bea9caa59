/* SPDX-License-Identifier: Apache-2.0
 * What one producer is told, in plain words. */
#include "gateway/lab/statement.h"

#include "gateway/lab/entries.h"

#include <stdio.h>
#include <string.h>

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* "脱氢乙酸 dehydroacetic acid" */
static const char *both(const json_t *row, const char *name, char out[240])
{
	char zh[40], en[40];

	(void)snprintf(zh, sizeof zh, "%s_zh", name);
	(void)snprintf(en, sizeof en, "%s_en", name);
	(void)snprintf(out, 240, "%.100s %.120s", lab_text(row, zh), lab_text(row, en));
	return out;
}

static void say_whole(json_t *parts, const json_t *report)
{
	char rate[STATEMENT_RATE_MAX], zh[500], en[500];

	statement_rate(json_object_get(report, "failed"), rate);
	statement_say(parts, "heading", "检了什么", "What was tested");
	(void)snprintf(zh, sizeof zh,
		"共 %lld 批。有结论的项目中不合格：%s（括号内为 95%% "
		"区间）。不能判定的项目：%lld。免费全项检测：共 %lld 次，已用 %lld 次，还剩 %lld 次。",
		(long long)number(report, "batches"), rate, (long long)number(report, "undetermined"),
		(long long)number(report, "entitled"), (long long)number(report, "used"),
		(long long)number(report, "remaining"));
	(void)snprintf(en, sizeof en,
		"%lld batches. Of the items with a verdict failed: %s (95 %% interval in brackets). "
		"Undetermined: %lld. Free "
		"full-item tests: %lld in all, %lld used, %lld left.",
		(long long)number(report, "batches"), rate, (long long)number(report, "undetermined"),
		(long long)number(report, "entitled"), (long long)number(report, "used"),
		(long long)number(report, "remaining"));
	statement_say(parts, "text", zh, en);
}

static void say_tested(json_t *parts, const json_t *report)
{
	static const struct statement_column columns[] = {{"产品", "Product", 30}, {"项目", "Item", 36},
		{"有结论", "Judged", 10}, {"不合格", "Failed", 10}, {"接近限量", "Near limit", 10},
		{"不能判定", "Undetermined", 12}};
	const json_t *row;
	json_t *rows;
	size_t index;

	if (json_array_size(json_object_get(report, "tested")) == 0)
		return;
	rows = statement_table(parts, columns, 6);
	json_array_foreach(json_object_get(report, "tested"), index, row)
	{
		static const char *const counts[] = {"n", "failed", "near", "undetermined"};
		char product[240], analyte[240], count[4][24];

		for (size_t i = 0; i < 4; i++)
			(void)snprintf(count[i], sizeof count[i], "%lld", (long long)number(row, counts[i]));
		statement_row(rows, 6,
			(const char *const[]){both(row, "product", product), both(row, "analyte", analyte),
				count[0], count[1], count[2], count[3]});
		if (index >= 199)
			break;
	}
}

static void say_findings(json_t *parts, const json_t *report)
{
	static const struct statement_column columns[] = {{"批次", "Batch", 16}, {"产品", "Product", 22},
		{"项目", "Item", 26}, {"结果", "Result", 16}, {"限量与依据", "Limit and standard", 26},
		{"占限量", "Of limit", 12}, {"结论", "Verdict", 14}};
	const json_t *row;
	json_t *rows;
	size_t index;

	statement_say(parts, "heading", "哪些不合格或接近限量，差多少",
		"What failed or was near its limit, and by how much");
	if (json_array_size(json_object_get(report, "findings")) == 0) {
		statement_say(parts, "text", "没有不合格，也没有接近限量的结果。",
			"Nothing failed and nothing was near its limit.");
		return;
	}
	rows = statement_table(parts, columns, 7);
	json_array_foreach(json_object_get(report, "findings"), index, row)
	{
		char analyte[240], value[160], limit[400], percent[40];
		bool failed = strcmp(lab_text(row, "outcome"), "failed") == 0;

		(void)snprintf(
			value, sizeof value, "%.60s %.24s", lab_text(row, "value"), lab_text(row, "unit"));
		(void)snprintf(limit, sizeof limit, "%.160s %.40s", lab_text(row, "limit"),
			lab_text(row, "standard"));
		(void)snprintf(percent, sizeof percent, *lab_text(row, "percent") ? "%.20s %%" : "%.20s",
			lab_text(row, "percent"));
		statement_row(rows, 7,
			(const char *const[]){lab_text(row, "batch"), lab_text(row, "name"),
				both(row, "analyte", analyte), value, limit, percent,
				failed ? "不合格 fail" : "接近限量 near"});
	}
}

static void say_trend(json_t *parts, const json_t *report)
{
	static const struct statement_column columns[] = {
		{"季度", "Quarter", 20}, {"不合格率", "Failure rate", 80}};
	static const struct {
		const char *name, *zh, *en;
	} words[] = {{"rising", "不合格率在上升。", "The failure rate is rising."},
		{"falling", "不合格率在下降。", "The failure rate is falling."},
		{"none", "看不出上升或下降。", "No rise or fall can be told from chance."},
		{"unknown", "不足四个季度，还看不出趋势。",
			"Fewer than four quarters: no trend can be told yet."}};
	const char *direction = lab_text(json_object_get(report, "trend"), "direction");
	const json_t *row;
	json_t *rows;
	size_t index;

	statement_say(parts, "heading", "自己的变化", "Your own trend");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].name, direction) == 0)
			statement_say(parts, "text", words[i].zh, words[i].en);
	if (json_array_size(json_object_get(report, "quarters")) == 0)
		return;
	rows = statement_table(parts, columns, 2);
	json_array_foreach(json_object_get(report, "quarters"), index, row)
	{
		char rate[STATEMENT_RATE_MAX];

		statement_rate(json_object_get(row, "failed"), rate);
		statement_row(rows, 2, (const char *const[]){lab_text(row, "quarter"), rate});
	}
}

static const char *refusal(const char *answer)
{
	if (strcmp(answer, "too-few") == 0)
		return "不足 5 家，不公布 under 5 producers: not told";
	return strcmp(answer, "open") == 0 ? "本季度未结束，不公布 quarter not over: not told"
					   : "会推出别家数据，不公布 would tell of another: not told";
}

static void say_compare(json_t *parts, const json_t *report)
{
	static const struct statement_column columns[] = {{"季度", "Quarter", 12}, {"类别", "Class", 30},
		{"自己不合格", "Own, failed", 16}, {"全体（含自己）", "All, oneself among them", 42}};
	const json_t *row;
	json_t *rows;
	size_t index;

	if (json_array_size(json_object_get(report, "compare")) == 0)
		return;
	statement_say(parts, "heading", "与同类企业比较", "Beside others of the same class");
	statement_say(parts, "note",
		"每个数字至少来自 5 家企业，不能由此推出某一家；季度结束后才公布，且不再改变。",
		"Each figure is of at least 5 producers and tells of none of them; told when the quarter is "
		"over, and never changed.");
	rows = statement_table(parts, columns, 4);
	json_array_foreach(json_object_get(report, "compare"), index, row)
	{
		const json_t *own = json_object_get(row, "own");
		char class[240], mine[60], rate[STATEMENT_RATE_MAX], others[STATEMENT_RATE_MAX + 60];

		(void)snprintf(mine, sizeof mine, "%lld/%lld", (long long)number(own, "count"),
			(long long)number(own, "n"));
		statement_rate(json_object_get(row, "others"), rate);
		(void)snprintf(others, sizeof others, "%s　%lld 家 producers", rate,
			(long long)number(row, "producers"));
		statement_row(rows, 4,
			(const char *const[]){lab_text(row, "quarter"), both(row, "class", class), mine,
				strcmp(lab_text(row, "answer"), "allowed") == 0
					? others
					: refusal(lab_text(row, "answer"))});
	}
}

static void say_sentences(json_t *parts, const json_t *list, const char *zh, const char *en)
{
	const json_t *one;
	size_t index;

	json_array_foreach(list, index, one)
	{
		bool verified = json_is_true(json_object_get(one, "verified"));
		char text_zh[1200], text_en[1600];

		(void)snprintf(text_zh, sizeof text_zh, "%s%s：%.600s", zh,
			verified ? "" : "（建议，未核实）", lab_text(one, "zh"));
		(void)snprintf(text_en, sizeof text_en, "%s%s: %.500s [%.500s]", en,
			verified ? "" : " (a suggestion, not verified)", lab_text(one, "en"),
			lab_text(one, "source"));
		statement_say(parts, "text", text_zh, text_en);
	}
}

static void say_advice(json_t *parts, const json_t *report)
{
	const json_t *measure;
	size_t index;

	if (json_array_size(json_object_get(report, "advice")) == 0)
		return;
	statement_say(parts, "heading", "怎么办", "What to do");
	json_array_foreach(json_object_get(report, "advice"), index, measure)
	{
		char zh[240], en[240];

		(void)snprintf(zh, sizeof zh, "%.120s（%.60s）", lab_text(measure, "analyte_zh"),
			lab_text(measure, "process_zh"));
		(void)snprintf(en, sizeof en, "%.120s (%.60s)", lab_text(measure, "analyte_en"),
			lab_text(measure, "process_en"));
		statement_say(parts, "heading", zh, en);
		say_sentences(parts, json_object_get(measure, "causes"), "可能的原因", "Likely cause");
		say_sentences(parts, json_object_get(measure, "steps"), "做法", "Do");
		say_sentences(parts, json_object_get(measure, "next"), "下次检测", "Next test");
	}
}

static void say_next(json_t *parts, const json_t *report)
{
	static const struct statement_column columns[] = {
		{"产品", "Product", 34}, {"项目", "Item", 40}, {"为什么", "Why", 26}};
	const json_t *row;
	json_t *rows;
	size_t index;

	if (json_array_size(json_object_get(report, "next")) == 0)
		return;
	statement_say(parts, "heading", "下次检什么", "What to test next time");
	rows = statement_table(parts, columns, 3);
	json_array_foreach(json_object_get(report, "next"), index, row)
	{
		const char *why = lab_text(row, "why");
		char product[240], analyte[240];

		statement_row(rows, 3,
			(const char *const[]){both(row, "product", product), both(row, "analyte", analyte),
				strcmp(why, "failed") == 0 ? "曾不合格 failed"
				: strcmp(why, "near") == 0 ? "接近限量 near its limit"
							   : "标准要求，未检过 required, never tested"});
	}
}

static const char *analyte_names(const json_t *analytes, bool zh, char out[600])
{
	const json_t *row;
	size_t index, at = 0;

	out[0] = '\0';
	json_array_foreach(analytes, index, row)
	{
		if (at + 130 < 600)
			at += (size_t)snprintf(out + at, 600 - at, "%s%.120s",
				!index ? ""
				: zh   ? "、"
				       : ", ",
				lab_text(row, zh ? "analyte_zh" : "analyte_en"));
	}
	return out;
}

static void say_own_tests(json_t *parts, const json_t *own)
{
	char names_zh[600], names_en[600], zh[800], en[1000];
	const char *one = lab_text(own, "cost_a_test");

	if (json_array_size(json_object_get(own, "analytes")) == 0 && number(own, "tests_a_year") == 0)
		return;
	(void)snprintf(zh, sizeof zh, "贵企业自测：%s。每年 %lld 次，费用 %s 元%s%s%s。",
		*analyte_names(json_object_get(own, "analytes"), true, names_zh) ? names_zh : "（未登记）",
		(long long)number(own, "tests_a_year"),
		*lab_text(own, "cost_a_year") ? lab_text(own, "cost_a_year") : "—", *one ? "，每次 " : "",
		one, *one ? " 元" : "");
	(void)snprintf(en, sizeof en, "You test yourself: %s. %lld tests a year for %s yuan%s%s%s.",
		*analyte_names(json_object_get(own, "analytes"), false, names_en) ? names_en
										  : "(not registered)",
		(long long)number(own, "tests_a_year"),
		*lab_text(own, "cost_a_year") ? lab_text(own, "cost_a_year") : "-", *one ? ", " : "", one,
		*one ? " yuan a test" : "");
	statement_say(parts, "text", zh, en);
}

static void say_split_samples(json_t *parts, const json_t *group)
{
	static const struct statement_column columns[] = {{"批次", "Batch", 24}, {"自测", "Yours", 18},
		{"本中心", "Ours", 18}, {"差值", "Difference", 20}, {"En", "En", 20}};
	json_t *rows = statement_table(parts, columns, 5);
	const json_t *sample;
	size_t index;

	json_array_foreach(json_object_get(group, "samples"), index, sample)
	{
		bool waits = json_is_true(json_object_get(sample, "waits"));

		statement_row(rows, 5,
			(const char *const[]){lab_text(sample, "batch"), lab_text(sample, "theirs"),
				waits ? "未出 not yet" : lab_text(sample, "ours"),
				lab_text(sample, "difference"), lab_text(sample, "en")});
		if (index >= 49)
			break;
	}
}

static void say_split(json_t *parts, const json_t *group)
{
	char analyte[240], zh[500], en[600];

	(void)snprintf(
		zh, sizeof zh, "%.200s（%.20s）", both(group, "analyte", analyte), lab_text(group, "unit"));
	statement_say(parts, "heading", zh, "");
	if (json_is_true(json_object_get(group, "known"))) {
		(void)snprintf(zh, sizeof zh,
			"%lld 个分割样：自测平均比本中心高 %.20s（95%% 区间 %.20s 至 %.20s）；95%% "
			"的差值预计在 %.20s 至 "
			"%.20s 之间。En 超过 1 的 %lld/%lld 个。",
			(long long)number(group, "n"), lab_text(group, "bias"), lab_text(group, "bias_low"),
			lab_text(group, "bias_high"), lab_text(group, "lower"), lab_text(group, "upper"),
			(long long)number(group, "en_failed"), (long long)number(group, "en_count"));
		(void)snprintf(en, sizeof en,
			"%lld split samples: yours is higher than ours by %.20s on average (95 %% interval "
			"%.20s to "
			"%.20s); 95 %% of differences are expected between %.20s and %.20s (Bland-Altman). "
			"|En| above "
			"1: %lld of %lld.",
			(long long)number(group, "n"), lab_text(group, "bias"), lab_text(group, "bias_low"),
			lab_text(group, "bias_high"), lab_text(group, "lower"), lab_text(group, "upper"),
			(long long)number(group, "en_failed"), (long long)number(group, "en_count"));
		statement_say(parts, "text", zh, en);
	} else {
		statement_say(parts, "text", "不足三个分割样，还说不出一致性界限。",
			"Fewer than three split samples: no limits of agreement can be told yet.");
	}
	say_split_samples(parts, group);
}

static void say_own_laboratory(json_t *parts, const json_t *report)
{
	const json_t *group, *own = json_object_get(report, "own_tests");
	size_t index;

	if (json_array_size(json_object_get(report, "splits")) == 0 &&
		json_array_size(json_object_get(own, "analytes")) == 0 && number(own, "tests_a_year") == 0)
		return;
	statement_say(parts, "heading", "自己的化验室与本中心", "Your own laboratory and ours");
	say_own_tests(parts, own);
	json_array_foreach(json_object_get(report, "splits"), index, group)
	{
		say_split(parts, group);
	}
}

json_t *lab_producer_statement(sqlite3 *state, const json_t *report, struct assay_error *err)
{
	json_t *parts = json_array();
	char subject[300], issued[64];

	(void)snprintf(subject, sizeof subject, "%.160s　%.60s", lab_text(report, "name"),
		lab_text(report, "licence"));
	(void)snprintf(issued, sizeof issued, "%.10sT00:00:00+08:00", lab_text(report, "on"));
	say_whole(parts, report);
	say_findings(parts, report);
	say_advice(parts, report);
	say_next(parts, report);
	say_own_laboratory(parts, report);
	say_trend(parts, report);
	say_compare(parts, report);
	say_tested(parts, report);
	return statement_document(state, lab_text(report, "producer"), "企业检测报告",
		"What the tests say to the producer", subject, issued, parts, err);
}
