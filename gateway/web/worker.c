/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web/worker.h"

#include "gateway/web/web.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define STOP_MS 1000u /* for the job under way when the role ends */

void web_job_free(struct web_job *job)
{
	if (!job)
		return;
	free(job->wish);
	free(job->bytes);
	json_decref(job->object);
	free(job);
}

static void append(struct web_job **list, struct web_job *job)
{
	while (*list)
		list = &(*list)->next;
	job->next = NULL;
	*list = job;
}

static struct web_job *take_first(struct web_job **list)
{
	struct web_job *job = *list;

	if (job)
		*list = job->next;
	return job;
}

static void *work(void *context)
{
	struct web_worker *worker = context;
	const uint64_t one = 1;

	(void)pthread_mutex_lock(&worker->lock);
	while (!worker->stop) {
		worker->running = take_first(&worker->waiting);
		if (!worker->running) {
			(void)pthread_cond_wait(&worker->wake, &worker->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&worker->lock);
		worker->running->run(worker->running);
		(void)pthread_mutex_lock(&worker->lock);
		append(&worker->done, worker->running);
		worker->running = NULL;
		(void)pthread_cond_broadcast(&worker->wake);
		(void)!write(worker->fd, &one, sizeof one); /* a full counter is readable, too */
	}
	(void)pthread_mutex_unlock(&worker->lock);
	return NULL;
}

int web_worker_start(struct web *web, struct assay_error *err)
{
	struct web_worker *worker = &web->worker;
	sigset_t all, before;
	int rc;

	worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->fd < 0)
		return assay_error_set(
			err, ASSAY_EIO, "worker-start", "没有描述符可用", "there is no descriptor to be had");
	(void)pthread_mutex_init(&worker->lock, NULL);
	(void)pthread_cond_init(&worker->wake, NULL);
	(void)sigfillset(&all); /* signals are the loop's */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&worker->thread, NULL, work, worker);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	worker->started = rc == 0;
	return rc == 0 ? ASSAY_OK
		       : assay_error_set(
				 err, ASSAY_EIO, "worker-start", "不能起线程", "a thread cannot be started");
}

bool web_worker_give(struct web *web, struct web_request *request, struct web_job *job)
{
	struct web_worker *worker = &web->worker;

	if (!worker->started || worker->count >= WEB_JOBS_MAX) {
		web_job_free(job);
		return false;
	}
	job->request = request;
	job->dir = web->role->dir;
	worker->count++;
	(void)pthread_mutex_lock(&worker->lock);
	append(&worker->waiting, job);
	(void)pthread_cond_broadcast(&worker->wake);
	(void)pthread_mutex_unlock(&worker->lock);
	return true;
}

static void forget_in(struct web_job *job, const struct web_request *request)
{
	for (; job; job = job->next)
		if (job->request == request)
			job->request = NULL;
}

void web_worker_forget(struct web *web, const struct web_request *request)
{
	struct web_worker *worker = &web->worker;

	if (!worker->started)
		return;
	(void)pthread_mutex_lock(&worker->lock);
	forget_in(worker->waiting, request);
	forget_in(worker->done, request);
	if (worker->running && worker->running->request == request)
		worker->running->request = NULL;
	(void)pthread_mutex_unlock(&worker->lock);
}

void web_worker_ready(struct web *web)
{
	struct web_worker *worker = &web->worker;
	struct web_job *done, *job;
	uint64_t count;

	(void)!read(worker->fd, &count, sizeof count);
	(void)pthread_mutex_lock(&worker->lock);
	done = worker->done;
	worker->done = NULL;
	(void)pthread_mutex_unlock(&worker->lock);
	while ((job = take_first(&done)) != NULL) {
		worker->count--;
		if (job->request)
			web_request_worked(job->request, job);
		else
			web_job_free(job);
	}
}

static void tell_nothing(struct web_job *job)
{
	if (job && job->request) {
		struct web_request *request = job->request;

		job->request = NULL;
		web_request_worked(request, NULL);
	}
}

bool web_worker_stop(struct web *web)
{
	struct web_worker *worker = &web->worker;
	struct timespec until;
	struct web_job *job;
	bool idle;

	if (!worker->started)
		return true;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_MS / 1000;
	(void)pthread_mutex_lock(&worker->lock);
	worker->stop = true;
	tell_nothing(worker->running);
	for (job = worker->waiting; job; job = job->next)
		tell_nothing(job);
	for (job = worker->done; job; job = job->next)
		tell_nothing(job);
	(void)pthread_cond_broadcast(&worker->wake);
	while (worker->running && pthread_cond_timedwait(&worker->wake, &worker->lock, &until) == 0)
		continue;
	idle = !worker->running;
	(void)pthread_mutex_unlock(&worker->lock);
	if (!idle)
		return false;
	(void)pthread_join(worker->thread, NULL);
	worker->started = false;
	while ((job = take_first(&worker->waiting)) != NULL || (job = take_first(&worker->done)) != NULL)
		web_job_free(job);
	(void)close(worker->fd);
	return true;
}
