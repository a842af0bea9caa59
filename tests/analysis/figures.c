/* SPDX-License-Identifier: Apache-2.0
 * Reads one question a line, "NAME numbers ...", and prints the figures that gateway/analysis gives, for comparison with
 * an independent program (against_scipy.py). Built by against_scipy.sh. */
#include "gateway/analysis/agreement.h"
#include "gateway/analysis/calibration.h"
#include "gateway/analysis/proficiency.h"
#include "gateway/analysis/qc.h"
#include "gateway/analysis/shrinkage.h"
#include "gateway/analysis/trend.h"
#include "gateway/analysis/uncertainty.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS_MAX 4096

static double number[NUMBERS_MAX];
static struct assay_decimal
	printed[NUMBERS_MAX]; /* the same, exactly as written, where it is a plain decimal */
static uint32_t numbers;

static void read_numbers(char *text)
{
	char *save = NULL;

	numbers = 0;
	for (char *word = strtok_r(text, " \n", &save); word && numbers < NUMBERS_MAX;
		word = strtok_r(NULL, " \n", &save)) {
		printed[numbers] = (struct assay_decimal){0};
		if (assay_decimal_parse(word, strlen(word), &printed[numbers]) != ASSAY_OK)
			printed[numbers] = (struct assay_decimal){0};
		if (sscanf(word, "%lf", &number[numbers]) != 1)
			number[numbers] = 0.0;
		numbers++;
	}
}

static void show_rate(const struct assay_rate *rate)
{
	(void)printf("%.17g %.17g %.17g ", rate->figure, rate->low, rate->high);
}

static void show_fraction(const struct assay_fraction *value)
{
	char text[ASSAY_FRACTION_TEXT_MAX];

	(void)assay_fraction_format(value, text);
	(void)printf("%s ", text);
}

static void rate(void)
{
	struct assay_rate found = assay_rate_of((uint64_t)number[1], (uint64_t)number[2], number[3],
		number[0] > 0.0 ? ASSAY_INTERVAL_JEFFREYS : ASSAY_INTERVAL_CLOPPER_PEARSON);

	show_rate(&found);
}

static void excess(void)
{
	(void)printf("%.17g", assay_rate_excess((uint64_t)number[0], (uint64_t)number[1], (uint64_t)number[2],
				      (uint64_t)number[3]));
}

static void discovery(void)
{
	if (assay_discovery_adjust(number, number, numbers) == ASSAY_OK)
		for (uint32_t i = 0; i < numbers; i++)
			(void)printf("%.17g ", number[i]);
}

static void robust(void)
{
	struct assay_robust found;

	if (assay_robust_a(number, numbers, &found) == ASSAY_OK)
		(void)printf("%.17g %.17g", found.mean, found.sd);
}

static void trend(void)
{
	struct assay_trend found;

	if (assay_trend_of(number, numbers, &found) == ASSAY_OK)
		(void)printf("%lld %.17g %.17g %.17g %.17g %.17g %.17g", (long long)found.s, found.variance,
			found.p, found.tau_b, found.slope, found.slope_low, found.slope_high);
}

static void agreement(void)
{
	static struct assay_split_sample samples[NUMBERS_MAX];
	struct assay_agreement found;

	for (uint32_t i = 0; i + 1 < numbers; i += 2)
		samples[i / 2] = (struct assay_split_sample){number[i], number[i + 1], 0.0, 0.0};
	found = assay_agreement_of(samples, numbers / 2, NULL);
	(void)printf("%.17g %.17g %.17g %.17g %.17g %.17g %.17g %.17g", found.sd, found.bias.figure,
		found.bias.low, found.bias.high, found.lower.figure, found.lower.low, found.upper.figure,
		found.upper.high);
}

static void shrink(void)
{
	static struct assay_shrinkage_child children[NUMBERS_MAX];
	static struct assay_rate rates[NUMBERS_MAX];
	struct assay_shrinkage parent;

	for (uint32_t i = 0; i + 1 < numbers; i += 2)
		children[i / 2] =
			(struct assay_shrinkage_child){(uint64_t)number[i], (uint64_t)number[i + 1]};
	if (assay_shrinkage_fit(children, numbers / 2, 0.95, &parent, rates) != ASSAY_OK)
		return;
	for (uint32_t i = 0; i < numbers / 2; i++)
		show_rate(&rates[i]);
}

static void chart(void)
{
	struct assay_qc_chart found;

	if (assay_qc_freeze(printed, NULL, numbers, NULL, &found, NULL) != ASSAY_OK)
		return;
	show_fraction(&found.mean);
	show_fraction(&found.variance);
}

static void line(void)
{
	struct assay_decimal x[NUMBERS_MAX / 2], y[NUMBERS_MAX / 2], tolerance = {1, 0, 0};
	struct assay_calibration_line found;

	for (uint32_t i = 0; i + 1 < numbers; i += 2) {
		x[i / 2] = printed[i];
		y[i / 2] = printed[i + 1];
	}
	if (assay_calibration_fit(x, y, numbers / 2, &tolerance, &found, NULL) != ASSAY_OK)
		return;
	show_fraction(&found.slope);
	show_fraction(&found.intercept);
	show_fraction(&found.r_squared);
}

/* First number: how many control values; then they, then pairs; one material 10 with u 0.1, mean 10.3, sd 0.2, n 5. */
static void uncertainty(void)
{
	static struct assay_control_value value[NUMBERS_MAX];
	static struct assay_duplicate pair[NUMBERS_MAX];
	uint32_t controls = (uint32_t)number[0], pairs = (numbers - 1 - controls) / 2;
	struct assay_control_series series = {value, controls, false};
	struct assay_reference_material material = {10.0, 0.1, 10.3, 0.2, 5, 0};
	struct assay_uncertainty_inputs inputs = {.from = 0.001,
		.to = 1e9,
		.relative = true,
		.controls = &series,
		.control_count = 1,
		.pairs = pair,
		.pair_count = pairs,
		.materials = &material,
		.material_count = 1};
	struct assay_uncertainty found;

	for (uint32_t i = 0; i < controls; i++)
		value[i].value = number[1 + i];
	for (uint32_t i = 0; i < pairs; i++)
		pair[i] = (struct assay_duplicate){
			number[1 + controls + 2 * i], number[2 + controls + 2 * i], 0};
	found = assay_uncertainty_of(&inputs);
	(void)printf(
		"%.17g %.17g %.17g %.17g", found.s_control, found.s_duplicate, found.u_bias, found.expanded);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*answer)(void);
	} question[] = {{"rate", rate}, {"excess", excess}, {"discovery", discovery}, {"robust", robust},
		{"trend", trend}, {"agreement", agreement}, {"shrink", shrink}, {"chart", chart},
		{"line", line}, {"uncertainty", uncertainty}};
	static char text[1 << 20];

	while (fgets(text, sizeof text, stdin)) {
		size_t length = strcspn(text, " \n");

		for (size_t q = 0; q < sizeof question / sizeof *question; q++)
			if (strlen(question[q].name) == length &&
				strncmp(text, question[q].name, length) == 0) {
				read_numbers(text + length);
				question[q].answer();
			}
		(void)printf("\n");
		(void)fflush(stdout);
	}
	return 0;
}
