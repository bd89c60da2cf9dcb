/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sockets: the POSIX socket calls try themselves out over the loopback interface, one line for each property, and the
 * program exits with the number of those that do not hold.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int failures;

static void report(const char *property, bool holds)
{
	printf("%s: %s\n", holds ? "holds" : "FAILS", property);
	failures += !holds;
}

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static int listener(unsigned port, int backlog)
{
	struct sockaddr_in a = loopback(port);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
	    bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, backlog)) {
		printf("listener on %u: %s\n", port, strerror(errno));
		exit(100);
	}
	return fd;
}

static int caller(unsigned port)
{
	struct sockaddr_in a = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A connected pair by way of @port. */
static bool pair(unsigned port, int fds[2])
{
	int l = listener(port, 1);

	fds[0] = caller(port);
	fds[1] = accept(l, NULL, NULL);
	close(l);
	return fds[0] >= 0 && fds[1] >= 0;
}

static void close_pair(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static unsigned polled(int fd, unsigned events, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = (short)events};

	return poll(&p, 1, timeout_ms) > 0 ? (unsigned short)p.revents : 0;
}

static bool set_nonblocking(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

/* --- streams ----------------------------------------------------------------------------------------------------- */

#define STREAM_BYTES 3000000u

static void *echo(void *arg)
{
	int fd = *(int *)arg;
	char buf[3000];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof buf, 0)) > 0)
		if (send(fd, buf, (size_t)n, 0) != n)
			return "send";
	shutdown(fd, SHUT_WR);
	return n < 0 ? "recv" : NULL;
}

static void *feed(void *arg)
{
	int fd = *(int *)arg;
	static unsigned char buf[10007];
	unsigned sent = 0;

	while (sent < STREAM_BYTES) {
		unsigned n = STREAM_BYTES - sent < sizeof buf ? STREAM_BYTES - sent : sizeof buf;

		for (unsigned i = 0; i < n; i++)
			buf[i] = (unsigned char)((sent + i) * 2654435761u >> 24);
		if (send(fd, buf, n, 0) != (ssize_t)n)
			return "send";
		sent += n;
	}
	shutdown(fd, SHUT_WR);
	return NULL;
}

