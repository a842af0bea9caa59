/* SPDX-License-Identifier: Apache-2.0
 * Live updates. Each topic has one snapshot, made once however many watch: the newest state of that topic as one
 * server-sent event. A viewer who is slow holds the one snapshot he is being sent and then gets the newest of each topic,
 * so what he costs is bounded, he misses only what is no longer true, and nobody waits for him. */
#include "gateway/lab/batch_page.h"
#include "gateway/lab/query.h"
#include "gateway/web/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EVENT_BLOCK 16384u /* bytes asked of a viewer's stream at a time */
#define FRAMES_SHOWN 20u

struct web_snapshot {
	unsigned holders;
	size_t length, body; /* body: where the JSON begins, for comparing */
	char text[];
};

struct web_viewer {
	struct web_viewer *next, **link;
	struct web *web;
	struct MHD_Connection *connection;
	struct web_snapshot *sending;
	size_t sent;
	uint64_t seen[WEB_TOPIC_COUNT], tick_seen;
	bool suspended, known,
		over; /* known: somebody who is logged in; over: he has to show himself again */
	uint64_t since_ms;
};

static const char *const topic_names[WEB_TOPIC_COUNT] = {"gateway", "lines", "bench", "frames", "batches"};

static void release(struct web_snapshot *snapshot)
{
	if (snapshot && --snapshot->holders == 0)
		free(snapshot);
}

static struct web_snapshot *make(const char *name, uint64_t id, const char *json)
{
	size_t room = strlen(name) + strlen(json) + 64;
	struct web_snapshot *snapshot = malloc(sizeof *snapshot + room);
	int head, whole;

	if (!snapshot)
		return NULL;
	head = snprintf(snapshot->text, room, "event: %s\nid: %llu\ndata: ", name, (unsigned long long)id);
	whole = snprintf(snapshot->text + head, room - (size_t)head, "%s\n\n", json);
	snapshot->holders = 1;
	snapshot->body = (size_t)head;
	snapshot->length = (size_t)head + (size_t)whole;
	return snapshot;
}

/* Takes object. The topic gets a new version only when its text is another one. */
static void publish(struct web *web, enum web_topic topic, json_t *object)
{
	struct web_snapshot *old = web->topics[topic], *now;
	char *json = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	if (!json)
		return;
	if (!old || strlen(json) + 2 != old->length - old->body ||
		strncmp(old->text + old->body, json, strlen(json)) != 0) {
		now = make(topic_names[topic], web->topic_version[topic] + 1, json);
		if (now) {
			web->topics[topic] = now;
			web->topic_version[topic]++;
			release(old);
		}
	}
	free(json);
}

static void utc_now(char text[32])
{
	struct timespec now;
	struct tm parts;
	size_t length;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &parts);
	length = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(text + length, 32 - length, ".%03ldZ", now.tv_nsec / 1000000);
}

static void tick(struct web *web)
{
	char now[32], json[64];
	struct web_snapshot *snapshot;

	utc_now(now);
	(void)snprintf(json, sizeof json, "{\"now\":\"%s\"}", now);
	snapshot = make("tick", web->tick_version + 1, json);
	if (!snapshot)
		return;
	release(web->tick);
	web->tick = snapshot;
	web->tick_version++;
	web->ticked_ms = web_now_ms();
}

static json_t *gateway_object(const struct web *web, sqlite3 *db, const struct assay_error *err)
{
	const struct assay_config *config = web->role->config;
	json_t *object = json_pack("{s:s,s:s,s:s,s:s,s:s}", "version", ASSAY_VERSION, "site", config->site,
		"name_zh", config->name_zh, "name_en", config->name_en, "state",
		db           ? "ready"
		: *err->code ? err->code
			     : "state-absent");

	if (db)
		(void)json_object_set_new(object, "applied", json_integer(web_state_applied(db)));
	return object;
}

static json_t *bench_without_frames(sqlite3 *db)
{
	json_t *bench = assay_query_bench(db, NULL);

	if (bench)
		(void)json_object_del(bench, "frames");
	return bench;
}

/* How many there are, and those that wait for a person; the list itself is asked for page by page. */
static json_t *batches_in_short(sqlite3 *db)
{
	const struct assay_batch_wish waiting = {
		"awaiting-review", "", "need", "", ASSAY_BATCH_PAGE_MAX, NULL};
	json_t *counts = assay_query_batch_counts(db, NULL);
	json_t *page = counts ? assay_query_batch_page(db, &waiting, NULL) : NULL;
	json_t *topic =
		page ? json_pack("{s:O,s:O,s:I}", "counts", counts, "waiting",
			       json_object_get(page, "batches"), "applied", (json_int_t)web_state_applied(db))
		     : NULL;

	json_decref(counts);
	json_decref(page);
	return topic;
}

static void publish_all(struct web *web)
{
	struct assay_error err = {0};
	sqlite3 *db = web_state_get(&web->state, &err);

	publish(web, WEB_TOPIC_GATEWAY, gateway_object(web, db, &err));
	if (!db)
		return;
	publish(web, WEB_TOPIC_LINES, assay_query_lines(db, NULL));
	publish(web, WEB_TOPIC_BENCH, bench_without_frames(db));
	publish(web, WEB_TOPIC_FRAMES, assay_query_frames(db, FRAMES_SHOWN, NULL));
	publish(web, WEB_TOPIC_BATCHES, batches_in_short(db));
}

