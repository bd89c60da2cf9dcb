// SPDX-License-Identifier: BSD-2-Clause
/*
 * The name server's decisions: what it knows, whom it asks, whom it believes, what it keeps.
 *
 * links: apps/services/dns_query.c apps/services/dns_answer.c
 * links: apps/services/dns_zone.c apps/services/dns_cache.c apps/services/dns_server.c
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "apps/services/dns_server.h"
#include "tests/lib/dns_support.h"

static struct dns_server server;
static struct dns_result result;
static struct dns_bytes b;
static const uint8_t some[DNS_ASK_RANDOM] = {0x12, 0x34, 0x5a, 0xa5, 0x3c, 0xc3};

static const struct dns_client web1 = {.from = {{{10, 1, 1, 2}, false}, 40000}};
static const struct dns_client stranger = {.from = {{{203, 0, 113, 9}, false}, 40000}};

static void setup(void)
{
	const struct dns_address v4 = {.bytes = {10, 1, 1, 2}}, other = {.bytes = {198, 51, 100, 7}};
	const struct dns_address v6 = {.bytes = {0xfd, 0xca, 0x4d, [15] = 2}, .is_v6 = true};

	memset(&server, 0, sizeof server);
	cr_assert(dns_zone_init(&server.zone, "cambium.internal"));
	cr_assert(dns_zone_add(&server.zone, "web1", 4, &v4) && dns_zone_add(&server.zone, "web1", 4, &v6) &&
		  dns_zone_add(&server.zone, "mail.office", 11, &other));
	server.upstreams[0] = (struct dns_endpoint){{{9, 9, 9, 9}, false}, 53};
	server.upstreams[1] = (struct dns_endpoint){{{8, 8, 8, 8}, false}, 53};
	server.upstream_count = 2;
}

TestSuite(dns_server, .init = setup);

static void take(const struct dns_client *client, const char *name, unsigned type)
{
	dns_make_query(&b, 7, name, type, 1232);
	dns_server_take(&server, client, b.at, b.len, 1000, &result);
}

/* The answer's code; it has to be one to `client`. */
static unsigned rcode_of(const struct dns_client *client)
{
	struct dns_response r;

	cr_assert_eq(result.verdict, DNS_ANSWER);
	cr_assert(dns_response_read(result.bytes, result.len, &r));
	cr_assert(r.id == 7 && result.client.from.port == client->from.port);
	return r.rcode;
}

static void answers(const char *name, unsigned type, unsigned rcode, unsigned count)
{
	take(&stranger, name, type);
	cr_assert_eq(rcode_of(&stranger), rcode, "%s", name);
	cr_assert_eq(dns_field(result.bytes, 3), count, "%s", name);
	cr_assert(dns_field(result.bytes, 1) & DNS_FLAG_AA);
	if (count == 0)
		cr_assert_eq(dns_field(result.bytes, 4), 1, "%s: no SOA", name);
}

Test(dns_server, names_of_domains_and_their_addresses_are_known_to_all)
{
	answers("web1.cambium.internal", DNS_A, DNS_NOERROR, 1);
	cr_assert(!memcmp(result.bytes + result.len - 11 - 4, "\x0a\1\1\2", 4));
	answers("WEB1.Cambium.Internal", DNS_AAAA, DNS_NOERROR, 1);
	answers("web1.cambium.internal", 16, DNS_NOERROR, 0);
	answers("web1.cambium.internal", DNS_ANY, DNS_NOERROR, 1);
	answers("2.1.1.10.in-addr.arpa", DNS_PTR, DNS_NOERROR, 1);
	answers("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.4.a.c.d.f.ip6.arpa", DNS_PTR, DNS_NOERROR, 1);
	answers("7.100.51.198.in-addr.arpa", DNS_PTR, DNS_NOERROR, 1);
	answers("cambium.internal", DNS_SOA, DNS_NOERROR, 1);
	answers("office.cambium.internal", DNS_A, DNS_NOERROR, 0);
	answers("localhost", DNS_A, DNS_NOERROR, 1);
}

