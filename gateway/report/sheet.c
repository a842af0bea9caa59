/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/report/sheet.h"

#include "gateway/report/fonts.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX 8388608u /* bytes */
#define RUNS_MAX 12u
#define WHOLE_MAX 20u /* characters of a word with a slash that is kept on one line */
#define POINTS 0.75 /* in a pixel */

struct sheet {
	cairo_surface_t *surface;
	cairo_t *cairo;
	PangoFontMap *fonts;
	PangoContext *context;
	hb_set_t *used; /* characters set so far */
	bool paint, measuring;
	char *bytes; /* of the finished document */
	size_t length, room;
	int status;
	struct assay_error *err;
};

/* ---- opening and closing ----------------------------------------------------------------------------------- */

static cairo_status_t keep(void *closure, const unsigned char *data, unsigned length)
{
	struct sheet *sheet = closure;

	if (length > OUTPUT_MAX - sheet->length)
		return CAIRO_STATUS_WRITE_ERROR;
	if (sheet->length + length > sheet->room) {
		size_t room = (sheet->length + length) * 2;
		char *bytes = realloc(sheet->bytes, room);

		if (!bytes)
			return CAIRO_STATUS_NO_MEMORY;
		sheet->bytes = bytes;
		sheet->room = room;
	}
	memcpy(sheet->bytes + sheet->length, data, length);
	sheet->length += length;
	return CAIRO_STATUS_SUCCESS;
}

/* cairo reads "2026-11-23T16:20:05+08:00" without a fraction, and takes the clock when it is given nothing. */
static void set_metadata(cairo_surface_t *surface, const char *title, const char *author, const char *issued)
{
	char when[26];
	const char *zone = strpbrk(issued + 19, "Z+-");

	(void)snprintf(when, sizeof when, "%.19s%.6s", issued, zone ? zone : "Z");
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, author);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "assay " ASSAY_VERSION);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, when);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, when);
}

static void dispose(struct sheet *sheet)
{
	if (sheet->context)
		g_object_unref(sheet->context);
	if (sheet->fonts)
		g_object_unref(sheet->fonts);
	hb_set_destroy(sheet->used);
	cairo_destroy(sheet->cairo);
	cairo_surface_destroy(sheet->surface);
	free(sheet->bytes);
	free(sheet);
}

static void set_text_options(PangoContext *context)
{
	cairo_font_options_t *options = cairo_font_options_create();

	pango_context_set_language(context, pango_language_from_string("zh-cn"));
	pango_context_set_base_dir(context, PANGO_DIRECTION_LTR);
	pango_context_set_round_glyph_positions(context, FALSE);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	pango_cairo_context_set_font_options(context, options);
	cairo_font_options_destroy(options);
}

static void open_paper(struct sheet *sheet, const struct print *print)
{
	double width = print->width * POINTS, height = print->height * POINTS;

	if (print->paper == PAPER_SVG) {
		sheet->surface = cairo_svg_surface_create_for_stream(keep, sheet, width, height);
	} else {
		sheet->surface = cairo_pdf_surface_create_for_stream(keep, sheet, width, height);
		cairo_pdf_surface_restrict_to_version(sheet->surface, CAIRO_PDF_VERSION_1_5);
		set_metadata(sheet->surface, print->title, print->author, print->issued);
	}
	sheet->cairo = cairo_create(sheet->surface);
	cairo_scale(sheet->cairo, POINTS, POINTS);
}

/* characters NULL: only to measure. NULL with err on failure. */
static struct sheet *open_sheet(
	const struct print *print, const hb_set_t *characters, struct assay_error *err)
{
	struct sheet *sheet = calloc(1, sizeof *sheet);

	if (!sheet) {
		(void)assay_error_set(err, ASSAY_ENOMEM, "no-memory", "内存不足", "out of memory");
		return NULL;
	}
	sheet->err = err;
	sheet->paint = characters != NULL;
	sheet->used = hb_set_create();
	sheet->fonts = fonts_open(characters, err);
	if (!sheet->fonts) {
		dispose(sheet);
		return NULL;
	}
	sheet->context = pango_font_map_create_context(sheet->fonts);
	set_text_options(sheet->context);
	if (sheet->paint)
		open_paper(sheet, print);
	return sheet;
}

