/* SPDX-License-Identifier: Apache-2.0
 * lab.xml: what a good file gives, and each kind of mistake with its file:line and code. Expected values are what
 * the files below say; settings that come from an instrument file are those of specs/instruments as written there. */
#include "gateway/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct assay_places places;
static char folder[] = "/tmp/assay-config-XXXXXX";
static char path[64];

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

#define LAB                                                                                                  \
	"<lab site=\"s1\" origin=\"lab.example/s1\" name-zh=\"检验室\" name-en=\"lab\" "                  \
	"listen=\"127.0.0.1:0\">\n"
#define SERIAL "<serial port=\"/dev/ttyS7\"/>\n"
#define BALANCE "<instrument id=\"b1\" name-zh=\"天平\" name-en=\"balance\" spec=\"mettler-mt-sics\"/>\n"
#define LINE(id, inside) "<line id=\"" id "\" name-zh=\"线\" name-en=\"line\">\n" inside "</line>\n"

static const char good[] =
	LAB LINE("com1", "<serial port=\"/dev/serial/by-id/x\" baud=\"19200\" bits=\"7\" "
			 "parity=\"even\" stop=\"2\" flow=\"rts-cts\"/>\n"
			 "<instrument id=\"b1\" name-zh=\"天平\" name-en=\"balance\" "
			 "spec=\"mettler-mt-sics\" serial=\"B6\" "
			 "calibrated-until=\"2028-02-29\" location=\"room\" every=\"2s\" "
			 "needed-every=\"250ms\">"
			 "<channel name=\"weight\" low=\"-0.50\" "
			 "high=\"220\"/></instrument>\n") "<line id=\"bus\" name-zh=\"总线\" "
							  "name-en=\"bus\" "
							  "disabled=\"true\">\n"
							  "<modbus-rtu port=\"/dev/ttyS8\"/>\n"
							  "<instrument id=\"oven\" "
							  "name-zh=\"烘箱\" name-en=\"oven\" "
							  "spec=\"demo-oven\">"
							  "<setting name=\"timeout-ms\" "
							  "value=\"300\"/></instrument>\n"
							  "<instrument id=\"bath\" "
							  "name-zh=\"水浴\" name-en=\"bath\" "
							  "driver=\"modbus\">"
							  "<setting name=\"unit\" "
							  "value=\"7\"/>"
							  "<item channel=\"t\" function=\"3\" "
							  "address=\"16\" type=\"s16\" "
							  "decimals=\"1\" "
							  "unit=\"°C\"/></instrument>\n"
							  "</line>\n" LINE("room", "<modbus-tcp "
										   "host=\"10.0.0.9\" "
										   "port=\"502\"/>\n"
										   "<instrument "
										   "id=\"r1\" "
										   "name-zh=\"室\" "
										   "name-en=\"room\" "
										   "spec=\"xy-md02\"/"
										   ">\n") "</lab>\n";

static struct assay_config *load_good(const char *text)
{
	struct assay_config *config = NULL;
	struct assay_error err = {0};

	write_file(path, text);
	if (assay_config_load(path, places.specs, places.drivers, &config, &err) != ASSAY_OK)
		fail_msg("%s: %s", err.code, err.text_en);
	return config;
}

static const char *setting(
	const struct assay_config_instrument *instrument, const char *group, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < instrument->setting_count; i++)
		if (strcmp(instrument->settings[i].group, group) == 0 &&
			strcmp(instrument->settings[i].name, name) == 0) {
			assert_null(value); /* each once */
			value = instrument->settings[i].value;
		}
	return value;
}

