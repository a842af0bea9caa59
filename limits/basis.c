/* SPDX-License-Identifier: Apache-2.0
 * From a result text to a number in the unit and on the basis of the limit. standards.md sections 6.3, 7.2 to 7.6. */
#include "limits/judging.h"

#include "limits/unit.h"

#include <string.h>

static const struct assay_fraction one = {1, 1}, hundred = {100, 1};

const char *assay_aux(const struct assay_question *question, const char *name)
{
	for (size_t i = 0; i < question->aux_count; i++)
		if (strcmp(question->aux[i].name, name) == 0)
			return question->aux[i].text;
	return NULL;
}

const char *assay_aux_number(const char *text, int unit, struct assay_fraction *out)
{
	struct assay_reported reported;
	int given, exponent = 0;

	if (assay_result_text_parse(text, strlen(text), &reported) != ASSAY_OK ||
		reported.kind != ASSAY_REPORTED_NUMBER || reported.exponent ||
		reported.value.mark != ASSAY_MARK_EXACT || reported.value.coefficient < 0)
		return "aux-invalid";
	if (*reported.unit) {
		given = assay_unit_find(reported.unit);
		if (given < 0 || unit < 0 || !assay_unit_exponent(given, unit, &exponent))
			return "aux-invalid";
	}
	*out = assay_fraction_of(&reported.value);
	return assay_fraction_shift(out, exponent) == ASSAY_OK ? NULL : "overflow";
}

/* 100 / (100 - x) for dry matter, 100 / x for fat and alcohol. */
static const char *percent_factor(const char *text, int unit, bool rest, struct assay_fraction *out)
{
	struct assay_fraction share;
	const char *reason = assay_aux_number(text, unit, &share);

	if (reason)
		return reason;
	if (rest && assay_fraction_apply('-', &hundred, &share, &share) != ASSAY_OK)
		return "overflow";
	if (share.n <= 0 || assay_fraction_compare(&share, &hundred) > 0)
		return "aux-invalid";
	return assay_fraction_apply('/', &hundred, &share, out) == ASSAY_OK ? NULL : "overflow";
}

/* Dry matter, fat, pure alcohol: what the value is multiplied by. */
static const char *basis_factor(
	const struct assay_case *c, const struct assay_row *row, struct assay_fraction *out)
{
	static const struct {
		const char *convert, *done, *aux, *unit, *missing, *zh, *en;
		bool rest;
	} bases[] = {{"dry", "dry-basis", "moisture", "g/100g", "moisture-needed", "折算为干重",
			     "to dry matter", true},
		{"fat", "fat-basis", "fat", "g/100g", "fat-needed", "折算为油脂中的含量", "to the fat",
			false},
		{"alcohol", "alcohol-basis", "abv", "%vol", "alcohol-needed", "折算为100%酒精度",
			"to 100 %vol", false}};

	*out = one;
	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
		const char *text, *reason;

		if (strcmp(row->limit->convert, bases[i].convert) != 0 ||
			assay_condition_holds(c, bases[i].done))
			continue;
		text = assay_aux(c->question, bases[i].aux);
		if (!text)
			return bases[i].missing;
		reason = percent_factor(text, assay_unit_find(bases[i].unit), bases[i].rest, out);
		if (!reason) {
			ASSAY_NOTE_ZH(c, "%s（%s %s）", bases[i].zh, bases[i].aux, text);
			ASSAY_NOTE_EN(c, "converted %s (%s %s)", bases[i].en, bases[i].aux, text);
		}
		return reason;
	}
	return NULL;
}

