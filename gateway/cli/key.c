/* SPDX-License-Identifier: Apache-2.0
 * assay key change: the journal of the gateway that runs is signed with a new key. */
#include "gateway/cli/ask.h"

#include <stdio.h>
#include <string.h>

static const char help[] = "usage: assay key change --reason TEXT [-d DIR] [--json]\n"
			   "The gateway that runs in DIR ($ASSAY_DIR) makes a new signing key. The journal "
			   "says which, who wanted it "
			   "and why, and the\n"
			   "old key signs for that; then the new one signs a checkpoint and takes its place. "
			   "The old secret key is gone; "
			   "the first\n"
			   "public key stays in keys/origin.first.pub, where a verification begins. Keep a "
			   "copy of keys/origin.key "
			   "apart from backups,\n"
			   "and hand the new public key to whoever checks your journal.\n";

static void print_change(const json_t *changed)
{
	bool chinese = assay_ask_chinese();

	(void)printf("%s %s\n%s %s\n",
		chinese ? "现在的公钥：" : "signs now:    ", assay_ask_text(changed, "key"),
		chinese ? "之前的公钥：" : "signed before:", assay_ask_text(changed, "before"));
}

int assay_cmd_key(int argc, char **argv)
{
	static const struct option options[] = {
		ASSAY_ASK_OPTIONS, {"reason", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	const char *reason = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'r')
			reason = optarg;
		else if (!assay_ask_option(&ask, option, optarg))
			return ASSAY_EXIT_USAGE;
	}
	if (ask.help)
		return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
	if (optind != argc - 1 || strcmp(argv[optind], "change") != 0 || !reason)
		return assay_ask_usage(&ask, "key");
	return assay_ask_print(
		&ask, json_pack("{s:s,s:s}", "cmd", "key.change", "reason", reason), "changed", print_change);
}
