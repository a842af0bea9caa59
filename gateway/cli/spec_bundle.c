/* SPDX-License-Identifier: Apache-2.0
 * assay spec bundle: all specs as one signed file, and its way into a laboratory. */
#include "gateway/cli/spec.h"

#include "gateway/bundle/bundle.h"
#include "gateway/cli/cli.h"
#include "gateway/record/sha256.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
	"usage: assay spec bundle key FILE                                 a pair of keys: FILE and "
	"FILE.pub\n"
	"       assay spec bundle make FILE --serial N --key KEY           all specs, signed: FILE and "
	"FILE.sig\n"
	"       assay spec bundle check FILE [-d DIR] [--json]             signature, names, digests, and "
	"what it would change\n"
	"       assay spec bundle approve FILE --key KEY --as NAME --reason TEXT\n"
	"       assay spec bundle install FILE --reason TEXT -d DIR [--since YYYY-MM-DD] [--yes] [--json]\n"
	"  --keys DIR       NAME.pub of those who may sign bundles, default " ASSAY_BUNDLE_KEYS "\n"
	"  --approvers DIR  NAME.pub of those who may agree to an older one, default " ASSAY_BUNDLE_APPROVERS
	"\n"
	"Nothing of a file is read before the signature of a trusted key has been found right. install shows "
	"which files\n"
	"change and which recorded verdicts would be others (none is changed), and installs with --yes; "
	"assay reload then puts\n"
	"the specs in force. An older serial number than this laboratory has had needs two people's approve, "
	"with the reason\n"
	"that install is given.\n";

struct bundle_options {
	const char *dir, *key, *name, *reason, *keys, *approvers, *since;
	uint64_t serial;
	bool json, yes;
};

static int usage(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EUSAGE, "usage", "参数不对，见 assay spec bundle --help",
		"the arguments are wrong; see assay spec bundle --help");
}

/* What the bundle has that is not as it stands in the folder. */
static json_t *changed_files(const struct assay_bundle *bundle, const char *specs)
{
	json_t *list = json_array();

	for (size_t i = 0; i < bundle->file_count; i++) {
		char path[1200], now[65], then[65];

		(void)snprintf(path, sizeof path, "%s/%s", specs, bundle->file[i].path);
		assay_hex(bundle->file[i].digest, sizeof bundle->file[i].digest, then);
		if (assay_sha256_file(path, now) != 0 || strcmp(now, then) != 0)
			(void)json_array_append_new(list, json_string(bundle->file[i].path));
	}
	return list;
}

static void print_bundle(const struct assay_bundle *bundle, const json_t *changed, bool json)
{
	const json_t *path;
	size_t index;

	if (json) {
		json_t *object = json_pack("{s:I,s:s,s:s,s:i,s:O}", "serial", (json_int_t)bundle->serial,
			"sha256", bundle->sha256, "signer", bundle->signer, "files", (int)bundle->file_count,
			"changed", changed);

		(void)json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		(void)putchar('\n');
		json_decref(object);
		return;
	}
	(void)printf("serial %" PRIu64 ", signed by %s, %zu files, SHA-256 %s\n", bundle->serial,
		bundle->signer, bundle->file_count, bundle->sha256);
	json_array_foreach(changed, index, path)
	{
		(void)printf("changed\t%s\n", json_string_value(path));
	}
}

/* Unpacked where nobody else looks, read as specs, and held against what is recorded; then taken away again. */
static int show_change(
	const struct assay_bundle *bundle, const struct bundle_options *options, struct assay_error *err)
{
	struct assay_places places;
	char folder[] = "/tmp/assay-specs-XXXXXX", specs[64], journal[1200];
	struct stat about;
	json_t *changed;
	int status = assay_bundle_places(options->dir, &places, err);

	if (status != ASSAY_OK)
		return status;
	changed = changed_files(bundle, places.specs);
	print_bundle(bundle, changed, options->json);
	json_decref(changed);
	if (!mkdtemp(folder))
		return assay_error_set(err, ASSAY_EIO, "file-unwritable", "%s 不能建立（%s）",
			"%s cannot be made (%s)", folder, strerror(errno));
	(void)snprintf(specs, sizeof specs, "%s/specs", folder);
	status = assay_bundle_unpack(bundle, specs, err);
	(void)snprintf(journal, sizeof journal, "%s/journal", options->dir ? options->dir : "");
	if (status == ASSAY_OK && options->dir && stat(journal, &about) == 0)
		status = assay_spec_whatif_set(places.specs, specs, options->dir,
			options->since ? options->since : "2000-01-01", options->json, err);
	else if (status == ASSAY_OK) {
		struct assay_specs *read = NULL;

		status = assay_specs_load(specs, &read, err);
		assay_specs_free(read);
	}
	assay_bundle_remove(bundle, specs);
	(void)rmdir(folder);
	return status;
}

