/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024 /* a flood of strangers must not make a friend knock twice */

int assay_listener_unix(const char *dir, const char *name, int *fd_out, struct assay_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/run/%s", dir, name), fd, status;
	mode_t mask;

	if (length < 0 || (size_t)length >= sizeof address.sun_path)
		return assay_error_set(err, ASSAY_EREFUSED, "directory-long",
			"数据目录的路径太长（套接字路径最多 %zu 字节）：%s",
			"the data directory's path is too long (a socket's path has at most %zu bytes): %s",
			sizeof address.sun_path - 1, dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)unlink(address.sun_path);
	mask = umask(0177);
	status = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
				 listen(fd, BACKLOG) == 0
			 ? ASSAY_OK
			 : ASSAY_EIO;
	(void)umask(mask);
	if (status != ASSAY_OK) {
		(void)assay_error_set(err, status, "socket", "不能监听 %s（%s）", "cannot listen on %s (%s)",
			address.sun_path, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return status;
	}
	*fd_out = fd;
	return ASSAY_OK;
}

static int not_an_address(struct assay_error *err, const char *address)
{
	return assay_error_set(err, ASSAY_EREFUSED, "address-invalid",
		"监听地址 %s 不对：应为 地址:端口，例如 127.0.0.1:8480",
		"%s is no address to listen on; write ADDR:PORT, such as 127.0.0.1:8480", address);
}

/* "[::1]:80" or "127.0.0.1:80" to its two halves. */
static int split(const char *address, char host[64], char port[8])
{
	const char *colon = strrchr(address, ':'), *from = address;
	size_t length = colon ? (size_t)(colon - address) : 0;

	if (length > 2 && address[0] == '[' && address[length - 1] == ']') {
		from++;
		length -= 2;
	}
	if (length == 0 || length >= 64 || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
		strlen(colon + 1) < 1 || strlen(colon + 1) > 5)
		return -1;
	memcpy(host, from, length);
	host[length] = '\0';
	(void)snprintf(port, 8, "%s", colon + 1);
	return 0;
}

void assay_listener_url(int fd, bool tls, char url[ASSAY_URL_MAX])
{
	struct sockaddr_storage bound = {0};
	socklen_t size = sizeof bound;
	char host[64] = "", port[8] = "";

	if (getsockname(fd, (struct sockaddr *)&bound, &size) == 0)
		(void)getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV);
	(void)snprintf(url, ASSAY_URL_MAX, bound.ss_family == AF_INET6 ? "%s://[%s]:%s" : "%s://%s:%s",
		tls ? "https" : "http", host, port);
}

bool assay_listener_is_loopback(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof address;

	if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		return false;
	if (address.ss_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)&address)->sin_addr.s_addr) >> 24 ==
		       127;
	return address.ss_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)&address)->sin6_addr);
}

int assay_listener_http(const char *address, int *fd_out, struct assay_error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
			*found = NULL;
	char host[64], port[8];
	int fd, one = 1;

	if (split(address, host, port) != 0)
		return not_an_address(err, address);
	if (strcmp(host, "localhost") == 0)
		(void)snprintf(host, sizeof host, "127.0.0.1");
	hints.ai_flags |= AI_NUMERICHOST;
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return not_an_address(err, address);
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		int status = assay_error_set(err, errno == EADDRINUSE ? ASSAY_ETAKEN : ASSAY_EIO,
			errno == EADDRINUSE ? "address-taken" : "address-refused",
			"不能监听 %s（%s）。请换一个端口", "cannot listen on %s (%s); take another port",
			address, strerror(errno));

		if (fd >= 0)
			(void)close(fd);
		freeaddrinfo(found);
		return status;
	}
	freeaddrinfo(found);
	*fd_out = fd;
	return ASSAY_OK;
}
