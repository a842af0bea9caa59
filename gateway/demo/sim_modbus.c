/* SPDX-License-Identifier: Apache-2.0
 * The oven and the room transmitter, on libmodbus's server calls: another implementation of the protocol than the
 * gateway's own framing and matching. libmodbus 3.1 does not know function 8 (echo), which real controllers answer:
 * the oven answers that itself and hands everything else on. */
#include "gateway/demo/sims.h"

#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 8
#define RTU_REQUEST 8 /* bytes of every request a reader sends: functions 1 to 4 and the echo */
#define RTU_GAP_MS 100

struct slave {
	int descriptor; /* terminal, or listening socket */
	long temperature; /* 0.1 degC */
	modbus_mapping_t *registers;
};

static int wander(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)((now.tv_sec / 3 + now.tv_nsec / 400000000) % 9) - 4;
}

static void answer(modbus_t *context, struct slave *slave, int *closed)
{
	uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
	int length;

	slave->registers->tab_registers[0] = (uint16_t)(slave->temperature + wander());
	slave->registers->tab_registers[1] = 1030;
	slave->registers->tab_input_registers[1] = (uint16_t)(224 + wander() / 2);
	slave->registers->tab_input_registers[2] = (uint16_t)(460 + wander());
	length = modbus_receive(context, query);
	if (length > 0)
		(void)modbus_reply(context, query, length, slave->registers);
	else if (length < 0 && closed && (errno == ECONNRESET || errno == EBADF || errno == EPIPE))
		*closed = 1;
}

static void from_control(struct slave *slave, int control)
{
	char text[ASSAY_SIM_MESSAGE_MAX + 1];
	ssize_t got = recv(control, text, ASSAY_SIM_MESSAGE_MAX, 0);

	if (got <= 0)
		_exit(0);
	text[got] = '\0';
	if (strncmp(text, "temperature ", 12) == 0)
		slave->temperature = strtol(text + 12, NULL, 10);
}

/* One whole request has come: the echo goes back as it is, the rest through libmodbus. */
static void rtu_request(modbus_t *context, struct slave *slave, int inner, const uint8_t request[RTU_REQUEST])
{
	uint8_t reply[MODBUS_RTU_MAX_ADU_LENGTH];
	ssize_t length = RTU_REQUEST;

	if (request[1] == 8) {
		memcpy(reply, request, RTU_REQUEST);
	} else {
		if (write(inner, request, RTU_REQUEST) != RTU_REQUEST)
			return;
		answer(context, slave, NULL);
		length = recv(inner, reply, sizeof reply, MSG_DONTWAIT);
	}
	if (length > 0 && write(slave->descriptor, reply, (size_t)length) != length)
		_exit(0);
}

static void serve_oven(modbus_t *context, struct slave *slave, int inner, int control)
{
	struct pollfd polled[2] = {{slave->descriptor, POLLIN, 0}, {control, POLLIN, 0}};
	uint8_t request[RTU_REQUEST];
	size_t length = 0;

	for (;;) {
		int ready = poll(polled, 2, length ? RTU_GAP_MS : -1);
		ssize_t got;

		if (ready < 0 && errno != EINTR)
			return;
		if (ready == 0)
			length = 0; /* a piece without its rest */
		if (ready > 0 && polled[1].revents)
			from_control(slave, control);
		if (ready <= 0 || !polled[0].revents)
			continue;
		got = read(slave->descriptor, request + length, sizeof request - length);
		if (got <= 0)
			return;
		length += (size_t)got;
		if (length == sizeof request) {
			rtu_request(context, slave, inner, request);
			length = 0;
		}
	}
}

static void run_oven(void *argument, int control)
{
	struct slave *slave = argument;
	modbus_t *context = modbus_new_rtu("terminal", 9600, 'N', 8, 1);
	int pair[2];

	slave->registers = modbus_mapping_new(0, 0, 8, 8);
	if (context && slave->registers && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 &&
		modbus_set_slave(context, 1) == 0 && modbus_set_socket(context, pair[1]) == 0)
		serve_oven(context, slave, pair[0], control);
}

static void run_room(void *argument, int control)
{
	struct slave *slave = argument;
	modbus_t *context = modbus_new_tcp("127.0.0.1", 0);
	struct pollfd polled[2 + CLIENTS_MAX] = {{slave->descriptor, POLLIN, 0}, {control, POLLIN, 0}};
	nfds_t count = 2;

	slave->registers = modbus_mapping_new(0, 0, 8, 8);
	if (!context || !slave->registers)
		return;
	for (;;) {
		if (poll(polled, count, -1) < 0 && errno != EINTR)
			return;
		if (polled[1].revents)
			from_control(slave, control);
		for (nfds_t i = 2; i < count; i++) {
			int closed = 0;

			if (!polled[i].revents)
				continue;
			if (modbus_set_socket(context, polled[i].fd) == 0)
				answer(context, slave, &closed);
			if (closed || (polled[i].revents & (POLLHUP | POLLERR))) {
				(void)close(polled[i].fd);
				polled[i--] = polled[--count];
			}
		}
		if (polled[0].revents && count < 2 + CLIENTS_MAX) {
			int client = accept4(slave->descriptor, NULL, NULL, SOCK_CLOEXEC);

			if (client >= 0)
				polled[count++] = (struct pollfd){client, POLLIN, 0};
		}
	}
}

int assay_sim_oven(const char *link, struct assay_sim *out, struct assay_error *err)
{
	static struct slave slave;
	int status;

	memset(&slave, 0, sizeof slave);
	slave.temperature = 1030;
	status = assay_sim_terminal(link, &slave.descriptor, err);
	return status == ASSAY_OK ? assay_sim_fork(out, run_oven, &slave, "sim-oven", err) : status;
}

int assay_sim_room(uint16_t port, struct assay_sim *out, struct assay_error *err)
{
	static struct slave slave;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t size = sizeof address;
	int one = 1;

	memset(&slave, 0, sizeof slave);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	slave.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(slave.descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (slave.descriptor < 0 ||
		bind(slave.descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
		listen(slave.descriptor, CLIENTS_MAX) != 0 ||
		getsockname(slave.descriptor, (struct sockaddr *)&address, &size) != 0)
		return assay_error_set(err, ASSAY_EIO, "simulator", "模拟温湿度计：%s",
			"simulated room transmitter: %s", strerror(errno));
	out->tcp_port = ntohs(address.sin_port);
	return assay_sim_fork(out, run_room, &slave, "sim-room", err);
}
