/* SPDX-License-Identifier: Apache-2.0
 * A configuration as bytes: what is read back is what was written, field by field (compared here one by one, and by the
 * comparison that a reload trusts); bytes that were cut off or changed are refused or give another configuration, and
 * never more than that. */
#include "gateway/config_image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char lab[] =
	"<lab site=\"s1\" origin=\"lab.example/s1\" name-zh=\"检验室\" name-en=\"lab\" "
	"listen=\"127.0.0.1:0\" "
	"address=\"1 Road\" contact=\"2 Phone\" check=\"https://lab.example/c/\" decision=\"guard\" "
	"unverified=\"undetermined\">\n"
	"<web anonymous-read=\"true\" second-factor=\"qa admin\"/>\n"
	"<tell mail=\"/usr/sbin/sendmail -t\" to=\"a@lab.example\" from=\"b@lab.example\" "
	"hook=\"https://hook.example/x\" hook-ca=\"/etc/passwd\"/>\n"
	"<control method=\"gb-12456-acetic\" within-hours=\"24\" within-results=\"20\"/>\n"
	"<line id=\"com1\" name-zh=\"线\" name-en=\"line\"><serial port=\"/dev/ttyS7\" baud=\"19200\" "
	"bits=\"7\" parity=\"even\" stop=\"2\" flow=\"rts-cts\" gap-ms=\"40\" dtr=\"on\" rts=\"off\"/>\n"
	"<instrument id=\"b1\" name-zh=\"天平\" name-en=\"balance\" spec=\"mettler-mt-sics\" model=\"XPR\" "
	"serial=\"B6\" calibrated-until=\"2028-02-29\" location=\"room\" every=\"2s\" needed-every=\"250ms\" "
	"late=\"900ms\"><channel name=\"weight\" low=\"-0.50\" high=\"220\"/></instrument></line>\n"
	"<line id=\"room\" name-zh=\"室\" name-en=\"room\" disabled=\"true\"><modbus-tcp host=\"10.0.0.9\" "
	"port=\"502\"/><instrument id=\"r1\" name-zh=\"室\" name-en=\"room\" spec=\"xy-md02\"/></line>\n"
	"<line id=\"lis\" name-zh=\"析\" name-en=\"lis\"><tcp host=\"127.0.0.1\" port=\"4000\" "
	"listen=\"true\"/>"
	"<instrument id=\"l1\" name-zh=\"析\" name-en=\"lis\" driver=\"astm\"/></line>\n"
	"<line id=\"files\" name-zh=\"文\" name-en=\"files\"><folder path=\"/srv/results\" "
	"settle-ms=\"3000\"/>"
	"<instrument id=\"f1\" name-zh=\"文\" name-en=\"files\" spec=\"chemstation-area\"/></line></lab>\n";

static struct assay_places places;

static struct assay_config *load(void)
{
	char path[] = "/tmp/assay-image-XXXXXX";
	struct assay_config *config = NULL;
	struct assay_error err = {0};
	int fd = mkstemp(path), status;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, lab, sizeof lab - 1), sizeof lab - 1);
	assert_int_equal(close(fd), 0);
	status = assay_config_load(path, places.specs, places.drivers, &config, &err);
	assert_int_equal(unlink(path), 0);
	if (status != ASSAY_OK)
		fail_msg("%s: %s", err.code, err.text_en);
	return config;
}

static void same_channels(const struct assay_config_instrument *a, const struct assay_config_instrument *b)
{
	assert_int_equal(a->channel_count, b->channel_count);
	for (size_t i = 0; i < a->channel_count; i++) {
		assert_string_equal(a->channels[i].name, b->channels[i].name);
		assert_string_equal(a->channels[i].name_zh, b->channels[i].name_zh);
		assert_string_equal(a->channels[i].name_en, b->channels[i].name_en);
		assert_string_equal(a->channels[i].band_low, b->channels[i].band_low);
		assert_string_equal(a->channels[i].band_high, b->channels[i].band_high);
		assert_string_equal(a->channels[i].unit, b->channels[i].unit);
	}
}

