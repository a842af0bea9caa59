/* SPDX-License-Identifier: Apache-2.0
 * Results held 暂扣: a broken rule holds every result since the last good control of its kind on the same method and
 * instrument, and every later one, until cause and action are written down and a second person releases them. */
#include "gateway/lab/control.h"
#include "gateway/lab/fields.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/sign.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_WIDTH 4u
#define CODE_PREFIX "control-"

json_t *lab_held(sqlite3 *state, const char *test, struct assay_error *err)
{
	return query_list(state,
		query_prepare(state, err,
			"SELECT h.id AS hold, h.rule, h.reason, h.run, h.instrument FROM hold AS h JOIN test "
			"AS t "
			"ON t.id=?1 LEFT JOIN result AS r ON r.id=t.result WHERE h.status<>'released' AND "
			"(h.method='' OR h.method=t.method) AND "
			"coalesce(r.seq,9223372036854775807)>h.after_seq "
			"AND " LAB_MEASURED_ON(
				"h.instrument", "h.method") " AND NOT EXISTS(SELECT 1 FROM control AS c "
							    "WHERE c.test=t.id) "
							    "ORDER BY h.id",
			"t", test),
		err);
}

int lab_hold_mark(sqlite3 *state, const json_t *tests, struct assay_error *err)
{
	json_t *test;
	size_t index, at;

	json_array_foreach(tests, index, test)
	{
		json_t *held = lab_held(state, lab_text(test, "test"), err), *reasons;
		const json_t *one;

		if (!held)
			return ASSAY_EIO;
		reasons = json_copy(json_object_get(test, "reasons"));
		if (!json_is_array(reasons)) {
			json_decref(reasons);
			reasons = json_array();
		}
		json_array_foreach(held, at, one)
		{
			(void)json_array_append(reasons, json_object_get(one, "reason"));
		}
		if (json_array_size(held)) {
			(void)json_object_set(test, "held", held);
			(void)json_object_set(test, "reasons", reasons);
		}
		json_decref(reasons);
		json_decref(held);
	}
	return ASSAY_OK;
}

int lab_hold_none(struct assay_lab *lab, const char *batch, struct assay_error *err)
{
	char hold[LAB_ID_MAX];
	int status = lab_batch_held(lab, batch, hold, err);

	if (status == ASSAY_OK && *hold)
		return assay_error_set(err, ASSAY_EREFUSED, "results-held",
			"批次 %.60s 有结果被 %.40s 暂扣；先查明原因、由另一人放行，或复检",
			"results of batch %.60s are held by %.40s; find the cause and have a second person "
			"release them, or test again",
			batch, hold);
	return status;
}

/* Batches with a result that the stream behind entry after reaches: released ones, or those that are still here. */
static json_t *reached(struct assay_lab *lab, const char *method, const char *instrument, int64_t after,
	bool released, struct assay_error *err)
{
	json_t *rows = query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT DISTINCT t.batch FROM result AS r JOIN test AS t ON t.id=r.test JOIN batch "
			"AS b ON "
			"b.id=t.batch WHERE r.seq>?3 AND (?1='' OR t.method=?1) AND b.status<>'void' AND "
			"(b.status='released')=?4 AND " LAB_MEASURED_ON("?2", "?1") " ORDER BY t.batch",
			"ttii", method, instrument, after, (int64_t)released),
		err);
	json_t *list = rows ? json_array() : NULL;
	const json_t *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		(void)json_array_append(list, json_object_get(row, "batch"));
	}
	json_decref(rows);
	return list;
}

static int judge_again(struct assay_lab *lab, const json_t *batches, struct assay_error *err)
{
	const json_t *batch;
	size_t index;
	int status = ASSAY_OK;

	json_array_foreach(batches, index, batch)
	{
		if (status == ASSAY_OK)
			status = lab_judge_batch(lab, json_string_value(batch), err);
	}
	return status;
}

