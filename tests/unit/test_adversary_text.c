/* SPDX-License-Identifier: Apache-2.0
 * The host's line logic on a text line: a balance that answers in order but late, twice, cut, torn, echoed, disturbed or
 * not at all, with and without somebody at its print key; one that says who it is (MT-SICS), and one that does not (Ohaus
 * Scout, as specs/instruments describes it). A text line has no checksum, so noise here is what no grammar takes (bit 7
 * set). No value may be one that belongs to another request; a print line is the only one that may come unasked. Virtual
 * time. */
#include "gateway/wire/instrument_spec.h"
#include "tests/built.h"
#include "tests/sim/virtual_line.h"

#define TEXT_LATE_MS 5000u /* stated maximum delay */
#define TIMEOUT_MS 2000u /* the driver's, for SI */

static char drivers[512], specs[512];
static struct assay_config_instrument instrument;
static struct assay_config_line config_line;
static bool prints, mute;
static uint64_t stable; /* values that may fill a slot */
#define PRINTS 6u
static uint32_t print[PRINTS], presses; /* numbers of the last print lines on their way */

#define ANSWER_MAX 64u /* of a device; bytes */

/* The weight that tells which request it answers. */
static unsigned long long weight_of(uint32_t sequence)
{
	return 1000000 + (unsigned long long)(sequence * 2654435761u % 8999999u);
}

static size_t weight_line(char *out, uint32_t sequence, char status)
{
	unsigned long long weight = weight_of(sequence);

	if (mute)
		return (size_t)snprintf(out, ANSWER_MAX, "%9llu.%02llu g%s\r\n", weight / 100, weight % 100,
			status == 'S' ? "" : " ?");
	return (size_t)snprintf(
		out, ANSWER_MAX, "S %c %7llu.%02llu g\r\n", status, weight / 100, weight % 100);
}

static size_t answer_of(struct bench *bench, const char *command, enum adv_fault fault, char *out)
{
	if (fault == ADV_EXCEPTION)
		return (size_t)snprintf(out, ANSWER_MAX, "ES\r\n");
	if (fault == ADV_FOREIGN_UNIT)
		return (size_t)snprintf(out, ANSWER_MAX, "ST,+00012.34  g\r\n"); /* another maker's line */
	if (command[0] == 'I')
		return (size_t)snprintf(out, ANSWER_MAX,
			command[1] == '4' ? "I4 A \"0123456789\"\r\n"
					  : "I2 A \"XS204 Excellence 220.0090 g\"\r\n");
	if (fault == ADV_SHIFTED)
		return (size_t)snprintf(out, ANSWER_MAX, mute ? "ES\r\n" : "S I\r\n");
	return weight_line(out, bench->adv.sequence, adv_random(&bench->adv, 2) ? 'S' : 'D');
}

static void noise(struct adversary *adv, uint64_t at_ns)
{
	uint8_t bytes[8];
	size_t length = 1 + adv_random(adv, sizeof bytes);

	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(0x80 | adv_random(adv, 128));
	(void)adv_send(adv, at_ns, bytes, length, 0);
}

/* Somebody presses the key. Returns when the line has passed. */
static uint64_t press(struct bench *bench, uint64_t at_ns)
{
	char text[100];
	size_t size;

	memmove(&print[1], &print[0], sizeof print - sizeof *print);
	print[0] = ++presses + 0x40000000u;
	size = weight_line(text, print[0], 'S');
	return adv_send(&bench->adv, at_ns, (const uint8_t *)text, size, 0);
}

