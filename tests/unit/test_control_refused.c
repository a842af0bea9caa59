/* SPDX-License-Identifier: Apache-2.0
 * Control materials and runs that are refused, each with its reason's code, in a laboratory without a recorder. */
#include "tests/unit/quality_desk.h"

#define LEAD "gb-5009.12-lead"

static void test_refused(void **state)
{
	static struct desk desk;
	char material[LAB_ID_MAX];

	(void)state;
	desk_make(&desk, "[]");
	desk_refused(
		&desk, "qian", "qc.material.add", json_pack("{s:s}", "kind", "control"), "field-missing");
	desk_material(&desk, "control", 1, LEAD, "0.20", "0.04", "mg/kg", material);
	desk_refused(&desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s,s]}", "instrument", "aas-1", "materials", material, material),
		"level-twice");
	desk_refused(&desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s]}", "instrument", "aas-9", "materials", material), "instrument-unknown");
	desk_refused(&desk, "chen", "qc.run.new", json_pack("{s:s}", "instrument", "aas-1"), "field-missing");
	/* a control that was begun is finished before the next one */
	json_decref(desk_get(&desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s]}", "instrument", "aas-1", "materials", material), "run"));
	json_decref(desk_get(&desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s]}", "instrument", "aas-1", "materials", material), "run"));
	desk_fill(&desk, "Q26-0528-02.1", "m", 1, "aas-1", "1.0000", "g");
	desk_refused(&desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s]}", "instrument", "aas-1", "materials", material), "run-open");
	json_decref(desk_get(&desk, "qian", "qc.material.retire",
		json_pack("{s:s,s:s}", "material", material, "reason", "用完"), "material"));
	desk_refused(&desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s]}", "instrument", "aas-1", "materials", material), "material-retired");
	desk_material(&desk, "control", 1, LEAD, "0.20", "0.04", "mg/kg", material);
	desk_later(&desk, 600 * 24 * DESK_HOUR_NS);
	desk_refused(&desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s]}", "instrument", "aas-1", "materials", material), "material-expired");
	desk_drop(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
