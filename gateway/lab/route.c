/* SPDX-License-Identifier: Apache-2.0
 * reading -> slot by the sample the device names: a rack or sequence list loaded before, the test's own id, or the sample's
 * bar code with one test that takes what the reading is. Anything not clear stays unassigned. */
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>

#define RACK_MAX 200u

/* The next open slot of a test for this unit. */
#define NEXT_SLOT                                                                                            \
	" s.test, s.slot, s.replicate FROM slot AS s JOIN test AS t ON t.id=s.test WHERE s.status NOT IN "   \
	"('filled','missing')"                                                                               \
	" AND t.status IN ('to-test','testing') AND s.unit=?2"

static const char *const by_rack =
	"SELECT s.test, s.slot, s.replicate FROM rack AS k JOIN slot AS s ON s.test=k.test AND"
	" s.slot=k.slot AND s.replicate=k.replicate JOIN test AS t ON t.id=s.test"
	" WHERE k.instrument=?3 AND k.position=?1 AND s.unit=?2 AND s.status NOT IN ('filled','missing') AND"
	" t.status IN ('to-test','testing') LIMIT 1";
static const char *const by_test =
	"SELECT" NEXT_SLOT " AND s.test=?1 AND ?3<>'' ORDER BY s.position, s.replicate LIMIT 1";
/* a container of a sampling plan belongs to one test and one replicate */
static const char *const by_container =
	"SELECT" NEXT_SLOT " AND s.replicate=(SELECT container FROM sample WHERE id=?1 AND role='container')"
	" AND s.test=(SELECT test FROM sample WHERE id=?1 AND role='container') AND ?3=?3 ORDER BY "
	"s.position LIMIT 1";
/* of all tests of the sample's batch that have an open slot of the unit: the one whose analyte the channel is, else the only
 * one */
static const char *const by_sample =
	"WITH open AS (SELECT" NEXT_SLOT
	" AND t.batch=(SELECT batch FROM sample WHERE id=?1 AND role='test'))"
	" SELECT o.test, o.slot, o.replicate FROM open AS o JOIN test AS t ON t.id=o.test JOIN slot AS s ON "
	"s.test=o.test"
	" AND s.slot=o.slot AND s.replicate=o.replicate WHERE lower(t.analyte)=lower(?3) OR (SELECT "
	"count(DISTINCT test)"
	" FROM open)=1 ORDER BY lower(t.analyte)=lower(?3) DESC, s.position, s.replicate LIMIT 1";

/* 1 found, 0 not, negative with err. */
static int look(struct assay_lab *lab, const char *sql, const char *sample,
	const struct assay_end_reading *reading, const char *third, struct lab_waiting *out,
	struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(lab->state, err, sql, "ttt", sample, reading->unit, third);
	char test[LAB_ID_MAX], slot[32];
	unsigned replicate = 0;
	int rc, status;

	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		(void)snprintf(test, sizeof test, "%s", (const char *)sqlite3_column_text(row, 0));
		(void)snprintf(slot, sizeof slot, "%s", (const char *)sqlite3_column_text(row, 1));
		replicate = (unsigned)sqlite3_column_int(row, 2);
	}
	(void)sqlite3_finalize(row);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? 0 : query_failed(lab->state, err);
	status = lab_next_row(lab, test, slot, replicate, out, err);
	return status == ASSAY_OK ? 1 : status;
}

int lab_route(struct assay_lab *lab, const char *instrument, const struct assay_end_reading *reading,
	struct lab_waiting *out, struct assay_error *err)
{
	int found;

	if (!reading->sample[0] || !reading->unit[0])
		return 0;
	found = look(lab, by_rack, reading->sample, reading, instrument, out, err);
	if (found == 0)
		found = look(lab, by_test, reading->sample, reading, instrument, out, err);
	if (found == 0)
		found = look(lab, by_container, reading->sample, reading, reading->channel, out, err);
	if (found == 0)
		found = look(lab, by_sample, reading->sample, reading, reading->channel, out, err);
	if (found == 1) {
		(void)snprintf(out->instrument, sizeof out->instrument, "%s", instrument);
		(void)snprintf(out->channel, sizeof out->channel, "%s", reading->channel);
	}
	return found;
}

/* ---- racks ---------------------------------------------------------------------------------------------------- */

static int check_place(struct assay_lab *lab, const json_t *place, const char *who, struct assay_error *err)
{
	const char *position = lab_need(place, "position", err);
	struct lab_waiting row;
	int status = position ? lab_requested_row(lab, place, &row, err) : ASSAY_EREFUSED;

	return status == ASSAY_OK ? lab_competent(lab, row.test, who, err) : status;
}

static int check_places(struct assay_lab *lab, const json_t *places, const char *who, struct assay_error *err)
{
	const json_t *place, *other;
	size_t index;
	int status = ASSAY_OK;

	if (!json_is_array(places) || json_array_size(places) == 0 || json_array_size(places) > RACK_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "rack-invalid", "样品架要有 1 到 %u 个位置",
			"a rack has 1 to %u places", RACK_MAX);
	json_array_foreach(places, index, place)
	{
		status = check_place(lab, place, who, err);
		for (size_t i = 0; status == ASSAY_OK && i < index; i++) {
			other = json_array_get(places, i);
			if (strcmp(lab_text(other, "position"), lab_text(place, "position")) == 0)
				status = assay_error_set(err, ASSAY_EREFUSED, "position-twice",
					"位置 %.60s 用了两次", "place %.60s is used twice",
					lab_text(place, "position"));
		}
		if (status != ASSAY_OK)
			break;
	}
	return status;
}

static json_t *rack_of(
	struct assay_lab *lab, const char *instrument, int *status_out, struct assay_error *err)
{
	return lab_answer_one("places", assay_query_rack(lab->state, instrument, err), status_out, err);
}

static json_t *load(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *instrument = lab_need(request, "instrument", err);
	json_t *places = json_object_get(request, "places");

	*status_out = instrument ? lab_may_use(lab, instrument, actor->name, err) : ASSAY_EREFUSED;
	if (*status_out == ASSAY_OK)
		*status_out = check_places(lab, places, actor->name, err);
	if (*status_out == ASSAY_OK)
		*status_out = lab_append(lab, ASSAY_ENTRY_RACK,
			json_pack("{s:s,s:O,s:s}", "instrument", instrument, "places", places, "who",
				actor->name),
			NULL, err);
	return *status_out == ASSAY_OK ? rack_of(lab, instrument, status_out, err) : NULL;
}

static json_t *show(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *instrument = lab_need(request, "instrument", err);

	(void)actor;
	*status_out = ASSAY_EREFUSED;
	return instrument ? rack_of(lab, instrument, status_out, err) : NULL;
}

const struct lab_command lab_rack_commands[] = {{"rack.load", load}, {"rack.show", show}, {NULL, NULL}};