/* The run that broke a rule, what its hold covers, and whether one that covers as much is open. */
static json_t *broken_run(struct assay_lab *lab, const char *run, struct assay_error *err)
{
	return query_one(lab->state,
		query_prepare(lab->state, err,
			"WITH r AS (SELECT id, CASE kind WHEN 'check-weight' THEN '' ELSE method END AS "
			"method,"
			" instrument, kind, verdict, coalesce((SELECT max(o.judged_seq) FROM control_run AS "
			"o WHERE "
			"o.method=q.method AND o.instrument=q.instrument AND o.kind=q.kind AND o.id<>q.id "
			"AND "
			"o.state IN ('in','warning')),0) AS after FROM control_run AS q WHERE id=?1)"
			" SELECT r.*, verdict AS \"{said\", EXISTS(SELECT 1 FROM hold AS h WHERE "
			"h.method=r.method AND h.instrument=r.instrument AND h.status<>'released' AND "
			"h.after_seq<=r.after) AS open FROM r",
			"t", run),
		"run-unknown", run, err);
}

static int append_hold(struct assay_lab *lab, const json_t *run, const char *id, json_t *batches,
	json_t *released, struct assay_error *err)
{
	const char *code = lab_text(json_object_get(run, "said"), "reason");
	size_t prefix = strncmp(code, CODE_PREFIX, strlen(CODE_PREFIX)) == 0 ? strlen(CODE_PREFIX) : 0;

	return lab_append(lab, ASSAY_ENTRY_HOLD,
		json_pack("{s:s,s:s,s:s,s:s,s:O,s:s,s:s,s:s,s:O,s:O}", "hold", id, "status", "open", "method",
			lab_text(run, "method"), "instrument", lab_text(run, "instrument"), "after",
			json_object_get(run, "after"), "run", lab_text(run, "id"), "rule", code + prefix,
			"reason", code, "batches", batches, "released", released),
		NULL, err);
}

int lab_hold_open(struct assay_lab *lab, const char *id, struct assay_error *err)
{
	json_t *run = broken_run(lab, id, err), *here = NULL, *gone = NULL;
	int64_t after = json_integer_value(json_object_get(run, "after"));
	char hold[LAB_ID_MAX];
	int status = run ? ASSAY_OK : ASSAY_EIO;

	if (run && json_integer_value(json_object_get(run, "open"))) {
		json_decref(run);
		return ASSAY_OK;
	}
	if (status == ASSAY_OK)
		status = lab_next_number(lab,
			"SELECT coalesce(max(CAST(substr(id,2) AS INTEGER)),0) FROM hold", "H", NUMBER_WIDTH,
			hold, sizeof hold, err);
	if (status == ASSAY_OK) {
		here = reached(lab, lab_text(run, "method"), lab_text(run, "instrument"), after, false, err);
		gone = here ? reached(lab, lab_text(run, "method"), lab_text(run, "instrument"), after, true,
				      err)
			    : NULL;
		status = gone ? append_hold(lab, run, hold, here, gone, err) : ASSAY_EIO;
	}
	if (status == ASSAY_OK)
		status = judge_again(lab, here, err);
	json_decref(here);
	json_decref(gone);
	json_decref(run);
	return status;
}

static json_t *shown(struct assay_lab *lab, const char *id, int *status_out, struct assay_error *err)
{
	return lab_answer_one("hold", assay_query_hold(lab->state, id, err), status_out, err);
}

/* The hold a request names, not released yet. NULL with err. */
static json_t *named(struct assay_lab *lab, const json_t *request, int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "hold", err);
	json_t *hold = id ? assay_query_hold(lab->state, id, err) : NULL;

	*status_out = hold                            ? ASSAY_OK
		      : !id                           ? ASSAY_EREFUSED
		      : strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND
						      : ASSAY_EIO;
	if (!hold || strcmp(lab_text(hold, "status"), "released") != 0)
		return hold;
	*status_out = assay_error_set(
		err, ASSAY_EREFUSED, "hold-released", "%.40s 已放行", "%.40s is released already", id);
	json_decref(hold);
	return NULL;
}

