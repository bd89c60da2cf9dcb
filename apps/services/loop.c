// SPDX-License-Identifier: BSD-2-Clause
/*
 * One thread, no socket ever blocks. Invariants: askers[i] has a socket only while server->pending[i] is used; the
 * descriptors that poll looks at are in the order of `polls` below, absent ones as -1.
 */
#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "asker.h"
#include "caller.h"
#include "lessor.h"
#include "sockets.h"

#define FAMILIES 2u
#define DATAGRAMS 16u /* taken from a socket between two looks at the others */

enum {
	POLL_UDP = 0,
	POLL_TCP = POLL_UDP + FAMILIES,
	POLL_ASKERS = POLL_TCP + FAMILIES,
	POLL_CALLERS = POLL_ASKERS + DNS_PENDING,
	POLL_LESSOR = POLL_CALLERS + CALLERS,
	POLLS = POLL_LESSOR + LESSOR_POLLS,
};

static struct {
	struct dns_server *server;
	uint64_t now_ms, next_number;
	int udp[FAMILIES], tcp[FAMILIES]; /* IPv4, IPv6 */
	struct asker askers[DNS_PENDING];
	struct caller callers[CALLERS];
	struct pollfd polls[POLLS];
	struct dns_result result;
} loop;

bool loop_open(uint16_t port)
{
	for (unsigned i = 0; i < DNS_PENDING; i++)
		loop.askers[i].fd = -1;
	for (unsigned i = 0; i < CALLERS; i++)
		loop.callers[i].fd = -1;
	for (unsigned i = FAMILIES; i-- > 0;) { /* what IPv4 says comes last, and counts */
		loop.udp[i] = socket_open_at(i == 1, SOCK_DGRAM, port);
		loop.tcp[i] = loop.udp[i] < 0 ? -1 : socket_open_at(i == 1, SOCK_STREAM, port);
	}
	return loop.udp[0] >= 0 && loop.tcp[0] >= 0;
}

/* --- those who ask by TCP ----------------------------------------------------------------------------------------- */

static struct caller *find_caller(uint64_t number)
{
	for (unsigned i = 0; i < CALLERS; i++)
		if (loop.callers[i].fd >= 0 && loop.callers[i].number == number)
			return &loop.callers[i];
	return NULL;
}

static bool is_full(const struct caller *caller)
{
	return caller->outgoing_count + dns_server_count(loop.server, caller->number) >= CALLER_MESSAGES;
}

/* --- doing what the server says ----------------------------------------------------------------------------------- */

static void give_answer(void)
{
	const struct dns_result *r = &loop.result;
	struct sockaddr_storage address;
	struct caller *caller;
	socklen_t len;

	if (r->client.conn == 0) {
		len = endpoint_out(&r->client.from, &address);
		/* A datagram may be lost. */
		(void)sendto(loop.udp[r->client.from.address.is_v6], r->bytes, r->len, 0,
			     (const struct sockaddr *)&address, len);
		return;
	}
	caller = find_caller(r->client.conn);
	if (caller != NULL && (!caller_add(caller, r->bytes, r->len) || !caller_send(caller, loop.now_ms)))
		caller_close(caller);
}

/* Asks for the slot of the result. False: that cannot be done. */
static bool ask(void)
{
	unsigned slot = loop.result.slot;
	struct dns_pending *p = &loop.server->pending[slot];
	uint8_t random[DNS_ASK_RANDOM] = {0};
	bool is_random = getrandom(random, sizeof(random), 0) == sizeof(random);

	asker_stop(&loop.askers[slot]);
	dns_server_ask(loop.server, slot, random, loop.now_ms, &loop.result);
	return is_random && asker_start(&loop.askers[slot], &loop.server->upstreams[p->upstream], p->by_tcp,
					loop.result.bytes, loop.result.len);
}

