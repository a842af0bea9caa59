/* SPDX-License-Identifier: Apache-2.0
 * An exchange's bytes, cut and decoded again by the installed driver, beside the readings recorded. */
#include "gateway/record/derive_inside.h"
#include "gateway/record/events.h"
#include "gateway/wire/modbus_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURNS_MAX 256u

struct again {
	struct derive *derive;
	const struct assay_exchange *exchange;
	struct assay_replay *replay;
	size_t base; /* where the PDU stands in the received bytes */
	uint32_t count;
	struct assay_end_reading row[ASSAY_END_READINGS_MAX];
	char serial[48], model[48];
};

static int receive(void *context, const struct assay_replay_result *result)
{
	struct again *again = context;
	struct assay_end_reading *row = &again->row[again->count];
	bool identity = again->exchange->end.want == ASSAY_WANT_IDENTITY;

	if (result->kind == ASSAY_REPLAY_IDENTITY) {
		if (result->identity->serial)
			(void)snprintf(again->serial, sizeof again->serial, "%s", result->identity->serial);
		if (result->identity->model)
			(void)snprintf(again->model, sizeof again->model, "%s", result->identity->model);
		if (identity)
			assay_replay_answered(again->replay);
		return 0;
	}
	if (result->kind == ASSAY_REPLAY_REPLY)
		return 0;
	if (again->count == ASSAY_END_READINGS_MAX)
		return -1;
	again->count++;
	memset(row, 0, sizeof *row);
	row->frame_at = (uint32_t)(again->base + result->frame_at);
	row->frame_length = (uint32_t)result->frame_length;
	row->asked = result->asked;
	row->reason = result->reason;
	if (result->kind == ASSAY_REPLAY_READING) {
		assay_replay_row(result->reading, again->base + result->frame_at, result->frame_length, row);
		if (row->channel[0] && !identity)
			assay_replay_answered(again->replay);
	} else if (result->detail) {
		(void)snprintf(row->detail, sizeof row->detail, "%s", result->detail);
	}
	return 0;
}

/* The request that was sent becomes the outstanding one. */
static bool ask_again(struct again *again, bool modbus, const uint8_t *sent, size_t length)
{
	for (uint32_t turn = 0; turn < TURNS_MAX; turn++) {
		const struct assay_request *request;
		uint8_t frame[ASSAY_MBAP_MAX];
		size_t size;

		if (!assay_replay_ask(again->replay, again->exchange->end.want, turn))
			break;
		request = assay_replay_request(again->replay);
		if (!modbus && request->kind == ASSAY_REQUEST_BYTES && request->length == length &&
			memcmp(request->bytes, sent, length) == 0)
			return true;
		if (!modbus || request->kind != ASSAY_REQUEST_READ)
			continue;
		size = assay_rtu_request(request, frame);
		if (size == length && memcmp(frame, sent, size) == 0)
			return true;
		size = assay_mbap_request(request, 0, frame);
		if (size == length && size > 2 && memcmp(frame + 2, sent + 2, size - 2) == 0)
			return true;
	}
	if (modbus && assay_replay_planned(again->replay, sent, length))
		return true;
	(void)assay_replay_ask(again->replay, UINT32_MAX, UINT32_MAX);
	return false;
}

static int decode_stream(struct again *again, const struct assay_entry *entry)
{
	struct assay_event event;
	size_t at = 0;
	int status = 0;

	while (status == 0 && assay_event_next(entry->raw, entry->raw_length, &at, &event) == 1)
		if (event.direction == ASSAY_RX)
			status = assay_replay_feed(
				again->replay, event.bytes, event.length, ASSAY_EVENT_BYTES);
	if (status == 0 && assay_replay_pending(again->replay))
		status = assay_replay_feed(again->replay, NULL, 0, ASSAY_EVENT_GAP);
	return status;
}

static int decode_modbus(
	struct again *again, bool tcp, const uint8_t *sent, const uint8_t *bytes, size_t length)
{
	const struct assay_request *request = assay_replay_request(again->replay);
	struct assay_match_result match = {0};

	while (again->base < length) {
		if (tcp)
			match = assay_mbap_match(request, (uint16_t)(sent[0] << 8 | sent[1]),
				ASSAY_MBAP_OLDER_MAX, bytes + again->base, length - again->base);
		else
			match = assay_rtu_match(request, bytes, length);
		if (match.match != ASSAY_MATCH_OLDER || match.used == 0)
			break;
		again->base += match.used;
	}
	if (match.match != ASSAY_MATCH_OURS && match.match != ASSAY_MATCH_EXCEPTION)
		return 0;
	bytes += again->base + match.pdu_at;
	again->base += match.pdu_at;
	return assay_replay_pdu(again->replay, bytes, match.pdu_length);
}

