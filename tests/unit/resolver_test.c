/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolver, on this host's sockets, against name servers that answer as the first label says.
 *
 * links: unikernel/posix/resolver.c
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/dns_support.h"
#include "unikernel/posix/resolver.h"

#define TIMEOUT 120
#define PATIENT 20000u
#define SILENCE 4000u /* for a server that does not answer at all, before the next one */
#define HASTY 50u
#define SOURCES 64u

/* A name server. */
struct fake {
	int udp, tcp, other;
	uint16_t port;
	const char *mood; /* what the first label says in vain, if not NULL */
	unsigned asked, by_tcp;
	uint16_t ids[SOURCES], ports[SOURCES];
};

static bool begins(const uint8_t *query, const char *label)
{
	return query[12] == strlen(label) && !memcmp(query + 13, label, query[12]);
}

static bool ends(const uint8_t *query, size_t end, const char *tail)
{
	struct dns_bytes name = {.len = 0};

	dns_add_name(&name, tail);
	return end - 4 >= 12 + name.len && !memcmp(query + end - 4 - name.len, name.at, name.len);
}

static size_t question_end(const uint8_t *query)
{
	size_t at = 12;

	while (query[at])
		at += 1u + query[at];
	return at + 5;
}

/* The response to @query with the code or flags @flags and @count records of the type asked for. */
static void respond(struct dns_bytes *b, const uint8_t *query, size_t end, unsigned flags, unsigned count)
{
	unsigned type = query[end - 3];

	dns_add_header(b, dns_field(query, 0), 0x8180 | flags, (const unsigned[]){1, count, 0, 0});
	dns_add(b, query + 12, end - 12);
	for (unsigned i = 0; i < count; i++) {
		uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)(7 + i)};

		if (type == DNS_PTR)
			dns_add_record(b, type, 60, "\4host\7example\0", 14);
		else if (type == DNS_A)
			dns_add_record(b, type, 60, (const uint8_t[]){192, 0, 2, (uint8_t)(7 + i)}, 4);
		else
			dns_add_record(b, type, 60, six, 16);
	}
}

static void alias(struct dns_bytes *b, const uint8_t *query, size_t end)
{
	dns_add_header(b, dns_field(query, 0), 0x8180, (const unsigned[]){1, 2, 0, 0});
	dns_add(b, query + 12, end - 12);
	dns_add_record(b, DNS_CNAME, 60, "\4real\7example\0", 14);
	dns_add_name(b, "real.example");
	dns_add(b, "\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x63", 14);
}

static bool is_mood(const struct fake *f, const uint8_t *query, const char *label)
{
	return f->mood ? !strcmp(f->mood, label) : begins(query, label);
}

static void answer_udp(struct fake *f, const uint8_t *query, const struct sockaddr_in *to)
{
	size_t end = question_end(query);
	unsigned type = query[end - 3], wrong = 0;
	struct dns_bytes *b = malloc(sizeof *b);
	int fd = f->udp;

	respond(b, query, end, 0, 1);
	if (is_mood(f, query, "silent") || (is_mood(f, query, "later") && f->asked <= 2))
		b->len = 0;
	else if (is_mood(f, query, "fail") || (is_mood(f, query, "half") && type == DNS_A))
		respond(b, query, end, 2, 0);
	else if (is_mood(f, query, "refuse"))
		respond(b, query, end, 5, 0);
	else if (is_mood(f, query, "none") || (begins(query, "web1") && !ends(query, end, "cambium.internal")))
		respond(b, query, end, 3, 0);
	else if (is_mood(f, query, "four") && type == DNS_AAAA)
		respond(b, query, end, 0, 0);
	else if (is_mood(f, query, "big"))
		respond(b, query, end, 0x200, 0);
	else if (is_mood(f, query, "alias") && type == DNS_A)
		alias(b, query, end);
	else if (is_mood(f, query, "elsewhere"))
		fd = f->other;
	else if (is_mood(f, query, "forged"))
		wrong = 10;
	else if (is_mood(f, query, "guess"))
		wrong = 16;
	for (unsigned i = 0; i < wrong; i++) {
		struct dns_bytes *forged = malloc(sizeof *forged);

		*forged = *b;
		forged->at[i % 2 ? 13 : 1] ^= 0x11; /* another name, or number; the address would be wrong too */
		forged->at[forged->len - 1] = 66;
		sendto(fd, forged->at, forged->len, 0, (const struct sockaddr *)to, sizeof *to);
		free(forged);
	}
	if (b->len && !is_mood(f, query, "guess"))
		sendto(fd, b->at, b->len, 0, (const struct sockaddr *)to, sizeof *to);
	free(b);
}