Test(dns_server, nothing_else_is_there_and_nobody_is_asked_about_it)
{
	answers("nope.cambium.internal", DNS_A, DNS_NXDOMAIN, 0);
	answers("x.web1.cambium.internal", DNS_A, DNS_NXDOMAIN, 0);
	answers("nope.cambium.internal", DNS_ANY, DNS_NXDOMAIN, 0);
	answers("other.internal", DNS_A, DNS_NXDOMAIN, 0);
	answers("3.1.1.10.in-addr.arpa", DNS_PTR, DNS_NXDOMAIN, 0);
	answers("1.20.172.in-addr.arpa", DNS_PTR, DNS_NXDOMAIN, 0);
	answers("hidden.onion", DNS_A, DNS_NXDOMAIN, 0);
	cr_assert_eq(server.counts.asked, 0);
}

Test(dns_server, only_those_inside_have_others_asked_for_them)
{
	take(&stranger, "www.example", DNS_A);
	cr_assert_eq(rcode_of(&stranger), DNS_REFUSED);
	take(&web1, "www.example", DNS_A);
	cr_assert_eq(result.verdict, DNS_ASK);
	server.nets[0] = (struct dns_net){{{203, 0, 113, 0}, false}, 24};
	server.net_count = 1;
	take(&stranger, "www.example", DNS_A);
	cr_assert_eq(result.verdict, DNS_ASK);
}

Test(dns_server, what_is_not_the_kind_of_question_to_ask_is_refused)
{
	take(&web1, "www.example", DNS_ANY);
	cr_assert_eq(rcode_of(&web1), DNS_REFUSED);
	take(&web1, "cambium.internal", 252);
	cr_assert_eq(rcode_of(&web1), DNS_NOTIMP);
	dns_make_query(&b, 7, "version.bind", 16, 0);
	b.at[b.len - 1] = 3;
	dns_server_take(&server, &web1, b.at, b.len, 0, &result);
	cr_assert_eq(rcode_of(&web1), DNS_REFUSED);
	dns_make_query(&b, 7, "www.example", DNS_A, 0);
	b.at[2] = 0;
	dns_server_take(&server, &web1, b.at, b.len, 0, &result);
	cr_assert_eq(rcode_of(&web1), DNS_REFUSED, "no recursion was desired");
	b.at[2] = 0x80;
	dns_server_take(&server, &web1, b.at, b.len, 0, &result);
	cr_assert_eq(result.verdict, DNS_NOTHING, "a response");
}

/* Has the question of the result asked, and makes the answer to it in `b`: @flags, a record for 30 s. */
static void ask(unsigned flags)
{
	unsigned question;

	cr_assert_eq(result.verdict, DNS_ASK);
	dns_server_ask(&server, result.slot, some, 1000, &result);
	question = (unsigned)result.len - DNS_HEADER - 11;
	dns_add_header(&b, dns_field(result.bytes, 0), flags, (const unsigned[]){1, 1, 0, 1});
	dns_add(&b, result.bytes + DNS_HEADER, question);
	dns_add_record(&b, DNS_A, 30, "\xc0\0\2\7", 4);
	dns_add_opt(&b, 4096, 0);
}

static void hear(const struct dns_endpoint *from)
{
	dns_server_hear(&server, result.slot, from, b.at, b.len, 1000, &result);
}

