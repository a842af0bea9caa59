/* SPDX-License-Identifier: Apache-2.0
 * Free tests 免费检测: a programme with its prices, the cards it gives to producers, and the ledger of both. A card pays
 * for one full-item test of one batch. Sums stand in the state; the ledger they come from is the journal. */
#include "gateway/lab/fields.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define PRICES_MAX 500u
#define CODE_LENGTH 6u /* what makes a card's number more than a count */

static const struct lab_field programme_fields[] = {{"name_zh", LAB_FIELD_TEXT, true},
	{"name_en", LAB_FIELD_TEXT, false}, {"tests", LAB_FIELD_COUNT, true},
	{"producers", LAB_FIELD_COUNT, true}, {"alarm_at", LAB_FIELD_COUNT, false},
	{"valid_until", LAB_FIELD_DATE, false}, {NULL, LAB_FIELD_TEXT, false}};

static json_t *one_programme(sqlite3 *state, const char *id, struct assay_error *err)
{
	return query_one(state,
		query_prepare(state, err,
			"SELECT id AS programme, name_zh, name_en, tests, producers, alarm_at, valid_until,"
			" prices AS \"{prices\", issued, used FROM programme WHERE id=?1",
			"t", id),
		"programme-unknown", id, err);
}

static int64_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static int check_prices(const json_t *prices, struct assay_error *err)
{
	const json_t *row;
	size_t index, other;
	int64_t fen;

	if (!json_is_array(prices) || json_array_size(prices) > PRICES_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "field-invalid",
			"prices 要是一列价格，最多 %u 条", "prices must be a list of at most %u prices",
			PRICES_MAX);
	json_array_foreach(prices, index, row)
	{
		const char *analyte = lab_need(row, "analyte", err),
			   *price = analyte ? lab_need(row, "price", err) : NULL;

		if (!price)
			return ASSAY_EREFUSED;
		if (!lab_money(price, &fen))
			return assay_error_set(err, ASSAY_EREFUSED, "price-invalid",
				"%.60s 的价格 %.30s 要写成元，最多两位小数",
				"the price of %.60s, %.30s, is written in yuan with at most two places",
				analyte, price);
		for (other = 0; other < index; other++)
			if (strcmp(analyte, lab_text(json_array_get(prices, other), "analyte")) == 0)
				return assay_error_set(err, ASSAY_EREFUSED, "price-twice", "%.60s 有两个价格",
					"%.60s has two prices", analyte);
	}
	return ASSAY_OK;
}

static int holders(struct assay_lab *lab, const char *programme, const char *producer, int64_t *count_out,
	struct assay_error *err)
{
	json_t *row = query_one(lab->state,
		query_prepare(lab->state, err,
			"SELECT count(DISTINCT producer) AS n FROM card WHERE programme=?1 AND producer<>?2",
			"tt", programme, producer),
		"programme-unknown", programme, err);

	*count_out = number(row, "n");
	json_decref(row);
	return row ? ASSAY_OK : ASSAY_EIO;
}

/* What has been given out already cannot be taken back by a smaller programme. */
static int covers_issued(struct assay_lab *lab, const char *id, const json_t *before, const json_t *row,
	struct assay_error *err)
{
	int64_t count = 0;
	int status = holders(lab, id, "", &count, err);

	if (status == ASSAY_OK && before &&
		(number(row, "tests") < number(before, "issued") || number(row, "producers") < count))
		return assay_error_set(err, ASSAY_EREFUSED, "programme-too-small",
			"%.30s 已发出 %lld 次、%lld 家，不能改得更少",
			"%.30s has issued %lld tests to %lld producers; it cannot be made smaller", id,
			(long long)number(before, "issued"), (long long)count);
	return status;
}