static bool same_row(const struct assay_end_reading *a, const struct assay_end_reading *b, bool with_asked)
{
	return strcmp(a->channel, b->channel) == 0 && strcmp(a->value, b->value) == 0 &&
	       strcmp(a->unit, b->unit) == 0 && strcmp(a->sample, b->sample) == 0 &&
	       strcmp(a->detail, b->detail) == 0 && a->flags == b->flags && a->reason == b->reason &&
	       a->value_at == b->value_at && a->value_length == b->value_length && a->unit_at == b->unit_at &&
	       a->unit_length == b->unit_length && a->frame_at == b->frame_at &&
	       a->frame_length == b->frame_length && (!with_asked || (a->asked != 0) == (b->asked != 0));
}

static void say_reading(struct again *again, uint64_t sequence, const struct assay_end_reading *then,
	const struct assay_end_reading *now)
{
	derive_differs(again->derive, sequence, "reading-differs",
		"第 %llu 条：记录的读数是 %s %s %s，现在解码得 %s %s %s",
		"entry %llu: the reading recorded is %s %s %s, decoded again it is %s %s %s",
		(unsigned long long)sequence, then ? then->channel : "-", then ? then->value : "-",
		then ? then->unit : "-", now ? now->channel : "-", now ? now->value : "-",
		now ? now->unit : "-");
}

/* A usable exchange: all rows, in order. Frames that came unasked may have been set aside whole, as second copies. */
static void compare_all(struct again *again, uint64_t sequence)
{
	const struct assay_exchange *then = again->exchange;
	uint32_t i = 0, j = 0;

	while (i < again->count) {
		uint32_t end = i, same = 0;

		while (end < again->count && again->row[end].frame_at == again->row[i].frame_at)
			end++;
		while (i + same < end && j + same < then->end.readings &&
			same_row(&again->row[i + same], &then->reading[j + same], true))
			same++;
		if (i + same == end) {
			j += same;
			again->derive->report->readings += same;
		} else if (again->row[i].asked == 0 && same == 0) {
			again->derive->report->set_aside += end - i;
		} else {
			say_reading(again, sequence,
				j + same < then->end.readings ? &then->reading[j + same] : NULL,
				&again->row[i + same]);
			return;
		}
		i = end;
	}
	if (j < then->end.readings)
		say_reading(again, sequence, &then->reading[j], NULL);
}

/* Not usable: the line's rules may have kept less than a driver makes of the bytes, never anything else. */
static void compare_some(struct again *again, uint64_t sequence)
{
	for (uint32_t j = 0; j < again->exchange->end.readings; j++) {
		uint32_t i = 0;

		while (i < again->count && !same_row(&again->row[i], &again->exchange->reading[j], false))
			i++;
		if (i == again->count)
			say_reading(again, sequence, &again->exchange->reading[j], NULL);
		else
			again->derive->report->readings++;
	}
}

static void compare(struct again *again, uint64_t sequence)
{
	const struct assay_end *end = &again->exchange->end;

	if (end->usable)
		compare_all(again, sequence);
	else
		compare_some(again, sequence);
	if (end->outcome == ASSAY_OUTCOME_IDENTITY &&
		(strcmp(end->serial, again->serial) != 0 || strcmp(end->model, again->model) != 0))
		derive_differs(again->derive, sequence, "identity-differs",
			"第 %llu 条：记录的仪器是 %s %s，现在解码得 %s %s",
			"entry %llu: the device recorded is %s %s, decoded again it is %s %s",
			(unsigned long long)sequence, end->model, end->serial, again->model, again->serial);
}

static const struct assay_plugin *find_plugin(struct derive *derive, const char *name)
{
	struct derive_driver *driver;
	struct assay_error why;

	for (size_t i = 0; i < derive->driver_count; i++)
		if (strcmp(derive->driver[i].name, name) == 0)
			return derive->driver[i].usable ? &derive->driver[i].plugin : NULL;
	if (derive->driver_count == DERIVE_DRIVERS_MAX)
		return NULL;
	driver = &derive->driver[derive->driver_count++];
	(void)snprintf(driver->name, sizeof driver->name, "%s", name);
	driver->usable =
		assay_plugin_load(derive->options->places->drivers, name, &driver->plugin, &why) == ASSAY_OK;
	return driver->usable ? &driver->plugin : NULL;
}