Test(dns_server, a_question_has_a_random_number_and_letters_and_its_answer_is_handed_on_as_it_was_asked)
{
	static const char wire[] = "\3www\7example\3com";

	take(&web1, "www.example.com", DNS_A);
	ask(0x8180);
	cr_assert_eq(dns_field(result.bytes, 0), 0x1234);
	cr_assert_neq(memcmp(result.bytes + DNS_HEADER, wire, sizeof wire), 0, "the letters are as they were");
	for (unsigned i = 0; i < sizeof wire; i++)
		cr_assert_eq(tolower(result.bytes[DNS_HEADER + i]), wire[i]);
	hear(&server.upstreams[0]);
	cr_assert_eq(rcode_of(&web1), DNS_NOERROR);
	cr_assert(!memcmp(result.bytes + DNS_HEADER, wire, sizeof wire));
	cr_assert_eq(dns_field(result.bytes, 3), 1);
	cr_assert_eq(dns_field(result.bytes, 5), 1, "one OPT record, ours");
	cr_assert_eq(dns_field(result.bytes + result.len - 8, 0), DNS_PAYLOAD);
	cr_assert_not(server.pending[0].is_used);
}

Test(dns_server, an_answer_from_elsewhere_or_to_something_else_is_no_answer)
{
	struct dns_endpoint wrong;
	size_t len;

	take(&web1, "www.example.com", DNS_A);
	ask(0x8180);
	wrong = server.upstreams[1];
	hear(&wrong);
	cr_assert_eq(result.verdict, DNS_NOTHING, "another address");
	wrong = (struct dns_endpoint){server.upstreams[0].address, 54};
	hear(&wrong);
	cr_assert_eq(result.verdict, DNS_NOTHING, "another port");
	b.at[1] ^= 1;
	hear(&server.upstreams[0]);
	cr_assert_eq(result.verdict, DNS_NOTHING, "another number");
	b.at[1] ^= 1;
	b.at[13] ^= 1;
	hear(&server.upstreams[0]);
	cr_assert_eq(result.verdict, DNS_NOTHING, "another name");
	b.at[13] ^= 1;
	b.at[2] &= 0x7f;
	hear(&server.upstreams[0]);
	cr_assert_eq(result.verdict, DNS_NOTHING, "a query");
	len = b.len;
	b.at[2] |= 0x80;
	b.len = len - 1;
	hear(&server.upstreams[0]);
	cr_assert_eq(result.verdict, DNS_NOTHING, "cut short");
	b.len = len;
	hear(&server.upstreams[0]);
	cr_assert_eq(result.verdict, DNS_ANSWER);
	cr_assert_eq(server.counts.strange, 6);
}

Test(dns_server, who_does_not_keep_the_letters_is_asked_by_tcp)
{
	take(&web1, "www.example.com", DNS_A);
	ask(0x8180);
	b.at[14] ^= 0x20;
	hear(&server.upstreams[0]);
	cr_assert_eq(result.verdict, DNS_ASK);
	cr_assert(server.pending[0].by_tcp);
	ask(0x8180);
	b.at[14] ^= 0x20;
	hear(&server.upstreams[0]);
	cr_assert_eq(rcode_of(&web1), DNS_NOERROR);
}

Test(dns_server, whoever_guesses_answers_has_sixteen_guesses)
{
	take(&web1, "www.example.com", DNS_A);
	ask(0x8180);
	for (unsigned i = 0; i < 16; i++) {
		cr_assert(i == 0 || result.verdict == DNS_NOTHING);
		b.at[0]++;
		hear(&server.upstreams[0]);
	}
	cr_assert_eq(result.verdict, DNS_ASK);
	cr_assert(server.pending[0].by_tcp);
}

Test(dns_server, the_next_is_asked_when_one_fails_and_in_the_end_the_client_is_told)
{
	take(&web1, "www.example.com", DNS_A);
	for (unsigned i = 0; i < 4; i++) {
		cr_assert_eq(result.verdict, DNS_ASK);
		cr_assert_eq(server.pending[result.slot].upstream, i % 2);
		ask(0x8182);
		if (i % 2)
			dns_server_fail(&server, result.slot, &result);
		else
			hear(&server.upstreams[0]);
	}
	cr_assert_eq(rcode_of(&web1), DNS_SERVFAIL);
	cr_assert_not(server.pending[0].is_used);
}

