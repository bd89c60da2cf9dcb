/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A child is the station: it enters the namespace, hands the tap over, and then does what it is told, one question after
 * another; so nobody else leaves the network he is in. It ends when its questioner does.
 */
#include "outside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FD_FIRST 10 /* the lower ones have another meaning in the machine's process */
#define TRY_MS 3000

enum what { FETCH, PING, ADVERTISE };

struct question {
	enum what what;
	char address[64];
	uint16_t port;
	unsigned seconds;
};

struct reply {
	bool good, refused;
	uint32_t len; /* of what follows */
};

static bool command(const char *format, const char *words)
{
	char line[256];

	snprintf(line, sizeof line, format, words);
	return system(line) == 0;
}

static time_t clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static bool whole_write(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	ssize_t done;

	for (; len > 0; at += done, len -= (size_t)done)
		if ((done = write(fd, at, len)) <= 0)
			return false;
	return true;
}

static bool whole_read(int fd, void *bytes, size_t len)
{
	char *at = bytes;
	ssize_t done;

	for (; len > 0; at += done, len -= (size_t)done)
		if ((done = read(fd, at, len)) <= 0)
			return false;
	return true;
}

/* --- the station --- */

static bool tap_make(int *card)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, .ifr_name = "card"};

	*card = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	return *card >= 0 && !ioctl(*card, TUNSETIFF, &r) && command("ip link set %s up", "card");
}

static bool fd_send(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {{CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	char byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	return sendmsg(socket, &message, 0) == 1;
}

/* A connection to @q's port; -1: errno says why. */
static int dial(const struct question *q)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *info;
	struct timeval patience = {.tv_sec = TRY_MS / 1000};
	char port[8];
	int fd, failed;

	snprintf(port, sizeof port, "%u", q->port);
	if (getaddrinfo(q->address, port, &hints, &info))
		return -1;
	fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	failed = connect(fd, info->ai_addr, info->ai_addrlen);
	freeaddrinfo(info);
	if (!failed)
		return fd;
	failed = errno;
	close(fd);
	errno = failed;
	return -1;
}

static void fetch(const struct question *q, struct reply *r, char *answer)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
	time_t end = clock_seconds() + q->seconds;

	do {
		int fd = dial(q);
		ssize_t got;

		r->refused = fd < 0 && (errno == ECONNREFUSED || errno == EACCES || errno == EHOSTUNREACH);
		if (fd < 0) {
			poll(NULL, 0, 200);
			continue;
		}
		r->len = 0;
		if (whole_write(fd, request, sizeof request - 1))
			while (r->len < OUTSIDE_ANSWER_MAX - 1 &&
			       (got = read(fd, answer + r->len, OUTSIDE_ANSWER_MAX - 1 - r->len)) > 0)
				r->len += (uint32_t)got;
		close(fd);
		r->good = r->len > 0;
	} while (!r->good && clock_seconds() < end);
}

/* One echo request by @fd, which is connected, and its reply within TRY_MS. */
static bool is_echoed(int fd, uint16_t number)
{
	struct icmp6_hdr request = {.icmp6_type = ICMP6_ECHO_REQUEST}, got;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	request.icmp6_id = htons(77);
	request.icmp6_seq = htons(number);
	if (send(fd, &request, sizeof request, 0) != sizeof request)
		return false;
	while (poll(&p, 1, TRY_MS) == 1)
		if (recv(fd, &got, sizeof got, 0) == sizeof got && got.icmp6_type == ICMP6_ECHO_REPLY &&
		    got.icmp6_id == request.icmp6_id && got.icmp6_seq == request.icmp6_seq)
			return true;
	return false;
}

static void ping(const struct question *q, struct reply *r)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	time_t end = clock_seconds() + q->seconds;
	uint16_t number = 0;
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	if (inet_pton(AF_INET6, q->address, &to.sin6_addr) == 1 && !connect(fd, (struct sockaddr *)&to, sizeof to))
		do
			r->good = is_echoed(fd, ++number);
		while (!r->good && clock_seconds() < end);
	close(fd);
}

