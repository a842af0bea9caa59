/* SPDX-License-Identifier: Apache-2.0
 * Who could do what on a day: from the entries about people and tokens, each of which left a row here, and the one table of
 * rights. */
#include "gateway/lab/people.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Nanoseconds at which a day begins and ends, where the laboratory is. */
static bool day_of(const char *date, int64_t *from, int64_t *until)
{
	struct tm parts = {.tm_isdst = -1};
	time_t begins, ends;

	if (strlen(date) != 10 || !assay_date_valid(date))
		return false;
	parts.tm_year = (int)strtol(date, NULL, 10) - 1900;
	parts.tm_mon = (int)strtol(date + 5, NULL, 10) - 1;
	parts.tm_mday = (int)strtol(date + 8, NULL, 10);
	begins = mktime(&parts);
	parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
	parts.tm_isdst = -1;
	parts.tm_mday++;
	ends = mktime(&parts);
	*from = (int64_t)begins * 1000000000;
	*until = (int64_t)ends * 1000000000;
	return begins != (time_t)-1 && ends != (time_t)-1;
}

/* The command's own name; "release" is "batch.release", any other last word the one command that ends so. "": none. */
static const char *act_named(const char *act)
{
	json_t *all = lab_rights(ASSAY_ACTS_ALL);
	static char found[64];
	const json_t *one;
	unsigned hits = 0;
	size_t index;

	found[0] = '\0';
	json_array_foreach(all, index, one)
	{
		const char *name = json_string_value(one), *dot = strrchr(name, '.');
		bool of_batch = strncmp(name, "batch.", 6) == 0 && strcmp(name + 6, act) == 0;

		if (of_batch || strcmp(name, act) == 0) {
			(void)snprintf(found, sizeof found, "%s", name);
			hits = 1;
			break;
		}
		if (dot && strcmp(dot + 1, act) == 0) {
			(void)snprintf(found, sizeof found, "%s", name);
			hits++;
		}
	}
	json_decref(all);
	return hits == 1 ? found : "";
}

/* Does he work on tests by it, so that his list of methods counts? */
static bool by_method(const char *act)
{
	return strncmp(act, "test.", 5) == 0 && strcmp(act, "test.show") != 0 &&
	       strcmp(act, "test.retest") != 0;
}

/* The row stays when it gives the right on that day; it is then finished for the answer. */
static bool finish(json_t *row, const char *act)
{
	unsigned roles = 0;
	json_t *rights;
	const json_t *one;
	size_t index;
	bool may = !*act;

	if (!lab_roles_read(lab_text(row, "roles"), &roles))
		roles = 0;
	rights = lab_rights(roles);
	json_array_foreach(rights, index, one)
	{
		may = may || strcmp(json_string_value(one), act) == 0;
	}
	if (may && !*act)
		(void)json_object_set(row, "rights", rights);
	json_decref(rights);
	if (*act && !by_method(act))
		(void)json_object_del(row, "methods");
	return may && roles != 0;
}

json_t *lab_who_could(sqlite3 *state, const char *act, const char *on, struct assay_error *err)
{
	const char *name = *act ? act_named(act) : "";
	int64_t from, until;
	json_t *rows, *list, *row;
	size_t index;

	if (*act && !*name) {
		(void)assay_error_set(err, ASSAY_EREFUSED, "act-unknown",
			"没有这件事：%.40s；写命令的名字，如 batch.release",
			"there is no act %.40s; write a command's name, like batch.release", act);
		return NULL;
	}
	if (!day_of(on, &from, &until)) {
		(void)assay_error_set(err, ASSAY_EREFUSED, "date-invalid",
			"日期要写成 YYYY-MM-DD，收到 %.30s", "a day is written YYYY-MM-DD, %.30s came", on);
		return NULL;
	}
	/* a row holds from its own time to that of the same subject's next one, a token no longer than its last day */
	rows = query_list(state,
		query_prepare(state, err,
			"SELECT subject, kind, name, roles, producer, methods AS \"{methods\","
			" max(at_ns,?1) AS \"@from\", min(until,?2) AS \"@until\", who, reason, seq FROM "
			"(SELECT *,"
			" min(until_ns, coalesce((SELECT min(n.at_ns) FROM entitled AS n WHERE "
			"n.subject=e.subject"
			" AND n.kind=e.kind AND n.seq>e.seq), ?2)) AS until FROM entitled AS e)"
			" WHERE ended=0 AND at_ns<?2 AND until>?1 AND until>at_ns ORDER BY kind DESC, "
			"subject, seq",
			"ii", from, until),
		err);
	list = rows ? json_array() : NULL;
	json_array_foreach(rows, index, row)
	{
		if (list && finish(row, name))
			(void)json_array_append(list, row);
	}
	json_decref(rows);
	return list ? json_pack("{s:s,s:s,s:b,s:o}", "act", name, "on", on, "signs", *name && lab_signs(name),
			      "who", list)
		    : NULL;
}

static json_t *who_can(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *act = lab_may(request, "act", err), *on = act ? lab_need(request, "on", err) : NULL;
	json_t *answer = on ? lab_who_could(lab->state, act, on, err) : NULL;

	(void)actor;
	*status_out = answer ? ASSAY_OK : ASSAY_EREFUSED;
	return answer ? json_pack("{s:o}", "who_can", answer) : NULL;
}

const struct lab_command lab_who_commands[] = {{"who.can", who_can}, {NULL, NULL}};
