// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reading what anybody may send: names, queries, responses.
 *
 * links: apps/services/dns_query.c apps/services/dns_answer.c
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "apps/services/dns_answer.h"
#include "tests/lib/dns_support.h"

static struct dns_bytes b;

/* Reads from a copy without a byte behind it. */
static int read_query(struct dns_query *query)
{
	uint8_t *copy = malloc(b.len + 1);
	int rcode;

	memcpy(copy + 1, b.at, b.len);
	rcode = dns_query_read(copy + 1, b.len, query);
	free(copy);
	return rcode;
}

static bool read_response(struct dns_response *response)
{
	uint8_t *copy = malloc(b.len + 1);
	bool good;

	memcpy(copy + 1, b.at, b.len);
	good = dns_response_read(copy + 1, b.len, response);
	free(copy);
	return good;
}

static bool read_name(const void *bytes, size_t len, size_t at)
{
	uint8_t *copy = malloc(len);
	struct dns_name name;
	bool good;

	memcpy(copy, bytes, len);
	good = dns_name_read(copy, len, &at, &name);
	cr_assert(!good || (name.len > 0 && name.wire[name.len - 1] == 0 && at <= len));
	free(copy);
	return good;
}

Test(dns_message, compression_leads_forward_never_in_circles_and_never_out)
{
	uint8_t m[300] = {[12] = 1, 'a', 0, 0xc0, 12, 1, 'b', 0xc0, 12};

	cr_assert(read_name(m, 15, 12));
	cr_assert(read_name(m, 17, 15), "a pointer to a name before it");
	cr_assert(read_name(m, 21, 17), "a label and a pointer");
	cr_assert_not(read_name(m, 16, 15), "half a pointer");
	cr_assert_not(read_name(m, 14, 12), "no end");
	m[16] = 15;
	cr_assert_not(read_name(m, 17, 15), "a pointer to itself");
	m[16] = 17;
	cr_assert_not(read_name(m, 21, 15), "a pointer to what comes");
	m[16] = 11;
	cr_assert_not(read_name(m, 17, 15), "a pointer into the header");
	m[20] = 17;
	cr_assert_not(read_name(m, 21, 17), "a pointer to its own label");
	m[12] = 64;
	cr_assert_not(read_name(m, 100, 12), "a label of 64 bytes");
	m[12] = 0x80;
	cr_assert_not(read_name(m, 300, 12), "a label of no known kind");
}

Test(dns_message, a_name_has_255_bytes_at_most_however_it_is_pieced_together)
{
	uint8_t m[400] = {0};
	size_t at = 12;

	/* labels of 49 bytes, each 50 with its length: five of them and the end are 251 */
	for (unsigned i = 0; i < 5; i++, at += 50)
		m[at] = 49;
	m[at++] = 0;
	cr_assert(read_name(m, at, 12));
	m[at] = 3;
	m[at + 4] = 0xc0;
	m[at + 5] = 12;
	cr_assert(read_name(m, at + 6, at), "255 bytes");
	m[at] = 4;
	m[at + 5] = 0xc0;
	m[at + 6] = 12;
	cr_assert_not(read_name(m, at + 7, at), "256 bytes");
}

Test(dns_message, names_are_compared_without_case_and_label_by_label)
{
	struct dns_name a, c, apex;

	cr_assert(dns_name_parse(&a, "Web1.Cambium.internal", 21) && dns_name_parse(&c, "wEB1.cambium.INTERNAL", 21));
	cr_assert(dns_name_is_equal(&a, &c));
	cr_assert(dns_name_parse(&apex, "cambium.internal", 16) && dns_name_is_within(&a, &apex));
	cr_assert(dns_name_is_within(&apex, &apex));
	cr_assert_not(dns_name_is_within(&apex, &a));
	cr_assert(dns_name_parse(&a, "notcambium.internal", 19));
	cr_assert_not(dns_name_is_within(&a, &apex), "half a label");
	a = (struct dns_name){20, "\x09x\x07"
				  "cambium\x08internal"};
	cr_assert_not(dns_name_is_within(&a, &apex), "a label within a label");
	cr_assert_not(dns_name_parse(&a, "a..b", 4) || dns_name_parse(&a, ".a", 2) || dns_name_parse(&a, "", 0) ||
		      dns_name_parse(&a, "a b", 3) || dns_name_parse(&a, "a.", 2));
}

