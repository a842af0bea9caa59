/* SPDX-License-Identifier: Apache-2.0
 * Serial ports, on pseudo-terminals: libserialport's way, by a shim that answers for the modem lines and the sysfs entry a
 * pseudo-terminal lacks (libserialport 0.1.1 insists on both), and the plain way it falls back to. A pseudo-terminal keeps
 * neither parity nor character size, so what is asked of the system is written down where it is asked: expected bits are
 * those of termios(3). */
#include "gateway/wire/device.h"
#include "gateway/wire/serial.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define SYSFS "/sys/class/tty/pts/"

int __lxstat(int version, const char *path, struct stat *out);

static bool shim; /* pseudo-terminals look like serial ports to libserialport */
static unsigned modem_reads;
static int modem; /* lines that are up; the kernel raises DTR and RTS when a port is opened */
static struct termios asked; /* of the system, last */

static void *next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	return found;
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, ...);
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	*(void **)&real = next("ioctl");
	if (request == TIOCMGET && shim) {
		modem_reads++;
		*(int *)argument = modem;
		return 0;
	}
	if (request == TIOCMBIS || request == TIOCMBIC) {
		modem = request == TIOCMBIS ? modem | *(int *)argument : modem & ~*(int *)argument;
		return 0;
	}
	return real(fd, request, argument);
}

