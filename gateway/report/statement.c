/* SPDX-License-Identifier: Apache-2.0
 * A statement: headings, sentences and tables on A4, for a producer's own report and the district's quarter. What it says is
 * decided by who asks; nothing is computed here. */
#include "gateway/report/certificate.h"
#include "gateway/report/parties.h"
#include "gateway/report/report.h"

#include <string.h>

#define COLUMNS_MAX 10u
#define PAD 6.0

struct statement_head {
	const char *text_zh, *text_en;
	long long share; /* of the width */
};
struct statement_cell {
	const char *text;
};
struct statement_row {
	struct list cells; /* of struct statement_cell */
};
struct statement_part {
	const char *part, *text_zh, *text_en;
	struct list heads; /* of struct statement_head */
	struct list rows; /* of struct statement_row */
};
struct statement {
	const char *kind, *issued, *number, *title_zh, *title_en, *subject;
	struct laboratory laboratory;
	struct list parts; /* of struct statement_part */
};

static const char *const kinds[] = {"statement", NULL};
static const char *const part_words[] = {"heading", "text", "note", "table", NULL};
static const struct field head_fields[] = {
	{"text_zh", FIELD_TEXT, offsetof(struct statement_head, text_zh), 40, NULL, NULL},
	{"text_en", FIELD_TEXT, offsetof(struct statement_head, text_en), 60, NULL, NULL},
	{"share", FIELD_NUMBER, offsetof(struct statement_head, share), 100, NULL, NULL}, {0}};
static const struct shape head_shape = {sizeof(struct statement_head), head_fields};
static const struct field cell_fields[] = {
	{"text", FIELD_TEXT, offsetof(struct statement_cell, text), 400, NULL, NULL}, {0}};
static const struct shape cell_shape = {sizeof(struct statement_cell), cell_fields};
static const struct field row_fields[] = {
	{"cells", FIELD_LIST, offsetof(struct statement_row, cells), COLUMNS_MAX, &cell_shape, NULL}, {0}};
static const struct shape row_shape = {sizeof(struct statement_row), row_fields};
static const struct field part_fields[] = {
	{"part", FIELD_WORD, offsetof(struct statement_part, part), 0, NULL, part_words},
	{"text_zh", FIELD_TEXT, offsetof(struct statement_part, text_zh), 800, NULL, NULL},
	{"text_en", FIELD_TEXT, offsetof(struct statement_part, text_en), 1200, NULL, NULL},
	{"heads", FIELD_LIST, offsetof(struct statement_part, heads), COLUMNS_MAX, &head_shape, NULL},
	{"rows", FIELD_LIST, offsetof(struct statement_part, rows), 1000, &row_shape, NULL}, {0}};
static const struct shape part_shape = {sizeof(struct statement_part), part_fields};
static const struct field statement_fields[] = {
	{"kind", FIELD_WORD, offsetof(struct statement, kind), 0, NULL, kinds},
	{"issued", FIELD_TIME, offsetof(struct statement, issued), 0, NULL, NULL},
	{"number", FIELD_ID, offsetof(struct statement, number), 40, NULL, NULL},
	{"title_zh", FIELD_TEXT, offsetof(struct statement, title_zh), 40, NULL, NULL},
	{"title_en", FIELD_TEXT, offsetof(struct statement, title_en), 80, NULL, NULL},
	{"subject", FIELD_TEXT, offsetof(struct statement, subject), 200, NULL, NULL},
	{"laboratory", FIELD_OBJECT, offsetof(struct statement, laboratory), 0, &laboratory_shape, NULL},
	{"parts", FIELD_LIST, offsetof(struct statement, parts), 200, &part_shape, NULL}, {0}};
static const struct shape statement_shape = {sizeof(struct statement), statement_fields};

static const struct style organisation = {16, 24, INK, true, false};
static const struct style small = {11, 15, INK_2, false, false};
static const struct style number = {14, 21, INK, true, false};
static const struct style pager = {12, 18, INK_2, false, false};
static const struct style foot = {11, 16, INK_3, false, false};
static const struct style title_zh = {24, 34, INK, true, false};
static const struct style title_en = {14, 20, INK_2, false, false};
static const struct style heading_zh = {15, 22, INK, true, false};
static const struct style heading_en = {11.5, 22, INK_2, false, false};
static const struct style text_zh = {12.5, 18, INK, false, false};
static const struct style text_en = {11, 16, INK_2, false, false};
static const struct style head_zh = {11.5, 15, INK_2, false, false};
static const struct style head_en = {10, 14, INK_3, false, false};
static const struct style cell_style = {11.5, 16, INK, false, false};