static const struct assay_config_instrument *find_config(
	const struct assay_config *config, const char *id, uint32_t *transport)
{
	for (size_t i = 0; config && i < config->line_count; i++)
		for (size_t j = 0; j < config->lines[i].instrument_count; j++)
			if (strcmp(config->lines[i].instruments[j].id, id) == 0) {
				*transport = config->lines[i].transport;
				return &config->lines[i].instruments[j];
			}
	return NULL;
}

static struct derive_instrument *find_instrument(struct derive *derive, const char *id)
{
	const struct assay_config_instrument *config;
	struct derive_instrument *found = derive->instruments;
	uint32_t transport = 0;

	while (found && strcmp(found->config->id, id) != 0)
		found = found->next;
	if (found)
		return found;
	config = find_config(derive->config, id, &transport);
	found = config ? calloc(1, sizeof *found) : NULL;
	if (!found)
		return NULL;
	found->config = config;
	found->transport = transport;
	found->plugin = find_plugin(derive, config->driver);
	found->next = derive->instruments;
	derive->instruments = found;
	return found;
}

void derive_sessions_close(struct derive *derive)
{
	while (derive->instruments) {
		struct derive_instrument *instrument = derive->instruments;

		derive->instruments = instrument->next;
		assay_replay_close(instrument->replay);
		free(instrument);
	}
}

static int run(struct again *again, const struct derive_instrument *who, const struct assay_entry *entry)
{
	bool modbus = who->plugin->driver.link == ASSAY_LINK_MODBUS, asked = false;
	struct assay_event first = {0};
	size_t at = 0, length = 0;
	uint8_t *bytes;
	int status;

	assay_replay_begin(again->replay);
	if (again->exchange->end.solicited &&
		assay_event_next(entry->raw, entry->raw_length, &at, &first) == 1 &&
		first.direction == ASSAY_TX)
		asked = ask_again(again, modbus, first.bytes, first.length);
	if (again->exchange->end.solicited && again->exchange->end.usable && !asked) {
		derive_differs(again->derive, entry->sequence, "request-unknown",
			"第 %llu 条：现在的驱动不会发出当时的请求",
			"entry %llu: the driver of today does not make the request of then",
			(unsigned long long)entry->sequence);
		return 0;
	}
	if (!modbus)
		return decode_stream(again, entry);
	if (!asked || assay_events_received(entry->raw, entry->raw_length, NULL, 0, &length) != ASSAY_OK)
		return 0;
	bytes = malloc(length + 1);
	if (!bytes)
		return ASSAY_ENOMEM;
	status = assay_events_received(entry->raw, entry->raw_length, bytes, length, &length);
	if (status == ASSAY_OK)
		status = decode_modbus(
			again, who->transport == ASSAY_TRANSPORT_MODBUS_TCP, first.bytes, bytes, length);
	free(bytes);
	return status;
}

void derive_exchange(
	struct derive *derive, const struct assay_entry *entry, const struct assay_exchange *exchange)
{
	static struct again again;
	struct derive_instrument *who =
		exchange->instrument[0] ? find_instrument(derive, exchange->instrument) : NULL;
	struct assay_error why;

	if (!who || !who->plugin) {
		if (exchange->end.readings)
			derive_differs(derive, entry->sequence, "not-decodable",
				"第 %llu 条：没有仪器 %s 的驱动或设置，不能重新解码",
				"entry %llu: there is no driver or no settings for %s, it cannot be decoded "
				"again",
				(unsigned long long)entry->sequence, exchange->instrument);
		return;
	}
	/* What the host did not cut must leave no trace in a session that lasts. */
	if (who->generation != exchange->generation || !exchange->end.usable) {
		assay_replay_close(who->replay);
		who->replay = NULL;
	}
	memset(&again, 0, sizeof again);
	again.derive = derive;
	again.exchange = exchange;
	who->generation = exchange->generation;
	if (who->replay == NULL &&
		assay_replay_open(who->plugin, who->config->settings, who->config->setting_count, receive,
			&again, &who->replay, &why) != ASSAY_OK) {
		derive_differs(derive, entry->sequence, why.code, "%s", "%s", why.text_en);
		who->plugin = NULL;
		return;
	}
	again.replay = who->replay;
	derive->report->exchanges++;
	if (run(&again, who, entry) < 0 && exchange->end.usable)
		derive_differs(derive, entry->sequence, "decode-failed",
			"第 %llu 条：现在的驱动切分不了这些字节",
			"entry %llu: the driver of today cannot cut these bytes",
			(unsigned long long)entry->sequence);
	else
		compare(&again, entry->sequence);
	if (!exchange->end.usable) {
		assay_replay_close(who->replay);
		who->replay = NULL;
	}
}
