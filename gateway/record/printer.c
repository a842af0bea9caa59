/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/recorder.h"

#include "gateway/lab/query_row.h"
#include "gateway/record/sha256.h"
#include "gateway/report_role.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LOOK_NS (5 * RECORDER_SECOND_NS) /* for certificates without a print, when none was just issued */
#define AGAIN_NS (2 * RECORDER_SECOND_NS) /* after the report role was not there or hung up */
#define ROOM_FIRST 262144u

void printer_start(struct recorder_printer *printer)
{
	memset(printer, 0, sizeof *printer);
	printer->fd = -1;
	printer->refused_seq = -1;
}

void printer_soon(struct recorder_printer *printer)
{
	printer->next_ns = 0;
}

void printer_stop(struct recorder_printer *printer)
{
	printer_end(printer);
	for (size_t i = 0; i < printer->waiting_count; i++)
		free(printer->waiting[i].document);
	printer->waiting_count = 0;
}

void printer_end(struct recorder_printer *printer)
{
	if (printer->fd >= 0)
		(void)close(printer->fd);
	free(printer->out);
	free(printer->in);
	printer->fd = -1;
	printer->out = NULL;
	printer->in = NULL;
	printer->ask = NULL;
	printer->out_length = printer->out_sent = printer->in_length = printer->in_room = 0;
}

short printer_events(const struct recorder_printer *printer)
{
	return printer->out_sent < printer->out_length ? POLLOUT : POLLIN;
}

static int connect_to(const char *dir)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/run/" ASSAY_REPORT_SOCKET, dir),
	    fd;

	if (length < 0 || (size_t)length >= sizeof address.sun_path)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* The oldest certificate without a print; null when there is none. */
static json_t *unprinted(struct recorder *recorder)
{
	struct assay_error err;
	json_t *rows = query_list(assay_state_db(recorder->state),
		       query_prepare(assay_state_db(recorder->state), &err,
			       "SELECT id, document FROM certificate WHERE paper_seq IS NULL AND seq>?1 "
			       "ORDER BY seq LIMIT 1",
			       "i", recorder->printer.refused_seq),
		       &err),
	       *row = json_incref(json_array_get(rows, 0));

	json_decref(rows);
	return row;
}

static bool make_question(struct recorder_printer *printer, const char *document)
{
	size_t length = document ? strlen(document) : 0;

	if (length == 0 || length > ASSAY_REPORT_DOCUMENT_MAX || !(printer->out = malloc(length + 4)))
		return false;
	for (unsigned i = 0; i < 4; i++)
		printer->out[i] = (char)(uint8_t)(length >> (24 - 8 * i));
	memcpy(printer->out + 4, document, length);
	printer->out_length = length + 4;
	return true;
}

static json_t *not_printed(void)
{
	struct assay_error err;
	int status = assay_error_set(&err, ASSAY_EIO, "printer-away",
		"打印进程没有应答，请稍后再试；若一直如此，运行 assay doctor",
		"the report role did not answer; try again, and run assay doctor if it stays so");

	return recorder_error(status, &err);
}

/* Nobody came back with it: who waits is told, a certificate is tried again. */
static void give_up(struct recorder *recorder, uint64_t now_ns)
{
	struct recorder_ask *ask = recorder->printer.ask;

	printer_end(&recorder->printer);
	recorder->printer.next_ns = now_ns + AGAIN_NS;
	if (ask)
		recorder_command_answer(recorder, ask, not_printed());
}

json_t *printer_ask(struct recorder *recorder, struct recorder_ask *ask, const json_t *document)
{
	struct recorder_printer *printer = &recorder->printer;
	char *text = printer->waiting_count < PRINTER_JOBS_MAX ? json_dumps(document, JSON_COMPACT) : NULL;
	struct assay_error err;
	int status;

	if (!text) {
		status = assay_error_set(&err, ASSAY_EIO, "too-busy", "正在打印的太多，请稍后再试",
			"too much is being printed; try again in a moment");
		return recorder_error(status, &err);
	}
	printer->waiting[printer->waiting_count++] = (struct recorder_print){ask, text};
	printer->next_ns = 0;
	return NULL;
}