static void test_serial_line(void **state)
{
	struct assay_config *config = load_good(good);
	const struct assay_config_line *line = &config->lines[0];
	const struct assay_config_instrument *balance = &line->instruments[0];

	(void)state;
	assert_string_equal(config->site, "s1");
	assert_string_equal(config->origin, "lab.example/s1");
	assert_string_equal(config->name_zh, "检验室");
	assert_string_equal(config->listen, "127.0.0.1:0");
	assert_int_equal(config->line_count, 3);
	assert_int_equal(config->xml_length, strlen(good));
	assert_memory_equal(config->xml, good, config->xml_length);
	assert_int_equal(strlen(config->sha256), 64);
	assert_int_equal(line->transport, ASSAY_TRANSPORT_SERIAL);
	assert_string_equal(line->port, "/dev/serial/by-id/x");
	assert_int_equal(line->baud, 19200);
	assert_int_equal(line->bits, 7);
	assert_int_equal(line->stop, 2);
	assert_int_equal(line->parity, 'E');
	assert_int_equal(line->flow, 'R');
	assert_int_equal(line->source_line, 2);
	assert_false(line->disabled);
	assert_string_equal(balance->driver, "sics");
	assert_string_equal(balance->model, "MT-SICS"); /* the instrument file's */
	assert_string_equal(balance->serial, "B6");
	assert_string_equal(balance->calibrated_until, "2028-02-29");
	assert_int_equal(balance->every_ms, 2000);
	assert_int_equal(balance->needed_ms, 250);
	assert_int_equal(balance->channel_count, 1);
	assert_string_equal(balance->channels[0].name, "weight");
	assert_string_equal(balance->channels[0].unit, "g");
	assert_string_equal(balance->channels[0].band_low, "-0.50");
	assert_string_equal(balance->channels[0].band_high, "220");
	assay_config_free(config);
}

static void test_modbus_lines(void **state)
{
	struct assay_config *config = load_good(good);
	const struct assay_config_line *bus = &config->lines[1], *room = &config->lines[2];

	(void)state;
	assert_true(bus->disabled);
	assert_int_equal(bus->transport, ASSAY_TRANSPORT_MODBUS_RTU);
	assert_int_equal(bus->baud, 9600);
	assert_int_equal(bus->bits, 8);
	assert_int_equal(bus->parity, 'N');
	assert_int_equal(bus->instrument_count, 2);
	assert_string_equal(setting(&bus->instruments[0], "", "timeout-ms"), "300");
	assert_int_equal(bus->instruments[0].every_ms, 10000); /* demo-oven.xml */
	assert_int_equal(bus->instruments[0].channel_count, 2);
	assert_string_equal(setting(&bus->instruments[1], "", "unit"), "7");
	assert_string_equal(setting(&bus->instruments[1], "item", "address"), "16");
	assert_int_equal(bus->instruments[1].channel_count, 1);
	assert_string_equal(bus->instruments[1].channels[0].name, "t");
	assert_string_equal(bus->instruments[1].channels[0].unit, "°C");
	assert_int_equal(room->transport, ASSAY_TRANSPORT_MODBUS_TCP);
	assert_string_equal(room->host, "10.0.0.9");
	assert_int_equal(room->tcp_port, 502);
	assert_string_equal(room->port, "");
	assay_config_free(config);
}

/* Refused, with code, and with file:line before the words in both languages. */
static void refuse(const char *text, unsigned line, const char *code, const char *words)
{
	struct assay_config *config = NULL;
	struct assay_error err = {0};
	char at[100];

	write_file(path, text);
	(void)snprintf(at, sizeof at, "%s:%u", path, line);
	assert_true(assay_config_load(path, places.specs, places.drivers, &config, &err) < 0);
	assert_null(config);
	if (strcmp(err.code, code) != 0 || strncmp(err.text_en, at, strlen(at)) != 0 ||
		strncmp(err.text_zh, at, strlen(at)) != 0 || !strstr(err.text_en, words))
		fail_msg("wanted %s at %s with '%s', got %s: %s / %s", code, at, words, err.code, err.text_en,
			err.text_zh);
}

static void test_schema_refusals(void **state)
{
	(void)state;
	refuse(LAB LINE("COM1", SERIAL BALANCE) "</lab>\n", 2, "xml-invalid", "COM1");
	refuse(LAB LINE("a-line-id-with-25-letters", SERIAL BALANCE) "</lab>\n", 2, "xml-invalid",
		"25-letters");
	refuse(LAB LINE("c", "<serial port=\"/dev/ttyS7\" baud=\"9601\"/>\n" BALANCE) "</lab>\n", 3,
		"xml-invalid", "9601");
	refuse(LAB LINE("c", "<usb port=\"x\"/>\n" BALANCE) "</lab>\n", 3, "xml-invalid", "usb");
	refuse(LAB LINE("c", SERIAL) "</lab>\n", 2, "xml-invalid", "instrument");
	refuse(LAB LINE("c", SERIAL "<instrument id=\"b\" name-zh=\"天\" name-en=\"b\" "
				    "spec=\"mettler-mt-sics\" colour=\"red\"/>\n") "</lab>\n",
		4, "xml-invalid", "colour");
	refuse(LAB LINE("c",
		       SERIAL "<instrument id=\"b\" name-zh=\"天\" name-en=\"b\" spec=\"mettler-mt-sics\" "
			      "calibrated-until=\"2026-02-29\"/>\n") "</lab>\n",
		4, "xml-invalid", "2026-02-29");
	refuse(LAB LINE("c",
		       SERIAL "<instrument id=\"b\" name-zh=\"天\" name-en=\"b\" spec=\"mettler-mt-sics\">"
			      "<channel name=\"weight\" low=\"1e3\"/></instrument>\n") "</lab>\n",
		4, "xml-invalid", "1e3");
	refuse("<lab site=\"s\" origin=\"o\" name-zh=\"a\" name-en=\"a\" listen=\"8480\"/>\n", 1,
		"xml-invalid", "8480");
	refuse(LAB "\n<line></lab>\n", 3, "xml-invalid", "mismatch");
	refuse("<!DOCTYPE lab [<!ENTITY a \"b\">]>\n" LAB "</lab>\n", 1, "xml-refused", "DOCTYPE");
	refuse(LAB "<?php x?>\n</lab>\n", 2, "xml-refused", "processing");
}

