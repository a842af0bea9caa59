/* SPDX-License-Identifier: Apache-2.0
 * Serial ports: libserialport where it can, plain termios for what it refuses (pseudo-terminals and virtual
 * ports; libserialport 0.1.1 looks names up in sysfs and insists on modem lines). */
#include "gateway/wire/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

/* Major numbers of pseudo-terminals' slaves (Documentation/admin-guide/devices.txt of Linux). */
#define PSEUDO_FIRST 136u
#define PSEUDO_LAST 143u

static int missing(struct assay_error *err, const char *port)
{
	return assay_error_set(err, ASSAY_ENOTFOUND, "port-missing",
		"串口 %s 不存在（%s）。请检查插头、电源和 lab.xml 里的名称",
		"there is no port %s (%s); check plug, power and the name in lab.xml", port, strerror(errno));
}

static int taken(struct assay_error *err, const char *port)
{
	return assay_error_set(err, ASSAY_ETAKEN, "port-taken", "串口 %s 正被另一个程序使用。请先关掉它",
		"port %s is in use by another program; close that first", port);
}

static int configure(struct sp_port *port, const struct assay_config_line *line)
{
	static const struct {
		char code;
		enum sp_parity parity;
	} parities[] = {{'N', SP_PARITY_NONE}, {'E', SP_PARITY_EVEN}, {'O', SP_PARITY_ODD}};
	enum sp_return rc = sp_set_baudrate(port, (int)line->baud);

	if (rc == SP_OK)
		rc = sp_set_bits(port, line->bits);
	for (unsigned i = 0; rc == SP_OK && i < 3; i++)
		if (parities[i].code == line->parity)
			rc = sp_set_parity(port, parities[i].parity);
	if (rc == SP_OK)
		rc = sp_set_stopbits(port, line->stop);
	if (rc == SP_OK)
		rc = sp_set_flowcontrol(port, line->flow == 'R'   ? SP_FLOWCONTROL_RTSCTS
					      : line->flow == 'X' ? SP_FLOWCONTROL_XONXOFF
								  : SP_FLOWCONTROL_NONE);
	return rc == SP_OK ? 0 : -1;
}

/* libserialport 0.1.1 sets CRTSCTS among the input flags, where it means nothing: by it RTS/CTS never works, and never
 * ends when another program has left it on. */
static int set_hardware_flow(const struct assay_config_line *line, int fd)
{
	struct termios settings;

	if (tcgetattr(fd, &settings) != 0)
		return -1;
	settings.c_iflag &= ~(tcflag_t)CRTSCTS;
	settings.c_cflag &= ~(tcflag_t)CRTSCTS;
	if (line->flow == 'R')
		settings.c_cflag |= CRTSCTS;
	return tcsetattr(fd, TCSANOW, &settings);
}

/* 1: opened; 0: libserialport will not have this port, use termios; negative: refused with err. */
static int open_by_library(
	const struct assay_config_line *line, const char *path, int *fd_out, struct assay_error *err)
{
	struct sp_port *port = NULL;
	int handle = -1, result = 0;

	if (sp_get_port_by_name(path, &port) != SP_OK)
		return 0;
	if (sp_open(port, SP_MODE_READ_WRITE) != SP_OK) {
		int code = sp_last_error_code();

		sp_free_port(port);
		if (code == EBUSY)
			return taken(err, line->port);
		return 0;
	}
	if (configure(port, line) != 0 || sp_get_port_handle(port, &handle) != SP_OK ||
		set_hardware_flow(line, handle) != 0) {
		result = assay_error_set(err, ASSAY_EREFUSED, "port-settings", "串口 %s 不接受 %u 波特等设置",
			"port %s does not take %u baud and the other settings", line->port, line->baud);
	} else {
		/* sp_close would restore the old settings; a copy of the descriptor keeps ours. */
		*fd_out = fcntl(handle, F_DUPFD_CLOEXEC, 0);
		result = *fd_out >= 0 ? 1 : 0;
	}
	if (result == 1) {
		/* sp_free_port without sp_close leaves the handle open: close it by number. */
		(void)close(handle);
		sp_free_port(port);
	} else {
		(void)sp_close(port);
		sp_free_port(port);
	}
	return result;
}

