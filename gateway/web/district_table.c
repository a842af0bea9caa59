/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web/district_table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {rate: {low, high}} -> rate_low, rate_high. The member inside is left out. */
static void put_flat(json_t *out, const char *before, const json_t *object, const char *inside)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		char column[100];

		if (inside && strcmp(name, inside) == 0)
			continue;
		(void)snprintf(column, sizeof column, "%.48s%s%.48s", before, *before ? "_" : "", name);
		if (json_is_object(value))
			put_flat(out, column, value, NULL);
		else
			(void)json_object_set(out, column, value);
	}
}

static bool add(json_t *rows, const json_t *outer, const char *inside, const json_t *inner)
{
	json_t *row = json_object();

	if (!row || json_array_size(rows) >= WEB_DISTRICT_ROWS_MAX) {
		json_decref(row);
		return false;
	}
	put_flat(row, "", outer, inside);
	if (inner)
		put_flat(row, "", inner, NULL);
	return json_array_append_new(rows, row) == 0;
}

bool web_district_rows(const json_t *answer, json_t *rows)
{
	static const struct {
		const char *list, *inside;
	} shapes[] = {{"groups", "quarters"}, {"products", "untested"}, {"items", ""}};
	const json_t *one, *inner;
	size_t at, index, i = 0;

	while (i < sizeof shapes / sizeof *shapes - 1 &&
		!json_is_array(json_object_get(answer, shapes[i].list)))
		i++;
	json_array_foreach(json_object_get(answer, shapes[i].list), at, one)
	{
		const json_t *list = json_object_get(one, shapes[i].inside);

		if (json_array_size(list) == 0 && !add(rows, one, shapes[i].inside, NULL))
			return false;
		json_array_foreach(list, index, inner)
		{
			if (!add(rows, one, shapes[i].inside, inner))
				return false;
		}
	}
	return true;
}

char *web_district_csv(const json_t *rows, size_t *length_out)
{
	char *text = strdup(WEB_CSV_MARK);
	json_t *columns = json_object();
	const json_t *row;
	size_t index, length = text ? strlen(text) : 0;
	bool good = text && columns;

	json_array_foreach(rows, index, row)
	{
		good = good && json_object_update_missing(columns, (json_t *)(uintptr_t)row) == 0;
	}
	if (good && json_object_size(columns))
		good = web_csv_line(columns, columns, true, &text, &length);
	json_array_foreach(rows, index, row)
	{
		good = good && web_csv_line(columns, row, false, &text, &length);
	}
	json_decref(columns);
	if (!good) {
		free(text);
		return NULL;
	}
	*length_out = length;
	return text;
}
