/* SPDX-License-Identifier: Apache-2.0
 * The reasons a verdict can give: stable codes, Chinese and English. */
#include "limits/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct assay_reason_text reasons[] = {
	{"bad-value", "结果不是一个数", "the result is not a number"},
	{"calibration-overdue", "仪器校准过期", "the instrument's calibration is overdue"},
	{"category-unknown", "食品类别不在该标准的分类里", "the category is not in the standard's tree"},
	{"check-out-of-range", "称样量等不在方法规定的范围内",
		"a quantity such as the sample mass is outside the method's range"},
	{"condition-out-of-range", "试验条件超出方法规定的范围",
		"a condition was outside the method's range"},
	{"date-invalid", "生产日期无效", "the production date is not valid"},
	{"duplicate-failed", "平行样之差超过方法允许",
		"the duplicates differ by more than the method allows"},
	{"evidence-missing", "缺少试验条件的记录", "the record of a condition is missing or has gaps"},
	{"incomplete", "格子没有填齐", "not every slot is filled"},
	{"kind-unsupported", "此版本还不能按这种限量形式判定",
		"this version cannot judge this form of limit yet"},
	{"limit-unverified", "限量的来源可信度为中，需人工核对",
		"the limit rests on one unconfirmed source; a person must check it"},
	{"no-limit", "该标准对此项没有限量", "the standard sets no limit for this"},
	{"not-constant", "未达到恒重", "constant weight was not reached"},
	{"not-in-force", "指定的版本在生产日期不生效",
		"the edition named was not in force on the production date"},
	{"overflow", "数值超出可精确保存的范围", "a number is too large to be kept exactly"},
	{"standard-unknown", "没有这个标准", "there is no such standard"},
	{"typed-value", "含手工录入的数值，需复核", "a value was typed by hand and needs a second look"},
	{"unit-mismatch", "单位不能换算成限量的单位", "the unit cannot be converted to the limit's"},
	{NULL, "未知原因", "unknown reason"},
};

const struct assay_reason_text *assay_reasons(void)
{
	return reasons;
}

const struct assay_reason_text *assay_reason_find(const char *code)
{
	const struct assay_reason_text *row = reasons;

	while (row->code && strcmp(row->code, code) != 0)
		row++;
	return row;
}

void assay_reason_add(struct assay_reason_list *list, const char *code)
{
	const struct assay_reason_text *row = assay_reason_find(code);

	for (unsigned i = 0; i < list->count; i++)
		if (strcmp(list->code[i], code) == 0)
			return;
	if (list->count < ASSAY_REASONS_MAX)
		list->code[list->count++] = row->code ? row->code : "incomplete";
}

void assay_step_add(struct assay_step_list *list, const char *zh, const char *en, ...)
{
	struct assay_step *step;
	va_list args;

	if (list->count == ASSAY_STEPS_MAX) {
		step = &list->step[ASSAY_STEPS_MAX - 1];
		(void)snprintf(step->zh, sizeof step->zh, "（步骤过多，未全部列出）");
		(void)snprintf(step->en, sizeof step->en, "(too many steps, not all are listed)");
		return;
	}
	step = &list->step[list->count++];
	va_start(args, en);
	(void)vsnprintf(step->zh, sizeof step->zh, zh, args);
	va_end(args);
	va_start(args, en);
	(void)vsnprintf(step->en, sizeof step->en, en, args);
	va_end(args);
}

const char *assay_verdict_name(enum assay_verdict_kind kind)
{
	switch (kind) {
	case ASSAY_VERDICT_PASS:
		return "pass";
	case ASSAY_VERDICT_FAIL:
		return "fail";
	case ASSAY_VERDICT_NOT_APPLICABLE:
		return "not_applicable";
	default:
		return "undetermined";
	}
}

const char *assay_verdict_zh(enum assay_verdict_kind kind)
{
	switch (kind) {
	case ASSAY_VERDICT_PASS:
		return "合格";
	case ASSAY_VERDICT_FAIL:
		return "不合格";
	case ASSAY_VERDICT_NOT_APPLICABLE:
		return "不适用";
	default:
		return "不能判定";
	}
}
