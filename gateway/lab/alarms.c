/* SPDX-License-Identifier: Apache-2.0
 * alarm.* and review.list of gateway/lab/query.h. */
#include "gateway/lab/query.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/sign.h"
#include "gateway/lab/steps.h"

#include <string.h>

static json_t *list(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	(void)request;
	(void)actor;
	return lab_answer_one(
		"alarms", assay_query_alarms(lab->state, lab_now_ns(lab), err), status_out, err);
}

static bool is_there(const json_t *alarms, const char *name)
{
	const json_t *alarm;
	size_t index;

	json_array_foreach(alarms, index, alarm)
	{
		if (strcmp(lab_text(alarm, "alarm"), name) == 0)
			return true;
	}
	return false;
}

static json_t *acknowledge(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *alarm = lab_need(request, "alarm", err),
		   *reason = alarm ? lab_need(request, "reason", err) : NULL;
	json_t *alarms = reason ? assay_query_alarms(lab->state, lab_now_ns(lab), err) : NULL;

	*status_out = alarms ? ASSAY_OK : reason ? ASSAY_EIO : ASSAY_EREFUSED;
	if (alarms && !is_there(alarms, alarm))
		*status_out = assay_error_set(err, ASSAY_ENOTFOUND, "alarm-unknown", "没有这个报警：%.100s",
			"there is no alarm %.100s", alarm);
	json_decref(alarms);
	if (*status_out == ASSAY_OK)
		*status_out = lab_append(lab, ASSAY_ENTRY_ALARM,
			json_pack("{s:s,s:s,s:s,s:s}", "alarm", alarm, "action", "acknowledge", "reason",
				reason, "who", actor->name),
			NULL, err);
	return *status_out == ASSAY_OK ? list(lab, request, actor, status_out, err) : NULL;
}

static json_t *reviews(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	(void)actor;
	return lab_answer_one("reviews",
		assay_query_reviews(lab->state, json_integer_value(json_object_get(request, "before")), err),
		status_out, err);
}

const struct lab_command lab_alarm_commands[] = {
	{"review.list", reviews}, {"alarm.list", list}, {"alarm.acknowledge", acknowledge}, {NULL, NULL}};
