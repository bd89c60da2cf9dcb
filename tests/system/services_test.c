/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name server beside the router, on the machine: asked from outside through published ports, and by a domain. Whom it asks
 * is a thread of this test, which the machine reaches as 10.0.2.2 by QEMU's user network.
 */
#include "system.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/lib/dns_support.h"

#define TIMEOUT 400
#define UPSTREAM_PORT 5399u /* as in tests/configs/services */
#define TRIES 30u
#define FLAG_TC 0x0200u

static struct {
	uint16_t strict, open; /* ports of this host that lead to the two servers, by UDP and TCP */
	struct machine *machine;
	unsigned asked, by_tcp;    /* upstream */
	bool has_upper, has_lower; /* letters in what it was asked */
	uint8_t answer[20000];
	size_t len;
} t;

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* --- upstream ---------------------------------------------------------------------------------------------------- */

/* The answer to @query, whose question ends at @end: one record; for a name of ten letters, truncated by UDP. */
static void upstream_answer(struct dns_bytes *b, const uint8_t *query, size_t end, bool by_tcp)
{
	bool is_long = query[12] == 10;
	unsigned count = !is_long ? 1 : by_tcp ? 100 : 0;

	dns_add_header(b, dns_field(query, 0), 0x8180 | (is_long && !by_tcp ? FLAG_TC : 0),
		       (const unsigned[]){1, count, 0, 1});
	dns_add(b, query + 12, end - 12);
	for (unsigned i = 0; i < count; i++)
		dns_add_record(b, 1, 300, "\xc0\0\2\7", 4);
	dns_add_opt(b, 1232, 0);
	t.asked++;
	t.by_tcp += by_tcp;
	for (size_t i = 12; i + 4 < end; i++) {
		t.has_upper |= query[i] >= 'A' && query[i] <= 'Z';
		t.has_lower |= query[i] >= 'a' && query[i] <= 'z';
	}
}

static size_t question_end(const uint8_t *query)
{
	size_t at = 12;

	while (query[at])
		at += 1u + query[at];
	return at + 5;
}

static void *upstream_udp(void *arg)
{
	int fd = *(int *)arg;
	struct dns_bytes *b = malloc(sizeof *b);
	struct sockaddr_in from;
	uint8_t query[2048] = {0};

	for (;;) {
		socklen_t len = sizeof from;

		if (recvfrom(fd, query, 1500, 0, (struct sockaddr *)&from, &len) < 17)
			continue;
		upstream_answer(b, query, question_end(query), false);
		sendto(fd, b->at, b->len, 0, (struct sockaddr *)&from, len);
	}
	return NULL;
}

static void *upstream_tcp(void *arg)
{
	int listener = *(int *)arg;
	struct dns_bytes *b = malloc(sizeof *b);
	uint8_t query[2048] = {0}, prefix[2];

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (recv(fd, prefix, 2, MSG_WAITALL) == 2 &&
		    recv(fd, query, dns_field(prefix, 0) % 1500, MSG_WAITALL) >= 17) {
			upstream_answer(b, query, question_end(query), true);
			prefix[0] = (uint8_t)(b->len >> 8);
			prefix[1] = (uint8_t)b->len;
			send(fd, prefix, 2, MSG_NOSIGNAL);
			send(fd, b->at, b->len, MSG_NOSIGNAL);
		}
		close(fd);
	}
	return NULL;
}

static void upstream_start(void)
{
	static int udp, tcp;
	struct sockaddr_in a = loopback(UPSTREAM_PORT);
	pthread_t thread;
	int one = 1;

	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	cr_assert_not(bind(udp, (struct sockaddr *)&a, sizeof a) || bind(tcp, (struct sockaddr *)&a, sizeof a) ||
			      listen(tcp, 8),
		      "port %u of 127.0.0.1 is somebody else's", UPSTREAM_PORT);
	cr_assert_not(pthread_create(&thread, NULL, upstream_udp, &udp) ||
		      pthread_create(&thread, NULL, upstream_tcp, &tcp));
}

/* --- asking ------------------------------------------------------------------------------------------------------ */

static int open_to(uint16_t port, int type)
{
	struct sockaddr_in a = loopback(port);
	struct timeval patience = {.tv_sec = 6};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	cr_assert_not(connect(fd, (struct sockaddr *)&a, sizeof a));
	return fd;
}

/* Asks @port by UDP until there is an answer in t.answer. */
static void ask(uint16_t port, const char *name, unsigned type)
{
	static struct dns_bytes query;
	static unsigned id;
	int fd = open_to(port, SOCK_DGRAM);
	ssize_t got = -1;

	dns_make_query(&query, ++id, name, type, 1232);
	for (unsigned i = 0; i < TRIES && (got < 12 || dns_field(t.answer, 0) != id); i++) {
		send(fd, query.at, query.len, 0);
		got = recv(fd, t.answer, sizeof t.answer, 0);
		if (got < 0 && i < TRIES - 1)
			sleep(1);
	}
	close(fd);
	cr_assert_geq(got, 12, "%s: no answer", name);
	t.len = (size_t)got;
}

/* The answer has the code @rcode and @count records. */
static void says(unsigned rcode, unsigned count)
{
	cr_assert_eq(dns_field(t.answer, 1) & 15u, rcode, "code %u", dns_field(t.answer, 1) & 15u);
	cr_assert_eq(dns_field(t.answer, 3), count, "%u records", dns_field(t.answer, 3));
}