static bool stream_is_echoed(void)
{
	int fds[2];
	pthread_t e, f;
	void *why_e, *why_f;
	unsigned char buf[4096];
	unsigned got = 0;
	bool same = pair(7001, fds);
	ssize_t n;

	pthread_create(&e, NULL, echo, &fds[1]);
	pthread_create(&f, NULL, feed, &fds[0]);
	while ((n = recv(fds[0], buf, sizeof buf, 0)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			same &= buf[i] == (unsigned char)((got + (unsigned)i) * 2654435761u >> 24);
		got += (unsigned)n;
	}
	pthread_join(e, &why_e);
	pthread_join(f, &why_f);
	close_pair(fds);
	return same && n == 0 && got == STREAM_BYTES && !why_e && !why_f;
}

static bool end_is_seen_for_ever(void)
{
	int fds[2];
	char c;
	bool ok = pair(7002, fds) && send(fds[0], "x", 1, 0) == 1 && shutdown(fds[0], SHUT_WR) == 0;

	ok = ok && recv(fds[1], &c, 1, 0) == 1 && polled(fds[1], POLLIN, 1000) & POLLIN;
	for (int i = 0; i < 3; i++)
		ok = ok && recv(fds[1], &c, 1, 0) == 0 && polled(fds[1], POLLIN, 0) & POLLIN;
	ok = ok && send(fds[1], "back", 4, 0) == 4 && recv(fds[0], &c, 1, MSG_PEEK) == 1;
	ok = ok && send(fds[0], "y", 1, 0) < 0 && errno == EPIPE;
	close_pair(fds);
	return ok;
}

static bool reset_is_told_once(void)
{
	int fds[2];
	struct linger hard = {1, 0};
	char c;
	bool ok = pair(7003, fds) && setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0;

	close(fds[0]);
	ok = ok && polled(fds[1], POLLIN, 1000) & POLLIN && recv(fds[1], &c, 1, 0) < 0 && errno == ECONNRESET;
	ok = ok && recv(fds[1], &c, 1, 0) == 0 && send(fds[1], "x", 1, 0) < 0 && errno == EPIPE;
	close(fds[1]);
	return ok;
}

static bool full_stream_refuses_then_takes_again(void)
{
	static char block[4096];
	int fds[2];
	size_t sent = 0, got = 0;
	ssize_t n;
	bool ok = pair(7004, fds) && set_nonblocking(fds[0]) && polled(fds[0], POLLOUT, 1000) == POLLOUT;

	do { /* until what was taken has gone as far as it can */
		while ((n = send(fds[0], block, sizeof block, 0)) > 0 && sent < 10000000)
			sent += (size_t)n;
		ok = ok && n < 0 && errno == EAGAIN;
	} while (polled(fds[0], POLLOUT, 50) && ok);
	ok = ok && sent > 65535;
	while (got < sent && (n = recv(fds[1], block, sizeof block, 0)) > 0)
		got += (size_t)n;
	ok = ok && got == sent && polled(fds[0], POLLOUT, 2000) == POLLOUT && send(fds[0], "z", 1, 0) == 1;
	close_pair(fds);
	return ok;
}

static bool vectors_and_flags_work(void)
{
	int fds[2], n = 0;
	char a[3], b[8] = "";
	struct iovec out[3] = {{"ab", 2}, {"", 0}, {"cdefg", 5}}, in[2] = {{a, 3}, {b, 8}};
	struct msghdr m = {.msg_iov = in, .msg_iovlen = 2};
	bool ok = pair(7005, fds) && writev(fds[0], out, 3) == 7;

	ok = ok && polled(fds[1], POLLIN, 1000) && recv(fds[1], b, 8, MSG_PEEK) == 7 &&
	     ioctl(fds[1], FIONREAD, &n) == 0;
	ok = ok && n == 7 && recvmsg(fds[1], &m, 0) == 7 && memcmp(a, "abc", 3) == 0 && memcmp(b, "defg", 4) == 0;
	ok = ok && recv(fds[1], b, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
	ok = ok && write(fds[1], "1234", 4) == 4 && readv(fds[0], in, 2) == 4 && memcmp(a, "123", 3) == 0 &&
	     b[0] == '4';
	close_pair(fds);
	return ok;
}

/* --- connecting -------------------------------------------------------------------------------------------------- */

static bool closed_port_refuses(void)
{
	struct sockaddr_in a = loopback(7999);
	int fd = socket(AF_INET, SOCK_STREAM, 0), error = 0;
	socklen_t len = sizeof error;
	bool ok = connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno == ECONNREFUSED;

	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ok = ok && connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno == EINPROGRESS;
	ok = ok && polled(fd, POLLOUT, 1000) & (POLLERR | POLLHUP);
	ok = ok && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == ECONNREFUSED;
	close(fd);
	return ok;
}

static bool nonblocking_connect_completes(void)
{
	struct sockaddr_in a = loopback(7006), name;
	int l = listener(7006, 1), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = -1, peer;
	socklen_t len = sizeof error, name_len = sizeof name;
	bool ok = set_nonblocking(l) && accept(l, NULL, NULL) < 0 && errno == EAGAIN;

	ok = ok && connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno == EINPROGRESS;
	ok = ok && polled(fd, POLLOUT, 1000) == POLLOUT && polled(l, POLLIN, 1000) == POLLIN;
	ok = ok && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
	peer = accept(l, (struct sockaddr *)&name, &name_len);
	ok = ok && peer >= 0 && name.sin_family == AF_INET && name.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
	ok = ok && getpeername(peer, (struct sockaddr *)&a, &name_len) == 0 && a.sin_port == name.sin_port;
	ok = ok && getsockname(fd, (struct sockaddr *)&a, &name_len) == 0 && a.sin_port == name.sin_port;
	close(fd);
	close(peer);
	close(l);
	return ok;
}

/* A connection per request, many more than TIME-WAIT may hold. */
static void *serve_short(void *arg)
{
	int l = *(int *)arg, fd;
	char c;

	while ((fd = accept(l, NULL, NULL)) >= 0) {
		if (recv(fd, &c, 1, 0) == 1 && c == 'q') {
			close(fd);
			break;
		}
		(void)send(fd, "answer", 6, 0);
		close(fd);
	}
	return NULL;
}

static bool one_request(unsigned port, char what)
{
	char buf[8];
	int fd = caller(port);
	bool ok = fd >= 0 && send(fd, &what, 1, 0) == 1 && recv(fd, buf, 8, MSG_WAITALL) == (what == 'q' ? 0 : 6);

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool ten_thousand_connections_are_answered(void)
{
	int l = listener(7007, 64);
	pthread_t server;
	bool ok = true;

	pthread_create(&server, NULL, serve_short, &l);
	for (unsigned i = 0; i < 10000 && ok; i++)
		ok = one_request(7007, 'r');
	ok = ok && one_request(7007, 'q');
	pthread_join(server, NULL);
	close(l);
	return ok;
}

static void *close_later(void *arg)
{
	usleep(20000);
	close(*(int *)arg);
	return NULL;
}

static bool close_ends_a_blocked_call(void)
{
	int fds[2] = {-1, -1}, l = listener(7008, 1), fd = l;
	pthread_t t;
	char c;
	bool ok;

	pthread_create(&t, NULL, close_later, &fd);
	ok = accept(l, NULL, NULL) < 0;
	pthread_join(t, NULL);
	ok = ok && pair(7009, fds);
	fd = fds[1];
	pthread_create(&t, NULL, close_later, &fd);
	ok = ok && recv(fds[1], &c, 1, 0) <= 0;
	pthread_join(t, NULL);
	close(fds[0]);
	return ok;
}

/* --- many -------------------------------------------------------------------------------------------------------- */

#define MANY 200u

static bool passes_a_byte(const int fds[2])
{
	char c = 0;

	return send(fds[0], "x", 1, 0) == 1 && recv(fds[1], &c, 1, 0) == 1 && c == 'x';
}

/* A socket whose connection is over, but which is still open, must not lead to a later connection's memory. */
static bool half_closed_socket_outlives_its_connection(void)
{
	enum { LATER = 60 };
	static int later[LATER][2];
	int half[2], fds[2];
	bool ok = pair(7012, half) && shutdown(half[0], SHUT_WR) == 0;

	/* Connections that end push the oldest out of TIME-WAIT; every other one stays and may get its place. */
	close(half[1]);
	for (unsigned i = 0; ok && i < 100; i++) {
		ok = pair(7013 + i % 16, fds);
		close_pair(fds);
	}
	for (unsigned i = 0; ok && i < LATER; i++) {
		ok = pair(7040 + i, later[i]) && pair(7013 + i % 16, fds);
		close_pair(fds);
	}
	close(half[0]);
	for (unsigned i = 0; ok && i < LATER; i++)
		ok = passes_a_byte(later[i]);
	for (unsigned i = 0; i < LATER; i++)
		close_pair(later[i]);
	return ok;
}

static bool poll_tells_exactly_the_ready_ones(void)
{
	static int callers[MANY];
	static struct pollfd peers[MANY];
	int l = listener(7010, 255);
	bool ok = true;
	char c;

	for (unsigned i = 0; i < MANY; i++) {
		callers[i] = caller(7010);
		peers[i] = (struct pollfd){.fd = accept(l, NULL, NULL), .events = POLLIN};
		ok = ok && callers[i] >= 0 && peers[i].fd >= 0;
	}
	ok = ok && poll(peers, MANY, 0) == 0;
	for (unsigned round = 1; round < 20 && ok; round++) {
		int sent = 0, found = 0;

		for (unsigned i = 0; i < MANY; i++)
			if (i % round == 0)
				sent += send(callers[i], "p", 1, 0) == 1;
		while (found < sent && ok) {
			ok = poll(peers, MANY, 1000) > 0;
			for (unsigned i = 0; i < MANY && ok; i++)
				if (peers[i].revents) {
					ok = i % round == 0 && peers[i].revents == POLLIN &&
					     read(peers[i].fd, &c, 1) == 1;
					found++;
				}
		}
		ok = ok && poll(peers, MANY, 0) == 0;
	}
	for (unsigned i = 0; i < MANY; i++) {
		close(callers[i]);
		close(peers[i].fd);
	}
	close(l);
	return ok;
}

static bool select_agrees_with_poll(void)
{
	int fds[2];
	fd_set in, out;
	struct timeval soon = {0, 20000};
	bool ok = pair(7011, fds);

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET((unsigned)fds[1], &in);
	ok = ok && select(fds[1] + 1, &in, NULL, NULL, &soon) == 0 && !FD_ISSET((unsigned)fds[1], &in);
	ok = ok && send(fds[0], "s", 1, 0) == 1;
	FD_SET((unsigned)fds[1], &in);
	FD_SET((unsigned)fds[0], &out);
	soon.tv_sec = 1;
	usleep(1000);
	ok = ok && select((fds[0] > fds[1] ? fds[0] : fds[1]) + 1, &in, &out, NULL, &soon) == 2;
	close_pair(fds);
	return ok;
}

/* --- datagrams --------------------------------------------------------------------------------------------------- */

static bool datagrams_keep_their_bounds(void)
{
	struct sockaddr_in a = loopback(7012), from;
	socklen_t from_len = sizeof from;
	int s = socket(AF_INET, SOCK_DGRAM, 0), c = socket(AF_INET, SOCK_DGRAM, 0);
	char buf[64];
	struct iovec parts[2] = {{"one", 3}, {"two", 3}}, into = {buf, 4};
	struct msghdr out = {.msg_name = &a, .msg_namelen = sizeof a, .msg_iov = parts, .msg_iovlen = 2};
	struct msghdr in = {.msg_iov = &into, .msg_iovlen = 1};
	bool ok = bind(s, (struct sockaddr *)&a, sizeof a) == 0;

	ok = ok && send(c, "x", 1, 0) < 0 && errno == EDESTADDRREQ;
	ok = ok && sendto(c, "hello", 5, 0, (struct sockaddr *)&a, sizeof a) == 5;
	ok = ok && sendto(c, "", 0, 0, (struct sockaddr *)&a, sizeof a) == 0 && sendmsg(c, &out, 0) == 6;
	ok = ok && recvfrom(s, buf, sizeof buf, 0, (struct sockaddr *)&from, &from_len) == 5 && buf[4] == 'o';
	ok = ok && from.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && recv(s, buf, sizeof buf, 0) == 0;
	ok = ok && recvmsg(s, &in, 0) == 4 && in.msg_flags == MSG_TRUNC && memcmp(buf, "onet", 4) == 0;
	ok = ok && recv(s, buf, sizeof buf, MSG_DONTWAIT) < 0 && errno == EAGAIN;
	ok = ok && connect(s, (struct sockaddr *)&from, sizeof from) == 0 && send(s, "back", 4, 0) == 4;
	ok = ok && recv(c, buf, sizeof buf, 0) == 4;
	close(s);
	close(c);
	return ok;
}

/* --- the rest ---------------------------------------------------------------------------------------------------- */

static bool receive_times_out(void)
{
	int fds[2];
	struct timeval short_time = {0, 30000}, got = {0};
	socklen_t len = sizeof got;
	char c;
	bool ok = pair(7013, fds) && setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &short_time, sizeof short_time) == 0;

	ok = ok && getsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &got, &len) == 0 && got.tv_usec == 30000;
	ok = ok && recv(fds[0], &c, 1, 0) < 0 && errno == EAGAIN;
	close_pair(fds);
	return ok;
}

static bool fails_with(int errnum, int result)
{
	return result < 0 && errno == errnum;
}

static bool mistakes_have_their_errors(void)
{
	struct sockaddr_in a = loopback(7014);
	int l = listener(7014, 1), fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	socklen_t len = sizeof on;
	bool ok = fails_with(EBADF, bind(99, (struct sockaddr *)&a, sizeof a)) && fails_with(ENOTSOCK, listen(1, 1));

	ok = ok && fails_with(EPROTOTYPE, socket(AF_INET, 77, 0));
	ok = ok && fails_with(EPROTONOSUPPORT, socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	ok = ok && fails_with(EADDRINUSE, bind(fd, (struct sockaddr *)&a, sizeof a));
	ok = ok && fails_with(ENOTCONN, (int)send(fd, "x", 1, 0)) && fails_with(ENOTCONN, shutdown(fd, SHUT_WR));
	ok = ok && fails_with(EINVAL, accept(fd, NULL, NULL)) && fails_with(EINVAL, shutdown(fd, 9));
	ok = ok && fails_with(ENOPROTOOPT, setsockopt(fd, SOL_SOCKET, 999, &on, sizeof on));
	ok = ok && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0;
	ok = ok && getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len) == 0 && on == 1 && lseek(fd, 0, SEEK_SET) < 0;
	close(fd);
	close(l);
	return ok;
}

static bool addresses_are_text_and_back(void)
{
	static const char *const bad[] = {"",         "1.2.3",    "1.2.3.4.5", "256.1.1.1",
					  "1.2.3.04", "1.2.3.4 ", "a.b.c.d",   "1..2.3"};
	struct in_addr a;
	char text[INET_ADDRSTRLEN];
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *list;
	bool ok = inet_pton(AF_INET, "10.0.255.1", &a) == 1 && a.s_addr == htonl(0x0a00ff01);

	ok = ok && strcmp(inet_ntop(AF_INET, &a, text, sizeof text), "10.0.255.1") == 0;
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok = ok && inet_pton(AF_INET, bad[i], &a) == 0;
	ok = ok && getaddrinfo("localhost", "80", &hints, &list) == 0;
	ok = ok && ((struct sockaddr_in *)(void *)list->ai_addr)->sin_port == htons(80) && !list->ai_next;
	freeaddrinfo(list);
	return ok;
}

/* There is no name server. */
static bool names_need_a_server(void)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *list;
	bool ok = getaddrinfo("example.org", NULL, NULL, &list) == EAI_AGAIN && !list;

	ok = ok && getaddrinfo("example.org", NULL, &hints, &list) == EAI_NONAME;
	ok = ok && getaddrinfo("localhost", NULL, &hints, &list) == EAI_NONAME;
	hints.ai_flags = 1 << 30;
	ok = ok && getaddrinfo("localhost", NULL, &hints, &list) == EAI_BADFLAGS;
	hints.ai_flags = AI_CANONNAME;
	ok = ok && getaddrinfo(NULL, "80", &hints, &list) == EAI_BADFLAGS;
	ok = ok && getaddrinfo("a.localhost.", NULL, &hints, &list) == 0 &&
	     !strcmp(list->ai_canonname, "a.localhost.") && list->ai_next && !list->ai_next->ai_canonname;
	freeaddrinfo(list);
	hints = (struct addrinfo){.ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_UDP};
	ok = ok && getaddrinfo("10.0.0.1", NULL, &hints, &list) == EAI_SOCKTYPE;
	hints = (struct addrinfo){.ai_protocol = IPPROTO_UDP, .ai_flags = AI_NUMERICSERV};
	ok = ok && getaddrinfo("10.0.0.1", "http", &hints, &list) == EAI_NONAME;
	ok = ok && getaddrinfo("10.0.0.1", "80", &hints, &list) == 0 && list->ai_socktype == SOCK_DGRAM &&
	     !list->ai_next;
	freeaddrinfo(list);
	return ok && getaddrinfo("notlocalhost", NULL, NULL, &list) == EAI_AGAIN;
}