int tcsetattr(int fd, int actions, const struct termios *settings)
{
	int (*real)(int, int, const struct termios *);
	struct termios kept = *settings;

	asked = *settings;
	if (shim) { /* Debian's tcsetattr fails when a pseudo-terminal does not take parity and size */
		kept.c_cflag = (kept.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
		settings = &kept;
	}
	*(void **)&real = next("tcsetattr");
	return real(fd, actions, settings);
}

/* A serial port holds what it was told; libserialport reads it back before each change. */
int tcgetattr(int fd, struct termios *out)
{
	int (*real)(int, struct termios *);
	int status;

	*(void **)&real = next("tcgetattr");
	status = real(fd, out);
	if (status == 0 && shim && asked.c_cflag)
		out->c_cflag =
			(out->c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | (asked.c_cflag & (CSIZE | PARENB));
	return status;
}

int __lxstat(int version, const char *path, struct stat *out)
{
	(void)version;
	if (shim && strncmp(path, SYSFS, strlen(SYSFS)) == 0) {
		memset(out, 0, sizeof *out);
		out->st_mode = S_IFLNK;
		return 0;
	}
	return fstatat(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

ssize_t readlink(const char *restrict path, char *restrict out, size_t size)
{
	static const char target[] = "../../devices/platform/serial8250/tty/ttyS9";

	if (!shim || strncmp(path, SYSFS, strlen(SYSFS)) != 0)
		return readlinkat(AT_FDCWD, path, out, size);
	if (size < sizeof target)
		return -1;
	memcpy(out, target, sizeof target - 1);
	return sizeof target - 1;
}

struct terminal {
	int master, slave;
	char name[64];
};

static void open_terminal(struct terminal *terminal)
{
	assert_int_equal(openpty(&terminal->master, &terminal->slave, terminal->name, NULL, NULL), 0);
}

static void close_terminal(struct terminal *terminal)
{
	(void)close(terminal->master);
	(void)close(terminal->slave);
}

static struct assay_config_line line_on(const char *port)
{
	return (struct assay_config_line){.id = "com1",
		.transport = ASSAY_TRANSPORT_SERIAL,
		.port = port,
		.baud = 9600,
		.bits = 8,
		.stop = 1,
		.parity = 'N',
		.flow = 'N',
		.dtr = '-',
		.rts = '-'};
}

static int open_line(const struct assay_config_line *line)
{
	struct assay_error err;
	int fd = -1;

	memset(&asked, 0, sizeof asked);
	modem_reads = 0;
	modem = TIOCM_DTR | TIOCM_RTS;
	if (assay_serial_open(line, &fd, &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	return fd;
}

static unsigned descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Every setting, by the library and without it. */
static void test_settings(void **state)
{
	static const struct {
		uint32_t baud;
		uint8_t bits, stop;
		char parity, flow;
		speed_t speed;
		tcflag_t cflag, iflag;
	} rows[] = {
		{9600, 8, 1, 'N', 'N', B9600, CS8, 0},
		{2400, 7, 1, 'E', 'N', B2400, CS7 | PARENB, 0},
		{1200, 7, 2, 'O', 'N', B1200, CS7 | PARENB | PARODD | CSTOPB, 0},
		{19200, 8, 1, 'E', 'R', B19200, CS8 | PARENB | CRTSCTS, 0},
		{115200, 8, 2, 'N', 'X', B115200, CS8 | CSTOPB, IXON | IXOFF},
		{4800, 5, 1, 'N', 'N', B4800, CS5, 0},
		{57600, 6, 1, 'O', 'N', B57600, CS6 | PARENB | PARODD, 0},
	};
	struct terminal terminal;

	(void)state;
	open_terminal(&terminal);
	for (unsigned i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
		unsigned at = i / 2;
		struct assay_config_line line = line_on(terminal.name);
		int fd;

		shim = i % 2 == 0;
		line.baud = rows[at].baud;
		line.bits = rows[at].bits;
		line.stop = rows[at].stop;
		line.parity = rows[at].parity;
		line.flow = rows[at].flow;
		fd = open_line(&line);
		assert_int_equal(modem_reads > 0, shim); /* libserialport has opened it, or not */
		assert_int_equal(
			asked.c_cflag & (CSIZE | PARENB | PARODD | CSTOPB | CRTSCTS), rows[at].cflag);
		assert_int_equal(asked.c_iflag & (IXON | IXOFF), rows[at].iflag);
		assert_int_equal(cfgetospeed(&asked), rows[at].speed);
		assert_int_equal(cfgetispeed(&asked), rows[at].speed);
		/* bytes as they are: no echo, no line editing, no CR and LF mended */
		assert_int_equal(asked.c_lflag & (ECHO | ICANON | ISIG), 0);
		assert_int_equal(asked.c_iflag & (ICRNL | INLCR | IGNCR | ISTRIP), 0);
		assert_int_equal(asked.c_oflag & OPOST, 0);
		assert_int_equal(asked.c_cflag & (CLOCAL | CREAD), CLOCAL | CREAD);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		(void)close(fd);
	}
	close_terminal(&terminal);
}

static void test_levels(void **state)
{
	struct terminal terminal;

	(void)state;
	open_terminal(&terminal);
	for (unsigned i = 0; i < 2; i++) {
		struct assay_config_line line = line_on(terminal.name);
		int fd;

		shim = i == 0;
		line.dtr = '1';
		line.rts = '0';
		fd = open_line(&line);
		assert_int_equal(modem & (TIOCM_DTR | TIOCM_RTS), TIOCM_DTR);
		(void)close(fd);
		line.dtr = '0';
		line.rts = '1';
		fd = open_line(&line);
		assert_int_equal(modem & (TIOCM_DTR | TIOCM_RTS), TIOCM_RTS);
		(void)close(fd);
		line.dtr = line.rts = '-';
		fd = open_line(&line);
		assert_int_equal(modem & (TIOCM_DTR | TIOCM_RTS), TIOCM_DTR | TIOCM_RTS);
		(void)close(fd);
	}
	close_terminal(&terminal);
}

/* Bytes both ways, and nothing left open behind. */
static void test_bytes(void **state)
{
	struct terminal terminal;
	unsigned before;
	char got[16];

	(void)state;
	open_terminal(&terminal);
	before = descriptors();
	for (unsigned i = 0; i < 2; i++) {
		struct assay_config_line line = line_on(terminal.name);
		int fd;

		shim = i == 0;
		fd = open_line(&line);
		assert_int_equal(descriptors(), before + 1);
		assert_int_equal(write(fd, "SI\r\n", 4), 4);
		assert_int_equal(read(terminal.master, got, sizeof got), 4);
		assert_memory_equal(got, "SI\r\n", 4);
		assert_int_equal(write(terminal.master, "\x00\xff\r\n\x11\x13", 6), 6);
		assert_int_equal(read(fd, got, sizeof got), 6);
		assert_memory_equal(got, "\x00\xff\r\n\x11\x13", 6);
		(void)close(fd);
		assert_int_equal(descriptors(), before);
	}
	close_terminal(&terminal);
}

static void test_taken(void **state)
{
	struct terminal terminal;
	struct assay_error err;
	unsigned before;

	(void)state;
	open_terminal(&terminal);
	for (unsigned i = 0; i < 2; i++) {
		struct assay_config_line line = line_on(terminal.name);
		int fd, second = -1;

		shim = i == 0;
		fd = open_line(&line);
		before = descriptors();
		assert_int_equal(assay_serial_open(&line, &second, &err), ASSAY_ETAKEN);
		assert_string_equal(err.code, "port-taken");
		assert_int_equal(descriptors(), before);
		(void)close(fd);
		fd = open_line(&line);
		(void)close(fd);
	}
	close_terminal(&terminal);
}

/* A stable name is a link: it is followed to the device it means now, which after a re-plug is another one. */
static void test_stable_name(void **state)
{
	char folder[] = "/tmp/assay-serial-XXXXXX", link[64];
	struct terminal first, second;
	struct assay_config_line line;
	struct assay_error err;
	int fd = -1;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(link, sizeof link, "%s/balance", folder);
	line = line_on(link);
	for (unsigned i = 0; i < 2; i++) {
		shim = i == 0;
		open_terminal(&first);
		open_terminal(&second);
		assert_int_equal(assay_serial_open(&line, &fd, &err), ASSAY_ENOTFOUND);
		assert_string_equal(err.code, "port-missing");
		assert_int_equal(symlink(first.name, link), 0);
		fd = open_line(&line);
		assert_string_equal(ttyname(fd), first.name);
		(void)close(fd);
		assert_int_equal(unlink(link), 0);
		assert_int_equal(symlink(second.name, link), 0);
		fd = open_line(&line);
		assert_string_equal(ttyname(fd), second.name);
		(void)close(fd);
		assert_int_equal(unlink(link), 0);
		close_terminal(&first);
		close_terminal(&second);
	}
	assert_int_equal(rmdir(folder), 0);
}

static void test_refused(void **state)
{
	struct terminal terminal;
	struct assay_config_line line;
	struct assay_error err;
	unsigned before;
	int fd = -1;

	(void)state;
	open_terminal(&terminal);
	line = line_on(terminal.name);
	line.baud = 12345; /* no speed of termios(3) */
	shim = false;
	before = descriptors();
	assert_int_equal(assay_serial_open(&line, &fd, &err), ASSAY_EREFUSED);
	assert_string_equal(err.code, "port-settings");
	line = line_on("/dev/null");
	assert_int_equal(assay_serial_open(&line, &fd, &err), ASSAY_EREFUSED);
	assert_int_equal(descriptors(), before);
	close_terminal(&terminal);
}

/* Even parity is what Modbus asks for first (Serial Line v1.02, 2.5.1); a virtual port takes such a line, too. */
static void test_modbus_parity(void **state)
{
	struct terminal terminal;
	struct assay_config_line line;
	struct assay_error err;
	int fd = -1;

	(void)state;
	shim = false;
	open_terminal(&terminal);
	line = line_on(terminal.name);
	line.transport = ASSAY_TRANSPORT_MODBUS_RTU;
	line.parity = 'E';
	if (assay_device_open(&line, &fd, &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	(void)close(fd);
	close_terminal(&terminal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_stable_name),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_modbus_parity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