static void answer_tcp(struct fake *f)
{
	int fd = accept(f->tcp, NULL, NULL);
	struct dns_bytes *b = malloc(sizeof *b);
	uint8_t query[1500] = {0}, prefix[2];

	f->by_tcp++;
	if (recv(fd, prefix, 2, MSG_WAITALL) == 2 &&
	    recv(fd, query, dns_field(prefix, 0) % sizeof query, MSG_WAITALL) >= 17) {
		respond(b, query, question_end(query), ends(query, question_end(query), "twice") ? 0x200 : 0,
			begins(query, "big") ? 40 : 1);
		prefix[0] = (uint8_t)(b->len >> 8), prefix[1] = (uint8_t)b->len;
		send(fd, prefix, 1, MSG_NOSIGNAL);
		send(fd, prefix + 1, 1, MSG_NOSIGNAL);
		send(fd, b->at, b->len - (ends(query, question_end(query), "short") ? 5 : 0), MSG_NOSIGNAL);
	}
	free(b);
	close(fd);
}

static void *serve(void *arg)
{
	struct fake *f = arg;

	for (;;) {
		struct pollfd p[2] = {{f->udp, POLLIN, 0}, {f->tcp, POLLIN, 0}};
		struct sockaddr_in from;
		socklen_t len = sizeof from;
		uint8_t query[1500] = {0};

		poll(p, 2, -1);
		if (p[1].revents)
			answer_tcp(f);
		if (!p[0].revents || recvfrom(f->udp, query, sizeof query, 0, (struct sockaddr *)&from, &len) < 17)
			continue;
		f->ids[f->asked % SOURCES] = (uint16_t)dns_field(query, 0);
		f->ports[f->asked++ % SOURCES] = from.sin_port;
		answer_udp(f, query, &from);
	}
	return NULL;
}

static void fake_start(struct fake *f)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	pthread_t thread;

	do {
		a.sin_port = 0;
		f->udp = socket(AF_INET, SOCK_DGRAM, 0);
		f->tcp = socket(AF_INET, SOCK_STREAM, 0);
		f->other = socket(AF_INET, SOCK_DGRAM, 0);
		cr_assert_not(bind(f->udp, (struct sockaddr *)&a, len) ||
			      getsockname(f->udp, (struct sockaddr *)&a, &len));
	} while (bind(f->tcp, (struct sockaddr *)&a, len) || listen(f->tcp, 8));
	f->port = ntohs(a.sin_port);
	cr_assert_not(pthread_create(&thread, NULL, serve, f));
}

static struct fake one, two;
static struct resolver r;
static struct resolver_found found;

/* Whom to ask: `one`, and `two` if it has a mood. */
static void start(const char *mood_one, const char *mood_two, unsigned patience_ms)
{
	char servers[64];

	one.mood = mood_one;
	two.mood = mood_two;
	fake_start(&one);
	fake_start(&two);
	snprintf(servers, sizeof servers, "127.0.0.1#%u,127.0.0.1#%u", one.port, two.port);
	if (!mood_two)
		*strchr(servers, ',') = 0;
	cr_assert(resolver_init(&r, servers));
	r.patience_ms = patience_ms;
}

static int find(const char *name)
{
	memset(&found, 0xaa, sizeof found);
	return resolver_find(&r, name, RESOLVER_V4 | RESOLVER_V6, &found);
}

