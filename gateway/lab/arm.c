/* SPDX-License-Identifier: Apache-2.0
 * A slot waits for an instrument. */
#include "gateway/lab/control.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/sign.h"
#include "gateway/lab/steps.h"
#include "gateway/record/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool lab_overdue(const char *calibrated_until, int64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / 1000000000);
	struct tm parts;
	char today[16];

	if (!*calibrated_until)
		return false; /* lab.xml names no date: it is not checked */
	if (!localtime_r(&seconds, &parts) || strftime(today, sizeof today, "%Y-%m-%d", &parts) == 0)
		return true;
	return strcmp(today, calibrated_until) > 0;
}

static void copy(sqlite3_stmt *row, int column, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	(void)snprintf(out, size, "%s", text ? text : "");
}

int lab_next_row(struct assay_lab *lab, const char *test, const char *slot, unsigned replicate,
	struct lab_waiting *out, struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(lab->state, err,
		"SELECT status, unit, ordinal, position, instrument, channel, mono_ns, boot FROM slot"
		" WHERE test=?1 AND slot=?2 AND replicate=?3 ORDER BY ordinal DESC LIMIT 1",
		"tti", test, slot, (int64_t)replicate);
	int rc;

	memset(out, 0, sizeof *out);
	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		(void)snprintf(out->test, sizeof out->test, "%s", test);
		(void)snprintf(out->slot, sizeof out->slot, "%s", slot);
		copy(row, 0, out->status, sizeof out->status);
		copy(row, 1, out->unit, sizeof out->unit);
		out->ordinal = (unsigned)sqlite3_column_int(row, 2);
		out->position = (unsigned)sqlite3_column_int(row, 3);
		copy(row, 4, out->instrument, sizeof out->instrument);
		copy(row, 5, out->channel, sizeof out->channel);
		out->armed_mono_ns = (uint64_t)sqlite3_column_int64(row, 6);
		copy(row, 7, out->boot, sizeof out->boot);
		out->replicate = replicate;
	}
	(void)sqlite3_finalize(row);
	if (rc == SQLITE_DONE)
		return assay_error_set(err, ASSAY_ENOTFOUND, "slot-unknown",
			"%.60s 没有格子 %.30s（平行 %u）", "%.60s has no slot %.30s (replicate %u)", test,
			slot, replicate);
	if (rc != SQLITE_ROW)
		return query_failed(lab->state, err);
	if (strcmp(out->status, "missing") == 0)
		return assay_error_set(err, ASSAY_EREFUSED, "container-missing", "样品 %u 已登记为缺失",
			"container %u is missing", replicate);
	if (strcmp(out->status, "filled") == 0)
		return assay_error_set(err, ASSAY_EREFUSED, "slot-filled", "格子 %.30s（平行 %u）已经填好",
			"slot %.30s (replicate %u) is filled already", slot, replicate);
	return ASSAY_OK;
}

static int test_open(struct assay_lab *lab, const char *test, struct assay_error *err)
{
	struct worksheet *sheet = calloc(1, sizeof *sheet);
	int status;

	if (!sheet)
		return lab_no_memory(err);
	status = worksheet_load(lab, test, sheet, err);
	if (status == ASSAY_OK) {
		if (strcmp(sheet->status, "to-test") != 0 && strcmp(sheet->status, "testing") != 0)
			status = assay_error_set(err, ASSAY_EREFUSED, "test-closed",
				"%s 已完成或作废，不能再填", "%s is done or void, nothing can be filled",
				test);
		else if (!sheet->method)
			status = worksheet_changed(err);
		worksheet_free(sheet);
	}
	free(sheet);
	return status;
}

int lab_requested_row(
	struct assay_lab *lab, const json_t *request, struct lab_waiting *out, struct assay_error *err)
{
	const json_t *replicate = json_object_get(request, "replicate");
	const char *test = lab_need(request, "test", err), *slot;
	json_int_t number = replicate ? json_integer_value(replicate) : 1;
	int status;

	if (!test || !(slot = lab_need(request, "slot", err)))
		return ASSAY_EREFUSED;
	if ((replicate && !json_is_integer(replicate)) || number < 1 || number > ASSAY_REPLICATES_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "replicate-invalid", "平行号要从 1 到 %u",
			"a replicate is numbered from 1 to %u", ASSAY_REPLICATES_MAX);
	status = test_open(lab, test, err);
	return status == ASSAY_OK ? lab_next_row(lab, test, slot, (unsigned)number, out, err) : status;
}

/* The channel of the instrument that gives the slot's unit: named by lab.xml or its file, or seen before. */
static int choose_channel(
	struct assay_lab *lab, const char *instrument, struct lab_waiting *row, struct assay_error *err)
{
	sqlite3_stmt *found = query_prepare(lab->state, err,
		"SELECT i.calibrated_until, l.status, c.channel FROM instrument AS i JOIN line AS l ON "
		"l.id=i.line"
		" LEFT JOIN channel AS c ON c.instrument=i.id AND (c.unit_wanted=?2 OR (c.unit_wanted='' AND"
		" coalesce((SELECT unit FROM " ASSAY_STATE_LAST " AS v WHERE v.channel=c.channel),'') IN "
		"(?2,''))) WHERE i.id=?1 ORDER BY c.unit_wanted='', c.position LIMIT 1",
		"tt", instrument, row->unit);
	char until[16] = "", line[16] = "";
	struct timespec now;
	int rc;