/* What somebody waits for is begun. */
static void begin_waiting(struct recorder *recorder, uint64_t now_ns)
{
	struct recorder_printer *printer = &recorder->printer;
	struct recorder_print first = printer->waiting[0];

	memmove(printer->waiting, printer->waiting + 1, --printer->waiting_count * sizeof *printer->waiting);
	printer->fd = connect_to(recorder->role->dir);
	printer->ask = first.ask;
	printer->deadline_ns = now_ns + ASSAY_REPORT_WAIT_MS * 1000000ull;
	if (printer->fd < 0 || !make_question(printer, first.document))
		give_up(recorder, now_ns);
	free(first.document);
}

void printer_tick(struct recorder *recorder, uint64_t now_ns)
{
	struct recorder_printer *printer = &recorder->printer;
	json_t *row;

	if (printer->fd >= 0 && now_ns > printer->deadline_ns)
		give_up(recorder, now_ns);
	if (printer->fd < 0 && printer->waiting_count) {
		begin_waiting(recorder, now_ns);
		return;
	}
	if (printer->fd >= 0 || now_ns < printer->next_ns || recorder->paused || recorder->group)
		return;
	printer->next_ns = now_ns + LOOK_NS;
	row = unprinted(recorder);
	if (!row)
		return;
	printer->next_ns = now_ns + AGAIN_NS;
	(void)snprintf(printer->certificate, sizeof printer->certificate, "%s",
		json_string_value(json_object_get(row, "id")));
	printer->fd = connect_to(recorder->role->dir);
	if (printer->fd < 0 || !make_question(printer, json_string_value(json_object_get(row, "document"))))
		printer_end(printer);
	printer->deadline_ns = now_ns + ASSAY_REPORT_WAIT_MS * 1000000ull;
	json_decref(row);
}

static int append_paper(
	struct recorder *recorder, const uint8_t *bytes, size_t length, struct assay_error *err)
{
	uint8_t digest[ASSAY_HASH_SIZE];
	char hex[2 * ASSAY_HASH_SIZE + 1];
	json_t *body;
	int status;

	assay_sha256(bytes, length, digest);
	assay_hex(digest, sizeof digest, hex);
	body = json_pack("{s:s,s:s}", "certificate", recorder->printer.certificate, "sha256", hex);
	status = body ? recorder_append_json(recorder, ASSAY_ENTRY_PAPER, "", body, bytes, length, NULL, err)
		      : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	json_decref(body);
	return status;
}

/* It will be refused again: said once, in the journal. */
static int append_refusal(
	struct recorder *recorder, const uint8_t *bytes, size_t length, struct assay_error *err)
{
	json_t *why = json_loadb((const char *)bytes, length, 0, NULL), *body;
	const char *code = json_string_value(json_object_get(why, "code")),
		   *zh = json_string_value(json_object_get(why, "text_zh")),
		   *en = json_string_value(json_object_get(why, "text_en"));
	int status;

	body = json_pack("{s:s,s:s,s:s,s:s}", "code", code ? code : "report-failed", "text_zh",
		zh ? zh : "证书不能打印", "text_en", en ? en : "the certificate cannot be printed",
		"certificate", recorder->printer.certificate);
	status = body ? recorder_append_json(recorder, ASSAY_ENTRY_FAULT, "", body, NULL, 0, NULL, err)
		      : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	json_decref(body);
	json_decref(why);
	return status;
}

static void pass_over(struct recorder *recorder)
{
	struct assay_error err;
	json_t *row = query_one(assay_state_db(recorder->state),
		query_prepare(assay_state_db(recorder->state), &err,
			"SELECT seq FROM certificate WHERE id=?1", "t", recorder->printer.certificate),
		"certificate-unknown", recorder->printer.certificate, &err);

	if (row)
		recorder->printer.refused_seq = json_integer_value(json_object_get(row, "seq"));
	json_decref(row);
}

/* Bytes of an answer that came whole, else 0: a role that died in the middle has said nothing. */
static size_t whole_answer(const struct recorder_printer *printer)
{
	size_t length = 0;

	if (!printer->in || printer->in_length < ASSAY_REPORT_HEAD)
		return 0;
	for (unsigned i = 1; i < ASSAY_REPORT_HEAD; i++)
		length = length << 8 | printer->in[i];
	return printer->in_length == ASSAY_REPORT_HEAD + length ? length : 0;
}