static json_t *set_programme(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "programme", err),
		   *reason = id ? lab_may(request, "reason", err) : NULL;
	json_t *before = NULL, *row = NULL;
	const json_t *prices = json_object_get(request, "prices");
	struct assay_error ignored;

	*status_out = ASSAY_EREFUSED;
	if (reason && strlen(id) >= LAB_ID_MAX) {
		*status_out = assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "programme 最多 %u 字节",
			"programme has at most %u bytes", LAB_ID_MAX - 1);
		return NULL;
	}
	if (!reason)
		return NULL;
	before = one_programme(lab->state, id, &ignored);
	if (before && !lab_need(request, "reason", err))
		goto out;
	*status_out = lab_fields(programme_fields, request, before, &row, err);
	if (*status_out == ASSAY_OK)
		*status_out = covers_issued(lab, id, before, row, err);
	if (!prices)
		prices = json_object_get(before, "prices");
	if (*status_out == ASSAY_OK && prices)
		*status_out = check_prices(prices, err);
	if (*status_out == ASSAY_OK)
		*status_out = lab_append(lab, ASSAY_ENTRY_PROGRAMME,
			json_pack("{s:s,s:O,s:O*,s:s,s:s}", "programme", id, "row", row, "prices", prices,
				"reason", reason, "who", actor->name),
			NULL, err);
out:
	json_decref(row);
	json_decref(before);
	return *status_out == ASSAY_OK ? lab_answer_one("programmes", assay_query_programmes(lab->state, err),
						 status_out, err)
				       : NULL;
}

/* "K0007-4T9XKM": the count of cards, and letters that cannot be guessed; none of 0 O 1 I L U. */
static int card_id(struct assay_lab *lab, char out[LAB_ID_MAX], struct assay_error *err)
{
	static const char letters[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t bytes[CODE_LENGTH];
	size_t length;
	int status = lab_next_number(lab, "SELECT count(*) FROM card", "K", 4, out, LAB_ID_MAX, err);

	if (status != ASSAY_OK)
		return status;
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return assay_error_set(err, ASSAY_EIO, "no-random", "取不到随机数", "no random bytes");
	length = strlen(out);
	out[length++] = '-';
	for (size_t i = 0; i < sizeof bytes; i++)
		out[length++] = letters[bytes[i] % (sizeof letters - 1)];
	out[length] = '\0';
	return ASSAY_OK;
}

static int may_issue(struct assay_lab *lab, const json_t *programme, const char *producer, int64_t tests,
	struct assay_error *err)
{
	const char *until = lab_text(programme, "valid_until");
	int64_t left = number(programme, "tests") - number(programme, "issued"), count = 0;
	char day[16];
	int status = holders(lab, lab_text(programme, "programme"), producer, &count, err);

	if (status != ASSAY_OK)
		return status;
	if (tests > left)
		return assay_error_set(err, ASSAY_EREFUSED, "programme-used-up",
			"只剩 %lld 次可发，要发 %lld 次", "%lld tests are left to give, %lld were asked for",
			(long long)left, (long long)tests);
	if (count >= number(programme, "producers"))
		return assay_error_set(err, ASSAY_EREFUSED, "programme-full", "已有 %lld 家企业，名额已满",
			"%lld producers have cards already, which is all there are places for",
			(long long)count);
	if (!lab_today(lab, day) || (*until && strcmp(day, until) > 0))
		return assay_error_set(err, ASSAY_EREFUSED, "programme-over", "项目已于 %.10s 结束",
			"the programme ended on %.10s", until);
	return ASSAY_OK;
}

static json_t *card_body(const char *card, const json_t *of, const char *action, int64_t issued, int64_t used,
	const char *batch, int64_t saved_fen, int64_t unpriced, const char *reason, const char *who)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:I,s:I,s:s,s:I,s:I,s:s,s:s,s:s}", "card", card, "programme",
		lab_text(of, "programme"), "producer", lab_text(of, "producer"), "action", action, "issued",
		(json_int_t)issued, "used", (json_int_t)used, "batch", batch, "saved_fen",
		(json_int_t)saved_fen, "unpriced", (json_int_t)unpriced, "valid_until",
		lab_text(of, "valid_until"), "reason", reason, "who", who);
}

static json_t *shown(struct assay_lab *lab, const char *id, int *status_out, struct assay_error *err)
{
	return lab_answer_one("card", assay_query_card(lab->state, id, err), status_out, err);
}