static speed_t speed_of(uint32_t baud)
{
	static const struct {
		uint32_t baud;
		speed_t speed;
	} speeds[] = {{1200, B1200}, {2400, B2400}, {4800, B4800}, {9600, B9600}, {19200, B19200},
		{38400, B38400}, {57600, B57600}, {115200, B115200}};

	for (unsigned i = 0; i < sizeof speeds / sizeof *speeds; i++)
		if (speeds[i].baud == baud)
			return speeds[i].speed;
	return B0;
}

/* Parity and character size mean nothing there, and Debian's tcsetattr says EINVAL to them after it has set the rest. */
static bool is_pseudo_terminal(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && S_ISCHR(about.st_mode) && major(about.st_rdev) >= PSEUDO_FIRST &&
	       major(about.st_rdev) <= PSEUDO_LAST;
}

static int open_by_termios(
	const struct assay_config_line *line, const char *path, int *fd_out, struct assay_error *err)
{
	static const tcflag_t sizes[] = {CS5, CS6, CS7, CS8};
	struct termios settings;
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == EBUSY ? taken(err, line->port) : missing(err, line->port);
	if (tcgetattr(fd, &settings) != 0 || speed_of(line->baud) == B0)
		goto refused;
	cfmakeraw(&settings);
	settings.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | PARODD | CSTOPB | CRTSCTS);
	settings.c_cflag |= CLOCAL | CREAD | sizes[line->bits - 5];
	if (line->parity != 'N')
		settings.c_cflag |= PARENB | (line->parity == 'O' ? PARODD : 0);
	if (line->stop == 2)
		settings.c_cflag |= CSTOPB;
	if (line->flow == 'R')
		settings.c_cflag |= CRTSCTS;
	if (line->flow == 'X')
		settings.c_iflag |= IXON | IXOFF;
	if (cfsetspeed(&settings, speed_of(line->baud)) != 0)
		goto refused;
	if (tcsetattr(fd, TCSANOW, &settings) != 0 && (errno != EINVAL || !is_pseudo_terminal(path)))
		goto refused;
	*fd_out = fd;
	return ASSAY_OK;
refused:
	(void)close(fd);
	return assay_error_set(err, ASSAY_EREFUSED, "port-settings", "串口 %s 不接受 %u 波特等设置",
		"port %s does not take %u baud and the other settings", line->port, line->baud);
}

int assay_serial_claim(int fd, const char *port, struct assay_error *err)
{
	/* TIOCEXCL keeps others out (not root), the lock keeps out a second assay whoever runs it. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return taken(err, port);
	(void)ioctl(fd, TIOCEXCL);
	return ASSAY_OK;
}

int assay_serial_resolve(const char *port, char *out, size_t size, struct assay_error *err)
{
	char *path = realpath(port, NULL);

	if (!path || strlen(path) >= size) {
		free(path);
		return missing(err, port);
	}
	memcpy(out, path, strlen(path) + 1);
	free(path);
	return ASSAY_OK;
}

/* Some instruments are powered from DTR or RTS. */
static int set_levels(const struct assay_config_line *line, int fd, struct assay_error *err)
{
	const struct {
		char level;
		int bit;
	} lines[] = {{line->dtr, TIOCM_DTR}, {line->rts, TIOCM_RTS}};

	for (unsigned i = 0; i < 2; i++) {
		int bit = lines[i].bit;

		if (lines[i].level != '0' && lines[i].level != '1')
			continue;
		if (ioctl(fd, lines[i].level == '1' ? TIOCMBIS : TIOCMBIC, &bit) != 0)
			return assay_error_set(err, ASSAY_EREFUSED, "port-settings",
				"串口 %s 不能设 DTR/RTS（%s）", "port %s cannot set DTR and RTS (%s)",
				line->port, strerror(errno));
	}
	return ASSAY_OK;
}

int assay_serial_open(const struct assay_config_line *line, int *fd_out, struct assay_error *err)
{
	char path[PATH_MAX];
	int status = assay_serial_resolve(line->port, path, sizeof path, err);

	if (status != ASSAY_OK)
		return status;
	status = open_by_library(line, path, fd_out, err);
	if (status < 0)
		return status;
	if (status == 0)
		status = open_by_termios(line, path, fd_out, err);
	else
		status = ASSAY_OK;
	if (status != ASSAY_OK)
		return status;
	status = assay_serial_claim(*fd_out, line->port, err);
	if (status == ASSAY_OK)
		status = set_levels(line, *fd_out, err);
	if (status != ASSAY_OK)
		(void)close(*fd_out);
	return status;
}
