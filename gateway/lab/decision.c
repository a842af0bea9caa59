/* SPDX-License-Identifier: Apache-2.0
 * The laboratory's decision rule (ILAC-G8), as lab.xml names it, and the measurement uncertainty it needs: the one adopted last
 * for the method, as long as the data behind it are fresh. Without one the verdict is undetermined ("uncertainty-needed"). */
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>

#define RELATIVE_DIGITS 4u /* of an absolute uncertainty worked out from a relative one, rounded up */

/* percent of |value|, rounded up. */
static bool absolute(
	const char *percent, const struct assay_fraction *value, char out[ASSAY_DECIMAL_TEXT_MAX])
{
	const struct assay_fraction hundredth = {1, 100};
	struct assay_fraction size = *value, share, rounded;
	struct assay_decimal of, up;

	if (size.n < 0)
		size.n = -size.n;
	if (assay_decimal_parse(percent, strlen(percent), &of) != ASSAY_OK)
		return false;
	share = assay_fraction_of(&of);
	if (assay_fraction_apply('*', &share, &size, &share) != ASSAY_OK ||
		assay_fraction_apply('*', &share, &hundredth, &share) != ASSAY_OK ||
		assay_fraction_round_significant(&share, RELATIVE_DIGITS, ASSAY_ROUND_HALF_EVEN, &up) !=
			ASSAY_OK)
		return false;
	rounded = assay_fraction_of(&up);
	up.coefficient += assay_fraction_compare(&rounded, &share) < 0;
	up.mark = ASSAY_MARK_EXACT;
	(void)assay_decimal_format(&up, out);
	return true;
}

int lab_decision_rule(struct assay_lab *lab, const struct worksheet *sheet, const struct assay_result *result,
	struct lab_decision *out, struct assay_error *err)
{
	json_t *rows = query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT coalesce((SELECT value FROM meta WHERE key='decision'),'') AS decision,"
			" coalesce((SELECT body FROM uncertainty WHERE method=?1 ORDER BY seq DESC LIMIT "
			"1),'{}') AS "
			"\"{adopted\", coalesce((SELECT max(wall_ns) FROM slot WHERE test=?2 AND "
			"status='filled'),0) "
			"AS measured_ns",
			"tt", sheet->method->id, sheet->test),
		err);
	const json_t *row = json_array_get(rows, 0), *adopted = json_object_get(row, "adopted");
	const char *name = lab_text(row, "decision"), *expanded = lab_text(adopted, "expanded");
	char size[ASSAY_DECIMAL_TEXT_MAX] = "";

	*out = (struct lab_decision){.rule = ASSAY_RULE_SIMPLE};
	if (rows && *name && !assay_rule_find(name, &out->rule))
		out->rule = ASSAY_RULE_GUARD; /* a word this version does not know: the strict one */
	if (rows && out->rule != ASSAY_RULE_SIMPLE && *expanded && *lab_text(adopted, "stale_after") &&
		!lab_overdue(lab_text(adopted, "stale_after"),
			json_integer_value(json_object_get(row, "measured_ns")))) {
		if (!json_is_true(json_object_get(adopted, "relative")))
			(void)snprintf(size, sizeof size, "%s", expanded);
		else if (!result->has_value || !absolute(expanded, &result->exact, size))
			size[0] = '\0';
		if (size[0])
			(void)snprintf(
				out->uncertainty, sizeof out->uncertainty, "%s %s", size, result->unit);
	}
	json_decref(rows);
	return rows ? ASSAY_OK : ASSAY_EIO;
}
