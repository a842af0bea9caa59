/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/qc.h"

#define Z_HUNDREDTHS_MAX 9999

static int overflow(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EOVERFLOW, "overflow",
		"数字太长，无法精确计算，请由质量管理员检查单位",
		"the figures are too long to be computed exactly; have QA look at the unit");
}

static int too_short(struct assay_error *err, size_t kept)
{
	return assay_error_set(err, ASSAY_EREFUSED, "qc-history-short",
		"控制图需要 %u 至 %u 个点，现有 %zu 个",
		"a control chart takes %u to %u points, there are %zu", ASSAY_QC_HISTORY_MIN,
		ASSAY_QC_HISTORY_MAX, kept);
}

static bool add(struct assay_fraction *sum, const struct assay_fraction *term)
{
	return assay_fraction_apply('+', sum, term, sum) == ASSAY_OK;
}

static bool square(const struct assay_fraction *value, struct assay_fraction *out)
{
	return assay_fraction_apply('*', value, value, out) == ASSAY_OK;
}

/* z^2 of a value; false on overflow. */
static bool z_squared(const struct assay_fraction *mean, const struct assay_fraction *variance,
	const struct assay_decimal *value, struct assay_fraction *out, int8_t *side)
{
	struct assay_fraction difference = assay_fraction_of(value);

	if (assay_fraction_apply('-', &difference, mean, &difference) != ASSAY_OK)
		return false;
	*side = (int8_t)((difference.n > 0) - (difference.n < 0));
	return square(&difference, out) && assay_fraction_apply('/', out, variance, out) == ASSAY_OK;
}

/* Mean, then the squares about it: the squares of long printed values would not fit. */
static bool moments(const struct assay_decimal *values, const bool *left_out, size_t count, unsigned kept,
	struct assay_fraction *mean, struct assay_fraction *variance)
{
	struct assay_fraction sum = {0, 1}, many = {kept, 1}, less = {(assay_int128)kept - 1, 1};

	for (size_t i = 0; i < count; i++) {
		struct assay_fraction value = assay_fraction_of(&values[i]);

		if (!(left_out && left_out[i]) && !add(&sum, &value))
			return false;
	}
	if (assay_fraction_apply('/', &sum, &many, mean) != ASSAY_OK)
		return false;
	*variance = (struct assay_fraction){0, 1};
	for (size_t i = 0; i < count; i++) {
		struct assay_fraction value = assay_fraction_of(&values[i]);

		if (left_out && left_out[i])
			continue;
		if (assay_fraction_apply('-', &value, mean, &value) != ASSAY_OK || !square(&value, &value) ||
			!add(variance, &value))
			return false;
	}
	return assay_fraction_apply('/', variance, &less, variance) == ASSAY_OK;
}

int assay_qc_freeze(const struct assay_decimal *values, const bool *left_out, size_t count, bool *outlier,
	struct assay_qc_chart *out, struct assay_error *err)
{
	struct assay_qc_chart chart = {.basis = ASSAY_QC_HISTORY};
	const struct assay_fraction nine = {9, 1};

	for (size_t i = 0; i < count && count <= ASSAY_QC_HISTORY_MAX; i++)
		chart.n += !(left_out && left_out[i]);
	if (chart.n < ASSAY_QC_HISTORY_MIN)
		return too_short(err, chart.n ? chart.n : count);
	if (!moments(values, left_out, count, chart.n, &chart.mean, &chart.variance))
		return overflow(err);
	if (chart.variance.n == 0)
		return assay_error_set(err, ASSAY_EREFUSED, "qc-no-spread",
			"所有点都相等，无法得出标准偏差，请用更多位数记录",
			"all points are equal, so there is no standard deviation; record more digits");
	for (size_t i = 0; i < count; i++) {
		struct assay_fraction squared = {0, 1};
		int8_t side = 0;
		bool far = false;

		if (!(left_out && left_out[i])) {
			if (!z_squared(&chart.mean, &chart.variance, &values[i], &squared, &side))
				return overflow(err);
			far = assay_fraction_compare(&squared, &nine) > 0;
		}
		chart.outliers += far;
		if (outlier)
			outlier[i] = far;
	}
	*out = chart;
	return ASSAY_OK;
}

int assay_qc_certify(const struct assay_decimal *value, const struct assay_decimal *expanded,
	const struct assay_decimal *coverage, struct assay_qc_chart *out, struct assay_error *err)
{
	struct assay_qc_chart chart = {.basis = ASSAY_QC_CERTIFICATE};
	struct assay_fraction size = assay_fraction_of(expanded), factor = assay_fraction_of(coverage);

	if (size.n <= 0 || factor.n <= 0)
		return assay_error_set(err, ASSAY_EREFUSED, "qc-certificate",
			"证书的扩展不确定度和包含因子必须大于零",
			"the certificate's expanded uncertainty and coverage factor must be above zero");
	chart.mean = assay_fraction_of(value);
	if (assay_fraction_apply('/', &size, &factor, &size) != ASSAY_OK || !square(&size, &chart.variance))
		return overflow(err);
	*out = chart;
	return ASSAY_OK;
}

