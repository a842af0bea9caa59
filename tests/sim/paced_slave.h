/* SPDX-License-Identifier: Apache-2.0
 * A Modbus RTU slave on a pseudo-terminal that takes as long as the bytes would on a real bus: a pseudo-terminal hands them
 * over at once. It answers reads (register r holds r) and the echo test, 3.5 characters and its turnaround after the
 * request's last bit would have come, byte by byte in time. */
#ifndef ASSAY_TESTS_SIM_PACED_SLAVE_H
#define ASSAY_TESTS_SIM_PACED_SLAVE_H

#include "gateway/wire/modbus_match.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <pty.h>

struct paced_slave {
	int master;
	uint32_t baud, character_bits, turnaround_us;
};

/* A raw pseudo-terminal; name has room for 64. The slave side stays open, so that nobody hangs up. */
static inline int paced_open(char name[64])
{
	struct termios raw;
	int master, slave;

	if (openpty(&master, &slave, name, NULL, NULL) != 0 || tcgetattr(slave, &raw) != 0)
		return -1;
	cfmakeraw(&raw);
	return tcsetattr(slave, TCSANOW, &raw) == 0 ? master : -1;
}

static inline void paced_until(struct timespec *at, uint64_t ns)
{
	ns += (uint64_t)at->tv_nsec;
	at->tv_sec += (time_t)(ns / 1000000000u);
	at->tv_nsec = (long)(ns % 1000000000u);
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL);
}

static inline size_t paced_answer(const uint8_t *request, uint8_t *out)
{
	unsigned from = (unsigned)request[2] << 8 | request[3],
		 count = (unsigned)request[4] << 8 | request[5];
	uint16_t crc;
	size_t length = 3 + 2 * (size_t)count;

	memcpy(out, request, 8);
	if (request[1] == 8)
		return 8;
	out[2] = (uint8_t)(2 * count);
	for (unsigned i = 0; i < count; i++) {
		out[3 + 2 * i] = (uint8_t)((from + i) >> 8);
		out[4 + 2 * i] = (uint8_t)(from + i);
	}
	crc = assay_rtu_crc(out, length);
	out[length] = (uint8_t)crc;
	out[length + 1] = (uint8_t)(crc >> 8);
	return length + 2;
}

/* Does not return. Bytes are handed over in pieces of about a millisecond, each when its last bit would have come. */
static inline void paced_serve(const struct paced_slave *slave)
{
	uint64_t character = slave->character_bits * 1000000000ull / slave->baud;
	uint64_t silence = slave->baud > 19200 ? 1750000 : character * 7 / 2;
	size_t piece = 1 + (size_t)(1000000 / character);
	uint8_t request[8], answer[260];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_TIMERSLACK, 1000);
	for (;;) {
		struct timespec at;
		size_t length, got = 0;

		while (got < sizeof request) {
			ssize_t more = read(slave->master, request + got, sizeof request - got);

			if (more <= 0)
				_exit(0);
			if (got == 0)
				(void)clock_gettime(CLOCK_MONOTONIC, &at);
			got += (size_t)more;
		}
		length = paced_answer(request, answer);
		paced_until(&at, 8 * character + silence + slave->turnaround_us * 1000ull);
		for (size_t sent = 0; sent < length; sent += piece) {
			size_t now = length - sent < piece ? length - sent : piece;

			paced_until(&at, now * character);
			if (write(slave->master, answer + sent, now) != (ssize_t)now)
				_exit(0);
		}
	}
}

#endif
