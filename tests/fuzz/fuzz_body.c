/* SPDX-License-Identifier: Apache-2.0
 * S10: a request's JSON body against the table of writes: the first byte chooses the row. What is refused leaves no member behind
 * that the row does not know, and what is taken is an object of that row's members. */
#include "gateway/web/write.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool known(const struct web_write *row, const char *name)
{
	for (unsigned i = 0; i < WEB_FIELDS_MAX && row->field[i].name; i++)
		if (strcmp(row->field[i].name, name) == 0)
			return true;
	return row->id_field && strcmp(row->id_field, name) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct web_write *row;
	json_t *command, *value;
	const char *name;

	if (size == 0)
		return 0;
	row = &web_writes[data[0] % web_write_count];
	command = json_object();
	(void)web_write_fields(row, "x-1", (const char *)data + 1, size - 1, command);
	json_object_foreach(command, name, value)
	{
		if (!known(row, name))
			abort();
	}
	json_decref(command);
	return 0;
}