static int install(const char *path, const struct assay_bundle *bundle, const struct bundle_options *options,
	struct assay_error *err)
{
	const struct passwd *user = getpwuid(getuid());
	const struct assay_bundle_wish wish = {.path = path,
		.data_dir = options->dir,
		.who = user ? user->pw_name : "?",
		.reason = options->reason,
		.approvers_dir = options->approvers};
	int status = show_change(bundle, options, err);

	if (status != ASSAY_OK)
		return status;
	if (!options->yes) {
		(void)fprintf(stderr, "nothing is installed yet; the same with --yes does it\n");
		return ASSAY_OK;
	}
	status = assay_bundle_install(bundle, &wish, err);
	if (status == ASSAY_OK && !options->json)
		(void)printf("installed; assay reload --reason TEXT puts it in force\n");
	return status;
}

static int with_bundle(
	const char *command, const char *path, const struct bundle_options *options, struct assay_error *err)
{
	struct assay_bundle *bundle = NULL;
	int status = assay_bundle_open(path, options->keys, &bundle, err);

	if (status != ASSAY_OK)
		return status;
	if (strcmp(command, "check") == 0)
		status = show_change(bundle, options, err);
	else if (strcmp(command, "approve") == 0)
		status =
			assay_bundle_approve(bundle, path, options->key, options->name, options->reason, err);
	else
		status = install(path, bundle, options, err);
	assay_bundle_free(bundle);
	return status;
}

static int run(
	const char *command, const char *path, const struct bundle_options *options, struct assay_error *err)
{
	struct assay_places places;
	int status;

	if (strcmp(command, "key") == 0)
		return assay_bundle_key_make(path, err);
	if (strcmp(command, "make") == 0 && options->serial && options->key) {
		status = assay_bundle_places(options->dir, &places, err);
		return status == ASSAY_OK
			       ? assay_bundle_make(places.specs, options->serial, options->key, path, err)
			       : status;
	}
	if (strcmp(command, "check") == 0 ||
		(strcmp(command, "approve") == 0 && options->key && options->name && options->reason) ||
		(strcmp(command, "install") == 0 && options->dir && options->reason))
		return with_bundle(command, path, options, err);
	return usage(err);
}

static bool read_serial(const char *text, uint64_t *out)
{
	if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
		return false;
	*out = strtoull(text, NULL, 10);
	return *out > 0;
}

int assay_spec_bundle(int argc, char **argv)
{
	static const struct option long_options[] = {{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {"serial", required_argument, NULL, 'n'},
		{"key", required_argument, NULL, 'k'}, {"as", required_argument, NULL, 'a'},
		{"reason", required_argument, NULL, 'r'}, {"keys", required_argument, NULL, 'K'},
		{"approvers", required_argument, NULL, 'A'}, {"since", required_argument, NULL, 's'},
		{"yes", no_argument, NULL, 'y'}, {NULL, 0, NULL, 0}};
	struct bundle_options options = {.keys = ASSAY_BUNDLE_KEYS, .approvers = ASSAY_BUNDLE_APPROVERS};
	struct assay_error err;
	int option, status;
	bool good = true;

	while ((option = getopt_long(argc, argv, "d:", long_options, NULL)) != -1) {
		const char **text = option == 'd'   ? &options.dir
				    : option == 'k' ? &options.key
				    : option == 'a' ? &options.name
				    : option == 'r' ? &options.reason
				    : option == 'K' ? &options.keys
				    : option == 'A' ? &options.approvers
				    : option == 's' ? &options.since
						    : NULL;

		if (text)
			*text = optarg;
		else if (option == 'n')
			good = good && read_serial(optarg, &options.serial);
		else if (option == 'j')
			options.json = true;
		else if (option == 'y')
			options.yes = true;
		else if (option == 'h')
			return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
		else
			return ASSAY_EXIT_USAGE;
	}
	status = good && optind + 2 == argc ? run(argv[optind], argv[optind + 1], &options, &err)
					    : usage(&err);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(options.json, status, &err);
}
