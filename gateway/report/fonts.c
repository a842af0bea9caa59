/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/report/fonts.h"

#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <hb-subset.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef ASSAY_FONT_DIR
#define ASSAY_FONT_DIR "/usr/share/fonts"
#endif

static const struct {
	const char *path, *package;
} files[] = {{ASSAY_FONT_DIR "/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk"},
	{ASSAY_FONT_DIR "/opentype/noto/NotoSansCJK-Bold.ttc", "fonts-noto-cjk"},
	{ASSAY_FONT_DIR "/truetype/dejavu/DejaVuSans.ttf", "fonts-dejavu-core"},
	{ASSAY_FONT_DIR "/truetype/dejavu/DejaVuSans-Bold.ttf", "fonts-dejavu-core"}};

/* The faces of the files that reports are set in. */
static bool wanted(FcPattern *face)
{
	static const char *const families[] = {"Noto Sans CJK SC", "Noto Sans Mono CJK SC", "DejaVu Sans"};
	FcChar8 *family;

	for (int at = 0; FcPatternGetString(face, FC_FAMILY, at, &family) == FcResultMatch; at++)
		for (size_t i = 0; i < sizeof families / sizeof *families; i++)
			if (strcmp((const char *)family, families[i]) == 0)
				return true;
	return false;
}

static int open_installed(FcConfig *config, struct assay_error *err)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (!FcConfigAppFontAddFile(config, (const FcChar8 *)files[i].path))
			return assay_error_set(err, ASSAY_ENOTFOUND, "report-no-font",
				"没有字体 %s：请安装 %s", "font %s is missing: install %s", files[i].path,
				files[i].package);
	return ASSAY_OK;
}

/* *out is owned by the caller. NULL when the library gives none. */
static hb_blob_t *cut(const char *path, unsigned index, const hb_set_t *characters)
{
	hb_blob_t *file = hb_blob_create_from_file(path), *blob = NULL;
	hb_face_t *whole = hb_face_create(file, index), *part = NULL;
	hb_subset_input_t *input = hb_subset_input_create_or_fail();

	if (input) {
		hb_set_union(hb_subset_input_unicode_set(input), characters);
		hb_subset_input_set_flags(input, HB_SUBSET_FLAGS_DESUBROUTINIZE);
		part = hb_subset_or_fail(whole, input);
	}
	if (part)
		blob = hb_face_reference_blob(part);
	hb_face_destroy(part);
	hb_subset_input_destroy(input);
	hb_face_destroy(whole);
	hb_blob_destroy(file);
	return blob;
}

/* Into a file in memory, since fontconfig knows fonts by path. It lives as long as the process. */
static bool add(FcConfig *config, hb_blob_t *blob)
{
	unsigned length = 0;
	const char *bytes = hb_blob_get_data(blob, &length);
	int fd = memfd_create("font", MFD_CLOEXEC);
	char path[40];

	if (fd < 0)
		return false;
	for (size_t written = 0; written < length;) {
		ssize_t count = write(fd, bytes + written, length - written);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		written += (size_t)count;
	}
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return FcConfigAppFontAddFile(config, (const FcChar8 *)path);
}

static int open_cut(FcConfig *config, const hb_set_t *characters, struct assay_error *err)
{
	FcConfig *installed = FcConfigCreate();
	const FcFontSet *faces;
	int status;

	if (!installed)
		return assay_error_set(err, ASSAY_ENOMEM, "no-memory", "内存不足", "out of memory");
	status = open_installed(installed, err);
	faces = FcConfigGetFonts(installed, FcSetApplication);
	for (int i = 0; status == ASSAY_OK && faces && i < faces->nfont; i++) {
		FcChar8 *path;
		hb_blob_t *blob;
		int index;

		if (!wanted(faces->fonts[i]) ||
			FcPatternGetString(faces->fonts[i], FC_FILE, 0, &path) != FcResultMatch ||
			FcPatternGetInteger(faces->fonts[i], FC_INDEX, 0, &index) != FcResultMatch)
			continue;
		blob = cut((const char *)path, (unsigned)index, characters);
		if (!blob || !add(config, blob))
			status = assay_error_set(err, ASSAY_EIO, "report-font-not-cut",
				"不能从字体 %s 取出所需的字",
				"cannot take the characters needed out of font %s", (const char *)path);
		hb_blob_destroy(blob);
	}
	FcConfigDestroy(installed);
	return status;
}

PangoFontMap *fonts_open(const hb_set_t *characters, struct assay_error *err)
{
	FcConfig *config = FcConfigCreate();
	PangoFontMap *map = NULL;
	int status;

	/* Made the current one as well, or Pango reads the system's configuration on its own. */
	if (config && FcConfigSetCurrent(config))
		map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
	if (!map)
		status = assay_error_set(err, ASSAY_ENOMEM, "no-memory", "内存不足", "out of memory");
	else
		status = characters ? open_cut(config, characters, err) : open_installed(config, err);
	if (status == ASSAY_OK) {
		pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(map), config);
		pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(map), 96.0);
	} else if (map) {
		g_object_unref(map);
		map = NULL;
	}
	if (config)
		FcConfigDestroy(config);
	return map;
}
