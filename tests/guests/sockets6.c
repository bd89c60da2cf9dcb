/* SPDX-License-Identifier: BSD-2-Clause */
/* sockets6: as sockets, what IPv6 adds. One line for each property; it exits with the number of those that do not hold. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int failures;

static void report(const char *property, bool holds)
{
	printf("%s: %s\n", holds ? "holds" : "FAILS", property);
	failures += !holds;
}

static bool fails_with(int errnum, int result)
{
	return result < 0 && errno == errnum;
}

static struct sockaddr_in6 at(struct in6_addr address, unsigned port)
{
	return (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = address};
}

/* Is @text read as the bytes of @exact, and they written as @canonical? */
static bool is_read(const char *text, const char *canonical, const unsigned char exact[16])
{
	char out[INET6_ADDRSTRLEN];
	struct in6_addr a;

	if (inet_pton(AF_INET6, text, &a) != 1 || memcmp(&a, exact, 16) != 0)
		return false;
	return inet_ntop(AF_INET6, &a, out, sizeof out) && strcmp(out, canonical) == 0;
}

static bool addresses_are_text_and_back(void)
{
	static const char *const bad[] = {"",
					  ":",
					  ":::",
					  "1",
					  "1:2:3:4:5:6:7",
					  "1::2::3",
					  "12345::",
					  "g::",
					  "1:",
					  ":1",
					  "::1.2.3",
					  "1.2.3.4::",
					  "1:2:3:4:5:6:7:8:9",
					  "::1 ",
					  "1:2:3:4:5:6:7::8",
					  "1:2:3:4:5:6:7:1.2.3.4",
					  "\x11::"};
	static const unsigned char zero[16],
		loop[16] = {[15] = 1}, doc[16] = {0x20, 1, 0x0d, 0xb8, [7] = 1, [15] = 0xab},
		mapped[16] = {[10] = 0xff, 0xff, 1, 2, 3, 4},
		full[16] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8},
		one_zero[16] = {0, 1, 0, 0, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}, tail[16] = {0xfe, 0x80};
	struct in6_addr a;
	char text[INET6_ADDRSTRLEN];
	bool ok = is_read("::", "::", zero) && is_read("0:0:0:0:0:0:0:1", "::1", loop);

	ok = ok && is_read("2001:DB8:0:1::aB", "2001:db8:0:1::ab", doc) &&
	     is_read("::ffff:1.2.3.4", "::ffff:1.2.3.4", mapped);
	ok = ok && is_read("1:2:3:4:5:6:0.7.0.8", "1:2:3:4:5:6:7:8", full) && is_read("fe80::", "fe80::", tail);
	ok = ok && is_read("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8", one_zero);
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok = ok && inet_pton(AF_INET6, bad[i], &a) == 0;
	errno = 0;
	return ok && !inet_ntop(AF_INET6, full, text, 15) && errno == ENOSPC;
}

static bool names_are_found(void)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_INET6}, *list;
	const struct sockaddr_in6 *a;
	static const unsigned char mapped_ten[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};
	char host[64], port[8];
	bool ok = getaddrinfo("localhost", "80", &hints, &list) == 0;

	if (!ok)
		return false;
	a = (const void *)list->ai_addr;
	ok = list->ai_family == AF_INET6 && !list->ai_next && a->sin6_port == htons(80) &&
	     memcmp(&a->sin6_addr, &in6addr_loopback, 16) == 0;
	ok = ok && getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof host, port, sizeof port, 0) == 0;
	ok = ok && strcmp(host, "localhost") == 0 && strcmp(port, "80") == 0;
	ok = ok && getnameinfo(list->ai_addr, list->ai_addrlen, host, 4, NULL, 0, NI_NUMERICHOST) == 0;
	ok = ok && strcmp(host, "::1") == 0;
	ok = ok && getnameinfo(list->ai_addr, list->ai_addrlen, host, 3, NULL, 0, NI_NUMERICHOST) == EAI_OVERFLOW;
	freeaddrinfo(list);
	ok = ok && getaddrinfo("10.0.0.1", "80", &hints, &list) == EAI_NONAME;
	hints.ai_flags = AI_V4MAPPED;
	ok = ok && getaddrinfo("10.0.0.1", "80", &hints, &list) == 0;
	a = (const void *)list->ai_addr;
	ok = ok && list->ai_family == AF_INET6 && memcmp(&a->sin6_addr, mapped_ten, 16) == 0;
	freeaddrinfo(list);
	hints.ai_flags = 0;
	hints.ai_family = AF_UNSPEC;
	ok = ok && getaddrinfo("fe80::1", "80", &hints, &list) == 0 && list->ai_family == AF_INET6;
	freeaddrinfo(list);
	return ok;
}