/* Does what the result says; whoever cannot be asked has failed. Ends, since each question has a number of tries. */
static void act(void)
{
	while (loop.result.verdict == DNS_ASK && !ask())
		dns_server_fail(loop.server, loop.result.slot, &loop.result);
	if (loop.result.verdict == DNS_ANSWER)
		give_answer();
}

/* --- what comes --------------------------------------------------------------------------------------------------- */

static void serve_datagrams(int fd)
{
	for (unsigned i = 0; i < DATAGRAMS; i++) {
		struct dns_client client = {.conn = 0};
		uint8_t bytes[DNS_QUERY_MAX + 1];
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		ssize_t got;

		memset(&address, 0, sizeof(address));
		got = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&address, &len);
		if (got < 0)
			return;
		if (!endpoint_in(&address, &client.from))
			continue;
		dns_server_take(loop.server, &client, bytes, (size_t)got, loop.now_ms, &loop.result);
		act();
	}
}

/* A place for a connection from @from; NULL: it has enough, or all are busy. */
static struct caller *find_place(const struct dns_endpoint *from)
{
	struct caller *place = NULL;
	unsigned own = 0;

	for (unsigned i = 0; i < CALLERS; i++) {
		struct caller *c = &loop.callers[i];

		if (c->fd >= 0)
			own += dns_address_is_within(&c->from.address, &from->address, from->address.is_v6 ? 64 : 32);
		if (place == NULL || (place->fd >= 0 && (c->fd < 0 || c->since_ms < place->since_ms)))
			place = c;
	}
	if (own >= CALLERS_PER_CLIENT || (place->fd >= 0 && loop.now_ms - place->since_ms < CALLER_ROOM_MS))
		return NULL;
	return place;
}

static void accept_one(int listener)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	struct dns_endpoint from;
	struct caller *place;
	int fd;

	memset(&address, 0, sizeof(address));
	fd = accept(listener, (struct sockaddr *)&address, &len);
	if (fd < 0)
		return;
	place = endpoint_in(&address, &from) && socket_set_nonblocking(fd) ? find_place(&from) : NULL;
	if (place == NULL) {
		close(fd);
		return;
	}
	if (place->fd >= 0)
		caller_close(place);
	caller_open(place, fd, &from, ++loop.next_number, loop.now_ms);
}

static void serve_asker(unsigned slot)
{
	struct asker *asker = &loop.askers[slot];
	struct dns_endpoint from;
	const uint8_t *message;
	size_t len;

	loop.result.verdict = DNS_NOTHING;
	switch (asker_serve(asker, &message, &len, &from)) {
	case ASKER_WAITS: return;
	case ASKER_IS_BROKEN: dns_server_fail(loop.server, slot, &loop.result); break;
	case ASKER_HAS_MESSAGE:
		dns_server_hear(loop.server, slot, &from, message, len, loop.now_ms, &loop.result);
		break;
	}
	if (loop.result.verdict == DNS_ANSWER || asker->by_tcp)
		asker_stop(asker);
	if (loop.result.verdict == DNS_NOTHING && asker->fd < 0)
		dns_server_fail(loop.server, slot, &loop.result);
	act();
}

/* Asks for what @caller has sent. False: it is to be closed. */
static bool take_messages(struct caller *caller)
{
	uint64_t number = caller->number;
	const uint8_t *message;
	size_t len;

	while (!is_full(caller) && (len = caller_peek(caller, &message)) != 0) {
		struct dns_client client = {.from = caller->from, .conn = number};

		if (len == SIZE_MAX)
			return false;
		dns_server_take(loop.server, &client, message, len, loop.now_ms, &loop.result);
		caller_consume(caller, len, loop.now_ms);
		act();
		if (caller->fd < 0)
			return true; /* it broke meanwhile, and is closed */
	}
	return !caller->has_ended || caller->first != NULL || dns_server_count(loop.server, number) != 0;
}