Test(dns_message, addresses_have_their_reverse_names)
{
	const struct dns_address v4 = {.bytes = {10, 1, 200, 2}};
	const struct dns_address v6 = {.bytes = {0xfd, 0xca, 0x4d, [15] = 2}, .is_v6 = true};
	static const char four[] = "2.200.1.10.in-addr.arpa",
			  six[] = "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.4.a.c.d.f.ip6.arpa";
	struct dns_name name, wanted;

	dns_name_reverse(&name, &v4);
	cr_assert(dns_name_parse(&wanted, four, strlen(four)) && dns_name_is_equal(&name, &wanted));
	dns_name_reverse(&name, &v6);
	cr_assert(dns_name_parse(&wanted, six, strlen(six)) && dns_name_is_equal(&name, &wanted));
}

Test(dns_message, a_query_is_read_with_what_edns_says)
{
	struct dns_query q;

	dns_make_query(&b, 7, "a.example", DNS_A, 0);
	cr_assert_eq(read_query(&q), DNS_NOERROR);
	cr_assert(q.id == 7 && q.question.type == DNS_A && !q.has_edns && q.question.name.len == 11);
	cr_assert_eq(dns_query_room(&q, false), 512);
	dns_make_query(&b, 7, "a.example", DNS_A, 4096);
	cr_assert_eq(read_query(&q), DNS_NOERROR);
	cr_assert(q.has_edns && !q.dnssec_ok);
	cr_assert_eq(dns_query_room(&q, false), DNS_PAYLOAD, "no more than fits a packet anywhere");
	cr_assert_eq(dns_query_room(&q, true), DNS_MESSAGE_MAX);
	dns_make_query(&b, 7, "a.example", DNS_A, 100);
	cr_assert_eq(read_query(&q), DNS_NOERROR);
	cr_assert_eq(dns_query_room(&q, false), 512, "a payload below 512 is one of 512");
	b.at[b.len - 4] = 0x80;
	cr_assert_eq(read_query(&q), DNS_NOERROR);
	cr_assert(q.dnssec_ok);
	b.at[b.len - 5] = 1;
	cr_assert_eq(read_query(&q), DNS_BADVERS);
}

Test(dns_message, what_is_no_query_is_met_with_the_right_answer_or_none)
{
	struct dns_query q;

	dns_make_query(&b, 7, "a.example", DNS_A, 1232);
	for (size_t whole = b.len; b.len > 0;) {
		b.len--;
		cr_assert_eq(read_query(&q), b.len < DNS_HEADER ? -1 : DNS_FORMERR, "%zu of %zu", b.len, whole);
	}
	dns_make_query(&b, 7, "a.example", DNS_A, 0);
	b.at[2] |= 0x80;
	cr_assert_eq(read_query(&q), -1, "a response");
	b.at[2] = 0x20;
	cr_assert_eq(read_query(&q), DNS_NOTIMP, "another opcode");
	dns_make_query(&b, 7, "a.example", DNS_A, 0);
	b.at[b.len++] = 0;
	cr_assert_eq(read_query(&q), DNS_FORMERR, "a byte behind the end");
	for (unsigned i = 4; i < 12; i += 2) {
		dns_make_query(&b, 7, "a.example", DNS_A, 0);
		b.at[i + 1]++;
		cr_assert_eq(read_query(&q), DNS_FORMERR, "a wrong count at %u", i);
	}
	dns_make_query(&b, 7, "a.example", DNS_A, 1232);
	dns_add_opt(&b, 1232, 0);
	b.at[11] = 2;
	cr_assert_eq(read_query(&q), DNS_FORMERR, "two OPT records");
}

