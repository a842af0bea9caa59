/* SPDX-License-Identifier: Apache-2.0
 * reading -> slot: the next stable usable reading of the instrument the slot waits for, or the reason why not. */
#include "gateway/lab/containers.h"
#include "gateway/lab/control.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/steps.h"
#include "gateway/wire/reading_words.h"

#include "drivers/driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source {
	char serial[64], driver[32], driver_sha256[65], calibrated_until[16], line_status[16];
};

struct refusal {
	char code[32], zh[300], en[300];
};

__attribute__((format(printf, 3, 5), format(printf, 4, 5))) static bool refuse(
	struct refusal *why, const char *code, const char *zh, const char *en, ...)
{
	va_list args;

	(void)snprintf(why->code, sizeof why->code, "%s", code);
	va_start(args, en);
	(void)vsnprintf(why->zh, sizeof why->zh, zh, args);
	va_end(args);
	va_start(args, en);
	(void)vsnprintf(why->en, sizeof why->en, en, args);
	va_end(args);
	return false;
}

static bool number_usable(const struct assay_end_reading *reading, struct refusal *why)
{
	const struct assay_reading_word *word = assay_reading_reasons();
	struct assay_decimal value;

	while (word->name && word->code != reading->reason)
		word++;
	if (reading->reason == ASSAY_REASON_OVER || (reading->flags & ASSAY_FLAG_OVER))
		return refuse(why, "overload", "超载：请减轻后再送一次",
			"overload: take weight off, then send again");
	if (reading->reason == ASSAY_REASON_UNDER || (reading->flags & ASSAY_FLAG_UNDER))
		return refuse(why, "underload", "欠载：请检查秤盘后再送一次",
			"underload: check the pan, then send again");
	if (reading->reason != ASSAY_REASON_NONE || !reading->value[0]) {
		(void)snprintf(why->code, sizeof why->code, "no-number");
		(void)snprintf(why->zh, sizeof why->zh, "仪器没有给出数值（%s），请再送一次",
			word->name ? word->zh : "原因不明");
		(void)snprintf(why->en, sizeof why->en, "the instrument gave no number (%s); send again",
			word->name ? word->en : "no reason told");
		return false;
	}
	if (assay_decimal_parse(reading->value, strlen(reading->value), &value) != ASSAY_OK)
		return refuse(
			why, "bad-value", "数值读不懂：%s", "the value cannot be read: %s", reading->value);
	if (reading->flags & (ASSAY_FLAG_CENSORED_LOW | ASSAY_FLAG_CENSORED_HIGH))
		return refuse(why, "censored", "仪器只给出界限（< 或 >），不是数值",
			"the instrument gave a bound (< or >), not a value");
	return true;
}

static bool state_usable(const struct assay_end_reading *reading, struct refusal *why)
{
	if (reading->flags & ASSAY_FLAG_CALIBRATING)
		return refuse(why, "calibrating", "仪器正在校准，请稍后再送",
			"the instrument is calibrating; send again later");
	if (reading->flags & ASSAY_FLAG_BELOW_MINIMUM)
		return refuse(why, "below-minimum", "低于最小称量，不能使用",
			"below the minimum weight, not usable");
	if (!(reading->flags & ASSAY_FLAG_STABLE) || (reading->flags & ASSAY_FLAG_DYNAMIC))
		return refuse(why, "unstable", "读数未稳定，请等稳定后再送一次",
			"the reading was not stable; wait, then send again");
	return true;
}

static bool usable(struct assay_lab *lab, const struct lab_waiting *row, const struct source *source,
	int64_t wall_ns, const struct assay_end_reading *reading, struct refusal *why)
{
	const char *blocked = NULL;
	struct assay_error ignored;

	if (strcmp(source->line_status, "locked") == 0)
		return refuse(why, "instrument-locked", "仪器已锁定：应答的是另一台设备，请先核对",
			"the instrument is locked: another device answers, check it first");
	if (lab_overdue(source->calibrated_until, wall_ns))
		return refuse(why, "calibration-overdue", "校准过期（有效至 %s），登记新证书后再用",
			"the calibration ended on %s; register the new certificate first",
			source->calibrated_until);
	if (lab_check_blocks(lab->state, row->instrument, row->test, wall_ns, &blocked, &ignored) !=
			ASSAY_OK ||
		blocked)
		return refuse(why, blocked ? blocked : "check-failed",
			"仪器期间核查不合格或已过期；核查合格或登记新证书后再用",
			"the instrument failed its intermediate check, or the check is overdue; it has to "
			"pass one, "
			"or have a new certificate");
	if (!number_usable(reading, why))
		return false;
	if (strcmp(reading->unit, row->unit) != 0)
		return refuse(why, "unit-mismatch", "单位不符：收到 %s，此格要 %s",
			"wrong unit: %s came, this slot needs %s", reading->unit[0] ? reading->unit : "-",
			row->unit);
	return state_usable(reading, why);
}

