/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked for a name, and what an answer to it says. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/dns_support.h"
#include "unikernel/core/dns_lookup.h"

#define ID 0x1234u

static struct dns_bytes b;

/* The names asked for are those of @wanted, a text with blanks between. */
static void asks_for(const char *name, const char *search, const char *wanted)
{
	struct dns_name names[DNS_LOOKUP_NAMES];
	char all[DNS_LOOKUP_NAMES * (DNS_TEXT_MAX + 1)] = "", text[DNS_TEXT_MAX];
	unsigned count = dns_lookup_names(name, search, names);

	for (unsigned i = 0; i < count; i++) {
		cr_assert(dns_name_format(&names[i], text));
		strcat(all, i ? " " : "");
		strcat(all, text);
	}
	cr_assert_str_eq(all, wanted, "%s: %s", name, all);
}

Test(dns_lookup, a_name_without_a_dot_is_asked_for_with_each_suffix_and_then_alone)
{
	asks_for("web1", NULL, "web1");
	asks_for("web1", "", "web1");
	asks_for("web1", "cambium.internal", "web1.cambium.internal web1");
	asks_for("web1", " a.b  c ", "web1.a.b web1.c web1");
	asks_for("web1", "a b c d e f g", "web1.a web1.b web1.c web1.d web1.e web1.f web1");
	asks_for("web1", "a..b -. c", "web1.c web1");
}

Test(dns_lookup, a_name_with_a_dot_is_asked_for_alone_first_and_with_one_at_its_end_only)
{
	asks_for("www.example.org", "cambium.internal", "www.example.org www.example.org.cambium.internal");
	asks_for("a.b", "a b c d e f g", "a.b a.b.a a.b.b a.b.c a.b.d a.b.e a.b.f");
	asks_for("web1.", "cambium.internal", "web1");
	asks_for("www.example.org.", "cambium.internal", "www.example.org");
}

Test(dns_lookup, what_is_no_name_is_not_asked_for)
{
	static const char *const bad[] = {"", ".", "..", "a..b", ".a", "a b", "caf\xc3\xa9", "a/b", "a.b..", "a\n"};
	char label[70], longest[300];

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		asks_for(bad[i], "cambium.internal", "");
	memset(label, 'a', sizeof label);
	label[64] = 0;
	asks_for(label, "cambium.internal", "");
	label[63] = 0;
	asks_for(label, NULL, label);
	for (unsigned i = 0; i < 127; i++)
		memcpy(longest + 2 * i, "a.", 3);
	longest[253] = 0;
	asks_for(longest, "cambium.internal", longest);
	longest[253] = 'b', longest[254] = 0;
	asks_for(longest, NULL, "");
}

Test(dns_lookup, a_name_of_other_characters_is_no_text)
{
	struct dns_name name = {.len = 5, .wire = {3, 'a', '.', 'b', 0}};
	char text[DNS_TEXT_MAX];

	cr_assert_not(dns_name_format(&name, text));
	name.wire[2] = '\n';
	cr_assert_not(dns_name_format(&name, text));
	name.wire[2] = 'x';
	cr_assert(dns_name_format(&name, text));
	cr_assert_str_eq(text, "axb");
	cr_assert_not(dns_name_format(&(struct dns_name){.len = 1}, text));
}

static struct dns_question question_of(const char *name, unsigned type)
{
	struct dns_question q = {.type = (uint16_t)type, .class = DNS_IN};

	cr_assert(dns_name_parse(&q.name, name, strlen(name)));
	return q;
}

/* Begins a response to the question for web1.x with @answers records. */
static void begin(unsigned flags, unsigned type, unsigned answers)
{
	dns_add_header(&b, ID, flags, (const unsigned[]){1, answers, 0, 0});
	dns_add_name(&b, "web1.x");
	dns_add16(&b, type);
	dns_add16(&b, DNS_IN);
}

