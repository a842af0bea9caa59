/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/feeder.h"

#include "drivers/driver.h"
#include "gateway/record/sha256.h"
#include "gateway/wire/capture.h"
#include "limits/xml_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SCAN_MS 500
#define PACKET_MAX 16000u /* a host reads no more at once */
#define FILES_MAX 4096u
#define CAPTURE_MAX 67108864u
#define FEEDER_SOCKET 100 /* descriptors of the feeder itself */
#define FEEDER_LEDGER 101

/* A file as it was when last looked at. */
struct seen {
	char name[256];
	off_t size;
	struct timespec changed;
	uint64_t since_ms; /* it has been so since */
	bool done; /* imported or failed, as it is now */
};

struct folder {
	int socket, ledger;
	const char *path;
	uint32_t settle_ms;
	struct seen *files;
	size_t count;
	char (*imported)[65];
	size_t imported_count;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* True when the other end is still there; waits up to ms for a byte from it. */
static bool wait_word(int socket, int ms, char *word)
{
	struct pollfd polled = {socket, POLLIN, 0};

	*word = 0;
	if (poll(&polled, 1, ms) < 0)
		return errno == EINTR;
	if (polled.revents & POLLIN)
		return read(socket, word, 1) == 1;
	return !(polled.revents & (POLLHUP | POLLERR));
}

static bool send_packet(int socket, char kind, const void *bytes, size_t length)
{
	char packet[1 + PACKET_MAX];

	packet[0] = kind;
	if (length)
		memcpy(packet + 1, bytes, length);
	return send(socket, packet, 1 + length, MSG_NOSIGNAL) == (ssize_t)(1 + length);
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), size = strlen(end);

	return length > size && strcasecmp(name + length - size, end) == 0;
}

static bool is_result(const char *name)
{
	return name[0] != '.' && name[0] != '~' && !ends_with(name, ".tmp") && !ends_with(name, ".lock") &&
	       !ends_with(name, ".part") && strlen(name) < 256;
}

static struct seen *find(struct folder *folder, const char *name)
{
	for (size_t i = 0; i < folder->count; i++)
		if (strcmp(folder->files[i].name, name) == 0)
			return &folder->files[i];
	if (folder->count == FILES_MAX)
		return NULL;
	(void)snprintf(folder->files[folder->count].name, sizeof folder->files->name, "%s", name);
	folder->files[folder->count].size = -1;
	return &folder->files[folder->count++];
}

static bool was_imported(const struct folder *folder, const char *sha256)
{
	for (size_t i = 0; i < folder->imported_count; i++)
		if (strcmp(folder->imported[i], sha256) == 0)
			return true;
	return false;
}

static bool remember(struct folder *folder, const char *sha256)
{
	char(*grown)[65] = realloc(folder->imported, (folder->imported_count + 1) * sizeof *grown);

	if (!grown)
		return false;
	folder->imported = grown;
	memcpy(grown[folder->imported_count++], sha256, 65);
	return true;
}

static bool write_ledger(struct folder *folder, const char *sha256, const char *name)
{
	char row[400];
	int length = snprintf(row, sizeof row, "%s  %s\n", sha256, name);

	return write(folder->ledger, row, (size_t)length) == length && fdatasync(folder->ledger) == 0 &&
	       remember(folder, sha256);
}

/* False when the other end is gone. */
static bool import(struct folder *folder, struct seen *file)
{
	char path[4400], sha256[65], *bytes = NULL, word = 0;
	uint8_t digest[32];
	size_t length = 0;
	bool there = true;

	(void)snprintf(path, sizeof path, "%s/%s", folder->path, file->name);
	file->done = true;
	if (assay_xml_read(path, ASSAY_FRAME_MAX, &bytes, &length, NULL) != ASSAY_OK)
		return true; /* gone, unreadable or too large: looked at again when it changes */
	assay_sha256(bytes, length, digest);
	assay_hex(digest, sizeof digest, sha256);
	if (length == 0 || was_imported(folder, sha256)) {
		free(bytes);
		return true;
	}
	for (size_t at = 0; at < length && there; at += PACKET_MAX)
		there = send_packet(
			folder->socket, 'D', bytes + at, length - at < PACKET_MAX ? length - at : PACKET_MAX);
	there = there && send_packet(folder->socket, 'E', NULL, 0);
	while (there && word == 0)
		there = wait_word(folder->socket, 1000, &word);
	free(bytes);
	return there && (word != 'A' || write_ledger(folder, sha256, file->name));
}