static void copy(sqlite3_stmt *row, int column, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	(void)snprintf(out, size, "%s", text ? text : "");
}

/* 1 a slot waits for the instrument, 0 none, negative with err. */
static int find_waiting(
	struct assay_lab *lab, const char *instrument, struct lab_waiting *out, struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(lab->state, err,
		"SELECT test, slot, replicate FROM slot WHERE status IN ('armed','refused') AND instrument=?1"
		" ORDER BY seq DESC LIMIT 1",
		"t", instrument);
	char test[LAB_ID_MAX], slot[32];
	unsigned replicate = 0;
	int rc, status;

	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		copy(row, 0, test, sizeof test);
		copy(row, 1, slot, sizeof slot);
		replicate = (unsigned)sqlite3_column_int(row, 2);
	}
	(void)sqlite3_finalize(row);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? 0 : query_failed(lab->state, err);
	status = lab_next_row(lab, test, slot, replicate, out, err);
	return status == ASSAY_OK ? 1 : status;
}

static int find_source(
	struct assay_lab *lab, const char *instrument, struct source *out, struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(lab->state, err,
		"SELECT CASE serial_seen WHEN '' THEN serial ELSE serial_seen END, driver, driver_sha256,"
		" calibrated_until, l.status FROM instrument AS i JOIN line AS l ON l.id=i.line WHERE "
		"i.id=?1",
		"t", instrument);
	int rc;

	memset(out, 0, sizeof *out);
	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		copy(row, 0, out->serial, sizeof out->serial);
		copy(row, 1, out->driver, sizeof out->driver);
		copy(row, 2, out->driver_sha256, sizeof out->driver_sha256);
		copy(row, 3, out->calibrated_until, sizeof out->calibrated_until);
		copy(row, 4, out->line_status, sizeof out->line_status);
	}
	(void)sqlite3_finalize(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? ASSAY_OK : query_failed(lab->state, err);
}

/* The fill's entry from its parts, without what is due because of it. more: further members, consumed. */
static int append_fill(struct assay_lab *lab, const struct lab_waiting *row, const char *value, json_t *more,
	struct assay_error *err)
{
	struct worksheet *sheet = calloc(1, sizeof *sheet);
	struct lab_outcome *outcome = calloc(1, sizeof *outcome);
	json_t *body = NULL;
	int status;

	if (!sheet || !outcome || !more) {
		status = lab_no_memory(err);
		goto out;
	}
	status = worksheet_load(lab, row->test, sheet, err);
	if (status != ASSAY_OK)
		goto out;
	if (!sheet->method)
		status = worksheet_changed(err);
	else if (!worksheet_add(sheet, row->slot, row->replicate, row->ordinal, value))
		status = assay_error_set(
			err, ASSAY_EFULL, "slots-full", "%s：格子太多", "%s: too many slots", row->test);
	if (status == ASSAY_OK)
		status = lab_calculate(sheet, NULL, outcome, err);
	if (status == ASSAY_OK) {
		bool again = worksheet_slot_state(sheet, row->slot, row->replicate) == ASSAY_SLOT_MORE;

		body = json_pack("{s:s,s:s,s:i,s:i,s:i,s:s,s:s,s:b,s:o}", "test", row->test, "slot",
			row->slot, "replicate", (int)row->replicate, "ordinal", (int)row->ordinal, "position",
			(int)row->position, "value", value, "unit", row->unit, "again", again, "calculated",
			worksheet_calculated(sheet, &outcome->result));
		if (body && json_object_update(body, more) != 0) {
			json_decref(body);
			body = NULL;
		}
		status = lab_append(lab, ASSAY_ENTRY_FILL, body, NULL, err);
	}
	worksheet_free(sheet);
out:
	free(sheet);
	free(outcome);
	json_decref(more);
	return status;
}

static int fill(struct assay_lab *lab, const struct lab_waiting *row, const char *value, json_t *more,
	struct assay_error *err)
{
	int status = append_fill(lab, row, value, more, err);

