/* SPDX-License-Identifier: Apache-2.0
 * What the helper gives up before it reads a byte: the texts it sets come from outside, and font code is large. */
#include "gateway/report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/resource.h>

/* Sanitizers reserve terabytes and trace their own process at exit; coverage is written to files. */
#ifdef ASSAY_INSTRUMENTED
#define INSTRUMENTED 1
#else
#define INSTRUMENTED 0
#endif

#define MEMORY_MAX 1073741824u /* bytes of address space */
#define CPU_MAX_S 15u
#define FILE_MAX 16777216u /* bytes, when standard output is a file */
#define DESCRIPTORS_MAX 32u

static int limit(struct assay_error *err)
{
	static const struct {
		__rlimit_resource_t what;
		rlim_t most;
	} limits[] = {{RLIMIT_CPU, CPU_MAX_S}, {RLIMIT_FSIZE, FILE_MAX}, {RLIMIT_NOFILE, DESCRIPTORS_MAX},
		{RLIMIT_CORE, 0}, {RLIMIT_AS, MEMORY_MAX}};
	size_t count = sizeof limits / sizeof *limits - (INSTRUMENTED ? 1 : 0);

	for (size_t i = 0; i < count; i++) {
		const struct rlimit now = {limits[i].most, limits[i].most};

		if (setrlimit(limits[i].what, &now) != 0)
			return assay_error_set(err, ASSAY_EIO, "report-not-confined", "不能限制资源：%s",
				"cannot limit resources: %s", strerror(errno));
	}
	return ASSAY_OK;
}

/* Refused with EPERM: network, other programs and processes, and every way to change a file. */
static int forbid(scmp_filter_ctx filter)
{
	static const int calls[] = {SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind),
		SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(execve), SCMP_SYS(execveat),
		SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
		SCMP_SYS(process_vm_writev), SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(creat),
		SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat),
		SCMP_SYS(renameat2), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(symlink), SCMP_SYS(symlinkat),
		SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(chmod), SCMP_SYS(fchmodat), SCMP_SYS(chown),
		SCMP_SYS(fchownat), SCMP_SYS(truncate), SCMP_SYS(mount), SCMP_SYS(bpf), SCMP_SYS(keyctl),
		SCMP_SYS(io_uring_setup), SCMP_SYS(openat2), SCMP_SYS(open_by_handle_at),
		SCMP_SYS(userfaultfd)};
	static const unsigned writing[] = {O_WRONLY, O_RDWR};
	int status = 0;

	for (size_t i = 0; i < sizeof calls / sizeof *calls && status == 0; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
	for (size_t i = 0; i < 2 && status == 0; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, writing[i]));
	for (size_t i = 0; i < 2 && status == 0; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(open), 1,
			SCMP_A1(SCMP_CMP_MASKED_EQ, O_ACCMODE, writing[i]));
	return status;
}

int assay_report_confine(struct assay_error *err)
{
	scmp_filter_ctx filter;
	int status = limit(err);

	if (status != ASSAY_OK || INSTRUMENTED)
		return status;
	filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter || forbid(filter) != 0 || seccomp_load(filter) != 0)
		status = assay_error_set(err, ASSAY_EIO, "report-not-confined", "不能限制系统调用",
			"cannot restrict system calls");
	seccomp_release(filter);
	return status;
}
