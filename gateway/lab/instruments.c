/* SPDX-License-Identifier: Apache-2.0
 * The register of instruments: calibration certificates, where an instrument stands, who may use it. */
#include "gateway/lab/fields.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/steps.h"

#include <string.h>

static const struct lab_field certificate[] = {{"certificate", LAB_FIELD_TEXT, true},
	{"laboratory", LAB_FIELD_TEXT, true}, {"calibrated", LAB_FIELD_DATE, true},
	{"due", LAB_FIELD_DATE, false}, {NULL, LAB_FIELD_TEXT, false}};
static const struct lab_field place[] = {
	{"location", LAB_FIELD_TEXT, false}, {"users", LAB_FIELD_LIST, false}, {NULL, LAB_FIELD_TEXT, false}};

static json_t *shown(struct assay_lab *lab, const char *id, int *status_out, struct assay_error *err)
{
	return lab_answer_one("instrument", assay_query_instrument(lab->state, id, err), status_out, err);
}

/* The instrument a request names, as registered. NULL with err. */
static json_t *named(struct assay_lab *lab, const json_t *request, int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "instrument", err);
	json_t *instrument = id ? assay_query_instrument(lab->state, id, err) : NULL;

	*status_out = instrument                      ? ASSAY_OK
		      : !id                           ? ASSAY_EREFUSED
		      : strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND
						      : ASSAY_EIO;
	return instrument;
}

/* due is needed for what may be used, and means nothing for what may not. */
static int check_dates(const struct assay_lab *lab, json_t *row, const char *outcome, struct assay_error *err)
{
	const char *due = lab_text(row, "due"), *calibrated = lab_text(row, "calibrated");
	char day[16];

	if (!lab_today(lab, day))
		return assay_error_set(err, ASSAY_EIO, "clock", "读不到日期", "the date cannot be read");
	if (strcmp(outcome, "fit") != 0 && strcmp(outcome, "unfit") != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "outcome-invalid", "校准结论只能是 fit 或 unfit",
			"the outcome of a calibration is fit or unfit");
	if (strcmp(calibrated, day) > 0)
		return assay_error_set(err, ASSAY_EREFUSED, "date-in-future", "校准日期 %s 在今天 %s 之后",
			"the calibration date %s is after today, %s", calibrated, day);
	if (strcmp(outcome, "unfit") == 0)
		return json_object_set_new(row, "due", json_string("0000-00-00")) == 0 ? ASSAY_OK
										       : lab_no_memory(err);
	if (!*due || strcmp(due, calibrated) <= 0)
		return assay_error_set(err, ASSAY_EREFUSED, "due-invalid", "有效期要写成校准日期之后的某一天",
			"the due date is a day after the calibration");
	return ASSAY_OK;
}

/* The first certificate needs no reason; what replaces one does. */
static json_t *calibrate(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	json_t *instrument = named(lab, request, status_out, err), *row = NULL;
	const char *id = lab_text(request, "instrument"), *outcome = NULL, *reason = NULL;

	if (!instrument)
		return NULL;
	*status_out = lab_fields(certificate, request, NULL, &row, err);
	if (*status_out == ASSAY_OK) {
		reason = json_array_size(json_object_get(instrument, "calibrations"))
				 ? lab_need(request, "reason", err)
				 : lab_may(request, "reason", err);
		outcome = reason ? lab_may(request, "outcome", err) : NULL;
		*status_out = outcome ? ASSAY_OK : ASSAY_EREFUSED;
	}
	if (*status_out == ASSAY_OK)
		*status_out = check_dates(lab, row, *outcome ? outcome : "fit", err);
	if (*status_out == ASSAY_OK) {
		json_t *body = json_pack("{s:s,s:s,s:s,s:s,s:s}", "instrument", id, "action", "calibrate",
			"outcome", *outcome ? outcome : "fit", "reason", reason, "who", actor->name);

		(void)json_object_update(body, row);
		*status_out = lab_append(lab, ASSAY_ENTRY_INSTRUMENT, body, NULL, err);
	}
	json_decref(row);
	json_decref(instrument);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static json_t *use(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	json_t *instrument = named(lab, request, status_out, err), *row = NULL;
	const char *id = lab_text(request, "instrument"), *reason = NULL;

	if (!instrument)
		return NULL;
	*status_out = lab_fields(place, request, instrument, &row, err);
	if (*status_out == ASSAY_OK && !(reason = lab_need(request, "reason", err)))
		*status_out = ASSAY_EREFUSED;
	if (*status_out == ASSAY_OK) {
		json_t *body = json_pack("{s:s,s:s,s:s,s:s}", "instrument", id, "action", "use", "reason",
			reason, "who", actor->name);

		(void)json_object_update(body, row);
		*status_out = lab_append(lab, ASSAY_ENTRY_INSTRUMENT, body, NULL, err);
	}
	json_decref(row);
	json_decref(instrument);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static json_t *show(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	json_t *instrument = named(lab, request, status_out, err);

	(void)actor;
	return instrument ? lab_answer_one("instrument", instrument, status_out, err) : NULL;
}

static json_t *list(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	(void)request;
	(void)actor;
	return lab_answer_one("instruments", assay_query_instruments(lab->state, err), status_out, err);
}

int lab_may_use(struct assay_lab *lab, const char *instrument, const char *who, struct assay_error *err)
{
	json_t *rows = query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT users AS \"{users\" FROM instrument_use WHERE instrument=?1", "t",
			instrument),
		err);
	const json_t *users = json_object_get(json_array_get(rows, 0), "users"), *user;
	size_t index;
	int status = rows ? ASSAY_OK : ASSAY_EIO;

	if (json_array_size(users) > 0)
		status = assay_error_set(err, ASSAY_EREFUSED, "instrument-not-yours",
			"%.60s 不在仪器 %.60s 的使用人之列", "%.60s is not one of those who may use %.60s",
			who, instrument);
	json_array_foreach(users, index, user)
	{
		if (strcmp(json_string_value(user), who) == 0)
			status = ASSAY_OK;
	}
	json_decref(rows);
	return status;
}

const struct lab_command lab_instrument_commands[] = {{"instrument.calibrate", calibrate},
	{"instrument.use", use}, {"instrument.show", show}, {"instrument.list", list}, {NULL, NULL}};
