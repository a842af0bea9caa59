/* SPDX-License-Identifier: Apache-2.0
 * Fillings, refusals, results and verdicts worked out again by the code of the laboratory, and compared by member.
 * The laboratory speaks only through append: here that hands over what it would have written. */
#include "gateway/lab/control.h"
#include "gateway/lab/entries.h"
#include "gateway/lab/steps.h"
#include "gateway/record/derive_inside.h"
#include "gateway/record/events.h"
#include "gateway/record/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keeps the body and stops: nothing may follow from what is not recorded. */
static int hand_over(void *context, uint16_t kind, const char *line, const json_t *body,
	uint64_t *sequence_out, struct assay_error *err)
{
	struct derive *derive = context;

	(void)line;
	(void)sequence_out;
	json_decref(derive->made);
	derive->made = json_deep_copy(body);
	derive->made_kind = kind;
	return assay_error_set(err, ASSAY_EGONE, "handed-over", "已交出", "handed over");
}

static void never_take(void *context, const char *instrument)
{
	(void)context;
	(void)instrument;
}

static void forget(struct derive *derive)
{
	json_decref(derive->made);
	derive->made = NULL;
	derive->made_kind = 0;
}

/* The laboratory as it stood when entry was written; NULL: its specs cannot be read. */
static struct assay_lab *lab_at(struct derive *derive, const struct assay_entry *entry)
{
	derive->at = entry->sequence;
	assay_hex(entry->boot, sizeof entry->boot, derive->boot);
	derive->lab = (struct assay_lab){.state = assay_state_db(derive->state),
		.specs = derive_specs(derive, entry->sequence),
		.set = derive->set,
		.specs_of = derive_specs_of,
		.boot = derive->boot,
		.wall_ns = entry->wall_ns,
		.append = hand_over,
		.take = never_take,
		.context = derive};
	forget(derive);
	return derive->lab.specs ? &derive->lab : NULL;
}

static void short_text(const json_t *value, char out[120])
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	(void)snprintf(out, 120, "%.100s", text ? text : "-");
	free(text);
}

/* Members that later versions have added: their absence is no difference. */
static bool added_later(const char *name)
{
	static const char *const added[] = {"share", "judged"};

	for (size_t i = 0; i < sizeof added / sizeof *added; i++)
		if (strcmp(added[i], name) == 0)
			return true;
	return false;
}

static void compare_members(struct derive *derive, uint64_t sequence, const json_t *then, const json_t *now)
{
	const char *name;
	json_t *value;
	char before[120], after[120], kind[32];

	(void)snprintf(kind, sizeof kind, "%s-differs", assay_entry_kind_name(derive->made_kind));
	json_object_foreach((json_t *)(uintptr_t)now, name, value)
	{
		const json_t *recorded = json_object_get(then, name);

		if ((recorded && json_equal(recorded, value)) || (!recorded && added_later(name)))
			continue;
		short_text(recorded, before);
		short_text(value, after);
		derive_differs(derive, sequence, kind, "第 %llu 条：%s 记录为 %s，现在得 %s",
			"entry %llu: %s was recorded as %s, worked out again it is %s",
			(unsigned long long)sequence, name, before, after);
	}
	json_object_foreach((json_t *)(uintptr_t)then, name, value)
	{
		if (json_object_get(now, name))
			continue;
		short_text(value, before);
		derive_differs(derive, sequence, kind, "第 %llu 条：%s 记录为 %s，现在没有",
			"entry %llu: %s was recorded as %s, worked out again there is none",
			(unsigned long long)sequence, name, before);
	}
}

/* What was handed over against the entry; consumes it. */
static void compare_made(struct derive *derive, const struct assay_entry *entry, const json_t *body,
	const struct assay_error *why)
{
	if (derive->made_kind == entry->kind && json_equal(derive->made, body)) {
		forget(derive);
		return;
	}
	if (derive->made_kind == entry->kind)
		compare_members(derive, entry->sequence, body, derive->made);
	else if (derive->made_kind)
		derive_differs(derive, entry->sequence, "entry-differs", "第 %llu 条：记录为 %s，现在得 %s",
			"entry %llu: %s was recorded, worked out again it is %s",
			(unsigned long long)entry->sequence, assay_entry_kind_name(entry->kind),
			assay_entry_kind_name(derive->made_kind));
	else
		derive_differs(derive, entry->sequence, "not-derived", "第 %llu 条：%s 不能重新得出：%s",
			"entry %llu: %s cannot be worked out again: %s", (unsigned long long)entry->sequence,
			assay_entry_kind_name(entry->kind), why->code[0] ? why->text_en : "-");
	forget(derive);
}

