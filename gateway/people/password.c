/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/people/password.h"

#include "gateway/people/common_passwords.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

_Static_assert(crypto_pwhash_STRBYTES == ASSAY_PASSWORD_HASH_MAX, "room for a hash");

/* A password nobody has, hashed like all others: what a login without a user is compared with. */
static const char nobody[] =
	"$argon2id$v=19$m=65536,t=3,p=1$1FilBKYAVk+EWoxgb64Kfg$kNGb6D3CgtHurA6Sk02nByEHJDbuQOxxFLbOcmP1V6U";

/* Rows of the keyboard and the alphabet: a password that only walks along them, either way, is the first thing tried. */
static const char *const walks[] = {
	"0123456789012", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm"};

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* b follows a on some walk, forwards or backwards, or repeats it. */
static bool follows(char a, char b)
{
	if (lower(a) == lower(b))
		return true;
	for (size_t i = 0; i < sizeof walks / sizeof *walks; i++)
		for (const char *at = walks[i]; at[1]; at++)
			if ((at[0] == lower(a) && at[1] == lower(b)) ||
				(at[1] == lower(a) && at[0] == lower(b)))
				return true;
	return false;
}

/* How many of its characters do not simply follow the one before. */
static unsigned surprises(const char *password)
{
	unsigned count = 1;

	for (size_t i = 1; password[i]; i++)
		count += !follows(password[i - 1], password[i]);
	return count;
}

static int compare(const void *password, const void *listed)
{
	return strcasecmp(password, *(const char *const *)listed);
}

static bool is_listed(const char *password)
{
	return bsearch(password, common_passwords, sizeof common_passwords / sizeof *common_passwords,
		       sizeof *common_passwords, compare) != NULL;
}

/* Weak words and what is left of the password without them. */
static bool is_common(const char *user, const char *password)
{
	static const char *const words[] = {"password", "passwort", "assay", "admin", "laboratory", "welcome",
		"letmein", "iloveyou", "woaini", "mima", "shiyanshi", "monkey", "dragon", "football",
		"baseball"};
	const char *named[1 + sizeof words / sizeof *words] = {user};

	memcpy(named + 1, words, sizeof words);
	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		size_t length = strlen(named[i]);

		for (const char *at = password; length > 2 && *at; at++)
			if (strncasecmp(at, named[i], length) == 0 && strlen(password) - length < 5)
				return true;
	}
	return surprises(password) < 4 || is_listed(password);
}

int assay_password_allowed(const char *user, const char *password, struct assay_error *err)
{
	size_t length = characters(password);

	if (length < ASSAY_PASSWORD_MIN)
		return assay_error_set(err, ASSAY_EREFUSED, "password-short", "密码至少 %u 个字符",
			"a password has at least %u characters", ASSAY_PASSWORD_MIN);
	if (length > ASSAY_PASSWORD_MAX || strlen(password) > ASSAY_PASSWORD_BYTES_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "password-long", "密码最多 %u 个字符",
			"a password has at most %u characters", ASSAY_PASSWORD_MAX);
	if (is_common(user, password))
		return assay_error_set(err, ASSAY_EREFUSED, "password-common",
			"这个密码太常见，容易被猜到；请换一个，例如几个不相干的词",
			"this password is too easily guessed; take another, for example some unrelated "
			"words");
	return ASSAY_OK;
}

struct job {
	struct job *next;
	struct assay_password_work *work;
	pthread_t thread;
	bool check;
	char password[ASSAY_PASSWORD_BYTES_MAX + 1];
	struct assay_password_result result;
};

struct assay_password_work {
	int pipe[2];
	unsigned running, waiting;
	struct job *first, **last;
};