struct pages {
	struct sheet *sheet;
	const struct statement *statement;
	unsigned page, page_count;
	double y;
};

static void begin_page(struct pages *pages)
{
	const struct statement *statement = pages->statement;
	struct sheet *sheet = pages->sheet;
	char text[96];

	pages->page++;
	(void)sheet_text(sheet, LEFT, 46, WIDTH - 220, &organisation, statement->laboratory.name_zh);
	(void)sheet_text(sheet, LEFT, 70, WIDTH - 220, &small, statement->laboratory.name_en);
	sheet_text_right(sheet, LEFT + WIDTH, 46, &number, statement->number);
	(void)snprintf(text, sizeof text, "第 %u 页，共 %u 页　Page %u of %u", pages->page, pages->page_count,
		pages->page, pages->page_count);
	sheet_text_right(sheet, LEFT + WIDTH, 67, &pager, text);
	sheet_rule(sheet, LEFT, 96, WIDTH, 2, INK);
	sheet_rule(sheet, LEFT, FOOT, WIDTH, 1, HAIRLINE);
	(void)sheet_text(sheet, LEFT, FOOT + 6, WIDTH, &foot, statement->laboratory.address);
	(void)sheet_text(sheet, LEFT, FOOT + 22, WIDTH, &foot, statement->laboratory.contact);
	pages->y = TOP;
}

/* true when a new page began */
static bool room(struct pages *pages, double height)
{
	if (pages->y + height <= FOOT - 6)
		return false;
	if (height > FOOT - 6 - TOP - 60)
		sheet_fail(pages->sheet, ASSAY_EREFUSED, "report-part-too-high",
			"有一部分文字过长，一页放不下", "the text of one part is too long for a page");
	sheet_next(pages->sheet);
	begin_page(pages);
	return true;
}

static double draw_text(struct sheet *sheet, double y, const struct statement_part *part)
{
	bool note = strcmp(part->part, "note") == 0;
	double height = 0;

	if (*part->text_zh)
		height += sheet_text(sheet, LEFT, y, WIDTH, note ? &small : &text_zh, part->text_zh);
	if (*part->text_en)
		height += sheet_text(sheet, LEFT, y + height, WIDTH, note ? &small : &text_en, part->text_en);
	return height + 5;
}

static double draw_heading(struct sheet *sheet, double y, const struct statement_part *part)
{
	const struct run runs[] = {
		{&heading_zh, part->text_zh}, {&heading_en, "　"}, {&heading_en, part->text_en}};

	return 12 + sheet_runs(sheet, LEFT, y + 12, WIDTH, runs, 3) + 2;
}

/* ---- tables --------------------------------------------------------------------------------------------------- */

static void columns(const struct statement_part *part, double x[COLUMNS_MAX + 1])
{
	const struct statement_head *heads = part->heads.items;
	long long whole = 0;

	for (size_t i = 0; i < part->heads.count; i++)
		whole += heads[i].share;
	x[0] = LEFT;
	for (size_t i = 0; i < part->heads.count; i++)
		x[i + 1] = x[i] + WIDTH * (double)heads[i].share / (double)(whole ? whole : 1);
}

static double draw_heads(struct sheet *sheet, double y, const struct statement_part *part, const double *x)
{
	const struct statement_head *heads = part->heads.items;
	double most = 0;

	sheet_rule(sheet, LEFT, y, WIDTH, 1.2, INK);
	for (size_t i = 0; i < part->heads.count; i++) {
		double wide = x[i + 1] - x[i] - PAD,
		       height = sheet_text(sheet, x[i], y + 4, wide, &head_zh, heads[i].text_zh);

		height += sheet_text(sheet, x[i], y + 4 + height, wide, &head_en, heads[i].text_en);
		most = height > most ? height : most;
	}
	sheet_rule(sheet, LEFT, y + most + 7, WIDTH, 1, INK);
	return most + 8;
}

static double draw_row(struct sheet *sheet, double y, const struct statement_row *row, const double *x)
{
	const struct statement_cell *cells = row->cells.items;
	double most = 0;

	for (size_t i = 0; i < row->cells.count; i++) {
		double height =
			sheet_text(sheet, x[i], y + 4, x[i + 1] - x[i] - PAD, &cell_style, cells[i].text);

		most = height > most ? height : most;
	}
	sheet_rule(sheet, LEFT, y + most + 8, WIDTH, 1, HAIRLINE);
	return most + 9;
}

