/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/capture.h"

#include <stdio.h>
#include <string.h>

bool assay_capture_is(const void *bytes, size_t length)
{
	return length >= sizeof ASSAY_CAPTURE_MAGIC - 1 &&
	       memcmp(bytes, ASSAY_CAPTURE_MAGIC, sizeof ASSAY_CAPTURE_MAGIC - 1) == 0;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "12.000345", at most six places. Returns the characters used, 0 when it is none. */
static size_t read_time(const char *text, size_t length, uint64_t *us)
{
	uint64_t value = 0;
	size_t at = 0, places = 0;
	bool point = false;

	for (; at < length && (text[at] == '.' || (text[at] >= '0' && text[at] <= '9')); at++) {
		if (text[at] == '.') {
			if (point || at == 0)
				return 0;
			point = true;
		} else {
			if (value > 1000000000000ull || (point && ++places > 6))
				return 0;
			value = value * 10 + (uint64_t)(text[at] - '0');
		}
	}
	for (; places < 6; places++)
		value *= 10;
	*us = value;
	return at;
}

static bool read_hex(const char *text, size_t length, uint8_t *out, size_t *count)
{
	size_t at = 0;

	*count = 0;
	while (at < length) {
		int high, low;

		if (text[at] == ' ' || text[at] == '\r') {
			at++;
			continue;
		}
		if (at + 1 >= length || *count == ASSAY_CAPTURE_PIECE_MAX)
			return false;
		high = nibble(text[at]);
		low = nibble(text[at + 1]);
		if (high < 0 || low < 0)
			return false;
		out[(*count)++] = (uint8_t)(high << 4 | low);
		at += 2;
	}
	return true;
}

static bool read_row(const char *text, size_t length, uint8_t *scratch, struct assay_capture_row *row)
{
	size_t at = read_time(text, length, &row->time_us);

	if (at == 0 || at + 2 > length || text[at] != ' ')
		return false;
	row->direction = text[at + 1];
	at += 2;
	row->bytes = scratch;
	if (row->direction == ASSAY_CAPTURE_TX || row->direction == ASSAY_CAPTURE_RX)
		return read_hex(text + at, length - at, scratch, &row->length) && row->length > 0;
	if (row->direction != ASSAY_CAPTURE_EVENT || at == length || length - at > ASSAY_CAPTURE_PIECE_MAX)
		return false;
	at += text[at] == ' ';
	row->length = length - at;
	memcpy(scratch, text + at, row->length);
	return row->length > 0;
}

static unsigned line_of(const char *text, size_t at)
{
	unsigned line = 1;

	for (size_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return line;
}

int assay_capture_next(const char *path, const char *text, size_t length, size_t *at, uint8_t *scratch,
	struct assay_capture_row *row, struct assay_error *err)
{
	if (*at == 0)
		*at = sizeof ASSAY_CAPTURE_MAGIC - 1;
	while (*at < length) {
		const char *start = text + *at, *end = memchr(start, '\n', length - *at);
		size_t size = end ? (size_t)(end - start) : length - *at;
		size_t begun = *at;

		*at += size + (end != NULL);
		while (size && start[size - 1] == '\r')
			size--;
		if (size == 0 || *start == '#')
			continue;
		if (!read_row(start, size, scratch, row))
			return assay_error_set(err, ASSAY_EREFUSED, "capture-invalid",
				"%s:%u：不是抓包行（时间、方向、十六进制）",
				"%s:%u: not a row of a capture (time, direction, hexadecimal bytes)", path,
				line_of(text, begun));
		return 1;
	}
	return 0;
}

size_t assay_capture_format(const struct assay_capture_row *row, char *out, size_t size)
{
	size_t head, need;
	int written = snprintf(out, size, "%llu.%06u %c", (unsigned long long)(row->time_us / 1000000),
		(unsigned)(row->time_us % 1000000), row->direction);

	if (written < 0)
		return 0;
	head = (size_t)written;
	need = head + (row->direction == ASSAY_CAPTURE_EVENT ? 1 + row->length : 3 * row->length) + 1;
	if (need >= size)
		return 0;
	if (row->direction == ASSAY_CAPTURE_EVENT) {
		out[head] = ' ';
		memcpy(out + head + 1, row->bytes, row->length);
	} else {
		for (size_t i = 0; i < row->length; i++)
			(void)snprintf(out + head + 3 * i, size - head - 3 * i, " %02X", row->bytes[i]);
	}
	out[need - 1] = '\n';
	return need;
}
