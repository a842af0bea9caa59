/* SPDX-License-Identifier: Apache-2.0
 * Deadlines. libmicrohttpd's own time-out counts from the last byte, so a caller who sends or takes one byte now and
 * then would keep his connection for ever; here the whole request and the whole answer are timed. */
#include "gateway/web/web.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum peer_doing { PEER_ASKING, PEER_ANSWERED, PEER_WATCHING };

struct web_peer {
	struct web_peer *next, **link;
	int fd;
	enum peer_doing doing;
	bool cut, known;
	uint64_t since_ms;
	struct in6_addr address; /* IPv4 as mapped */
};

static struct web_peer *peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void take_address(struct web_peer *peer, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (!info || !info->client_addr)
		return;
	if (info->client_addr->sa_family == AF_INET6) {
		peer->address = ((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr;
	} else if (info->client_addr->sa_family == AF_INET) {
		peer->address.s6_addr[10] = peer->address.s6_addr[11] = 0xff;
		memcpy(peer->address.s6_addr + 12,
			&((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr, 4);
	}
}

/* libmicrohttpd sees the hang-up and closes; the descriptor stays its own. */
static void cut(struct web *web, struct web_peer *peer)
{
	(void)shutdown(peer->fd, SHUT_RDWR);
	peer->cut = true;
	web->counts.cut_slow++;
}

static bool same_address(const struct web_peer *a, const struct web_peer *b)
{
	return memcmp(&a->address, &b->address, sizeof a->address) == 0;
}

/* Of two strangers: who asks goes before who is answered, then the longer one. */
static bool goes_before(const struct web_peer *a, const struct web_peer *b)
{
	if ((a->doing == PEER_ASKING) != (b->doing == PEER_ASKING))
		return a->doing == PEER_ASKING;
	return a->since_ms < b->since_ms;
}

/* Room for the newcomer: too many strangers, of his address or altogether, and one of them goes; he himself when all
 * others watch. */
static void make_room(struct web *web, struct web_peer *newcomer)
{
	unsigned all = 0, near = 0, most = web->loopback ? WEB_STRANGERS_MAX / 2 : WEB_STRANGERS_PER_ADDRESS;
	struct web_peer *of_all = newcomer, *of_near = newcomer;

	for (struct web_peer *peer = web->peers; peer; peer = peer->next) {
		if (peer->known || peer->cut)
			continue;
		all++;
		near += same_address(peer, newcomer);
		if (peer->doing == PEER_WATCHING || peer == newcomer)
			continue;
		if (of_all == newcomer || goes_before(peer, of_all))
			of_all = peer;
		if (same_address(peer, newcomer) && (of_near == newcomer || goes_before(peer, of_near)))
			of_near = peer;
	}
	if (near > most)
		cut(web, of_near);
	else if (all > WEB_STRANGERS_MAX)
		cut(web, of_all);
}

void web_peer_known(struct MHD_Connection *connection)
{
	struct web_peer *peer = peer_of(connection);

	if (peer)
		peer->known = true;
}

void web_peer_notify(void *cls, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct web *web = cls;
	struct web_peer *peer = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		peer = calloc(1, sizeof *peer);
		if (!peer || !info) {
			free(peer);
			return;
		}
		peer->fd = info->connect_fd;
		peer->since_ms = web_now_ms();
		peer->next = web->peers;
		peer->link = &web->peers;
		if (peer->next)
			peer->next->link = &peer->next;
		web->peers = peer;
		web->peer_count++;
		*socket_context = peer;
		take_address(peer, connection);
		make_room(web, peer);
	} else if (peer) {
		*peer->link = peer->next;
		if (peer->next)
			peer->next->link = peer->link;
		web->peer_count--;
		free(peer);
		*socket_context = NULL;
	}
}

static void doing(struct MHD_Connection *connection, enum peer_doing now)
{
	struct web_peer *peer = peer_of(connection);

	if (peer) {
		peer->doing = now;
		peer->since_ms = web_now_ms();
	}
}

void web_peer_answering(struct MHD_Connection *connection, bool watch)
{
	doing(connection, watch ? PEER_WATCHING : PEER_ANSWERED);
}

void web_peer_progress(struct MHD_Connection *connection)
{
	doing(connection, PEER_WATCHING);
}

void web_peer_waiting(struct MHD_Connection *connection)
{
	doing(connection, PEER_ASKING);
}

bool web_peer_is_loopback(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (!info || !info->client_addr)
		return false;
	if (info->client_addr->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)info->client_addr)
				       ->sin_addr.s_addr) >>
			       24 ==
		       127;
	if (info->client_addr->sa_family == AF_INET6) {
		const struct in6_addr *address =
			&((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr;

		return IN6_IS_ADDR_LOOPBACK(address) ||
		       (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
	}
	return false;
}

void web_peers_enforce(struct web *web)
{
	uint64_t now = web_now_ms();

	for (struct web_peer *peer = web->peers; peer; peer = peer->next) {
		uint64_t allowed = peer->doing == PEER_ASKING ? WEB_HEADER_MS : WEB_ANSWER_MS;

		if (peer->cut || now - peer->since_ms < allowed)
			continue;
		cut(web, peer);
	}
}
