/* SPDX-License-Identifier: Apache-2.0
 * assay split: a producer's own laboratory against ours, on the same samples. */
#include "gateway/cli/form.h"

int assay_cmd_split(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"value", 't', NULL}, {"unit", 't', NULL},
		{"uncertainty", 't', NULL}, {"coverage", 't', NULL}, {"date", 't', NULL}, {"note", 't', NULL},
		{"reason", 't', NULL}, {"producer", 't', NULL}, {"method", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {{"enter", "split.enter", "test", "splits", false},
		{"list", "split.list", NULL, "splits", false}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {"producer", "producer_name", "method", "unit", "n", "bias",
		"lower", "upper", "en_failed", NULL};
	static const struct assay_form form = {"split",
		"usage: assay split enter TEST --value X --unit U --date YYYY-MM-DD [--uncertainty U "
		"[--coverage "
		"K]]\n"
		"                         [--note T] [--reason R] [-d DIR] [--json]\n"
		"       assay split list [--producer PRODUCER] [--method METHOD]\n"
		"What the producer's own laboratory found in a sample that is tested here, too, and how far "
		"the two "
		"agree:\n"
		"differences theirs - ours with limits of agreement (Bland-Altman, from three samples on), "
		"En (ISO "
		"13528)\n"
		"where both uncertainties are known. Nothing is judged by it.\n"
		"  --uncertainty U  theirs, expanded, in the method's unit; --coverage K, 2 when left out\n"
		"  --reason R       needed when it takes another one's place\n"
		"Columns: mean difference, lower and upper limit of agreement, samples with |En| > 1; "
		"--json: each "
		"sample.\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}