Test(resolver, servers_are_addresses_with_ports)
{
	static const char *const good[] = {"10.1.1.2", "10.1.1.2#5353,::1#53,fdca::2", "::1#65535"};
	static const char *const bad[] = {"",
					  ",",
					  "10.1.1.2,",
					  "10.1.1",
					  "name",
					  "10.1.1.2#",
					  "1.1.1.1#0",
					  "::1#65536",
					  "::1#-1",
					  "::1#5 ",
					  "#53",
					  "1.1.1.1,,2.2.2.2",
					  "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4",
					  "1.1.1.1#4294967349",
					  "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111"};

	for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++)
		cr_assert(resolver_init(&r, good[i]), "%s", good[i]);
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_assert_not(resolver_init(&r, bad[i]), "%s", bad[i]);
	cr_assert(resolver_init(&r, good[1]));
	cr_assert(r.server_count == 3 && r.servers[1].address.any.sa_family == AF_INET6);
	cr_assert_eq(((const struct sockaddr_in *)(const void *)&r.servers[0].address)->sin_port, htons(5353));
}

Test(resolver, both_families_are_asked_at_once_and_found, .timeout = TIMEOUT)
{
	start(NULL, NULL, PATIENT);
	cr_assert_eq(find("good.example"), 0);
	cr_assert_eq(found.count, 2);
	cr_assert(found.addresses[0].is_v6 && found.addresses[0].bytes[15] == 7);
	cr_assert(!found.addresses[1].is_v6 && !memcmp(found.addresses[1].bytes, "\xc0\0\2\7", 4));
	cr_assert_str_eq(found.name, "good.example");
	cr_assert_eq(one.asked, 2);
	cr_assert_eq(resolver_find(&r, "good.example", RESOLVER_V4, &found), 0);
	cr_assert(found.count == 1 && one.asked == 3);
	cr_assert_eq(find("four.example"), 0);
	cr_assert_eq(found.count, 1);
	cr_assert_eq(find("alias.example"), 0);
	cr_assert_str_eq(found.name, "real.example");
	cr_assert_eq(found.addresses[1].bytes[3], 99);
}

Test(resolver, names_that_are_not_there_and_no_names_are_told_apart_from_servers_that_cannot, .timeout = TIMEOUT)
{
	unsigned asked;

	start(NULL, NULL, PATIENT);
	cr_assert_eq(find("none.example"), EAI_NONAME);
	cr_assert_eq(one.asked, 2);
	cr_assert_eq(find("no name"), EAI_NONAME);
	cr_assert_eq(resolver_find(&r, "good.example", 0, &found), EAI_NONAME);
	cr_assert_eq(one.asked, 2);
	cr_assert_eq(resolver_find(&r, "four.example", RESOLVER_V6, &found), EAI_NONAME);
	cr_assert_eq(find("fail.example"), EAI_AGAIN);
	cr_assert_eq(find("refuse.example"), EAI_FAIL);
	asked = one.asked;
	cr_assert_eq(find("half.example"), 0, "what is found counts");
	cr_assert_eq(one.asked, asked + 1 + RESOLVER_ROUNDS, "what is answered is not asked again");
	cr_assert(found.count == 1 && found.addresses[0].is_v6);
}

Test(resolver, suffixes_are_tried_in_turn, .timeout = TIMEOUT)
{
	start(NULL, NULL, PATIENT);
	r.search = "other.internal cambium.internal";
	cr_assert_eq(find("web1"), 0);
	cr_assert_str_eq(found.name, "web1.cambium.internal");
	cr_assert_eq(one.asked, 4);
	cr_assert_eq(find("web1."), EAI_NONAME);
	cr_assert_eq(one.asked, 6);
	cr_assert_eq(find("fail"), EAI_AGAIN, "a server that cannot ends the search");
	cr_assert_eq(one.asked, 6 + 2 * RESOLVER_ROUNDS);
}

Test(resolver, who_does_not_answer_is_asked_twice_and_that_is_the_end, .timeout = TIMEOUT)
{
	start("silent", "silent", HASTY);
	cr_assert_eq(find("good.example"), EAI_AGAIN);
	cr_assert_eq(one.asked, 2 * RESOLVER_ROUNDS);
	cr_assert_eq(two.asked, 2 * RESOLVER_ROUNDS);
	one.mood = "elsewhere";
	cr_assert_eq(find("good.example"), EAI_AGAIN, "an answer from another port");
}

