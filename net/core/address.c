/* SPDX-License-Identifier: BSD-2-Clause */
/* IP addresses. The invariant: an address is IPv4 when, and only when, its first twelve octets are those of ::ffff:0:0/96. */
#include <string.h>

#include "address.h"

bool ipv6_in_prefix(const uint8_t *addr, const uint8_t *prefix, uint8_t len)
{
	unsigned whole = len / 8;

	if (memcmp(addr, prefix, whole) != 0)
		return false;
	return len % 8 == 0 || (addr[whole] ^ prefix[whole]) >> (8 - len % 8) == 0;
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
