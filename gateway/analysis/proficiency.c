/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/proficiency.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS_MAX 1000u

static struct assay_proficiency_score grade(double difference, double scale, bool given, bool normalised)
{
	struct assay_proficiency_score score = {0};
	double size;

	if (!given || !(scale > 0.0) || !isfinite(difference) || !isfinite(scale))
		return score;
	score.score = difference / scale;
	size = fabs(score.score);
	if (normalised)
		score.grade = size <= 1.0 ? ASSAY_PROFICIENCY_SATISFACTORY : ASSAY_PROFICIENCY_UNSATISFACTORY;
	else if (size <= 2.0)
		score.grade = ASSAY_PROFICIENCY_SATISFACTORY;
	else
		score.grade = size < 3.0 ? ASSAY_PROFICIENCY_QUESTIONABLE : ASSAY_PROFICIENCY_UNSATISFACTORY;
	return score;
}

struct assay_proficiency_scores assay_proficiency_score(const struct assay_proficiency_result *result)
{
	double difference = result->value - result->assigned, k = result->coverage;
	double u = hypot(result->u_value, result->u_assigned);
	bool sigma = result->sigma > 0.0, assigned = result->u_assigned > 0.0, own = result->u_value > 0.0;
	struct assay_proficiency_scores scores = {
		.z = grade(difference, result->sigma, sigma, false),
		.z_prime =
			grade(difference, hypot(result->sigma, result->u_assigned), sigma && assigned, false),
		.zeta = grade(difference, u, own && assigned, false),
		.en = grade(difference, k * u, own && assigned && k > 0.0, true),
		.assigned_is_vague = sigma && result->u_assigned > 0.3 * result->sigma,
	};

	return scores;
}

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median(double *values, uint32_t n)
{
	qsort(values, n, sizeof *values, by_value);
	return 0.5 * (values[(n - 1) / 2] + values[n / 2]);
}

static void winsorise(const double *values, uint32_t n, struct assay_robust *at)
{
	double low = at->mean - 1.5 * at->sd, high = at->mean + 1.5 * at->sd, sum = 0.0, squares = 0.0, mean;

	for (uint32_t i = 0; i < n; i++)
		sum += fmin(fmax(values[i], low), high);
	mean = sum / n;
	for (uint32_t i = 0; i < n; i++) {
		double off = fmin(fmax(values[i], low), high) - mean;

		squares += off * off;
	}
	at->mean = mean;
	at->sd = 1.134 * sqrt(squares / (n - 1));
}

int assay_robust_a(const double *values, uint32_t n, struct assay_robust *out)
{
	struct assay_robust at = {.n = n}, before;
	double *copy;

	if (n < 3)
		return ASSAY_EREFUSED;
	copy = calloc(n, sizeof *copy);
	if (!copy)
		return ASSAY_ENOMEM;
	memcpy(copy, values, n * sizeof *copy);
	at.mean = median(copy, n);
	for (uint32_t i = 0; i < n; i++)
		copy[i] = fabs(values[i] - at.mean);
	at.sd = 1.483 * median(copy, n);
	free(copy);
	if (!(at.sd > 0.0) || !isfinite(at.sd) || !isfinite(at.mean))
		return ASSAY_EREFUSED;
	do {
		before = at;
		winsorise(values, n, &at);
		at.iterations = before.iterations + 1;
	} while (at.iterations < ITERATIONS_MAX &&
		 (fabs(at.sd - before.sd) > 1e-12 * at.sd || fabs(at.mean - before.mean) > 1e-12 * at.sd));
	*out = at;
	return ASSAY_OK;
}

struct assay_proficiency_history assay_proficiency_review(
	const struct assay_proficiency_result *rounds, uint32_t count)
{
	struct assay_proficiency_history history = {0};
	bool before = false;

	for (uint32_t i = 0; i < count; i++) {
		struct assay_proficiency_scores scores = assay_proficiency_score(&rounds[i]);
		struct assay_proficiency_score used = scores.assigned_is_vague ? scores.z_prime : scores.z;
		bool signal = used.grade >= ASSAY_PROFICIENCY_QUESTIONABLE;

		if (used.grade == ASSAY_PROFICIENCY_UNKNOWN)
			continue;
		history.rounds++;
		history.questionable += used.grade == ASSAY_PROFICIENCY_QUESTIONABLE;
		history.unsatisfactory += used.grade == ASSAY_PROFICIENCY_UNSATISFACTORY;
		history.mean_score += used.score;
		history.rms_score += used.score * used.score;
		history.action = used.grade == ASSAY_PROFICIENCY_UNSATISFACTORY || (signal && before);
		before = signal;
	}
	if (history.rounds > 0) {
		history.mean_score /= history.rounds;
		history.rms_score = sqrt(history.rms_score / history.rounds);
	}
	return history;
}
