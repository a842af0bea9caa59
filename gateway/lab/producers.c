/* SPDX-License-Identifier: Apache-2.0
 * The register of producers, and the products the specs know. */
#include "gateway/lab/fields.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>

static const struct lab_field fields[] = {{"name", LAB_FIELD_TEXT, true}, {"name_en", LAB_FIELD_TEXT, false},
	{"licence", LAB_FIELD_TEXT, true}, {"address", LAB_FIELD_TEXT, false},
	{"contact", LAB_FIELD_TEXT, false}, {"phone", LAB_FIELD_TEXT, false},
	{"email", LAB_FIELD_TEXT, false}, {"products", LAB_FIELD_LIST, false},
	{"self_tests", LAB_FIELD_LIST, false}, {"tests_a_year", LAB_FIELD_COUNT, false},
	{"cost_a_year", LAB_FIELD_MONEY, false}, {"note", LAB_FIELD_TEXT, false},
	{NULL, LAB_FIELD_TEXT, false}};

json_t *lab_answer_one(const char *member, json_t *value, int *status_out, struct assay_error *err)
{
	json_t *answer = value ? json_pack("{s:o}", member, value) : NULL;

	if (answer)
		*status_out = ASSAY_OK;
	else if (value)
		*status_out = lab_no_memory(err);
	else
		*status_out = strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND : ASSAY_EIO;
	return answer;
}

/* The row of an id or a name: 1 found, 0 not, negative with err. */
static int find(struct assay_lab *lab, const char *column_is, const char *value, char id[LAB_ID_MAX],
	char name[LAB_TEXT_MAX + 1], struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(lab->state, err, column_is, "t", value);
	int rc;

	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		(void)snprintf(id, LAB_ID_MAX, "%s", (const char *)sqlite3_column_text(row, 0));
		(void)snprintf(name, LAB_TEXT_MAX + 1, "%s", (const char *)sqlite3_column_text(row, 1));
	}
	(void)sqlite3_finalize(row);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : query_failed(lab->state, err);
}

int lab_producer_find(struct assay_lab *lab, const char *named, char id_out[LAB_ID_MAX],
	char name_out[LAB_TEXT_MAX + 1], struct assay_error *err)
{
	int found = find(lab, "SELECT id, name FROM producer WHERE id=?1", named, id_out, name_out, err);

	if (found == 0)
		found = find(lab, "SELECT id, name FROM producer WHERE name=?1 LIMIT 1", named, id_out,
			name_out, err);
	if (found == 0) {
		id_out[0] = '\0';
		(void)snprintf(name_out, LAB_TEXT_MAX + 1, "%s", named);
	}
	return found < 0 ? found : ASSAY_OK;
}

/* Products are those of the specs; a name stands once. */
static int check_row(struct assay_lab *lab, const char *id, const json_t *row, struct assay_error *err)
{
	char other[LAB_ID_MAX], name[LAB_TEXT_MAX + 1];
	const json_t *product;
	size_t index;
	int found;

	json_array_foreach(json_object_get(row, "products"), index, product)
	{
		if (!assay_specs_product_find(lab->specs, json_string_value(product)))
			return assay_error_set(err, ASSAY_EREFUSED, "product-unknown",
				"没有产品 %.60s；specs/products 里有才能登记",
				"there is no product %.60s; it must stand in specs/products",
				json_string_value(product));
	}
	found = find(lab, "SELECT id, name FROM producer WHERE name=?1 LIMIT 1", lab_text(row, "name"), other,
		name, err);
	if (found > 0 && strcmp(other, id) != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "producer-twice", "%.60s 已登记为 %.30s",
			"%.60s is registered already, as %.30s", name, other);
	return found < 0 ? found : ASSAY_OK;
}

static int write_row(struct assay_lab *lab, const char *id, json_t *row, const char *reason, const char *who,
	struct assay_error *err)
{
	int status = check_row(lab, id, row, err);

	return status == ASSAY_OK ? lab_append(lab, ASSAY_ENTRY_PRODUCER,
					    json_pack("{s:s,s:O,s:s,s:s}", "producer", id, "row", row,
						    "reason", reason, "who", who),
					    NULL, err)
				  : status;
}

static json_t *shown(struct assay_lab *lab, const char *id, int *status_out, struct assay_error *err)
{
	return lab_answer_one("producer", assay_query_producer(lab->state, id, err), status_out, err);
}

static json_t *add(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	json_t *row = NULL;
	char id[LAB_ID_MAX];

	*status_out = lab_fields(fields, request, NULL, &row, err);
	if (*status_out == ASSAY_OK)
		*status_out = lab_next_number(lab, "SELECT max(CAST(substr(id,2) AS INTEGER)) FROM producer",
			"P", 3, id, sizeof id, err);
	if (*status_out == ASSAY_OK)
		*status_out = write_row(lab, id, row, "", actor->name, err);
	json_decref(row);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static json_t *change(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "producer", err),
		   *reason = id ? lab_need(request, "reason", err) : NULL;
	json_t *before = NULL, *row = NULL;

	*status_out = ASSAY_EREFUSED;
	if (!reason)
		return NULL;
	before = assay_query_producer(lab->state, id, err);
	if (!before) {
		*status_out = strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND : ASSAY_EIO;
		return NULL;
	}
	*status_out = lab_fields(fields, request, before, &row, err);
	if (*status_out == ASSAY_OK)
		*status_out = write_row(lab, id, row, reason, actor->name, err);
	json_decref(row);
	json_decref(before);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static json_t *show(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "producer", err);

	(void)actor;
	*status_out = ASSAY_EREFUSED;
	return id ? shown(lab, id, status_out, err) : NULL;
}

static json_t *list(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *text = lab_may(request, "text", err),
		   *after = text ? lab_may(request, "after", err) : NULL;

	(void)actor;
	*status_out = ASSAY_EREFUSED;
	return after ? lab_answer_one("producers", assay_query_producers(lab->state, text, after, err),
			       status_out, err)
		     : NULL;
}

static json_t *standards_of(const struct assay_product *product)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < product->use_count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s,s:b}", "standard", product->use[i].standard, "category",
				      product->use[i].category, "declared", product->use[i].declared));
	return list;
}

static json_t *products(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	json_t *list = json_array();

	(void)request;
	(void)actor;
	for (size_t i = 0; i < assay_specs_product_count(lab->specs); i++) {
		const struct assay_product *product = assay_specs_product(lab->specs, i);

		(void)json_array_append_new(
			list, json_pack("{s:s,s:s,s:s,s:o,s:s,s:s}", "product", product->id, "name_zh",
				      product->name_zh, "name_en", product->name_en, "standards",
				      standards_of(product), "file", product->file->path, "sha256",
				      product->file->sha256));
	}
	return lab_answer_one("products", list, status_out, err);
}

const struct lab_command lab_producer_commands[] = {{"producer.add", add}, {"producer.change", change},
	{"producer.show", show}, {"producer.list", list}, {"product.list", products}, {NULL, NULL}};
