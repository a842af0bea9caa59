/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/service_manager.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A manager that does not listen costs us nothing but its own watchdog, so failures are not told anybody. */
static void tell(const char *text)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (length < 2 || length >= sizeof address.sun_path || (*path != '/' && *path != '@'))
		return;
	memcpy(address.sun_path, path, length);
	if (*path == '@') /* an abstract socket */
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	(void)close(fd);
}

void service_manager_ready(const char *url)
{
	char text[400];

	(void)snprintf(
		text, sizeof text, "READY=1\nSTATUS=%s%s", *url ? "serves " : "runs without pages", url);
	tell(text);
}

void service_manager_progress(void)
{
	tell("WATCHDOG=1");
}

void service_manager_stopping(void)
{
	tell("STOPPING=1");
}