/* A router advertisement (RFC 4861 section 4.2) to all nodes. */
static void advertise(const struct question *q, struct reply *r)
{
	struct {
		struct nd_router_advert router;
		struct nd_opt_prefix_info prefix;
	} message = {.router = {.nd_ra_type = ND_ROUTER_ADVERT, .nd_ra_router_lifetime = htons(1800)},
		     .prefix = {.nd_opt_pi_type = ND_OPT_PREFIX_INFORMATION,
				.nd_opt_pi_len = sizeof(struct nd_opt_prefix_info) / 8,
				.nd_opt_pi_prefix_len = 64,
				.nd_opt_pi_flags_reserved = ND_OPT_PI_FLAG_AUTO,
				.nd_opt_pi_valid_time = htonl(86400)}};
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = if_nametoindex("card")}, from = to;
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6), hops = 255;

	inet_pton(AF_INET6, "ff02::1", &to.sin6_addr);
	inet_pton(AF_INET6, OUTSIDE_ROUTER, &from.sin6_addr);
	inet_pton(AF_INET6, q->address, &message.prefix.nd_opt_pi_prefix);
	setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops);
	r->good = !bind(fd, (struct sockaddr *)&from, sizeof from) &&
		  sendto(fd, &message, sizeof message, 0, (struct sockaddr *)&to, sizeof to) == sizeof message;
	close(fd);
}

_Noreturn static void station(int socket, int asks, int answers, const char *const *words)
{
	static char answer[OUTSIDE_ANSWER_MAX];
	struct question q;
	int card;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if ((unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET)) || !tap_make(&card))
		_exit(1);
	if (!command("ip -6 addr add %s/64 dev card nodad", OUTSIDE_ROUTER))
		_exit(1);
	for (; *words; words++)
		if (!command("ip %s", *words))
			_exit(1);
	if (!fd_send(socket, card))
		_exit(1);
	close(card);
	while (whole_read(asks, &q, sizeof q)) {
		struct reply r = {.good = false};

		switch (q.what) {
		case FETCH: fetch(&q, &r, answer); break;
		case PING: ping(&q, &r); break;
		case ADVERTISE: advertise(&q, &r); break;
		}
		if (!whole_write(answers, &r, sizeof r) || !whole_write(answers, answer, r.len))
			break;
	}
	_exit(0);
}

/* --- its questioner --- */

/* The descriptor that comes by @socket; -1: none. */
static int fd_receive(int socket)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
	int fd;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || message.msg_controllen < sizeof control.header)
		return -1;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
	return fd;
}

const char *outside_open(struct outside *o, const char *const *words)
{
	int ends[2], asks[2], answers[2], card;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) || pipe2(asks, O_CLOEXEC) ||
	    pipe2(answers, O_CLOEXEC))
		return "no sockets or pipes";
	o->keeper = fork();
	if (o->keeper == 0) {
		close(asks[1]);
		close(ends[0]);
		station(ends[1], asks[0], answers[1], words);
	}
	close(ends[1]);
	close(asks[0]);
	close(answers[1]);
	o->asks = asks[1];
	o->answers = answers[0];
	card = o->keeper > 0 ? fd_receive(ends[0]) : -1;
	close(ends[0]);
	if (card < 0) {
		outside_close(o);
		return "no tap in a network namespace: that needs root, or user namespaces and a /dev/net/tun for all, and ip(8)";
	}
	o->card = fcntl(card, F_DUPFD, FD_FIRST); /* inherited by QEMU */
	close(card);
	snprintf(o->netdev, sizeof o->netdev, "tap,id=net,fd=%d", o->card);
	return NULL;
}

static bool ask(struct outside *o, enum what what, const char *address, uint16_t port, unsigned seconds,
		struct reply *r)
{
	struct question q = {.what = what, .port = port, .seconds = seconds};

	snprintf(q.address, sizeof q.address, "%s", address);
	return whole_write(o->asks, &q, sizeof q) && whole_read(o->answers, r, sizeof *r);
}

bool outside_fetch(struct outside *o, const char *address, uint16_t port, unsigned seconds,
		   char answer[OUTSIDE_ANSWER_MAX], bool *refused)
{
	struct reply r = {.good = false};

	if (!ask(o, FETCH, address, port, seconds, &r) || !whole_read(o->answers, answer, r.len))
		return false;
	answer[r.len] = 0;
	*refused = r.refused;
	return r.good;
}

bool outside_pings(struct outside *o, const char *address, unsigned seconds)
{
	struct reply r = {.good = false};

	return ask(o, PING, address, 0, seconds, &r) && r.good;
}

bool outside_advertises(struct outside *o, const char *prefix)
{
	struct reply r = {.good = false};

	return ask(o, ADVERTISE, prefix, 0, 0, &r) && r.good;
}

void outside_close(struct outside *o)
{
	close(o->asks);
	close(o->answers);
	if (o->card > 0)
		close(o->card);
	if (o->keeper > 0) {
		kill(o->keeper, SIGKILL);
		waitpid(o->keeper, NULL, 0);
	}
}