static void again_typed(struct derive *derive, const struct assay_entry *entry, const json_t *body)
{
	struct assay_lab *lab = lab_at(derive, entry);
	/* what he might do was decided then */
	const struct assay_actor actor = {
		.name = lab_text(body, "who"), .full_name = "", .producer = "", .how = ASSAY_ACTOR_LOCAL};
	struct assay_error why = {0};
	char value[ASSAY_DECIMAL_TEXT_MAX + 40];
	json_t *request;

	(void)snprintf(value, sizeof value, "%s %s", lab_text(body, "value"), lab_text(body, "unit"));
	request = json_pack("{s:s,s:s,s:O*,s:s,s:s}", "test", lab_text(body, "test"), "slot",
		lab_text(body, "slot"), "replicate", json_object_get(body, "replicate"), "value", value,
		"reason", lab_text(body, "reason"));
	if (lab && request && lab_enter(lab, request, &actor, &why) == ASSAY_OK)
		why.code[0] = '\0';
	json_decref(request);
	if (lab)
		compare_made(derive, entry, body, &why);
}

/* The test of result id: what stands before the last ".R". */
static void test_of(const char *result, char out[LAB_ID_MAX + 8])
{
	char *tail;

	(void)snprintf(out, LAB_ID_MAX + 8, "%s", result);
	tail = strstr(out, ".R");
	if (tail)
		*tail = '\0';
}

/* Before sets were recorded, the files an entry names are what tells what was in force. */
static int named_spec(
	struct derive *derive, const struct assay_entry *entry, const json_t *named, struct assay_error *err)
{
	return derive->set[0] ? ASSAY_OK
			      : derive_use_spec(derive, entry->sequence, lab_text(named, "file"),
					lab_text(named, "sha256"), err);
}

static int again_result(
	struct derive *derive, const struct assay_entry *entry, const json_t *body, struct assay_error *err)
{
	const json_t *method = json_object_get(body, "method");
	struct assay_error why = {0};
	struct assay_lab *lab;
	int status = named_spec(derive, entry, method, err);

	lab = status == ASSAY_OK ? lab_at(derive, entry) : NULL;
	if (!lab)
		return status;
	if (lab_rework(lab, lab_text(body, "test"), false, &why) == ASSAY_OK)
		why.code[0] = '\0';
	derive->report->results++;
	compare_made(derive, entry, body, &why);
	return ASSAY_OK;
}

static int again_verdict(
	struct derive *derive, const struct assay_entry *entry, const json_t *body, struct assay_error *err)
{
	const json_t *source = json_object_get(body, "source");
	char test[LAB_ID_MAX + 8];
	struct assay_error why = {0};
	struct assay_lab *lab;
	int status = named_spec(derive, entry, source, err);

	lab = status == ASSAY_OK ? lab_at(derive, entry) : NULL;
	if (!lab)
		return status;
	test_of(lab_text(body, "result"), test);
	status = *lab_text(body, "result") ? lab_rework(lab, test, true, &why)
					   : lab_judge_batch(lab, lab_text(body, "batch"), &why);
	if (status == ASSAY_OK)
		why.code[0] = '\0';
	derive->report->verdicts++;
	compare_made(derive, entry, body, &why);
	return ASSAY_OK;
}

/* The verdict on a run of controls, or the hold that follows from it, from the state before it. */
static void again_control(struct derive *derive, const struct assay_entry *entry, const json_t *body)
{
	struct assay_lab *lab = lab_at(derive, entry);
	struct assay_error why = {0};
	int status;

	if (!lab)
		return;
	status = entry->kind == ASSAY_ENTRY_HOLD ? lab_hold_open(lab, lab_text(body, "run"), &why)
						 : lab_control_judge(lab, lab_text(body, "run"), &why);
	if (status == ASSAY_OK)
		why.code[0] = '\0';
	derive->report->verdicts++;
	compare_made(derive, entry, body, &why);
}