static void *run(void *argument)
{
	struct job *job = argument;
	size_t length = strlen(job->password);

	if (job->check) {
		bool known = job->result.hash[0] != '\0';

		job->result.right = crypto_pwhash_str_verify(
					    known ? job->result.hash : nobody, job->password, length) == 0 &&
				    known;
		job->result.hash[0] = '\0';
	} else {
		job->result.right =
			crypto_pwhash_str_alg(job->result.hash, job->password, length, ASSAY_PASSWORD_PASSES,
				ASSAY_PASSWORD_MEMORY, crypto_pwhash_ALG_ARGON2ID13) == 0;
	}
	sodium_memzero(job->password, sizeof job->password);
	/* a pointer is less than PIPE_BUF: written whole; the pipe has room for all there can be */
	while (write(job->work->pipe[1], &job, sizeof(void *)) < 0 && errno == EINTR)
		;
	return NULL;
}

int assay_password_work_open(struct assay_password_work **out, int *done_fd, struct assay_error *err)
{
	struct assay_password_work *work = calloc(1, sizeof *work);

	if (!work || sodium_init() < 0 || pipe2(work->pipe, O_CLOEXEC) != 0) {
		free(work);
		return assay_error_set(err, ASSAY_EIO, "password-work", "密码校验不能启动（%s）",
			"passwords cannot be checked (%s)", strerror(errno));
	}
	(void)fcntl(work->pipe[0], F_SETFL, O_NONBLOCK);
	work->last = &work->first;
	*done_fd = work->pipe[0];
	*out = work;
	return ASSAY_OK;
}

/* Start what waits, as far as there are threads. */
static void start(struct assay_password_work *work)
{
	while (work->first && work->running < ASSAY_PASSWORD_THREADS) {
		struct job *job = work->first;

		if (pthread_create(&job->thread, NULL, run, job) != 0)
			return; /* tried again when another one ends, or comes */
		work->first = job->next;
		if (!work->first)
			work->last = &work->first;
		work->waiting--;
		work->running++;
	}
}

static int add(struct assay_password_work *work, bool check, const char *password, const char *hash,
	void *context, struct assay_error *err)
{
	size_t length = strlen(password);
	struct job *job;

	if (work->waiting >= ASSAY_PASSWORD_WAITING_MAX)
		return assay_error_set(err, ASSAY_EFULL, "too-busy", "同时登录的人太多，请稍候再试",
			"too many log in at once; try again in a moment");
	job = calloc(1, sizeof *job);
	if (!job)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	job->work = work;
	job->check = check;
	job->result.context = context;
	(void)snprintf(job->result.hash, sizeof job->result.hash, "%s", hash);
	/* longer than any password can be: compared all the same, and wrong */
	memcpy(job->password, password, length < sizeof job->password ? length : sizeof job->password - 1);
	*work->last = job;
	work->last = &job->next;
	work->waiting++;
	start(work);
	return ASSAY_OK;
}

int assay_password_check(struct assay_password_work *work, const char *password, const char *hash,
	void *context, struct assay_error *err)
{
	return add(
		work, true, password, strlen(password) > ASSAY_PASSWORD_BYTES_MAX ? "" : hash, context, err);
}

int assay_password_hash(
	struct assay_password_work *work, const char *password, void *context, struct assay_error *err)
{
	return add(work, false, password, "", context, err);
}

bool assay_password_work_done(struct assay_password_work *work, struct assay_password_result *out)
{
	struct job *job;

	if (read(work->pipe[0], &job, sizeof(void *)) != (ssize_t)sizeof(void *))
		return false;
	(void)pthread_join(job->thread, NULL);
	*out = job->result;
	free(job);
	work->running--;
	start(work);
	return true;
}

void assay_password_work_close(struct assay_password_work *work)
{
	struct assay_password_result ignored;

	if (!work)
		return;
	while (work->first) {
		struct job *job = work->first;

		work->first = job->next;
		sodium_memzero(job->password, sizeof job->password);
		free(job);
	}
	work->last = &work->first;
	(void)fcntl(work->pipe[0], F_SETFL, 0);
	while (work->running)
		(void)assay_password_work_done(work, &ignored);
	(void)close(work->pipe[0]);
	(void)close(work->pipe[1]);
	free(work);
}