/* A record of @owner, whole; @data: @len bytes. */
static void add(const char *owner, unsigned type, const void *data, size_t len)
{
	dns_add_name(&b, owner);
	dns_add16(&b, type);
	dns_add16(&b, DNS_IN);
	dns_add32(&b, 60);
	dns_add16(&b, (unsigned)len);
	dns_add(&b, data, len);
}

static void add_alias(const char *owner, const char *target)
{
	struct dns_bytes name = {.len = 0};

	dns_add_name(&name, target);
	add(owner, DNS_CNAME, name.at, name.len);
}

/* Reads from a copy without a byte behind it. */
static enum dns_verdict read_as(unsigned type, struct dns_found *found)
{
	struct dns_question q = question_of("WEB1.x", type);
	uint8_t *copy = malloc(b.len + 1);
	enum dns_verdict v;

	memcpy(copy + 1, b.at, b.len);
	memset(found, 0xaa, sizeof *found);
	v = dns_lookup_read(copy + 1, b.len, ID, &q, found);
	free(copy);
	return v;
}

Test(dns_lookup, addresses_of_the_name_are_found_and_others_are_not)
{
	struct dns_found f;

	begin(0x8180, DNS_A, 4);
	add("web1.x", DNS_A, "\x0a\1\3\2", 4);
	add("web2.x", DNS_A, "\x0a\1\4\2", 4);
	add("Web1.X", DNS_A, "\x0a\1\5\2", 4);
	add("web1.x", DNS_AAAA, "0123456789abcdef", 16);
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_FOUND);
	cr_assert_eq(f.count, 2);
	cr_assert(!memcmp(f.addresses[1].bytes, "\x0a\1\5\2\0\0\0\0\0\0\0\0\0\0\0", 16) && !f.addresses[1].is_v6);

	begin(0x8180, DNS_AAAA, 1);
	add("web1.x", DNS_AAAA, "0123456789abcdef", 16);
	cr_assert_eq(read_as(DNS_AAAA, &f), DNS_VERDICT_FOUND);
	cr_assert(f.count == 1 && f.addresses[0].is_v6 && !memcmp(f.addresses[0].bytes, "0123456789abcdef", 16));
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_NONE, "another question");
}

Test(dns_lookup, records_of_a_wrong_length_or_class_say_nothing)
{
	struct dns_found f;

	begin(0x8180, DNS_A, 3);
	add("web1.x", DNS_A, "\x0a\1\3", 3);
	add("web1.x", DNS_A, "0123456789abcdef", 16);
	add("web1.x", DNS_A, "\x0a\1\3\2", 4);
	b.at[b.len - 4 - 8 + 1] = 3; /* the class CHAOS */
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_NO_DATA);
}

Test(dns_lookup, sixteen_addresses_are_taken_of_many)
{
	struct dns_found f;

	begin(0x8180, DNS_A, 200);
	for (unsigned i = 0; i < 200; i++)
		dns_add_record(&b, DNS_A, 1, (const uint8_t[]){10, 0, 0, (uint8_t)i}, 4);
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_FOUND);
	cr_assert_eq(f.count, DNS_LOOKUP_ADDRESSES);
	cr_assert_eq(f.addresses[15].bytes[3], 15);
}

Test(dns_lookup, aliases_are_followed_in_any_order_and_circles_end)
{
	struct dns_found f;
	struct dns_question end = question_of("c.x", DNS_A);

	begin(0x8180, DNS_A, 3);
	add("c.x", DNS_A, "\x0a\1\3\2", 4);
	add_alias("b.x", "c.x");
	add_alias("web1.x", "b.x");
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_FOUND);
	cr_assert(f.count == 1 && dns_name_is_equal(&f.name, &end.name));

	begin(0x8180, DNS_A, 2);
	add_alias("web1.x", "b.x");
	add_alias("b.x", "web1.x");
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_NO_DATA);
	begin(0x8180, DNS_A, 1);
	add_alias("web1.x", "web1.x");
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_NO_DATA);
}

