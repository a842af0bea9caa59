/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web/route.h"
#include "gateway/lab/people.h"
#include "gateway/lab/query.h"
#include "gateway/web/answer.h"
#include "gateway/web/csv.h"
#include "gateway/web/write.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAMES_MAX 200u
#define FRAMES_USUAL 50u
#define HISTORY_MAX 5000u
#define HISTORY_USUAL_S 600
#define JOURNAL_MAX 1000u
#define JOURNAL_RAW_MAX 100u /* with its bytes an entry may be 128 KiB of hex */
#define JOURNAL_USUAL 50u

static const struct web_problem problem_argument = {
	400, "query-refused", "网址的参数不对", "the address's arguments are wrong"};

const struct web_problem web_problem_others = {
	403, "not-allowed", "这是别的企业的批次", "this batch is another producer's"};

const char *web_argument(const struct web_call *call, const char *name)
{
	return MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool web_number_argument(
	const struct web_call *call, const char *name, uint64_t usual, uint64_t max, uint64_t *out)
{
	const char *text = web_argument(call, name);
	uint64_t value = 0;

	*out = usual;
	if (!text)
		return true;
	if (!*text || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
		return false;
	for (; *text; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	*out = value;
	return value <= max;
}

static bool two_digits(const char *text, int low, int high, int *out)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return false;
	*out = (text[0] - '0') * 10 + text[1] - '0';
	return *out >= low && *out <= high;
}

bool web_time_read(const char *text, int64_t *out_ns)
{
	struct tm parts = {0};
	int century, year, millis = 0;

	if (strlen(text) < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
		text[16] != ':' || !two_digits(text, 19, 21, &century) ||
		!two_digits(text + 2, 0, 99, &year) || !two_digits(text + 5, 1, 12, &parts.tm_mon) ||
		!two_digits(text + 8, 1, 31, &parts.tm_mday) ||
		!two_digits(text + 11, 0, 23, &parts.tm_hour) ||
		!two_digits(text + 14, 0, 59, &parts.tm_min) || !two_digits(text + 17, 0, 60, &parts.tm_sec))
		return false;
	text += 19;
	if (*text == '.') {
		if (strspn(text + 1, "0123456789") != 3)
			return false;
		millis = (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
		text += 4;
	}
	if (strcmp(text, "Z") != 0)
		return false;
	parts.tm_mon -= 1;
	parts.tm_year = century * 100 + year - 1900;
	*out_ns = (int64_t)timegm(&parts) * 1000000000 + (int64_t)millis * 1000000;
	return true;
}

const char *web_text_argument(const struct web_call *call, const char *name, const char *usual)
{
	const char *text = web_argument(call, name);

	return text ? text : usual;
}

enum MHD_Result web_refuse_arguments(struct web_call *call)
{
	return web_answer_problem(call->web, call->connection, &problem_argument);
}

enum MHD_Result web_answer_list(
	struct web_call *call, const char *name, json_t *list, const struct assay_error *err)
{
	if (!list)
		return web_answer_error(call->web, call->connection, err);
	if (!web_format_known(call)) {
		json_decref(list);
		return web_refuse_arguments(call);
	}
	if (web_wants_table(call))
		return web_answer_table(call, name, list);
	return web_answer_json(call->web, call->connection, json_pack("{s:o}", name, list));
}

enum MHD_Result web_answer_whole(struct web_call *call, json_t *object, const struct assay_error *err)
{
	if (!object)
		return web_answer_error(call->web, call->connection, err);
	return web_answer_json(call->web, call->connection, object);
}

enum MHD_Result web_answer_member(
	struct web_call *call, const char *member, json_t *object, const struct assay_error *err)
{
	json_t *rows;

	if (!object)
		return web_answer_error(call->web, call->connection, err);
	if (!web_format_known(call)) {
		json_decref(object);
		return web_refuse_arguments(call);
	}
	if (!web_wants_table(call))
		return web_answer_json(call->web, call->connection, object);
	rows = json_incref(json_object_get(object, member));
	json_decref(object);
	return web_answer_table(call, member, rows);
}

enum MHD_Result web_answer_object(struct web_call *call, json_t *object, const struct assay_error *err)
{
	if (!object)
		return web_answer_error(call->web, call->connection, err);
	return web_answer_tagged(call->web, call->connection, object);
}

static enum MHD_Result get_lines(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_list(call, "lines", db ? assay_query_lines(db, &err) : NULL, &err);
}

static enum MHD_Result get_frames(struct web_call *call)
{
	struct assay_error err = {0};
	uint64_t limit;
	sqlite3 *db;

	if (!web_number_argument(call, "limit", FRAMES_USUAL, FRAMES_MAX, &limit))
		return web_refuse_arguments(call);
	db = web_state_get(&call->web->state, &err);
	return web_answer_list(
		call, "frames", db ? assay_query_frames(db, (unsigned)limit, &err) : NULL, &err);
}

static enum MHD_Result get_history(struct web_call *call)
{
	const char *instrument = web_argument(call, "instrument"), *channel = web_argument(call, "channel"),
		   *from = web_argument(call, "from");
	int64_t from_ns = ((int64_t)time(NULL) - HISTORY_USUAL_S) * 1000000000;
	struct assay_error err = {0};
	sqlite3 *db;

	if (!instrument || !channel || (from && !web_time_read(from, &from_ns)))
		return web_refuse_arguments(call);
	db = web_state_get(&call->web->state, &err);
	return web_answer_list(call, "readings",
		db ? assay_query_history(db, instrument, channel, from_ns, HISTORY_MAX, &err) : NULL, &err);
}

/* A producer's user sees his own batches and nothing that tells of others. */
bool web_his_own(const struct web_call *call, const json_t *batch)
{
	const char *producer = json_string_value(json_object_get(batch, "producer"));

	return !(call->actor.roles & ASSAY_ACTS_PRODUCER) ||
	       (producer && *call->actor.producer && strcmp(producer, call->actor.producer) == 0);
}

static enum MHD_Result get_batch(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);
	json_t *batch = db ? assay_query_batch(db, call->id, &err) : NULL;

	if (batch && !web_his_own(call, batch)) {
		json_decref(batch);
		return web_answer_problem(call->web, call->connection, &web_problem_others);
	}
	return web_answer_object(call, batch, &err);
}

static enum MHD_Result get_test(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);
	json_t *test = db ? assay_query_test(db, call->id, &err) : NULL, *batch = NULL;
	bool his = true;

	if (test && call->actor.roles & ASSAY_ACTS_PRODUCER) {
		batch = assay_query_batch(db, json_string_value(json_object_get(test, "batch")), &err);
		his = batch && web_his_own(call, batch);
		json_decref(batch);
	}
	if (!his) {
		json_decref(test);
		return web_answer_problem(call->web, call->connection, &web_problem_others);
	}
	return web_answer_object(call, test, &err);
}

static enum MHD_Result get_bench(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_whole(call, db ? assay_query_bench(db, &err) : NULL, &err);
}

static enum MHD_Result get_journal(struct web_call *call)
{
	struct assay_error err = {0};
	uint64_t from, limit, raw;

	if (!web_number_argument(call, "from", 0, INT64_MAX, &from) ||
		!web_number_argument(call, "raw", 0, 1, &raw) ||
		!web_number_argument(
			call, "limit", JOURNAL_USUAL, raw ? JOURNAL_RAW_MAX : JOURNAL_MAX, &limit))
		return web_refuse_arguments(call);
	return web_answer_list(call, "entries",
		assay_query_journal(call->web->role->dir, from, (unsigned)limit, raw == 1, &err), &err);
}

static enum MHD_Result get_trace(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_whole(
		call, db ? assay_query_trace(db, call->web->role->dir, call->id, &err) : NULL, &err);
}

static enum MHD_Result get_events(struct web_call *call)
{
	return web_viewers_add(call->web, call->connection, call->caller->known);
}

/* Who the caller is and what he may; the key that a page sends back with each write. A new reference. */
static json_t *about_caller(const struct web_caller *caller)
{
	static const char *const shown[] = {"user", "name", "roles", "producer", "rights", "session",
		"second_factor", "second_factor_missing"};
	char csrf[WEB_CSRF_MAX];
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		(void)json_object_set(object, shown[i], json_object_get(caller->about, shown[i]));
	if (!caller->token) {
		web_caller_csrf(caller->secret, csrf);
		(void)json_object_set_new(object, "csrf", json_string(csrf));
	}
	return object;
}

/* What also somebody may know who is not logged in: where he is, whether he may look, whether there is anybody yet. */
static enum MHD_Result get_login(struct web_call *call)
{
	const struct assay_config *config = call->web->role->config;
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);
	bool admin = false;

	if (!db || lab_has_admin(db, &admin, &err) != ASSAY_OK)
		return web_answer_error(call->web, call->connection, &err);
	return web_answer_json(call->web, call->connection,
		json_pack("{s:s,s:s,s:b,s:b,s:o}", "name_zh", config->name_zh, "name_en", config->name_en,
			"first_admin", !admin, "anonymous_read", call->anonymous_roles != 0, "me",
			call->caller->known ? about_caller(call->caller) : json_null()));
}

