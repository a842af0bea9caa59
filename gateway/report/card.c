/* SPDX-License-Identifier: Apache-2.0
 * A producer's card: who it entitles to what, and the code that is scanned at intake. ISO/IEC 7810 ID-1 size. */
#include "gateway/report/code.h"
#include "gateway/report/parties.h"
#include "gateway/report/report.h"

#include <string.h>

#define CARD_WIDTH (85.6 * MM)
#define CARD_HEIGHT (53.98 * MM)
#define EDGE 18.0
#define SIDE 96.0

struct card {
	const char *kind, *issued, *card, *programme_zh, *programme_en, *tests, *valid_until, *code;
	struct laboratory laboratory;
	struct producer producer;
};

#define TEXT(name, most)                                                                                     \
	{                                                                                                    \
#name, FIELD_TEXT, offsetof(struct card, name), most, NULL, NULL                             \
	}

static const char *const kinds[] = {"card", NULL};
static const struct field card_fields[] = {
	{"kind", FIELD_WORD, offsetof(struct card, kind), 0, NULL, kinds},
	{"issued", FIELD_TIME, offsetof(struct card, issued), 0, NULL, NULL},
	{"laboratory", FIELD_OBJECT, offsetof(struct card, laboratory), 0, &laboratory_shape, NULL},
	{"card", FIELD_ID, offsetof(struct card, card), 32, NULL, NULL},
	{"producer", FIELD_OBJECT, offsetof(struct card, producer), 0, &producer_shape, NULL},
	TEXT(programme_zh, 40),
	TEXT(programme_en, 60),
	TEXT(tests, 60),
	{"valid_until", FIELD_DATE_OR_NONE, offsetof(struct card, valid_until), 0, NULL, NULL},
	{"code", FIELD_ID, offsetof(struct card, code), 200, NULL, NULL},
	{0},
};
static const struct shape card_shape = {sizeof(struct card), card_fields};

static const struct style laboratory_style = {11, 15, INK, true, false};
static const struct style small = {8.5, 12, INK_2, false, false};
static const struct style programme = {9.5, 13, INK_2, false, false};
static const struct style producer_style = {13, 18, INK, true, false};
static const struct style id_style = {12, 15, INK, true, false};

static int check_code(const struct card *card, struct assay_error *err)
{
	size_t length = strlen(card->code), tail = strlen(card->card);

	if (length >= tail && strcmp(card->code + length - tail, card->card) == 0)
		return ASSAY_OK;
	return document_contradiction(
		err, "code", "二维码内容应以卡号结尾", "what the QR code holds must end in the card's id");
}

static void draw_words(struct sheet *sheet, const struct card *card)
{
	const struct run until[] = {{&small, "有效期至 valid until "}, {&small, card->valid_until}};
	double width = CARD_WIDTH - 2 * EDGE, column = width - SIDE - 20, y = 14;

	y += sheet_text(sheet, EDGE, y, width, &laboratory_style, card->laboratory.name_zh);
	y += sheet_text(sheet, EDGE, y, width, &small, card->laboratory.name_en) + 3;
	sheet_rule(sheet, EDGE, y, width, 1, INK);
	y += 6;
	y += sheet_text(sheet, EDGE, y, column, &programme, card->programme_zh);
	y += sheet_text(sheet, EDGE, y, column, &small, card->programme_en) + 4;
	y += sheet_text(sheet, EDGE, y, column, &producer_style, card->producer.name);
	y += sheet_text(sheet, EDGE, y, column, &small, card->producer.licence) + 4;
	y += sheet_text(sheet, EDGE, y, column, &small, card->tests);
	if (*card->valid_until)
		y += sheet_runs(sheet, EDGE, y, column, until, 2);
	y += sheet_text(sheet, EDGE, y + 2, column, &id_style, card->card) + 2;
	if (y > CARD_HEIGHT - 8)
		sheet_fail(sheet, ASSAY_EREFUSED, "report-card-full", "文字过长，卡上放不下",
			"the text is too long for a card");
}

static void draw(struct sheet *sheet, void *what)
{
	const struct card *card = what;

	draw_words(sheet, card);
	code_qr(sheet, CARD_WIDTH - EDGE - SIDE, CARD_HEIGHT - EDGE - SIDE, SIDE, card->code);
}

int assay_report_card(json_t *root, FILE *out, struct assay_error *err)
{
	struct document document = {NULL};
	struct card card;
	int status = document_read(&document, root, &card_shape, &card, err);

	if (status == ASSAY_OK)
		status = check_code(&card, err);
	if (status == ASSAY_OK) {
		const struct print print = {.paper = PAPER_PDF,
			.width = CARD_WIDTH,
			.height = CARD_HEIGHT,
			.title = "检测卡 Card",
			.author = card.laboratory.name_zh,
			.issued = card.issued,
			.draw = draw,
			.what = &card};

		status = sheet_print(&print, out, err);
	}
	document_release(&document);
	return status;
}
