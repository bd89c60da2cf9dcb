/* SPDX-License-Identifier: BSD-2-Clause */
/* Cutting in software: payload is copied from a cursor that goes through the pieces once. */
#include "cut.h"

#include <string.h>

#include <base/check.h>

#define ETH_LEN 14u
#define IPV4_LENGTH 2u
#define IPV4_ID 4u
#define IPV4_CSUM 10u
#define IPV6_LENGTH 4u
#define TCP_SEQ 4u
#define TCP_FLAGS 13u
#define TCP_CSUM 16u
#define TCP_FIN 0x01u
#define TCP_PSH 0x08u
#define TCP_CWR 0x80u

static uint32_t read16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void write16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static uint32_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

bool gso_cut_begin(struct gso_cut *cut, const struct frame *unit)
{
	*cut = (struct gso_cut){.unit = unit, .piece = unit};
	if (!gso_read(unit, FRAME_LEN_MAX - ETH_LEN, &cut->gso))
		return false;
	cut->piece_at = cut->gso.header_len;
	return true;
}

static void payload_copy(struct gso_cut *cut, uint8_t *to, uint32_t bytes)
{
	while (bytes) {
		uint32_t part = MIN(bytes, cut->piece->len - cut->piece_at);

		memcpy(to, cut->piece->data + cut->piece_at, part);
		to += part;
		bytes -= part;
		cut->piece_at += part;
		if (cut->piece_at == cut->piece->len) {
			cut->piece = cut->piece->more;
			cut->piece_at = 0;
		}
	}
}

static void ip_write(const struct gso_cut *cut, uint8_t *ip, uint32_t tcp_bytes)
{
	uint32_t header = (uint32_t)cut->gso.l4 - cut->gso.l3, sum = 0;

	if (cut->gso.ipv6) {
		write16(ip + IPV6_LENGTH, tcp_bytes);
		return;
	}
	write16(ip + IPV4_LENGTH, header + tcp_bytes);
	write16(ip + IPV4_ID, read16(ip + IPV4_ID) + cut->count);
	write16(ip + IPV4_CSUM, 0);
	for (uint32_t i = 0; i < header; i += 2)
		sum += read16(ip + i);
	write16(ip + IPV4_CSUM, ~fold(sum));
}

static void tcp_write_headers(const struct gso_cut *cut, uint8_t *tcp, uint32_t tcp_bytes, bool last)
{
	uint32_t seq = read16(tcp + TCP_SEQ) << 16 | read16(tcp + TCP_SEQ + 2), whole = cut->gso.len - cut->gso.l4;

	seq += cut->done;
	write16(tcp + TCP_SEQ, seq >> 16);
	write16(tcp + TCP_SEQ + 2, seq);
	if (cut->done)
		tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	if (!last)
		tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	/* the pseudo header's sum with another length, in one's complement arithmetic */
	write16(tcp + TCP_CSUM, fold(read16(tcp + TCP_CSUM) + tcp_bytes + (~whole & 0xffff)));
}

bool gso_cut_next(struct gso_cut *cut, struct frame *segment)
{
	const struct gso *gso = &cut->gso;
	uint32_t left = gso->len - gso->header_len - cut->done, part = MIN(left, (uint32_t)cut->unit->gso_size);
	uint32_t tcp_bytes = gso->header_len - gso->l4 + part;

	if (!left)
		return false;
	CHECK(gso->header_len + part <= FRAME_LEN_MAX);
	memcpy(segment->data, cut->unit->data, gso->header_len);
	payload_copy(cut, segment->data + gso->header_len, part);
	ip_write(cut, segment->data + gso->l3, tcp_bytes);
	tcp_write_headers(cut, segment->data + gso->l4, tcp_bytes, part == left);
	segment->len = gso->header_len + part;
	segment->flags = FRAME_CSUM_BLANK;
	segment->csum_start = gso->l4;
	segment->csum_offset = TCP_CSUM;
	cut->done += part;
	cut->count++;
	return true;
}
