/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/entries.h"

#include <string.h>

const char *lab_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

json_t *lab_string(const char *text)
{
	size_t length = strlen(text);
	json_t *string = json_stringn(text, length);

	for (unsigned i = 0; !string && length && i < 4; i++)
		string = json_stringn(text, --length);
	return string;
}

json_t *lab_steps(const struct assay_step_list *steps)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < steps->count; i++)
		(void)json_array_append_new(list, json_pack("{s:o,s:o}", "zh", lab_string(steps->step[i].zh),
							  "en", lab_string(steps->step[i].en)));
	return list;
}

json_t *lab_reasons(const struct assay_reason_list *reasons)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < reasons->count; i++)
		(void)json_array_append_new(list, json_string(reasons->code[i]));
	return list;
}

int lab_no_memory(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

int lab_append(
	struct assay_lab *lab, uint16_t kind, json_t *body, uint64_t *sequence_out, struct assay_error *err)
{
	int status = body ? lab->append(lab->context, kind, "", body, sequence_out, err) : lab_no_memory(err);

	json_decref(body);
	return status;
}