/* Sends two questions at once on one connection; the answers, whichever comes first, have @first and @second records. */
static void ask_two(uint16_t port, const char *name, unsigned first, const char *other, unsigned second)
{
	static struct dns_bytes all, query;
	int fd = open_to(port, SOCK_STREAM);
	uint8_t prefix[2];

	all.len = 0;
	for (unsigned i = 1; i <= 2; i++) {
		dns_make_query(&query, i, i == 1 ? name : other, 1, 1232);
		dns_add16(&all, (unsigned)query.len);
		dns_add(&all, query.at, query.len);
	}
	cr_assert_eq(send(fd, all.at, all.len, MSG_NOSIGNAL), (ssize_t)all.len);
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_eq(recv(fd, prefix, 2, MSG_WAITALL), 2, "no answer number %u", i);
		t.len = dns_field(prefix, 0);
		cr_assert_eq(recv(fd, t.answer, t.len, MSG_WAITALL), (ssize_t)t.len);
		says(0, dns_field(t.answer, 0) == 1 ? first : second);
	}
	close(fd);
}

static void start(void)
{
	static char netdev[400];
	struct machine_options options = {.log = "services", .config = "services", .door = MACHINE_PVH};

	t.strict = port_free();
	do
		t.open = port_free();
	while (t.open == t.strict);
	snprintf(netdev, sizeof netdev,
		 "user,id=net,hostfwd=udp:127.0.0.1:%u-:53,hostfwd=tcp:127.0.0.1:%u-:53,"
		 "hostfwd=udp:127.0.0.1:%u-:5300,hostfwd=tcp:127.0.0.1:%u-:5300",
		 t.strict, t.strict, t.open, t.open);
	options.netdev = netdev;
	upstream_start();
	t.machine = machine_start(&options);
	MUST(t.machine);
	MUST(machine_expect(t.machine, "^services| services: names on port 53: 8 addresses, 1 upstream servers$"));
	MUST(machine_expect_from(t.machine, 0,
				 "^open| services: names on port 53: 108 addresses, 1 upstream servers$"));
}

/* What the domains say whose runtime asks (tests/guests/names.c). */
static void programs_find_names(void)
{
	static const char *const lines[] = {
		"^names| web1: web1.cambium.internal 10.1.3.2 fdca:4d00:0:3::2 (2)$",
		"^names| web1: serves its page$",
		"^names| web1.cambium.internal: web1.cambium.internal 10.1.3.2 fdca:4d00:0:3::2 (2)$",
		"^names| 10.1.3.2: web1.cambium.internal$",
		"^names| fdca:4d00:0:3::2: web1.cambium.internal$",
		"^names| 10.1.3.77: error -2$",
		"^names| nobody.cambium.internal: error -2 after a while: no such name, or nothing of the kind wanted$",
		"^names| www.example.com: www.example.com 192.0.2.7 (1)$",
		"^names| tenletters.example.net: tenletters.example.net 192.0.2.7 192.0.2.7 192.0.2.7 192.0.2.7 (16)$",
		"^names| 192.0.2.9: error -2$",
		"^names| localhost: localhost 127.0.0.1 ::1 (2)$",
		"^names| names: done$",
		"^lost| web1.cambium.internal: error -3 after a while: no name server answers, or none is known: try later, or "
		"set RESOLVER$",
	};

	for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
		MUST(machine_expect_from(t.machine, 0, lines[i]));
}

Test(services, domains_have_names_that_a_domain_and_the_outside_can_ask_for_and_only_those_inside_ask_for_others,
     .timeout = TIMEOUT)
{
	unsigned asked, by_tcp;

	start();
	ask(t.strict, "web1.cambium.internal", 1);
	says(0, 1);
	cr_assert(!memcmp(t.answer + t.len - 11 - 4, "\x0a\1\3\2", 4));
	ask(t.strict, "2.3.1.10.in-addr.arpa", 12);
	says(0, 1);
	ask(t.strict, "nobody.cambium.internal", 1);
	says(3, 0);
	ask(t.strict, "www.example.org", 1);
	says(5, 0);

	MUST(machine_expect_from(t.machine, 0, "^guest| web1.cambium.internal is 10.1.3.2$"));
	MUST(machine_expect_from(t.machine, 0, "^guest| nobody.cambium.internal: code 3$"));
	MUST(machine_expect_from(t.machine, 0, "^guest| www.example.com is 192.0.2.7$"));

	programs_find_names();

	ask(t.open, "host-99.cambium.internal", 1);
	says(0, 1);
	cr_assert(!memcmp(t.answer + t.len - 11 - 4, "\x0a\x09\x09\x09", 4));
	ask(t.open, "2.4.1.10.in-addr.arpa", 12);
	says(0, 1);

	ask(t.open, "abcdefghijklmnopqrstuvw.example.net", 1);
	says(0, 1);
	cr_assert(!memcmp(t.answer + t.len - 11 - 4, "\xc0\0\2\7", 4));
	cr_assert(t.has_upper && t.has_lower, "the letters were not mixed");
	asked = t.asked;
	ask(t.open, "ABCDEFGHIJKLMNOPQRSTUVW.example.net", 1);
	says(0, 1);
	cr_assert_eq(t.asked, asked, "what is known was asked again");

	by_tcp = t.by_tcp;
	ask(t.open, "tenletters.example.net", 1);
	says(0, 0);
	cr_assert(dns_field(t.answer, 1) & FLAG_TC);
	ask_two(t.open, "tenletters.example.net", 100, "web1.cambium.internal", 1);
	cr_assert_eq(t.by_tcp, by_tcp + 1);
	machine_is_well(t.machine);
	machine_stop(t.machine);
}
