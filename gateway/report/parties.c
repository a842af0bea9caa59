/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/report/parties.h"

static const struct field laboratory_fields[] = {
	{"name_zh", FIELD_TEXT, offsetof(struct laboratory, name_zh), 60, NULL, NULL},
	{"name_en", FIELD_TEXT, offsetof(struct laboratory, name_en), 100, NULL, NULL},
	{"address", FIELD_TEXT, offsetof(struct laboratory, address), 120, NULL, NULL},
	{"contact", FIELD_TEXT, offsetof(struct laboratory, contact), 120, NULL, NULL},
	{0},
};
static const struct field producer_fields[] = {
	{"name", FIELD_TEXT, offsetof(struct producer, name), 80, NULL, NULL},
	{"licence", FIELD_TEXT, offsetof(struct producer, licence), 60, NULL, NULL},
	{"address", FIELD_TEXT, offsetof(struct producer, address), 120, NULL, NULL},
	{0},
};
const struct shape laboratory_shape = {sizeof(struct laboratory), laboratory_fields};
const struct shape producer_shape = {sizeof(struct producer), producer_fields};
