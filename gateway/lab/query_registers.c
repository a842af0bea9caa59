/* SPDX-License-Identifier: Apache-2.0
 * Producers, instruments, programmes and cards as pages and commands see them. */
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"

#include <string.h>

/* The members of row's "row" beside its others. */
static void flatten(json_t *row)
{
	json_t *body = json_incref(json_object_get(row, "row"));

	(void)json_object_del(row, "row");
	(void)json_object_update_missing(row, body);
	json_decref(body);
}

static json_t *flat_list(sqlite3 *state, sqlite3_stmt *rows, struct assay_error *err)
{
	json_t *list = query_list(state, rows, err), *row;
	size_t index;

	json_array_foreach(list, index, row)
	{
		flatten(row);
	}
	return list;
}

#define ENTITLED                                                                                             \
	" coalesce((SELECT sum(tests) FROM card WHERE producer=p.id),0) AS entitled,"                        \
	" coalesce((SELECT sum(used) FROM card WHERE producer=p.id),0) AS used,"                             \
	" coalesce((SELECT sum(tests-used) FROM card WHERE producer=p.id AND status='active'),0) AS "        \
	"remaining"

json_t *assay_query_producers(sqlite3 *state, const char *text, const char *after, struct assay_error *err)
{
	return flat_list(state,
		query_prepare(state, err,
			"SELECT id AS producer, body AS \"{row\", wall_ns AS \"@registered\", seq," ENTITLED
			" FROM producer AS p WHERE id>?2 AND (?1='' OR id=?1 OR instr(name,?1)>0 OR"
			" instr(licence,?1)>0) ORDER BY id LIMIT ?3",
			"tti", text, after, (int64_t)ASSAY_QUERY_PAGE),
		err);
}

json_t *assay_query_producer(sqlite3 *state, const char *id, struct assay_error *err)
{
	json_t *producer = query_one(state,
		query_prepare(state, err,
			"SELECT id AS producer, body AS \"{row\", wall_ns AS \"@registered\", seq," ENTITLED
			" FROM producer AS p WHERE id=?1",
			"t", id),
		"producer-unknown", id, err);
	json_t *changes, *cards;

	if (!producer)
		return NULL;
	flatten(producer);
	changes = query_list(state,
		query_prepare(state, err,
			"SELECT seq, body AS \"{row\", reason, who, wall_ns AS \"@at\" FROM producer_version"
			" WHERE producer=?1 ORDER BY seq",
			"t", id),
		err);
	cards = changes ? assay_query_cards(state, "", id, "", err) : NULL;
	if (cards && json_object_set_new(producer, "changes", changes) == 0 &&
		json_object_set_new(producer, "cards", cards) == 0)
		return producer;
	if (!cards)
		json_decref(changes);
	json_decref(producer);
	return NULL;
}

#define INSTRUMENT                                                                                           \
	"SELECT i.id AS instrument, i.line, i.name_zh, i.name_en, i.driver, i.spec, i.model, i.serial,"      \
	" i.serial_seen, i.model_seen, i.calibrated_until,"                                                  \
	" coalesce(u.location, i.location) AS location, coalesce(u.users,'[]') AS \"{users\","               \
	" coalesce((SELECT outcome FROM calibration WHERE instrument=i.id ORDER BY seq DESC LIMIT 1),'')"    \
	" AS outcome, l.status AS line_status, i.seq FROM instrument AS i JOIN line AS l ON l.id=i.line"     \
	" LEFT JOIN instrument_use AS u ON u.instrument=i.id"

json_t *assay_query_instruments(sqlite3 *state, struct assay_error *err)
{
	return query_list(state, query_prepare(state, err, INSTRUMENT " ORDER BY i.id", ""), err);
}

json_t *assay_query_instrument(sqlite3 *state, const char *id, struct assay_error *err)
{
	json_t *instrument = query_one(state, query_prepare(state, err, INSTRUMENT " WHERE i.id=?1", "t", id),
		"instrument-unknown", id, err);
	json_t *calibrations;

	if (!instrument)
		return NULL;
	calibrations = query_list(state,
		query_prepare(state, err,
			"SELECT seq, certificate, laboratory, calibrated, due, outcome, reason, who,"
			" wall_ns AS \"@at\" FROM calibration WHERE instrument=?1 ORDER BY seq DESC",
			"t", id),
		err);
	if (calibrations && json_object_set_new(instrument, "calibrations", calibrations) == 0)
		return instrument;
	json_decref(instrument);
	return NULL;
}

json_t *assay_query_rack(sqlite3 *state, const char *instrument, struct assay_error *err)
{
	return query_list(state,
		query_prepare(state, err,
			"SELECT position, test, slot, replicate, seq FROM rack WHERE instrument=?1 ORDER BY"
			" length(position), position",
			"t", instrument),
		err);
}

#define PROGRAMME                                                                                            \
	"SELECT id AS programme, name_zh, name_en, tests, producers, alarm_at, valid_until,"                 \
	" prices AS \"{prices\", issued, used, saved_fen, tests-used AS remaining,"                          \
	" (SELECT count(DISTINCT producer) FROM card WHERE programme=g.id) AS producers_with_card,"          \
	" reason, who, wall_ns AS \"@at\", seq FROM programme AS g"

json_t *assay_query_programmes(sqlite3 *state, struct assay_error *err)
{
	return query_list(state, query_prepare(state, err, PROGRAMME " ORDER BY id", ""), err);
}

json_t *assay_query_programme(sqlite3 *state, const char *id, struct assay_error *err)
{
	return query_one(state, query_prepare(state, err, PROGRAMME " WHERE id=?1", "t", id),
		"programme-unknown", id, err);
}

#define CARD                                                                                                 \
	"SELECT c.id AS card, c.programme, c.producer, p.name AS producer_name, c.tests, c.used,"            \
	" c.tests-c.used AS remaining, c.status, c.valid_until, c.wall_ns AS \"@issued\", c.seq"             \
	" FROM card AS c LEFT JOIN producer AS p ON p.id=c.producer"

json_t *assay_query_cards(sqlite3 *state, const char *programme, const char *producer, const char *after,
	struct assay_error *err)
{
	return query_list(state,
		query_prepare(state, err,
			CARD " WHERE c.id>?3 AND (?1='' OR c.programme=?1) AND (?2='' OR c.producer=?2)"
			     " ORDER BY c.id LIMIT ?4",
			"ttti", programme, producer, after, (int64_t)ASSAY_QUERY_PAGE),
		err);
}

json_t *assay_query_card(sqlite3 *state, const char *id, struct assay_error *err)
{
	json_t *card = query_one(
		state, query_prepare(state, err, CARD " WHERE c.id=?1", "t", id), "card-unknown", id, err);
	json_t *ledger;

	if (!card)
		return NULL;
	ledger = query_list(state,
		query_prepare(state, err,
			"SELECT seq, action, issued, used, batch, saved_fen, unpriced, reason, who,"
			" wall_ns AS \"@at\" FROM ledger WHERE card=?1 ORDER BY seq",
			"t", id),
		err);
	if (ledger && json_object_set_new(card, "ledger", ledger) == 0)
		return card;
	json_decref(card);
	return NULL;
}
