/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/report/verdict_mark.h"

#include <string.h>

/* Undetermined is last: what is not known falls on it. */
static const struct verdict_mark marks[] = {
	{"pass", "合格", "Pass", PASS_COLOUR, WHITE},
	{"fail", "不合格", "Fail", FAIL_COLOUR, FAIL_TINT},
	{"not_applicable", "不适用", "Not applicable", INK_3, WHITE},
	{"undetermined", "不能判定", "Undetermined", UNDETERMINED_COLOUR, UNDETERMINED_TINT},
};

const struct verdict_mark *verdict_mark(const char *verdict)
{
	size_t last = sizeof marks / sizeof *marks - 1, i = 0;

	while (i < last && strcmp(marks[i].verdict, verdict) != 0)
		i++;
	return &marks[i];
}

/* The shapes in a square of 16. */
static void outline(cairo_t *cairo, const struct verdict_mark *mark)
{
	static const double octagon[][2] = {
		{5.1, 1}, {10.9, 1}, {15, 5.1}, {15, 10.9}, {10.9, 15}, {5.1, 15}, {1, 10.9}, {1, 5.1}};
	static const double diamond[][2] = {{8, 0.6}, {15.4, 8}, {8, 15.4}, {0.6, 8}};

	cairo_new_path(cairo);
	if (mark->colour == PASS_COLOUR)
		cairo_arc(cairo, 8, 8, 7, 0, 6.283185307179586);
	else if (mark->colour == FAIL_COLOUR)
		for (size_t i = 0; i < sizeof octagon / sizeof *octagon; i++)
			cairo_line_to(cairo, octagon[i][0], octagon[i][1]);
	else
		for (size_t i = 0; i < sizeof diamond / sizeof *diamond; i++)
			cairo_line_to(cairo, diamond[i][0], diamond[i][1]);
	cairo_close_path(cairo);
}

static void sign(cairo_t *cairo, const struct verdict_mark *mark)
{
	cairo_new_path(cairo);
	if (mark->colour == PASS_COLOUR) {
		cairo_move_to(cairo, 4.8, 8.2);
		cairo_line_to(cairo, 7, 10.4);
		cairo_line_to(cairo, 11.2, 5.8);
	} else if (mark->colour == FAIL_COLOUR) {
		cairo_move_to(cairo, 5.6, 5.6);
		cairo_line_to(cairo, 10.4, 10.4);
		cairo_move_to(cairo, 10.4, 5.6);
		cairo_line_to(cairo, 5.6, 10.4);
	} else {
		cairo_move_to(cairo, 6.1, 6.5);
		cairo_curve_to(cairo, 6.2, 4.2, 9.8, 4.2, 9.8, 6.5);
		cairo_curve_to(cairo, 9.8, 7.8, 8, 7.8, 8, 9.2);
		cairo_move_to(cairo, 8, 11.4);
		cairo_line_to(cairo, 8, 11.5);
	}
}

void verdict_mark_draw(struct sheet *sheet, const struct verdict_mark *mark, double x, double y, double side)
{
	cairo_t *cairo = sheet_cairo(sheet);

	if (!cairo || mark->colour == INK_3)
		return;
	cairo_save(cairo);
	cairo_translate(cairo, x, y);
	cairo_scale(cairo, side / 16, side / 16);
	outline(cairo, mark);
	cairo_set_source_rgb(cairo, (mark->colour >> 16) / 255.0, (mark->colour >> 8 & 0xffu) / 255.0,
		(mark->colour & 0xffu) / 255.0);
	cairo_fill(cairo);
	sign(cairo, mark);
	cairo_set_source_rgb(cairo, 1, 1, 1);
	cairo_set_line_width(cairo, 1.7);
	cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
	cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
	cairo_stroke(cairo);
	cairo_restore(cairo);
}
