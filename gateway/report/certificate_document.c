/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/report/certificate_document.h"

#include <string.h>

#define NAME 80
#define SENTENCE 600

static const char *const kinds[] = {"certificate", NULL};
static const char *const batch_verdicts[] = {"pass", "fail", "undetermined", NULL};
static const char *const test_verdicts[] = {"pass", "fail", "undetermined", "not_applicable", NULL};
static const char *const censored[] = {"", "not-detected", NULL};
static const char *const actions[] = {"test", "review", "release", NULL};

#define TEXT(type, name, most)                                                                               \
	{                                                                                                    \
#name, FIELD_TEXT, offsetof(struct type, name), most, NULL, NULL                             \
	}
#define ID(type, name, most)                                                                                 \
	{                                                                                                    \
#name, FIELD_ID, offsetof(struct type, name), most, NULL, NULL                               \
	}
#define OF(type, name, kind)                                                                                 \
	{                                                                                                    \
#name, kind, offsetof(struct type, name), 0, NULL, NULL                                      \
	}
#define WORD(type, name, words)                                                                              \
	{                                                                                                    \
#name, FIELD_WORD, offsetof(struct type, name), 0, NULL, words                               \
	}
#define BELOW(type, name, kind, most, shape)                                                                 \
	{                                                                                                    \
#name, kind, offsetof(struct type, name), most, shape, NULL                                  \
	}

static const struct field sentence_fields[] = {
	TEXT(sentence, text_zh, SENTENCE), TEXT(sentence, text_en, SENTENCE), {0}};
static const struct shape sentence_shape = {sizeof(struct sentence), sentence_fields};

static const struct field reason_fields[] = {
	ID(reason, code, 48), TEXT(reason, text_zh, 200), TEXT(reason, text_en, 200), {0}};
static const struct shape reason_shape = {sizeof(struct reason), reason_fields};

static const struct field method_fields[] = {TEXT(certificate_method, standard, 40),
	TEXT(certificate_method, title_zh, 60), TEXT(certificate_method, title_en, 100), {0}};
static const struct shape method_shape = {sizeof(struct certificate_method), method_fields};

static const struct field limit_fields[] = {TEXT(certificate_limit, standard, 40),
	TEXT(certificate_limit, clause, 80), TEXT(certificate_limit, text, 120), {0}};
static const struct shape limit_shape = {sizeof(struct certificate_limit), limit_fields};

static const struct field result_fields[] = {TEXT(certificate_result, value, 160),
	TEXT(certificate_result, unit, 24), WORD(certificate_result, censored, censored),
	TEXT(certificate_result, lod, 40), TEXT(certificate_result, loq, 40),
	TEXT(certificate_result, uncertainty, 60), TEXT(certificate_result, text_zh, 120),
	TEXT(certificate_result, text_en, 160), {0}};
static const struct shape result_shape = {sizeof(struct certificate_result), result_fields};

static const struct field verdict_fields[] = {WORD(certificate_verdict, verdict, test_verdicts),
	BELOW(certificate_verdict, reasons, FIELD_LIST, 16, &reason_shape), {0}};
static const struct shape verdict_shape = {sizeof(struct certificate_verdict), verdict_fields};

static const struct field test_fields[] = {ID(certificate_test, test, 64),
	TEXT(certificate_test, analyte_zh, NAME), TEXT(certificate_test, analyte_en, NAME),
	TEXT(certificate_test, basis_zh, 60), TEXT(certificate_test, basis_en, 60),
	TEXT(certificate_test, was, NAME), BELOW(certificate_test, method, FIELD_OBJECT, 0, &method_shape),
	BELOW(certificate_test, limit, FIELD_OBJECT_OR_NULL, 0, &limit_shape),
	BELOW(certificate_test, result, FIELD_OBJECT_OR_NULL, 0, &result_shape),
	BELOW(certificate_test, verdict, FIELD_OBJECT, 0, &verdict_shape), {0}};
static const struct shape test_shape = {sizeof(struct certificate_test), test_fields};

static const struct field batch_fields[] = {ID(certificate_batch, batch, 64),
	TEXT(certificate_batch, name, NAME), TEXT(certificate_batch, product_zh, NAME),
	TEXT(certificate_batch, product_en, NAME), TEXT(certificate_batch, category_zh, NAME),
	TEXT(certificate_batch, category_en, NAME), TEXT(certificate_batch, lot, NAME),
	OF(certificate_batch, produced, FIELD_DATE), OF(certificate_batch, received, FIELD_DATE),
	OF(certificate_batch, tested_from, FIELD_DATE_OR_NONE),
	OF(certificate_batch, tested_to, FIELD_DATE_OR_NONE), TEXT(certificate_batch, amount, 60),
	TEXT(certificate_batch, origin_zh, 40), TEXT(certificate_batch, origin_en, 40),
	WORD(certificate_batch, verdict, batch_verdicts), TEXT(certificate_batch, text_zh, SENTENCE),
	TEXT(certificate_batch, text_en, SENTENCE), BELOW(certificate_batch, samples, FIELD_TEXTS, 12, NULL),
	BELOW(certificate_batch, reasons, FIELD_LIST, 16, &reason_shape),
	BELOW(certificate_batch, scope, FIELD_OBJECT, 0, &sentence_shape), {0}};
