// SPDX-License-Identifier: BSD-2-Clause
/*
 * Names in wire form. Invariant: what a dns_name holds ends with the empty label, and has no other. Labels are at most 63
 * bytes long, so that the byte which says how long is never taken for a letter when case is ignored.
 */
#include "dns_name.h"

#include <string.h>

#include "dns_message.h"

#define LABEL_MAX 63u
#define POINTER 0xc0u

static uint8_t fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (fold(a[i]) != fold(b[i]))
			return false;
	return true;
}

bool dns_name_read(const uint8_t *message, size_t len, size_t *at, struct dns_name *name)
{
	size_t here = *at, part = *at, behind = 0, used = 0;

	for (;;) {
		size_t n;

		if (here >= len)
			return false;
		n = message[here];
		if ((n & POINTER) == POINTER) {
			if (len - here < 2)
				return false;
			if (behind == 0)
				behind = here + 2;
			here = (n & ~(size_t)POINTER) << 8 | message[here + 1];
			/* Each leads further to the front, so that there is no circle. */
			if (here < DNS_HEADER || here >= part)
				return false;
			part = here;
			continue;
		}
		if (n > LABEL_MAX || len - here < 1 + n || DNS_NAME_MAX - used < 1 + n)
			return false;
		memcpy(name->wire + used, message + here, 1 + n);
		used += 1 + n;
		here += 1 + n;
		if (n == 0)
			break;
	}
	name->len = (uint8_t)used;
	*at = behind != 0 ? behind : here;
	return true;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool dns_name_parse(struct dns_name *name, const char *text, size_t len)
{
	size_t label = 0; /* where the byte is that says how long */

	if (len == 0 || len > DNS_NAME_MAX - 2)
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && is_plain(text[i])) {
			name->wire[i + 1] = (uint8_t)text[i];
			continue;
		}
		if ((i < len && text[i] != '.') || i == label || i - label > LABEL_MAX)
			return false;
		name->wire[label] = (uint8_t)(i - label);
		label = i + 1;
	}
	name->wire[label] = 0;
	name->len = (uint8_t)(label + 1);
	return true;
}

bool dns_name_format(const struct dns_name *name, char text[DNS_TEXT_MAX])
{
	size_t left = 0; /* of the label */

	for (size_t i = 0; i + 1 < name->len; i++) {
		uint8_t c = name->wire[i];

		if (left == 0) {
			left = c;
			if (i > 0)
				text[i - 1] = '.';
			continue;
		}
		if (!is_plain((char)c))
			return false;
		text[i - 1] = (char)c;
		left--;
	}
	if (name->len < 2)
		return false;
	text[name->len - 2] = '\0';
	return true;
}

bool dns_name_append(struct dns_name *name, const struct dns_name *tail)
{
	size_t labels = name->len - 1u;

	if (labels + tail->len > DNS_NAME_MAX)
		return false;
	memcpy(name->wire + labels, tail->wire, tail->len);
	name->len = (uint8_t)(labels + tail->len);
	return true;
}

bool dns_name_is_equal(const struct dns_name *a, const struct dns_name *b)
{
	return a->len == b->len && same(a->wire, b->wire, a->len);
}

bool dns_name_is_within(const struct dns_name *name, const struct dns_name *apex)
{
	size_t at = 0;

	while ((size_t)name->len - at > apex->len)
		at += 1u + name->wire[at];
	return (size_t)name->len - at == apex->len && same(name->wire + at, apex->wire, apex->len);
}

static void add_label(struct dns_name *name, const char *text, size_t n)
{
	name->wire[name->len] = (uint8_t)n;
	memcpy(name->wire + name->len + 1, text, n);
	name->len = (uint8_t)(name->len + 1 + n);
}

static void add_decimal(struct dns_name *name, unsigned value)
{
	char text[3];
	unsigned n = 0;

	if (value >= 100)
		text[n++] = (char)('0' + value / 100);
	if (value >= 10)
		text[n++] = (char)('0' + value / 10 % 10);
	text[n++] = (char)('0' + value % 10);
	add_label(name, text, n);
}

static void add_nibble(struct dns_name *name, unsigned value)
{
	add_label(name, &"0123456789abcdef"[value & 15u], 1);
}

void dns_name_reverse(struct dns_name *name, const struct dns_address *address)
{
	name->len = 0;
	for (unsigned i = address->is_v6 ? 16 : 4; i-- > 0;) {
		if (!address->is_v6) {
			add_decimal(name, address->bytes[i]);
			continue;
		}
		add_nibble(name, address->bytes[i]);
		add_nibble(name, address->bytes[i] >> 4);
	}
	add_label(name, address->is_v6 ? "ip6" : "in-addr", address->is_v6 ? 3 : 7);
	add_label(name, "arpa", 4);
	add_label(name, "", 0);
}

bool dns_address_is_equal(const struct dns_address *a, const struct dns_address *b)
{
	return a->is_v6 == b->is_v6 && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool dns_address_is_within(const struct dns_address *a, const struct dns_address *net, unsigned bits)
{
	unsigned whole = bits / 8;
	uint8_t mask = (uint8_t)(0xff00u >> bits % 8);

	if (a->is_v6 != net->is_v6 || memcmp(a->bytes, net->bytes, whole) != 0)
		return false;
	return bits % 8 == 0 || ((a->bytes[whole] ^ net->bytes[whole]) & mask) == 0;
}
