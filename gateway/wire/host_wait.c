/* SPDX-License-Identifier: Apache-2.0
 * Which descriptors a host waits for (epoll), and which of its lines is to be ticked next (a heap of times). */
#include "gateway/wire/host_line.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define ASLEEP_NS (500 * ASSAY_MS)
#define STALLED_NS (3000 * ASSAY_MS)

/* epoll's events have poll's values on Linux; what is waited for is one of these. */
_Static_assert((unsigned)EPOLLIN == (unsigned)POLLIN && (unsigned)EPOLLOUT == (unsigned)POLLOUT &&
		       (unsigned)EPOLLHUP == (unsigned)POLLHUP && (unsigned)EPOLLERR == (unsigned)POLLERR,
	"epoll and poll differ");

static bool control(const struct host *host, int operation, int fd, uint32_t events, uint32_t source)
{
	struct epoll_event event = {.events = events, .data.u32 = source};

	return epoll_ctl(host->poller, operation, fd, &event) == 0;
}

/* -- the heap: a parent is never later than its children -- */

static uint64_t time_at(const struct host *host, size_t place)
{
	return host->lines[host->heap[place]].tick_ns;
}

static void swap(struct host *host, size_t a, size_t b)
{
	uint16_t line = host->heap[a];

	host->heap[a] = host->heap[b];
	host->heap[b] = line;
	host->lines[host->heap[a]].place = a;
	host->lines[host->heap[b]].place = b;
}

static void settle(struct host *host, size_t place)
{
	while (place > 0 && time_at(host, place) < time_at(host, (place - 1) / 2)) {
		swap(host, place, (place - 1) / 2);
		place = (place - 1) / 2;
	}
	for (;;) {
		size_t least = place;

		for (size_t child = 2 * place + 1; child <= 2 * place + 2 && child < host->line_count;
			child++)
			if (time_at(host, child) < time_at(host, least))
				least = child;
		if (least == place)
			return;
		swap(host, place, least);
		place = least;
	}
}

bool host_wait_open(struct host *host)
{
	host->heap = calloc(host->line_count ? host->line_count : 1, sizeof *host->heap);
	for (uint16_t i = 0; host->heap && i < host->line_count; i++)
		host->heap[i] = i;
	host->poller = epoll_create1(EPOLL_CLOEXEC);
	return host->heap && host->poller >= 0 &&
	       control(host, EPOLL_CTL_ADD, host->role->control, EPOLLIN, HOST_CONTROL);
}

void host_wait_close(struct host *host)
{
	if (host->poller >= 0)
		(void)close(host->poller);
	host->poller = -1;
	free(host->heap);
	host->heap = NULL;
}

void host_unwatch(struct host_line *line)
{
	if (line->watched_fd >= 0)
		(void)control(line->host, EPOLL_CTL_DEL, line->watched_fd, 0, 0);
	line->watched_fd = -1;
}

void host_watch(struct host_line *line)
{
	struct host *host = line->host;
	uint32_t events = line->phase == PHASE_CONNECTING ? EPOLLOUT : EPOLLIN;
	int fd = line->phase == PHASE_LISTENING ? line->listener : line->fd;
	uint64_t now = host_now_ns(host), next = line_next_ns(line);

	if (host->deaf && (line->phase != PHASE_CONNECTING || host->stop))
		fd = -1; /* a hang-up would be told all the same, so it is not watched at all */
	if (line->watched_fd != fd || (fd >= 0 && line->watched_events != events)) {
		host_unwatch(line);
		if (fd >= 0 && control(host, EPOLL_CTL_ADD, fd, events,
				       HOST_LINES + (uint32_t)(line - host->lines))) {
			line->watched_fd = fd;
			line->watched_events = events;
		}
	}
	line->tick_ns = next <= now ? now + 1 : next; /* not before the others have had their turn */
	settle(host, line->place);
}

void host_unwatch_recorder(struct host *host)
{
	if (host->watched_recorder >= 0)
		(void)control(host, EPOLL_CTL_DEL, host->watched_recorder, 0, 0);
	host->watched_recorder = -1;
}

void host_watch_recorder(struct host *host)
{
	bool blocked = host->outbox.blocked;
	uint32_t events = blocked ? EPOLLIN | EPOLLOUT : EPOLLIN;

	if (host->watched_recorder == host->recorder && host->watched_blocked == blocked)
		return;
	host_unwatch_recorder(host);
	if (host->recorder >= 0 && control(host, EPOLL_CTL_ADD, host->recorder, events, HOST_RECORDER))
		host->watched_recorder = host->recorder;
	host->watched_blocked = blocked;
}

bool host_stood_still(struct host *host, uint64_t due_ns, uint64_t now_ns, uint64_t boot_ns)
{
	uint64_t asleep = boot_ns > now_ns ? boot_ns - now_ns : 0, before = host->asleep_ns;

	host->asleep_ns = asleep + 1;
	return (before && asleep + 1 > before + ASLEEP_NS) || now_ns > due_ns + STALLED_NS;
}

int host_wait(struct host *host, uint64_t until_ns, struct host_event out[HOST_EVENTS])
{
	struct epoll_event events[HOST_EVENTS];
	uint64_t now = host_now_ns(host), left = until_ns > now ? until_ns - now : 0;
	const struct timespec wait = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
	int count = epoll_pwait2(host->poller, events, HOST_EVENTS, &wait, NULL);

	if (count < 0 && errno == ENOSYS) /* before Linux 5.11: whole milliseconds */
		count = epoll_wait(host->poller, events, HOST_EVENTS,
			left > 60000 * ASSAY_MS ? 60000 : (int)((left + ASSAY_MS - 1) / ASSAY_MS));
	if (count < 0)
		return errno == EINTR ? 0 : count;
	for (int i = 0; i < count; i++)
		out[i] = (struct host_event){events[i].data.u32, (short)events[i].events};
	return count;
}
