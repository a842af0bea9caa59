/* SPDX-License-Identifier: Apache-2.0
 * assay verify: the journal read again as evidence; needs no gateway and changes no byte. */
#include "gateway/record/verify.h"
#include "gateway/cli/cli.h"
#include "gateway/lab/export.h"
#include "gateway/record/derive.h"
#include "gateway/record/sha256.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_FILE_MAX 4096u

static const char help[] =
	"usage: assay verify [DIR|SEGMENT.db|EXPORT] [--checkpoint FILE] [--key FILE] [--replay] [--json]\n"
	"Read every byte of the journal again: entries, tree, checkpoints, links between segments.\n"
	"Changes nothing. Exit 0: it holds; 1: something does not (the first place is named); 2: usage.\n"
	"  DIR                data directory (else $ASSAY_DIR); or one segment file, with --key\n"
	"  EXPORT             folder that assay export made: leaves, every file against the entries, "
	"checkpoint;\n"
	"                     the signed root, when every entry is there\n"
	"  --checkpoint FILE  an older checkpoint to compare with: a signed note, or \"SIZE ROOT\" as "
	"printed\n"
	"                     on a certificate; convicts a later rewrite even by somebody with the key\n"
	"  --replay           then cut and decode every exchange again with the installed drivers, and work "
	"out\n"
	"                     every result and verdict again with the recorded specs; each difference is "
	"listed\n"
	"  --key FILE         public key (name+hash+base64) kept elsewhere; else DIR/keys/origin.pub\n";

struct output {
	bool json, replay, replayed;
	json_t *findings, *notes;
	struct assay_derive_report derived;
};

static void on_found(void *context, const struct assay_finding *finding)
{
	struct output *output = context;
	json_t *object;

	if (!output->json) {
		(void)printf(
			"%s\n%s [%s]\n", finding->what.text_zh, finding->what.text_en, finding->what.code);
		return;
	}
	object = json_pack("{s:s,s:i,s:o,s:s,s:s}", "code", finding->what.code, "segment",
		(int)finding->segment, "seq",
		finding->sequence == ASSAY_NO_SEQUENCE ? json_null()
						       : json_integer((json_int_t)finding->sequence),
		"text_zh", finding->what.text_zh, "text_en", finding->what.text_en);
	(void)json_array_append_new(output->findings, object);
}

static void on_noted(void *context, const struct assay_finding *note)
{
	struct output *output = context;

	if (!output->json)
		(void)printf("%s\n%s [%s]\n", note->what.text_zh, note->what.text_en, note->what.code);
	else
		(void)json_array_append_new(
			output->notes, json_pack("{s:s,s:I,s:s,s:s}", "code", note->what.code, "seq",
					       (json_int_t)note->sequence, "text_zh", note->what.text_zh,
					       "text_en", note->what.text_en));
}

static int read_text(const char *path, char out[TEXT_FILE_MAX], struct assay_error *err)
{
	FILE *file = fopen(path, "re");
	size_t got = file ? fread(out, 1, TEXT_FILE_MAX - 1, file) : 0;
	bool bad = !file || ferror(file) || got == 0;

	out[got] = '\0';
	if (file)
		(void)fclose(file);
	if (!bad)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EUSAGE, "file-unreadable", "%s：不能读取（%s）",
		"%s: cannot be read (%s)", path, errno ? strerror(errno) : "empty");
}

static json_t *replay_json(const struct output *output)
{
	const struct assay_derive_report *derived = &output->derived;

	if (!output->replayed)
		return json_null();
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:O}", "exchanges", (json_int_t)derived->exchanges,
		"readings", (json_int_t)derived->readings, "set_aside", (json_int_t)derived->set_aside,
		"fills", (json_int_t)derived->fills, "results", (json_int_t)derived->results, "verdicts",
		(json_int_t)derived->verdicts, "differences", (json_int_t)derived->differences, "notes",
		output->notes);
}

static void print_json(const struct assay_verify_report *report, const struct output *output)
{
	char root[2 * ASSAY_HASH_SIZE + 1];
	json_t *object;

	assay_hex(report->root, ASSAY_HASH_SIZE, root);
	object = json_pack("{s:b,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:b,s:I,s:O,s:o}", "ok",
		report->findings == 0 && output->derived.differences == 0, "segments", (int)report->segments,
		"first", (json_int_t)report->first, "entries", (json_int_t)(report->end - report->first),
		"bytes", (json_int_t)report->bytes, "tiles", (json_int_t)report->tiles, "checkpoints",
		(json_int_t)report->checkpoints, "covered", (json_int_t)report->covered, "tail",
		(json_int_t)(report->end - report->covered), "tail_ms",
		(json_int_t)(report->tail_ns / 1000000), "root", root, "compared", report->compared,
		"finding_count", (json_int_t)report->findings, "findings", output->findings, "replay",
		replay_json(output));
	(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)putchar('\n');
	json_decref(object);
}

