/* SPDX-License-Identifier: Apache-2.0
 * What a batch is registered with when nobody names its tests: everything its product's plan asks for, what of that cannot
 * be tested here, its samples, and where it came from. */
#include "gateway/lab/equipment.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *zh, *en;
} origins[] = {{"sent-in", "送检", "sent in"}, {"collected", "上门取样", "collected at the door"},
	{"field-visit", "下乡巡检", "field visit"}, {"market-check", "市场抽检", "market spot check"},
	{"citizens-choice", "市民点选", "citizens' choice"}, {"sentinel-point", "哨点", "sentinel point"}};

bool lab_origin_known(const char *origin)
{
	return !*origin || *lab_origin_words(origin, false);
}

const char *lab_origin_words(const char *origin, bool zh)
{
	for (size_t i = 0; i < sizeof origins / sizeof *origins; i++)
		if (strcmp(origins[i].name, origin) == 0)
			return zh ? origins[i].zh : origins[i].en;
	return "";
}

/* lab_gives by the channels of the state: as configured, or as seen. */
static int given(void *context, const char *channel, const char *unit, struct assay_error *err)
{
	struct assay_lab *lab = context;
	sqlite3_stmt *row = query_prepare(lab->state, err,
		"SELECT 1 FROM channel WHERE (?2='' OR channel=?2) AND unit_wanted=?1 UNION ALL"
		" SELECT 1 FROM latest AS l JOIN readings AS r ON r.seq=l.seq JOIN json_each(r.list) AS j"
		" JOIN channel AS c ON c.instrument=l.instrument AND c.channel=json_extract(j.value,'$[0]')"
		" WHERE (?2='' OR c.channel=?2) AND c.unit_wanted='' AND json_extract(j.value,'$[2]')=?1"
		" LIMIT 1",
		"tt", unit, channel ? channel : "");
	int rc;

	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	(void)sqlite3_finalize(row);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : query_failed(lab->state, err);
}

struct plan {
	struct assay_lab *lab;
	const struct assay_method **methods;
	size_t count;
	json_t *cannot;
	struct assay_error *err;
};

static int cannot(struct plan *plan, const struct assay_plan_item *item, const char *reason)
{
	const json_t *known;
	size_t index;

	json_array_foreach(plan->cannot, index, known)
	{
		if (strcmp(lab_text(known, "analyte"), item->analyte) == 0)
			return ASSAY_OK;
	}
	return json_array_append_new(plan->cannot,
		       json_pack("{s:s,s:s,s:s,s:s}", "analyte", item->analyte, "analyte_zh",
			       item->analyte_zh, "standard", item->standard->id, "reason", reason)) == 0
		       ? ASSAY_OK
		       : lab_no_memory(plan->err);
}

static int visit(void *context, const struct assay_plan_item *item)
{
	struct plan *plan = context;
	const char *missing;
	int found;

	if (!item->applies)
		return ASSAY_OK;
	if (!item->method)
		return cannot(plan, item, "no-method");
	for (size_t i = 0; i < plan->count; i++)
		if (plan->methods[i] == item->method)
			return ASSAY_OK;
	found = lab_can_run(item->method, given, plan->lab, &missing, plan->err);
	if (found <= 0)
		return found < 0 ? found : cannot(plan, item, "no-instrument");
	if (plan->count == LAB_TESTS_MAX)
		return assay_error_set(plan->err, ASSAY_EFULL, "plan-too-large", "方案超过 %u 项，请分批下达",
			"the plan has more than %u tests; order them by name", LAB_TESTS_MAX);
	plan->methods[plan->count++] = item->method;
	return ASSAY_OK;
}

int lab_plan(struct assay_lab *lab, const struct assay_product *product, const char *produced,
	const struct assay_method *methods[LAB_TESTS_MAX], size_t *count_out, json_t **cannot_out,
	struct assay_error *err)
{
	struct plan plan = {.lab = lab, .methods = methods, .cannot = json_array(), .err = err};
	int status = plan.cannot ? assay_plan(lab->specs, product, produced, NULL, visit, &plan, err)
				 : lab_no_memory(err);

	if (status == ASSAY_OK && plan.count == 0)
		status = assay_error_set(err, ASSAY_EREFUSED, "nothing-to-test",
			"%.60s 的方案里没有本实验室能做的项目",
			"the plan of %.60s holds nothing this laboratory can test", product->id);
	if (status != ASSAY_OK) {
		json_decref(plan.cannot);
		return status;
	}
	*count_out = plan.count;
	*cannot_out = plan.cannot;
	return ASSAY_OK;
}

struct method_wish {
	const char *analyte;
	const struct assay_method *method;
};

static int take_method(void *context, const struct assay_plan_item *item)
{
	struct method_wish *wish = context;

	if (item->applies && item->method && strcmp(item->method->analyte, wish->analyte) == 0)
		wish->method = item->method;
	return wish->method ? 1 : 0;
}

const struct assay_method *lab_method_for(
	struct assay_lab *lab, const struct assay_product *product, const char *produced, const char *analyte)
{
	const struct assay_method *any = assay_specs_method_for(lab->specs, analyte);
	struct method_wish wish = {any ? any->analyte : analyte, NULL};
	struct assay_error ignored;

	if (assay_plan(lab->specs, product, produced, NULL, take_method, &wish, &ignored) < 0 || !wish.method)
		return any;
	return wish.method;
}

json_t *lab_samples(const char *batch, unsigned count, const char *amount, const char *retained)
{
	json_t *list = json_array();
	char id[LAB_ID_MAX + 8];

	for (unsigned i = 1; i <= count; i++) {
		(void)snprintf(id, sizeof id, i == 1 ? "%.60s" : "%.60s-%u", batch, i);
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s,s:s}", "sample", id, "role", "test", "amount", amount));
	}
	if (*retained) {
		(void)snprintf(id, sizeof id, "%.60s-R", batch);
		(void)json_array_append_new(list,
			json_pack("{s:s,s:s,s:s}", "sample", id, "role", "retained", "amount", retained));
	}
	return list;
}

void lab_add_containers(json_t *samples, const char *test, const json_t *plan)
{
	const json_t *id;
	size_t index;

	json_array_foreach(json_object_get(plan, "containers"), index, id)
	{
		(void)json_array_append_new(
			samples, json_pack("{s:O,s:s,s:s,s:s,s:i}", "sample", id, "role", "container",
					 "amount", "", "counted_for", test, "container", (int)index + 1));
	}
}