static enum MHD_Result get_session(struct web_call *call)
{
	if (!call->caller->known)
		return web_answer_problem(call->web, call->connection, &web_problem_auth);
	return web_answer_json(call->web, call->connection, about_caller(call->caller));
}

static enum MHD_Result get_users(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_list(call, "users", db ? lab_user_list(db, &err) : NULL, &err);
}

static enum MHD_Result get_tokens(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_list(call, "tokens", db ? lab_token_list(db, &err) : NULL, &err);
}

static enum MHD_Result get_who_can(struct web_call *call)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&call->web->state, &err);

	return web_answer_whole(call,
		db ? lab_who_could(
			     db, web_text_argument(call, "act", ""), web_text_argument(call, "on", ""), &err)
		   : NULL,
		&err);
}

static enum MHD_Result get_health(struct web_call *call)
{
	struct assay_error err = {0};

	if (!web_state_get(&call->web->state, &err))
		return web_answer_error(call->web, call->connection, &err);
	return web_answer_json(call->web, call->connection,
		json_pack("{s:s,s:s}", "status", "ok", "version", ASSAY_VERSION));
}

static enum MHD_Result get_openapi(struct web_call *call)
{
	return web_answer_json(call->web, call->connection, web_openapi());
}

const struct web_route web_routes[] = {
	{"/healthz", "", true, "", get_health},
	{"/metrics", "", true, "", web_metrics},
	{"/api/v1/openapi.json", "", false, "", get_openapi},
	{"/api/v1/lines", " format ", false, "status", get_lines},
	{"/api/v1/frames", " limit format ", false, "status", get_frames},
	{"/api/v1/history", " instrument channel from format ", false, "status", get_history},
	{"/api/v1/batches", " status q order after limit format ", false, "batch.list", web_get_batches},
	{"/api/v1/batches/{id}", "", false, "batch.show", get_batch},
	{"/api/v1/batches/{id}/labels", " first ", false, "batch.labels", web_get_labels},
	{"/api/v1/batches/{id}/proof", "", false, "trace", web_get_proof},
	{"/api/v1/tests/{id}", "", false, "test.show", get_test},
	{"/api/v1/bench", "", false, "status", get_bench},
	{"/api/v1/journal", " from limit raw format ", false, "journal", get_journal},
	{"/api/v1/results/{id}/trace", "", false, "trace", get_trace},
	{"/api/v1/results/{id}/review", "", false, "review.show", web_get_review},
	{"/api/v1/reviews", " after format ", false, "review.list", web_get_reviews},
	{"/api/v1/journal/{id}/inclusion", "", false, "journal", web_get_inclusion},
	{"/api/v1/trail", " who what instrument reason about from to after limit format ", false, "journal",
		web_get_trail},
	{"/api/v1/certificates", " batch after format ", false, "certificate.list", web_get_certificates},
	{"/api/v1/certificates/{id}", "", false, "certificate.show", web_get_certificate},
	{"/api/v1/certificates/{id}/paper", "", false, "certificate.paper", web_get_paper},
	{"/api/v1/producers", " q after format ", false, "producer.list", web_get_producers},
	{"/api/v1/producers/{id}", "", false, "producer.show", web_get_producer},
	{"/api/v1/instruments", " format ", false, "instrument.list", web_get_instruments},
	{"/api/v1/instruments/{id}", "", false, "instrument.show", web_get_instrument},
	{"/api/v1/instruments/{id}/rack", " format ", false, "rack.show", web_get_rack},
	{"/api/v1/programmes", " format ", false, "programme.list", web_get_programmes},
	{"/api/v1/programmes/{id}", "", false, "programme.list", web_get_programme},
	{"/api/v1/cards", " programme producer after format ", false, "card.list", web_get_cards},
	{"/api/v1/cards/{id}", "", false, "card.show", web_get_card},
	{"/api/v1/cards/{id}/paper", "", false, "card.paper", web_get_card_paper},
	{"/api/v1/status", "", false, "status", web_get_status},
	{"/api/v1/entitlement", "", false, "entitlement.audit", web_get_audit},
	{"/api/v1/producers/{id}/report", "", false, "producer.report", web_get_producer_report},
	{"/api/v1/producers/{id}/report/paper", "", false, "producer.report", web_get_producer_paper},
	{"/api/v1/mine/report", "", false, "producer.own", web_get_own_report},
	{"/api/v1/mine/report/paper", "", false, "producer.own", web_get_own_paper},
	{"/api/v1/district/rates", " by class analyte process quarter origin format ", false,
		"district.rates", web_get_district_rates},
	{"/api/v1/district/trend", " class analyte process quarter origin format ", false, "district.trend",
		web_get_district_trend},
	{"/api/v1/district/items", " class analyte process quarter origin before format ", false,
		"district.items", web_get_district_items},
	{"/api/v1/district/coverage", " format ", false, "district.coverage", web_get_district_coverage},
	{"/api/v1/district/quarters/{id}", "", false, "district.overview", web_get_district_quarter},
	{"/api/v1/district/quarters/{id}/paper", "", false, "district.paper", web_get_quarter_paper},
	{"/api/v1/district/overview", " quarter ", false, "district.overview", web_get_district_overview},
	{"/api/v1/qc/materials", " format ", false, "qc.material.list", web_get_materials},
	{"/api/v1/qc/runs", " before format ", false, "qc.run.list", web_get_runs},
	{"/api/v1/qc/runs/{id}", "", false, "qc.run.show", web_get_run},
	{"/api/v1/qc/charts", " format ", false, "qc.chart.list", web_get_charts},
	{"/api/v1/qc/charts/{id}", " instrument ", false, "qc.chart.show", web_get_chart},
	{"/api/v1/qc/holds", " all format ", false, "qc.hold.list", web_get_holds},
	{"/api/v1/qc/holds/{id}", "", false, "qc.hold.show", web_get_hold},
	{"/api/v1/splits", " producer method format ", false, "split.list", web_get_splits},
	{"/api/v1/qc/proficiency", " method format ", false, "qc.proficiency.list", web_get_rounds},
	{"/api/v1/qc/uncertainty/{id}", " relative ", false, "qc.uncertainty.show", web_get_uncertainty},
	{"/api/v1/alarms", " format ", false, "alarm.list", web_get_alarms},
	{"/api/v1/events", "", false, "status", get_events},
	{"/api/v1/login", "", false, "", get_login},
	{"/api/v1/session", "", false, "", get_session},
	{"/api/v1/users", " format ", false, "user.list", get_users},
	{"/api/v1/tokens", " format ", false, "token.list", get_tokens},
	{"/api/v1/who-can", " act on ", false, "who.can", get_who_can},
	{"/api/v1/standards", " q format ", false, "standard.list", web_get_standards},
	{"/api/v1/standards/{id}/limits", " q from limit format ", false, "standard.list", web_get_limits},
	{"/api/v1/standards/{id}/changes", " since format ", false, "standard.list", web_get_changes},
	{"/api/v1/products", " q format ", false, "standard.list", web_get_products},
	{"/api/v1/products/{id}/plan", " produced format ", false, "standard.list", web_get_plan},
};
const size_t web_route_count = sizeof web_routes / sizeof *web_routes;

/* Letters, digits, '.', '_' and '-', beginning with a letter or digit: what ids are made of. */
static size_t id_length(const char *text)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	if (length == 0 || length > WEB_ID_MAX || strchr("._-", text[0]))
		return 0;
	return length;
}

bool web_path_matches(const char *pattern, const char *path, char *id)
{
	const char *brace = strstr(pattern, "{id}");
	size_t before, length;

	id[0] = '\0';
	if (!brace)
		return strcmp(pattern, path) == 0;
	before = (size_t)(brace - pattern);
	if (strncmp(pattern, path, before) != 0)
		return false;
	length = id_length(path + before);
	if (length == 0 || strcmp(brace + 4, path + before + length) != 0)
		return false;
	memcpy(id, path + before, length);
	id[length] = '\0';
	return true;
}

const struct web_route *web_route_find(const char *path, char *id)
{
	for (size_t i = 0; i < web_route_count; i++)
		if (web_path_matches(web_routes[i].path, path, id))
			return &web_routes[i];
	return NULL;
}
