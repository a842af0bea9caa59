/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/district_read.h"

#include "gateway/lab/query_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int district_no_memory(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

bool assay_district_quarter_valid(const char *quarter)
{
	return !*quarter || (strlen(quarter) == 6 && strspn(quarter, "0123456789") == 4 &&
				    quarter[4] == 'Q' && quarter[5] >= '1' && quarter[5] <= '4');
}

uint32_t district_quarter_number(const char *quarter)
{
	return (uint32_t)strtoul(quarter, NULL, 10) * 4 + (uint32_t)(quarter[5] - '1');
}

void district_quarter_text(uint32_t number, char out[16])
{
	(void)snprintf(out, 16, "%04uQ%u", number / 4 % 10000, number % 4 + 1);
}

bool assay_district_keys(const char *text, unsigned *by_out)
{
	static const char *const keys[ASSAY_RISK_KEYS] = {"class", "analyte", "process", "quarter", "origin"};

	*by_out = 0;
	while (*text) {
		size_t length = strcspn(text, ","), key = 0;

		while (key < ASSAY_RISK_KEYS &&
			!(strlen(keys[key]) == length && strncmp(keys[key], text, length) == 0))
			key++;
		if (key == ASSAY_RISK_KEYS)
			return false;
		*by_out |= ASSAY_RISK_BIT(key);
		text += length + (text[length] == ',');
	}
	return true;
}

/* The name's number; rows come sorted, so it mostly is the last one asked for. ASSAY_RISK_ANY: no memory. */
static uint32_t number_of(struct district_names *names, const char *name, uint32_t last)
{
	if (last < names->count && strcmp(names->name[last], name) == 0)
		return last;
	for (uint32_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i], name) == 0)
			return i;
	if (names->count == names->room) {
		uint32_t room = names->room ? names->room * 2 : 64;
		void *grown =
			room > DISTRICT_NAMES_MAX ? NULL : realloc(names->name, room * sizeof *names->name);

		if (!grown)
			return ASSAY_RISK_ANY;
		names->name = grown;
		names->room = room;
	}
	(void)snprintf(names->name[names->count], DISTRICT_NAME_MAX, "%s", name);
	return names->count++;
}

const char *district_name(const struct district *district, unsigned key, uint32_t number)
{
	return number < district->names[key].count ? district->names[key].name[number] : "";
}

bool district_wanted(const char *wish, const char *value)
{
	return !wish || !*wish || strcmp(wish, *value ? value : "-") == 0;
}

static const char *text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

static uint64_t count_of(sqlite3_stmt *row, int column)
{
	sqlite3_int64 value = sqlite3_column_int64(row, column);

	return value > 0 ? (uint64_t)value : 0;
}

/* A product's place: what the specs say now. */
struct place {
	char product[64];
	const char *class, *process;
};

static void find_place(const struct assay_specs *specs, const char *product, struct place *place)
{
	const struct assay_product *found;

	if (strcmp(place->product, product) == 0 && place->class)
		return;
	found = assay_specs_product_find(specs, product);
	(void)snprintf(place->product, sizeof place->product, "%s", product);
	place->class = found ? found->licence_class : "";
	place->process = found ? found->process : "";
}

static bool grow(struct district *district)
{
	uint32_t room = district->room ? district->room * 2 : 1024;
	void *cells, *more;

	if (district->count < district->room)
		return true;
	cells = realloc(district->cells, room * sizeof *district->cells);
	if (!cells)
		return false;
	district->cells = cells;
	more = realloc(district->more, room * sizeof *district->more);
	if (!more)
		return false;
	district->more = more;
	district->room = room;
	return true;
}

/* The keys of a row: product, analyte, quarter, origin. false: no memory, or more names than there may be. */
static bool keys_of(struct district *district, sqlite3_stmt *row, const struct place *place,
	uint32_t key[ASSAY_RISK_KEYS])
{
	const char *const name[ASSAY_RISK_KEYS] = {[ASSAY_RISK_CLASS] = place->class,
		[ASSAY_RISK_ANALYTE] = text_of(row, 1),
		[ASSAY_RISK_PROCESS] = place->process,
		[ASSAY_RISK_ORIGIN] = text_of(row, 3)};

	for (unsigned k = 0; k < ASSAY_RISK_KEYS; k++) {
		uint32_t last = district->count ? district->cells[district->count - 1].key[k] : 0;

		key[k] = k == ASSAY_RISK_QUARTER ? district_quarter_number(text_of(row, 2))
						 : number_of(&district->names[k], name[k], last);
		if (key[k] == ASSAY_RISK_ANY)
			return false;
	}
	return true;
}

static bool take_cell(struct district *district, sqlite3_stmt *row, const struct place *place)
{
	struct assay_risk_cell cell = {.n = count_of(row, 4),
		.failed = count_of(row, 5),
		.near = count_of(row, 7),
		.maybe_near = count_of(row, 8)};

	if (!grow(district) || !keys_of(district, row, place, cell.key))
		return false;
	district->cells[district->count] = cell;
	district->more[district->count] =
		(struct district_more){.undetermined = count_of(row, 6), .held = count_of(row, 9)};
	district->count++;
	return true;
}