/* mg/L and mg/kg through a density in g/mL, which is kg/L. */
static const char *through_density(const struct assay_case *c, int from, int to, struct assay_fraction *out)
{
	const char *text = assay_aux(c->question, "density"), *reason;
	int exponent, per_volume = assay_unit_find("mg/L"), per_mass = assay_unit_find("mg/kg");
	struct assay_fraction density;
	bool down = assay_unit_is_mass_volume(from) && assay_unit_is_mass_fraction(to);

	if (!down && !(assay_unit_is_mass_fraction(from) && assay_unit_is_mass_volume(to)))
		return "unit-mismatch";
	if (!text)
		return "density-needed";
	reason = assay_aux_number(text, assay_unit_find("g/mL"), &density);
	if (reason)
		return reason;
	if (density.n <= 0)
		return "aux-invalid";
	*out = one;
	if (!assay_unit_exponent(from, down ? per_volume : per_mass, &exponent) ||
		assay_fraction_shift(out, exponent) != ASSAY_OK ||
		assay_fraction_apply(down ? '/' : '*', out, &density, out) != ASSAY_OK ||
		!assay_unit_exponent(down ? per_mass : per_volume, to, &exponent) ||
		assay_fraction_shift(out, exponent) != ASSAY_OK)
		return "overflow";
	ASSAY_NOTE(c, "按密度 %s 换算为 %s", "converted by the density %s to %s", text, assay_unit_name(to));
	return NULL;
}

/* Units that are equal for one analyte only: peroxide value in g/100g, meq/kg, mmol/kg. */
static bool equivalent(const struct assay_analyte *analyte, int from, int to, struct assay_fraction *out)
{
	int of = analyte->equivalent_count ? analyte->equivalent[0].of : -1, exponent;
	bool reached = false, left = false;

	*out = one;
	for (unsigned i = 0; i < analyte->equivalent_count && !reached; i++)
		reached = analyte->equivalent[i].unit == from && analyte->equivalent[i].of == of &&
			  assay_fraction_apply('/', out, &analyte->equivalent[i].factor, out) == ASSAY_OK;
	if (!reached && (of < 0 || !assay_unit_exponent(from, of, &exponent) ||
				assay_fraction_shift(out, exponent) != ASSAY_OK))
		return false;
	for (unsigned i = 0; i < analyte->equivalent_count && !left; i++)
		left = analyte->equivalent[i].unit == to && analyte->equivalent[i].of == of &&
		       assay_fraction_apply('*', out, &analyte->equivalent[i].factor, out) == ASSAY_OK;
	return left ||
	       (assay_unit_exponent(of, to, &exponent) && assay_fraction_shift(out, exponent) == ASSAY_OK);
}

/* Half a unit of the last digit either way, never below zero. */
static void widen(struct assay_interval *value)
{
	struct assay_fraction at = value->lo;

	value->lo.n = at.n * 2 - 1;
	value->hi.n = at.n * 2 + 1;
	value->lo.d = value->hi.d = at.d * 2;
	if (value->lo.n < 0) {
		value->lo.n = 0;
		value->lo.d = 1;
	}
}

static const char *read_text(const struct assay_case *c, const struct assay_row *row, const char *text,
	int place, struct assay_measured *out)
{
	const char *unit_text = out->reported.unit;
	int exponent = 0;
	int status = assay_result_text_parse(text, strlen(text), &out->reported);

	if (status != ASSAY_OK)
		return status == ASSAY_EOVERFLOW ? "overflow" : "bad-value";
	if (out->reported.kind == ASSAY_REPORTED_NOT_DETECTED)
		unit_text = out->reported.has_lod ? out->reported.lod_unit : out->reported.loq_unit;
	if (!*unit_text && c->question->unit)
		unit_text = c->question->unit;
	out->unit = *unit_text ? assay_unit_find(unit_text) : row->unit;
	if (*unit_text && out->unit < 0)
		return "unit-unknown";
	if (out->reported.exponent && !assay_unit_is_count(out->unit))
		return "bad-value";
	out->has_interval = assay_reported_interval(&out->reported, &out->interval) == ASSAY_OK;
	if (!out->has_interval)
		return out->reported.kind <= ASSAY_REPORTED_ABOVE ? "bad-value" : NULL;
	if (out->reported.kind == ASSAY_REPORTED_NUMBER && out->reported.value.mark == ASSAY_MARK_EXACT &&
		place != ASSAY_NO_PLACE && !assay_unit_is_count(out->unit) && row->unit >= 0 &&
		assay_unit_exponent(out->unit, row->unit, &exponent) &&
		(int)out->reported.value.scale - exponent < place && out->reported.value.coefficient >= 0) {
		out->short_digits = true;
		widen(&out->interval);
	}
	return NULL;
}

