/* SPDX-License-Identifier: Apache-2.0
 * The end of the certificate, at the bottom of its last page: code and checkpoint, signatures, place for the seal. */
#include "gateway/report/certificate.h"
#include "gateway/report/code.h"

#include <string.h>

#define CODE_SIDE 112.0
#define QUIET (CODE_SIDE / 5)
#define TOP_GAP QUIET
#define RIGHT_X (LEFT + CODE_SIDE + QUIET)
#define RIGHT_WIDTH (LEFT + WIDTH - RIGHT_X)
#define SEAL_WIDTH 128.0
#define SIGNATURES_A_ROW 3u
#define SIGNATURE_WIDTH ((RIGHT_WIDTH - SEAL_WIDTH - 8) / SIGNATURES_A_ROW)
#define SIGNATURE_HEIGHT 84.0
#define ROOT_DIGITS 16 /* of the root, in print and in the QR code */

static const struct style check_head = {12.5, 17, INK, true, false};
static const struct style small = {11, 17, INK_2, false, false};
static const struct style check = {11.5, 17, INK_2, false, false};
static const struct style mono = {11.5, 17, INK, false, true};
static const struct style label = {11, 16, INK_3, false, false};
static const struct style name = {14, 21, INK, true, false};
static const struct style time_style = {10.5, 15, INK, false, false};
static const struct style digest = {8, 11, INK_2, false, true};
static const struct style seal = {11, 15, INK_3, false, false};

/* "205 304": in threes from the right, with no-break spaces. */
static void grouped(long long number, char out[48])
{
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%lld", number);
	size_t at = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0) {
			out[at++] = '\xc2';
			out[at++] = '\xa0';
		}
		out[at++] = digits[i];
	}
	out[at] = '\0';
}

/* count hexadecimal digits from hex, separator after each every of them. out: room for count + count / every + 1. */
static void hex_groups(const char *hex, size_t count, size_t every, char separator, char *out)
{
	for (size_t i = 0; i < count; i++) {
		if (i && i % every == 0)
			*out++ = separator;
		*out++ = hex[i];
	}
	*out = '\0';
}

static double draw_check(const struct certificate_pages *pages, double y)
{
	const struct certificate *certificate = pages->certificate;
	const struct certificate_checkpoint *checkpoint = &certificate->checkpoint;
	const struct run first[] = {{&check_head, "扫码核对，不必信任本中心的服务器"},
		{&small, "　Scan to check, without trusting our server"}};
	struct line_of_runs journal = {.count = 0}, offline = {.count = 0};
	char size[48], root[ROOT_DIGITS + 8], when[28];
	double begin = y;

	grouped(checkpoint->size, size);
	hex_groups(checkpoint->root, ROOT_DIGITS, 4, ' ', root);
	certificate_time(checkpoint->at, when);
	line_add(&journal, "", &check, "台账 ");
	line_add(&journal, "", &check, size);
	line_add(&journal, "", &check, " 条 entries　根 root ");
	line_add(&journal, "", &mono, root);
	line_add(&journal, "　", &check, when);
	line_add(&journal, "　见证 witness ", &check, checkpoint->witness);
	line_add(&offline, "", &check, "离线核对 offline　");
	line_add(&offline, "", &mono, "assay proof check ");
	line_add(&offline, "", &mono, certificate->check.proof);
	y += sheet_runs(pages->sheet, RIGHT_X, y, RIGHT_WIDTH, first, 2);
	y += sheet_runs(pages->sheet, RIGHT_X, y, RIGHT_WIDTH, journal.run, journal.count);
	y += sheet_text(pages->sheet, RIGHT_X, y, RIGHT_WIDTH, &mono, certificate->check.address);
	y += sheet_runs(pages->sheet, RIGHT_X, y, RIGHT_WIDTH, offline.run, offline.count);
	return y - begin;
}

static const char *meaning(const char *action)
{
	if (strcmp(action, "test") == 0)
		return "检验 Tested by";
	return strcmp(action, "review") == 0 ? "复核 Reviewed by" : "签发 Released by";
}

static void draw_signature(
	struct sheet *sheet, double x, double y, const struct certificate_signature *signature)
{
	char when[28], record[64 + 20];
	double at = y;

	certificate_time(signature->at, when);
	hex_groups(signature->digest, 64, 32, '\n', record);
	(void)sheet_text(sheet, x, at, -1, &label, meaning(signature->action));
	(void)sheet_text(sheet, x, at + 16, SIGNATURE_WIDTH - 8, &name, signature->name);
	(void)sheet_text(sheet, x, at + 37, -1, &time_style, when);
	(void)sheet_text(sheet, x, at + 54, -1, &digest, record);
}

static double draw_signatures(const struct certificate_pages *pages, double y)
{
	const struct certificate_signature *signatures = pages->certificate->signatures.items;
	struct sheet *sheet = pages->sheet;
	size_t rows = (pages->certificate->signatures.count + SIGNATURES_A_ROW - 1) / SIGNATURES_A_ROW;
	double height = (double)rows * SIGNATURE_HEIGHT;

	sheet_rule(sheet, RIGHT_X, y, RIGHT_WIDTH, 1, HAIRLINE);
	for (size_t i = 0; i < pages->certificate->signatures.count; i++) {
		size_t column = i % SIGNATURES_A_ROW, row = i / SIGNATURES_A_ROW;

		draw_signature(sheet, RIGHT_X + (double)column * SIGNATURE_WIDTH,
			y + 8 + (double)row * SIGNATURE_HEIGHT, &signatures[i]);
	}
	sheet_frame(sheet, LEFT + WIDTH - SEAL_WIDTH + 0.5, y + 10, SEAL_WIDTH - 1, 72, 1, 0x8a949d, true);
	sheet_text_centre(sheet, LEFT + WIDTH - SEAL_WIDTH / 2, y + 31, &seal, "检验检测专用章");
	sheet_text_centre(sheet, LEFT + WIDTH - SEAL_WIDTH / 2, y + 46, &seal, "Official seal");
	return height + 8;
}

static double draw_end(struct certificate_pages *pages, double y, const void *what)
{
	const struct certificate *certificate = pages->certificate;
	char text[QR_TEXT_MAX];
	double height;

	(void)what;
	(void)snprintf(text, sizeof text, "%s#%lld.%.*s", certificate->check.address,
		certificate->checkpoint.size, ROOT_DIGITS, certificate->checkpoint.root);
	y += TOP_GAP;
	code_qr(pages->sheet, LEFT, y, CODE_SIDE, text);
	height = draw_check(pages, y) + 10;
	height += draw_signatures(pages, y + height);
	return TOP_GAP + (height > CODE_SIDE + QUIET ? height : CODE_SIDE + QUIET);
}

void certificate_end(struct certificate_pages *pages)
{
	double height;

	sheet_measure(pages->sheet, true);
	height = draw_end(pages, 0, NULL);
	sheet_measure(pages->sheet, false);
	/* At the bottom of the page the table ends on, else at the top of a page of its own. */
	if (certificate_room(pages, height)) {
		(void)draw_end(pages, pages->y, NULL);
		sheet_text_centre(pages->sheet, A4_WIDTH / 2, pages->y + height + 24, &small,
			"（以下空白　Nothing below this line）");
	} else {
		(void)draw_end(pages, FOOT - 6 - height, NULL);
	}
}
