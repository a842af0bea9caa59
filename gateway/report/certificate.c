/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/report/certificate.h"
#include "gateway/report/report.h"
#include "gateway/report/verdict_mark.h"

#include <string.h>

static const struct style organisation = {16, 24, INK, true, false};
static const struct style small = {11, 15, INK_2, false, false};
static const struct style number = {14, 21, INK, true, false};
static const struct style pager = {12, 18, INK_2, false, false};
static const struct style foot = {11, 16, INK_3, false, false};
static const struct style title_zh = {26, 36, INK, true, false};
static const struct style title_en = {15, 36, INK_2, false, false};
static const struct style label_zh = {12, 18, INK_3, false, false};
static const struct style label_en = {10.5, 18, INK_3, false, false};
static const struct style value = {12.5, 18, INK, true, false};
static const struct style value_small = {11, 18, INK_2, false, false};
static const struct style sentence_zh = {12.5, 18, INK, true, false};
static const struct style rule = {11.5, 17, INK_2, false, false};
static const struct style rule_head = {11.5, 17, INK, true, false};

void line_add(struct line_of_runs *line, const char *separator, const struct style *style, const char *text)
{
	size_t room = sizeof line->run / sizeof *line->run;

	if (!*text || line->count + 2 > room)
		return;
	if (line->count && *separator)
		line->run[line->count++] = (struct run){style, separator};
	line->run[line->count++] = (struct run){style, text};
}

void certificate_time(const char *time, char out[28])
{
	const char *zone = strpbrk(time + 19, "Z+-");

	(void)snprintf(out, 28, "%.10s %.5s %.6s", time, time + 11, zone && *zone != 'Z' ? zone : "UTC");
}

/* ---- what stands on every page ------------------------------------------------------------------------------ */

static void draw_head(const struct certificate_pages *pages)
{
	const struct certificate *certificate = pages->certificate;
	struct sheet *sheet = pages->sheet;
	char text[96];

	(void)sheet_text(sheet, LEFT, 46, WIDTH - 220, &organisation, certificate->laboratory.name_zh);
	(void)sheet_text(sheet, LEFT, 70, WIDTH - 220, &small, certificate->laboratory.name_en);
	sheet_text_right(sheet, LEFT + WIDTH, 46, &number, certificate->certificate);
	(void)snprintf(text, sizeof text, "第 %u 页，共 %u 页　Page %u of %u", pages->page, pages->page_count,
		pages->page, pages->page_count);
	sheet_text_right(sheet, LEFT + WIDTH, 67, &pager, text);
	sheet_rule(sheet, LEFT, 96, WIDTH, 2, INK);
}

static void draw_foot(const struct certificate_pages *pages)
{
	const struct certificate *certificate = pages->certificate;
	struct sheet *sheet = pages->sheet;
	struct line_of_runs line = {.count = 0};

	sheet_rule(sheet, LEFT, FOOT, WIDTH, 1, HAIRLINE);
	if (certificate->replaces) {
		line_add(&line, "", &foot, "替代 Replaces");
		line_add(&line, " ", &foot, certificate->replaces->certificate);
	} else {
		line_add(&line, "", &foot, "本证书首次签发，未替代其他证书　First issue, replaces none");
	}
	(void)sheet_runs(sheet, LEFT, FOOT + 6, WIDTH - 180, line.run, line.count);
	sheet_text_right(sheet, LEFT + WIDTH, FOOT + 6, &foot, certificate->certificate);
	line.count = 0;
	line_add(&line, "", &foot, certificate->laboratory.address);
	line_add(&line, "　", &foot, certificate->laboratory.contact);
	(void)sheet_runs(sheet, LEFT, FOOT + 22, WIDTH, line.run, line.count);
}

static void begin_page(struct certificate_pages *pages)
{
	pages->page++;
	pages->y = TOP;
	draw_head(pages);
	draw_foot(pages);
}

bool certificate_room(struct certificate_pages *pages, double height)
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

void certificate_part(struct certificate_pages *pages, certificate_draw *part, const void *what)
{
	double height;

	sheet_measure(pages->sheet, true);
	height = part(pages, 0, what);
	sheet_measure(pages->sheet, false);
	(void)certificate_room(pages, height);
	pages->y += part(pages, pages->y, what);
}

/* ---- the top of the first page ------------------------------------------------------------------------------- */

static void draw_title(struct certificate_pages *pages)
{
	struct sheet *sheet = pages->sheet;

	(void)sheet_text(sheet, LEFT, pages->y + 4, -1, &title_zh, "检验报告");
	(void)sheet_text(sheet, LEFT + 124, pages->y + 8, -1, &title_en, "Test report");
	pages->y += 50;
}