static void print_replay(const struct assay_derive_report *derived)
{
	(void)printf("重新解码 %" PRIu64 " 次交换、%" PRIu64 " 个读数（另有 %" PRIu64
		     " 个当时按线路规则未采用），重新得出 %" PRIu64 " 次填格、%" PRIu64 " 个结果、%" PRIu64
		     " 个判定：%s\n",
		derived->exchanges, derived->readings, derived->set_aside, derived->fills, derived->results,
		derived->verdicts, derived->differences ? "有不同" : "全部相同");
	(void)printf("decoded again: %" PRIu64 " exchanges, %" PRIu64 " readings (%" PRIu64
		     " more were not taken then by the line's rules); worked out again: %" PRIu64
		     " fillings, %" PRIu64 " results, %" PRIu64 " verdicts: ",
		derived->exchanges, derived->readings, derived->set_aside, derived->fills, derived->results,
		derived->verdicts);
	if (derived->differences)
		(void)printf("%" PRIu64 " differences\n", derived->differences);
	else
		(void)printf("all the same\n");
}

static void print_text(const struct assay_verify_report *report)
{
	(void)printf("%u 段 %" PRIu64 " 条（%" PRIu64 " 字节），%" PRIu64 " 块哈希，%" PRIu64
		     " 个检查点；最后 %" PRIu64 " 条还没有检查点\n",
		report->segments, report->end - report->first, report->bytes, report->tiles,
		report->checkpoints, report->end - report->covered);
	(void)printf("%u segments, %" PRIu64 " entries (%" PRIu64 " bytes), %" PRIu64 " tiles, %" PRIu64
		     " checkpoints; no checkpoint covers the last %" PRIu64 " entries (%" PRIu64 " s) yet\n",
		report->segments, report->end - report->first, report->bytes, report->tiles,
		report->checkpoints, report->end - report->covered, report->tail_ns / 1000000000u);
	if (report->compared)
		(void)printf("与给出的旧检查点一致\nagrees with the older checkpoint given\n");
	if (report->findings == 0)
		(void)printf("台账成立\nthe journal holds\n");
	else
		(void)printf("台账不成立：%" PRIu64 " 处，第一处：%s\nthe journal does not hold: %" PRIu64
			     " findings, the first: %s\n",
			report->findings, report->worst.what.text_zh, report->findings,
			report->worst.what.text_en);
}

/* What the journal holds is derived only from a journal that holds. */
static int replay(const char *dir, const struct assay_verify_report *report, struct output *output,
	struct assay_error *err)
{
	struct assay_places places;
	const struct assay_derive_options options = {
		.places = &places, .found = on_found, .noted = on_noted, .context = output};
	int status;

	if (report->findings)
		return ASSAY_OK;
	status = assay_places_find(&places, err);
	if (status == ASSAY_OK)
		status = assay_derive(dir, &options, &output->derived, err);
	output->replayed = status == ASSAY_OK;
	return status;
}

static void print_export_json(const struct assay_export_check *check, const struct output *output)
{
	json_t *object = json_pack("{s:b,s:I,s:I,s:I,s:I,s:I,s:b,s:b,s:b,s:I,s:I,s:O}", "ok",
		check->findings == 0, "entries", (json_int_t)check->entries, "first",
		(json_int_t)check->first, "last", (json_int_t)check->last, "missing",
		(json_int_t)check->missing, "covered", (json_int_t)check->signed_size, "whole", check->whole,
		"own_key", check->own_key, "tied", check->tied, "gone", (json_int_t)check->gone,
		"finding_count", (json_int_t)check->findings, "findings", output->findings);

	(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)putchar('\n');
	json_decref(object);
}

static void print_export_text(const struct assay_export_check *check)
{
	(void)printf("%" PRIu64 " 条（%" PRIu64 " 至 %" PRIu64 "），检查点为 %" PRIu64 " 条签名\n%" PRIu64
		     " entries (%" PRIu64 " to %" PRIu64 "), the checkpoint signs for %" PRIu64 "\n",
		check->entries, check->first, check->last, check->signed_size, check->entries, check->first,
		check->last, check->signed_size);
	(void)fputs(check->whole  ? "全部条目都在，签名的根由条目重新算得\n"
				    "every entry is there; the signed root was worked out from them\n"
		    : check->tied ? "是一部分；条目和 tree.txt 算得签名的根\n"
				    "a part; with tree.txt its entries give the signed root\n"
				  : "只是一部分：条目各自成立，签名的根没有比较\n"
				    "a part: each entry holds by itself, the signed root was not compared\n",
		stdout);
	if (check->missing)
		(void)printf("其间缺 %" PRIu64 " 条\n%" PRIu64 " entries in between are not in it\n",
			check->missing, check->missing);
	if (check->own_key)
		(void)fputs("公钥取自导出本身；用 --key 给出另行保存的公钥更可靠\n"
			    "the key is the export's own; --key with one kept elsewhere says more\n",
			stdout);
	if (check->findings == 0)
		(void)printf("导出成立\nthe export holds\n");
	else
		(void)printf("导出不成立：%" PRIu64 " 处，第一处：%s\nthe export does not hold: %" PRIu64
			     " findings, the first: %s\n",
			check->findings, check->worst.what.text_zh, check->findings,
			check->worst.what.text_en);
}

