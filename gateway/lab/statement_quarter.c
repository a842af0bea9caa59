/* SPDX-License-Identifier: Apache-2.0
 * What a quarter was like, for whoever oversees the district. */
#include "gateway/lab/statement.h"

#include "gateway/lab/entries.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX 40u
#define NAMED_MAX 12u /* items of a product; the rest is counted */

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* Of what the group has, zh and en: "蔬菜制品 vegetable products · 铅 lead". */
static void group_words(const json_t *row, char out[400])
{
	static const char *const keys[] = {"class", "analyte", "origin"};
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char zh[16], en[16];

		(void)snprintf(zh, sizeof zh, "%s_zh", keys[i]);
		(void)snprintf(en, sizeof en, "%s_en", keys[i]);
		if (json_object_get(row, zh) && length < 300)
			length += (size_t)snprintf(out + length, 400 - length, "%s%.40s %.60s",
				length ? " · " : "", lab_text(row, zh), lab_text(row, en));
	}
}

static void say_whole(json_t *parts, const json_t *quarter)
{
	const json_t *overview = json_object_get(quarter, "overview"),
		     *coverage = json_object_get(overview, "coverage");
	char failed[STATEMENT_RATE_MAX], near[STATEMENT_RATE_MAX], zh[600], en[600];

	statement_rate(json_object_get(overview, "failed"), failed);
	statement_rate(json_object_get(overview, "near"), near);
	statement_say(parts, "heading", "总体情况", "The whole picture");
	(void)snprintf(zh, sizeof zh,
		"%s 至 %s 首次判定 %lld 批。不合格项目：%s；接近限量（80%% 至限量）：%s；不能判定 %lld "
		"项；质控暂扣 %lld 项，未计入。括号内为 95%% 区间。",
		lab_text(quarter, "first"), lab_text(quarter, "last"), (long long)number(overview, "batches"),
		failed, near, (long long)number(overview, "undetermined"),
		(long long)number(overview, "held"));
	(void)snprintf(en, sizeof en,
		"%lld batches first judged from %s to %s. Items failed: %s; near the limit (80 %% up to it): "
		"%s; undetermined: %lld; held by quality control and left out: %lld. 95 %% intervals in "
		"brackets.",
		(long long)number(overview, "batches"), lab_text(quarter, "first"), lab_text(quarter, "last"),
		failed, near, (long long)number(overview, "undetermined"),
		(long long)number(overview, "held"));
	statement_say(parts, "text", zh, en);
	(void)snprintf(zh, sizeof zh,
		"登记企业 %lld 家；免费检测累计节省 %lld.%02d 元；法定项目 %lld 项，检过 %lld 项。",
		(long long)number(overview, "producers"), (long long)(number(overview, "saved_fen") / 100),
		(int)(number(overview, "saved_fen") % 100), (long long)number(coverage, "items"),
		(long long)number(coverage, "tested"));
	(void)snprintf(en, sizeof en,
		"%lld producers registered; free tests have saved %lld.%02d yuan so far; of %lld legal items "
		"%lld have been tested.",
		(long long)number(overview, "producers"), (long long)(number(overview, "saved_fen") / 100),
		(int)(number(overview, "saved_fen") % 100), (long long)number(coverage, "items"),
		(long long)number(coverage, "tested"));
	statement_say(parts, "text", zh, en);
}

static void say_groups(json_t *parts, const json_t *groups, bool ranked)
{
	static const struct statement_column columns[] = {{"", "", 4}, {"类别与项目", "Class and item", 40},
		{"不合格", "Failed", 26}, {"接近限量", "Near limit", 26}, {"q", "q", 10}};
	const json_t *row;
	json_t *rows;
	size_t index;

	if (json_array_size(groups) == 0) {
		statement_say(parts, "text", "没有结果。", "No results.");
		return;
	}
	rows = statement_table(parts, columns, 5);
	json_array_foreach(groups, index, row)
	{
		char words[400], failed[STATEMENT_RATE_MAX], near[STATEMENT_RATE_MAX];

		if (index >= ROWS_MAX)
			break;
		group_words(row, words);
		statement_rate(json_object_get(row, "failed"), failed);
		statement_rate(json_object_get(row, "near"), near);
		statement_row(rows, 5,
			(const char *const[]){json_is_true(json_object_get(row, "alarm")) ? "▲" : " ", words,
				failed, near, ranked ? lab_text(row, "q") : ""});
	}
}