struct fact {
	const char *zh, *en;
	struct line_of_runs line;
};

static double draw_fact(struct sheet *sheet, double x, double y, double width, const struct fact *fact)
{
	const struct run label[] = {{&label_zh, fact->zh}, {&label_en, " "}, {&label_en, fact->en}};

	(void)sheet_runs(sheet, x, y, 110, label, 3);
	return sheet_runs(sheet, x + 112, y, width - 112, fact->line.run, fact->line.count);
}

static void draw_pair(struct certificate_pages *pages, const struct fact *left, const struct fact *right)
{
	double column = WIDTH / 2;
	double a = draw_fact(pages->sheet, LEFT, pages->y, column - 8, left);
	double b = draw_fact(pages->sheet, LEFT + column, pages->y, column, right);
	double height = a > b ? a : b;

	pages->y += (height > 18 ? height : 18) + 6;
}

static void draw_origin(struct certificate_pages *pages)
{
	const struct certificate_batch *batch = &pages->certificate->batch;
	const struct producer *producer = &pages->certificate->producer;
	const char *name = *batch->name ? batch->name : batch->product_zh;
	struct fact left = {"产品", "Product", {.count = 0}}, right = {"企业", "Producer", {.count = 0}};

	line_add(&left.line, "", &value, name);
	if (strcmp(name, batch->product_zh) != 0)
		line_add(&left.line, " ", &value_small, batch->product_zh);
	line_add(&left.line, " ", &value_small, batch->product_en);
	line_add(&right.line, "", &value, producer->name);
	line_add(&right.line, " ", &value_small, producer->licence);
	line_add(&right.line, "　", &value_small, producer->address);
	draw_pair(pages, &left, &right);

	left = (struct fact){"类别", "Category", {.count = 0}};
	right = (struct fact){"生产批号", "Lot", {.count = 0}};
	line_add(&left.line, "", &value, batch->category_zh);
	line_add(&left.line, " ", &value_small, batch->category_en);
	line_add(&right.line, "", &value, batch->lot);
	draw_pair(pages, &left, &right);
}

static void draw_times(struct certificate_pages *pages)
{
	const struct certificate_batch *batch = &pages->certificate->batch;
	struct fact left = {"生产日期", "Produced", {.count = 0}}, right = {"批次", "Batch", {.count = 0}};

	line_add(&left.line, "", &value, batch->produced);
	line_add(&right.line, "", &value, batch->batch);
	line_add(&right.line, " ", &value_small, batch->origin_zh);
	line_add(&right.line, " ", &value_small, batch->origin_en);
	draw_pair(pages, &left, &right);

	left = (struct fact){"收样", "Received", {.count = 0}};
	right = (struct fact){"检验", "Tested", {.count = 0}};
	line_add(&left.line, "", &value, batch->received);
	line_add(&left.line, "　", &value_small, batch->amount);
	line_add(&right.line, "", &value, batch->tested_from);
	if (strcmp(batch->tested_from, batch->tested_to) != 0)
		line_add(&right.line, " 至 ", &value, batch->tested_to);
	draw_pair(pages, &left, &right);
}

static void draw_samples(struct certificate_pages *pages)
{
	const struct certificate_batch *batch = &pages->certificate->batch;
	const char *const *samples = batch->samples.items;
	struct fact fact = {"样品", "Samples", {.count = 0}};
	char text[12 * 68] = "";

	if (!batch->samples.count)
		return;
	for (size_t i = 0, used = 0; i < batch->samples.count; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "　" : "", samples[i]);
	line_add(&fact.line, "", &value_small, text);
	pages->y += draw_fact(pages->sheet, LEFT, pages->y, WIDTH, &fact) + 10;
}

static void draw_replaced(struct certificate_pages *pages)
{
	const struct certificate_replaced *replaced = pages->certificate->replaces;
	struct line_of_runs line = {.count = 0};
	char when[28];
	double height;

	if (!replaced)
		return;
	certificate_time(replaced->issued, when);
	line_add(&line, "", &rule_head, "更正　本报告替代");
	line_add(&line, " ", &rule_head, replaced->certificate);
	line_add(&line, "（", &rule, when);
	line_add(&line, "", &rule, "），原报告作废。Amended: this report replaces");
	line_add(&line, " ", &rule, replaced->certificate);
	line_add(&line, "", &rule, ", which no longer holds.　原因 because: ");
	line_add(&line, "", &rule_head, replaced->reason);
	height = sheet_runs(pages->sheet, LEFT + 14, pages->y + 9, WIDTH - 28, line.run, line.count);
	sheet_frame(pages->sheet, LEFT, pages->y + 2, WIDTH, height + 14, 1, INK, true);
	pages->y += height + 26;
}