static json_t *issue(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	static const struct lab_field wanted[] = {{"programme", LAB_FIELD_TEXT, true},
		{"producer", LAB_FIELD_TEXT, true}, {"tests", LAB_FIELD_COUNT, true},
		{"valid_until", LAB_FIELD_DATE, false}, {NULL, LAB_FIELD_TEXT, false}};
	json_t *row = NULL, *programme = NULL;
	char id[LAB_ID_MAX], producer[LAB_ID_MAX], name[LAB_TEXT_MAX + 1];

	*status_out = lab_fields(wanted, request, NULL, &row, err);
	if (*status_out != ASSAY_OK)
		return NULL;
	*status_out = lab_producer_find(lab, lab_text(row, "producer"), producer, name, err);
	if (*status_out == ASSAY_OK && !producer[0])
		*status_out = assay_error_set(err, ASSAY_ENOTFOUND, "producer-unknown",
			"没有登记这家企业：%.80s", "there is no producer %.80s", name);
	if (*status_out == ASSAY_OK &&
		!(programme = one_programme(lab->state, lab_text(row, "programme"), err)))
		*status_out = strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND : ASSAY_EIO;
	if (*status_out == ASSAY_OK)
		*status_out = may_issue(lab, programme, producer, number(row, "tests"), err);
	if (*status_out == ASSAY_OK)
		*status_out = card_id(lab, id, err);
	if (*status_out == ASSAY_OK) {
		(void)json_object_set_new(row, "producer", json_string(producer));
		if (!*lab_text(row, "valid_until"))
			(void)json_object_set(row, "valid_until", json_object_get(programme, "valid_until"));
		*status_out = lab_append(lab, ASSAY_ENTRY_CARD,
			card_body(id, row, "issue", number(row, "tests"), 0, "", 0, 0, "", actor->name), NULL,
			err);
	}
	json_decref(row);
	json_decref(programme);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static json_t *of_request(
	struct assay_lab *lab, const json_t *request, int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "card", err);
	json_t *card = id ? assay_query_card(lab->state, id, err) : NULL;

	*status_out = card                            ? ASSAY_OK
		      : !id                           ? ASSAY_EREFUSED
		      : strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND
						      : ASSAY_EIO;
	return card;
}