static void say_quarters(json_t *parts, const json_t *overview)
{
	static const struct statement_column columns[] = {
		{"季度", "Quarter", 20}, {"不合格", "Failed", 40}, {"接近限量", "Near limit", 40}};
	json_t *rows = statement_table(parts, columns, 3);
	const json_t *row;
	size_t index;

	json_array_foreach(json_object_get(overview, "by_quarter"), index, row)
	{
		char failed[STATEMENT_RATE_MAX], near[STATEMENT_RATE_MAX];

		statement_rate(json_object_get(row, "failed"), failed);
		statement_rate(json_object_get(row, "near"), near);
		statement_row(rows, 3, (const char *const[]){lab_text(row, "quarter"), failed, near});
	}
}

static void say_trends(json_t *parts, const json_t *trends)
{
	static const struct statement_column columns[] = {
		{"类别与项目", "Class and item", 60}, {"趋势", "Trend", 20}, {"q", "q", 20}};
	json_t *rows = NULL;
	const json_t *row;
	size_t index;

	json_array_foreach(json_object_get(trends, "groups"), index, row)
	{
		const json_t *trend = json_object_get(row, "trend");
		const char *direction = lab_text(trend, "direction");
		char words[400];

		if (strcmp(direction, "rising") != 0 && strcmp(direction, "falling") != 0)
			continue;
		if (!rows)
			rows = statement_table(parts, columns, 3);
		group_words(row, words);
		statement_row(rows, 3,
			(const char *const[]){words,
				strcmp(direction, "rising") == 0 ? "上升 rising" : "下降 falling",
				lab_text(trend, "q")});
	}
	if (!rows)
		statement_say(parts, "text", "没有一组的升降能与偶然区分（Mann-Kendall，错误发现率 5%）。",
			"In no group can a rise or fall be told from chance (Mann-Kendall, false-discovery "
			"rate 5 %).");
}

static void say_coverage(json_t *parts, const json_t *coverage)
{
	static const struct statement_column columns[] = {{"产品", "Product", 26}, {"检过", "Tested", 12},
		{"没有检过的法定项目", "Legal items nobody has tested", 62}};
	const json_t *product;
	json_t *rows;
	size_t index;

	if (json_array_size(json_object_get(coverage, "products")) == 0)
		return;
	rows = statement_table(parts, columns, 3);
	json_array_foreach(json_object_get(coverage, "products"), index, product)
	{
		char name[200], tested[40], items[1300];
		size_t length = 0, at;
		const json_t *item;

		(void)snprintf(name, sizeof name, "%.60s %.80s", lab_text(product, "name_zh"),
			lab_text(product, "name_en"));
		(void)snprintf(tested, sizeof tested, "%lld/%lld", (long long)number(product, "tested"),
			(long long)number(product, "items"));
		items[0] = '\0';
		json_array_foreach(json_object_get(product, "untested"), at, item)
		{
			if (at < NAMED_MAX)
				length += (size_t)snprintf(items + length, sizeof items - length, "%s%.80s",
					at ? "、" : "", lab_text(item, "analyte_zh"));
		}
		if (at > NAMED_MAX)
			(void)snprintf(
				items + length, sizeof items - length, " … 共 %zu 项 %zu in all", at, at);
		statement_row(rows, 3, (const char *const[]){name, tested, items});
	}
}

json_t *lab_quarter_statement(sqlite3 *state, const json_t *quarter, struct assay_error *err)
{
	const json_t *overview = json_object_get(quarter, "overview");
	json_t *parts = json_array();
	char issued[64], subject[120];

	(void)snprintf(issued, sizeof issued, "%.10sT23:59:59+08:00", lab_text(quarter, "last"));
	(void)snprintf(subject, sizeof subject, "%.10s – %.10s", lab_text(quarter, "first"),
		lab_text(quarter, "last"));
	say_whole(parts, quarter);
	statement_say(parts, "heading", "风险排序", "Risks, ranked");
	statement_say(parts, "note", "▲ 预警：错误发现率 5%。比率为该组自身，区间为 Clopper-Pearson 95%。",
		"▲ alarm: false-discovery rate 5 %. Rates are of the group alone, intervals Clopper-Pearson "
		"95 %.");
	say_groups(parts, json_object_get(json_object_get(quarter, "rates"), "groups"), true);
	statement_say(parts, "heading", "各来源比较", "Origins compared");
	say_groups(parts, json_object_get(overview, "origins"), true);
	statement_say(parts, "heading", "哨点", "Sentinel points");
	say_groups(parts, json_object_get(overview, "sentinel"), true);
	statement_say(parts, "heading", "各季度", "Quarters");
	say_quarters(parts, overview);
	statement_say(parts, "heading", "趋势", "Trends");
	say_trends(parts, json_object_get(quarter, "trends"));
	statement_say(parts, "heading", "覆盖", "Coverage");
	say_coverage(parts, json_object_get(quarter, "coverage"));
	return statement_document(state, lab_text(quarter, "quarter"), "季度风险报告", "Risks of the quarter",
		subject, issued, parts, err);
}
