/* SPDX-License-Identifier: Apache-2.0
 * assay qc: control materials, runs of controls, charts, and the results they hold. */
#include "gateway/cli/form.h"

#include <stdio.h>
#include <string.h>

static int material(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"kind", 't', NULL}, {"name-zh", 't', NULL},
		{"name-en", 't', NULL}, {"lot", 't', NULL}, {"expires", 't', NULL}, {"level", 'n', NULL},
		{"method", 't', NULL}, {"value", 't', NULL}, {"unit", 't', NULL}, {"uncertainty", 't', NULL},
		{"coverage", 't', NULL}, {"certificate", 't', NULL}, {"reason", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {{"add", "qc.material.add", NULL, "material", false},
		{"retire", "qc.material.retire", "material", "material", false},
		{"list", "qc.material.list", NULL, "materials", false}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {"material", "kind", "level", "name_zh", "lot", "method",
		"value", "uncertainty", "unit", "expires", "status", NULL};
	static const struct assay_form form = {"qc material",
		"usage: assay qc material add --kind KIND --name-zh N --lot L --expires YYYY-MM-DD --level "
		"1-8\n"
		"             --method METHOD [--name-en N] [--value V --unit U --uncertainty U --coverage "
		"K]\n"
		"             [--certificate C] [-d DIR] [--json]\n"
		"       assay qc material retire MATERIAL --reason R\n"
		"       assay qc material list\n"
		"KIND: control, blank, spike (value: the recovery in %) or check-weight (uncertainty: the "
		"tolerance).\n"
		"Without a value the chart's own history decides, once it is frozen.\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

static int run(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"instrument", 't', NULL},
		{"material", 'l', "materials"}, {"of", 't', NULL}, {"added", 't', NULL},
		{"next-due", 't', NULL}, {"evidence", 't', NULL}, {"before", 'n', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {{"new", "qc.run.new", NULL, "run", false},
		{"show", "qc.run.show", "run", "run", false}, {"list", "qc.run.list", NULL, "runs", false},
		{NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {
		"run", "kind", "method", "instrument", "state", "reason", "hold", "who", NULL};
	static const struct assay_form form = {"qc run",
		"usage: assay qc run new --instrument I --material M [--material M ...] [--evidence I]\n"
		"       assay qc run new --instrument I --material SPIKE --of TEST --added AMOUNT\n"
		"       assay qc run new --instrument I --of TEST           the same sample once more\n"
		"       assay qc run new --instrument I --material WEIGHT ... [--next-due YYYY-MM-DD]\n"
		"       assay qc run show RUN | assay qc run list [--before SEQ] [-d DIR] [--json]\n"
		"Controls to be measured together; each is a test whose slots are filled like any other's.\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

static int chart(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"instrument", 't', NULL}, {"relative", 'f', NULL},
		{"leave-out", 'l', "left_out"}, {"reason", 't', NULL}, {"who", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {{"list", "qc.chart.list", NULL, "charts", false},
		{"show", "qc.chart.show", "material", "chart", false},
		{"freeze", "qc.chart.freeze", "material", "chart", false}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {
		"material", "instrument", "method", "level", "kind", "basis", "points", NULL};
	static const struct assay_form form = {"qc chart",
		"usage: assay qc chart list [-d DIR] [--json]\n"
		"       assay qc chart show MATERIAL [--instrument I]\n"
		"       assay qc chart freeze MATERIAL --instrument I --reason R [--leave-out TEST=WHY ...] "
		"[--who NAME]\n"
		"Charts by method, instrument and level. freeze: limits from at least 20 points of its own "
		"history, signed;\n"
		"points beyond 3 s are shown and stay in unless they are left out with a reason.\n"
		"MATERIAL duplicates.METHOD is the range chart of duplicates [--relative].\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

static int hold(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"all", 'f', NULL}, {"cause", 't', NULL},
		{"action", 't', NULL}, {"reason", 't', NULL}, {"who", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {{"list", "qc.hold.list", NULL, "holds", false},
		{"show", "qc.hold.show", "hold", "hold", false},
		{"explain", "qc.hold.explain", "hold", "hold", false},
		{"release", "qc.hold.release", "hold", "hold", false}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {
		"hold", "status", "method", "instrument", "run", "rule", "batches", NULL};
	static const struct assay_form form = {"qc hold",
		"usage: assay qc hold list [--all] [-d DIR] [--json]\n"
		"       assay qc hold show HOLD                with the results it holds\n"
		"       assay qc hold explain HOLD --cause C --action A [--who NAME]\n"
		"       assay qc hold release HOLD --reason R [--who NAME]\n"
		"A broken rule holds every result since the last good control: their batches are "
		"undetermined.\n"
		"One person writes down cause and action, another one releases.\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

static int proficiency(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"scheme", 't', NULL}, {"round", 't', NULL},
		{"date", 't', NULL}, {"method", 't', NULL}, {"value", 't', NULL}, {"unit", 't', NULL},
		{"assigned", 't', NULL}, {"sigma", 't', NULL}, {"u-assigned", 't', NULL},
		{"u-value", 't', NULL}, {"coverage", 't', NULL}, {"sd-between", 't', NULL},
		{"laboratories", 'n', NULL}, {"note", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {{"add", "qc.proficiency.add", NULL, "rounds", false},
		{"list", "qc.proficiency.list", NULL, "rounds", false}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {"scheme", "round", "date", "method", "value", "assigned",
		"unit", "z", "z_prime", "zeta", "en", "z_grade", NULL};
	static const struct assay_form form = {"qc proficiency",
		"usage: assay qc proficiency add --scheme S --round R --date YYYY-MM-DD --method METHOD "
		"--value X\n"
		"             --unit U --assigned X [--sigma S] [--u-assigned U] [--u-value U] [--coverage "
		"K]\n"
		"             [--sd-between S --laboratories N] [--note T] [-d DIR] [--json]\n"
		"       assay qc proficiency list [--method METHOD]\n"
		"Rounds of proficiency testing with z, z', zeta and En (ISO 13528). sd-between and "
		"laboratories let a "
		"round\n"
		"count as bias in the measurement uncertainty.\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

static int uncertainty(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {
		{"relative", 'f', NULL}, {"reason", 't', NULL}, {"who", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {
		{"show", "qc.uncertainty.show", "method", "uncertainty", false},
		{"adopt", "qc.uncertainty.adopt", "method", "uncertainty", false},
		{NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {NULL};
	static const struct assay_form form = {"qc uncertainty",
		"usage: assay qc uncertainty show METHOD [--relative] [-d DIR] [--json]\n"
		"       assay qc uncertainty adopt METHOD --reason R [--relative] [--who NAME]\n"
		"The expanded uncertainty (k 2) from the laboratory's own controls, duplicates and certified "
		"materials, rounds\n"
		"or, with --relative, at least six recoveries of spikes whose own uncertainty is "
		"registered,\n"
		"the way of Nordtest TR 537, with what it rests on and until when. adopt: signed, offered to "
		"the decision "
		"rule.\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

int assay_cmd_qc(int argc, char **argv)
{
	static const struct {
		const char *noun;
		int (*run)(int argc, char **argv);
	} nouns[] = {{"material", material}, {"run", run}, {"chart", chart}, {"hold", hold},
		{"proficiency", proficiency}, {"uncertainty", uncertainty}};
	static const char usage[] =
		"usage: assay qc material|run|chart|hold|proficiency|uncertainty ...\n"
		"Quality control: what is measured to show that the figures can be trusted, and what a "
		"broken "
		"rule holds.\n"
		"  material  control materials, blanks, spikes, check weights: add, retire, list\n"
		"  run       controls to be measured together: new, show, list\n"
		"  chart     Levey-Jennings and range charts: list, show, freeze\n"
		"  hold      results held: list, show, explain, release\n"
		"  proficiency  rounds with other laboratories: add, list\n"
		"  uncertainty  from own controls and duplicates: show, adopt\n";

	for (size_t i = 0; argc > 1 && i < sizeof nouns / sizeof *nouns; i++)
		if (strcmp(argv[1], nouns[i].noun) == 0)
			return nouns[i].run(argc - 1, argv + 1);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		(void)fputs(usage, stdout);
		return assay_cli_flush();
	}
	(void)fputs(usage, stderr);
	return ASSAY_EXIT_USAGE;
}