/* A response with an address, an authority and an OPT record between two others. */
static void make_response(unsigned flags)
{
	dns_add_header(&b, 7, flags, (const unsigned[]){1, 1, 1, 3});
	dns_add_name(&b, "a.example");
	dns_add16(&b, DNS_A);
	dns_add16(&b, DNS_IN);
	dns_add_record(&b, DNS_A, 300, "\xc0\0\2\1", 4);
	dns_add_record(&b, 2, 200, "\xc0\x0c", 2);
	dns_add_record(&b, DNS_A, 100, "\xc0\0\2\2", 4);
	dns_add_opt(&b, 1232, 0);
	dns_add_record(&b, DNS_A, 50, "\xc0\0\2\3", 4);
}

Test(dns_message, a_response_is_kept_for_its_shortest_time_and_without_its_opt_record)
{
	struct dns_response r;

	make_response(0x8180);
	cr_assert(read_response(&r));
	cr_assert(r.is_kept && r.others == 1);
	cr_assert_eq(r.ttl, 100);
	cr_assert_eq(r.len, b.len - 11 - 16);
	make_response(0x8380);
	cr_assert(read_response(&r) && !r.is_kept, "a truncated one is not kept");
	make_response(0x8182);
	cr_assert(read_response(&r) && !r.is_kept && r.rcode == DNS_SERVFAIL);
	make_response(0x0180);
	cr_assert_not(read_response(&r), "a query");
	for (make_response(0x8180); b.len > 0;) {
		b.len--;
		cr_assert_not(read_response(&r), "%zu bytes", b.len);
	}
}

Test(dns_message, a_negative_answer_is_kept_for_as_long_as_its_soa_says)
{
	static const uint8_t soa[22] = {[18] = 0, 0, 0, 60};
	struct dns_response r;

	for (unsigned rcode = 0; rcode <= DNS_NXDOMAIN; rcode += DNS_NXDOMAIN) {
		size_t whole;

		dns_add_header(&b, 7, 0x8180 | rcode, (const unsigned[]){1, 0, 1, 0});
		dns_add_name(&b, "a.example");
		dns_add16(&b, DNS_A);
		dns_add16(&b, DNS_IN);
		dns_add_record(&b, DNS_SOA, 300, soa, sizeof soa);
		cr_assert(read_response(&r) && r.is_kept);
		cr_assert_eq(r.ttl, 60);
		whole = b.len;
		while (b.len > 0) {
			b.len--;
			cr_assert_not(read_response(&r), "%zu bytes", b.len);
		}
		b.len = whole;
		b.at[b.len - 22 - 9] = 2; /* NS instead */
		cr_assert(read_response(&r) && !r.is_kept, "no SOA: not kept");
	}
}

Test(dns_message, times_grow_shorter_with_age_and_end_at_nothing)
{
	struct dns_response r;

	make_response(0x8180);
	cr_assert(read_response(&r));
	dns_response_age(b.at, r.len, 150);
	cr_assert(read_response(&r));
	cr_assert_eq(r.ttl, 0);
	cr_assert_not(r.is_kept);
	cr_assert_eq(dns_field(b.at + r.len - 10, 0) << 16 | dns_field(b.at + r.len - 8, 0), 0, "less than nothing");
	cr_assert_eq(dns_field(b.at + 27 + 6, 0) << 16 | dns_field(b.at + 27 + 8, 0), 150);
}

Test(dns_message, an_answer_that_does_not_fit_says_so_and_is_still_whole)
{
	struct dns_writer w;
	struct dns_response r;
	struct dns_query q;
	uint8_t data[100] = {0};

	dns_make_query(&b, 7, "a.example", 16, 512);
	cr_assert_eq(read_query(&q), DNS_NOERROR);
	dns_answer_begin(&w, b.at, 512, &q, 0);
	for (unsigned i = 0; i < 10; i++)
		dns_answer_add(&w, DNS_ANSWERS, NULL, (enum dns_type)16, 60, data, sizeof data);
	b.len = dns_answer_end(&w, &q, DNS_NOERROR);
	cr_assert_leq(b.len, 512);
	cr_assert(read_response(&r) && (r.flags & DNS_FLAG_TC));
	cr_assert_eq(dns_field(b.at, 3), 4);
}
