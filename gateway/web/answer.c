/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web/answer.h"

#include "gateway/lab/query.h"
#include "gateway/record/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Everything a page may do: its own files and its own API. No inline script or style, no frames, no forms. */
#define PAGE_POLICY                                                                                          \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "      \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "                   \
	"require-trusted-types-for 'script'; trusted-types 'none'"
#define DATA_POLICY "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
/* The browser's own viewer is a plug-in of the page that the print is. */
#define PAPER_POLICY                                                                                         \
	"default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "                \
	"form-action 'none'; frame-ancestors 'none'"

const struct web_problem web_problem_auth = {401, "login-required", "请登录", "log in first"};
const struct web_problem web_problem_memory = {500, "out-of-memory", "内存不足", "out of memory"};

int web_language_quality(const char *header, const char *language)
{
	int best = -1;

	while (header && *header) {
		size_t length = strcspn(header, ",");
		const char *end = header + length;
		int value = 1000;

		header += strspn(header, " \t");
		if (header + 2 <= end && strncasecmp(header, language, 2) == 0 &&
			(header + 2 == end || strchr("-; \t", header[2]))) {
			const char *q = memchr(header, ';', (size_t)(end - header));

			q = q ? strstr(q, "q=") : NULL;
			if (q && q < end && q[2] == '0') {
				value = 0;
				if (q[3] == '.')
					for (int i = 0, place = 100;
						i < 3 && q[4 + i] >= '0' && q[4 + i] <= '9'; i++, place /= 10)
						value += (q[4 + i] - '0') * place;
			}
			if (value > best)
				best = value;
		}
		header = *end ? end + 1 : end;
	}
	return best;
}

bool web_wants_chinese(struct MHD_Connection *connection)
{
	const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept-Language");

	return web_language_quality(header, "zh") >= web_language_quality(header, "en");
}

static bool brings_body(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");

	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding") ||
	       (length && strcmp(length, "0") != 0);
}

enum MHD_Result web_answer_queue(struct web *web, struct MHD_Connection *connection, unsigned status,
	struct MHD_Response *response, bool page)
{
	static const char *const common[][2] = {
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Embedder-Policy", "require-corp"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"X-Frame-Options", "DENY"},
		{"Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), "
				       "serial=()"},
	};
	enum MHD_Result result;

	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		(void)MHD_add_response_header(response, common[i][0], common[i][1]);
	if (!MHD_get_response_header(response, "Content-Security-Policy"))
		(void)MHD_add_response_header(
			response, "Content-Security-Policy", page ? PAGE_POLICY : DATA_POLICY);
	if (web->tls)
		(void)MHD_add_response_header(
			response, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
	if (!MHD_get_response_header(response, "Cache-Control"))
		(void)MHD_add_response_header(response, "Cache-Control", "no-store");
	if (status >= 400 && brings_body(connection)) /* perhaps not read, so the connection cannot go on */
		(void)MHD_add_response_header(response, "Connection", "close");
	web->counts.answers[status / 100 % 6]++;
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_memory(struct web *web, struct MHD_Connection *connection, unsigned status,
	char *text, size_t length, const char *type, const char *extra_name, const char *extra)
{
	struct MHD_Response *response =
		text ? MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE) : NULL;

	if (!response) {
		free(text);
		return MHD_NO; /* closes the connection: there is no memory to say more */
	}
	(void)MHD_add_response_header(response, "Content-Type", type);
	if (extra_name)
		(void)MHD_add_response_header(response, extra_name, extra);
	return web_answer_queue(web, connection, status, response, false);
}

enum MHD_Result web_answer_text(
	struct web *web, struct MHD_Connection *connection, char *text, size_t length, const char *type)
{
	return answer_memory(web, connection, 200, text, length, type, NULL, NULL);
}

enum MHD_Result web_answer_json(struct web *web, struct MHD_Connection *connection, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	if (!text)
		return web_answer_problem(web, connection, &web_problem_memory);
	return answer_memory(web, connection, 200, text, strlen(text), "application/json", NULL, NULL);
}

enum MHD_Result web_answer_problem(
	struct web *web, struct MHD_Connection *connection, const struct web_problem *problem)
{
	bool chinese = web_wants_chinese(connection);
	const char *said = chinese ? problem->zh : problem->en;
	const char *name = NULL, *value = NULL;
	json_t *object = json_pack("{s:s,s:s,s:i,s:s,s:s,s:s}", "type", "about:blank", "title", said,
		"status", (int)problem->status, "code", problem->code, "text_zh", problem->zh, "text_en",
		problem->en);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	if (problem->status == 401) {
		name = "WWW-Authenticate";
		value = "Bearer realm=\"assay\"";
	} else if (problem->status == 503 || problem->status == 429) {
		name = "Retry-After";
		value = "2";
	} else {
		name = "Content-Language";
		value = chinese ? "zh" : "en";
	}
	return answer_memory(web, connection, problem->status, text, text ? strlen(text) : 0,
		"application/problem+json", name, value);
}

enum MHD_Result web_answer_tagged(struct web *web, struct MHD_Connection *connection, json_t *object)
{
	char digest[ASSAY_QUERY_ETAG_MAX], etag[WEB_ETAG_MAX];
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	if (object)
		assay_query_etag(object, digest);
	json_decref(object);
	if (!text)
		return web_answer_problem(web, connection, &web_problem_memory);
	(void)snprintf(etag, sizeof etag, "\"%s\"", digest);
	return answer_memory(web, connection, 200, text, strlen(text), "application/json", "ETag", etag);
}

enum MHD_Result web_answer_method(struct web *web, struct MHD_Connection *connection, const char *allow)
{
	struct MHD_Response *response;
	json_t *object = json_pack("{s:s,s:s,s:i,s:s,s:s,s:s}", "type", "about:blank", "title",
		web_wants_chinese(connection) ? "这个地址不接受这种方法"
					      : "this method is not for this address",
		"status", 405, "code", "method-not-allowed", "text_zh", "这个地址不接受这种方法", "text_en",
		"this method is not for this address");
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	response = text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE) : NULL;
	if (!response) {
		free(text);
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, "Content-Type", "application/problem+json");
	(void)MHD_add_response_header(response, "Allow", allow);
	return web_answer_queue(web, connection, 405, response, false);
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* The status of a refused command, by its code, then by how it failed. */
static unsigned command_status(const char *code, int status)
{
	static const struct {
		const char *code;
		unsigned status;
	} by_code[] = {{"login-required", 401}, {"login-refused", 401}, {"code-wrong", 403},
		{"second-factor-needed", 401}, {"second-factor-refused", 401}, {"second-factor-missing", 403},
		{"not-allowed", 403}, {"signature-needed", 403}, {"too-many-tries", 429}, {"too-busy", 503},
		{"changed-meanwhile", 412}, {"key-reused", 422}, {"user-exists", 409}, {"admin-exists", 409},
		{"last-admin", 409}, {"slot-filled", 409}, {"not-awaiting-review", 409}, {"batch-void", 409}};

	for (size_t i = 0; i < sizeof by_code / sizeof *by_code; i++)
		if (strcmp(by_code[i].code, code) == 0)
			return by_code[i].status;
	switch (status) {
	case ASSAY_EUSAGE:
		return 400;
	case ASSAY_ENOTFOUND:
		return 404;
	case ASSAY_ETAKEN:
		return 409;
	case ASSAY_EREFUSED:
		return 422;
	default:
		return 503;
	}
}

static enum MHD_Result refused_command(
	struct web *web, struct MHD_Connection *connection, const json_t *error)
{
	const char *code = text_of(error, "code");
	struct web_problem problem = {
		command_status(code, (int)json_integer_value(json_object_get(error, "status"))), code,
		text_of(error, "text_zh"), text_of(error, "text_en")};