static void test_cross_refusals(void **state)
{
	(void)state;
	refuse(LAB LINE("c", SERIAL BALANCE) LINE("c", "<serial port=\"/dev/ttyS6\"/>\n" BALANCE) "</lab>\n",
		6, "id-twice", "line 2");
	refuse(LAB LINE("c", SERIAL BALANCE) LINE("d", SERIAL BALANCE) "</lab>\n", 6, "port-twice",
		"/dev/ttyS7");
	refuse(LAB LINE("c", SERIAL BALANCE) LINE("d", "<serial port=\"/dev/ttyS6\"/>\n" BALANCE) "</lab>\n",
		8, "id-twice", "line 4");
	refuse(LAB LINE("c", SERIAL BALANCE "<instrument id=\"b2\" name-zh=\"天\" name-en=\"b\" "
					    "spec=\"mettler-mt-sics\"/>\n") "</lab>\n",
		2, "instruments-many", "one instrument");
	refuse(LAB LINE("c", SERIAL
		       "<instrument id=\"b\" name-zh=\"天\" name-en=\"b\" spec=\"metler\"/>\n") "</lab>\n",
		4, "instrument-unknown", "mettler-mt-sics"); /* and says which there are */
	refuse(LAB LINE("c", SERIAL "<instrument id=\"b\" name-zh=\"天\" name-en=\"b\"/>\n") "</lab>\n", 4,
		"driver-missing", "spec or driver");
	refuse(LAB LINE("c", SERIAL "<instrument id=\"b\" name-zh=\"天\" name-en=\"b\" "
				    "driver=\"nonesuch\"/>\n") "</lab>\n",
		4, "driver-unknown", "nonesuch");
	refuse(LAB LINE("c",
		       SERIAL "<instrument id=\"b\" name-zh=\"天\" name-en=\"b\" spec=\"mettler-mt-sics\" "
			      "driver=\"modbus\"/>\n") "</lab>\n",
		4, "driver-differs", "sics");
	refuse(LAB LINE("c", SERIAL
		       "<instrument id=\"b\" name-zh=\"箱\" name-en=\"b\" spec=\"demo-oven\"/>\n") "</lab>\n",
		4, "transport-differs", "Modbus");
	refuse(LAB LINE("c", "<modbus-tcp host=\"h\" port=\"1\"/>\n" BALANCE) "</lab>\n", 4,
		"transport-differs", "serial");
	refuse(LAB LINE("c",
		       SERIAL "<instrument id=\"b\" name-zh=\"天\" name-en=\"b\" spec=\"mettler-mt-sics\" "
			      "every=\"10ms\"/>\n") "</lab>\n",
		4, "period-short", "every");
	/* a control that would be asked of nobody */
	refuse(LAB "<control method=\"gb-5009.12-laed\" within-hours=\"8\"/>\n</lab>\n", 2, "method-unknown",
		"laed");
	refuse(LAB "<control method=\"gb-5009.12-lead\"/>\n</lab>\n", 2, "control-invalid", "within-hours");
	refuse(LAB "<control method=\"gb-5009.12-lead\" within-hours=\"8\"/>\n<control "
		   "method=\"gb-5009.12-lead\" within-results=\"20\"/>\n</lab>\n",
		3, "control-invalid", "twice");
	refuse(LAB "<control method=\"gb-5009.12-lead\" within-hours=\"0\"/>\n</lab>\n", 2, "xml-invalid",
		"within-hours");
}

