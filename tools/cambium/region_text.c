/* SPDX-License-Identifier: BSD-2-Clause */
/* Boxes in words. */
#include <arpa/inet.h>
#include <string.h>

#include "region.h"

static const char *address_text(wide_t address, uint8_t family, char text[INET6_ADDRSTRLEN])
{
	unsigned bytes = family == RULES_FAMILY_IPV4 ? 4 : 16;
	unsigned char octets[16];

	for (unsigned i = 0; i < bytes; i++)
		octets[i] = (unsigned char)(address >> 8 * (bytes - 1 - i));
	inet_ntop(family == RULES_FAMILY_IPV4 ? AF_INET : AF_INET6, octets, text, INET6_ADDRSTRLEN);
	return text;
}

/* An address of @span, one for documentation (RFC 5737, RFC 3849) where it has that. */
static wide_t address_pick(const struct span *span, uint8_t family)
{
	wide_t nice = family == RULES_FAMILY_IPV4 ? 0xcb007109u : (wide_t)0x20010db8u << 96 | 9;

	return nice >= span->lo && nice <= span->hi ? nice : span->lo;
}

/* A service point of @span: TCP or UDP with a port where it has that. */
static uint32_t service_pick(const struct span *span)
{
	static const uint32_t liked[] = {RULES_SERVICE(RULES_PROTO_TCP, 1), RULES_SERVICE(RULES_PROTO_UDP, 1)};

	for (unsigned i = 0; i < 2; i++)
		if (liked[i] >= span->lo && liked[i] <= span->hi)
			return liked[i];
	return (uint32_t)span->lo;
}

static const char *proto_text(uint32_t proto)
{
	switch (proto) {
	case RULES_PROTO_TCP: return "tcp";
	case RULES_PROTO_UDP: return "udp";
	case RULES_PROTO_ICMP: return "icmp";
	case RULES_PROTO_ICMP6: return "icmp6";
	}
	return NULL;
}

const char *box_example(const struct box *box, const char *from, char text[BOX_TEXT_MAX])
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	uint32_t service = service_pick(&box->dim[REGION_SERVICE]), proto = service >> 16;
	bool v6 = box->family == RULES_FAMILY_IPV6;
	const char *open = v6 ? "[" : "", *close = v6 ? "]" : "";

	address_text(address_pick(&box->dim[REGION_SRC], box->family), box->family, src);
	address_text(address_pick(&box->dim[REGION_DST], box->family), box->family, dst);
	if (proto == RULES_PROTO_TCP || proto == RULES_PROTO_UDP)
		snprintf(text, BOX_TEXT_MAX, "from %s %s %s%s%s:40000 > %s%s%s:%u", from, proto_text(proto), open, src,
			 close, open, dst, close, service & 0xffff);
	else if (proto_text(proto))
		snprintf(text, BOX_TEXT_MAX, "from %s %s %s > %s", from, proto_text(proto), src, dst);
	else
		snprintf(text, BOX_TEXT_MAX, "from %s protocol %u %s > %s", from, proto, src, dst);
	return text;
}

static void addresses_put(const struct span *span, uint8_t family, char text[BOX_TEXT_MAX])
{
	unsigned bits = family == RULES_FAMILY_IPV4 ? 32 : 128, free_bits = 0;
	char lo[INET6_ADDRSTRLEN], hi[INET6_ADDRSTRLEN];
	wide_t size = span->hi - span->lo;

	address_text(span->lo, family, lo);
	address_text(span->hi, family, hi);
	while (free_bits < bits && (size >> free_bits & 1))
		free_bits++;
	if (span->lo == span->hi)
		snprintf(text, BOX_TEXT_MAX, "%s", lo);
	else if ((free_bits == bits || !(size >> free_bits)) && !(span->lo & size))
		snprintf(text, BOX_TEXT_MAX, "%s/%u", lo, bits - free_bits);
	else
		snprintf(text, BOX_TEXT_MAX, "%s-%s", lo, hi);
}

/* The service points of one protocol. */
static size_t ports_put(uint32_t lo, uint32_t hi, const char *comma, char *text, size_t room)
{
	const char *proto = proto_text(lo >> 16);
	uint32_t from = lo & 0xffff, to = hi & 0xffff;
	bool has_ports = lo >> 16 == RULES_PROTO_TCP || lo >> 16 == RULES_PROTO_UDP;
	int put;

	if (!proto)
		put = snprintf(text, room, "%sprotocol %u", comma, lo >> 16);
	else if (!has_ports || (from <= 1 && to == 65535))
		put = snprintf(text, room, "%s%s", comma, proto);
	else if (from == to)
		put = snprintf(text, room, "%s%s %u", comma, proto, from);
	else
		put = snprintf(text, room, "%s%s %u-%u", comma, proto, from, to);
	return put < 0 ? 0 : (size_t)put < room ? (size_t)put : room - 1;
}

static void services_put(const struct span *span, char text[BOX_TEXT_MAX])
{
	uint32_t lo = (uint32_t)span->lo, hi = (uint32_t)span->hi, first = lo >> 16, last = hi >> 16;
	size_t len = 0;

	if (last - first > 3) {
		/* whole protocols, and parts of the outer ones */
		if (lo & 0xffff) {
			len += ports_put(lo, lo | 0xffff, "", text + len, BOX_TEXT_MAX - len);
			first++;
		}
		last -= (hi & 0xffff) != 0xffff;
		len += (size_t)snprintf(text + len, BOX_TEXT_MAX - len, "%sprotocols %u-%u", len ? ", " : "", first,
					last);
		if (last != hi >> 16)
			ports_put(hi & ~0xffffu, hi, ", ", text + len, BOX_TEXT_MAX - len);
		return;
	}
	for (uint32_t proto = first; proto <= last; proto++)
		len += ports_put(proto == first ? lo : proto << 16, proto == last ? hi : proto << 16 | 0xffff,
				 len ? ", " : "", text + len, BOX_TEXT_MAX - len);
}

const char *span_text(const struct span *span, unsigned dim, uint8_t family, char text[BOX_TEXT_MAX])
{
	struct box whole = box_whole(family);

	text[0] = 0;
	if (span->lo == whole.dim[dim].lo && span->hi == whole.dim[dim].hi)
		return text;
	if (dim == REGION_SERVICE)
		services_put(span, text);
	else
		addresses_put(span, family, text);
	return text;
}