static void same_lines(const struct assay_config *a, const struct assay_config *b)
{
	assert_int_equal(a->line_count, 4);
	assert_int_equal(b->line_count, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct assay_config_line *p = &a->lines[i], *q = &b->lines[i];

		assert_true(assay_config_line_same(p, q));
		assert_string_equal(p->name_zh, q->name_zh);
		assert_string_equal(p->name_en, q->name_en);
		assert_int_equal(p->source_line, q->source_line);
		for (size_t j = 0; j < p->instrument_count; j++) {
			const struct assay_config_instrument *r = &p->instruments[j], *s = &q->instruments[j];

			assert_string_equal(r->name_zh, s->name_zh);
			assert_string_equal(r->name_en, s->name_en);
			assert_string_equal(r->model, s->model);
			assert_string_equal(r->calibrated_until, s->calibrated_until);
			assert_string_equal(r->location, s->location);
			same_channels(r, s);
		}
	}
}

#define SAME_TEXT(field) assert_string_equal(from->field, to->field)

static void same_laboratory(const struct assay_config *from, const struct assay_config *to)
{
	SAME_TEXT(path);
	SAME_TEXT(site);
	SAME_TEXT(origin);
	SAME_TEXT(name_zh);
	SAME_TEXT(name_en);
	SAME_TEXT(listen);
	SAME_TEXT(certificate);
	SAME_TEXT(key);
	SAME_TEXT(tell_mail);
	SAME_TEXT(tell_to);
	SAME_TEXT(tell_from);
	SAME_TEXT(tell_hook);
	SAME_TEXT(tell_hook_ca);
	SAME_TEXT(address);
	SAME_TEXT(contact);
	SAME_TEXT(check);
	SAME_TEXT(decision);
	SAME_TEXT(unverified);
	SAME_TEXT(sha256);
	assert_true(to->anonymous_read);
	assert_int_equal(from->second_factor, to->second_factor);
	assert_int_not_equal(to->second_factor, 0);
	assert_int_equal(from->control_count, 1);
	assert_int_equal(to->control_count, 1);
	assert_string_equal(from->controls[0].method, to->controls[0].method);
	assert_int_equal(to->controls[0].within_hours, 24);
	assert_int_equal(to->controls[0].within_results, 20);
	assert_null(to->xml); /* the recorder's business */
}

static void test_what_is_written_is_read(void **state)
{
	struct assay_config *from = load(), *to = NULL;
	void *image = NULL, *again = NULL;
	size_t length = 0, again_length = 0;

	(void)state;
	assert_int_equal(assay_config_image_write(from, &image, &length, NULL), ASSAY_OK);
	assert_int_equal(assay_config_image_read(image, length, &to, NULL), ASSAY_OK);
	same_laboratory(from, to);
	same_lines(from, to);
	assert_int_equal(assay_config_image_write(to, &again, &again_length, NULL), ASSAY_OK);
	assert_int_equal(length, again_length);
	assert_memory_equal(image, again, length);
	assay_config_free(from);
	assay_config_free(to);
	free(image);
	free(again);
}

/* In a block of just its size, so that a read beyond it is seen by the sanitizer. */
static bool reads(const void *image, size_t length)
{
	struct assay_config *config = NULL;
	struct assay_error err = {0};
	void *copy = malloc(length ? length : 1);
	int status;

	assert_non_null(copy);
	memcpy(copy, image, length);
	status = assay_config_image_read(copy, length, &config, &err);
	free(copy);
	if (status == ASSAY_OK)
		assay_config_free(config);
	else
		assert_true(*err.code != '\0');
	return status == ASSAY_OK;
}

static void test_no_other_bytes(void **state)
{
	struct assay_config *from = load();
	void *image = NULL;
	unsigned char *changed;
	size_t length = 0;

	(void)state;
	assert_int_equal(assay_config_image_write(from, &image, &length, NULL), ASSAY_OK);
	changed = malloc(length + 1);
	assert_non_null(changed);
	for (size_t cut = 0; cut < length; cut += cut < 2000 ? 1 : 37)
		assert_false(reads(image, cut));
	memcpy(changed, image, length);
	changed[length] = 0;
	assert_false(reads(changed, length + 1));
	for (size_t at = 0; at < length; at += at < 2000 ? 1 : 37) {
		changed[at] ^= 0xff;
		(void)reads(changed, length); /* whatever it says, it says it in order */
		changed[at] ^= 0xff;
	}
	free(changed);
	free(image);
	assay_config_free(from);
}

static int prepare(void **state)
{
	(void)state;
	return assay_places_find(&places, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read), cmocka_unit_test(test_no_other_bytes)};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
