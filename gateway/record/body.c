/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/body.h"

#include "drivers/driver.h"
#include "gateway/record/json_text.h"
#include "gateway/wire/reading_words.h"

#include <string.h>

static const char *const want_names[] = {"none", "identity", "values", "stable"};

static void put_text_member(struct json_out *out, const char *name, const char *text)
{
	if (!*text)
		return;
	json_put_name(out, name);
	json_put_text(out, text);
}

/* Of one reading: five texts, eight numbers, and what stands between them. */
#define READING_TEXTS                                                                                        \
	(sizeof((struct assay_end_reading *)0)->channel + sizeof((struct assay_end_reading *)0)->value +     \
		sizeof((struct assay_end_reading *)0)->unit +                                                \
		sizeof((struct assay_end_reading *)0)->sample +                                              \
		sizeof((struct assay_end_reading *)0)->detail)
#define REASON_MAX 32u /* as it is read */
#define READING_ROOM (JSON_TEXT_ROOM(READING_TEXTS + REASON_MAX) + 8 * JSON_NUMBER_ROOM + 32)

static void put_reading(struct json_out *out, const struct assay_end_reading *reading, bool solicited)
{
	const char *reason = assay_reading_reason_name(reading->reason);
	const uint32_t numbers[] = {reading->value_at, reading->value_length, reading->unit_at,
		reading->unit_length, reading->frame_at, reading->frame_length,
		solicited && !reading->asked ? 1 : 0};
	size_t count = sizeof numbers / sizeof *numbers;
	bool words = reading->sample[0] || reading->detail[0], replaced = false;
	char *at = out->text + out->length;

	if (out->size - out->length < READING_ROOM) {
		out->full = true;
		return;
	}
	while (!words && count && numbers[count - 1] == 0)
		count--;
	*at++ = '[';
	at = json_text_at(at, reading->channel, &replaced);
	*at++ = ',';
	at = json_text_at(at, reading->value, &replaced);
	*at++ = ',';
	at = json_text_at(at, reading->unit, &replaced);
	*at++ = ',';
	at = json_number_at(at, reading->flags);
	if (count || *reason) {
		*at++ = ',';
		at = json_text_at(at, reason, &replaced);
	}
	for (size_t i = 0; i < count; i++) {
		*at++ = ',';
		at = json_number_at(at, numbers[i]);
	}
	if (words) {
		*at++ = ',';
		at = json_text_at(at, reading->sample, &replaced);
	}
	if (reading->detail[0]) {
		*at++ = ',';
		at = json_text_at(at, reading->detail, &replaced);
	}
	*at++ = ']';
	out->length = (size_t)(at - out->text);
	out->replaced = out->replaced || replaced;
}

/* As the body says it, which has no word for others. */
static uint32_t want_of(const struct assay_end *end)
{
	uint32_t want = end->solicited ? end->want : 0;

	return want < sizeof want_names / sizeof *want_names ? want : ASSAY_WANT_VALUES;
}

/* A hash of the channels an exchange gives, in order (FNV-1a, 64 bits). 0: it gives none. */
static int64_t shape_of(const struct assay_exchange *exchange)
{
	uint64_t hash = 14695981039346656037u;
	bool any = false;

	for (uint32_t i = 0; i < exchange->end.readings; i++) {
		const char *name = exchange->reading[i].channel;

		any = any || *name;
		for (; *name; name++)
			hash = (hash ^ (uint8_t)*name) * 1099511628211u;
		hash = (hash ^ 0xffu) * 1099511628211u;
	}
	return any ? (int64_t)(hash >> 1) + 1 : 0;
}

/* The same of an exchange that is to be written as of one that was read. */
static void fill_gist(const struct assay_exchange *exchange, struct assay_exchange_gist *gist)
{
	const struct assay_end *end = &exchange->end;
	uint32_t want = want_of(end);
	bool unasked = want == 0;

	for (uint32_t i = 0; i < end->readings && !unasked; i++)
		unasked = !exchange->reading[i].asked;
	gist->usable = end->usable != 0;
	gist->solicited = want != 0;
	gist->offers = end->readings && end->usable && end->outcome == ASSAY_OUTCOME_OK &&
		       (unasked || want == ASSAY_WANT_STABLE);
	gist->outcome = end->outcome;
	gist->generation = exchange->generation;
	gist->id = exchange->id;
	gist->shape = shape_of(exchange);
	memcpy(gist->instrument, exchange->instrument, sizeof gist->instrument);
	memcpy(gist->serial, end->serial, sizeof gist->serial);
	memcpy(gist->model, end->model, sizeof gist->model);
}

