/* SPDX-License-Identifier: Apache-2.0
 * The routes that read: one table. Each answers GET and HEAD. What is written: write.h. */
#ifndef ASSAY_WEB_ROUTE_H
#define ASSAY_WEB_ROUTE_H

#include "gateway/web/web.h"

#define WEB_API "/api/v1/"

struct web_call {
	struct web *web;
	struct web_request *request;
	struct MHD_Connection *connection;
	char id[WEB_ID_MAX + 1]; /* what stood at {id}, else "" */
	const struct web_caller *caller;
	unsigned anonymous_roles; /* of somebody who is not logged in here */
	struct assay_actor actor; /* the caller, or what an anonymous one may do here */
};

struct web_route {
	const char *path; /* "/api/v1/batches/{id}" */
	const char
		*arguments; /* names of the query's arguments, space before and after each: " from limit " */
	bool loopback_only; /* anonymous callers only from this machine */
	const char *command; /* whose right it takes, "" none */
	enum MHD_Result (*answer)(struct web_call *call);
};

extern const struct web_route web_routes[];
extern const size_t web_route_count;

/* The route for a path, with id filled (WEB_ID_MAX + 1 bytes); NULL when there is none. */
const struct web_route *web_route_find(const char *path, char *id);

/* Does path follow pattern? id as above. */
bool web_path_matches(const char *pattern, const char *path, char *id);

/* RFC 3339, UTC: 2026-11-23T06:41:06Z or with milliseconds, of the years 1900 to 2199 (nanoseconds end in 2262); false for
 * anything else. */
bool web_time_read(const char *text, int64_t *out_ns);

/* An argument of the query, NULL when absent. */
const char *web_argument(const struct web_call *call, const char *name);
const char *web_text_argument(const struct web_call *call, const char *name, const char *usual);
/* A whole number from the query: usual when absent; false when it is none, or above max. */
bool web_number_argument(
	const struct web_call *call, const char *name, uint64_t usual, uint64_t max, uint64_t *out);

enum MHD_Result web_refuse_arguments(struct web_call *call);

/* The answer comes later. From the recorder: the command of this name with these members (taken; NULL: no memory); who is
 * not logged in is refused. From the worker: takes job. */
enum MHD_Result web_ask_recorder(struct web_call *call, const char *name, json_t *members);
enum MHD_Result web_give_worker(struct web_call *call, struct web_job *job);

/* Each takes what it answers; NULL: what err says. A list is wrapped as {name: list}, since a bare one can never grow; an
 * object that people decide about goes with its ETag, others whole. */
enum MHD_Result web_answer_list(
	struct web_call *call, const char *name, json_t *list, const struct assay_error *err);
/* The same; as a table the rows of its member. Of a wrong format: refused. */
enum MHD_Result web_answer_member(
	struct web_call *call, const char *member, json_t *object, const struct assay_error *err);
enum MHD_Result web_answer_object(struct web_call *call, json_t *object, const struct assay_error *err);
enum MHD_Result web_answer_whole(struct web_call *call, json_t *object, const struct assay_error *err);

/* A producer's user sees what is of his own batches: the member "producer" is his, or he is none. */
bool web_his_own(const struct web_call *call, const json_t *batch);
extern const struct web_problem web_problem_others;

/* metrics.c */
enum MHD_Result web_metrics(struct web_call *call);
/* route_batches.c */
enum MHD_Result web_get_batches(struct web_call *call);
/* route_registers.c */
enum MHD_Result web_get_producers(struct web_call *call);
enum MHD_Result web_get_producer(struct web_call *call);
enum MHD_Result web_get_instruments(struct web_call *call);
enum MHD_Result web_get_instrument(struct web_call *call);
enum MHD_Result web_get_rack(struct web_call *call);
enum MHD_Result web_get_programmes(struct web_call *call);
enum MHD_Result web_get_programme(struct web_call *call);
enum MHD_Result web_get_cards(struct web_call *call);
enum MHD_Result web_get_card(struct web_call *call);
enum MHD_Result web_get_audit(struct web_call *call);
enum MHD_Result web_get_alarms(struct web_call *call);
enum MHD_Result web_get_reviews(struct web_call *call);
enum MHD_Result web_get_review(struct web_call *call);
enum MHD_Result web_get_certificates(struct web_call *call);
enum MHD_Result web_get_certificate(struct web_call *call);
/* route_journal.c; web_get_trail: route_asked.c */
enum MHD_Result web_get_trail(struct web_call *call);
enum MHD_Result web_get_inclusion(struct web_call *call);
enum MHD_Result web_get_paper(struct web_call *call);
/* route_district.c */
enum MHD_Result web_get_producer_report(struct web_call *call);
enum MHD_Result web_get_own_report(struct web_call *call);
enum MHD_Result web_get_producer_paper(struct web_call *call);
enum MHD_Result web_get_own_paper(struct web_call *call);
enum MHD_Result web_get_quarter_paper(struct web_call *call);
enum MHD_Result web_get_splits(struct web_call *call);
enum MHD_Result web_get_district_rates(struct web_call *call);
enum MHD_Result web_get_district_trend(struct web_call *call);
enum MHD_Result web_get_district_items(struct web_call *call);
enum MHD_Result web_get_district_coverage(struct web_call *call);
enum MHD_Result web_get_district_overview(struct web_call *call);
enum MHD_Result web_get_district_quarter(struct web_call *call);
/* route_quality.c */
enum MHD_Result web_get_materials(struct web_call *call);
enum MHD_Result web_get_runs(struct web_call *call);
enum MHD_Result web_get_run(struct web_call *call);
enum MHD_Result web_get_charts(struct web_call *call);
enum MHD_Result web_get_chart(struct web_call *call);
enum MHD_Result web_get_holds(struct web_call *call);
enum MHD_Result web_get_hold(struct web_call *call);
enum MHD_Result web_get_rounds(struct web_call *call);
enum MHD_Result web_get_uncertainty(struct web_call *call);
/* route_asked.c */
enum MHD_Result web_get_status(struct web_call *call);
enum MHD_Result web_get_labels(struct web_call *call);
enum MHD_Result web_get_card_paper(struct web_call *call);
enum MHD_Result web_get_proof(struct web_call *call);
/* route_standards.c */
enum MHD_Result web_get_standards(struct web_call *call);
enum MHD_Result web_get_limits(struct web_call *call);
enum MHD_Result web_get_changes(struct web_call *call);
enum MHD_Result web_get_products(struct web_call *call);
enum MHD_Result web_get_plan(struct web_call *call);

#endif
