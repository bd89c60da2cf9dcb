// SPDX-License-Identifier: BSD-2-Clause
/* Invariant: a socket that is not open is -1, which poll ignores. */
#include "lessor.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "sockets.h"
#include "unikernel/core/dns_bytes.h"

#define SERVER_PORT 67u
#define CLIENT_PORT 68u
#define DNS_PORT 53u
#define DATAGRAMS 16u /* taken between two looks at other sockets */

static struct {
	int served, asked; /* sockets */
	struct dhcp_server *server;
	struct dhcp_result result;
	struct dhcp_names *names;
	struct dns_server *dns;
	unsigned fixed; /* upstream servers before those of the lease */
} lessor = {.served = -1, .asked = -1};

bool lessor_open(struct dhcp_server *server)
{
	lessor.server = server;
	lessor.served = socket_open_at(false, SOCK_DGRAM, SERVER_PORT);
	return lessor.served >= 0;
}

bool lessor_open_names(struct dhcp_names *names, struct dns_server *server)
{
	lessor.names = names;
	lessor.dns = server;
	lessor.fixed = server->upstream_count;
	lessor.asked = socket_open_at(false, SOCK_DGRAM, CLIENT_PORT);
	return lessor.asked >= 0;
}

/* The next datagram at @fd, from @address, which is @peer; its length, 0: of a kind that is of no use. -1: there is none. */
static ssize_t receive(int fd, uint8_t bytes[DHCP_QUERY_MAX], struct sockaddr_storage *address,
		       struct dns_endpoint *peer)
{
	socklen_t len = sizeof(*address);
	ssize_t got;

	memset(address, 0, sizeof(*address));
	got = recvfrom(fd, bytes, DHCP_QUERY_MAX, 0, (struct sockaddr *)address, &len);
	return got < 0 || (endpoint_in(address, peer) && !peer->address.is_v6) ? got : 0;
}

/* --- those inside -------------------------------------------------------------------------------------------------- */

/* Says what has happened, where that is worth a line. */
static void tell(void)
{
	static const char *const events[] = {[DHCP_EVENT_LEASED] = "has",
					     [DHCP_EVENT_EXTENDED] = "goes on with",
					     [DHCP_EVENT_REFUSED] = "is refused another address than",
					     [DHCP_EVENT_DECLINED] = "says that somebody else has",
					     [DHCP_EVENT_RELEASED] = "gives back"};
	const struct dhcp_link *link = lessor.result.link;

	if (lessor.result.event == DHCP_EVENT_NONE)
		return;
	printf("services: %s %s %u.%u.%u.%u\n", link->name, events[lessor.result.event], link->address >> 24,
	       link->address >> 16 & 255, link->address >> 8 & 255, link->address & 255);
	fflush(stdout);
}

static void serve(uint64_t now_ms)
{
	struct dhcp_result *r = &lessor.result;

	for (unsigned i = 0; i < DATAGRAMS; i++) {
		struct sockaddr_storage address;
		uint8_t bytes[DHCP_QUERY_MAX];
		struct dns_endpoint peer;
		ssize_t got = receive(lessor.served, bytes, &address, &peer);

		if (got < 0)
			return;
		if (got == 0)
			continue;
		dhcp_server_take(lessor.server, get32(peer.address.bytes), peer.port, bytes, (size_t)got, now_ms, r);
		tell();
		/* To where it came from, which the server has found to be the relay; a datagram may be lost. */
		if (r->len != 0)
			(void)sendto(lessor.served, r->bytes, r->len, 0, (const struct sockaddr *)&address,
				     sizeof(struct sockaddr_in));
	}
}

/* --- what the uplink was told -------------------------------------------------------------------------------------- */

void lessor_tick(uint64_t now_ms)
{
	struct dns_endpoint router = {.port = SERVER_PORT};
	struct sockaddr_storage address;
	uint8_t bytes[DHCP_NAMES_ASK];
	socklen_t len;
	uint32_t xid;

	if (lessor.asked < 0 || now_ms < lessor.names->due_ms || getrandom(&xid, sizeof(xid), 0) != sizeof(xid))
		return;
	dhcp_names_ask(lessor.names, xid, now_ms, bytes);
	put32(router.address.bytes, lessor.names->router);
	len = endpoint_out(&router, &address);
	(void)sendto(lessor.asked, bytes, sizeof(bytes), 0, (const struct sockaddr *)&address, len);
}

/* The servers that were told stand behind those of the command line. */
static void take_names(void)
{
	struct dns_server *dns = lessor.dns;

	dns->upstream_count = lessor.fixed;
	printf("services: upstream servers of the uplink's lease:");
	for (unsigned i = 0; i < lessor.names->count && dns->upstream_count < DNS_UPSTREAMS; i++) {
		struct dns_endpoint *to = &dns->upstreams[dns->upstream_count++];
		uint8_t *b = to->address.bytes;

		*to = (struct dns_endpoint){.port = DNS_PORT};
		put32(b, lessor.names->servers[i]);
		printf(" %u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	}
	printf("\n");
	fflush(stdout);
}

static void hear(uint64_t now_ms)
{
	struct sockaddr_storage address;
	uint8_t bytes[DHCP_QUERY_MAX];
	struct dns_endpoint peer;
	ssize_t got = receive(lessor.asked, bytes, &address, &peer);

	if (got > 0 && dhcp_names_hear(lessor.names, get32(peer.address.bytes), peer.port, bytes, (size_t)got, now_ms))
		take_names();
}

/* --- for the loop -------------------------------------------------------------------------------------------------- */

uint64_t lessor_prepare(struct pollfd polls[LESSOR_POLLS], uint64_t next_ms)
{
	polls[0] = (struct pollfd){.fd = lessor.served, .events = POLLIN};
	polls[1] = (struct pollfd){.fd = lessor.asked, .events = POLLIN};
	return lessor.asked >= 0 && lessor.names->due_ms < next_ms ? lessor.names->due_ms : next_ms;
}

void lessor_serve(const struct pollfd polls[LESSOR_POLLS], uint64_t now_ms)
{
	if (polls[0].revents != 0)
		serve(now_ms);
	if (polls[1].revents != 0)
		hear(now_ms);
}