size_t assay_exchange_body_write(
	const struct assay_exchange *exchange, char *text, struct assay_exchange_gist *gist)
{
	struct json_out out = {.text = text, .size = ASSAY_EXCHANGE_BODY_MAX};
	const struct assay_end *end = &exchange->end;
	uint32_t want = want_of(end);
	size_t list_at = 0, list_end = 0;

	json_put_mark(&out, '{');
	put_text_member(&out, "instrument", exchange->instrument);
	if (end->outcome != ASSAY_OUTCOME_OK)
		put_text_member(&out, "outcome", assay_outcome_name(end->outcome));
	if (want != ASSAY_WANT_VALUES)
		put_text_member(&out, "want", want_names[want]);
	json_put_name(&out, "generation");
	json_put_number(&out, exchange->generation);
	json_put_name(&out, "id");
	json_put_number(&out, exchange->id);
	if ((end->usable != 0) != (end->outcome == ASSAY_OUTCOME_OK)) {
		json_put_name(&out, "usable");
		json_put_raw(&out, end->usable ? "true" : "false", end->usable ? 4 : 5);
	}
	if (end->set_aside) {
		json_put_name(&out, "set_aside");
		json_put_number(&out, end->set_aside);
	}
	put_text_member(&out, "serial", end->serial);
	put_text_member(&out, "model", end->model);
	put_text_member(&out, "detail", end->detail);
	if (end->readings) {
		json_put_name(&out, "readings");
		list_at = out.length;
		for (uint32_t i = 0; i < end->readings && i < ASSAY_END_READINGS_MAX; i++) {
			json_put_mark(&out, i ? ',' : '[');
			put_reading(&out, &exchange->reading[i], end->solicited != 0);
		}
		json_put_mark(&out, ']');
		list_end = out.length;
	}
	json_put_mark(&out, '}');
	if (!gist)
		return out.length;
	fill_gist(exchange, gist);
	gist->list_at = list_at;
	gist->list_length = list_end - list_at;
	gist->known = !out.replaced && !out.full && end->readings <= ASSAY_END_READINGS_MAX;
	return out.length;
}

static uint32_t get_u32(struct json_in *in)
{
	uint64_t number = json_get_number(in);

	in->bad = in->bad || number > UINT32_MAX;
	return (uint32_t)number;
}

/* A reason this program has no word for is still a reason: such a reading is never a good one. */
static uint32_t reason_code(const char *name)
{
	const struct assay_reading_word *word = assay_reading_reasons();

	if (!*name)
		return ASSAY_REASON_NONE;
	while (word->name && strcmp(word->name, name) != 0)
		word++;
	return word->name ? word->code : ASSAY_REASON_BAD_FORMAT;
}

static void get_reading(struct json_in *in, struct assay_end_reading *row)
{
	char reason[32] = "";
	uint32_t unasked = 0;
	uint32_t *const numbers[] = {&row->value_at, &row->value_length, &row->unit_at, &row->unit_length,
		&row->frame_at, &row->frame_length, &unasked};
	size_t count = 0;

	row->channel[0] = row->value[0] = row->unit[0] = row->sample[0] = row->detail[0] = '\0';
	row->flags = row->value_at = row->value_length = row->unit_at = row->unit_length = 0;
	row->frame_at = row->frame_length = row->reserved = 0;
	json_get_mark(in, '[');
	for (unsigned column = 0; !in->bad && !json_take_mark(in, ']'); column++) {
		if (column)
			json_get_mark(in, ',');
		if (column == 0)
			json_get_text(in, row->channel, sizeof row->channel);
		else if (column == 1)
			json_get_text(in, row->value, sizeof row->value);
		else if (column == 2)
			json_get_text(in, row->unit, sizeof row->unit);
		else if (column == 3)
			row->flags = get_u32(in);
		else if (column == 4)
			json_get_text(in, reason, sizeof reason);
		else if (count < sizeof numbers / sizeof *numbers)
			*numbers[count++] = get_u32(in);
		else if (column == 12)
			json_get_text(in, row->sample, sizeof row->sample);
		else if (column == 13)
			json_get_text(in, row->detail, sizeof row->detail);
		else
			json_skip(in);
	}
	row->reason = reason_code(reason);
	row->asked = unasked ? 0 : 1;
}

static void get_readings(struct json_in *in, struct assay_exchange *out)
{
	out->list = in->at;
	json_get_mark(in, '[');
	while (!in->bad && !json_take_mark(in, ']')) {
		if (out->end.readings)
			json_get_mark(in, ',');
		if (out->end.readings == ASSAY_END_READINGS_MAX) {
			in->bad = true;
			return;
		}
		get_reading(in, &out->reading[out->end.readings++]);
	}
	out->list_length = (size_t)(in->at - out->list);
}

