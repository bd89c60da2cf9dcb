// SPDX-License-Identifier: BSD-2-Clause
/*
 * Invariant: each question has a socket of its own, at a port that nobody can foretell, which is connected, so that only
 * datagrams that say to come from the server asked are seen (RFC 5452 section 9.2).
 */
#include "asker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "unikernel/core/dns_bytes.h"
#include "sockets.h"

#define PORT_TRIES 8u
#define PORT_LEAST 1024u

static bool bind_somewhere(int fd, bool is_v6)
{
	for (unsigned i = 0; i < PORT_TRIES; i++) {
		struct dns_endpoint here = {.address.is_v6 = is_v6};
		struct sockaddr_storage address;
		socklen_t len;
		uint16_t draw;

		if (getrandom(&draw, sizeof(draw), 0) != sizeof(draw))
			return false;
		if (draw < PORT_LEAST)
			continue;
		here.port = draw;
		len = endpoint_out(&here, &address);
		if (bind(fd, (const struct sockaddr *)&address, len) == 0)
			return true;
	}
	return false;
}

/* Opens asker->fd, connected or about to be. */
static bool open_socket(struct asker *asker)
{
	bool is_v6 = asker->to.address.is_v6;
	struct sockaddr_storage address;
	socklen_t len = endpoint_out(&asker->to, &address);

	asker->fd = socket_open(is_v6, asker->by_tcp ? SOCK_STREAM : SOCK_DGRAM);
	if (asker->fd < 0 || !bind_somewhere(asker->fd, is_v6))
		return false;
	return connect(asker->fd, (const struct sockaddr *)&address, len) == 0 ||
	       (asker->by_tcp && errno == EINPROGRESS);
}

bool asker_start(struct asker *asker, const struct dns_endpoint *to, bool by_tcp, const uint8_t *question, size_t len)
{
	asker->to = *to;
	asker->by_tcp = by_tcp;
	asker->sent = asker->got = 0;
	asker->len = 2 + len;
	put16(asker->question, (uint16_t)len);
	memcpy(asker->question + 2, question, len);
	asker->answer = malloc(by_tcp ? 2 + DNS_MESSAGE_MAX : DNS_PAYLOAD);
	if (asker->answer != NULL && open_socket(asker) &&
	    (by_tcp || send(asker->fd, question, len, 0) == (ssize_t)len))
		return true;
	asker_stop(asker);
	return false;
}

void asker_stop(struct asker *asker)
{
	if (asker->fd >= 0)
		close(asker->fd);
	free(asker->answer);
	asker->fd = -1;
	asker->answer = NULL;
}

short asker_events(const struct asker *asker)
{
	return asker->by_tcp && asker->sent < asker->len ? POLLOUT : POLLIN;
}

static enum asker_state receive_datagram(struct asker *asker, size_t *len, struct dns_endpoint *from)
{
	struct sockaddr_storage address;
	socklen_t address_len = sizeof(address);
	ssize_t got;

	memset(&address, 0, sizeof(address));
	got = recvfrom(asker->fd, asker->answer, DNS_PAYLOAD, 0, (struct sockaddr *)&address, &address_len);
	if (got < 0)
		return is_passing(errno) ? ASKER_WAITS : ASKER_IS_BROKEN;
	*len = (size_t)got;
	return endpoint_in(&address, from) ? ASKER_HAS_MESSAGE : ASKER_WAITS;
}

/* Receives up to the end of the answer, and no further. */
static enum asker_state receive_stream(struct asker *asker, size_t *len)
{
	size_t want = 2;
	ssize_t got;

	if (asker->got >= 2)
		want = 2 + (size_t)get16(asker->answer);
	if (want > 2 + DNS_MESSAGE_MAX)
		return ASKER_IS_BROKEN;
	got = recv(asker->fd, asker->answer + asker->got, want - asker->got, 0);
	if (got <= 0)
		return got < 0 && is_passing(errno) ? ASKER_WAITS : ASKER_IS_BROKEN;
	asker->got += (size_t)got;
	if (asker->got < 2 || asker->got < 2 + (size_t)get16(asker->answer))
		return ASKER_WAITS;
	*len = asker->got - 2;
	return ASKER_HAS_MESSAGE;
}

static enum asker_state send_stream(struct asker *asker)
{
	ssize_t sent = send(asker->fd, asker->question + asker->sent, asker->len - asker->sent, MSG_NOSIGNAL);

	if (sent < 0)
		return is_passing(errno) ? ASKER_WAITS : ASKER_IS_BROKEN;
	asker->sent += (size_t)sent;
	return ASKER_WAITS;
}

enum asker_state asker_serve(struct asker *asker, const uint8_t **message, size_t *len, struct dns_endpoint *from)
{
	*message = asker->answer;
	if (!asker->by_tcp)
		return receive_datagram(asker, len, from);
	if (asker->sent < asker->len)
		return send_stream(asker);
	*message = asker->answer + 2;
	*from = asker->to;
	return receive_stream(asker, len);
}
