/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/uncertainty.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool inside(const struct assay_uncertainty_inputs *inputs, double value)
{
	return value >= inputs->from && value < inputs->to;
}

static void newer(int32_t *newest, int32_t day)
{
	if (day > *newest)
		*newest = day;
}

static double mean_of(const struct assay_control_series *series)
{
	double sum = 0.0;

	for (uint32_t i = 0; i < series->count; i++)
		sum += series->value[i].value;
	return series->count ? sum / series->count : 0.0;
}

/* Pooled over materials: the squares about each mean, over the degrees of freedom. */
static bool use_controls(
	const struct assay_uncertainty_inputs *inputs, struct assay_uncertainty *out, int32_t *newest)
{
	double squares = 0.0, freedom = 0.0;
	bool whole = true;

	for (uint32_t c = 0; c < inputs->control_count; c++) {
		const struct assay_control_series *series = &inputs->controls[c];
		double mean = mean_of(series), scale = inputs->relative ? 100.0 / fabs(mean) : 1.0;

		if (series->count < 2 || !inside(inputs, mean))
			continue;
		for (uint32_t i = 0; i < series->count; i++) {
			double off = (series->value[i].value - mean) * scale;

			squares += off * off;
			newer(newest, series->value[i].day);
		}
		freedom += series->count - 1.0;
		out->control_values += series->count;
		whole = whole && series->whole_process;
	}
	if (freedom > 0.0)
		out->s_control = sqrt(squares / freedom);
	return whole;
}

static void use_pairs(
	const struct assay_uncertainty_inputs *inputs, struct assay_uncertainty *out, int32_t *newest)
{
	double squares = 0.0;

	for (uint32_t i = 0; i < inputs->pair_count; i++) {
		const struct assay_duplicate *pair = &inputs->pairs[i];
		double mean = 0.5 * (pair->first + pair->second), difference = pair->first - pair->second;

		if (!inside(inputs, mean))
			continue;
		if (inputs->relative)
			difference *= 100.0 / fabs(mean);
		squares += difference * difference;
		out->pairs++;
		newer(newest, pair->day);
	}
	if (out->pairs > 0)
		out->s_duplicate = sqrt(squares / (2.0 * out->pairs));
}

/* Root mean square of the biases, and of the references' uncertainties. */
static void finish_bias(struct assay_uncertainty *out, enum assay_uncertainty_bias source, uint32_t count,
	double bias_squares, double u_squares)
{
	out->bias_source = source;
	out->bias_values = count;
	out->rms_bias = sqrt(bias_squares / count);
	out->u_reference = sqrt(u_squares / count);
	out->u_bias = hypot(out->rms_bias, out->u_reference);
}

static void use_materials(
	const struct assay_uncertainty_inputs *inputs, struct assay_uncertainty *out, int32_t *newest)
{
	double biases = 0.0, references = 0.0, scatter = 0.0;
	uint32_t used = 0;

	for (uint32_t i = 0; i < inputs->material_count; i++) {
		const struct assay_reference_material *material = &inputs->materials[i];
		double scale = inputs->relative ? 100.0 / fabs(material->certified) : 1.0;
		double bias = (material->mean - material->certified) * scale,
		       u = material->u_certified * scale;

		if (!inside(inputs, material->certified) || material->count == 0)
			continue;
		biases += bias * bias;
		references += u * u;
		scatter += material->sd * scale * material->sd * scale / material->count;
		used++;
		newer(newest, material->day);
	}
	/* With one material alone the scatter of its mean counts too; with several, the biases show it. */
	if (used > 0)
		finish_bias(
			out, ASSAY_BIAS_MATERIALS, used, biases, references + (used == 1 ? scatter : 0.0));
}

static void use_rounds(
	const struct assay_uncertainty_inputs *inputs, struct assay_uncertainty *out, int32_t *newest)
{
	double biases = 0.0, references = 0.0;
	uint32_t used = 0;

	for (uint32_t i = 0; i < inputs->round_count; i++) {
		const struct assay_proficiency_bias *round = &inputs->rounds[i];
		double scale = inputs->relative ? 100.0 / fabs(round->assigned) : 1.0, bias, u;

		if (!inside(inputs, round->assigned) || round->laboratories == 0)
			continue;
		bias = (round->value - round->assigned) * scale;
		u = round->sd_between * scale * (round->robust ? 1.25 : 1.0) / sqrt(round->laboratories);
		biases += bias * bias;
		references += u;
		used++;
		newer(newest, round->day);
	}
	/* TR 537 takes the mean of the rounds' uncertainties. */
	if (used >= ASSAY_UNCERTAINTY_ROUNDS_MIN)
		finish_bias(out, ASSAY_BIAS_ROUNDS, used, biases, references * references / used);
}

