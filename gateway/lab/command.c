/* SPDX-License-Identifier: Apache-2.0
 * batch.* and test.* of gateway/lab/query.h. */
#include "gateway/lab/certificate.h"
#include "gateway/lab/control.h"
#include "gateway/lab/query.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>

static int do_new(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	return lab_register(lab, request, actor, id, err);
}

static int named(const json_t *request, const char *name, char id[LAB_ID_MAX], struct assay_error *err)
{
	const char *text = lab_need(request, name, err);

	if (!text)
		return ASSAY_EREFUSED;
	(void)snprintf(id, LAB_ID_MAX, "%.*s", (int)LAB_ID_MAX - 1, text);
	return ASSAY_OK;
}

static int show_batch(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	(void)lab;
	(void)actor;
	return named(request, "batch", id, err);
}

static int confirm(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	int status = named(request, "batch", id, err);

	return status == ASSAY_OK ? lab_review(lab, "confirm", request, actor, err) : status;
}

static int void_batch(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	int status = named(request, "batch", id, err);

	return status == ASSAY_OK ? lab_review(lab, "void", request, actor, err) : status;
}

static int retest(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	return lab_retest(lab, request, actor, id, err);
}

static int trail_read(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	int status = named(request, "batch", id, err);

	return status == ASSAY_OK ? lab_trail_read(lab, request, actor, err) : status;
}

static int show_test(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	(void)lab;
	(void)actor;
	return named(request, "test", id, err);
}

static int arm(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	int status = named(request, "test", id, err);

	return status == ASSAY_OK ? lab_arm(lab, request, actor, err) : status;
}

static int disarm(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	int status = named(request, "test", id, err);

	return status == ASSAY_OK ? lab_disarm(lab, request, actor, err) : status;
}

static int enter(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	int status = named(request, "test", id, err);

	return status == ASSAY_OK ? lab_enter(lab, request, actor, err) : status;
}

static int missing(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	int status = named(request, "test", id, err);

	return status == ASSAY_OK ? lab_container_missing(lab, request, actor, err) : status;
}

static int take_back(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	char id[LAB_ID_MAX], struct assay_error *err)
{
	int status = named(request, "test", id, err);

	return status == ASSAY_OK ? lab_take_back(lab, request, actor, err) : status;
}

static const struct {
	const char *name;
	bool batch; /* answers with the batch, else with the test */
	int (*run)(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
		char id[LAB_ID_MAX], struct assay_error *err);
} commands[] = {
	{"batch.new", true, do_new},
	{"batch.show", true, show_batch},
	{"batch.confirm", true, confirm},
	{"batch.void", true, void_batch},
	{"batch.trail-read", true, trail_read},
	{"test.retest", false, retest},
	{"test.show", false, show_test},
	{"test.fill", false, arm},
	{"test.disarm", false, disarm},
	{"test.enter", false, enter},
	{"test.missing", false, missing},
	{"test.take-back", false, take_back},
};

static json_t *list_batches(
	struct assay_lab *lab, const json_t *request, int *status_out, struct assay_error *err)
{
	const char *status = lab_may(request, "status", err);
	json_t *list = status ? assay_query_batches(lab->state, status, err) : NULL;

	*status_out = list ? ASSAY_OK : status ? ASSAY_EIO : ASSAY_EREFUSED;
	return list ? json_pack("{s:o}", "batches", list) : NULL;
}

/* The commands whose whole answer is made where they are done. */
static const struct lab_command *find_command(const char *name)
{
	static const struct lab_command *const tables[] = {lab_producer_commands, lab_instrument_commands,
		lab_entitlement_commands, lab_certificate_commands, lab_alarm_commands, lab_rack_commands,
		lab_who_commands, lab_paper_commands, lab_material_commands, lab_control_commands,
		lab_chart_commands, lab_hold_commands, lab_quality_commands, lab_split_commands, NULL};

	for (size_t i = 0; tables[i]; i++)
		for (const struct lab_command *command = tables[i]; command->name; command++)
			if (strcmp(command->name, name) == 0)
				return command;
	return NULL;
}

json_t *assay_lab_command(struct assay_lab *lab, const char *command, const json_t *request,
	const struct assay_actor *actor, bool *known_out, int *status_out, struct assay_error *err)
{
	const struct lab_command *whole = find_command(command);
	char id[LAB_ID_MAX] = "";
	json_t *answer;

	*known_out = true;
	*status_out = lab_allows(actor, command, err);
	if (*status_out != ASSAY_OK)
		return NULL;
	if (whole)
		return whole->run(lab, request, actor, status_out, err);
	if (strcmp(command, "batch.list") == 0)
		return list_batches(lab, request, status_out, err);
	if (strcmp(command, "line.confirm") == 0)
		return lab_confirm_device(lab, request, actor, status_out, err);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(commands[i].name, command) != 0)
			continue;
		*status_out = commands[i].run(lab, request, actor, id, err);
		if (*status_out != ASSAY_OK)
			return NULL;
		answer = commands[i].batch ? assay_query_batch(lab->state, id, err)
					   : assay_query_test(lab->state, id, err);
		if (answer)
			return json_pack("{s:o}", commands[i].batch ? "batch" : "test", answer);
		*status_out = strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND : ASSAY_EIO;
		return NULL;
	}
	*known_out = false;
	return NULL;
}
