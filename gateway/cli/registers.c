/* SPDX-License-Identifier: Apache-2.0
 * assay producer, product, instrument, programme, card, entitlement: the registers, and free tests. */
#include "gateway/cli/form.h"
#include "gateway/cli/producer_report.h"

#include <string.h>

int assay_cmd_producer(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"name", 't', NULL}, {"name-en", 't', NULL},
		{"licence", 't', NULL}, {"address", 't', NULL}, {"contact", 't', NULL}, {"phone", 't', NULL},
		{"email", 't', NULL}, {"product", 'l', "products"}, {"self-test", 'l', "self_tests"},
		{"tests-a-year", 'n', NULL}, {"cost-a-year", 't', NULL}, {"note", 't', NULL},
		{"reason", 't', NULL}, {"text", 't', NULL}, {"after", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {{"add", "producer.add", NULL, "producer", false},
		{"change", "producer.change", "producer", "producer", false},
		{"show", "producer.show", "producer", "producer", false},
		{"list", "producer.list", NULL, "producers", false}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {
		"producer", "name", "licence", "contact", "phone", "remaining", NULL};
	static const struct assay_form form = {"producer",
		"usage: assay producer add --name N --licence L [--name-en N] [--address A] [--contact C] "
		"[--phone P]\n"
		"                          [--email E] [--product PRODUCT ...] [--self-test ANALYTE ...]\n"
		"                          [--tests-a-year N] [--cost-a-year YUAN] [--note T] [-d DIR] "
		"[--json]\n"
		"       assay producer change PRODUCER --reason R [what changes]\n"
		"       assay producer show PRODUCER          with every earlier version\n"
		"       assay producer list [--text PART] [--after PRODUCER]\n"
		"       assay producer report PRODUCER [--out FILE.pdf]   what its tests say, what to do, "
		"itself beside "
		"others\n"
		"The register of producers. A change is a new entry; what stood before stays readable.\n",
		fields, verbs, columns};

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "report") == 0)
			return assay_cmd_producer_report(argc, argv);
	return assay_form_run(&form, argc, argv);
}

