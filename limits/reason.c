/* SPDX-License-Identifier: Apache-2.0
 * The reasons a verdict can give: stable codes, Chinese and English. */
#include "limits/limits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct assay_reason_text reasons[] = {
	{"above-range", "结果高于测定范围，只知道大于某值", "the result is only known to be above a value"},
	{"alcohol-needed", "换算需要酒精度", "the alcohol content is needed for the conversion"},
	{"analyte-ambiguous", "名称或CAS号对应多个项目",
		"the name or CAS number stands for more than one analyte here"},
	{"analyte-unknown", "没有这个项目，或该添加剂不在文件里",
		"the analyte or additive is not known to the specs"},
	{"as-needed-review", "可按生产需要适量使用，需人工判断",
		"may be used as needed; a person must decide"},
	{"aux-invalid", "换算用的数值无效", "a value needed for conversion is not valid"},
	{"aux-unknown", "不认识的辅助数据", "an auxiliary value has an unknown name"},
	{"background-review", "检出可能为天然本底，需人工判断",
		"the find may be natural background; a person must decide"},
	{"bad-value", "结果不符合书写格式", "the result does not follow the grammar of results"},
	{"batch-too-large", "一批的检验项目过多", "a batch has too many tests"},
	{"below-lod", "低于检出限", "below the limit of detection"},
	{"below-not-nd", "“小于某值”不等于未检出", "below a value is not the same as not detected"},
	{"calibration-overdue", "仪器校准过期", "the instrument's calibration is overdue"},
	{"carry-over-review", "检出可能由配料带入，需人工判断",
		"the find may be carried over by an ingredient; a person must decide"},
	{"category-reserved", "保留的类别号，不对应食品",
		"the category number is reserved and names no food"},
	{"category-restricted", "该类别只有专门规定，请给出一般类别",
		"the code names a food inside its category; ask for the category"},
	{"category-unknown", "食品类别不在该标准的分类里", "the category is not in the standard's tree"},
	{"check-out-of-range", "称样量等不在方法规定的范围内",
		"a quantity such as the sample mass is outside the method's range"},
	{"compare-fixed", "该限量规定用修约值比较，不能改用",
		"the spec fixes the rounded-value method; it cannot be switched"},
	{"component-missing", "缺少组分的结果", "the result of a part is missing"},
	{"component-not-in-group", "组分不属于同一功能或同一色泽", "a component is not of the same group"},
	{"component-twice", "同一组分给了两次", "a component is given twice"},
	{"component-unknown", "不认识的组分", "a component has an unknown name"},
	{"components-not-for-kind", "这种限量不按组分判定", "this limit is not judged from components"},
	{"condition-not-met", "限量的适用条件不成立", "a condition of the limit does not hold"},
	{"condition-out-of-range", "试验条件超出方法规定的范围",
		"a condition was outside the method's range"},
	{"condition-unknown", "不认识的条件名", "there is no condition of that name"},
	{"conditional-fail", "有条件不合格：超过限量但在保护带内",
		"conditional fail: above the limit but within the guard band"},
	{"conditional-pass", "有条件合格：未超过限量但在保护带内",
		"conditional pass: within the limit but inside the guard band"},
	{"control-1-3s", "质控失控：一点超出 3s（1-3s），结果暂扣",
		"a control broke rule 1-3s (one beyond 3 s): the result is held"},
	{"control-10x", "质控失控：连续十点在均值同侧（10x），结果暂扣",
		"a control broke rule 10x (ten in a row on one side of the mean): the result is held"},
	{"control-2-2s", "质控失控：两点同侧超出 2s（2-2s），结果暂扣",
		"a control broke rule 2-2s (two beyond the same 2 s): the result is held"},
	{"control-4-1s", "质控失控：连续四点同侧超出 1s（4-1s），结果暂扣",
		"a control broke rule 4-1s (four in a row beyond the same 1 s): the result is held"},
	{"control-7t", "质控失控：连续七点单向变化（7T），结果暂扣",
		"a control broke rule 7T (seven in a row in one direction): the result is held"},
	{"control-check", "仪器期间核查不合格，结果暂扣",
		"the instrument failed its intermediate check: the result is held"},
	{"control-missing", "缺少规定的质控样或其未受控，不能判定",
		"the control that the method needs is missing or did not stand"},
	{"control-r-4s", "质控失控：一点高于 2s、一点低于 2s（R-4s），结果暂扣",
		"controls broke rule R-4s (one above 2 s, one below): the result is held"},
	{"control-range", "质控失控：平行样极差超过行动限，结果暂扣",
		"the range of duplicates is beyond its action limit: the result is held"},
	{"control-unusable", "质控样没有可用的结果，结果暂扣",
		"a control gave no usable result: the result is held"},
	{"count-rounded-to-bound", "修约后的菌落数恰为 m 或 M，按修约前的数值判定",
		"rounding brought a count exactly to m or M; it was judged as it was before rounding"},
	{"date-invalid", "日期无效", "a date is not valid"},
	{"decision-not-for-kind", "这种限量不能用所选的判定规则",
		"the decision rule cannot be used with this kind of limit"},
	{"decision-unknown", "没有这种判定规则", "there is no such decision rule"},
	{"declared-invalid", "明示指标写法无效", "a declared limit is not valid"},
	{"declared-limit", "不符合明示指标", "does not conform to a declared limit"},
	{"declared-value-needed", "需要标签标示值", "the value declared on the label is needed"},
	{"density-needed", "换算需要密度", "a density is needed for the conversion"},
	{"digits-too-few", "报出位数少于限量的位数", "fewer digits are reported than the limit has"},
	{"dilution-needed", "需要稀释(冲调)倍数", "the dilution factor is needed"},
	{"drying-factor-needed", "超过鲜品限量，需要浓缩倍数",
		"above the fresh food's limit; the concentration factor is needed"},
	{"duplicate-failed", "平行样之差超过方法允许",
		"the duplicates differ by more than the method allows"},
	{"evidence-missing", "缺少试验条件的记录", "the record of a condition is missing or has gaps"},
	{"fat-needed", "换算需要脂肪含量", "the fat content is needed for the conversion"},
	{"fresh-category-needed", "干制品需要给出鲜品的类别",
		"for a dried product the category of the fresh food is needed"},
	{"guard-band", "在限量之内，但超过保护带后的接受限",
		"within the limit, but beyond the acceptance limit of the guard band"},
	{"incomplete", "格子没有填齐", "not every slot is filled"},
	{"interval-straddles", "结果的可能范围跨过限量",
		"the possible range of the result lies on both sides of the limit"},
	{"kind-unsupported", "此版本还不能按这种限量形式判定",
		"this version cannot judge this form of limit yet"},
	{"limit-unverified", "限量的来源可信度为中，需人工核对",
		"the limit rests on one unconfirmed source; a person must check it"},
	{"lod-above-limit", "检出限高于限量，不能判定", "the limit of detection is above the limit"},
	{"lod-not-stated", "未写明检出限", "no limit of detection is stated"},
	{"moisture-needed", "换算需要水分", "the moisture is needed for the conversion"},
	{"near-limit", "结果与限量之差在方法的精密度之内，需复核",
		"the result is within the method's precision of the limit and needs a second look"},
	{"negative-value", "结果为负数", "the result is negative"},
	{"no-limit", "该标准对此项没有限量", "the standard sets no limit for this"},
	{"no-result", "没有结果", "there is no result"},
	{"not-constant", "未达到恒重", "constant weight was not reached"},
	{"not-in-force", "在生产日期没有生效的版本，或指定的版本不生效",
		"no edition here was in force on the production date, or not the one named"},
	{"not-tested", "项目尚未检验", "a test has no result yet"},
	{"nothing-judged", "没有一项得到合格判定", "no test has earned a pass"},
	{"overflow", "数值超出可精确保存的范围", "a number is too large to be kept exactly"},
	{"pair-failed", "平行样一个未检出一个检出", "one of the duplicates is detected, the other is not"},
	{"question-incomplete", "缺少标准、类别或项目", "standard, category or analyte is missing"},
	{"ratio-undefined", "分母为零，比值无意义", "the ratio has no meaning: its lower term is zero"},
	{"reading-taken-back", "有已填的读数被撤回过", "a reading that filled a slot was taken back"},
	{"result-kind", "结果的形式与限量不符", "the form of the result does not fit the limit"},
	{"retest-final", "微生物项目不得复检", "a microbiological verdict is final"},
	{"rows-left-out", "标准有此类规定，但文件里没有收入",
		"the standard has rows for this that the file does not"},
	{"several-results", "结果多于一个，不取平均", "more than one result; they are not averaged"},
	{"speciation-required", "总量超过限量，需测定形态",
		"the total is above the limit; the species must be measured"},
	{"standard-unknown", "没有这个标准", "there is no such standard"},
	{"sum-scope", "只计入给出的组分，同类其他允许使用的未给出",
		"only the components given are counted; others of the group are permitted here"},
	{"too-few-results", "样品数少于采样方案", "fewer results than the sampling plan asks for"},
	{"too-many-results", "样品数多于采样方案", "more results than the sampling plan asks for"},
	{"typed-value", "含手工录入的数值，需复核", "a value was typed by hand and needs a second look"},
	{"uncertainty-invalid", "不确定度写法无效", "the uncertainty is not valid"},
	{"uncertainty-needed", "判定规则需要扩展不确定度",
		"the decision rule needs the expanded uncertainty"},
	{"unit-mismatch", "单位不能换算成限量的单位", "the unit cannot be converted to the limit's"},
	{"unit-unknown", "不认识的单位", "the unit is not known"},
	{"within-uncertainty", "超过限量，但在不确定度之内", "above the limit, but within the uncertainty"},
	{"zero-not-nd", "零不等于未检出", "zero is not the same as not detected"},
	{NULL, "未知原因", "unknown reason"},
};

