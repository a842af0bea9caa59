/* SPDX-License-Identifier: Apache-2.0
 * Inside the web role: one thread, one loop. libmicrohttpd's descriptors and the control channel are polled together,
 * so nothing here needs a lock. */
#ifndef ASSAY_WEB_WEB_H
#define ASSAY_WEB_WEB_H

#include "gateway/lab/advice.h"
#include "gateway/record/commit_times.h"
#include "gateway/role.h"
#include "gateway/web/caller.h"
#include "gateway/web/files.h"
#include "gateway/web/journal_counts.h"
#include "gateway/web/recorder_link.h"
#include "gateway/web/worker.h"
#include "limits/limits.h"

#include <microhttpd.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define WEB_CONNECTIONS_MAX 900u /* all together; descriptors are raised to hold them */
/* Of those who have not shown who they are: the one that has asked longest makes room for the newest. */
#define WEB_STRANGERS_MAX 256u
#define WEB_STRANGERS_PER_ADDRESS 20u /* on loopback, where a proxy stands for many: half of all */
#define WEB_CONNECTION_MEMORY 32768u /* bytes libmicrohttpd may hold for one connection */
#define WEB_URI_MAX 4096u
#define WEB_HEADERS_MAX 8192u /* bytes */
#define WEB_HEADER_COUNT_MAX 64u
#define WEB_IDLE_S 15u /* no byte either way */
#define WEB_HEADER_MS 10000u /* a request's headers must be complete by then, however they trickle */
#define WEB_ANSWER_MS 60000u /* an answer must be taken by then; each event of a viewer too */
#define WEB_VIEWERS_MAX                                                                                      \
	112u /* fewer than strangers of one address, so that another one still gets an answer */
#define WEB_LOOK_MS 200u /* has the state changed? asked only while somebody watches */
#define WEB_WATCH_MS 600000u /* a viewer who is logged in shows himself again after this */
#define WEB_TICK_MS 15000u /* a sign of life for viewers */
#define WEB_ID_MAX 64u
#define WEB_ETAG_MAX 40u

/* The read-only state. It may be absent (not made yet) or replaced (rebuild) at any time. */
struct web_state {
	const char *dir;
	sqlite3 *db; /* NULL: not open */
	dev_t device;
	ino_t inode; /* of the file that db was opened on */
	int64_t data_version;
};

struct web_counts {
	uint64_t answers[6]; /* by hundreds of the status, [0] unused */
	uint64_t refused_auth, cut_slow, events, viewers_total;
};

struct web_peer; /* one connection, for deadlines (peers.c) */
struct web_viewer; /* one reader of /api/v1/events (viewers.c) */
struct web_snapshot;

enum web_topic {
	WEB_TOPIC_GATEWAY,
	WEB_TOPIC_LINES,
	WEB_TOPIC_BENCH,
	WEB_TOPIC_FRAMES,
	WEB_TOPIC_BATCHES,
	WEB_TOPIC_COUNT
};

struct web_link {
	int fd; /* -1: the recorder is away */
	uint64_t last; /* number of the last question */
	char *out, *in;
	size_t out_length, in_length, in_room;
	struct {
		struct web_request *request; /* NULL: free */
		uint64_t id;
	} asked[WEB_LINK_ASKED_MAX];
	unsigned asked_count;
};

struct web {
	struct web_files files;
	struct web_journal_counts journal;
	const struct assay_role *role;
	struct MHD_Daemon *daemon;
	bool loopback; /* the listener is bound to a loopback address */
	bool stopping;
	bool tls; /* https */
	struct web_link link;
	struct web_worker worker;
	struct web_known known[WEB_CALLERS_MAX];
	struct web_state state;
	struct assay_advice *advice; /* the same */
	struct assay_specs *specs; /* read before the role locks itself in; NULL: could not be read */
	struct web_counts counts;
	struct commit_times commits; /* as the recorder told them last */
	struct web_peer *peers;
	unsigned peer_count;
	struct web_viewer *viewers;
	unsigned viewer_count;
	struct web_snapshot *topics[WEB_TOPIC_COUNT], *tick;
	uint64_t topic_version[WEB_TOPIC_COUNT], tick_version;
	uint64_t looked_ms, ticked_ms;
};

struct web_write;

enum web_stage {
	WEB_STAGE_NEW = 0,
	WEB_STAGE_IDENTIFYING, /* the recorder is asked whose session this is */
	WEB_STAGE_READING, /* a body that is wanted */
	WEB_STAGE_ASKING, /* the recorder has the command */
	WEB_STAGE_ANSWERED /* or has not: answer is NULL */
};

/* One request, from its first line to the end of its answer. */
struct web_request {
	struct web *web;
	struct MHD_Connection *connection;
	char path[WEB_URI_MAX + 1]; /* as sent, without the query */
	bool uri_too_long, path_refused, query_refused;
	enum web_stage stage;
	struct web_caller caller;
	const struct web_write *write; /* NULL: it only reads */
	char id[WEB_ID_MAX + 1]; /* of the path */
	char *body;
	size_t body_length;
	bool suspended, decided; /* decided: nothing speaks against the write, its body is read */
	json_t *answer;
	struct web_job *job; /* that the worker did; NULL: it ended before */
	bool worked; /* it was the worker that was asked */
};

uint64_t web_now_ms(void); /* CLOCK_MONOTONIC */

/* state.c: the open state, or NULL with err ("state-absent" and others). Borrowed until the next call. */
sqlite3 *web_state_get(struct web_state *state, struct assay_error *err);
/* True when the state is another one, or has other content, than at the last call. */
bool web_state_changed(struct web_state *state);
/* Sequence of the last journal entry that the state holds, -1 when not known. */
int64_t web_state_applied(sqlite3 *db);
void web_state_close(struct web_state *state);

/* peers.c */
void web_peer_notify(void *web, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code);
/* He has shown who he is: no newcomer takes his place. */
void web_peer_known(struct MHD_Connection *connection);
/* A request has begun to be answered; watch: an endless answer, with deadlines of its own. */
void web_peer_answering(struct MHD_Connection *connection, bool watch);
void web_peer_progress(struct MHD_Connection *connection); /* a viewer has taken an event whole */
void web_peer_waiting(struct MHD_Connection *connection); /* the answer is over */
bool web_peer_is_loopback(struct MHD_Connection *connection);
void web_peers_enforce(struct web *web); /* hang up on whoever is past a deadline */

/* viewers.c: server-sent events */
/* known: somebody who is logged in. */
enum MHD_Result web_viewers_add(struct web *web, struct MHD_Connection *connection, bool known);
/* Who is logged in and has watched for so long has to show himself again; his page does so by itself. */
void web_viewers_check(struct web *web, uint64_t longest_ms);
void web_viewers_look(struct web *web); /* called from the loop: publish what changed, tick */
void web_viewers_stop(struct web *web); /* end all streams */
void web_viewers_free(struct web *web);

/* request.c: libmicrohttpd's callbacks */
/* The recorder's answer to what the request asked (taken); NULL: it has none. */
void web_request_told(struct web_request *request, json_t *answer);
/* The worker is done with it (job is taken); NULL: it ends. */
void web_request_worked(struct web_request *request, struct web_job *job);
void *web_request_begin(void *web, const char *uri, struct MHD_Connection *connection);
enum MHD_Result web_request_answer(void *web, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_length, void **request);
void web_request_end(
	void *web, struct MHD_Connection *connection, void **request, enum MHD_RequestTerminationCode code);

#endif