#define ON_BUS(inside) LAB LINE("c", "<modbus-rtu port=\"/dev/ttyS7\"/>\n" inside) "</lab>\n"
#define OVEN(id, inside)                                                                                     \
	"<instrument id=\"" id "\" name-zh=\"箱\" name-en=\"oven\" spec=\"demo-oven\">\n" inside             \
	"</instrument>\n"

static void test_setting_refusals(void **state)
{
	(void)state;
	refuse(ON_BUS(OVEN("o", "<setting name=\"timeot-ms\" value=\"300\"/>\n")), 4, "setting-unknown",
		"timeot-ms");
	refuse(ON_BUS(OVEN("o", "<setting name=\"unit\" value=\"300\"/>\n")), 4, "setting-invalid", "300");
	refuse(ON_BUS(OVEN(
		       "o", "<setting name=\"unit\" value=\"2\"/>\n<setting name=\"unit\" value=\"3\"/>\n")),
		6, "setting-twice", "unit");
	refuse(ON_BUS("<instrument id=\"o\" name-zh=\"箱\" name-en=\"oven\" driver=\"modbus\">"
		      "<item channel=\"t\" function=\"3\" address=\"70000\" type=\"s16\"/></instrument>\n"),
		4, "setting-invalid", "70000");
	/* only the driver knows: a table without a row */
	refuse(ON_BUS("<instrument id=\"o\" name-zh=\"箱\" name-en=\"oven\" driver=\"modbus\"/>\n"), 4,
		"driver-settings", "instrument o");
	refuse(ON_BUS(OVEN("o", "<channel name=\"pw\" low=\"1\"/>\n")), 5, "channel-unknown", "pw");
	refuse(ON_BUS(OVEN("o", "<channel name=\"pv\" unit=\"K\"/>\n")), 5, "channel-unit", "K");
	refuse(ON_BUS(OVEN("o", "<channel name=\"pv\" low=\"105\" high=\"101\"/>\n")), 5, "band-invalid",
		"above high");
	refuse(ON_BUS(OVEN("o", "") OVEN("p", "")), 6, "unit-twice", "address 1");
}

/* A mistake in an instrument file is named there. */
static void test_spec_refusal(void **state)
{
	struct assay_config *config = NULL;
	struct assay_error err = {0};
	char specs[80], command[300];

	(void)state;
	(void)snprintf(specs, sizeof specs, "%s/specs", folder);
	(void)snprintf(command, sizeof command,
		"mkdir %s && cp -rL %s/instruments %s/schema %s && sed -i "
		"'2s/driver=/drivr=/' %s/instruments/demo-oven.xml",
		specs, places.specs, places.specs, specs, specs);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): fixed words and our own folder */
	write_file(path, ON_BUS(OVEN("o", "")));
	assert_true(assay_config_load(path, specs, places.drivers, &config, &err) < 0);
	assert_null(config);
	assert_string_equal(err.code, "xml-invalid");
	/* libxml2 counts the line on which the tag ends; this one spans lines 2 to 4 */
	assert_non_null(strstr(err.text_en, "instruments/demo-oven.xml:4"));
	assert_non_null(strstr(err.text_en, "drivr"));
}

static void test_missing_file(void **state)
{
	struct assay_config *config = NULL;
	struct assay_error err = {0};

	(void)state;
	assert_int_equal(
		assay_config_load("/nonexistent/lab.xml", places.specs, places.drivers, &config, &err),
		ASSAY_ENOTFOUND);
	assert_non_null(strstr(err.text_en, "/nonexistent/lab.xml"));
}

static int prepare(void **state)
{
	struct assay_error err;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/lab.xml", mkdtemp(folder) ? folder : "");
	return assay_places_find(&places, &err);
}

static int clear(void **state)
{
	char command[100];

	(void)state;
	(void)snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command); /* NOLINT(cert-env33-c) */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_serial_line),
		cmocka_unit_test(test_modbus_lines), cmocka_unit_test(test_schema_refusals),
		cmocka_unit_test(test_cross_refusals), cmocka_unit_test(test_setting_refusals),
		cmocka_unit_test(test_spec_refusal), cmocka_unit_test(test_missing_file)};

	return cmocka_run_group_tests(tests, prepare, clear);
}