const struct assay_reason_text *assay_reasons(void)
{
	return reasons;
}

const struct assay_reason_text *assay_reason_find(const char *code)
{
	size_t low = 0, high = sizeof reasons / sizeof *reasons - 1, last = high;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(reasons[middle].code, code);

		if (order == 0)
			return &reasons[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return &reasons[last];
}

bool assay_reason_has(const struct assay_reason_list *list, const char *code)
{
	for (unsigned i = 0; i < list->count; i++)
		if (strcmp(list->code[i], code) == 0)
			return true;
	return false;
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

/* %s, %u and %zu: all a step needs, at a fifth of the cost of vsnprintf. A text that does not fit is cut. */
static void put(char *out, size_t size, const char *format, va_list args)
{
	size_t at = 0;

	for (; *format && at + 1 < size; format++) {
		char digits[24];
		const char *text = digits;
		size_t length = 1;

		if (*format != '%') {
			out[at++] = *format;
			continue;
		}
		format++;
		if (*format == 's') {
			text = va_arg(args, const char *);
			length = strlen(text);
		} else if (*format == 'u' || *format == 'z') {
			uint64_t number = *format == 'u' ? va_arg(args, unsigned) : va_arg(args, size_t);

			if (*format == 'z')
				format++;
			length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);
		} else {
			digits[0] = *format;
		}
		if (length > size - 1 - at)
			length = size - 1 - at;
		memcpy(out + at, text, length);
		at += length;
	}
	while (at > 0 && *format && ((unsigned char)out[at - 1] & 0xc0) == 0x80)
		at--; /* cut between characters */
	out[at] = '\0';
}

static struct assay_step *next_step(struct assay_step_list *list)
{
	struct assay_step *step =
		&list->step[list->count < ASSAY_STEPS_MAX ? list->count : ASSAY_STEPS_MAX - 1];

	if (list->count < ASSAY_STEPS_MAX) {
		list->count++;
		step->zh[0] = step->en[0] = '\0';
		return step;
	}
	(void)snprintf(step->zh, sizeof step->zh, "（步骤过多，未全部列出）");
	(void)snprintf(step->en, sizeof step->en, "(too many steps, not all are listed)");
	return NULL;
}

void assay_step_add(struct assay_step_list *list, const char *zh, const char *en, ...)
{
	struct assay_step *step = next_step(list);
	va_list args;

	if (!step)
		return;
	va_start(args, en);
	put(step->zh, sizeof step->zh, zh, args);
	va_end(args);
	va_start(args, en);
	put(step->en, sizeof step->en, en, args);
	va_end(args);
}

void assay_step_zh(struct assay_step_list *list, const char *format, ...)
{
	struct assay_step *step = next_step(list);
	va_list args;

	if (!step)
		return;
	va_start(args, format);
	put(step->zh, sizeof step->zh, format, args);
	va_end(args);
}

void assay_step_en(struct assay_step_list *list, const char *format, ...)
{
	struct assay_step *step = list->count ? &list->step[list->count - 1] : NULL;
	va_list args;

	if (!step || step->en[0])
		return;
	va_start(args, format);
	put(step->en, sizeof step->en, format, args);
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
