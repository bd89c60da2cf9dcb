/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who looks a name up: any bytes as the answer, and any text as a name with suffixes. What is found is of the kind asked for,
 * names are whole, and a name as text is read as the same name again.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/dns_support.h"
#include "unikernel/core/dns_lookup.h"

#define ID 0x1234u

static void name_check(const struct dns_name *name)
{
	struct dns_name again;
	char text[DNS_TEXT_MAX];
	size_t at = 0;

	while (at < name->len && name->wire[at] != 0)
		at += 1u + name->wire[at];
	cr_assert_eq(at + 1, name->len);
	if (dns_name_format(name, text)) {
		cr_assert(strlen(text) == name->len - 2u && dns_name_parse(&again, text, strlen(text)));
		cr_assert(again.len == name->len && !memcmp(again.wire, name->wire, name->len));
	}
}

static void found_check(enum dns_verdict verdict, const struct dns_question *q, const struct dns_found *found)
{
	static const uint8_t zeros[12];

	name_check(&found->name);
	cr_assert((verdict == DNS_VERDICT_FOUND) == (found->count > 0));
	cr_assert(found->count <= (q->type == DNS_PTR ? 1 : DNS_LOOKUP_ADDRESSES));
	if (q->type == DNS_PTR && found->count > 0)
		name_check(&found->pointer);
	for (unsigned i = 0; q->type != DNS_PTR && i < found->count; i++) {
		cr_assert_eq(found->addresses[i].is_v6, q->type == DNS_AAAA);
		cr_assert(q->type == DNS_AAAA || !memcmp(found->addresses[i].bytes + 4, zeros, sizeof zeros));
	}
}

static void run_answer(const uint8_t *bytes, size_t len, unsigned what)
{
	static const uint16_t types[] = {DNS_A, DNS_AAAA, DNS_PTR};
	struct dns_question q = {.type = types[what % 3], .class = DNS_IN};
	uint8_t *copy = malloc(len + 1);
	struct dns_found found;
	size_t end;

	cr_assert(dns_name_parse(&q.name, "web1.x", 6));
	end = DNS_HEADER + q.name.len + 4u;
	memcpy(copy + 1, bytes, len);
	if ((what & 0x40) && len >= end) {
		copy[1] = ID >> 8, copy[2] = ID & 0xff;
		dns_question_write(copy + 1 + DNS_HEADER, &q);
	}
	found_check(dns_lookup_read(copy + 1, len, ID, &q, &found), &q, &found);
	free(copy);
}

static void run_names(const uint8_t *bytes, size_t len)
{
	struct dns_name names[DNS_LOOKUP_NAMES];
	char *text = calloc(1, len + 2), *search;

	memcpy(text, bytes, len);
	search = text + strlen(text) + (strlen(text) < len);
	for (unsigned i = dns_lookup_names(text, search, names); i > 0; i--)
		name_check(&names[i - 1]);
	free(text);
}

static void run(const uint8_t *bytes, size_t len)
{
	if (len == 0)
		return;
	if (bytes[0] & 0x80)
		run_names(bytes + 1, len - 1);
	else
		run_answer(bytes + 1, len - 1, bytes[0] & 0x7f);
}

/* Answers of each type with an alias in front, truncated and none; then names with suffixes. */
static size_t seed(unsigned n, uint8_t *out)
{
	static const char names[] = "\x80www.example\0cambium.internal a.b";
	static const char *const data[] = {"\x0a\1\3\2", "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\2", "\4host\7example\0"};
	static const size_t sizes[] = {4, 16, 14};
	static const unsigned types[] = {DNS_A, DNS_AAAA, DNS_PTR};
	static struct dns_bytes b;

	if (n == 6) {
		memcpy(out, names, sizeof names - 1);
		return sizeof names - 1;
	}
	if (n > 6)
		return 0;
	dns_add_header(&b, ID, n < 3 ? 0x8180 : 0x8383, (const unsigned[]){1, 3, 0, 1});
	dns_add_name(&b, "web1.x");
	dns_add16(&b, types[n % 3]);
	dns_add16(&b, DNS_IN);
	dns_add_record(&b, DNS_CNAME, 60, "\1b\xc0\x11", 4);
	dns_add_name(&b, "b.x");
	dns_add16(&b, types[n % 3]);
	dns_add(&b, "\0\1\0\0\0\x3c", 6);
	dns_add16(&b, (unsigned)sizes[n % 3]);
	dns_add(&b, data[n % 3], sizes[n % 3]);
	dns_add_record(&b, types[(n + 1) % 3], 60, data[n % 3], sizes[n % 3]);
	dns_add_opt(&b, 1232, 0);
	out[0] = (uint8_t)(0x40 | ((n + 2) % 3)); /* 0x40 % 3 is 1 */
	memcpy(out + 1, b.at, b.len);
	return 1 + b.len;
}

const struct fuzz_target fuzz_lookup = {"lookup", run, seed, 1024};