/* Rows of risk_share come in the order of risk_cell: each belongs to the cell the walk has reached. */
static bool take_share(struct district *district, sqlite3_stmt *row, const struct place *place, uint32_t *at)
{
	uint32_t key[ASSAY_RISK_KEYS];
	sqlite3_int64 low = sqlite3_column_int64(row, 4), high = sqlite3_column_int64(row, 5);
	uint64_t n = count_of(row, 6);
	struct district_more *more;
	uint32_t names = district->names[ASSAY_RISK_ANALYTE].count;

	if (low < 0 || high < low || high >= DISTRICT_TENTHS || !keys_of(district, row, place, key) ||
		names != district->names[ASSAY_RISK_ANALYTE].count)
		return true; /* no cell of it was wanted */
	for (uint32_t tried = 0; tried < district->count; tried++, *at = (*at + 1) % district->count) {
		if (memcmp(district->cells[*at].key, key, sizeof key) != 0)
			continue;
		more = &district->more[*at];
		more->known += n;
		more->censored += low != high ? n : 0;
		more->low[low] += n;
		more->high[high] += n;
		return true;
	}
	return true;
}

static int each_row(sqlite3 *state, const char *sql, const struct assay_district_wish *wish, bool shares,
	struct district *out, struct assay_error *err)
{
	const char *analyte = wish->analyte ? wish->analyte : "",
		   *quarter = wish->quarter ? wish->quarter : "", *origin = wish->origin ? wish->origin : "";
	sqlite3_stmt *row = query_prepare(state, err, sql, "ttt", analyte, quarter, origin);
	struct place place = {.product = "", .class = NULL, .process = NULL};
	uint32_t at = 0;
	bool good = true;
	int rc = SQLITE_DONE;

	if (!row)
		return ASSAY_EIO;
	while (good && (rc = query_step(row)) == SQLITE_ROW) {
		find_place(out->specs, text_of(row, 0), &place);
		if (!district_wanted(wish->class, place.class) ||
			!district_wanted(wish->process, place.process))
			continue;
		good = shares ? take_share(out, row, &place, &at) : take_cell(out, row, &place);
	}
	(void)sqlite3_finalize(row);
	if (!good)
		return district_no_memory(err);
	return rc == SQLITE_DONE ? ASSAY_OK : query_failed(state, err);
}

#define WHERE " WHERE (?1='' OR analyte=?1) AND (?2='' OR quarter=?2) AND (?3='' OR origin=?3)"

int district_read(sqlite3 *state, const struct assay_specs *specs, const struct assay_district_wish *wish,
	struct district *out, struct assay_error *err)
{
	int status;

	memset(out, 0, sizeof *out);
	out->specs = specs;
	status = each_row(state,
		"SELECT product, analyte, quarter, origin, n, failed, undetermined, near, maybe_near, held "
		"FROM "
		"risk_cell" WHERE
		" AND (n>0 OR undetermined>0 OR held>0) ORDER BY product, analyte, quarter, origin",
		wish, false, out, err);
	if (status == ASSAY_OK)
		status = each_row(state,
			"SELECT product, analyte, quarter, origin, low, high, n FROM risk_share" WHERE
			" AND n>0 ORDER BY product, analyte, quarter, origin",
			wish, true, out, err);
	return status;
}

void district_release(struct district *district)
{
	for (unsigned k = 0; k < ASSAY_RISK_KEYS; k++)
		free(district->names[k].name);
	free(district->cells);
	free(district->more);
	memset(district, 0, sizeof *district);
}

static int by_keys(const void *left, const void *right)
{
	const struct assay_risk_cell *a = left, *b = right;

	for (unsigned k = 0; k < ASSAY_RISK_KEYS; k++)
		if (a->key[k] != b->key[k])
			return a->key[k] < b->key[k] ? -1 : 1;
	return 0;
}

static void add_more(struct district_more *into, const struct district_more *from)
{
	into->undetermined += from->undetermined;
	into->held += from->held;
	into->known += from->known;
	into->censored += from->censored;
	for (unsigned i = 0; i < DISTRICT_TENTHS; i++) {
		into->low[i] += from->low[i];
		into->high[i] += from->high[i];
	}
}

int district_roll_up(const struct district *district, unsigned by, struct assay_risk_cell **groups_out,
	struct district_more **more_out, uint32_t *count_out, struct assay_error *err)
{
	uint32_t room = district->count ? district->count : 1, count;
	struct assay_risk_cell *groups = calloc(room, sizeof *groups);
	struct district_more *more = groups ? calloc(room, sizeof *more) : NULL;

	if (!more) {
		free(groups);
		return district_no_memory(err);
	}
	count = assay_risk_roll_up(district->cells, district->count, by, groups);
	for (uint32_t i = 0; i < district->count; i++) {
		struct assay_risk_cell cell = district->cells[i];
		const struct assay_risk_cell *group;

		for (unsigned k = 0; k < ASSAY_RISK_KEYS; k++)
			if (!(by & ASSAY_RISK_BIT(k)))
				cell.key[k] = ASSAY_RISK_ANY;
		group = bsearch(&cell, groups, count, sizeof *groups, by_keys);
		if (group)
			add_more(&more[group - groups], &district->more[i]);
	}
	*groups_out = groups;
	*more_out = more;
	*count_out = count;
	return ASSAY_OK;
}
