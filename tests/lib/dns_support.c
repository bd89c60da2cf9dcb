// SPDX-License-Identifier: BSD-2-Clause
#include "dns_support.h"

#include <string.h>

void dns_add(struct dns_bytes *b, const void *bytes, size_t len)
{
	memcpy(b->at + b->len, bytes, len);
	b->len += len;
}

void dns_add16(struct dns_bytes *b, unsigned value)
{
	b->at[b->len++] = (uint8_t)(value >> 8);
	b->at[b->len++] = (uint8_t)value;
}

void dns_add32(struct dns_bytes *b, uint32_t value)
{
	dns_add16(b, value >> 16);
	dns_add16(b, value & 0xffff);
}

void dns_add_name(struct dns_bytes *b, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, ".");

		b->at[b->len++] = (uint8_t)n;
		dns_add(b, text, n);
		text += n + (text[n] == '.');
	}
	b->at[b->len++] = 0;
}

void dns_add_header(struct dns_bytes *b, unsigned id, unsigned flags, const unsigned counts[4])
{
	b->len = 0;
	dns_add16(b, id);
	dns_add16(b, flags);
	for (unsigned i = 0; i < 4; i++)
		dns_add16(b, counts[i]);
}

void dns_add_record(struct dns_bytes *b, unsigned type, uint32_t ttl, const void *data, size_t len)
{
	dns_add16(b, 0xc00c);
	dns_add16(b, type);
	dns_add16(b, 1);
	dns_add32(b, ttl);
	dns_add16(b, (unsigned)len);
	dns_add(b, data, len);
}

void dns_add_opt(struct dns_bytes *b, unsigned payload, uint32_t ttl)
{
	b->at[b->len++] = 0;
	dns_add16(b, 41);
	dns_add16(b, payload);
	dns_add32(b, ttl);
	dns_add16(b, 0);
}

void dns_make_query(struct dns_bytes *b, unsigned id, const char *name, unsigned type, unsigned payload)
{
	dns_add_header(b, id, 0x0100, (const unsigned[]){1, 0, 0, payload != 0});
	dns_add_name(b, name);
	dns_add16(b, type);
	dns_add16(b, 1);
	if (payload)
		dns_add_opt(b, payload, 0);
}

unsigned dns_field(const uint8_t *message, unsigned i)
{
	return (unsigned)message[2 * i] << 8 | message[2 * i + 1];
}