static void use_recoveries(
	const struct assay_uncertainty_inputs *inputs, struct assay_uncertainty *out, int32_t *newest)
{
	double biases = 0.0, references = 0.0;

	for (uint32_t i = 0; i < inputs->recovery_count; i++) {
		double bias = inputs->recoveries[i].percent - 100.0,
		       u = inputs->recoveries[i].u_added_percent;

		biases += bias * bias;
		references += u * u;
		newer(newest, inputs->recoveries[i].day);
	}
	if (inputs->relative && inputs->recovery_count >= ASSAY_UNCERTAINTY_ROUNDS_MIN)
		finish_bias(out, ASSAY_BIAS_RECOVERIES, inputs->recovery_count, biases, references);
}

static int32_t use_bias(const struct assay_uncertainty_inputs *inputs, struct assay_uncertainty *out)
{
	int32_t newest = INT32_MIN;

	use_materials(inputs, out, &newest);
	if (out->bias_source == ASSAY_BIAS_NONE) {
		newest = INT32_MIN;
		use_rounds(inputs, out, &newest);
	}
	if (out->bias_source == ASSAY_BIAS_NONE) {
		newest = INT32_MIN;
		use_recoveries(inputs, out, &newest);
	}
	return newest;
}

struct assay_uncertainty assay_uncertainty_of(const struct assay_uncertainty_inputs *inputs)
{
	struct assay_uncertainty out = {.from = inputs->from, .to = inputs->to, .relative = inputs->relative};
	int32_t control_day = INT32_MIN, pair_day = INT32_MIN, bias_day;
	bool whole = use_controls(inputs, &out, &control_day);

	use_pairs(inputs, &out, &pair_day);
	bias_day = use_bias(inputs, &out);
	out.duplicates_added = !whole;
	out.u_rw = whole ? out.s_control : hypot(out.s_control, out.s_duplicate);
	out.u_combined = hypot(out.u_rw, out.u_bias);
	out.expanded = 2.0 * out.u_combined;
	if (out.control_values < ASSAY_UNCERTAINTY_CONTROLS_MIN)
		out.reason = "controls-short";
	else if (!whole && out.pairs < ASSAY_UNCERTAINTY_PAIRS_MIN)
		out.reason = "duplicates-short";
	else if (out.bias_source == ASSAY_BIAS_NONE)
		out.reason = "bias-missing";
	else if (!isfinite(out.expanded) || !(out.expanded > 0.0))
		out.reason = "bad-value";
	else
		out.reason = "";
	out.known = out.reason[0] == '\0';
	if (!out.known)
		return out;
	out.newest_day = control_day < bias_day ? control_day : bias_day;
	if (out.duplicates_added && pair_day < out.newest_day)
		out.newest_day = pair_day;
	out.stale_after_day = out.newest_day + (int32_t)inputs->valid_days;
	return out;
}

bool assay_uncertainty_stale(const struct assay_uncertainty *uncertainty, int32_t today)
{
	return !uncertainty->known || today > uncertainty->stale_after_day;
}

int assay_uncertainty_decimal(const struct assay_uncertainty *uncertainty, struct assay_decimal *out)
{
	char text[ASSAY_DECIMAL_TEXT_MAX];
	double size = uncertainty->expanded, unit;
	int places;

	if (!uncertainty->known)
		return ASSAY_ENOTFOUND;
	places = 1 - (int)floor(log10(size));
	if (places > 20 || places < -15)
		return ASSAY_EOVERFLOW;
	unit = pow(10.0, places);
	size = ceil(size * unit * (1.0 - 1e-12)) / unit; /* up, but 0.30 stays 0.30 */
	(void)snprintf(text, sizeof text, "%.*f", places > 0 ? places : 0, size);
	return assay_decimal_parse(text, strlen(text), out);
}