static void finish(struct sheet *sheet, FILE *out)
{
	if (sheet_failed(sheet))
		return;
	cairo_show_page(sheet->cairo);
	cairo_surface_finish(sheet->surface);
	if (cairo_status(sheet->cairo) != CAIRO_STATUS_SUCCESS ||
		cairo_surface_status(sheet->surface) != CAIRO_STATUS_SUCCESS)
		sheet_fail(sheet, ASSAY_EFULL, "report-not-drawn", "文件过大或内存不足，没有输出",
			"the file would be too large or memory ran out; nothing was written");
	else if (fwrite(sheet->bytes, 1, sheet->length, out) != sheet->length || fflush(out) != 0)
		sheet_fail(sheet, ASSAY_EIO, "report-not-written", "标准输出没有写完",
			"standard output could not be written in full");
}

int sheet_print(const struct print *print, FILE *out, struct assay_error *err)
{
	struct sheet *trial = open_sheet(print, NULL, err), *paper = NULL;
	int status = ASSAY_EIO;

	if (!trial)
		return ASSAY_EIO;
	print->draw(trial, print->what);
	status = trial->status;
	if (status != ASSAY_OK)
		goto out;
	paper = open_sheet(print, trial->used, err);
	if (!paper) {
		status = ASSAY_EIO;
		goto out;
	}
	print->draw(paper, print->what);
	finish(paper, out);
	status = paper->status;
	dispose(paper);
out:
	dispose(trial);
	return status;
}

static bool painting(const struct sheet *sheet)
{
	return sheet->paint && !sheet->measuring && sheet->status == ASSAY_OK;
}

void sheet_next(struct sheet *sheet)
{
	if (painting(sheet))
		cairo_show_page(sheet->cairo);
}

void sheet_measure(struct sheet *sheet, bool only)
{
	sheet->measuring = only;
}

void sheet_fail(struct sheet *sheet, int status, const char *code, const char *zh, const char *en)
{
	if (sheet->status != ASSAY_OK)
		return;
	sheet->status = status;
	(void)assay_error_set(sheet->err, status, code, "%s", "%s", zh);
	if (sheet->err)
		(void)snprintf(sheet->err->text_en, sizeof sheet->err->text_en, "%s", en);
}

bool sheet_failed(const struct sheet *sheet)
{
	return sheet->status != ASSAY_OK;
}

/* ---- text -------------------------------------------------------------------------------------------------- */

static void add(PangoAttrList *list, PangoAttribute *attribute, size_t start, size_t end)
{
	attribute->start_index = (guint)start;
	attribute->end_index = (guint)end;
	pango_attr_list_insert(list, attribute);
}

static guint16 channel(unsigned colour, unsigned shift)
{
	return (guint16)((colour >> shift & 0xffu) * 257u);
}

static void add_style(PangoAttrList *list, const struct style *style, size_t start, size_t end)
{
	PangoFontDescription *font = pango_font_description_new();

	pango_font_description_set_family_static(font, style->mono ? FONT_FAMILIES_MONO : FONT_FAMILIES);
	pango_font_description_set_weight(font, style->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_font_description_set_absolute_size(font, style->size * PANGO_SCALE);
	add(list, pango_attr_font_desc_new(font), start, end);
	pango_font_description_free(font);
	add(list,
		pango_attr_foreground_new(
			channel(style->colour, 16), channel(style->colour, 8), channel(style->colour, 0)),
		start, end);
}

static void refuse_glyph(struct sheet *sheet, const char *text)
{
	struct assay_error said;

	(void)assay_error_set(&said, ASSAY_EREFUSED, "report-no-glyph", "字体中没有这段文字的某个字：%.120s",
		"the fonts lack a character of this text: %.120s", text);
	sheet_fail(sheet, ASSAY_EREFUSED, said.code, said.text_zh, said.text_en);
}

/* "CFU/g" and "GB/T" stay whole; between words and within Chinese a line may break. */
static void keep_whole(PangoAttrList *list, const char *text)
{
	for (size_t begin = 0, end; text[begin]; begin = end) {
		bool slash = false;

		for (end = begin; text[end] > ' ' && text[end] <= '~'; end++)
			slash = slash || text[end] == '/';
		if (slash && end - begin <= WHOLE_MAX)
			add(list, pango_attr_allow_breaks_new(FALSE), begin, end);
		while (text[end] && !(text[end] > ' ' && text[end] <= '~'))
			end++;
	}
}

static PangoLayout *lay(struct sheet *sheet, double width, const struct run *runs, size_t run_count)
{
	PangoAttrList *list = pango_attr_list_new();
	PangoLayout *layout = pango_layout_new(sheet->context);
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < run_count && i < RUNS_MAX; i++) {
		size_t start = text->len;

		g_string_append(text, runs[i].text);
		if (text->len > start)
			add_style(list, runs[i].style, start, text->len);
	}
	for (char *at = text->str; *at; at = g_utf8_next_char(at))
		hb_set_add(sheet->used, g_utf8_get_char(at));
	keep_whole(list, text->str);
	add(list, pango_attr_line_height_new_absolute((int)(runs[0].style->line * PANGO_SCALE)), 0,
		G_MAXUINT);
	pango_layout_set_text(layout, text->str, (int)text->len);
	pango_layout_set_attributes(layout, list);
	pango_layout_set_auto_dir(layout, FALSE);
	if (width > 0) {
		pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
		pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	}
	if (pango_layout_get_unknown_glyphs_count(layout) > 0)
		refuse_glyph(sheet, text->str);
	pango_attr_list_unref(list);
	(void)g_string_free(text, TRUE);
	return layout;
}