Test(dns_lookup, a_chain_has_eight_aliases_at_most)
{
	struct dns_found f;

	for (unsigned links = 8; links <= 9; links++) {
		begin(0x8180, DNS_A, links + 1);
		for (unsigned i = 0; i < links; i++) {
			char from[8] = {'a', (char)('0' + i), '.', 'x'}, to[8] = {'a', (char)('1' + i), '.', 'x'};

			add_alias(i ? from : "web1.x", to);
		}
		add((char[]){'a', (char)('0' + links), '.', 'x', 0}, DNS_A, "\x0a\1\3\2", 4);
		cr_assert_eq(read_as(DNS_A, &f), links == 8 ? DNS_VERDICT_FOUND : DNS_VERDICT_NO_DATA, "%u", links);
	}
}

Test(dns_lookup, the_first_alias_counts_and_a_malformed_one_leads_nowhere)
{
	static const char half[] = {2, 'b', 'b', 1, 'q'};
	struct dns_found f;

	begin(0x8180, DNS_A, 3);
	add_alias("web1.x", "c.x");
	add("web1.x", DNS_CNAME, half, sizeof half);
	add("c.x", DNS_A, "\x0a\1\3\2", 4);
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_FOUND);
	begin(0x8180, DNS_A, 2);
	add("web1.x", DNS_CNAME, "\1c\1x\0\0", 6);
	add("c.x", DNS_A, "\x0a\1\3\2", 4);
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_NO_DATA, "a byte behind the name");
}

Test(dns_lookup, an_address_has_a_name)
{
	struct dns_found f;
	char text[DNS_TEXT_MAX];

	begin(0x8180, DNS_PTR, 2);
	add("web1.x", DNS_PTR, "\4host\7example\0", 14);
	add("web1.x", DNS_PTR, "\5other\0", 7);
	cr_assert_eq(read_as(DNS_PTR, &f), DNS_VERDICT_FOUND);
	cr_assert(dns_name_format(&f.pointer, text));
	cr_assert_str_eq(text, "host.example");
	begin(0x8180, DNS_PTR, 1);
	add("web1.x", DNS_PTR, "\4host\7exam", 10);
	cr_assert_eq(read_as(DNS_PTR, &f), DNS_VERDICT_NO_DATA);
}

Test(dns_lookup, the_code_of_an_answer_is_its_verdict)
{
	static const struct {
		unsigned flags;
		enum dns_verdict verdict;
	} all[] = {
		{0x8180, DNS_VERDICT_NO_DATA},   {0x8181, DNS_VERDICT_REFUSED}, {0x8182, DNS_VERDICT_FAILED},
		{0x8183, DNS_VERDICT_NO_NAME},   {0x8184, DNS_VERDICT_REFUSED}, {0x8185, DNS_VERDICT_REFUSED},
		{0x8380, DNS_VERDICT_TRUNCATED}, {0x0100, DNS_VERDICT_NONE},    {0x8980, DNS_VERDICT_NONE},
	};
	struct dns_found f;

	for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
		begin(all[i].flags, DNS_A, 0);
		cr_assert_eq(read_as(DNS_A, &f), all[i].verdict, "flags %x", all[i].flags);
		cr_assert_eq(f.count, 0);
	}
}

Test(dns_lookup, what_answers_something_else_is_no_answer)
{
	struct dns_found f;

	begin(0x8180, DNS_A, 1);
	add("web1.x", DNS_A, "\x0a\1\3\2", 4);
	b.at[1] ^= 1;
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_NONE, "another number");
	b.at[1] ^= 1;
	b.at[14] ^= 1;
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_NONE, "another name");
	b.at[14] ^= 1;
	cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_FOUND);
	while (b.len-- > 0)
		cr_assert_eq(read_as(DNS_A, &f), DNS_VERDICT_NONE, "%zu bytes of it", b.len);
}
