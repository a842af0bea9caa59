/* SPDX-License-Identifier: Apache-2.0
 * The fonts a report is set in: Noto Sans CJK SC, its mono face, and DejaVu Sans for what these lack (the lower digits of
 * NaNO₂ and B₁). Nothing of the system's or the user's font settings has a say. */
#ifndef ASSAY_REPORT_FONTS_H
#define ASSAY_REPORT_FONTS_H

#include "limits/error.h"

#include <hb.h>
#include <pango/pango.h>

#define FONT_FAMILIES "Noto Sans CJK SC,DejaVu Sans"
#define FONT_FAMILIES_MONO "Noto Sans Mono CJK SC,DejaVu Sans"

/* A font map (g_object_unref) on the installed files; or, with characters, on copies in memory that hold just those,
 * with their outlines written out: cairo 1.16 counts the hints of a shared CFF subroutine once only, loses its place in
 * the glyphs that use it again, and may leave out outlines they need. NULL with err ("report-no-font"). */
PangoFontMap *fonts_open(const hb_set_t *characters, struct assay_error *err);

#endif