/* What this viewer should be sent next, held for him; NULL: he has everything. */
static struct web_snapshot *next_for(struct web_viewer *viewer)
{
	struct web *web = viewer->web;
	struct web_snapshot *found = NULL;

	if (viewer->tick_seen != web->tick_version) {
		viewer->tick_seen = web->tick_version;
		found = web->tick;
	}
	for (int i = 0; !found && i < WEB_TOPIC_COUNT; i++)
		if (viewer->seen[i] != web->topic_version[i]) {
			viewer->seen[i] = web->topic_version[i];
			found = web->topics[i];
		}
	if (found)
		found->holders++;
	return found;
}

static ssize_t read_events(void *cls, uint64_t position, char *buffer, size_t room)
{
	struct web_viewer *viewer = cls;
	size_t length;

	(void)position;
	if (!viewer->sending) {
		if (viewer->web->stopping || viewer->over)
			return MHD_CONTENT_READER_END_OF_STREAM;
		viewer->sending = next_for(viewer);
		viewer->sent = 0;
		web_peer_progress(viewer->connection);
	}
	if (!viewer->sending) {
		viewer->suspended = true;
		MHD_suspend_connection(viewer->connection);
		return 0;
	}
	length = viewer->sending->length - viewer->sent;
	if (length > room)
		length = room;
	memcpy(buffer, viewer->sending->text + viewer->sent, length);
	viewer->sent += length;
	if (viewer->sent == viewer->sending->length) {
		release(viewer->sending);
		viewer->sending = NULL;
		viewer->web->counts.events++;
	}
	return (ssize_t)length;
}

static void forget(void *cls)
{
	struct web_viewer *viewer = cls;

	*viewer->link = viewer->next;
	if (viewer->next)
		viewer->next->link = viewer->link;
	viewer->web->viewer_count--;
	release(viewer->sending);
	free(viewer);
}

enum MHD_Result web_viewers_add(struct web *web, struct MHD_Connection *connection, bool known)
{
	static const struct web_problem full = {503, "too-many-viewers", "同时观看的画面太多，请关掉一些再试",
		"too many pages are watching; close some and try again"};
	struct web_viewer *viewer;
	struct MHD_Response *response;

	if (web->viewer_count >= WEB_VIEWERS_MAX || web->stopping)
		return web_answer_problem(web, connection, &full);
	viewer = calloc(1, sizeof *viewer);
	if (!viewer)
		return web_answer_problem(web, connection, &web_problem_memory);
	if (web->viewer_count == 0) { /* nobody has looked for a while */
		(void)web_state_changed(&web->state);
		publish_all(web);
	}
	viewer->web = web;
	viewer->known = known;
	viewer->since_ms = web_now_ms();
	viewer->connection = connection;
	viewer->next = web->viewers;
	viewer->link = &web->viewers;
	if (viewer->next)
		viewer->next->link = &viewer->next;
	web->viewers = viewer;
	web->viewer_count++;
	web->counts.viewers_total++;
	tick(web); /* the newcomer's clock; the others get it too */
	response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, EVENT_BLOCK, read_events, viewer, forget);
	if (!response) {
		forget(viewer);
		return web_answer_problem(web, connection, &web_problem_memory);
	}
	(void)MHD_add_response_header(response, "Content-Type", "text/event-stream; charset=utf-8");
	(void)MHD_add_response_header(response, "X-Accel-Buffering", "no");
	web_peer_answering(connection, true);
	return web_answer_queue(web, connection, 200, response, false);
}

static void wake(struct web *web)
{
	for (struct web_viewer *viewer = web->viewers; viewer; viewer = viewer->next)
		if (viewer->suspended) {
			viewer->suspended = false;
			MHD_resume_connection(viewer->connection);
		}
}

void web_viewers_check(struct web *web, uint64_t longest_ms)
{
	uint64_t now = web_now_ms();
	bool any = false;

	for (struct web_viewer *viewer = web->viewers; viewer; viewer = viewer->next)
		if (viewer->known && !viewer->over && now - viewer->since_ms >= longest_ms)
			any = viewer->over = true;
	if (any)
		wake(web);
}

void web_viewers_look(struct web *web)
{
	uint64_t now = web_now_ms(), versions = 0, before = web->tick_version;

	if (web->viewer_count == 0 || now - web->looked_ms < WEB_LOOK_MS)
		return;
	web->looked_ms = now;
	for (int i = 0; i < WEB_TOPIC_COUNT; i++)
		before += web->topic_version[i];
	if (web_state_changed(&web->state))
		publish_all(web);
	if (now - web->ticked_ms >= WEB_TICK_MS)
		tick(web);
	for (int i = 0; i < WEB_TOPIC_COUNT; i++)
		versions += web->topic_version[i];
	if (versions + web->tick_version != before)
		wake(web);
}

void web_viewers_stop(struct web *web)
{
	web->stopping = true;
	wake(web);
}

void web_viewers_free(struct web *web)
{
	for (int i = 0; i < WEB_TOPIC_COUNT; i++)
		release(web->topics[i]);
	release(web->tick);
}
