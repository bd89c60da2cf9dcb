/* SPDX-License-Identifier: BSD-2-Clause */
/* IP addresses. The invariant: an address is IPv4 when, and only when, its first twelve octets are those of ::ffff:0:0/96. */
#include <string.h>

#include "address.h"

static const uint8_t v4_mark[12] = {[10] = 0xff, [11] = 0xff};

struct ip_addr ip_addr_from_v4(uint32_t host)
{
	const uint8_t octets[4] = {(uint8_t)(host >> 24), (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host};

	return ip_addr_read(octets, true);
}

uint32_t ip_addr_to_v4(struct ip_addr addr)
{
	const uint8_t *p = addr.octets + 12;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

struct ip_addr ip_addr_read(const uint8_t *octets, bool is_v4)
{
	struct ip_addr addr;

	if (is_v4)
		memcpy(addr.octets, v4_mark, sizeof(v4_mark));
	memcpy(addr.octets + (is_v4 ? 12 : 0), octets, is_v4 ? 4 : 16);
	return addr;
}

const uint8_t *ip_addr_get_octets(const struct ip_addr *addr)
{
	return addr->octets + (ip_addr_is_v4(*addr) ? 12 : 0);
}

bool ip_addr_is_unspecified(struct ip_addr addr)
{
	static const struct ip_addr none;

	return ip_addr_equal(addr, none) || ip_addr_equal(addr, ip_addr_from_v4(0));
}

bool ip_addr_is_multicast(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? addr.octets[12] >> 4 == 14 : addr.octets[0] == 0xff;
}

bool ip_addr_is_link_local(struct ip_addr addr)
{
	return addr.octets[0] == 0xfe && (addr.octets[1] & 0xc0) == 0x80;
}

bool ip_addr_is_bogon(struct ip_addr addr)
{
	static const uint8_t zero[12];

	if (!ip_addr_is_v4(addr))
		return memcmp(addr.octets, zero, sizeof(zero)) == 0;
	return addr.octets[12] == 0 || addr.octets[12] == 127 || addr.octets[12] >> 4 == 15;
}

bool ip_addr_in_prefix(struct ip_addr addr, struct ip_addr prefix, uint8_t len)
{
	unsigned whole = len / 8;

	if (ip_addr_is_v4(addr) != ip_addr_is_v4(prefix))
		return false;
	if (ip_addr_is_v4(addr))
		return len == 0 || (ip_addr_to_v4(addr) ^ ip_addr_to_v4(prefix)) >> (32 - len) == 0;
	if (memcmp(addr.octets, prefix.octets, whole) != 0)
		return false;
	return len % 8 == 0 || (addr.octets[whole] ^ prefix.octets[whole]) >> (8 - len % 8) == 0;
}

struct ip_addr ip_addr_cut(struct ip_addr addr, uint8_t len)
{
	for (unsigned i = 0; i < sizeof(addr.octets); i++) {
		unsigned kept = len <= i * 8 ? 0 : len - i * 8;

		if (kept < 8)
			addr.octets[i] &= (uint8_t)(0xff00u >> kept);
	}
	return addr;
}

uint8_t ip_addr_get_bits(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? 32 : 128;
}

struct ip_addr ip_addr_from_mac(struct ip_addr prefix, struct mac mac)
{
	const uint8_t *m = mac.octets;
	const uint8_t id[8] = {m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};

	memcpy(prefix.octets + 8, id, sizeof(id));
	return prefix;
}

struct ip_addr ip_addr_link_local(struct mac mac)
{
	return ip_addr_from_mac((struct ip_addr){{0xfe, 0x80}}, mac);
}

struct ip_addr ip_addr_solicited_node(struct ip_addr addr)
{
	struct ip_addr node = {{0xff, 0x02, [11] = 1, [12] = 0xff}};

	memcpy(node.octets + 13, addr.octets + 13, 3);
	return node;
}

struct mac mac_from_multicast(struct ip_addr addr)
{
	struct mac mac = {{0x33, 0x33}};

	memcpy(mac.octets + 2, addr.octets + 12, 4);
	return mac;
}