static double measured(struct pages *pages, const struct statement_part *part,
	const struct statement_row *row, const double *x)
{
	double height;

	sheet_measure(pages->sheet, true);
	height = row ? draw_row(pages->sheet, 0, row, x) : draw_heads(pages->sheet, 0, part, x);
	sheet_measure(pages->sheet, false);
	return height;
}

static void draw_table(struct pages *pages, const struct statement_part *part)
{
	const struct statement_row *rows = part->rows.items;
	double x[COLUMNS_MAX + 1] = {0};

	columns(part, x);
	(void)room(pages, measured(pages, part, NULL, x) + 40);
	pages->y += draw_heads(pages->sheet, pages->y, part, x);
	for (size_t i = 0; i < part->rows.count; i++) {
		if (room(pages, measured(pages, part, &rows[i], x)))
			pages->y += draw_heads(pages->sheet, pages->y, part, x);
		pages->y += draw_row(pages->sheet, pages->y, &rows[i], x);
	}
	pages->y += 8;
}

static void draw_part(struct pages *pages, const struct statement_part *part)
{
	double (*one)(struct sheet * sheet, double y, const struct statement_part *what) =
		strcmp(part->part, "heading") == 0 ? draw_heading : draw_text;
	double height;

	if (strcmp(part->part, "table") == 0) {
		draw_table(pages, part);
		return;
	}
	sheet_measure(pages->sheet, true);
	height = one(pages->sheet, 0, part);
	sheet_measure(pages->sheet, false);
	/* a heading stays with what follows */
	(void)room(pages, one == draw_heading ? height + 60 : height);
	pages->y += one(pages->sheet, pages->y, part);
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

struct whole {
	const struct statement *statement;
	unsigned page_count; /* known after the first time */
};

static void draw(struct sheet *sheet, void *what)
{
	struct whole *whole = what;
	const struct statement_part *parts = whole->statement->parts.items;
	struct pages pages = {.sheet = sheet, .statement = whole->statement, .page_count = whole->page_count};

	begin_page(&pages);
	pages.y += sheet_text(sheet, LEFT, pages.y, WIDTH, &title_zh, whole->statement->title_zh);
	pages.y += sheet_text(sheet, LEFT, pages.y, WIDTH, &title_en, whole->statement->title_en);
	pages.y += sheet_text(sheet, LEFT, pages.y + 4, WIDTH, &text_zh, whole->statement->subject) + 8;
	for (size_t i = 0; i < whole->statement->parts.count; i++)
		draw_part(&pages, &parts[i]);
	if (whole->page_count && whole->page_count != pages.page)
		sheet_fail(sheet, ASSAY_EIO, "report-page-count", "页数前后不一致，没有输出",
			"the number of pages changed; nothing was written");
	whole->page_count = pages.page;
}

/* Each row has a cell for each head. */
static int check(const struct statement *statement, struct assay_error *err)
{
	const struct statement_part *parts = statement->parts.items;

	for (size_t i = 0; i < statement->parts.count; i++) {
		const struct statement_row *rows = parts[i].rows.items;

		if ((strcmp(parts[i].part, "table") == 0) != (parts[i].heads.count > 0))
			return document_contradiction(err, "heads", "表格要有列，别的部分没有",
				"a table has columns, and nothing else has");
		for (size_t r = 0; r < parts[i].rows.count; r++)
			if (rows[r].cells.count != parts[i].heads.count)
				return document_contradiction(err, "cells", "每行的格数要与列数相同",
					"a row has a cell for each column");
	}
	return ASSAY_OK;
}

int assay_report_statement(json_t *root, FILE *out, struct assay_error *err)
{
	struct document document = {NULL};
	struct statement statement;
	struct whole whole = {.statement = &statement};
	struct print print = {
		.paper = PAPER_PDF, .width = A4_WIDTH, .height = A4_HEIGHT, .draw = draw, .what = &whole};
	char title[200];
	int status = document_read(&document, root, &statement_shape, &statement, err);

	if (status == ASSAY_OK)
		status = check(&statement, err);
	if (status == ASSAY_OK) {
		(void)snprintf(title, sizeof title, "%s %s", statement.title_zh, statement.number);
		print.title = title;
		print.author = statement.laboratory.name_zh;
		print.issued = statement.issued;
		status = sheet_print(&print, out, err);
	}
	document_release(&document);
	return status;
}