static json_t *pdf_json(const uint8_t *bytes, size_t length)
{
	size_t room = sodium_base64_encoded_len(length, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(room);
	json_t *answer = NULL;

	if (text)
		answer = json_pack("{s:b,s:s}", "ok", 1, "pdf",
			sodium_bin2base64(text, room, bytes, length, sodium_base64_VARIANT_ORIGINAL));
	free(text);
	return answer;
}

/* What somebody waits for is there, or why it is not. */
static void finished_for(struct recorder *recorder)
{
	struct recorder_printer *printer = &recorder->printer;
	size_t length = whole_answer(printer);
	const uint8_t *bytes = printer->in + ASSAY_REPORT_HEAD;
	json_t *answer = NULL, *why = NULL;
	struct recorder_ask *ask = printer->ask;

	if (length && printer->in[0] != 0)
		why = json_loadb((const char *)bytes, length, 0, NULL);
	if (why) {
		(void)json_object_set_new(why, "status", json_integer(ASSAY_EREFUSED));
		answer = json_pack("{s:o}", "error", why);
	} else if (length > 5 && memcmp(bytes, "%PDF-", 5) == 0) {
		answer = pdf_json(bytes, length);
	}
	printer_end(printer);
	printer->next_ns = 0;
	recorder_command_answer(recorder, ask, answer ? answer : not_printed());
}

/* The report role hung up: a whole answer, or none. */
static void finished(struct recorder *recorder)
{
	struct recorder_printer *printer = &recorder->printer;
	struct assay_error err;
	int status = ASSAY_OK;

	const uint8_t *bytes = printer->in ? printer->in + ASSAY_REPORT_HEAD : NULL;
	size_t length = whole_answer(printer);

	printer->next_ns = recorder_now_ns() + AGAIN_NS;
	if (length && !recorder->paused) {
		if (printer->in[0] != 0) {
			status = append_refusal(recorder, bytes, length, &err);
			pass_over(recorder);
			printer->next_ns = 0;
		} else if (length > 5 && memcmp(bytes, "%PDF-", 5) == 0) {
			status = append_paper(recorder, bytes, length, &err);
			printer->next_ns = 0;
		}
	}
	printer_end(printer);
	if (status == ASSAY_OK)
		status = recorder_commit(recorder, &err);
	if (status == ASSAY_OK && printer->next_ns == 0) /* so that its proof can be given with it */
		status = assay_journal_checkpoint(recorder->journal, recorder_now_ns(), true, NULL, &err);
	if (status != ASSAY_OK)
		recorder_failed(recorder, status, &err);
}

static bool more_room(struct recorder_printer *printer)
{
	size_t room = printer->in_room ? printer->in_room * 2 : ROOM_FIRST;
	uint8_t *grown;

	if (printer->in_length < printer->in_room)
		return true;
	if (room > ASSAY_RAW_MAX)
		room = ASSAY_RAW_MAX;
	grown = room > printer->in_length ? realloc(printer->in, room) : NULL;
	if (!grown)
		return false;
	printer->in = grown;
	printer->in_room = room;
	return true;
}

void printer_ready(struct recorder *recorder)
{
	struct recorder_printer *printer = &recorder->printer;
	ssize_t count;

	if (printer->out_sent < printer->out_length) {
		count = send(printer->fd, printer->out + printer->out_sent,
			printer->out_length - printer->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (count > 0)
			printer->out_sent += (size_t)count;
	} else if (more_room(printer)) {
		count = recv(printer->fd, printer->in + printer->in_length,
			printer->in_room - printer->in_length, MSG_DONTWAIT);
		if (count > 0)
			printer->in_length += (size_t)count;
		if (count == 0) {
			if (printer->ask)
				finished_for(recorder);
			else
				finished(recorder);
			return;
		}
	} else {
		count = -1;
		errno = ENOMEM;
	}
	if (count < 0 && errno != EAGAIN && errno != EINTR)
		give_up(recorder, recorder_now_ns());
}