	if (!found)
		return ASSAY_EIO;
	rc = sqlite3_step(found);
	if (rc == SQLITE_ROW) {
		copy(found, 0, until, sizeof until);
		copy(found, 1, line, sizeof line);
		copy(found, 2, row->channel, sizeof row->channel);
	}
	(void)sqlite3_finalize(found);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (rc == SQLITE_DONE)
		return assay_error_set(err, ASSAY_ENOTFOUND, "instrument-unknown", "没有这台仪器：%.60s",
			"there is no instrument %.60s", instrument);
	if (rc != SQLITE_ROW)
		return query_failed(lab->state, err);
	if (!row->channel[0])
		return assay_error_set(err, ASSAY_EREFUSED, "unit-mismatch", "仪器 %.60s 不给出 %s",
			"instrument %.60s gives no %s", instrument, row->unit);
	if (strcmp(line, "locked") == 0)
		return assay_error_set(err, ASSAY_EREFUSED, "instrument-locked",
			"仪器 %.60s 已锁定：应答的是另一台设备，请先核对",
			"instrument %.60s is locked: another device answers, check it first", instrument);
	if (lab_overdue(until, (int64_t)now.tv_sec * 1000000000))
		return assay_error_set(err, ASSAY_EREFUSED, "calibration-overdue",
			"仪器 %.60s 校准过期（有效至 %s）。登记新证书后再用",
			"the calibration of instrument %.60s ended on %s; register the new certificate first",
			instrument, until);
	return ASSAY_OK;
}

static int check_good(
	struct assay_lab *lab, const char *instrument, const char *test, struct assay_error *err)
{
	const char *why = NULL;
	int status = lab_check_blocks(lab->state, instrument, test, lab_now_ns(lab), &why, err);

	if (status == ASSAY_OK && why)
		return assay_error_set(err, ASSAY_EREFUSED, why,
			"仪器 %.60s 期间核查不合格或已过期；核查合格或登记新证书后再用",
			"instrument %.60s failed its intermediate check, or the check is overdue; it has to "
			"pass one, or "
			"have a new certificate",
			instrument);
	return status;
}

/* One instrument serves one test at a time. */
static int free_for(struct assay_lab *lab, const char *instrument, const char *test, struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(lab->state, err,
		"SELECT test FROM slot WHERE status IN ('armed','refused') AND instrument=?1 AND test<>?2 "
		"LIMIT 1",
		"tt", instrument, test);
	int rc, status = ASSAY_OK;

	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW)
		status = assay_error_set(err, ASSAY_ETAKEN, "instrument-busy",
			"仪器 %.60s 正等着填 %s；先在那里撤销",
			"instrument %.60s waits to fill %s; disarm that first", instrument,
			(const char *)sqlite3_column_text(row, 0));
	else if (rc != SQLITE_DONE)
		status = query_failed(lab->state, err);
	(void)sqlite3_finalize(row);
	return status;
}

int lab_arm(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err)
{
	const char *instrument = lab_need(request, "instrument", err);
	struct lab_waiting row;
	int status = instrument ? lab_requested_row(lab, request, &row, err) : ASSAY_EREFUSED;

	if (status == ASSAY_OK)
		status = choose_channel(lab, instrument, &row, err);
	if (status == ASSAY_OK)
		status = check_good(lab, instrument, row.test, err);
	if (status == ASSAY_OK)
		status = lab_may_use(lab, instrument, actor->name, err);
	if (status == ASSAY_OK)
		status = lab_competent(lab, row.test, actor->name, err);
	if (status == ASSAY_OK)
		status = free_for(lab, instrument, row.test, err);
	if (status != ASSAY_OK)
		return status;
	if (json_is_true(json_object_get(request, "take")))
		lab->take(lab->context, instrument);
	if (strcmp(row.status, "armed") == 0 && strcmp(row.instrument, instrument) == 0)
		return ASSAY_OK;
	return lab_append(lab, ASSAY_ENTRY_ARM,
		json_pack("{s:s,s:s,s:i,s:i,s:s,s:s,s:s}", "test", row.test, "slot", row.slot, "replicate",
			(int)row.replicate, "ordinal", (int)row.ordinal, "instrument", instrument, "channel",
			row.channel, "who", actor->name),
		NULL, err);
}

int lab_disarm(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err)
{
	const char *test = lab_need(request, "test", err);
	int status = test ? test_open(lab, test, err) : ASSAY_EREFUSED;

	if (status != ASSAY_OK)
		return status;
	return lab_append(lab, ASSAY_ENTRY_ARM,
		json_pack("{s:s,s:b,s:s}", "test", test, "armed", 0, "who", actor->name), NULL, err);
}