static int listener(int port, bool only)
{
	struct sockaddr_in6 a = at(in6addr_any, (unsigned)port);
	int fd = socket(AF_INET6, SOCK_STREAM, 0), on = only;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) ||
	    bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 4))
		return -1;
	return fd;
}

/* A word goes from a caller of @family at @port to who was accepted at @l, whose peer is of the text @peer. */
static bool word_passes(int l, int family, unsigned port, const char *peer)
{
	struct sockaddr_in a4 = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_in6 a6 = at(in6addr_loopback, port), from;
	socklen_t len = sizeof from;
	int fd = socket(family, SOCK_STREAM, 0), other;
	char text[INET6_ADDRSTRLEN], word[8] = "";
	bool ok = connect(fd, family == AF_INET ? (void *)&a4 : (void *)&a6,
			  family == AF_INET ? sizeof a4 : sizeof a6) == 0;

	other = ok ? accept(l, (struct sockaddr *)&from, &len) : -1;
	ok = ok && other >= 0 && len == sizeof from && from.sin6_family == AF_INET6;
	ok = ok && strcmp(inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof text), peer) == 0;
	ok = ok && send(fd, "word", 4, 0) == 4 && recv(other, word, sizeof word, 0) == 4 && strcmp(word, "word") == 0;
	if (fd >= 0)
		close(fd);
	if (other >= 0)
		close(other);
	return ok;
}

static bool streams_pass(void)
{
	int both = listener(8001, false), only = listener(8002, true);
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(8002), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool ok = both >= 0 && only >= 0 && word_passes(both, AF_INET6, 8001, "::1") &&
		  word_passes(both, AF_INET, 8001, "::ffff:127.0.0.1") && word_passes(only, AF_INET6, 8002, "::1");

	ok = ok && fails_with(ECONNREFUSED, connect(fd, (struct sockaddr *)&a4, sizeof a4));
	close(fd);
	close(both);
	close(only);
	return ok;
}

static bool datagrams_pass(void)
{
	struct sockaddr_in6 a = at(in6addr_loopback, 8003), from;
	socklen_t len = sizeof from;
	int to = socket(AF_INET6, SOCK_DGRAM, 0), fd = socket(AF_INET6, SOCK_DGRAM, 0);
	char word[8];
	bool ok = bind(to, (struct sockaddr *)&a, sizeof a) == 0 &&
		  sendto(fd, "word", 4, 0, (struct sockaddr *)&a, sizeof a) == 4 &&
		  recvfrom(to, word, sizeof word, 0, (struct sockaddr *)&from, &len) == 4 &&
		  from.sin6_family == AF_INET6 && memcmp(&from.sin6_addr, &in6addr_loopback, 16) == 0;

	close(to);
	close(fd);
	return ok;
}

static bool families_do_not_mix(void)
{
	struct sockaddr_in6 a6 = at(in6addr_loopback, 8004);
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(8004)};
	int v4 = socket(AF_INET, SOCK_STREAM, 0), v6 = socket(AF_INET6, SOCK_STREAM, 0), value = 0;
	socklen_t len = sizeof value;
	bool ok = fails_with(EAFNOSUPPORT, bind(v4, (struct sockaddr *)&a6, sizeof a6)) &&
		  fails_with(EAFNOSUPPORT, bind(v6, (struct sockaddr *)&a4, sizeof a4)) &&
		  fails_with(EINVAL, bind(v6, (struct sockaddr *)&a6, sizeof a4)) &&
		  fails_with(ENOPROTOOPT, setsockopt(v4, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof value));

	ok = ok && getsockopt(v6, SOL_SOCKET, SO_DOMAIN, &value, &len) == 0 && value == AF_INET6;
	ok = ok && fails_with(EAFNOSUPPORT, socket(AF_UNIX, SOCK_STREAM, 0));
	close(v4);
	close(v6);
	return ok;
}

int main(void)
{
	report("addresses are text and back", addresses_are_text_and_back());
	report("names are found in the family that is asked for", names_are_found());
	report("streams pass, and where the socket takes both families IPv4's too", streams_pass());
	report("datagrams pass", datagrams_pass());
	report("families do not mix", families_do_not_mix());
	return failures;
}
