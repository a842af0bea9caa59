/* SPDX-License-Identifier: Apache-2.0
 * What takes too long for the loop - the journal walked for a proof or a search - is done by one thread beside it. The
 * request that wants it is suspended meanwhile; the thread knows nothing of HTTP, the loop nothing of the work. */
#ifndef ASSAY_WEB_WORKER_H
#define ASSAY_WEB_WORKER_H

#include "limits/error.h"

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define WEB_JOBS_MAX 32u /* that wait, or are done and not yet answered */
#define WEB_JOB_BYTES_MAX (64u * 1024u * 1024u) /* of a file made for one caller */

struct web;
struct web_problem;
struct web_request;

struct web_job {
	struct web_job *next;
	struct web_request *request; /* NULL: he has gone */
	void (*run)(struct web_job *job); /* in the thread: fills the members after wish */
	const char *dir;
	void *wish; /* owned: what run needs to know, one block */
	int status;
	struct assay_error err;
	const struct web_problem *problem; /* answered as this, when not NULL */
	bool print; /* object is a statement: the recorder has it printed, and the print is the answer */
	json_t *object; /* or */
	unsigned char *bytes; /* owned */
	size_t length;
	const char *type;
	char name[80]; /* to be saved under */
};

struct web_worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct web_job *waiting, *running, *done;
	unsigned count;
	int fd; /* an eventfd: something is done */
	bool started, stop;
};

/* After the process has locked itself in. */
int web_worker_start(struct web *web, struct assay_error *err) ASSAY_WARN_UNUSED;
/* false: too much waits already; the job is freed. Takes job. The answer comes by web_request_worked. */
bool web_worker_give(struct web *web, struct web_request *request, struct web_job *job);
void web_worker_forget(struct web *web, const struct web_request *request);
void web_worker_ready(struct web *web); /* its descriptor is readable */
/* All who wait are told that nothing comes. false: the thread is still at work, and the process has to end without it. */
bool web_worker_stop(struct web *web);
void web_job_free(struct web_job *job); /* NULL allowed */

#endif