static void serve_caller(struct caller *caller, short happened)
{
	bool is_well = (happened & POLLOUT) == 0 || caller_send(caller, loop.now_ms);

	if (is_well && (happened & (POLLIN | POLLHUP | POLLERR)) != 0)
		is_well = caller_receive(caller);
	if ((!is_well || !take_messages(caller)) && caller->fd >= 0)
		caller_close(caller);
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static void end_late_ones(void)
{
	for (unsigned i = 0; i < DNS_PENDING; i++)
		if (loop.server->pending[i].is_used && loop.server->pending[i].deadline_ms <= loop.now_ms) {
			asker_stop(&loop.askers[i]);
			dns_server_fail(loop.server, i, &loop.result);
			act();
		}
	for (unsigned i = 0; i < CALLERS; i++)
		if (loop.callers[i].fd >= 0 && loop.callers[i].since_ms + CALLER_IDLE_MS <= loop.now_ms)
			caller_close(&loop.callers[i]);
}

static short caller_events(const struct caller *caller)
{
	short events = caller->first != NULL ? POLLOUT : 0;

	return is_full(caller) || caller->has_ended ? events : events | POLLIN;
}

/* Prepares to poll; returns for how long. */
static int prepare(void)
{
	uint64_t next = loop.now_ms + 60000;

	for (unsigned i = 0; i < FAMILIES; i++) {
		loop.polls[POLL_UDP + i] = (struct pollfd){.fd = loop.udp[i], .events = POLLIN};
		loop.polls[POLL_TCP + i] = (struct pollfd){.fd = loop.tcp[i], .events = POLLIN};
	}
	next = lessor_prepare(&loop.polls[POLL_LESSOR], next);
	for (unsigned i = 0; i < DNS_PENDING; i++) {
		const struct dns_pending *p = &loop.server->pending[i];
		struct asker *a = &loop.askers[i];

		loop.polls[POLL_ASKERS + i] = (struct pollfd){.fd = a->fd, .events = asker_events(a)};
		if (p->is_used && p->deadline_ms < next)
			next = p->deadline_ms;
	}
	for (unsigned i = 0; i < CALLERS; i++) {
		const struct caller *c = &loop.callers[i];

		loop.polls[POLL_CALLERS + i] = (struct pollfd){.fd = c->fd, .events = c->fd < 0 ? 0 : caller_events(c)};
		if (c->fd >= 0 && c->since_ms + CALLER_IDLE_MS < next)
			next = c->since_ms + CALLER_IDLE_MS;
	}
	return next > loop.now_ms ? (int)(next - loop.now_ms) : 0;
}

/* Serves whom poll has named, unless the descriptor has become another's meanwhile. */
static void serve(void)
{
	for (unsigned i = 0; i < DNS_PENDING; i++) {
		const struct pollfd *p = &loop.polls[POLL_ASKERS + i];

		if (p->revents != 0 && p->fd >= 0 && p->fd == loop.askers[i].fd)
			serve_asker(i);
	}
	for (unsigned i = 0; i < CALLERS; i++) {
		const struct pollfd *p = &loop.polls[POLL_CALLERS + i];

		if (p->fd >= 0 && p->fd == loop.callers[i].fd)
			serve_caller(&loop.callers[i], p->revents);
	}
	for (unsigned i = 0; i < FAMILIES; i++) {
		if (loop.polls[POLL_UDP + i].revents != 0)
			serve_datagrams(loop.udp[i]);
		if (loop.polls[POLL_TCP + i].revents != 0)
			accept_one(loop.tcp[i]);
	}
	lessor_serve(&loop.polls[POLL_LESSOR], loop.now_ms);
}

void loop_run(struct dns_server *server)
{
	loop.server = server;
	loop.now_ms = clock_ms();
	for (;;) {
		end_late_ones();
		lessor_tick(loop.now_ms);
		if (poll(loop.polls, POLLS, prepare()) < 0 && !is_passing(errno))
			return;
		loop.now_ms = clock_ms();
		serve();
	}
}
