/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/device.h"

#include "gateway/wire/feeder.h"
#include "gateway/wire/serial.h"
#include "gateway/wire/tty_marks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <modbus.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_rtu(const struct assay_config_line *line, int *fd_out, struct assay_error *err)
{
	char path[PATH_MAX];
	modbus_t *context;
	int fd, status = assay_serial_resolve(line->port, path, sizeof path, err);

	if (status != ASSAY_OK)
		return status;
	context = modbus_new_rtu(path, (int)line->baud, line->parity, line->bits, line->stop);
	if (!context || modbus_connect(context) != 0) {
		status = assay_error_set(err, ASSAY_ENOTFOUND, errno == EBUSY ? "port-taken" : "port-missing",
			"总线 %s 打不开（%s）。请检查插头和 lab.xml",
			"bus %s cannot be opened (%s); check plug and lab.xml", line->port,
			modbus_strerror(errno));
		modbus_free(context);
		return status;
	}
	/* modbus_close would put the old settings back; freeing the context leaves descriptor and settings. */
	fd = modbus_get_socket(context);
	modbus_free(context);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	status = assay_serial_claim(fd, line->port, err);
	if (status != ASSAY_OK) {
		(void)close(fd);
		return status;
	}
	*fd_out = fd;
	return ASSAY_OK;
}

/* Bytes with parity or framing errors are marked (F38). A virtual port that is no terminal has none. */
static int marked(int status, const int *fd)
{
	if (status == ASSAY_OK)
		(void)tty_marks_on(*fd);
	return status;
}

static int open_tcp(const struct assay_config_line *line, int *fd_out, struct assay_error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
	char service[8];
	int one = 1, fd = -1, rc;

	(void)snprintf(service, sizeof service, "%u", line->tcp_port);
	rc = getaddrinfo(line->host, service, &hints, &found);
	if (rc != 0)
		return assay_error_set(err, ASSAY_ENOTFOUND, "host-unknown", "找不到主机 %s（%s）",
			"host %s is not known (%s)", line->host, gai_strerror(rc));
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	}
	if (fd < 0 || (connect(fd, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS)) {
		rc = assay_error_set(err, ASSAY_EIO, "host-unreachable",
			"连不上 %s:%s（%s）。请检查网线和设备电源",
			"cannot connect to %s:%s (%s); check network and power of the device", line->host,
			service, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		freeaddrinfo(found);
		return rc;
	}
	freeaddrinfo(found);
	*fd_out = fd;
	return ASSAY_OK;
}

/* An address of this machine where the instrument connects. */
static int open_listener(const struct assay_config_line *line, int *fd_out, struct assay_error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE},
			*found = NULL;
	char service[8];
	int one = 1, fd = -1, rc;

	(void)snprintf(service, sizeof service, "%u", line->tcp_port);
	rc = getaddrinfo(line->host, service, &hints, &found);
	if (rc != 0)
		return assay_error_set(err, ASSAY_ENOTFOUND, "host-unknown", "不认识地址 %s（%s）",
			"address %s is not known (%s)", line->host, gai_strerror(rc));
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 1) != 0) {
		rc = assay_error_set(err, ASSAY_ETAKEN, "port-taken", "不能在 %s:%s 等待连接（%s）",
			"cannot listen on %s:%s (%s)", line->host, service, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		freeaddrinfo(found);
		return rc;
	}
	freeaddrinfo(found);
	*fd_out = fd;
	return ASSAY_OK;
}

int assay_device_open(const struct assay_config_line *line, int *fd_out, struct assay_error *err)
{
	switch (line->transport) {
	case ASSAY_TRANSPORT_SERIAL:
		return marked(assay_serial_open(line, fd_out, err), fd_out);
	case ASSAY_TRANSPORT_MODBUS_RTU:
		return marked(open_rtu(line, fd_out, err), fd_out);
	case ASSAY_TRANSPORT_MODBUS_TCP:
	case ASSAY_TRANSPORT_RTU_TCP:
		return open_tcp(line, fd_out, err);
	case ASSAY_TRANSPORT_TCP:
		return line->listens ? open_listener(line, fd_out, err) : open_tcp(line, fd_out, err);
	case ASSAY_TRANSPORT_FOLDER:
	case ASSAY_TRANSPORT_REPLAY:
		return assay_feeder_open(line, fd_out, err);
	default:
		return assay_error_set(err, ASSAY_EREFUSED, "transport-unsupported",
			"线路 %s 的传输方式此版本还不能打开",
			"line %s: this version cannot open that kind of transport", line->id);
	}
}
