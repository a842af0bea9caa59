/* SPDX-License-Identifier: Apache-2.0
 * The table of tests: one row for each, the heads again on every page. */
#include "gateway/report/certificate.h"
#include "gateway/report/verdict_mark.h"

#include <string.h>

#define PAD_X 6.0
#define PAD_TOP 6.0
#define PAD_BOTTOM 7.0

enum column {
	COLUMN_NUMBER,
	COLUMN_ITEM,
	COLUMN_LIMIT,
	COLUMN_METHOD,
	COLUMN_RESULT,
	COLUMN_VERDICT,
	COLUMNS
};

static const double width[COLUMNS] = {24, 168, 168, 116, 114, WIDTH - 590};
static const char *const head_zh[COLUMNS] = {"", "检验项目", "限量与依据", "方法", "结果", "判定"};
static const char *const head_en[COLUMNS] = {"", "Item", "Limit and standard", "Method", "Result", "Verdict"};

static const struct style head = {12, 15, INK_2, false, false};
static const struct style head_small = {10.5, 15, INK_3, false, false};
static const struct style cell = {12.5, 17, INK, false, false};
static const struct style small = {10.5, 14, INK_2, false, false};
static const struct style small_strong = {10.5, 14, INK, true, false};

static double column_x(enum column column)
{
	double x = LEFT + PAD_X;

	for (unsigned i = 0; i < (unsigned)column; i++)
		x += width[i];
	return x;
}

static double column_width(enum column column)
{
	return width[column] - PAD_X;
}

static void draw_heads(struct certificate_pages *pages)
{
	struct sheet *sheet = pages->sheet;
	double y = pages->y;

	sheet_rule(sheet, LEFT, y, WIDTH, 1.5, INK);
	for (unsigned i = COLUMN_ITEM; i < COLUMNS; i++) {
		(void)sheet_text(sheet, column_x(i), y + 6, -1, &head, head_zh[i]);
		(void)sheet_text(sheet, column_x(i), y + 21, -1, &head_small, head_en[i]);
	}
	sheet_rule(sheet, LEFT, y + 41, WIDTH, 1, INK);
	pages->y += 41;
}

/* ---- cells: each returns its height -------------------------------------------------------------------------- */

static double two_lines(struct sheet *sheet, enum column column, double y, const struct style *style,
	const char *first, const struct line_of_runs *second)
{
	double x = column_x(column), room = column_width(column);
	double height = sheet_text(sheet, x, y, room, style, first);

	return height + sheet_runs(sheet, x, y + height, room, second->run, second->count);
}

static double draw_item(struct sheet *sheet, double y, const struct certificate_test *test)
{
	struct line_of_runs line = {.count = 0};

	line_add(&line, "", &small, test->basis_zh);
	line_add(&line, "　", &small, test->analyte_en);
	line_add(&line, ", ", &small, test->basis_en);
	return two_lines(sheet, COLUMN_ITEM, y, &cell, test->analyte_zh, &line);
}

static double draw_limit(struct sheet *sheet, double y, const struct certificate_test *test)
{
	struct line_of_runs line = {.count = 0};

	if (!test->limit) {
		line_add(&line, "", &small, "no limit");
		return two_lines(sheet, COLUMN_LIMIT, y, &cell, "无限量", &line);
	}
	line_add(&line, "", &small, test->limit->standard);
	line_add(&line, "　", &small, test->limit->clause);
	return two_lines(sheet, COLUMN_LIMIT, y, &cell, test->limit->text, &line);
}

static double draw_method(struct sheet *sheet, double y, const struct certificate_test *test)
{
	const struct certificate_method *method = &test->method;
	struct line_of_runs line = {.count = 0};

	if (*method->standard)
		line_add(&line, "", &small, method->title_zh);
	line_add(&line, "　", &small, method->title_en);
	return two_lines(sheet, COLUMN_METHOD, y, &cell,
		*method->standard ? method->standard : method->title_zh, &line);
}

/* Number and unit stand on one line, or the unit below the number when it does not fit. */
static double draw_value(
	struct sheet *sheet, double y, const struct certificate_result *result, const struct style *style)
{
	double x = column_x(COLUMN_RESULT), room = column_width(COLUMN_RESULT), height;
	struct line_of_runs line = {.count = 0};

	if (*result->censored)
		return sheet_text(sheet, x, y, room, style, "未检出");
	if (sheet_width(sheet, style, result->value) + sheet_width(sheet, style, result->unit) + 4 > room) {
		height = sheet_text(sheet, x, y, room, style, result->value);
		return height + sheet_text(sheet, x, y + height, room, &small, result->unit);
	}
	line_add(&line, "", style, result->value);
	line_add(&line, "\xc2\xa0", style, result->unit);
	return sheet_runs(sheet, x, y, room, line.run, line.count);
}

static double draw_result(
	struct sheet *sheet, double y, const struct certificate_test *test, const struct verdict_mark *mark)
{
	const struct certificate_result *result = test->result;
	struct style strong = {13, 17, INK, true, false};
	double x = column_x(COLUMN_RESULT), room = column_width(COLUMN_RESULT), height;
	struct line_of_runs line = {.count = 0};

