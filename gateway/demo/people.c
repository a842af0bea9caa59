/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/demo/people.h"

#include "gateway/cli/client.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LETTERS "abcdefghjkmnpqrstvwxyz23456789" /* none that is taken for another */

static int cannot(const char *path, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EIO, "directory-unusable", "%s 不能使用（%s）",
		"%s cannot be used (%s)", path, strerror(errno));
}

int assay_demo_password(const char *dir, char out[ASSAY_DEMO_PASSWORD_MAX], struct assay_error *err)
{
	char path[600];
	ssize_t length = ASSAY_DEMO_PASSWORD_MAX - 2;
	int fd;

	(void)snprintf(path, sizeof path, "%s/run/demo-password", dir);
	memset(out, 0, ASSAY_DEMO_PASSWORD_MAX);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, out, ASSAY_DEMO_PASSWORD_MAX - 2);
		(void)close(fd);
		return length == ASSAY_DEMO_PASSWORD_MAX - 2 ? ASSAY_OK : cannot(path, err);
	}
	if (sodium_init() < 0)
		return cannot(path, err);
	for (ssize_t i = 0; i < length; i++)
		out[i] = i % 5 == 4 ? '-' : LETTERS[randombytes_uniform(sizeof LETTERS - 1)];
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, out, (size_t)length) != length || close(fd) != 0)
		return cannot(path, err);
	return ASSAY_OK;
}

int assay_demo_people(const char *dir, const char *password, struct assay_error *err)
{
	static const struct {
		const char *user, *name, *roles, *producer;
	} people[] = {
		{"admin", "示范管理员", "admin", ""},
		{"tech", "示范检验员", "technician", ""},
		{"review", "示范复核人", "reviewer", ""},
		{"qa", "示范质量负责人", "qa", ""},
		{"maker", "示范企业", "producer", "禾香食品"},
	};
	int status = ASSAY_OK;

	for (size_t i = 0; status == ASSAY_OK && i < sizeof people / sizeof *people; i++) {
		json_t *answer = NULL,
		       *request = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "cmd", "user.add", "user",
			       people[i].user, "name", people[i].name, "roles", people[i].roles, "producer",
			       people[i].producer, "new_password", password);

		status = request ? assay_client_call(dir, request, &answer, err) : ASSAY_ENOMEM;
		if (status == ASSAY_EREFUSED && strcmp(err->code, "user-exists") == 0)
			status = ASSAY_OK; /* this directory was played before */
		json_decref(answer);
		json_decref(request);
	}
	return status;
}