/* Shift by a power of ten: no lowest terms needed, so no division. */
static int shift(struct assay_measured *out, int exponent)
{
	int status = assay_fraction_shift(&out->interval.lo, exponent);

	if (status == ASSAY_OK)
		status = assay_fraction_shift(&out->interval.hi, exponent);
	if (status == ASSAY_OK)
		status = assay_fraction_shift(&out->scale, exponent);
	return status;
}

static int multiply(struct assay_measured *out, const struct assay_fraction *factor)
{
	int status = assay_interval_scale(&out->interval, factor);

	if (status == ASSAY_OK && factor->n != factor->d)
		status = assay_fraction_apply('*', &out->scale, factor, &out->scale);
	return status;
}

static const char *to_unit(
	const struct assay_case *c, const struct assay_row *row, struct assay_measured *out)
{
	struct assay_fraction ratio = one;
	const char *reason;
	int exponent;

	if (out->unit == row->unit)
		return NULL;
	if (out->unit >= 0 && row->unit >= 0 && assay_unit_exponent(out->unit, row->unit, &exponent))
		return shift(out, exponent) == ASSAY_OK ? NULL : "overflow";
	if (!equivalent(&c->specs->analytes[row->analyte], out->unit, row->unit, &ratio)) {
		reason = through_density(c, out->unit, row->unit, &ratio);
		if (reason)
			return reason;
	}
	return multiply(out, &ratio) == ASSAY_OK ? NULL : "overflow";
}

const char *assay_measure(const struct assay_case *c, const struct assay_row *row, const char *text,
	const struct assay_fraction *factor, int place, struct assay_measured *out)
{
	struct assay_fraction basis;
	const char *reason = NULL;

	memset(out, 0, sizeof *out);
	out->scale = one;
	if (text) {
		reason = read_text(c, row, text, place, out);
	} else {
		const char *unit =
			c->question->unit && *c->question->unit ? c->question->unit : row->limit->unit;

		out->is_exact = out->has_interval = true;
		out->reported.kind = ASSAY_REPORTED_NUMBER;
		out->interval.lo = out->interval.hi = c->question->exact;
		out->unit = assay_unit_find(unit);
		if (*unit && out->unit < 0)
			reason = "unit-unknown";
	}
	if (reason || !out->has_interval)
		return reason;
	reason = to_unit(c, row, out);
	if (reason)
		return reason;
	if (factor->n != factor->d) {
		if (multiply(out, factor) != ASSAY_OK)
			return "overflow";
		ASSAY_NOTE_ZH(c, "折算为“%s”", row->limit->analyte_zh);
		ASSAY_NOTE_EN(c, "converted to \"%s\"", row->limit->analyte);
	}
	reason = basis_factor(c, row, &basis);
	if (!reason && multiply(out, &basis) != ASSAY_OK)
		reason = "overflow";
	if (!reason && out->interval.lo.n < 0 && !(row->limit->has_lower && row->lower.n < 0))
		reason = "negative-value";
	return reason;
}

/* ---- the limit's side ------------------------------------------------------------------------------------ */

static const char *dilution_factor(
	const struct assay_case *c, const struct assay_row *row, struct assay_fraction *out)
{
	const char *text, *reason;
	bool needed = (c->conditions & row->dilution_when) != 0 ||
		      assay_specs_within(c->specs, c->category, &row->dilution);

	if (!row->dilution.count && !row->dilution_when)
		return NULL;
	text = assay_aux(c->question, "dilution");
	if (!text)
		return needed ? "dilution-needed" : NULL;
	reason = assay_aux_number(text, -1, out);
	if (!reason && assay_fraction_compare(out, &one) < 0)
		reason = "aux-invalid";
	if (!reason)
		ASSAY_NOTE(c, "限量乘以稀释(冲调)倍数 %s", "limit times the dilution %s", text);
	return reason;
}

