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

enum what { FETCH, PING, MIRROR, SEND, ADVERTISE };

struct question {
	enum what what;
	char address[64];
	uint16_t port;
	unsigned seconds;
	unsigned bytes;
	uint8_t packet[OUTSIDE_PACKET_MAX]; /* of @bytes bytes */
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

struct echo {
	struct icmp6_hdr header;
	uint8_t data[OUTSIDE_DATAGRAM_MAX];
};

/* One echo request with @bytes of data by @fd, which is connected, and its reply within TRY_MS. */
static bool is_echoed(int fd, uint16_t number, unsigned bytes)
{
	static struct echo request, got;
	ssize_t len = (ssize_t)(sizeof request.header + bytes);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	request.header = (struct icmp6_hdr){.icmp6_type = ICMP6_ECHO_REQUEST};
	request.header.icmp6_id = htons(77);
	request.header.icmp6_seq = htons(number);
	if (send(fd, &request, (size_t)len, 0) != len)
		return false;
	while (poll(&p, 1, TRY_MS) == 1)
		if (recv(fd, &got, sizeof got, 0) == len && got.header.icmp6_type == ICMP6_ECHO_REPLY &&
		    got.header.icmp6_id == request.header.icmp6_id && got.header.icmp6_seq == request.header.icmp6_seq)
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
			r->good = is_echoed(fd, ++number, q->bytes);
		while (!r->good && clock_seconds() < end);
	close(fd);
}

/* A datagram to @q's port and back, of other bytes each time. */
static void mirror(const struct question *q, struct reply *r)
{
	static uint8_t sent[OUTSIDE_DATAGRAM_MAX], got[OUTSIDE_DATAGRAM_MAX];
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM}, *info;
	time_t end = clock_seconds() + q->seconds;
	struct pollfd p = {.events = POLLIN};
	uint8_t number = 0;
	char port[8];

	snprintf(port, sizeof port, "%u", q->port);
	if (getaddrinfo(q->address, port, &hints, &info))
		return;
	p.fd = socket(info->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r->good = false;
	if (!connect(p.fd, info->ai_addr, info->ai_addrlen))
		do {
			number++;
			for (unsigned i = 0; i < q->bytes; i++)
				sent[i] = (uint8_t)(i * 7 + i / 251 + number);
			(void)send(p.fd, sent, q->bytes, 0);
			while (!r->good && poll(&p, 1, 1000) == 1)
				r->good = recv(p.fd, got, sizeof got, 0) == (ssize_t)q->bytes &&
					  !memcmp(got, sent, q->bytes);
		} while (!r->good && clock_seconds() < end);
	freeaddrinfo(info);
	close(p.fd);
}

/* A packet with its own IP header. */
static void send_raw(const struct question *q, struct reply *r)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *info;
	int fd;

	if (getaddrinfo(q->address, NULL, &hints, &info))
		return;
	fd = socket(info->ai_family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	r->good = sendto(fd, q->packet, q->bytes, 0, info->ai_addr, info->ai_addrlen) == (ssize_t)q->bytes;
	freeaddrinfo(info);
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
		case MIRROR: mirror(&q, &r); break;
		case SEND: send_raw(&q, &r); break;
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

static bool ask(struct outside *o, struct question *q, const char *address, struct reply *r)
{
	snprintf(q->address, sizeof q->address, "%s", address);
	return whole_write(o->asks, q, sizeof *q) && whole_read(o->answers, r, sizeof *r);
}

bool outside_fetch(struct outside *o, const char *address, uint16_t port, unsigned seconds,
		   char answer[OUTSIDE_ANSWER_MAX], bool *refused)
{
	struct question q = {.what = FETCH, .port = port, .seconds = seconds};
	struct reply r = {.good = false};

	if (!ask(o, &q, address, &r) || !whole_read(o->answers, answer, r.len))
		return false;
	answer[r.len] = 0;
	*refused = r.refused;
	return r.good;
}

bool outside_pings_with(struct outside *o, const char *address, unsigned bytes, unsigned seconds)
{
	struct question q = {.what = PING, .bytes = bytes, .seconds = seconds};
	struct reply r = {.good = false};

	return ask(o, &q, address, &r) && r.good;
}

bool outside_pings(struct outside *o, const char *address, unsigned seconds)
{
	return outside_pings_with(o, address, 0, seconds);
}

bool outside_is_mirrored(struct outside *o, const char *address, uint16_t port, unsigned bytes, unsigned seconds)
{
	struct question q = {.what = MIRROR, .port = port, .bytes = bytes, .seconds = seconds};
	struct reply r = {.good = false};

	return ask(o, &q, address, &r) && r.good;
}

bool outside_sends(struct outside *o, const char *address, const void *packet, unsigned len)
{
	struct question q = {.what = SEND, .bytes = len};
	struct reply r = {.good = false};

	if (len > sizeof q.packet)
		return false;
	memcpy(q.packet, packet, len);
	return ask(o, &q, address, &r) && r.good;
}

bool outside_advertises(struct outside *o, const char *prefix)
{
	struct question q = {.what = ADVERTISE};
	struct reply r = {.good = false};

	return ask(o, &q, prefix, &r) && r.good;
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