/* What is not used goes back to the programme. */
static json_t *revoke(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	json_t *card = of_request(lab, request, status_out, err);
	const char *reason = card ? lab_need(request, "reason", err) : NULL, *id = lab_text(request, "card");

	if (card && !reason)
		*status_out = ASSAY_EREFUSED;
	if (reason && strcmp(lab_text(card, "status"), "active") != 0)
		*status_out = assay_error_set(err, ASSAY_EREFUSED, "card-revoked", "检测卡 %.60s 已收回",
			"card %.60s has been revoked", id);
	if (*status_out == ASSAY_OK)
		*status_out = lab_append(lab, ASSAY_ENTRY_CARD,
			card_body(id, card, "revoke", -number(card, "remaining"), 0, "", 0, 0, reason,
				actor->name),
			NULL, err);
	json_decref(card);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static int usable(struct assay_lab *lab, const json_t *card, const char *producer, struct assay_error *err)
{
	const char *id = lab_text(card, "card"), *until = lab_text(card, "valid_until");
	char day[16];

	if (strcmp(lab_text(card, "status"), "active") != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "card-revoked", "检测卡 %.60s 已收回",
			"card %.60s has been revoked", id);
	if (!lab_today(lab, day) || (*until && strcmp(day, until) > 0))
		return assay_error_set(err, ASSAY_EREFUSED, "card-expired", "检测卡 %.60s 已于 %.10s 到期",
			"card %.60s expired on %.10s", id, until);
	if (number(card, "remaining") < 1)
		return assay_error_set(err, ASSAY_EREFUSED, "card-used-up", "检测卡 %.60s 已用完",
			"card %.60s is used up", id);
	if (strcmp(lab_text(card, "producer"), producer) != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "card-of-another",
			"检测卡 %.60s 是 %.60s 的，不能给别家用",
			"card %.60s belongs to %.60s, nobody else can use it", id,
			lab_text(card, "producer"));
	return ASSAY_OK;
}

int lab_card_check(struct assay_lab *lab, const char *id, const char *producer, struct assay_error *err)
{
	json_t *card = assay_query_card(lab->state, id, err);
	int status = card                            ? usable(lab, card, producer, err)
		     : strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND
						     : ASSAY_EIO;

	json_decref(card);
	return status;
}

/* The prices of analytes together; what has none is counted, never guessed. */
static int64_t priced(const json_t *prices, const json_t *analytes, int64_t *unpriced_out)
{
	const json_t *analyte, *row;
	size_t index, at;
	int64_t sum = 0, fen;

	*unpriced_out = 0;
	json_array_foreach(analytes, index, analyte)
	{
		bool found = false;

		json_array_foreach(prices, at, row)
		{
			if (!found && json_equal(json_object_get(row, "analyte"), analyte) &&
				lab_money(lab_text(row, "price"), &fen)) {
				found = true;
				sum += fen;
			}
		}
		*unpriced_out += found ? 0 : 1;
	}
	return sum;
}

int lab_card_redeem(struct assay_lab *lab, const char *id, const char *batch, const json_t *analytes,
	const char *who, struct assay_error *err)
{
	json_t *card = assay_query_card(lab->state, id, err),
	       *programme = card ? one_programme(lab->state, lab_text(card, "programme"), err) : NULL;
	int64_t unpriced = 0, saved;
	int status = ASSAY_EIO;

	if (programme) {
		saved = priced(json_object_get(programme, "prices"), analytes, &unpriced);
		status = usable(lab, card, lab_text(card, "producer"), err);
		if (status == ASSAY_OK)
			status = lab_append(lab, ASSAY_ENTRY_CARD,
				card_body(id, card, "redeem", 0, 1, batch, saved, unpriced, "", who), NULL,
				err);
	}
	json_decref(programme);
	json_decref(card);
	return status;
}

int lab_card_return(struct assay_lab *lab, const char *batch, const char *reason, const char *who,
	struct assay_error *err)
{
	json_t *rows = query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT l.card, l.programme, l.producer, c.status, c.valid_until, sum(l.used) AS "
			"used,"
			" sum(l.saved_fen) AS saved_fen, sum(l.unpriced) AS unpriced FROM ledger AS l JOIN "
			"card AS c"
			" ON c.id=l.card WHERE l.batch=?1 GROUP BY l.card HAVING sum(l.used)>0",
			"t", batch),
		err);
	const json_t *row;
	size_t index;
	int status = rows ? ASSAY_OK : ASSAY_EIO;

	json_array_foreach(rows, index, row)
	{
		/* a revoked card keeps nothing: the test goes back to the programme */
		bool revoked = strcmp(lab_text(row, "status"), "active") != 0;

		if (status == ASSAY_OK)
			status = lab_append(lab, ASSAY_ENTRY_CARD,
				card_body(lab_text(row, "card"), row, "return",
					revoked ? -number(row, "used") : 0, -number(row, "used"), batch,
					-number(row, "saved_fen"), -number(row, "unpriced"), reason, who),
				NULL, err);
	}
	json_decref(rows);
	return status;
}

static json_t *show(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	json_t *card = of_request(lab, request, status_out, err);

	(void)actor;
	return card ? lab_answer_one("card", card, status_out, err) : NULL;
}

static json_t *list(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *programme = lab_may(request, "programme", err),
		   *producer = programme ? lab_may(request, "producer", err) : NULL,
		   *after = producer ? lab_may(request, "after", err) : NULL;

	(void)actor;
	*status_out = ASSAY_EREFUSED;
	return after ? lab_answer_one("cards", assay_query_cards(lab->state, programme, producer, after, err),
			       status_out, err)
		     : NULL;
}

static json_t *list_programmes(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	(void)request;
	(void)actor;
	return lab_answer_one("programmes", assay_query_programmes(lab->state, err), status_out, err);
}

static json_t *audit(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	(void)request;
	(void)actor;
	return lab_answer_one("audit", assay_query_entitlement(lab->state, err), status_out, err);
}

const struct lab_command lab_entitlement_commands[] = {{"programme.set", set_programme},
	{"programme.list", list_programmes}, {"card.issue", issue}, {"card.revoke", revoke},
	{"card.show", show}, {"card.list", list}, {"entitlement.audit", audit}, {NULL, NULL}};
