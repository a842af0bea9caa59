/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/end_message.h"

#include "drivers/driver.h"

#include <string.h>

/* The numbers of a reading, in the order they are sent. */
#define NUMBERS 9u
#define NUMBER_BYTES 5u /* a 32-bit number, seven bits a byte, the lowest first */

struct in {
	const uint8_t *at, *end;
	bool bad;
};

static uint8_t *put_number(uint8_t *out, uint32_t number)
{
	for (; number >= 0x80; number >>= 7)
		*out++ = (uint8_t)(number | 0x80);
	*out++ = (uint8_t)number;
	return out;
}

static uint8_t *put_text(uint8_t *out, const char *text, size_t size)
{
	size_t length = strnlen(text, size - 1);

	*out++ = (uint8_t)length;
	memcpy(out, text, length);
	return out + length;
}

static uint32_t get_number(struct in *in)
{
	uint64_t number = 0;

	if (in->at < in->end && *in->at < 0x80)
		return *in->at++;
	for (unsigned i = 0; i < NUMBER_BYTES; i++) {
		uint8_t byte;

		if (in->at == in->end)
			break;
		byte = *in->at++;
		number |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			in->bad = in->bad || number > UINT32_MAX;
			return (uint32_t)number;
		}
	}
	in->bad = true;
	return 0;
}

static uint16_t get_short(struct in *in)
{
	uint32_t number = get_number(in);

	in->bad = in->bad || number > UINT16_MAX;
	return (uint16_t)number;
}

static void get_text(struct in *in, char *out, size_t size)
{
	size_t length = in->at < in->end ? *in->at++ : SIZE_MAX, done = 0;

	out[0] = '\0';
	if (length >= size || length > (size_t)(in->end - in->at)) {
		in->bad = true;
		return;
	}
	for (; done < length && in->at[done]; done++) /* a few bytes: less than what a call costs */
		out[done] = (char)in->at[done];
	out[done] = '\0';
	in->bad = in->bad || done < length;
	in->at += length;
}

static uint8_t *put_reading(uint8_t *out, const struct assay_end_reading *row)
{
	const uint32_t numbers[NUMBERS] = {row->flags, row->reason, row->value_at, row->value_length,
		row->unit_at, row->unit_length, row->frame_at, row->frame_length, row->asked};

	out = put_text(out, row->channel, sizeof row->channel);
	out = put_text(out, row->value, sizeof row->value);
	out = put_text(out, row->unit, sizeof row->unit);
	out = put_text(out, row->sample, sizeof row->sample);
	out = put_text(out, row->detail, sizeof row->detail);
	for (unsigned i = 0; i < NUMBERS; i++)
		out = put_number(out, numbers[i]);
	return out;
}

static void get_reading(struct in *in, struct assay_end_reading *row)
{
	uint32_t *const numbers[NUMBERS] = {&row->flags, &row->reason, &row->value_at, &row->value_length,
		&row->unit_at, &row->unit_length, &row->frame_at, &row->frame_length, &row->asked};

	get_text(in, row->channel, sizeof row->channel);
	get_text(in, row->value, sizeof row->value);
	get_text(in, row->unit, sizeof row->unit);
	get_text(in, row->sample, sizeof row->sample);
	get_text(in, row->detail, sizeof row->detail);
	for (unsigned i = 0; i < NUMBERS; i++)
		*numbers[i] = get_number(in);
	row->reserved = 0;
}

size_t assay_end_write(const struct assay_end *end, const struct assay_end_reading *reading, uint8_t *out)
{
	const uint32_t numbers[] = {end->instrument, end->outcome, end->solicited, end->usable, end->want,
		end->set_aside, end->readings};
	uint8_t *at = out;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		at = put_number(at, numbers[i]);
	at = put_text(at, end->serial, sizeof end->serial);
	at = put_text(at, end->model, sizeof end->model);
	at = put_text(at, end->detail, sizeof end->detail);
	for (uint32_t i = 0; i < end->readings && i < ASSAY_END_READINGS_MAX; i++)
		at = put_reading(at, &reading[i]);
	return (size_t)(at - out);
}

/* Readings that were asked for answer one of the requests there are: the journal tells them from those that came by
 * themselves by the request. */
static bool asked_for_nothing(const struct assay_end *end)
{
	return end->readings && end->solicited && (!end->want || end->want > ASSAY_WANT_STABLE);
}

int assay_end_read(
	const uint8_t *bytes, size_t length, struct assay_end *end, struct assay_end_reading *reading)
{
	struct in in = {bytes, bytes + length, false};

	end->instrument = get_short(&in);
	end->outcome = get_short(&in);
	end->solicited = get_short(&in);
	end->usable = get_short(&in);
	end->want = get_number(&in);
	end->set_aside = get_number(&in);
	end->readings = get_number(&in);
	get_text(&in, end->serial, sizeof end->serial);
	get_text(&in, end->model, sizeof end->model);
	get_text(&in, end->detail, sizeof end->detail);
	if (in.bad || end->readings > ASSAY_END_READINGS_MAX || asked_for_nothing(end))
		return ASSAY_EREFUSED;
	for (uint32_t i = 0; i < end->readings && !in.bad; i++)
		get_reading(&in, &reading[i]);
	return in.bad || in.at != in.end ? ASSAY_EREFUSED : ASSAY_OK;
}