static const struct shape batch_shape = {sizeof(struct certificate_batch), batch_fields};

static const struct field replaced_fields[] = {ID(certificate_replaced, certificate, 40),
	OF(certificate_replaced, issued, FIELD_TIME), TEXT(certificate_replaced, reason, SENTENCE), {0}};
static const struct shape replaced_shape = {sizeof(struct certificate_replaced), replaced_fields};

static const struct field signature_fields[] = {WORD(certificate_signature, action, actions),
	ID(certificate_signature, who, 64), TEXT(certificate_signature, name, 40),
	OF(certificate_signature, at, FIELD_TIME), OF(certificate_signature, digest, FIELD_HASH), {0}};
static const struct shape signature_shape = {sizeof(struct certificate_signature), signature_fields};

static const struct field checkpoint_fields[] = {
	{"size", FIELD_NUMBER, offsetof(struct certificate_checkpoint, size), 9007199254740991, NULL, NULL},
	OF(certificate_checkpoint, root, FIELD_HASH), OF(certificate_checkpoint, at, FIELD_TIME),
	TEXT(certificate_checkpoint, witness, NAME), {0}};
static const struct shape checkpoint_shape = {sizeof(struct certificate_checkpoint), checkpoint_fields};

static const struct field check_fields[] = {
	ID(certificate_check, address, 200), ID(certificate_check, proof, 80), {0}};
static const struct shape check_shape = {sizeof(struct certificate_check), check_fields};

static const struct field certificate_fields[] = {WORD(certificate, kind, kinds),
	ID(certificate, certificate, 40), OF(certificate, issued, FIELD_TIME),
	BELOW(certificate, laboratory, FIELD_OBJECT, 0, &laboratory_shape),
	BELOW(certificate, producer, FIELD_OBJECT, 0, &producer_shape),
	BELOW(certificate, batch, FIELD_OBJECT, 0, &batch_shape),
	BELOW(certificate, tests, FIELD_LIST, CERTIFICATE_TESTS_MAX, &test_shape),
	BELOW(certificate, decision_rule, FIELD_OBJECT, 0, &sentence_shape),
	BELOW(certificate, notes, FIELD_LIST, 20, &sentence_shape),
	BELOW(certificate, replaces, FIELD_OBJECT_OR_NULL, 0, &replaced_shape),
	BELOW(certificate, signatures, FIELD_LIST, 12, &signature_shape),
	BELOW(certificate, checkpoint, FIELD_OBJECT, 0, &checkpoint_shape),
	BELOW(certificate, check, FIELD_OBJECT, 0, &check_shape), {0}};
static const struct shape certificate_shape = {sizeof(struct certificate), certificate_fields};

/* ---- does it hold together? ------------------------------------------------------------------------------- */

static bool is(const char *text, const char *word)
{
	return strcmp(text, word) == 0;
}

/* "GB 5009.12-2023", "ISO 6579-1:2017" */
static bool has_year(const char *standard)
{
	size_t length = strlen(standard);

	if (strstr(standard, "〔20")) /* a notice: "整顿办函〔2011〕1号" */
		return true;
	return length > 6 && (standard[length - 5] == '-' || standard[length - 5] == ':') &&
	       strspn(standard + length - 4, "0123456789") == 4;
}

/* What may stand beside a pass or fail; every other reason makes a verdict undetermined. */
static bool is_remark(const char *code)
{
	return is(code, "limit-unverified") || is(code, "typed-value") || is(code, "near-limit") ||
	       is(code, "reading-taken-back") || is(code, "count-rounded-to-bound");
}

static int check_judged(const struct certificate_test *test, struct assay_error *err)
{
	const struct reason *reasons = test->verdict.reasons.items;
	const struct certificate_result *result = test->result;

	if (!test->limit || !*test->limit->text || !result)
		return document_contradiction(err, test->test, "判了合格或不合格，却没有限量或结果",
			"is judged pass or fail without a limit or a result");
	if (!has_year(test->limit->standard))
		return document_contradiction(err, test->test, "限量的标准号没有年号",
			"the limit's standard is named without its year");
	for (size_t i = 0; i < test->verdict.reasons.count; i++)
		if (!is_remark(reasons[i].code))
			return document_contradiction(err, test->test,
				"判了合格或不合格，却另有不能判定的原因",
				"is judged pass or fail beside a reason for undetermined");
	return ASSAY_OK;
}