Test(resolver, an_answer_to_the_second_try_counts, .timeout = TIMEOUT)
{
	start("later", NULL, 1000);
	cr_assert_eq(find("good.example"), 0);
	cr_assert_eq(one.asked, 4);
}

Test(resolver, the_next_server_is_asked_when_one_cannot_or_will_not, .timeout = TIMEOUT)
{
	start("fail", "good", PATIENT);
	cr_assert_eq(find("x.example"), 0);
	cr_assert(one.asked == 2 && two.asked == 2);
	one.mood = "refuse";
	cr_assert_eq(find("x.example"), 0);
	close(one.udp), close(one.tcp);
	one.mood = "silent";
	r.patience_ms = SILENCE;
	cr_assert_eq(find("x.example"), 0);
}

Test(resolver, what_does_not_fit_comes_by_tcp_whole, .timeout = TIMEOUT)
{
	start(NULL, NULL, PATIENT);
	cr_assert_eq(find("big.example"), 0);
	cr_assert_eq(found.count, 2 * DNS_LOOKUP_ADDRESSES);
	cr_assert_eq(one.by_tcp, 2);
	cr_assert_eq(find("big.short"), EAI_AGAIN, "the stream ends too soon");
	cr_assert_eq(find("big.twice"), EAI_AGAIN, "truncated by TCP too");
}

Test(resolver, forged_answers_are_passed_over_and_whoever_guesses_on_is_not_listened_to, .timeout = TIMEOUT)
{
	start(NULL, NULL, PATIENT);
	cr_assert_eq(find("forged.example"), 0);
	cr_assert(found.count == 2 && found.addresses[0].bytes[15] == 7 && found.addresses[1].bytes[3] == 7);
	cr_assert_eq(one.by_tcp, 0);
	cr_assert_eq(find("guess.example"), 0);
	cr_assert(found.count == 2 && found.addresses[0].bytes[15] == 7 && found.addresses[1].bytes[3] == 7);
	cr_assert_eq(one.by_tcp, 2);
}

Test(resolver, an_address_has_a_name, .timeout = TIMEOUT)
{
	struct dns_address a = {.bytes = {10, 1, 3, 2}};
	char name[DNS_TEXT_MAX];

	start("good", NULL, PATIENT);
	cr_assert_eq(resolver_find_name(&r, &a, name), 0);
	cr_assert_str_eq(name, "host.example");
	one.mood = "none";
	cr_assert_eq(resolver_find_name(&r, &a, name), EAI_NONAME);
	one.mood = "fail";
	cr_assert_eq(resolver_find_name(&r, &a, name), EAI_AGAIN);
}

static unsigned distinct(const uint16_t *values, unsigned count)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		bool is_new = true;

		for (unsigned j = 0; j < i; j++)
			is_new &= values[j] != values[i];
		n += is_new;
	}
	return n;
}

Test(resolver, each_question_has_another_port_and_number, .timeout = TIMEOUT)
{
	start(NULL, NULL, PATIENT);
	for (unsigned i = 0; i < 16; i++)
		cr_assert_eq(find("good.example"), 0);
	cr_assert_eq(one.asked, 32);
	cr_assert_geq(distinct(one.ids, 32), 30);
	cr_assert_geq(distinct(one.ports, 32), 30);
}

static void *find_many(void *arg)
{
	struct resolver_found own;
	int errors = 0;

	for (unsigned i = 0; i < 20; i++)
		errors += resolver_find(&r, "good.example", RESOLVER_V4 | RESOLVER_V6, &own) != 0 || own.count != 2;
	*(int *)arg = errors;
	return NULL;
}

Test(resolver, threads_ask_at_once, .timeout = TIMEOUT)
{
	pthread_t threads[4];
	int errors[4];

	start("good", NULL, PATIENT);
	for (unsigned i = 0; i < 4; i++)
		cr_assert_not(pthread_create(&threads[i], NULL, find_many, &errors[i]));
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		cr_assert_eq(errors[i], 0);
	}
}