/* (100 - moisture) / (100 - fresh moisture), or the factor itself. */
static const char *concentration(const struct assay_case *c, bool *has, struct assay_fraction *out)
{
	const char *direct = assay_aux(c->question, "drying_factor"),
		   *now = assay_aux(c->question, "moisture"),
		   *before = assay_aux(c->question, "fresh_moisture"), *reason;
	struct assay_fraction dry, fresh;
	int unit = assay_unit_find("g/100g");

	*has = true;
	if (direct) {
		reason = assay_aux_number(direct, -1, out);
		return reason ? reason : (assay_fraction_compare(out, &one) < 0 ? "aux-invalid" : NULL);
	}
	if (!now || !before) {
		*has = false;
		return NULL;
	}
	reason = percent_factor(now, unit, true, &dry);
	if (!reason)
		reason = percent_factor(before, unit, true, &fresh);
	if (!reason && assay_fraction_apply('/', &fresh, &dry, out) != ASSAY_OK)
		reason = "overflow";
	return !reason && assay_fraction_compare(out, &one) < 0 ? "aux-invalid" : reason;
}

/* The row of the fresh food for the same analyte, when its category is given. */
static const char *fresh_row(const struct assay_case *c, const struct assay_row **row, bool *none)
{
	const char *tree = c->specs->standards[c->standard].tree;
	struct assay_found found;
	uint32_t category;

	*none = false;
	if (!c->question->fresh_category)
		return "fresh-category-needed";
	category = assay_specs_category_id(c->specs, tree, c->question->fresh_category);
	if (category == ASSAY_NONE)
		return "category-unknown";
	assay_specs_find(c->specs, c->standard, category, (*row)->limit->analyte, &found);
	*none = found.count == 0;
	if (found.count)
		*row = &c->specs->rows[found.row[0]];
	return NULL;
}

/* GB 2762 clause 3.5: dried goods whose fresh food and products both have limits. */
static const char *drying_factor(
	const struct assay_case *c, const struct assay_row **row, struct assay_fraction *out, bool *open)
{
	bool none = false, has;
	const char *reason;

	for (size_t i = 0; i < c->specs->drying_count; i++) {
		const struct assay_drying *rule = &c->specs->dryings[i];

		if (rule->standard != c->standard || !assay_specs_below(c->specs, c->category, rule->family))
			continue;
		if (!assay_condition_holds(c, "dried") && !assay_aux(c->question, "drying_factor") &&
			!(rule->dried != ASSAY_NONE && assay_specs_below(c->specs, c->category, rule->dried)))
			continue;
		/* a limit for the dried food itself, or on dry matter, stands as it is */
		if ((rule->dried != ASSAY_NONE &&
			    assay_specs_below(c->specs, (*row)->category, rule->dried)) ||
			strcmp((*row)->limit->convert, "dry") == 0)
			return NULL;
		if (assay_specs_below(c->specs, (*row)->category, rule->products)) {
			reason = fresh_row(c, row, &none);
			if (reason || none)
				return reason; /* no limit for the fresh food: the products' limit stands */
		}
		reason = concentration(c, &has, out);
		*open = !reason && !has;
		if (!reason && has) {
			char text[ASSAY_DECIMAL_TEXT_MAX];

			assay_show(out, 4, text);
			ASSAY_NOTE(c, "%s 条：干制品按鲜品限量乘以浓缩倍数 %s",
				"clause %s: dried, the fresh food's limit times the concentration factor %s",
				rule->clause, text);
		}
		return reason;
	}
	return NULL;
}

const char *assay_limit_factor(const struct assay_case *c, const struct assay_row **row,
	struct assay_fraction *out, bool *dried_open)
{
	const char *reason;

	*out = one;
	*dried_open = false;
	if (c->conditions & (*row)->eighth_when) {
		out->d = 8;
		ASSAY_NOTE(c, "液态产品：限量为固态的 1/8", "liquid: an eighth of the limit for solids");
		return NULL;
	}
	if ((*row)->dilution.count || (*row)->dilution_when)
		return dilution_factor(c, *row, out);
	if (c->specs->drying_count == 0)
		return NULL;
	reason = drying_factor(c, row, out, dried_open);
	return reason;
}
