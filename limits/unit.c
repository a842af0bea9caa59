/* SPDX-License-Identifier: Apache-2.0
 * The closed unit table: exact ratios inside one dimension, nothing across (mg/L to mg/kg needs a density,
 * CFU and MPN never convert). standards.md section 7.6. */
#include "limits/limits.h"

#include <string.h>

static const struct {
	const char *name;
	char dimension; /* m mass fraction, v mass per volume, others only equal themselves */
	int64_t per; /* how many of it make one g/g, or one g/mL */
} units[] = {
	{"g/100g", 'm', 100},
	{"%", 'm', 100},
	{"g/kg", 'm', 1000},
	{"mg/g", 'm', 1000},
	{"mg/kg", 'm', 1000000},
	{"ug/g", 'm', 1000000},
	{"mg/100g", 'm', 100000},
	{"ug/kg", 'm', 1000000000},
	{"ng/g", 'm', 1000000000},
	{"g/100mL", 'v', 100},
	{"g/L", 'v', 1000},
	{"mg/mL", 'v', 1000},
	{"mg/L", 'v', 1000000},
	{"ug/mL", 'v', 1000000},
	{"ug/L", 'v', 1000000000},
};

/* ug, μg (U+03BC) and µg (U+00B5) are one. */
static void plain_unit(const char *text, char out[24])
{
	size_t length = 0;

	while (*text && length < 22) {
		if ((strncmp(text, "\xce\xbc", 2) == 0 || strncmp(text, "\xc2\xb5", 2) == 0)) {
			out[length++] = 'u';
			text += 2;
		} else {
			out[length++] = *text++;
		}
	}
	out[*text ? 0 : length] = '\0';
}

bool assay_unit_ratio(const char *from, const char *to, struct assay_fraction *out)
{
	char a[24], b[24];
	size_t i = 0, j = 0, count = sizeof units / sizeof *units;

	plain_unit(from, a);
	plain_unit(to, b);
	out->n = out->d = 1;
	if (!*a || !*b)
		return false;
	if (strcmp(a, b) == 0)
		return true;
	while (i < count && strcmp(units[i].name, a) != 0)
		i++;
	while (j < count && strcmp(units[j].name, b) != 0)
		j++;
	if (i == count || j == count || units[i].dimension != units[j].dimension)
		return false;
	{
		struct assay_fraction top = {units[j].per, 1}, bottom = {units[i].per, 1};

		return assay_fraction_apply('/', &top, &bottom, out) == ASSAY_OK;
	}
}

bool assay_date_valid(const char *text)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day, last;

	for (int i = 0; i < 10; i++)
		if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	if (text[10])
		return false;
	year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
	month = (text[5] - '0') * 10 + (text[6] - '0');
	day = (text[8] - '0') * 10 + (text[9] - '0');
	if (month < 1 || month > 12)
		return false;
	last = days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
	return day >= 1 && day <= last;
}