static double draw_reasons(struct certificate_pages *pages, double x, double y, double width)
{
	const struct reason *reasons = pages->certificate->batch.reasons.items;
	double begin = y;

	for (size_t i = 0; i < pages->certificate->batch.reasons.count; i++) {
		struct line_of_runs line = {.count = 0};

		line_add(&line, "", &rule, "原因 Reason: ");
		line_add(&line, "", &rule, reasons[i].text_zh);
		line_add(&line, "　", &rule, reasons[i].text_en);
		y += sheet_runs(pages->sheet, x, y, width, line.run, line.count);
	}
	return y - begin;
}

static void draw_verdict(struct certificate_pages *pages)
{
	const struct certificate_batch *batch = &pages->certificate->batch;
	const struct verdict_mark *mark = verdict_mark(batch->verdict);
	const struct style word = {22, 30, mark->colour, true, false};
	struct sheet *sheet = pages->sheet;
	double x = LEFT + 44 + sheet_width(sheet, &word, mark->zh) + 18;
	double width = LEFT + WIDTH - 14 - x, y = pages->y + 10, height;

	height = sheet_text(sheet, x, y, width, &sentence_zh, batch->text_zh);
	height += sheet_text(sheet, x, y + height, width, &small, batch->text_en);
	height += draw_reasons(pages, x, y + height, width);
	height = height > 34 ? height : 34;
	sheet_frame(sheet, LEFT + 0.75, pages->y + 0.75, WIDTH - 1.5, height + 20, 1.5, mark->colour, false);
	verdict_mark_draw(sheet, mark, LEFT + 14, y + height / 2 - 11, 22);
	(void)sheet_text(sheet, LEFT + 44, y + height / 2 - 16, -1, &word, mark->zh);
	pages->y += height + 34;
}

/* ---- the sentences below the table --------------------------------------------------------------------------- */

struct headed {
	const char *head;
	const struct sentence *sentence;
};

static double draw_sentence(struct certificate_pages *pages, double y, const void *what)
{
	const struct headed *headed = what;
	struct line_of_runs line = {.count = 0};
	double height;

	line_add(&line, "", &rule_head, headed->head);
	line_add(&line, "　", &rule, headed->sentence->text_zh);
	height = 10 + sheet_runs(pages->sheet, LEFT, y + 10, WIDTH, line.run, line.count);
	return height + sheet_text(pages->sheet, LEFT, y + height, WIDTH, &small, headed->sentence->text_en);
}

static void put_sentence(struct certificate_pages *pages, const char *head, const struct sentence *sentence)
{
	const struct headed headed = {head, sentence};

	if (*sentence->text_zh || *sentence->text_en)
		certificate_part(pages, draw_sentence, &headed);
}

static void draw_sentences(struct certificate_pages *pages)
{
	const struct certificate *certificate = pages->certificate;
	const struct sentence *notes = certificate->notes.items;

	put_sentence(pages, "判定规则", &certificate->decision_rule);
	put_sentence(pages, "范围", &certificate->batch.scope);
	for (size_t i = 0; i < certificate->notes.count; i++)
		put_sentence(pages, "说明", &notes[i]);
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

struct whole {
	const struct certificate *certificate;
	unsigned page_count; /* known after the first time */
};

static void draw(struct sheet *sheet, void *what)
{
	struct whole *whole = what;
	struct certificate_pages pages = {
		.sheet = sheet, .certificate = whole->certificate, .page_count = whole->page_count};

	begin_page(&pages);
	draw_title(&pages);
	draw_origin(&pages);
	draw_times(&pages);
	draw_samples(&pages);
	draw_replaced(&pages);
	draw_verdict(&pages);
	certificate_table(&pages);
	draw_sentences(&pages);
	certificate_end(&pages);
	if (whole->page_count && whole->page_count != pages.page)
		sheet_fail(sheet, ASSAY_EIO, "report-page-count", "页数前后不一致，没有输出",
			"the number of pages changed; nothing was written");
	whole->page_count = pages.page;
}

int assay_report_certificate(json_t *root, FILE *out, struct assay_error *err)
{
	struct document document = {NULL};
	struct certificate certificate;
	struct whole whole = {.certificate = &certificate};
	struct print print = {
		.paper = PAPER_PDF, .width = A4_WIDTH, .height = A4_HEIGHT, .draw = draw, .what = &whole};
	char title[64];
	int status = certificate_read(&document, root, &certificate, err);

	if (status == ASSAY_OK) {
		(void)snprintf(title, sizeof title, "检验报告 %s", certificate.certificate);
		print.title = title;
		print.author = certificate.laboratory.name_zh;
		print.issued = certificate.issued;
		status = sheet_print(&print, out, err);
	}
	document_release(&document);
	return status;
}
