/* SPDX-License-Identifier: Apache-2.0
 * line.confirm: another device answers at an instrument's place, and a person says that this is right. */
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <string.h>

/* The instruments of the line where another device answers than belongs there. */
static json_t *strangers(
	struct assay_lab *lab, const char *line, const char *instrument, struct assay_error *err)
{
	return query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT i.id AS instrument, i.serial AS was, i.serial_seen AS serial FROM instrument "
			"AS i"
			" JOIN line AS l ON l.id=i.line LEFT JOIN accepted AS a ON a.instrument=i.id AND "
			"a.was=i.serial"
			" WHERE i.line=?1 AND (?2='' OR i.id=?2) AND l.status='locked' AND i.serial_seen<>''"
			" AND i.serial_seen<>coalesce(a.serial,i.serial) ORDER BY i.position",
			"tt", line, instrument),
		err);
}

static int refuse(const json_t *found, const char *line, struct assay_error *err)
{
	if (json_array_size(found) == 0)
		return assay_error_set(err, ASSAY_EREFUSED, "nothing-to-confirm",
			"线路 %.60s 没有被另一台仪器锁定，没有可确认的",
			"no other device locks line %.60s: nothing to confirm", line);
	return assay_error_set(err, ASSAY_EREFUSED, "instrument-needed",
		"线路 %.60s 上换了不止一台仪器。请用 --instrument 指明一台",
		"more than one other device answers on line %.60s; name one with --instrument", line);
}

json_t *lab_confirm_device(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *line = lab_need(request, "line", err),
		   *reason = line ? lab_need(request, "reason", err) : NULL,
		   *instrument = reason ? lab_may(request, "instrument", err) : NULL;
	json_t *found, *body = NULL;

	*status_out = ASSAY_EREFUSED;
	if (!instrument)
		return NULL;
	found = strangers(lab, line, instrument, err);
	if (!found) {
		*status_out = ASSAY_EIO;
		return NULL;
	}
	if (json_array_size(found) != 1) {
		*status_out = refuse(found, line, err);
		json_decref(found);
		return NULL;
	}
	body = json_deep_copy(json_array_get(found, 0));
	json_decref(found);
	(void)json_object_set_new(body, "line", json_string(line));
	(void)json_object_set_new(body, "reason", json_string(reason));
	(void)json_object_set_new(body, "who", json_string(actor->name));
	*status_out = lab_append(lab, ASSAY_ENTRY_IDENTITY, json_incref(body), NULL, err);
	if (*status_out == ASSAY_OK)
		return json_pack("{s:o}", "confirmed", body);
	json_decref(body);
	return NULL;
}