static bool look_at(struct folder *folder, const char *name)
{
	char path[4400];
	struct stat about;
	struct seen *file;

	(void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
	if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
		return true;
	file = find(folder, name);
	if (!file)
		return true;
	if (file->size != about.st_size || file->changed.tv_sec != about.st_mtim.tv_sec ||
		file->changed.tv_nsec != about.st_mtim.tv_nsec) {
		file->size = about.st_size;
		file->changed = about.st_mtim;
		file->since_ms = now_ms();
		file->done = false;
		return true;
	}
	return file->done || now_ms() < file->since_ms + folder->settle_ms || import(folder, file);
}

static bool scan(struct folder *folder)
{
	struct dirent **names = NULL;
	int count = scandir(folder->path, &names, NULL, alphasort);
	bool there = true;

	for (int i = 0; i < count; i++) {
		if (there && is_result(names[i]->d_name))
			there = look_at(folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return there;
}

static void watch_folder(struct folder *folder)
{
	char word;

	while (scan(folder) && wait_word(folder->socket, SCAN_MS, &word))
		;
}

static void read_ledger(struct folder *folder)
{
	char row[400];
	FILE *file = fdopen(dup(folder->ledger), "r");

	while (file && fgets(row, sizeof row, file)) {
		if (strspn(row, "0123456789abcdef") != 64)
			continue;
		row[64] = '\0';
		if (!remember(folder, row))
			break;
	}
	if (file)
		(void)fclose(file);
}

static void play_capture(int socket, const char *path)
{
	static uint8_t scratch[ASSAY_CAPTURE_PIECE_MAX];
	struct assay_capture_row row;
	char *text = NULL, word;
	size_t length = 0, at = 0;
	uint64_t begun = now_ms();

	if (assay_xml_read(path, CAPTURE_MAX, &text, &length, NULL) != ASSAY_OK ||
		!assay_capture_is(text, length))
		return;
	while (assay_capture_next(path, text, length, &at, scratch, &row, NULL) == 1) {
		uint64_t due = begun + row.time_us / 1000, now = now_ms();

		if (row.direction != ASSAY_CAPTURE_RX)
			continue;
		while (now < due) {
			if (!wait_word(socket, (int)(due - now < 1000 ? due - now : 1000), &word))
				return;
			now = now_ms();
		}
		if (send(socket, row.bytes, row.length, MSG_NOSIGNAL) != (ssize_t)row.length)
			return;
	}
	while (wait_word(socket, 1000, &word)) /* played once; the line stays */
		;
	free(text);
}

static int open_ledger(const char *path, int *ledger_out, struct assay_error *err)
{
	char ledger[4400];
	struct stat about;

	if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
		return assay_error_set(err, ASSAY_ENOTFOUND, "folder-missing", "文件夹 %s 不存在",
			"there is no folder %s", path);
	(void)snprintf(ledger, sizeof ledger, "%s/%s", path, ASSAY_FOLDER_LEDGER);
	*ledger_out = open(ledger, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (*ledger_out < 0)
		return assay_error_set(err, ASSAY_EREFUSED, "folder-locked", "不能在 %s 里记账（%s）",
			"the ledger in %s cannot be written (%s)", path, strerror(errno));
	return ASSAY_OK;
}

static void feed(const struct assay_config_line *line, int socket, int ledger)
{
	struct folder folder;

	/* Nothing of the supervisor's stays open here: a role must see when it is gone. */
	if (dup2(socket, FEEDER_SOCKET) < 0 || (ledger >= 0 && dup2(ledger, FEEDER_LEDGER) < 0))
		return;
	(void)close_range(3, FEEDER_SOCKET - 1, 0);
	(void)close_range(ledger >= 0 ? FEEDER_LEDGER + 1 : FEEDER_SOCKET + 1, ~0u, 0);
	socket = FEEDER_SOCKET;
	ledger = FEEDER_LEDGER;
	folder = (struct folder){
		.socket = socket, .ledger = ledger, .path = line->path, .settle_ms = line->settle_ms};

	if (line->transport == ASSAY_TRANSPORT_REPLAY) {
		play_capture(socket, line->path);
		return;
	}
	folder.files = calloc(FILES_MAX, sizeof *folder.files);
	if (!folder.files)
		return;
	read_ledger(&folder);
	watch_folder(&folder);
	free(folder.files);
	free(folder.imported);
}

int assay_feeder_open(const struct assay_config_line *line, int *fd_out, struct assay_error *err)
{
	bool folder = line->transport == ASSAY_TRANSPORT_FOLDER;
	int pair[2], ledger = -1, status;
	pid_t pid;

	if (folder) {
		status = open_ledger(line->path, &ledger, err);
		if (status != ASSAY_OK)
			return status;
	} else if (access(line->path, R_OK) != 0) {
		return assay_error_set(err, ASSAY_ENOTFOUND, "capture-missing", "抓包文件 %s 不能读取（%s）",
			"the capture %s cannot be read (%s)", line->path, strerror(errno));
	}
	if (socketpair(AF_UNIX, (folder ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC, 0, pair) != 0)
		pid = -1;
	else
		pid = fork();
	if (pid < 0) {
		status = assay_error_set(err, ASSAY_EIO, "feeder", "不能读取 %s（%s）",
			"%s cannot be fed (%s)", line->path, strerror(errno));
		if (ledger >= 0)
			(void)close(ledger);
		return status;
	}
	if (pid == 0) {
		(void)close(pair[0]);
		/* a child of a child: nobody has to wait for it, and it ends with the socket */
		if (fork() == 0)
			feed(line, pair[1], ledger);
		_exit(0);
	}
	(void)close(pair[1]);
	if (ledger >= 0)
		(void)close(ledger);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	(void)fcntl(pair[0], F_SETFL, fcntl(pair[0], F_GETFL) | O_NONBLOCK);
	*fd_out = pair[0];
	return ASSAY_OK;
}