/* What is signed of a hold. */
static json_t *record_of(const json_t *hold, const char *cause, const char *action)
{
	return json_pack("{s:O,s:O,s:O,s:O,s:O,s:s,s:s}", "hold", json_object_get(hold, "hold"), "run",
		json_object_get(hold, "run"), "rule", json_object_get(hold, "rule"), "method",
		json_object_get(hold, "method"), "instrument", json_object_get(hold, "instrument"), "cause",
		cause, "action", action);
}

static json_t *explain(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *cause = lab_need(request, "cause", err),
		   *action = cause ? lab_need(request, "action", err) : NULL, *id = lab_text(request, "hold");
	json_t *hold, *signature = NULL;

	*status_out = ASSAY_EREFUSED;
	hold = action ? named(lab, request, status_out, err) : NULL;
	if (hold) {
		signature = lab_sign(lab, actor, "cause and action", record_of(hold, cause, action), err);
		*status_out = signature ? lab_append(lab, ASSAY_ENTRY_HOLD,
						  json_pack("{s:s,s:s,s:s,s:s,s:s,s:O}", "hold", id, "status",
							  "explained", "cause", cause, "action", action,
							  "who", actor->name, "signature", signature),
						  NULL, err)
					: ASSAY_EIO;
	}
	json_decref(signature);
	json_decref(hold);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static int may_release(const json_t *hold, const struct assay_actor *actor, struct assay_error *err)
{
	const char *id = lab_text(hold, "hold");

	if (strcmp(lab_text(hold, "status"), "explained") != 0 || !*lab_text(hold, "cause") ||
		!*lab_text(hold, "action"))
		return assay_error_set(err, ASSAY_EREFUSED, "hold-unexplained",
			"%.40s 还没有写明原因和措施，不能放行", "%.40s has no cause and action yet", id);
	if (!*actor->name || strcmp(lab_text(hold, "explained_by"), actor->name) == 0)
		return assay_error_set(err, ASSAY_EREFUSED, "own-work",
			"%.60s 写了原因和措施，要由另一个人放行",
			"%.60s wrote cause and action; somebody else has to release the results",
			actor->name);
	return ASSAY_OK;
}

static int let_go(struct assay_lab *lab, const json_t *hold, const char *reason,
	const struct assay_actor *actor, struct assay_error *err)
{
	json_t *signature = lab_sign(lab, actor, "results released",
		record_of(hold, lab_text(hold, "cause"), lab_text(hold, "action")), err);
	json_t *batches = NULL;
	int status = signature ? lab_append(lab, ASSAY_ENTRY_HOLD,
					 json_pack("{s:s,s:s,s:s,s:s,s:O}", "hold", lab_text(hold, "hold"),
						 "status", "released", "reason", reason, "who", actor->name,
						 "signature", signature),
					 NULL, err)
			       : ASSAY_EIO;

	if (status == ASSAY_OK) {
		batches = reached(lab, lab_text(hold, "method"), lab_text(hold, "instrument"),
			json_integer_value(json_object_get(hold, "after")), false, err);
		status = batches ? judge_again(lab, batches, err) : ASSAY_EIO;
	}
	json_decref(batches);
	json_decref(signature);
	return status;
}

static json_t *release(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *reason = lab_need(request, "reason", err), *id = lab_text(request, "hold");
	json_t *hold;

	*status_out = ASSAY_EREFUSED;
	hold = reason ? named(lab, request, status_out, err) : NULL;
	if (hold)
		*status_out = may_release(hold, actor, err);
	if (*status_out == ASSAY_OK)
		*status_out = let_go(lab, hold, reason, actor, err);
	json_decref(hold);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static json_t *show(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "hold", err);

	(void)actor;
	*status_out = ASSAY_EREFUSED;
	return id ? shown(lab, id, status_out, err) : NULL;
}

static json_t *list(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	(void)actor;
	return lab_answer_one("holds",
		assay_query_holds(lab->state, json_is_true(json_object_get(request, "all")), err), status_out,
		err);
}

const struct lab_command lab_hold_commands[] = {{"qc.hold.explain", explain}, {"qc.hold.release", release},
	{"qc.hold.show", show}, {"qc.hold.list", list}, {NULL, NULL}};
