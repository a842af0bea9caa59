/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/reading_words.h"

#include <stdio.h>
#include <string.h>

static const struct assay_reading_word flags[] = {
	{ASSAY_FLAG_STABLE, "stable", "稳定", "stable"},
	{ASSAY_FLAG_DYNAMIC, "dynamic", "未稳定", "unstable"},
	{ASSAY_FLAG_OVER, "over", "超载", "overload"},
	{ASSAY_FLAG_UNDER, "under", "欠载", "underload"},
	{ASSAY_FLAG_NET, "net", "净重", "net"},
	{ASSAY_FLAG_GROSS, "gross", "毛重", "gross"},
	{ASSAY_FLAG_TYPED, "typed", "手工值", "typed"},
	{ASSAY_FLAG_BELOW_MINIMUM, "below_minimum", "低于最小称量", "below the minimum weight"},
	{ASSAY_FLAG_CALIBRATING, "calibrating", "正在校准", "calibrating"},
	{ASSAY_FLAG_TARE, "tare", "皮重", "tare"},
	{ASSAY_FLAG_CENSORED_LOW, "censored_low", "小于所示值", "below the value shown"},
	{ASSAY_FLAG_CENSORED_HIGH, "censored_high", "大于所示值", "above the value shown"},
	{0, NULL, NULL, NULL},
};

static const struct assay_reading_word reasons[] = {
	{ASSAY_REASON_NOT_MINE, "not-mine", "别的设备或协议的帧", "another device's or protocol's frame"},
	{ASSAY_REASON_BAD_CHECKSUM, "bad-checksum", "校验和不符", "checksum differs"},
	{ASSAY_REASON_BAD_FORMAT, "bad-format", "格式不符", "outside the declared format"},
	{ASSAY_REASON_OVER, "over", "超载", "overload"},
	{ASSAY_REASON_UNDER, "under", "欠载", "underload"},
	{ASSAY_REASON_BUSY, "busy", "忙", "busy"},
	{ASSAY_REASON_NOT_READY, "not-ready", "尚无测量值", "no measurement yet"},
	{ASSAY_REASON_DEVICE_ERROR, "device-error", "仪器自报故障", "the device reports a fault"},
	{ASSAY_REASON_REFUSED, "refused", "仪器不接受此请求", "the device refuses the request"},
	{ASSAY_REASON_NO_SENSOR, "no-sensor", "传感器断开", "no sensor"},
	{ASSAY_REASON_UNKNOWN_UNIT, "unknown-unit", "单位不认识", "unknown unit"},
	{ASSAY_REASON_TOO_LONG, "too-long", "超过长度上限", "beyond its ceiling"},
	{0, NULL, NULL, NULL},
};

const struct assay_reading_word *assay_reading_flags(void)
{
	return flags;
}

const struct assay_reading_word *assay_reading_reasons(void)
{
	return reasons;
}

const char *assay_reading_reason_name(uint32_t reason)
{
	if (reason == ASSAY_REASON_NONE)
		return "";
	for (const struct assay_reading_word *word = reasons; word->name; word++)
		if (word->code == reason)
			return word->name;
	return "?";
}

uint32_t assay_reading_flag_bit(const char *name, size_t length)
{
	for (const struct assay_reading_word *word = flags; word->name; word++)
		if (strlen(word->name) == length && memcmp(word->name, name, length) == 0)
			return word->code;
	return 0;
}

char *assay_reading_flags_text(uint32_t set, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (const struct assay_reading_word *word = flags; word->name; word++) {
		int length;

		if (!(set & word->code))
			continue;
		length = snprintf(out + at, size - at, "%s%s", at ? " " : "", word->name);
		if (length < 0 || (size_t)length >= size - at)
			break;
		at += (size_t)length;
	}
	return out;
}

static bool value_holds(const char *value)
{
	size_t length = strnlen(value, ASSAY_VALUE_MAX), at = value[0] == '-', whole;

	if (length >= ASSAY_VALUE_MAX)
		return false;
	whole = strspn(value + at, "0123456789");
	if (whole == 0 || (whole > 1 && value[at] == '0'))
		return false;
	at += whole;
	if (value[at] == '.') {
		size_t places = strspn(value + at + 1, "0123456789");

		if (places == 0)
			return false;
		at += 1 + places;
	}
	return at == length;
}

/* Well-formed UTF-8 without control characters, shorter than size. */
static bool text_holds(const char *text, size_t size)
{
	const unsigned char *at = (const unsigned char *)text;

	if (strnlen(text, size) >= size)
		return false;
	while (*at) {
		unsigned more = *at < 0x80 ? 0 : *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : 1;

		if (*at < 0x20 || *at == 0x7f || (*at >= 0x80 && *at < 0xc2) || *at > 0xf4 ||
			(*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
			(*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f))
			return false;
		at++;
		for (; more; more--, at++)
			if ((*at & 0xc0) != 0x80)
				return false;
	}
	return true;
}

bool assay_reading_holds(const struct assay_reading *reading)
{
	if (!reading->channel || !*reading->channel || !text_holds(reading->channel, ASSAY_NAME_MAX) ||
		!reading->unit || !text_holds(reading->unit, ASSAY_UNIT_MAX) ||
		(reading->sample && !text_holds(reading->sample, ASSAY_SAMPLE_MAX)))
		return false;
	if (!reading->value)
		return reading->reason > 0 && reading->reason <= ASSAY_REASON_TOO_LONG;
	return reading->reason == 0 && value_holds(reading->value);
}