static bool is_export(const char *target)
{
	char path[4096];
	struct stat about;

	(void)snprintf(path, sizeof path, "%s/entries.jsonl", target);
	return stat(path, &about) == 0;
}

static int run_export(const char *target, const struct assay_verify_options *options, struct output *output,
	struct assay_error *err)
{
	struct assay_export_check check;
	int status = ASSAY_OK;

	if (output->replay || options->checkpoint)
		status = assay_error_set(err, ASSAY_EUSAGE, "usage",
			"--replay 和 --checkpoint 要整个数据目录，不是导出",
			"--replay and --checkpoint need the data directory, not an export");
	if (status == ASSAY_OK)
		status = assay_export_verify(target, options, &check, err);
	if (status != ASSAY_OK)
		return assay_cli_fail(output->json, status, err);
	if (output->json)
		print_export_json(&check, output);
	else
		print_export_text(&check);
	if (assay_cli_flush() != 0)
		return ASSAY_EXIT_REFUSED;
	return check.findings ? ASSAY_EXIT_REFUSED : ASSAY_EXIT_DONE;
}

static int run(const char *target, const char *key_path, const char *checkpoint_path, struct output *output,
	struct assay_error *err)
{
	static char key_text[TEXT_FILE_MAX], checkpoint[TEXT_FILE_MAX];
	struct assay_verify_options options = {.found = on_found, .context = output};
	struct assay_verify_report report = {0};
	struct assay_origin_key key;
	struct stat about;
	int status = ASSAY_OK;

	if (key_path) {
		status = read_text(key_path, key_text, err);
		if (status == ASSAY_OK && assay_origin_key_parse(key_text, &key, err) != ASSAY_OK)
			status = ASSAY_EUSAGE;
		options.key = &key;
	}
	if (status == ASSAY_OK && checkpoint_path) {
		status = read_text(checkpoint_path, checkpoint, err);
		options.checkpoint = checkpoint;
	}
	if (status != ASSAY_OK)
		return assay_cli_fail(output->json, status, err);
	if (is_export(target))
		return run_export(target, &options, output, err);
	if (stat(target, &about) == 0 && S_ISREG(about.st_mode))
		status = output->replay ? assay_error_set(err, ASSAY_EUSAGE, "usage",
						  "--replay 要整个数据目录，不是一个段",
						  "--replay needs the whole data directory, not one segment")
					: assay_verify_segment(target, &options, &report, err);
	else
		status = assay_verify_dir(target, &options, &report, err);
	if (status == ASSAY_OK && output->replay)
		status = replay(target, &report, output, err);
	if (status != ASSAY_OK)
		return assay_cli_fail(output->json, status, err);
	if (output->json)
		print_json(&report, output);
	else
		print_text(&report);
	if (!output->json && output->replayed)
		print_replay(&output->derived);
	if (assay_cli_flush() != 0)
		return ASSAY_EXIT_REFUSED;
	return report.findings || output->derived.differences ? ASSAY_EXIT_REFUSED : ASSAY_EXIT_DONE;
}

int assay_cmd_verify(int argc, char **argv)
{
	static const struct option options[] = {{"checkpoint", required_argument, NULL, 'c'},
		{"key", required_argument, NULL, 'k'}, {"dir", required_argument, NULL, 'd'},
		{"replay", no_argument, NULL, 'r'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct output output = {0};
	const char *target = NULL, *key = NULL, *checkpoint = NULL;
	struct assay_error err;
	int option, exit_code;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			checkpoint = optarg;
			break;
		case 'k':
			key = optarg;
			break;
		case 'd':
			target = optarg;
			break;
		case 'r':
			output.replay = true;
			break;
		case 'j':
			output.json = true;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return assay_cli_flush();
		default:
			return ASSAY_EXIT_USAGE;
		}
	}
	if (optind < argc && !target)
		target = argv[optind++];
	if (optind != argc) {
		(void)assay_error_set(&err, ASSAY_EUSAGE, "usage", "参数过多，见 assay verify --help",
			"too many arguments; see assay verify --help");
		return assay_cli_fail(output.json, ASSAY_EUSAGE, &err);
	}
	target = assay_cli_dir(target, &err);
	if (!target)
		return assay_cli_fail(output.json, ASSAY_EUSAGE, &err);
	output.findings = json_array();
	output.notes = json_array();
	exit_code = run(target, key, checkpoint, &output, &err);
	json_decref(output.findings);
	json_decref(output.notes);
	return exit_code;
}