int main(void)
{
	report("names of others need a name server", names_need_a_server());
	report("a stream of 3 MB is echoed byte for byte", stream_is_echoed());
	report("the end of a stream is seen for ever, the other direction stays open", end_is_seen_for_ever());
	report("a reset is told once, then the stream is over", reset_is_told_once());
	report("a full stream refuses and takes again when it was read", full_stream_refuses_then_takes_again());
	report("vectors, peeking, FIONREAD and MSG_DONTWAIT work", vectors_and_flags_work());
	report("a closed port refuses, blocking and not", closed_port_refuses());
	report("a non-blocking connect completes", nonblocking_connect_completes());
	report("poll tells exactly the ready ones of 200", poll_tells_exactly_the_ready_ones());
	report("select agrees with poll", select_agrees_with_poll());
	report("datagrams keep their bounds", datagrams_keep_their_bounds());
	report("a receive times out", receive_times_out());
	report("close ends a blocked call", close_ends_a_blocked_call());
	report("a half-closed socket outlives its connection", half_closed_socket_outlives_its_connection());
	report("mistakes have their errors", mistakes_have_their_errors());
	report("addresses are text and back", addresses_are_text_and_back());
	report("ten thousand connections in a row are answered", ten_thousand_connections_are_answered());
	return failures;
}
