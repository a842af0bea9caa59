/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/report/code.h"

#include <qrencode.h>
#include <stdlib.h>
#include <string.h>
#include <zint.h>

#define CODE_128_QUIET 10 /* modules on each side: ISO/IEC 15417 */
#define CODE_128_MODULE_MIN (0.19 * MM)
#define CODE_128_MODULE_MAX (0.5 * MM)

/* All areas of a code are one path, so that no seam shows between neighbours. */
static void area(cairo_t *cairo, double x, double y, double width, double height)
{
	if (cairo)
		cairo_rectangle(cairo, x, y, width, height);
}

static void fill(cairo_t *cairo)
{
	if (!cairo)
		return;
	cairo_set_source_rgb(cairo, 0, 0, 0);
	cairo_fill(cairo);
}

void code_qr(struct sheet *sheet, double x, double y, double side, const char *text)
{
	cairo_t *cairo = sheet_cairo(sheet);
	QRcode *code;
	double module;

	if (sheet_failed(sheet))
		return;
	code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	if (!code) {
		sheet_fail(sheet, ASSAY_EREFUSED, "report-qr", "二维码放不下这段文字",
			"the text does not fit into a QR code");
		return;
	}
	module = side / code->width;
	for (int row = 0; row < code->width; row++) {
		for (int begin = 0, end; begin < code->width; begin = end) {
			const unsigned char *line = code->data + (size_t)row * (size_t)code->width;

			for (end = begin + 1; end < code->width && (line[end] & 1) == (line[begin] & 1);
				end++)
				;
			if (line[begin] & 1)
				area(cairo, x + begin * module, y + row * module, (end - begin) * module,
					module);
		}
	}
	fill(cairo);
	QRcode_free(code);
}

static bool dark(const struct zint_symbol *symbol, int at)
{
	return symbol->encoded_data[0][at >> 3] >> (at & 7) & 1;
}

void code_128(struct sheet *sheet, double x, double y, double width, double height, const char *text)
{
	cairo_t *cairo = sheet_cairo(sheet);
	unsigned char source[64];
	struct zint_symbol *symbol;
	double module;

	if (sheet_failed(sheet))
		return;
	(void)snprintf((char *)source, sizeof source, "%s", text);
	symbol = ZBarcode_Create();
	if (!symbol) {
		sheet_fail(sheet, ASSAY_ENOMEM, "no-memory", "内存不足", "out of memory");
		return;
	}
	symbol->symbology = BARCODE_CODE128;
	symbol->input_mode = DATA_MODE;
	if (ZBarcode_Encode(symbol, source, (int)strlen((char *)source)) >= ZINT_ERROR || symbol->rows != 1) {
		sheet_fail(sheet, ASSAY_EREFUSED, "report-bar-code", "编号不能编成条码",
			"the identifier cannot be made into a bar code");
		goto out;
	}
	module = width / (symbol->width + 2 * CODE_128_QUIET);
	if (module < CODE_128_MODULE_MIN) {
		sheet_fail(sheet, ASSAY_EREFUSED, "report-label-narrow", "标签太窄，这个编号的条码读不出来",
			"the label is too narrow for a readable bar code of this identifier");
		goto out;
	}
	if (module > CODE_128_MODULE_MAX)
		module = CODE_128_MODULE_MAX;
	x += (width - symbol->width * module) / 2;
	for (int begin = 0, end; begin < symbol->width; begin = end) {
		for (end = begin + 1; end < symbol->width && dark(symbol, end) == dark(symbol, begin); end++)
			;
		if (dark(symbol, begin))
			area(cairo, x + begin * module, y, (end - begin) * module, height);
	}
	fill(cairo);
out:
	ZBarcode_Delete(symbol);
}