static void asked(struct bench *bench, const uint8_t *bytes, size_t length)
{
	struct adversary *adv = &bench->adv;
	enum adv_fault fault = ADV_NONE;
	char text[100];
	uint64_t start = adv->now_ns + length * ADV_CHAR_NS, delay = (20 + adv_random(adv, 100)) * ADV_MS,
		 end;
	size_t size;

	adv->sequence++;
	if (bytes[0] != 'I')
		bench->read_sequence = adv->sequence;
	if (adv_random(adv, 100) < adv->fault_percent)
		fault = (enum adv_fault)(1 + adv_random(adv, ADV_FAULTS - 1));
	adv->faults[fault]++;
	if (fault == ADV_LOST_REQUEST || fault == ADV_LOST_REPLY)
		return;
	size = answer_of(bench, (const char *)bytes, fault, text);
	if (fault == ADV_LATE)
		delay = (TIMEOUT_MS - 100 + adv_random(adv, TEXT_LATE_MS - TIMEOUT_MS - 100)) * ADV_MS;
	if (fault == ADV_ECHO)
		(void)adv_send(adv, adv->now_ns, bytes, length, 0);
	if (fault == ADV_FLIP)
		text[adv_random(adv, (uint32_t)size)] ^= (char)0x80;
	if (fault == ADV_CUT)
		size = 1 + adv_random(adv, (uint32_t)size - 1);
	if (start < adv->free_ns[0])
		start = adv->free_ns[0];
	start += delay;
	if (prints && adv_random(adv, 20) == 0) { /* while it makes its answer */
		end = press(bench, start - adv_random(adv, (uint32_t)(delay / ADV_MS)) * ADV_MS);
		start = start < end ? end : start;
	}
	if (fault == ADV_NOISE && adv_random(adv, 2))
		noise(adv, start - adv_random(adv, 20) * ADV_MS);
	end = adv_send(adv, start, (const uint8_t *)text, size,
		fault == ADV_TORN ? adv_random(adv, 900) * ADV_MS : 0);
	if (fault == ADV_NOISE)
		noise(adv, end + adv_random(adv, 300) * ADV_MS);
	if (fault == ADV_DOUBLED_REPLY || fault == ADV_DOUBLED_REQUEST)
		end = adv_send(adv, end + adv_random(adv, 200) * ADV_MS, (const uint8_t *)text, size, 0);
	adv->free_ns[0] = end;
	if (prints && adv_random(adv, 20) == 0)
		adv->free_ns[0] = press(bench, end + adv_random(adv, 400) * ADV_MS);
}

static bool is_weight(const char *value, uint32_t sequence)
{
	char wanted[40];
	unsigned long long weight = weight_of(sequence);

	(void)snprintf(wanted, sizeof wanted, "%llu.%02llu", weight / 100, weight % 100);
	return strcmp(value, wanted) == 0;
}

static bool is_print(const char *value)
{
	for (unsigned i = 0; i < PRINTS; i++)
		if (is_weight(value, print[i]))
			return true;
	return false;
}

static void told(struct bench *bench, const struct assay_end *end, const struct assay_end_reading *rows)
{
	bool counts = end->outcome == ASSAY_OUTCOME_OK && end->usable;

	if (end->solicited && !counts)
		bench->refused++;
	for (uint32_t i = 0; i < end->readings && counts; i++) {
		if (!rows[i].value[0])
			continue;
		/* a print line may be taken for the answer; then the answer comes unasked: both are weights of now */
		if (is_weight(rows[i].value, bench->read_sequence) && (rows[i].asked || prints))
			bench->good++, stable += end->want == ASSAY_WANT_STABLE;
		else if (prints && is_print(rows[i].value))
			bench->unasked++;
		else
			bench_wrong(bench, &rows[i]);
	}
}

static void open_balance(struct bench *bench, const struct assay_instrument_spec *spec)
{
	struct host_instrument *who = bench->line->instrument;
	struct assay_error err;
	char why[100];

	if (assay_plugin_load(drivers, spec ? spec->driver : "sics", &bench->host.plugins[0], &err) !=
		ASSAY_OK)
		fail_msg("%s", err.text_en);
	who->config = &instrument;
	who->plugin = &bench->host.plugins[0];
	assert_int_equal(who->plugin->driver.open(&assay_plugin_host, spec ? spec->settings : NULL,
				 spec ? spec->setting_count : 0, &who->session, why, sizeof why),
		0);
	bench->line->instrument_count = 1;
}