/* The largest k with (k/100)^2 <= z^2. */
static int32_t hundredths(const struct assay_fraction *squared)
{
	int32_t low = 0, high = Z_HUNDREDTHS_MAX;

	while (low < high) {
		int32_t middle = (low + high + 1) / 2;
		struct assay_fraction at = {(assay_int128)middle * middle, 10000};

		if (assay_fraction_compare(&at, squared) <= 0)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

int assay_qc_place(const struct assay_qc_chart *chart, const struct assay_decimal *value,
	struct assay_qc_point *out, struct assay_error *err)
{
	struct assay_qc_point point = {.value = *value};

	if (chart->basis == ASSAY_QC_NONE || chart->variance.n <= 0)
		return assay_error_set(err, ASSAY_ENOTFOUND, "qc-chart-missing",
			"这个质控样没有已签字的控制图或证书值",
			"this control has neither a signed chart nor a certified value");
	if (!z_squared(&chart->mean, &chart->variance, value, &point.z_squared, &point.side))
		return overflow(err);
	for (int s = 1; s <= 3; s++) {
		struct assay_fraction limit = {(assay_int128)s * s, 1};

		point.beyond =
			(uint8_t)(point.beyond + (assay_fraction_compare(&point.z_squared, &limit) > 0));
	}
	point.z_hundredths = point.side * hundredths(&point.z_squared);
	*out = point;
	return ASSAY_OK;
}

static struct assay_fraction size_of(struct assay_fraction value)
{
	if (value.n < 0)
		value.n = -value.n;
	return value;
}

int assay_qc_range(const struct assay_qc_pair *pair, bool relative, struct assay_fraction *out)
{
	struct assay_fraction first = assay_fraction_of(&pair->first),
			      second = assay_fraction_of(&pair->second), range, mean;
	const struct assay_fraction two = {2, 1};
	int status = assay_fraction_apply('-', &first, &second, &range);

	if (status != ASSAY_OK)
		return status;
	range = size_of(range);
	if (relative) {
		status = assay_fraction_apply('+', &first, &second, &mean);
		if (status == ASSAY_OK)
			status = assay_fraction_apply('/', &mean, &two, &mean);
		mean = size_of(mean);
		if (status == ASSAY_OK)
			status = assay_fraction_apply('/', &range, &mean, &range);
		if (status != ASSAY_OK)
			return status;
	}
	*out = range;
	return ASSAY_OK;
}

int assay_qc_range_freeze(const struct assay_qc_pair *pairs, size_t count, bool relative,
	struct assay_qc_range_chart *out, struct assay_error *err)
{
	struct assay_fraction sum = {0, 1}, many = {(assay_int128)count, 1};

	if (count < ASSAY_QC_HISTORY_MIN || count > ASSAY_QC_HISTORY_MAX)
		return too_short(err, count);
	for (size_t i = 0; i < count; i++) {
		struct assay_fraction range;
		int status = assay_qc_range(&pairs[i], relative, &range);

		if (status == ASSAY_EREFUSED)
			return assay_error_set(err, ASSAY_EREFUSED, "qc-zero-mean",
				"第 %zu 对平行样的平均值为零，没有相对极差",
				"pair %zu has a mean of zero, so it has no relative range", i + 1);
		if (status != ASSAY_OK || !add(&sum, &range))
			return overflow(err);
	}
	if (sum.n == 0)
		return assay_error_set(err, ASSAY_EREFUSED, "qc-no-spread",
			"所有平行样都相等，无法得出极差，请用更多位数记录",
			"all duplicates are equal, so there is no range; record more digits");
	if (assay_fraction_apply('/', &sum, &many, &sum) != ASSAY_OK)
		return overflow(err);
	*out = (struct assay_qc_range_chart){sum, (unsigned)count, relative};
	return ASSAY_OK;
}

enum assay_qc_range_state assay_qc_range_place(
	const struct assay_qc_range_chart *chart, const struct assay_qc_pair *pair)
{
	struct assay_fraction warning = {2512, 1000}, action = {3267, 1000}, range;

	if (chart->n == 0 || assay_qc_range(pair, chart->relative, &range) != ASSAY_OK ||
		assay_fraction_apply('*', &warning, &chart->mean_range, &warning) != ASSAY_OK ||
		assay_fraction_apply('*', &action, &chart->mean_range, &action) != ASSAY_OK)
		return ASSAY_QC_RANGE_UNKNOWN;
	if (assay_fraction_compare(&range, &action) > 0)
		return ASSAY_QC_RANGE_ACTION;
	return assay_fraction_compare(&range, &warning) > 0 ? ASSAY_QC_RANGE_WARNING : ASSAY_QC_RANGE_IN;
}

static int percent(struct assay_fraction part, const struct assay_decimal *whole, struct assay_fraction *out)
{
	struct assay_fraction base = assay_fraction_of(whole);
	const struct assay_fraction hundred = {100, 1};
	int status = assay_fraction_apply('/', &part, &base, &part);

	return status == ASSAY_OK ? assay_fraction_apply('*', &part, &hundred, out) : status;
}

int assay_qc_bias_percent(const struct assay_decimal *values, size_t count,
	const struct assay_decimal *reference, struct assay_fraction *out)
{
	struct assay_fraction sum = {0, 1}, many = {(assay_int128)count, 1},
			      at = assay_fraction_of(reference);
	int status = ASSAY_OK;

	for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
		struct assay_fraction value = assay_fraction_of(&values[i]);

		status = assay_fraction_apply('+', &sum, &value, &sum);
	}
	if (status == ASSAY_OK)
		status = assay_fraction_apply('/', &sum, &many, &sum);
	if (status == ASSAY_OK)
		status = assay_fraction_apply('-', &sum, &at, &sum);
	return status == ASSAY_OK ? percent(sum, reference, out) : status;
}

int assay_qc_recovery_percent(const struct assay_decimal *spiked, const struct assay_decimal *unspiked,
	const struct assay_decimal *added, struct assay_fraction *out)
{
	struct assay_fraction found = assay_fraction_of(spiked), before = assay_fraction_of(unspiked);
	int status = assay_fraction_apply('-', &found, &before, &found);

	return status == ASSAY_OK ? percent(found, added, out) : status;
}