	return web_answer_problem(web, connection, &problem);
}

/* "": the cookie goes. */
static void cookie_for(const struct web *web, const char *session, char out[200])
{
	(void)snprintf(out, 200, "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s",
		web_cookie_name(web), session, *session ? 8 * 3600 : 0, web->tls ? "; Secure" : "");
}

/* A print that the recorder had made. Takes answer. */
static enum MHD_Result answer_printed(struct web *web, struct MHD_Connection *connection, json_t *answer)
{
	const char *text = text_of(answer, "pdf");
	size_t length = strlen(text);
	unsigned char *bytes = malloc(length + 1);

	if (bytes && assay_base64_decode(text, length, bytes, length, &length) != 0) {
		free(bytes);
		bytes = NULL;
	}
	json_decref(answer);
	return bytes ? web_answer_pdf(web, connection, bytes, length, "print.pdf")
		     : web_answer_problem(web, connection, &web_problem_memory);
}

enum MHD_Result web_answer_command(struct web *web, struct MHD_Connection *connection, json_t *answer)
{
	static const struct web_problem away = {503, "recorder-away",
		"记录进程正在重新启动；这次改动可能已经生效，请先查看再重试",
		"the recorder is being started again; the change may have been made, look before you repeat "
		"it"};
	const json_t *error = json_object_get(answer, "error");
	const char *session = json_string_value(json_object_get(answer, "session_id"));
	char cookie[200] = "", csrf[WEB_CSRF_MAX];
	enum MHD_Result result;
	char *text;