static void run(const char *name, const struct assay_instrument_spec *spec, bool with_prints, uint32_t gap_ms,
	uint64_t exchanges)
{
	const char *seed_text = getenv("ASSAY_SEED");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 20260512, good = 0, wrong = 0, done = 0,
		 unasked = 0, refused = 0;

	prints = with_prints;
	mute = spec != NULL;
	stable = 0;
	for (unsigned part = 0; part < 4; part++) {
		static const unsigned percent[] = {2, 10, 30, 60};
		struct bench *bench = calloc(1, sizeof *bench);

		assert_non_null(bench);
		bench->adv.random = (seed + part) * 0x9e3779b97f4a7c15ull + 1;
		bench->adv.now_ns = 1000 * ADV_MS;
		bench->adv.fault_percent = percent[part];
		bench->asked = asked;
		bench->told = told;
		instrument = (struct assay_config_instrument){.id = "balance",
			.serial = "",
			.every_ms = 1,
			.needed_ms = 1,
			.late_ms = TEXT_LATE_MS};
		config_line = (struct assay_config_line){.id = "com1",
			.transport = ASSAY_TRANSPORT_SERIAL,
			.baud = 9600,
			.gap_ms = gap_ms,
			.instruments = &instrument,
			.instrument_count = 1};
		bench_line(bench, &config_line, 1);
		open_balance(bench, spec);
		line_device(bench->line, 5);
		while (bench->exchanges < exchanges / 4) {
			const struct assay_want_message take = {.instrument = 0, .needed = 1, .take = 1};

			if (adv_random(&bench->adv, 40) == 0)
				line_wanted(bench->line, &take);
			bench_step(bench);
		}
		assert_true(bench->good * 100 > bench->exchanges * (part < 2 ? 40 : 5));
		good += bench->good;
		wrong += bench->wrong;
		refused += bench->refused;
		done += bench->exchanges;
		unasked += bench->unasked;
		bench_free(bench);
		free(bench);
	}
	print_message("%s, seeds %llu to %llu, faults on 2, 10, 30 and 60 %% of the requests\n"
		      "  assay %llu exch.: %llu good, %llu WRONG, %llu refused or fences, %llu for slots, "
		      "%llu print lines\n",
		name, (unsigned long long)seed, (unsigned long long)seed + 3, (unsigned long long)done,
		(unsigned long long)good, (unsigned long long)wrong, (unsigned long long)refused,
		(unsigned long long)stable, (unsigned long long)unasked);
	assert_int_equal(wrong, 0);
}

static uint64_t share(void)
{
	const char *text = getenv("ASSAY_EXCHANGES");

	return (text ? strtoull(text, NULL, 10) : getenv("ASSAY_FULL") ? 10000000 : 100000) / 10;
}

static void test_alone(void **state)
{
	(void)state;
	run("MT-SICS", NULL, false, 0, share());
}

static void test_print_key(void **state)
{
	(void)state;
	run("MT-SICS with a print key", NULL, true, 0, share());
}

/* Between the queries of a fence, too, the balance is left alone: a late answer may come then. */
static void test_gap(void **state)
{
	(void)state;
	run("MT-SICS with a gap", NULL, false, 150, share());
}

/* It is asked for nothing but weights: no answer of another kind stands between two polls, only time. */
static void test_mute_print_key(void **state)
{
	struct assay_instrument_spec *spec = NULL;
	struct assay_error err;

	(void)state;
	if (assay_instrument_spec_load(specs, "ohaus-scout", &spec, &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	run("Ohaus Scout with a print key", spec, true, 0, share());
	assay_instrument_spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_alone), cmocka_unit_test(test_print_key),
		cmocka_unit_test(test_gap), cmocka_unit_test(test_mute_print_key)};

	(void)built("drivers", drivers, sizeof drivers);
	(void)built("specs", specs, sizeof specs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
