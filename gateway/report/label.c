/* SPDX-License-Identifier: Apache-2.0
 * Bar code labels for samples, on a sheet of the printer's own measures. */
#include "gateway/report/code.h"
#include "gateway/report/report.h"

#define MEASURE_MAX 100000 /* hundredths of a millimetre: one metre */
#define LABELS_MAX 2000
#define PADDING (1.5 * MM)
#define BARS_MIN (5 * MM) /* lower bars are missed by hand scanners */

struct label_sheet {
	long long width, height, columns, rows, left, top, label_width, label_height, pitch_x, pitch_y, first;
};
struct label {
	const char *sample, *name, *text;
};
struct labels {
	const char *kind, *issued;
	struct label_sheet sheet;
	struct list labels;
};

#define MEASURE(field, name)                                                                                 \
	{                                                                                                    \
#name "_mm", FIELD_HUNDREDTHS, offsetof(struct label_sheet, field), MEASURE_MAX, NULL, NULL  \
	}
#define COUNT(name, most)                                                                                    \
	{                                                                                                    \
#name, FIELD_NUMBER, offsetof(struct label_sheet, name), most, NULL, NULL                    \
	}

static const char *const kinds[] = {"labels", NULL};
static const struct field sheet_fields[] = {MEASURE(width, width), MEASURE(height, height),
	COUNT(columns, 20), COUNT(rows, 60), MEASURE(left, left), MEASURE(top, top),
	MEASURE(label_width, label_width), MEASURE(label_height, label_height), MEASURE(pitch_x, pitch_x),
	MEASURE(pitch_y, pitch_y), COUNT(first, 1200), {0}};
static const struct shape sheet_shape = {sizeof(struct label_sheet), sheet_fields};
static const struct field label_fields[] = {
	{"sample", FIELD_ID, offsetof(struct label, sample), 32, NULL, NULL},
	{"name", FIELD_TEXT, offsetof(struct label, name), 60, NULL, NULL},
	{"text", FIELD_TEXT, offsetof(struct label, text), 80, NULL, NULL},
	{0},
};
static const struct shape label_shape = {sizeof(struct label), label_fields};
static const struct field labels_fields[] = {
	{"kind", FIELD_WORD, offsetof(struct labels, kind), 0, NULL, kinds},
	{"issued", FIELD_TIME, offsetof(struct labels, issued), 0, NULL, NULL},
	{"sheet", FIELD_OBJECT, offsetof(struct labels, sheet), 0, &sheet_shape, NULL},
	{"labels", FIELD_LIST, offsetof(struct labels, labels), LABELS_MAX, &label_shape, NULL},
	{0},
};
static const struct shape labels_shape = {sizeof(struct labels), labels_fields};

static const struct style name_style = {11, 14, INK, true, false};
static const struct style text_style = {9.5, 12, INK_2, false, false};
static const struct style id_style = {11, 14, INK, false, true};

static double pixels(long long hundredths)
{
	return (double)hundredths / 100 * MM;
}

static int check_measures(const struct labels *labels, struct assay_error *err)
{
	const struct label_sheet *sheet = &labels->sheet;

	if (!sheet->columns || !sheet->rows || !sheet->label_width || !sheet->label_height ||
		!labels->labels.count)
		return document_contradiction(
			err, "sheet", "没有标签，或没有行列与尺寸", "no labels, or no rows, columns or size");
	if (sheet->pitch_x < sheet->label_width || sheet->pitch_y < sheet->label_height ||
		sheet->left + (sheet->columns - 1) * sheet->pitch_x + sheet->label_width > sheet->width ||
		sheet->top + (sheet->rows - 1) * sheet->pitch_y + sheet->label_height > sheet->height)
		return document_contradiction(
			err, "sheet", "标签互相重叠或超出纸张", "labels overlap or leave the paper");
	if (sheet->first < 1 || sheet->first > sheet->columns * sheet->rows)
		return document_contradiction(
			err, "sheet.first", "纸上没有这个位置", "the sheet has no such place");
	return ASSAY_OK;
}

/* Text above, bars in what is left, the readable identifier below. */
static void draw_label(
	struct sheet *paper, const struct label_sheet *sheet, const struct label *label, double x, double y)
{
	double width = pixels(sheet->label_width) - 2 * PADDING,
	       bottom = y + pixels(sheet->label_height) - PADDING;
	double id_top = bottom - id_style.line;

	x += PADDING;
	y += PADDING;
	y += sheet_text(paper, x, y, width, &name_style, label->name);
	y += sheet_text(paper, x, y, width, &text_style, label->text);
	if (id_top - y - 4 < BARS_MIN) {
		sheet_fail(paper, ASSAY_EREFUSED, "report-label-low", "标签太矮，文字下面放不下条码",
			"the label is too low for its text and the bar code");
		return;
	}
	code_128(paper, x, y + 2, width, id_top - y - 4, label->sample);
	sheet_text_centre(paper, x + width / 2, id_top, &id_style, label->sample);
}

static void draw(struct sheet *paper, void *what)
{
	const struct labels *labels = what;
	const struct label_sheet *sheet = &labels->sheet;
	const struct label *label = labels->labels.items;
	size_t columns = (size_t)sheet->columns, places = columns * (size_t)sheet->rows;
	size_t place = (size_t)sheet->first - 1;

	for (size_t i = 0; i < labels->labels.count; i++, place++) {
		if (place == places) {
			sheet_next(paper);
			place = 0;
		}
		draw_label(paper, sheet, &label[i],
			pixels(sheet->left + (long long)(place % columns) * sheet->pitch_x),
			pixels(sheet->top + (long long)(place / columns) * sheet->pitch_y));
	}
}

static int check_one_page(const struct labels *labels, struct assay_error *err)
{
	long long places = labels->sheet.columns * labels->sheet.rows;

	if (labels->sheet.first - 1 + (long long)labels->labels.count <= places)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EREFUSED, "report-one-page", "SVG 只有一页，放不下这些标签",
		"SVG has one page, which these labels exceed");
}

int assay_report_labels(json_t *root, bool svg, FILE *out, struct assay_error *err)
{
	struct document document = {NULL};
	struct labels labels;
	int status = document_read(&document, root, &labels_shape, &labels, err);

	if (status == ASSAY_OK)
		status = check_measures(&labels, err);
	if (status == ASSAY_OK && svg)
		status = check_one_page(&labels, err);
	if (status == ASSAY_OK) {
		const struct print print = {.paper = svg ? PAPER_SVG : PAPER_PDF,
			.width = pixels(labels.sheet.width),
			.height = pixels(labels.sheet.height),
			.title = "样品标签 Sample labels",
			.author = "",
			.issued = labels.issued,
			.draw = draw,
			.what = &labels};

		status = sheet_print(&print, out, err);
	}
	document_release(&document);
	return status;
}