static double place(struct sheet *sheet, double x, double y, double width, double align,
	const struct run *runs, size_t run_count)
{
	PangoLayout *layout;
	PangoRectangle box;
	bool empty = true;

	for (size_t i = 0; i < run_count; i++)
		empty = empty && !*runs[i].text;
	if (empty || sheet_failed(sheet))
		return 0;
	layout = lay(sheet, width, runs, run_count);
	pango_layout_get_extents(layout, NULL, &box);
	if (painting(sheet)) {
		cairo_move_to(sheet->cairo, x - align * box.width / PANGO_SCALE, y);
		pango_cairo_show_layout(sheet->cairo, layout);
	}
	g_object_unref(layout);
	return (double)box.height / PANGO_SCALE;
}

double sheet_runs(
	struct sheet *sheet, double x, double y, double width, const struct run *runs, size_t run_count)
{
	return place(sheet, x, y, width, 0, runs, run_count);
}

double sheet_text(
	struct sheet *sheet, double x, double y, double width, const struct style *style, const char *text)
{
	const struct run run = {style, text};

	return place(sheet, x, y, width, 0, &run, 1);
}

void sheet_text_right(struct sheet *sheet, double x, double y, const struct style *style, const char *text)
{
	const struct run run = {style, text};

	(void)place(sheet, x, y, -1, 1.0, &run, 1);
}

void sheet_text_centre(struct sheet *sheet, double x, double y, const struct style *style, const char *text)
{
	const struct run run = {style, text};

	(void)place(sheet, x, y, -1, 0.5, &run, 1);
}

double sheet_width(struct sheet *sheet, const struct style *style, const char *text)
{
	const struct run run = {style, text};
	PangoLayout *layout;
	PangoRectangle box;

	if (!*text || sheet_failed(sheet))
		return 0;
	layout = lay(sheet, -1, &run, 1);
	pango_layout_get_extents(layout, NULL, &box);
	g_object_unref(layout);
	return (double)box.width / PANGO_SCALE;
}

/* ---- lines and areas ---------------------------------------------------------------------------------------- */

static void set_colour(cairo_t *cairo, unsigned colour)
{
	cairo_set_source_rgb(cairo, (colour >> 16 & 0xffu) / 255.0, (colour >> 8 & 0xffu) / 255.0,
		(colour & 0xffu) / 255.0);
}

void sheet_fill(struct sheet *sheet, double x, double y, double width, double height, unsigned colour)
{
	if (!painting(sheet))
		return;
	set_colour(sheet->cairo, colour);
	cairo_rectangle(sheet->cairo, x, y, width, height);
	cairo_fill(sheet->cairo);
}

void sheet_rule(struct sheet *sheet, double x, double y, double width, double thickness, unsigned colour)
{
	sheet_fill(sheet, x, y - thickness / 2, width, thickness, colour);
}

void sheet_frame(struct sheet *sheet, double x, double y, double width, double height, double thickness,
	unsigned colour, bool dashed)
{
	static const double dashes[] = {4, 3};

	if (!painting(sheet))
		return;
	cairo_save(sheet->cairo);
	set_colour(sheet->cairo, colour);
	cairo_set_line_width(sheet->cairo, thickness);
	if (dashed)
		cairo_set_dash(sheet->cairo, dashes, 2, 0);
	cairo_rectangle(sheet->cairo, x, y, width, height);
	cairo_stroke(sheet->cairo);
	cairo_restore(sheet->cairo);
}

cairo_t *sheet_cairo(struct sheet *sheet)
{
	return painting(sheet) ? sheet->cairo : NULL;
}