	if (!answer)
		return web_answer_problem(web, connection, &away);
	if (error) {
		result = refused_command(web, connection, error);
		json_decref(answer);
		return result;
	}
	if (session) {
		cookie_for(web, session, cookie);
		web_caller_csrf(session, csrf);
		(void)json_object_set_new(answer, "csrf", json_string(csrf));
	}
	if (json_object_get(answer, "pdf"))
		return answer_printed(web, connection, answer);
	(void)json_object_del(answer, "session_id");
	(void)json_object_del(answer, "id");
	(void)json_object_del(answer, "ok");
	if (json_object_size(answer) == 0)
		cookie_for(web, "", cookie); /* a logout says nothing more */
	text = json_dumps(answer, JSON_COMPACT);
	json_decref(answer);
	if (!text)
		return web_answer_problem(web, connection, &web_problem_memory);
	return answer_memory(web, connection, 200, text, strlen(text), "application/json",
		*cookie ? "Set-Cookie" : NULL, cookie);
}

static bool says_absent(const char *code)
{
	return strncmp(code, "no-such", 7) == 0 || strstr(code, "unknown") || strstr(code, "not-found") ||
	       strstr(code, "-yet");
}

enum MHD_Result web_answer_error(
	struct web *web, struct MHD_Connection *connection, const struct assay_error *err)
{
	struct web_problem problem = {503, err->code, err->text_zh, err->text_en};

	if (says_absent(err->code))
		problem.status = 404;
	if (!*err->code)
		problem = (struct web_problem){503, "state-unreadable", "状态库暂时读不出来，请稍候再试",
			"the state cannot be read just now; try again in a moment"};
	return web_answer_problem(web, connection, &problem);
}

/* Takes bytes. */
static enum MHD_Result answer_file(struct web *web, struct MHD_Connection *connection, unsigned char *bytes,
	size_t length, const char *type, const char *name)
{
	bool paper = strcmp(type, "application/pdf") == 0;
	struct MHD_Response *response = MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE);
	char shown[120];

	if (!response) {
		free(bytes);
		return MHD_NO;
	}
	(void)snprintf(shown, sizeof shown, "%s; filename=\"%.90s\"", paper ? "inline" : "attachment", name);
	(void)MHD_add_response_header(response, "Content-Type", type);
	(void)MHD_add_response_header(response, "Content-Disposition", shown);
	if (paper)
		(void)MHD_add_response_header(response, "Content-Security-Policy", PAPER_POLICY);
	return web_answer_queue(web, connection, 200, response, false);
}

enum MHD_Result web_answer_pdf(struct web *web, struct MHD_Connection *connection, unsigned char *bytes,
	size_t length, const char *name)
{
	return answer_file(web, connection, bytes, length, "application/pdf", name);
}

enum MHD_Result web_answer_job(struct web *web, struct MHD_Connection *connection, struct web_job *job)
{
	static const struct web_problem ends = {503, "role-ends", "网页进程正在重新启动，请再试一次",
		"the web role is being started again; try once more"};
	enum MHD_Result result;

	if (!job)
		return web_answer_problem(web, connection, &ends);
	if (job->problem) {
		result = web_answer_problem(web, connection, job->problem);
	} else if (job->status != ASSAY_OK) {
		result = web_answer_error(web, connection, &job->err);
	} else if (job->object) {
		result = web_answer_json(web, connection, json_incref(job->object));
	} else {
		result = answer_file(web, connection, job->bytes, job->length, job->type, job->name);
		job->bytes = NULL;
	}
	web_job_free(job);
	return result;
}

/* The word gzip, without q=0, in Accept-Encoding (RFC 9110, 12.5.3). */
static bool takes_gzip(struct MHD_Connection *connection)
{
	const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept-Encoding");
	const char *word = header ? strcasestr(header, "gzip") : NULL;
	const char *end = word ? word + strcspn(word, ",") : NULL;
	const char *q = word ? strstr(word, "q=0") : NULL;

	return word && (!q || q > end || (q[3] == '.' && strspn(q + 4, "0") < strspn(q + 4, "0123456789")));
}

enum MHD_Result web_answer_asset(
	struct web *web, struct MHD_Connection *connection, const struct assay_asset *asset)
{
	const char *known = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match");
	bool gzip = takes_gzip(connection);
	char etag[64];
	bool same;
	struct MHD_Response *response;

	/* the two codings are two representations: each has a tag of its own */
	(void)snprintf(etag, sizeof etag, "%.*s%s", (int)strlen(asset->etag) - 1, asset->etag,
		gzip ? "-gz\"" : "\"");
	same = known && (strcmp(known, "*") == 0 || strstr(known, etag));
	/* the const is cast away for the library's sake; MHD_RESPMEM_PERSISTENT only reads */
	response = MHD_create_response_from_buffer(same   ? 0
						   : gzip ? asset->gzip_length
							  : asset->length,
		same ? NULL : (void *)(uintptr_t)(gzip ? asset->gzip : asset->bytes), MHD_RESPMEM_PERSISTENT);

	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, "Content-Type", asset->type);
	(void)MHD_add_response_header(response, "ETag", etag);
	(void)MHD_add_response_header(response, "Vary", "Accept-Encoding");
	if (gzip)
		(void)MHD_add_response_header(response, "Content-Encoding", "gzip");
	(void)MHD_add_response_header(response, "Cache-Control", "no-cache");
	return web_answer_queue(web, connection, same ? 304 : 200, response, true);
}
