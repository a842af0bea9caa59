/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/demo/sims.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int sim_error(struct assay_error *err, const char *what)
{
	return assay_error_set(err, ASSAY_EIO, "simulator", "模拟仪器 %s：%s", "simulated instrument %s: %s",
		what, strerror(errno));
}

int assay_sim_terminal(const char *link, int *master_out, struct assay_error *err)
{
	char name[128];
	struct termios settings;
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -1;

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
		ptsname_r(master, name, sizeof name) != 0)
		goto failed;
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || tcgetattr(slave, &settings) != 0)
		goto failed;
	cfmakeraw(&settings);
	if (tcsetattr(slave, TCSANOW, &settings) != 0)
		goto failed;
	(void)unlink(link);
	if (symlink(name, link) != 0)
		goto failed;
	*master_out = master; /* the slave is kept on purpose */
	return ASSAY_OK;
failed:
	if (slave >= 0)
		(void)close(slave);
	if (master >= 0)
		(void)close(master);
	return sim_error(err, link);
}

int assay_sim_fork(struct assay_sim *out, void (*run)(void *argument, int control), void *argument,
	const char *name, struct assay_error *err)
{
	int pair[2];
	pid_t parent = getpid(), child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return sim_error(err, name);
	child = fork();
	if (child < 0) {
		(void)close(pair[0]);
		(void)close(pair[1]);
		return sim_error(err, name);
	}
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		(void)prctl(PR_SET_NAME, name);
		/* Ctrl-C, or a signal to the group, is the demonstration's to handle: the gateway stops first */
		(void)signal(SIGINT, SIG_IGN);
		(void)signal(SIGTERM, SIG_IGN);
		(void)signal(SIGHUP, SIG_IGN);
		(void)close(pair[0]);
		run(argument, pair[1]);
		_exit(0);
	}
	(void)close(pair[1]);
	out->pid = child;
	out->control = pair[0];
	return ASSAY_OK;
}

int assay_sim_tell(const struct assay_sim *sim, const char *format, ...)
{
	char text[ASSAY_SIM_MESSAGE_MAX];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (length < 0 || length >= (int)sizeof text)
		return -1;
	return send(sim->control, text, (size_t)length, MSG_NOSIGNAL) == length ? 0 : -1;
}

void assay_sim_end(struct assay_sim *sim)
{
	if (sim->pid <= 0)
		return;
	(void)close(sim->control);
	(void)kill(sim->pid, SIGKILL);
	(void)waitpid(sim->pid, NULL, 0);
	sim->pid = 0;
}
