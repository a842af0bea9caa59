/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web/caller.h"

#include "gateway/record/sha256.h"
#include "gateway/web/web.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

const char *web_cookie_name(const struct web *web)
{
	return web->tls ? "__Host-assay" : "assay"; /* the prefix is for https alone */
}

bool web_secret_take(struct web_caller *caller, const char *text)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	if (length == 0 || length >= WEB_SECRET_MAX || text[length])
		return false;
	memcpy(caller->secret, text, length + 1);
	return true;
}

bool web_caller_read(const struct web *web, struct MHD_Connection *connection, struct web_caller *caller)
{
	const char *bearer = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
	const char *cookie = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, web_cookie_name(web));

	if (bearer) {
		caller->token = true;
		return !cookie && strncasecmp(bearer, "Bearer ", 7) == 0 &&
		       web_secret_take(caller, bearer + 7);
	}
	return !cookie || !*cookie || web_secret_take(caller, cookie);
}

bool web_caller_remembered(struct web *web, struct web_caller *caller)
{
	uint64_t now = web_now_ms();

	for (unsigned i = 0; i < WEB_CALLERS_MAX; i++) {
		const struct web_known *known = &web->known[i];

		if (known->until_ms > now && known->caller.token == caller->token &&
			strcmp(known->caller.secret, caller->secret) == 0) {
			*caller = known->caller;
			(void)json_incref(caller->about);
			return true;
		}
	}
	return false;
}

static void copy(char *out, size_t size, const json_t *answer, const char *name)
{
	const char *text = json_string_value(json_object_get(answer, name));

	(void)snprintf(out, size, "%s", text ? text : "");
}

void web_caller_learn(struct web *web, struct web_caller *caller, json_t *answer)
{
	struct web_known *known = &web->known[0];
	char roles[ASSAY_ROLES_TEXT_MAX];

	if (!json_object_get(answer, "ok"))
		return;
	copy(caller->person.user, sizeof caller->person.user, answer, "user");
	copy(caller->person.name, sizeof caller->person.name, answer, "name");
	copy(caller->person.producer, sizeof caller->person.producer, answer, "producer");
	copy(roles, sizeof roles, answer, "roles");
	caller->person.unproven = json_is_true(json_object_get(answer, "second_factor_missing"));
	caller->known = lab_roles_read(roles, &caller->person.roles);
	if (!caller->known)
		return;
	for (unsigned i = 1; i < WEB_CALLERS_MAX; i++)
		if (web->known[i].until_ms < known->until_ms)
			known = &web->known[i];
	json_decref(known->caller.about);
	caller->about = json_incref(answer);
	known->caller = *caller;
	(void)json_incref(caller->about);
	known->until_ms = web_now_ms() + WEB_CALLER_MS;
}

void web_callers_forget(struct web *web)
{
	for (unsigned i = 0; i < WEB_CALLERS_MAX; i++) {
		json_decref(web->known[i].caller.about);
		memset(&web->known[i], 0, sizeof web->known[i]);
	}
}

json_t *web_caller_command(
	const struct web_caller *caller, struct MHD_Connection *connection, const char *name)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char address[64] = "";

	if (info && info->client_addr)
		(void)getnameinfo(info->client_addr,
			info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
								 : sizeof(struct sockaddr_in),
			address, sizeof address, NULL, 0, NI_NUMERICHOST);
	return json_pack("{s:s,s:s,s:s*}", "cmd", name, "from_address", address,
		caller->token ? "by_token" : "by_session", *caller->secret ? caller->secret : NULL);
}

struct assay_actor web_caller_actor(const struct web_caller *caller, unsigned anonymous)
{
	if (caller->known)
		return (struct assay_actor){.name = caller->person.user,
			.full_name = caller->person.name,
			.roles = caller->person.roles,
			.producer = caller->person.producer,
			.unproven = caller->person.unproven,
			.how = caller->token ? ASSAY_ACTOR_TOKEN : ASSAY_ACTOR_SESSION};
	return (struct assay_actor){.name = "?",
		.full_name = "",
		.roles = anonymous,
		.producer = "",
		.how = ASSAY_ACTOR_ANONYMOUS};
}

void web_caller_csrf(const char *session, char out[WEB_CSRF_MAX])
{
	char text[WEB_SECRET_MAX + 8];
	uint8_t digest[32];

	(void)snprintf(text, sizeof text, "csrf:%s", session);
	assay_sha256(text, strlen(text), digest);
	assay_hex(digest, sizeof digest, out);
}