	return status == ASSAY_OK ? lab_finish(lab, row->test, err) : status;
}

static int refused(struct assay_lab *lab, const struct lab_waiting *row, uint64_t sequence, uint32_t index,
	const struct assay_end_reading *reading, bool by_name, const struct refusal *why,
	struct assay_error *err)
{
	return lab_append(lab, ASSAY_ENTRY_REFUSED,
		json_pack("{s:s,s:s,s:i,s:i,s:s,s:I,s:i,s:o,s:o,s:s,s:o,s:o,s:o*}", "test", row->test, "slot",
			row->slot, "replicate", (int)row->replicate, "ordinal", (int)row->ordinal,
			"instrument", row->instrument, "exchange", (json_int_t)sequence, "idx", (int)index,
			"value", lab_string(reading->value), "unit", lab_string(reading->unit), "reason",
			why->code, "text_zh", lab_string(why->zh), "text_en", lab_string(why->en), "sample",
			by_name ? lab_string(reading->sample) : NULL),
		NULL, err);
}

static json_t *where_from(
	const struct lab_waiting *row, const struct source *source, uint64_t sequence, uint32_t index)
{
	return json_pack("{s:s,s:s,s:I,s:i,s:s,s:s,s:s}", "instrument", row->instrument, "channel",
		row->channel, "exchange", (json_int_t)sequence, "idx", (int)index, "serial", source->serial,
		"driver", source->driver, "driver_sha256", source->driver_sha256);
}

/* Readings whose device names the sample. touched: tests that may be finished now; routed[i]: reading i found its slot. */
static int take_named(struct assay_lab *lab, uint64_t sequence, int64_t wall_ns,
	const struct assay_exchange *exchange, json_t *touched, bool routed[ASSAY_END_READINGS_MAX],
	struct assay_error *err)
{
	struct lab_waiting row;
	struct source source;
	struct refusal why = {"", "", ""};
	int status = find_source(lab, exchange->instrument, &source, err);

	for (uint32_t i = 0; status == ASSAY_OK && i < exchange->end.readings; i++) {
		const struct assay_end_reading *reading = &exchange->reading[i];
		int found = assay_exchange_offers(exchange, reading)
				    ? lab_route(lab, exchange->instrument, reading, &row, err)
				    : 0;

		routed[i] = found == 1;
		if (found < 0)
			return found;
		if (found == 0 || i < lab->first_reading)
			continue;
		if (usable(lab, &row, &source, wall_ns, reading, &why)) {
			json_t *more = where_from(&row, &source, sequence, i);

			(void)json_object_set_new(more, "sample", lab_string(reading->sample));
			status = append_fill(lab, &row, reading->value, more, err);
			(void)json_array_append_new(touched, json_string(row.test));
		} else {
			status = refused(lab, &row, sequence, i, reading, true, &why, err);
		}
	}
	return status;
}

/* Nobody else's number: a device that names a sample has to name one of this test's batch. */
static bool sample_fits(struct assay_lab *lab, const struct assay_end_reading *reading,
	const struct lab_waiting *row, struct refusal *why)
{
	struct assay_error ignored;
	sqlite3_stmt *found;
	bool fits;

	if (!reading->sample[0] || strcmp(reading->sample, row->test) == 0)
		return true;
	found = query_prepare(lab->state, &ignored,
		"SELECT 1 FROM sample AS s JOIN test AS t ON t.batch=s.batch WHERE s.id=?1 AND t.id=?2 AND"
		" (s.role<>'container' OR (s.test=?2 AND s.container=?3))",
		"tti", reading->sample, row->test, (int64_t)row->replicate);
	fits = found && sqlite3_step(found) == SQLITE_ROW;
	(void)sqlite3_finalize(found);
	return fits || refuse(why, "sample-mismatch", "仪器报的样品号 %s 不是此格的样品",
			       "the instrument names sample %s, which is not this slot's", reading->sample);
}

/* The slot that waits for the instrument takes the first of the other readings that it can. */
static int take_awaited(struct assay_lab *lab, uint64_t sequence, int64_t wall_ns, uint64_t begun_mono_ns,
	const struct assay_exchange *exchange, const bool routed[ASSAY_END_READINGS_MAX],
	struct assay_error *err)
{
	static const struct assay_end_reading none = {.channel = ""};
	struct lab_waiting row = {.replicate = 0};
	struct source source;
	struct refusal why = {"", "", ""};
	uint32_t bad = ASSAY_END_READINGS_MAX;
	bool any = lab->first_reading > 0;
	int status = find_waiting(lab, exchange->instrument, &row, err);

