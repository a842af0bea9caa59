/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* No role needs these. Names the kernel of the build does not know are passed over. */
static const char *const refused[] = {"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev",
	"process_madvise", "pidfd_getfd", "kcmp", "mount", "umount2", "move_mount", "fsopen", "fsmount",
	"open_tree", "mount_setattr", "pivot_root", "chroot", "bpf", "perf_event_open", "userfaultfd",
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon",
	"swapoff", "setns", "unshare", "open_by_handle_at", "name_to_handle_at", "keyctl", "add_key",
	"request_key", "acct", "quotactl", "settimeofday", "clock_settime", "sethostname", "setdomainname",
	"iopl", "ioperm", "personality", "io_uring_setup", "setuid", "setgid", "setreuid", "setregid",
	"setresuid", "setresgid", "setgroups", "capset", "mknod", "mknodat"};

static int confine_error(struct assay_error *err, const char *what, int number)
{
	return assay_error_set(err, ASSAY_EIO, "confine", "不能限制进程权限：%s（%s）",
		"the process cannot be confined: %s (%s)", what, strerror(number));
}

/* Sockets: a host has its descriptors and makes none; the recorder makes none but Unix ones; web only accepts, and
 * a connect would be the way out. */
static int filter_sockets(scmp_filter_ctx filter, enum assay_confined role)
{
	int rc = 0;

	if (role == ASSAY_CONFINED_NOTIFY) /* the programs it starts reach out */
		return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(listen), 0);
	if (role == ASSAY_CONFINED_HOST || role == ASSAY_CONFINED_REPORT)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 0);
	else
		rc = seccomp_rule_add(
			filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0));
	if (rc == 0 && role != ASSAY_CONFINED_RECORDER)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(connect), 0);
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(listen), 0);
	return rc;
}

static bool may_start(enum assay_confined role)
{
	return role == ASSAY_CONFINED_REPORT || role == ASSAY_CONFINED_NOTIFY;
}

static int filter_calls(enum assay_confined role, struct assay_error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc = 0;

	if (!filter)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	for (size_t i = 0; rc == 0 && i < sizeof refused / sizeof *refused; i++) {
		int number = seccomp_syscall_resolve_name(refused[i]);

		if (may_start(role) && strcmp(refused[i], "execve") == 0)
			continue;
		if (number != __NR_SCMP_ERROR)
			rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
	}
	if (rc == 0)
		rc = filter_sockets(filter, role);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc == 0 ? ASSAY_OK : confine_error(err, "system-call filter", -rc);
}

#define READ_FILE (LANDLOCK_ACCESS_FS_READ_FILE)
#define READ_FOLDER (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_FILE (LANDLOCK_ACCESS_FS_WRITE_FILE)
#define WRITE_FOLDER                                                                                         \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |         \
		LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE |                              \
		LANDLOCK_ACCESS_FS_REMOVE_DIR)
/* All of ABI 1, which every kernel with Landlock knows. */
#define EVERYTHING                                                                                           \
	(READ_FOLDER | WRITE_FOLDER | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |            \
		LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

static int allow_path(
	int rules, const struct assay_confine_path *allowed, __u64 beside, struct assay_error *err)
{
	struct landlock_path_beneath_attr beneath = {0};
	struct stat about;
	int fd = open(allowed->path, O_PATH | O_CLOEXEC), rc;
	bool folder;

	if (fd < 0)
		return errno == ENOENT ? ASSAY_OK : confine_error(err, allowed->path, errno);
	folder = fstat(fd, &about) == 0 && S_ISDIR(about.st_mode);
	beneath.parent_fd = fd;
	beneath.allowed_access = (folder ? READ_FOLDER : READ_FILE) | beside;
	if (allowed->write)
		beneath.allowed_access |= folder ? WRITE_FOLDER : WRITE_FILE;
	rc = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	(void)close(fd);
	return rc == 0 ? ASSAY_OK : confine_error(err, allowed->path, errno);
}

static int confine_paths(enum assay_confined role, const struct assay_confine_path *paths, bool *landlock_out,
	struct assay_error *err)
{
	__u64 beside = may_start(role) ? LANDLOCK_ACCESS_FS_EXECUTE : 0;
	struct landlock_ruleset_attr attributes = {.handled_access_fs = EVERYTHING};
	int rules, status = ASSAY_OK;

	*landlock_out = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1;
	if (!*landlock_out)
		return ASSAY_OK;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
	if (rules < 0)
		return confine_error(err, "Landlock", errno);
	for (; status == ASSAY_OK && paths->path; paths++)
		status = allow_path(rules, paths, beside, err);
	if (status == ASSAY_OK && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		status = confine_error(err, "Landlock", errno);
	(void)close(rules);
	return status;
}

int assay_confine(enum assay_confined role, const struct assay_confine_path *paths, bool *landlock_out,
	struct assay_error *err)
{
	bool landlock = false;
	int status = ASSAY_OK;

#ifdef ASSAY_INSTRUMENTED
	(void)role;
	(void)err;
	(void)paths;
	(void)filter_calls;
	(void)confine_paths;
#else
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return confine_error(err, "no new privileges", errno);
	status = confine_paths(role, paths, &landlock, err);
	if (status == ASSAY_OK)
		status = filter_calls(role, err);
#endif
	if (landlock_out)
		*landlock_out = landlock;
	return status;
}