Test(dns_server, an_answer_is_kept_while_its_time_lasts_and_grows_older)
{
	take(&web1, "www.example.com", DNS_A);
	ask(0x8180);
	hear(&server.upstreams[0]);
	dns_make_query(&b, 9, "WWW.example.com", DNS_A, 0);
	dns_server_take(&server, &web1, b.at, b.len, 1000 + 20999, &result);
	cr_assert_eq(result.verdict, DNS_ANSWER);
	cr_assert_eq(dns_field(result.bytes, 0), 9);
	cr_assert(!memcmp(result.bytes + 13, "WWW", 3));
	cr_assert_eq(dns_field(result.bytes, 5), 0, "no OPT record was asked for");
	cr_assert_eq(result.bytes[result.len - 7], 10, "the time that is left");
	dns_server_take(&server, &web1, b.at, b.len, 1000 + 30000, &result);
	cr_assert_eq(result.verdict, DNS_ASK, "its time is over");
	take(&stranger, "www.example.com", DNS_A);
	cr_assert_eq(rcode_of(&stranger), DNS_REFUSED, "what is kept is not for strangers");
	take(&web1, "www.example.com", DNS_AAAA);
	cr_assert_eq(result.verdict, DNS_ASK, "another type");
}

Test(dns_server, one_client_cannot_keep_the_others_from_asking)
{
	struct dns_client client = {.from = {{{10, 2, 0, 0}, false}, 40000}};

	server.nets[0] = (struct dns_net){{{10, 0, 0, 0}, false}, 8};
	server.net_count = 1;
	for (unsigned i = 0; i < 20; i++) {
		take(&web1, "www.example.com", DNS_A);
		if (i < DNS_PER_CLIENT)
			cr_assert_eq(result.verdict, DNS_ASK);
		else
			cr_assert_eq(rcode_of(&web1), DNS_SERVFAIL);
	}
	for (unsigned i = 0; i < DNS_PENDING - DNS_PER_CLIENT; i++) {
		client.from.address.bytes[3] = (uint8_t)i;
		take(&client, "www.example.com", DNS_A);
		cr_assert_eq(result.verdict, DNS_ASK);
	}
	client.from.address.bytes[3] = 200;
	take(&client, "www.example.com", DNS_A);
	cr_assert_eq(result.verdict, DNS_ASK, "all places are taken");
	cr_assert_eq(result.slot, 0, "not the oldest of who has the most gave way");
	for (unsigned i = 1; i + 2 < DNS_PER_CLIENT; i++) {
		client.from.address.bytes[3]++;
		take(&client, "www.example.com", DNS_A);
		cr_assert_eq(result.verdict, DNS_ASK);
	}
	client.from.address.bytes[3]++;
	take(&client, "www.example.com", DNS_A);
	cr_assert_eq(result.verdict, DNS_ASK);
	client.from.address.bytes[3]++;
	take(&client, "www.example.com", DNS_A);
	cr_assert_eq(result.verdict, DNS_ANSWER, "all have one: nobody gives way");
}

Test(dns_server, answers_by_udp_are_cut_to_what_the_client_takes_and_by_tcp_are_not)
{
	struct dns_client by_tcp = web1;
	uint8_t text[200] = {199};

	by_tcp.conn = 5;
	for (unsigned i = 0; i < 2; i++) {
		const struct dns_client *client = i ? &by_tcp : &web1;

		take(client, i ? "b.example.com" : "a.example.com", 16);
		ask(0x8180);
		b.len -= 16 + 11;
		dns_add_record(&b, 16, 30, text, sizeof text);
		for (unsigned k = 0; k < 9; k++)
			dns_add_record(&b, 16, 30, text, sizeof text);
		b.at[7] = 10;
		b.at[11] = 0;
		cr_assert_eq(dns_server_count(&server, client->conn), 1);
		hear(&server.upstreams[0]);
		cr_assert_eq(rcode_of(client), DNS_NOERROR);
		cr_assert_eq((dns_field(result.bytes, 1) & DNS_FLAG_TC) != 0, i == 0);
		cr_assert_eq(dns_field(result.bytes, 3), i ? 10 : 0);
	}
}