int assay_cmd_product(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {
		{"list", "product.list", NULL, "products", false}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {"product", "name_zh", "name_en", NULL};
	static const struct assay_form form = {"product",
		"usage: assay product list [-d DIR] [--json]\n"
		"The products the gateway's specs know, with their category in each standard.\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

int assay_cmd_instrument(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"certificate", 't', NULL},
		{"laboratory", 't', NULL}, {"calibrated", 't', NULL}, {"due", 't', NULL},
		{"outcome", 't', NULL}, {"location", 't', NULL}, {"user", 'l', "users"},
		{"reason", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {
		{"calibrate", "instrument.calibrate", "instrument", "instrument", false},
		{"use", "instrument.use", "instrument", "instrument", false},
		{"show", "instrument.show", "instrument", "instrument", false},
		{"list", "instrument.list", NULL, "instruments", false}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {"instrument", "model", "serial", "location", "calibrated_until",
		"line_status", "users", NULL};
	static const struct assay_form form = {"instrument",
		"usage: assay instrument calibrate INSTRUMENT --certificate NUMBER --laboratory WHO\n"
		"                       --calibrated YYYY-MM-DD --due YYYY-MM-DD [--outcome fit|unfit] "
		"[--reason R]\n"
		"       assay instrument use INSTRUMENT --reason R [--location L] [--user NAME ...]\n"
		"       assay instrument show INSTRUMENT      with all its certificates\n"
		"       assay instrument list [-d DIR] [--json]\n"
		"The register of instruments. From the first certificate on its due date counts, not "
		"lab.xml's.\n"
		"  --outcome unfit   nothing is taken from the instrument until it has a new certificate\n"
		"  --user NAME       only who is named may use it; --user '' : everybody again\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

int assay_cmd_programme(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"name-zh", 't', NULL}, {"name-en", 't', NULL},
		{"tests", 'n', NULL}, {"producers", 'n', NULL}, {"alarm-at", 'n', NULL},
		{"valid-until", 't', NULL}, {"price", 'p', "prices"}, {"reason", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {
		{"set", "programme.set", "programme", "programmes", false},
		{"list", "programme.list", NULL, "programmes", false}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {"programme", "name_zh", "tests", "issued", "used", "remaining",
		"producers_with_card", "producers", "valid_until", NULL};
	static const struct assay_form form = {"programme",
		"usage: assay programme set PROGRAMME --name-zh N --tests N --producers N [--name-en N] "
		"[--alarm-at N]\n"
		"                       [--valid-until YYYY-MM-DD] [--price ANALYTE=YUAN ...] [--reason R]\n"
		"       assay programme list [-d DIR] [--json]\n"
		"Programmes of free full-item tests. Set again with --reason changes what is given.\n"
		"  --alarm-at N   say so when no more than N tests are left\n"
		"  --price A=Y    what a test of analyte A costs who has no card; money saved is counted by "
		"it\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

int assay_cmd_card(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"programme", 't', NULL}, {"producer", 't', NULL},
		{"tests", 'n', NULL}, {"valid-until", 't', NULL}, {"reason", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {{"issue", "card.issue", NULL, "card", false},
		{"revoke", "card.revoke", "card", "card", false},
		{"show", "card.show", "card", "card", false}, {"list", "card.list", NULL, "cards", false},
		{NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {"card", "programme", "producer", "producer_name", "tests",
		"used", "remaining", "status", "valid_until", NULL};
	static const struct assay_form form = {"card",
		"usage: assay card issue --programme P --producer PRODUCER --tests N [--valid-until "
		"YYYY-MM-DD]\n"
		"       assay card revoke CARD --reason R     what is not used goes back to the programme\n"
		"       assay card show CARD                  with its lines of the ledger\n"
		"       assay card list [--programme P] [--producer P] [-d DIR] [--json]\n"
		"A producer's card pays for full-item tests: assay batch new --card CARD; a void batch gives "
		"it back.\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

int assay_cmd_review(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"before", 'n', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {{"list", "review.list", NULL, "reviews", false},
		{"show", "review.show", "result", "review", false}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {
		"result", "name", "producer", "analyte", "value", "unit", "limit", "verdict", "why", NULL};
	static const struct assay_form form = {"review",
		"usage: assay review list [--before BATCH-SEQ] [-d DIR] [--json]\n"
		"       assay review show RESULT\n"
		"What waits for a person: everything out of limit, undetermined, near the limit, typed, with "
		"a failed\n"
		"duplicate or a broken condition. show: limit, values, bytes, instruments with their "
		"calibration, conditions,\n"
		"the producer's earlier results, and how the verdict came about. Then: assay batch confirm, "
		"batch void, or\n"
		"test retest.\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

int assay_cmd_alarm(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {
		{"reason", 't', NULL}, {"who", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {{"list", "alarm.list", NULL, "alarms", false},
		{"acknowledge", "alarm.acknowledge", "alarm", "alarms", false},
		{NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {"level", "alarm", "text_en", NULL};
	static const struct assay_form form = {"alarm",
		"usage: assay alarm list [-d DIR] [--json]\n"
		"       assay alarm acknowledge ALARM --reason R [--who NAME]\n"
		"What somebody has to look at now: lines that are down, silent instruments, calibrations "
		"that end within 30\n"
		"days, programmes near their end, faults and clock steps of the last seven days, "
		"certificates without a print.\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}

int assay_cmd_entitlement(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {
		{"audit", "entitlement.audit", NULL, "audit", true}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {NULL};
	static const struct assay_form form = {"entitlement",
		"usage: assay entitlement audit [-d DIR] [--json]\n"
		"Add up the ledger of free tests again, against the cards, programmes and batches. Exit 1: a "
		"finding.\n",
		fields, verbs, columns};

	return assay_form_run(&form, argc, argv);
}