	if (!result) {
		line_add(&line, "", &small, "no result");
		return two_lines(sheet, COLUMN_RESULT, y, &cell, "无结果", &line);
	}
	if (strcmp(mark->verdict, "fail") == 0)
		strong.colour = mark->colour;
	height = draw_value(sheet, y, result, &strong);
	line_add(&line, "", &small, *result->censored ? "ND" : "");
	line_add(&line, "　LOD ", &small, result->lod);
	line_add(&line, "　LOQ ", &small, result->loq);
	height += sheet_runs(sheet, x, y + height, room, line.run, line.count);
	height += sheet_text(sheet, x, y + height, room, &small, result->uncertainty);
	height += sheet_text(sheet, x, y + height, room, &small, result->text_zh);
	return height + sheet_text(sheet, x, y + height, room, &small, result->text_en);
}

static double draw_mark(struct sheet *sheet, double y, const struct verdict_mark *mark)
{
	const struct style word = {12.5, 17, mark->colour, true, false};
	double x = column_x(COLUMN_VERDICT);

	verdict_mark_draw(sheet, mark, x, y + 1.5, 15);
	(void)sheet_text(sheet, x + 20, y, -1, &word, mark->zh);
	/* Longer English words begin below the shape. */
	if (sheet_width(sheet, &small, mark->en) + 20 > column_width(COLUMN_VERDICT))
		(void)sheet_text(sheet, x, y + 17, -1, &small, mark->en);
	else
		(void)sheet_text(sheet, x + 20, y + 17, -1, &small, mark->en);
	return 31;
}

/* ---- what is said below a row's cells ------------------------------------------------------------------------- */

static double draw_remark(struct sheet *sheet, double y, const char *word, const char *zh, const char *en)
{
	struct line_of_runs line = {.count = 0};

	line_add(&line, "", &small_strong, word);
	line_add(&line, "　", &small, zh);
	line_add(&line, "　", &small, en);
	return sheet_runs(sheet, column_x(COLUMN_ITEM), y, LEFT + WIDTH - PAD_X - column_x(COLUMN_ITEM),
		line.run, line.count);
}

static double draw_remarks(struct sheet *sheet, double y, const struct certificate_pages *pages,
	const struct certificate_test *test, bool undetermined)
{
	const struct reason *reasons = test->verdict.reasons.items;
	double height = 0;

	for (size_t i = 0; i < test->verdict.reasons.count; i++)
		height += draw_remark(sheet, y + height, undetermined ? "原因 Reason" : "注意 Note",
			reasons[i].text_zh, reasons[i].text_en);
	if (*test->was) {
		struct line_of_runs line = {.count = 0};

		line_add(&line, "", &small_strong, "更正 Amended");
		line_add(&line, "　", &small, pages->certificate->replaces->certificate);
		line_add(&line, "", &small, " 中为 was ");
		line_add(&line, "", &small_strong, test->was);
		height += sheet_runs(sheet, column_x(COLUMN_ITEM), y + height, 520, line.run, line.count);
	}
	return height > 0 ? height + 3 : 0;
}

/* ---- rows ----------------------------------------------------------------------------------------------------- */

static double draw_row(
	const struct certificate_pages *pages, double y, size_t position, const struct certificate_test *test)
{
	const struct verdict_mark *mark = verdict_mark(test->verdict.verdict);
	struct sheet *sheet = pages->sheet;
	double height[5], most = 0;
	char number[24];

	y += PAD_TOP;
	(void)snprintf(number, sizeof number, "%zu", position);
	(void)sheet_text(sheet, column_x(COLUMN_NUMBER), y, -1, &cell, number);
	height[0] = draw_item(sheet, y, test);
	height[1] = draw_limit(sheet, y, test);
	height[2] = draw_method(sheet, y, test);
	height[3] = draw_result(sheet, y, test, mark);
	height[4] = draw_mark(sheet, y, mark);
	for (size_t i = 0; i < sizeof height / sizeof *height; i++)
		most = height[i] > most ? height[i] : most;
	most += draw_remarks(sheet, y + most + 3, pages, test, strcmp(mark->verdict, "undetermined") == 0);
	return PAD_TOP + most + PAD_BOTTOM;
}

void certificate_table(struct certificate_pages *pages)
{
	const struct certificate_test *tests = pages->certificate->tests.items;
	struct sheet *sheet = pages->sheet;

	(void)certificate_room(pages, 100);
	draw_heads(pages);
	for (size_t i = 0; i < pages->certificate->tests.count; i++) {
		double height;

		sheet_measure(sheet, true);
		height = draw_row(pages, 0, i + 1, &tests[i]);
		sheet_measure(sheet, false);
		if (certificate_room(pages, height))
			draw_heads(pages);
		sheet_fill(sheet, LEFT, pages->y + 0.5, WIDTH, height - 1,
			verdict_mark(tests[i].verdict.verdict)->tint);
		(void)draw_row(pages, pages->y, i + 1, &tests[i]);
		pages->y += height;
		sheet_rule(sheet, LEFT, pages->y, WIDTH, 1, HAIRLINE);
	}
	sheet_rule(sheet, LEFT, pages->y, WIDTH, 1.5, INK);
}
