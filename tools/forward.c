/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A front door for a machine on QEMU's user network: `forward PORT:TARGET...` takes TCP connections to 127.0.0.1:PORT and
 * passes each on to 127.0.0.1:TARGET, where QEMU listens. QEMU's own listener holds only two connections that it has not
 * taken yet, and the kernel drops what comes beyond, so that many clients at once wait for seconds. Here a thousand can
 * wait, and they are passed on one after the other: a connect that is not answered at once is given up and tried again.
 * Ends with its parent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DOORS_MAX 8
#define BACKLOG 1024
#define BUFFER 65536
#define EVENTS 64
#define RETRY_NS 1000000 /* a connect on this host is answered at once or not at all */

/* One way of a connection: what was read from `from` and is still to be written to `to`. */
struct pipe_half {
	char bytes[BUFFER];
	size_t start, len;
	bool ended, closed; /* `from` said its last; `to` was told */
};

struct link {
	int client, target; /* descriptors; target -1: not connected yet */
	bool connected, dead;
	struct door *door;
	struct link *next; /* among those that wait for their door, or are to be freed */
	struct pipe_half up, down;
};

struct door {
	int listener;
	uint16_t target;
	int64_t tried;              /* when the first was last tried, ns */
	struct link *first, **last; /* waiting to be passed on, in order; the first may be connecting */
};

static struct door doors[DOORS_MAX];
static struct link *graveyard;
static int epoll;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "forward: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void watch(int fd, void *whom, int operation)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = whom};

	if (epoll_ctl(epoll, operation, fd, &e) < 0)
		die("epoll_ctl");
}

static void door_open(struct door *d, uint16_t port, uint16_t target)
{
	struct sockaddr_in a = loopback(port);
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = d};
	int one = 1;

	*d = (struct door){.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
			   .target = target};
	d->last = &d->first;
	setsockopt(d->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(d->listener, (struct sockaddr *)&a, sizeof a) < 0 || listen(d->listener, BACKLOG) < 0)
		die("cannot listen: is the port in use?");
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, d->listener, &e) < 0)
		die("epoll_ctl");
}

/* Starts, or starts again, to connect the first that waits. */
static void door_connect(struct door *d)
{
	struct sockaddr_in a = loopback(d->target);
	struct link *l = d->first;
	int one = 1;

	if (!l)
		return;
	d->tried = now_ns();
	if (l->target >= 0)
		close(l->target);
	l->target = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->target < 0)
		return;
	setsockopt(l->target, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)connect(l->target, (struct sockaddr *)&a, sizeof a);
	watch(l->target, l, EPOLL_CTL_ADD);
}

static void door_accept(struct door *d)
{
	int fd, one = 1;

	while ((fd = accept4(d->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct link *l = calloc(1, sizeof *l);

		if (!l) {
			close(fd);
			return;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		l->client = fd;
		l->target = -1;
		l->door = d;
		*d->last = l;
		d->last = &l->next;
		if (d->first == l)
			door_connect(d);
	}
}

/* Takes the first of those that wait off its door, and turns to the next. */
static void door_next(struct door *d)
{
	d->first = d->first->next;
	if (!d->first)
		d->last = &d->first;
	door_connect(d);
}

/* Moves what can be moved; false when the connection is broken. */
static bool half_move(struct pipe_half *h, int from, int to)
{
	for (;;) {
		ssize_t n;

		if (!h->len && !h->ended) {
			n = recv(from, h->bytes, sizeof h->bytes, 0);
			if (n < 0)
				return errno == EAGAIN || errno == EINTR;
			h->ended = n == 0;
			h->start = 0;
			h->len = (size_t)n;
		}
		if (!h->len) {
			if (!h->closed)
				shutdown(to, SHUT_WR);
			h->closed = true;
			return true;
		}
		n = send(to, h->bytes + h->start, h->len, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		h->start += (size_t)n;
		h->len -= (size_t)n;
	}
}

/* Closes both ends; the memory goes when no event of this round can name it any more. */
static void link_end(struct link *l)
{
	close(l->client);
	close(l->target);
	l->dead = true;
	l->next = graveyard;
	graveyard = l;
}

static void link_serve(struct link *l)
{
	if (l->dead)
		return;
	if (!l->connected) {
		socklen_t len = sizeof(struct tcp_info);
		struct tcp_info info = {0};

		if (getsockopt(l->target, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 || info.tcpi_state != TCP_ESTABLISHED)
			return;
		l->connected = true;
		door_next(l->door);
		watch(l->client, l, EPOLL_CTL_ADD);
	}
	if (!half_move(&l->up, l->client, l->target) || !half_move(&l->down, l->target, l->client) ||
	    (l->up.closed && l->down.closed))
		link_end(l);
}

static void round_once(void)
{
	struct epoll_event events[EVENTS];
	bool waiting = false;
	int n;

	for (struct door *d = doors; d < doors + DOORS_MAX; d++)
		waiting |= d->first != NULL;
	n = epoll_wait(epoll, events, EVENTS, waiting ? 1 : -1);
	for (int i = 0; i < n; i++) {
		struct door *d = events[i].data.ptr;

		if (d >= doors && d < doors + DOORS_MAX)
			door_accept(d);
		else
			link_serve(events[i].data.ptr);
	}
	for (struct door *d = doors; d < doors + DOORS_MAX; d++)
		if (d->first && now_ns() - d->tried >= RETRY_NS)
			door_connect(d);
	while (graveyard) {
		struct link *l = graveyard;

		graveyard = l->next;
		free(l);
	}
}

int main(int argc, char **argv)
{
	unsigned port, target;

	if (argc < 2 || argc > DOORS_MAX + 1) {
		fprintf(stderr, "usage: forward PORT:TARGET... (at most %d)\n", DOORS_MAX);
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 1; i < argc; i++) {
		if (sscanf(argv[i], "%u:%u", &port, &target) != 2 || !port || !target || port > 65535 ||
		    target > 65535) {
			fprintf(stderr, "forward: %s is not PORT:TARGET\n", argv[i]);
			return 2;
		}
		door_open(&doors[i - 1], (uint16_t)port, (uint16_t)target);
	}
	for (;;)
		round_once();
}