static uint16_t outcome_code(struct json_in *in)
{
	char name[32];

	json_get_text(in, name, sizeof name);
	for (unsigned code = ASSAY_OUTCOME_OK; code <= ASSAY_OUTCOME_IDENTITY; code++)
		if (strcmp(assay_outcome_name(code), name) == 0)
			return (uint16_t)code;
	return 0;
}

static void get_want(struct json_in *in, struct assay_end *end)
{
	char name[16];

	json_get_text(in, name, sizeof name);
	end->want = 0;
	for (uint32_t i = 0; i < sizeof want_names / sizeof *want_names; i++)
		if (strcmp(want_names[i], name) == 0)
			end->want = i;
	end->solicited = end->want != 0;
}

static void get_member(struct json_in *in, const char *name, struct assay_exchange *out, bool *usable_seen)
{
	if (strcmp(name, "instrument") == 0) {
		json_get_text(in, out->instrument, sizeof out->instrument);
	} else if (strcmp(name, "outcome") == 0) {
		out->end.outcome = outcome_code(in);
	} else if (strcmp(name, "want") == 0) {
		get_want(in, &out->end);
	} else if (strcmp(name, "generation") == 0) {
		out->generation = get_u32(in);
	} else if (strcmp(name, "id") == 0) {
		out->id = json_get_number(in);
	} else if (strcmp(name, "usable") == 0) {
		*usable_seen = true;
		out->end.usable = json_take_word(in, "true");
		in->bad = in->bad || (!out->end.usable && !json_take_word(in, "false"));
	} else if (strcmp(name, "set_aside") == 0) {
		out->end.set_aside = get_u32(in);
	} else if (strcmp(name, "serial") == 0) {
		json_get_text(in, out->end.serial, sizeof out->end.serial);
	} else if (strcmp(name, "model") == 0) {
		json_get_text(in, out->end.model, sizeof out->end.model);
	} else if (strcmp(name, "detail") == 0) {
		json_get_text(in, out->end.detail, sizeof out->end.detail);
	} else if (strcmp(name, "readings") == 0) {
		get_readings(in, out);
	} else {
		json_skip(in);
	}
}

int assay_exchange_body_read(
	const char *body, size_t length, struct assay_exchange *out, struct assay_error *err)
{
	struct json_in in = {.at = body, .end = body + length};
	bool usable_seen = false, first = true;
	char name[32];

	out->instrument[0] = '\0';
	out->generation = 0;
	out->id = 0;
	out->list = NULL;
	out->list_length = 0;
	memset(&out->end, 0, sizeof out->end);
	out->end.outcome = ASSAY_OUTCOME_OK;
	out->end.solicited = 1;
	out->end.want = ASSAY_WANT_VALUES;
	json_get_mark(&in, '{');
	while (!in.bad && !json_take_mark(&in, '}')) {
		if (!first)
			json_get_mark(&in, ',');
		first = false;
		json_get_text(&in, name, sizeof name);
		json_get_mark(&in, ':');
		if (!in.bad)
			get_member(&in, name, out, &usable_seen);
	}
	for (uint32_t i = 0; !out->end.solicited && i < out->end.readings; i++)
		out->reading[i].asked = 0; /* nobody asked for anything */
	if (!usable_seen)
		out->end.usable = out->end.outcome == ASSAY_OUTCOME_OK;
	if (in.bad || in.at != in.end)
		return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged", "交换条目的正文读不懂",
			"the body of an exchange entry cannot be read");
	return ASSAY_OK;
}

int assay_exchange_gist_read(
	const char *body, size_t length, struct assay_exchange_gist *out, struct assay_error *err)
{
	static struct assay_exchange exchange;
	int status = assay_exchange_body_read(body, length, &exchange, err);

	memset(out, 0, sizeof *out);
	if (status != ASSAY_OK)
		return status;
	fill_gist(&exchange, out);
	if (exchange.end.readings) {
		out->list_at = (size_t)(exchange.list - body);
		out->list_length = exchange.list_length;
	}
	out->known = true;
	return ASSAY_OK;
}

bool assay_exchange_offers(const struct assay_exchange *exchange, const struct assay_end_reading *reading)
{
	const struct assay_end *end = &exchange->end;

	if (!end->usable || end->outcome != ASSAY_OUTCOME_OK)
		return false;
	return !end->solicited || !reading->asked || end->want == ASSAY_WANT_STABLE;
}