static int check_test(
	const struct certificate *certificate, const struct certificate_test *test, struct assay_error *err)
{
	const struct certificate_result *result = test->result;
	const char *verdict = test->verdict.verdict;

	if (!*test->method.standard && !*test->method.title_zh)
		return document_contradiction(err, test->test, "没有写明方法", "names no method");
	if (*test->method.standard && !has_year(test->method.standard))
		return document_contradiction(err, test->test, "方法的标准号没有年号",
			"the method's standard is named without its year");
	if (result && !*result->value == !*result->censored)
		return document_contradiction(err, test->test, "结果应有数值，或为未检出，二者居一",
			"a result has a value or is not detected, one of the two");
	if (*test->was && !certificate->replaces)
		return document_contradiction(err, test->test, "标了更正，却没有被替代的证书",
			"is marked as amended, but no certificate is replaced");
	if (is(verdict, "undetermined") && !test->verdict.reasons.count)
		return document_contradiction(
			err, test->test, "不能判定，却没有原因", "is undetermined without a reason");
	return is(verdict, "pass") || is(verdict, "fail") ? check_judged(test, err) : ASSAY_OK;
}

static int check_batch(const struct certificate *certificate, struct assay_error *err)
{
	const struct certificate_test *tests = certificate->tests.items;
	const char *verdict = certificate->batch.verdict;
	size_t passed = 0, failed = 0, undetermined = 0;

	for (size_t i = 0; i < certificate->tests.count; i++) {
		passed += is(tests[i].verdict.verdict, "pass");
		failed += is(tests[i].verdict.verdict, "fail");
		undetermined += is(tests[i].verdict.verdict, "undetermined");
	}
	if (is(verdict, "pass") && (failed || undetermined || !passed))
		return document_contradiction(err, "batch.verdict", "批次判为合格，但不是每一项都合格",
			"the batch passes, but not every test does");
	if (is(verdict, "fail") && !failed)
		return document_contradiction(err, "batch.verdict", "批次判为不合格，但没有不合格的项目",
			"the batch fails, but no test does");
	if (is(verdict, "undetermined") && !undetermined && !certificate->batch.reasons.count)
		return document_contradiction(err, "batch.verdict", "批次不能判定，却没有原因",
			"the batch is undetermined without a reason");
	if (is(verdict, "pass") && certificate->batch.reasons.count) {
		const struct reason *reasons = certificate->batch.reasons.items;

		for (size_t i = 0; i < certificate->batch.reasons.count; i++)
			if (!is_remark(reasons[i].code))
				return document_contradiction(err, "batch.reasons",
					"批次判为合格，却另有不能判定的原因",
					"the batch passes beside a reason for undetermined");
	}
	return ASSAY_OK;
}

static int check_signatures(const struct certificate *certificate, struct assay_error *err)
{
	const struct certificate_signature *signatures = certificate->signatures.items;
	size_t count = certificate->signatures.count;
	bool released = false;

	for (size_t i = 0; i < count; i++) {
		if (!is(signatures[i].action, "release"))
			continue;
		released = true;
		for (size_t j = 0; j < count; j++)
			if (!is(signatures[j].action, "release") && is(signatures[j].who, signatures[i].who))
				return document_contradiction(err, "signatures", "签发人不能是检验人或复核人",
					"the releaser may not be who tested or reviewed");
	}
	return released ? ASSAY_OK
			: document_contradiction(
				  err, "signatures", "没有签发人的签名", "nobody has signed the release");
}

static int check_address(const struct certificate *certificate, struct assay_error *err)
{
	const char *address = certificate->check.address;
	size_t length = strlen(address), tail = strlen(certificate->certificate);

	if (strncmp(address, "https://", 8) != 0 && strncmp(address, "http://", 7) != 0)
		return document_contradiction(
			err, "check.address", "核对地址应以 http(s):// 开头", "must begin with http(s)://");
	if (strpbrk(address, " #\"<>\\^`{|}"))
		return document_contradiction(err, "check.address", "核对地址含不能用的字符",
			"holds a character that an address may not");
	if (length < tail || !is(address + length - tail, certificate->certificate))
		return document_contradiction(err, "check.address", "核对地址应以证书编号结尾",
			"must end in the certificate's number");
	return ASSAY_OK;
}

int certificate_read(
	struct document *document, json_t *root, struct certificate *out, struct assay_error *err)
{
	int status = document_read(document, root, &certificate_shape, out, err);

	for (size_t i = 0; i < out->tests.count && status == ASSAY_OK; i++)
		status = check_test(out, (const struct certificate_test *)out->tests.items + i, err);
	if (status == ASSAY_OK)
		status = check_batch(out, err);
	if (status == ASSAY_OK)
		status = check_signatures(out, err);
	if (status == ASSAY_OK)
		status = check_address(out, err);
	if (status == ASSAY_OK && out->replaces && is(out->replaces->certificate, out->certificate))
		status = document_contradiction(
			err, "replaces", "证书不能替代自己", "a certificate cannot replace itself");
	if (status == ASSAY_OK && out->replaces && !*out->replaces->reason)
		status = document_contradiction(
			err, "replaces", "没有写替代的原因", "gives no reason for replacing");
	return status;
}
