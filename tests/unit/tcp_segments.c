/* SPDX-License-Identifier: BSD-2-Clause */
#include "tcp_segments.h"

#include <string.h>

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t sum(const uint8_t *p, uint32_t len, uint32_t more)
{
	for (uint32_t i = 0; i < len; i++)
		more += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (more >> 16)
		more = (more & 0xffff) + (more >> 16);
	return more;
}

uint8_t segments_byte(uint32_t at)
{
	return (uint8_t)(at * 7 + at / 251);
}

uint32_t segments_l4(const struct segments *s)
{
	return s->ipv6 ? 54 : 34;
}

uint32_t segments_headers(const struct segments *s)
{
	return segments_l4(s) + 20 + s->options;
}

static void ip_write(const struct segments *s, uint32_t n, uint32_t tcp_bytes, uint8_t *ip)
{
	for (unsigned i = 0; i < (s->ipv6 ? 32u : 8u); i++)
		ip[(s->ipv6 ? 8 : 12) + i] = (uint8_t)(0x21 + 31 * i);
	if (s->ipv6) {
		ip[0] = 0x60;
		put16(ip + 4, tcp_bytes);
		ip[6] = 6;
		ip[7] = 64;
		return;
	}
	ip[0] = 0x45;
	put16(ip + 2, 20 + tcp_bytes);
	put16(ip + 4, s->id + n);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = 6;
	put16(ip + 10, ~sum(ip, 20, 0));
}

void segments_write(const struct segments *s, uint32_t n, uint32_t from, uint32_t bytes, uint8_t flags, bool complete,
		    struct segment *to)
{
	uint32_t l4 = segments_l4(s), headers = segments_headers(s), tcp_bytes = headers - l4 + bytes;
	uint8_t *ip = to->bytes + 14, *tcp = to->bytes + l4;
	uint32_t pseudo, seq = s->seq + from;

	memset(to, 0, sizeof *to);
	to->len = headers + bytes;
	memcpy(to->bytes, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	put16(to->bytes + 12, s->ipv6 ? 0x86dd : 0x0800);
	ip_write(s, n, tcp_bytes, ip);
	put16(tcp, 4711);
	put16(tcp + 2, 80);
	put16(tcp + 4, seq >> 16);
	put16(tcp + 6, seq);
	put16(tcp + 10, 0xabcd);
	tcp[12] = (uint8_t)((20 + s->options) / 4 << 4);
	tcp[13] = flags;
	put16(tcp + 14, 0x2345);
	memset(tcp + 20, 1, s->options);
	for (uint32_t i = 0; i < bytes; i++)
		to->bytes[headers + i] = segments_byte(from + i);
	pseudo = sum(ip + (s->ipv6 ? 8 : 12), s->ipv6 ? 32 : 8, 6 + tcp_bytes);
	put16(tcp + 16, pseudo);
	if (complete) {
		uint32_t whole = ~sum(tcp, tcp_bytes, 0) & 0xffff;

		put16(tcp + 16, whole ? whole : 0xffff);
	}
}
