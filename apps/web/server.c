// SPDX-License-Identifier: BSD-2-Clause
/*
 * The poll loop: one thread, no socket ever blocks.
 *
 * Invariants: polls[i] and open[i] belong together for i < open_count, and the listening sockets
 * stand behind them. Every open connection has a deadline, and poll sleeps no longer than until the
 * nearest; so a full table always empties in time. While it is full, a connection that has kept us
 * waiting for ROOM_AFTER_MS gives way to a new one, the longest waiting first. If none has, the
 * system's own queue holds the callers for a rest, and meanwhile every answer ends its connection,
 * so that busy connections cannot shut others out for ever either.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "conn.h"
#include "listen.h"

#define ROOM_AFTER_MS 1000
/* How long accepting rests when there is no slot, socket or memory for a caller. */
#define REST_MS 100
/* How many callers are let in between two looks at the others. */
#define ACCEPT_BATCH 16u

struct server {
	struct site *site;
	unsigned open_count;
	unsigned spare_count;
	int64_t rest_until_ms;
	struct conn *open[WEB_CONN_MAX];
	struct conn *spare[WEB_CONN_MAX]; /* allocated, not in use; kept for the next caller */
	struct pollfd polls[WEB_CONN_MAX + LISTEN_MAX];
};

static struct server server;

int64_t server_clock(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_time(void)
{
	struct timespec wall;

	if (clock_gettime(CLOCK_REALTIME, &wall) != 0)
		wall.tv_sec = 0;
	site_set_time(server.site, server_clock(), wall.tv_sec);
}

/* Nobody can be let in for the moment. */
static void rest(void)
{
	server.site->crowded = true;
	server.rest_until_ms = server.site->now_ms + REST_MS;
}

static void drop(unsigned i)
{
	server.rest_until_ms = 0;
	close(server.polls[i].fd);
	server.spare[server.spare_count++] = server.open[i];
	server.open_count--;
	server.open[i] = server.open[server.open_count];
	server.polls[i] = server.polls[server.open_count];
	server.site->counts.open = server.open_count;
}

/* The connection to give up for a new one, or open_count if none has waited long enough. */
static unsigned find_victim(void)
{
	int64_t oldest = server.site->now_ms - ROOM_AFTER_MS;
	unsigned victim = server.open_count;

	for (unsigned i = 0; i < server.open_count; i++) {
		const struct conn *conn = server.open[i];

		if (conn->state != CONN_SEND && conn->since_ms <= oldest) {
			oldest = conn->since_ms;
			victim = i;
		}
	}
	return victim;
}

static bool make_room(void)
{
	unsigned victim = find_victim();

	if (victim == server.open_count)
		return false;
	drop(victim);
	server.site->counts.dropped++;
	return true;
}

/* A connection without a socket yet, or NULL if there is no memory. */
static struct conn *new_conn(void)
{
	if (server.spare_count != 0)
		return server.spare[--server.spare_count];
	return malloc(sizeof(struct conn));
}

/* Lets one caller in; false if there is none, or no means to. */
static bool accept_one(int listener)
{
	int one = 1;
	int fd = accept(listener, NULL, NULL);
	struct conn *conn;

	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
		if (!make_room())
			rest();
		return false;
	}
	if (fd < 0)
		return errno == ECONNABORTED || errno == EINTR;
	conn = server.open_count < WEB_CONN_MAX || make_room() ? new_conn() : NULL;
	if (conn == NULL || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		if (conn != NULL)
			server.spare[server.spare_count++] = conn;
		close(fd);
		rest();
		return false;
	}
	/* Heads and bodies leave in one piece anyway; a system may lack it. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	conn_open(conn, server.site);
	server.open[server.open_count] = conn;
	server.polls[server.open_count].fd = fd;
	server.open_count++;
	server.site->counts.open = server.open_count;
	server.site->counts.accepted++;
	return true;
}

static bool has_room(void)
{
	return server.open_count < WEB_CONN_MAX || find_victim() < server.open_count;
}

/* Lets in those who wait at a listening socket, of whom there is at least one. */
static void accept_some(int listener)
{
	if (!has_room()) {
		rest();
		return;
	}
	for (unsigned i = 0; i < ACCEPT_BATCH && has_room(); i++)
		if (!accept_one(listener))
			return;
}

static bool is_passing(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* Sends what the connection has to say; false if the connection is broken. */
static bool send_some(int fd, struct conn *conn)
{
	while (conn->state == CONN_SEND) {
		size_t length;
		const void *from = conn_output(conn, &length);
		ssize_t sent = send(fd, from, length, MSG_NOSIGNAL);

		if (sent < 0)
			return is_passing(errno);
		conn_sent(conn, server.site, (size_t)sent);
	}
	return true;
}

/* Moves bytes both ways; false if the connection is to be closed. */
static bool serve(int fd, struct conn *conn)
{
	if (conn->state != CONN_SEND) {
		size_t room;
		char *to = conn_space(conn, &room);
		ssize_t length = recv(fd, to, room, 0);

		if (length == 0)
			return false;
		if (length < 0)
			return is_passing(errno);
		conn_received(conn, server.site, (size_t)length);
	}
	return send_some(fd, conn) && conn->state != CONN_DONE;
}

/* Moves on whoever's time is over, and prepares to poll; returns for how many milliseconds. */
static int prepare(void)
{
	int64_t now = server.site->now_ms;
	int64_t next = now + INT_MAX;

	for (unsigned i = server.open_count; i-- > 0;) {
		struct conn *conn = server.open[i];

		if (conn_deadline(conn) <= now)
			conn_expire(conn, server.site);
		if (conn->state == CONN_DONE) {
			drop(i);
			continue;
		}
		server.polls[i].events = conn->state == CONN_SEND ? POLLOUT : POLLIN;
		if (conn_deadline(conn) < next)
			next = conn_deadline(conn);
	}
	return (int)(next - now);
}

/* Puts the listening sockets behind the connections, unless accepting rests; returns how many. */
static unsigned prepare_listeners(const int *sockets, unsigned count, int *timeout_ms)
{
	struct pollfd *polls = server.polls + server.open_count;
	int64_t left = server.rest_until_ms - server.site->now_ms;

	if (left > 0) {
		*timeout_ms = *timeout_ms < left ? *timeout_ms : (int)left;
		return 0;
	}
	for (unsigned i = 0; i < count; i++)
		polls[i] = (struct pollfd){.fd = sockets[i], .events = POLLIN};
	return count;
}

void server_run(struct site *site, const int *sockets, unsigned count)
{
	server.site = site;
	set_time();
	for (;;) {
		int timeout_ms = prepare();
		unsigned listeners = prepare_listeners(sockets, count, &timeout_ms);
		unsigned open = server.open_count;
		short called[LISTEN_MAX] = {0};

		if (poll(server.polls, (nfds_t)(open + listeners), timeout_ms) < 0) {
			if (is_passing(errno))
				continue;
			return;
		}
		set_time();
		for (unsigned i = 0; i < listeners; i++)
			called[i] = server.polls[open + i].revents;
		/* Downwards, as drop moves the last one into the gap. */
		for (unsigned i = open; i-- > 0;)
			if (server.polls[i].revents != 0 && !serve(server.polls[i].fd, server.open[i]))
				drop(i);
		if (listeners != 0)
			site->crowded = false;
		for (unsigned i = 0; i < listeners; i++)
			if (called[i] != 0)
				accept_some(sockets[i]);
	}
}
