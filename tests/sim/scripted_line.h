/* SPDX-License-Identifier: Apache-2.0
 * A line in virtual time whose device answers by a function of the test; what the host sends, and the readings that
 * count, are noted as text. */
#ifndef ASSAY_TESTS_SIM_SCRIPTED_LINE_H
#define ASSAY_TESTS_SIM_SCRIPTED_LINE_H

#include "tests/built.h"
#include "tests/sim/virtual_line.h"

#define LOG_ROWS 64u

/* What the device under test is scripted to say: a reply to each request, NULL for silence. */
struct script {
	const char *(*answer)(const uint8_t *bytes, size_t length, size_t *reply_length);
	uint64_t delay_ms;
};

static struct script script;
static char sent[LOG_ROWS][64]; /* what the host has sent, as hexadecimal */
static unsigned sent_count;
static char heard[4000]; /* readings that count */
static char drivers[512];
static struct assay_config_instrument instrument[3];
static struct assay_config_line config_line;

static void asked(struct bench *bench, const uint8_t *bytes, size_t length)
{
	size_t reply_length = 0;
	const char *reply;

	for (size_t i = 0; i < length && i < 30 && sent_count < LOG_ROWS; i++)
		(void)snprintf(sent[sent_count] + 2 * i, sizeof sent[0] - 2 * i, "%02X", bytes[i]);
	if (sent_count < LOG_ROWS)
		sent_count++;
	reply = script.answer ? script.answer(bytes, length, &reply_length) : NULL;
	if (reply)
		(void)adv_send(&bench->adv, bench->adv.now_ns + (script.delay_ms + 10) * ADV_MS,
			(const uint8_t *)reply, reply_length, 0);
}

static void told(struct bench *bench, const struct assay_end *end, const struct assay_end_reading *rows)
{
	(void)bench;
	if (end->outcome != ASSAY_OUTCOME_OK || !end->usable)
		return;
	for (uint32_t i = 0; i < end->readings; i++)
		if (rows[i].channel[0] && strlen(heard) + 120 < sizeof heard)
			(void)snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s=%s%s ",
				rows[i].channel, rows[i].value, rows[i].asked ? "" : "(by itself)");
}

static struct bench *begin(const char *driver, uint32_t transport, size_t instruments,
	const struct assay_setting *const *settings, size_t setting_count)
{
	struct bench *bench = calloc(1, sizeof *bench);
	struct assay_error err;
	char why[200];

	assert_non_null(bench);
	sent_count = 0;
	memset(sent, 0, sizeof sent);
	heard[0] = '\0';
	bench->adv.random = 7;
	bench->adv.now_ns = 1000 * ADV_MS;
	bench->asked = asked;
	bench->told = told;
	config_line = (struct assay_config_line){.id = "line",
		.transport = transport,
		.baud = 9600,
		.instruments = instrument,
		.instrument_count = instruments};
	bench_line(bench, &config_line, instruments);
	if (assay_plugin_load(drivers, driver, &bench->host.plugins[0], &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	for (size_t i = 0; i < instruments; i++) {
		static const char *const ids[] = {"one", "two", "three"};
		struct host_instrument *who = &bench->line->instrument[i];

		instrument[i] = (struct assay_config_instrument){
			.id = ids[i], .serial = "", .every_ms = 1000, .needed_ms = 1000};
		who->config = &instrument[i];
		who->plugin = &bench->host.plugins[0];
		if (who->plugin->driver.open(&assay_plugin_host, settings ? settings[i] : NULL, setting_count,
			    &who->session, why, sizeof why) < 0)
			fail_msg("%s", why);
		bench->line->instrument_count++;
	}
	return bench;
}

static inline void run_for(struct bench *bench, uint64_t ms)
{
	uint64_t until = bench->adv.now_ns + ms * ADV_MS;

	for (;;) {
		uint64_t device = adv_next_ns(&bench->adv), line = line_next_ns(bench->line);
		uint64_t next = bench->reopen ? bench->reopen_ns : device < line ? device : line;

		if (next > until && !(bench->line->phase == PHASE_CONNECTING))
			break;
		bench_step(bench);
	}
	bench->adv.now_ns = until;
}

static inline void says(struct bench *bench, const char *text, size_t length)
{
	(void)adv_send(&bench->adv, bench->adv.now_ns, (const uint8_t *)text, length, 0);
}

static inline void end(struct bench *bench)
{
	bench_free(bench);
	free(bench);
}

static inline unsigned count_sent(const char *prefix)
{
	unsigned count = 0;

	for (unsigned i = 0; i < sent_count; i++)
		count += strncmp(sent[i], prefix, strlen(prefix)) == 0;
	return count;
}

#endif