	for (uint32_t i = 0; i < exchange->end.readings; i++)
		any = any || routed[i];
	if (status <= 0)
		return status;
	if (begun_mono_ns < row.armed_mono_ns && strcmp(row.boot, lab->boot) == 0)
		return ASSAY_OK; /* it began before anybody waited for it */
	status = find_source(lab, exchange->instrument, &source, err);
	for (uint32_t i = 0; status == ASSAY_OK && i < exchange->end.readings; i++) {
		const struct assay_end_reading *reading = &exchange->reading[i];

		if ((any && reading->sample[0]) || !assay_exchange_offers(exchange, reading) ||
			(reading->channel[0] && strcmp(reading->channel, row.channel) != 0))
			continue;
		if (sample_fits(lab, reading, &row, &why) &&
			usable(lab, &row, &source, wall_ns, reading, &why))
			return fill(lab, &row, reading->value, where_from(&row, &source, sequence, i), err);
		bad = i;
	}
	if (status == ASSAY_OK && bad == ASSAY_END_READINGS_MAX && exchange->end.set_aside) {
		(void)refuse(&why, "perhaps-a-copy",
			"网关刚询问过，又来了同样的一行：分不清是重复还是按键，请再按一次打印键",
			"the same line came right after the gateway had asked: its copy, or the print key; "
			"print again");
		return refused(lab, &row, sequence, 0, &none, false, &why, err);
	}
	if (status != ASSAY_OK || bad == ASSAY_END_READINGS_MAX)
		return status;
	return refused(lab, &row, sequence, bad, &exchange->reading[bad], false, &why, err);
}

bool assay_lab_named(const struct assay_exchange *exchange)
{
	for (uint32_t i = 0; i < exchange->end.readings; i++)
		if (exchange->reading[i].sample[0])
			return true;
	return false;
}

/* All fillings first, then what they finish. */
int assay_lab_exchange(struct assay_lab *lab, uint64_t sequence, int64_t wall_ns, uint64_t begun_mono_ns,
	const struct assay_exchange *exchange, struct assay_error *err)
{
	static bool routed[ASSAY_END_READINGS_MAX];
	json_t *touched = NULL, *test;
	size_t index;
	int status = ASSAY_OK;

	memset(routed, 0, sizeof routed);
	if (assay_lab_named(exchange)) {
		touched = json_array();
		status = touched ? take_named(lab, sequence, wall_ns, exchange, touched, routed, err)
				 : lab_no_memory(err);
	}
	if (status == ASSAY_OK)
		status = take_awaited(lab, sequence, wall_ns, begun_mono_ns, exchange, routed, err);
	json_array_foreach(touched, index, test)
	{
		if (status == ASSAY_OK)
			status = lab_finish(lab, json_string_value(test), err);
	}
	json_decref(touched);
	return status;
}

int lab_enter(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err)
{
	struct lab_waiting row;
	struct assay_decimal number;
	char value[ASSAY_DECIMAL_TEXT_MAX];
	const char *text = lab_need(request, "value", err),
		   *reason = text ? lab_need(request, "reason", err) : NULL;
	size_t length = text ? strcspn(text, " ") : 0;
	int status = reason ? lab_requested_row(lab, request, &row, err) : ASSAY_EREFUSED;

	if (status == ASSAY_OK)
		status = lab_competent(lab, row.test, actor->name, err);
	if (status != ASSAY_OK)
		return status;
	if (length >= sizeof value || assay_decimal_parse(text, length, &number) != ASSAY_OK || !text[length])
		return assay_error_set(err, ASSAY_EREFUSED, "bad-value",
			"收到 %.60s；请写成“数值 单位”，如 20.1127 %s",
			"%.60s came; write it as NUMBER UNIT, like 20.1127 %s", text, row.unit);
	if (strcmp(text + length + 1, row.unit) != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "unit-mismatch",
			"单位不符：收到 %.30s，此格要 %s", "wrong unit: %.30s came, this slot needs %s",
			text + length + 1, row.unit);
	(void)snprintf(value, sizeof value, "%.*s", (int)length, text);
	return fill(lab, &row, value,
		json_pack("{s:b,s:s,s:s}", "typed", 1, "reason", reason, "who", actor->name), err);
}