static bool derived(uint16_t kind)
{
	return (kind >= ASSAY_ENTRY_FILL && kind <= ASSAY_ENTRY_VERDICT) ||
	       kind == ASSAY_ENTRY_CONTROL_VERDICT || kind == ASSAY_ENTRY_HOLD;
}

/* What an exchange should have led to stands right behind it. */
static void expected(struct derive *derive, const struct assay_entry *entry, const json_t *body)
{
	static const struct assay_error none = {0};
	bool offered = (entry->kind == ASSAY_ENTRY_FILL && !json_is_true(json_object_get(body, "typed"))) ||
		       entry->kind == ASSAY_ENTRY_REFUSED;

	if (derive->made && !offered) {
		derive_differs(derive, derive->made_for, "entry-missing", "第 %llu 条之后应有 %s，台账里没有",
			"entry %llu should be followed by %s, and is not",
			(unsigned long long)derive->made_for, assay_entry_kind_name(derive->made_kind));
		forget(derive);
	} else if (offered) {
		derive->report->fills++;
		compare_made(derive, entry, body, &none);
	}
}

int derive_compare(struct derive *derive, const struct assay_entry *entry, struct assay_error *err)
{
	json_t *body = NULL;
	int status = ASSAY_OK;

	if (derive->made || derived(entry->kind))
		body = json_loadb(entry->body, entry->body_length, 0, NULL);
	if (!body && !derive->made)
		return ASSAY_OK;
	expected(derive, entry, body);
	if (entry->kind == ASSAY_ENTRY_FILL && json_is_true(json_object_get(body, "typed"))) {
		derive->report->fills++;
		again_typed(derive, entry, body);
	} else if (entry->kind == ASSAY_ENTRY_RESULT) {
		status = again_result(derive, entry, body, err);
	} else if (entry->kind == ASSAY_ENTRY_VERDICT) {
		status = again_verdict(derive, entry, body, err);
	} else if (entry->kind == ASSAY_ENTRY_CONTROL_VERDICT ||
		   (entry->kind == ASSAY_ENTRY_HOLD && strcmp(lab_text(body, "status"), "open") == 0)) {
		again_control(derive, entry, body);
	}
	json_decref(body);
	return status;
}

int derive_offer(struct derive *derive, const struct assay_entry *entry,
	const struct assay_exchange *exchange, struct assay_error *err)
{
	struct assay_lab *lab =
		exchange->end.readings || exchange->end.set_aside ? lab_at(derive, entry) : NULL;
	struct assay_event first;
	size_t at = 0;
	uint64_t begun = entry->mono_ns;
	int status;

	if (!lab)
		return ASSAY_OK;
	if (assay_event_next(entry->raw, entry->raw_length, &at, &first) == 1)
		begun = first.mono_ns;
	status = assay_lab_exchange(lab, entry->sequence, entry->wall_ns, begun, exchange, err);
	derive->made_for = entry->sequence;
	derive->made_wall_ns = entry->wall_ns;
	derive->made_begun_ns = begun;
	return derive->made || status == ASSAY_OK ? ASSAY_OK : status;
}

int derive_offer_rest(struct derive *derive, const struct assay_entry *entry,
	const struct assay_exchange *exchange, struct assay_error *err)
{
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL);
	bool more = *lab_text(body, "sample") &&
		    json_integer_value(json_object_get(body, "exchange")) == (json_int_t)derive->made_for;
	struct assay_lab *lab = more ? lab_at(derive, entry) : NULL;
	int status = ASSAY_OK;

	if (lab) {
		lab->first_reading = (unsigned)json_integer_value(json_object_get(body, "idx")) + 1;
		status = assay_lab_exchange(
			lab, derive->made_for, derive->made_wall_ns, derive->made_begun_ns, exchange, err);
	}
	json_decref(body);
	return derive->made || status == ASSAY_OK ? ASSAY_OK : status;
}
