/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IP addresses of both families in one type, and what kinds of them there are.
 *
 * An IPv4 address a.b.c.d stands as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so an address says its family itself and two
 * are equal when their octets are. No packet brings such an IPv6 address in: packet_parse() refuses it.
 */
#ifndef CAMBIUM_NET_CORE_ADDRESS_H
#define CAMBIUM_NET_CORE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* In network order. All zero is the unspecified address of IPv6, and stands for none where there may be none. */
struct ip_addr {
	uint8_t octets[16];
};

struct mac {
	uint8_t octets[6];
};

/* What each packet asks for is done in two words: the halves of an address, as they stand in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "octets 8 to 11 are the low half of the second word");
#define IP_ADDR_V4_MARK 0xffff0000u

static inline uint64_t ip_addr_get_word(struct ip_addr addr, unsigned which)
{
	uint64_t word;

	memcpy(&word, addr.octets + 8 * which, sizeof(word));
	return word;
}

static inline struct ip_addr ip_addr_from_words(uint64_t first, uint64_t second)
{
	struct ip_addr addr;

	memcpy(addr.octets, &first, sizeof(first));
	memcpy(addr.octets + 8, &second, sizeof(second));
	return addr;
}

/* The IPv4 address @host, in host order (10.0.0.1 is 0x0a000001), and back. */
static inline struct ip_addr ip_addr_from_v4(uint32_t host)
{
	return ip_addr_from_words(0, (uint64_t)__builtin_bswap32(host) << 32 | IP_ADDR_V4_MARK);
}

static inline uint32_t ip_addr_to_v4(struct ip_addr addr)
{
	return __builtin_bswap32((uint32_t)(ip_addr_get_word(addr, 1) >> 32));
}

/* The address in the four (@is_v4) or sixteen octets at @octets, as headers and tables have it. */
static inline struct ip_addr ip_addr_read(const uint8_t *octets, bool is_v4)
{
	struct ip_addr addr;
	uint32_t four;

	if (!is_v4) {
		memcpy(addr.octets, octets, sizeof(addr.octets));
		return addr;
	}
	memcpy(&four, octets, sizeof(four));
	return ip_addr_from_words(0, (uint64_t)four << 32 | IP_ADDR_V4_MARK);
}

static inline bool ip_addr_is_v4(struct ip_addr addr)
{
	return ip_addr_get_word(addr, 0) == 0 && (uint32_t)ip_addr_get_word(addr, 1) == IP_ADDR_V4_MARK;
}

/* The octets of @addr as headers have them: four for IPv4, else sixteen. They are within @addr. */
static inline const uint8_t *ip_addr_get_octets(const struct ip_addr *addr)
{
	return addr->octets + (ip_addr_is_v4(*addr) ? 12 : 0);
}

static inline bool ip_addr_equal(struct ip_addr a, struct ip_addr b)
{
	return ((ip_addr_get_word(a, 0) ^ ip_addr_get_word(b, 0)) |
		(ip_addr_get_word(a, 1) ^ ip_addr_get_word(b, 1))) == 0;
}

static inline bool mac_equal(struct mac a, struct mac b)
{
	return memcmp(a.octets, b.octets, sizeof(a.octets)) == 0;
}

/* 0.0.0.0, or ::. */
static inline bool ip_addr_is_unspecified(struct ip_addr addr)
{
	static const struct ip_addr none;

	return ip_addr_is_v4(addr) ? ip_addr_to_v4(addr) == 0 : ip_addr_equal(addr, none);
}

/* 224.0.0.0/4, or ff00::/8. */
static inline bool ip_addr_is_multicast(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? addr.octets[12] >> 4 == 14 : addr.octets[0] == 0xff;
}

/* fe80::/10: of one link only, and never forwarded (RFC 4291 section 2.5.6). False for IPv4. */
static inline bool ip_addr_is_link_local(struct ip_addr addr)
{
	return addr.octets[0] == 0xfe && (addr.octets[1] & 0xc0) == 0x80;
}

/*
 * Can @addr never be a station's on a wire: 0.0.0.0/8, 127.0.0.0/8, 240.0.0.0/4, ::/96? Multicast is asked for apart.
 */
static inline bool ip_addr_is_bogon(struct ip_addr addr)
{
	static const uint8_t zero[12];

	if (!ip_addr_is_v4(addr))
		return memcmp(addr.octets, zero, sizeof(zero)) == 0;
	return addr.octets[12] == 0 || addr.octets[12] == 127 || addr.octets[12] >> 4 == 15;
}

/* Do the first @len bits of the sixteen octets at @addr and @prefix agree? */
bool ipv6_in_prefix(const uint8_t *addr, const uint8_t *prefix, uint8_t len);

/* Are @addr and @prefix of one family and equal in their first @len bits of that family? */
static inline bool ip_addr_in_prefix(struct ip_addr addr, struct ip_addr prefix, uint8_t len)
{
	if (ip_addr_is_v4(addr) != ip_addr_is_v4(prefix))
		return false;
	if (!ip_addr_is_v4(addr))
		return ipv6_in_prefix(addr.octets, prefix.octets, len);
	return len == 0 || (ip_addr_to_v4(addr) ^ ip_addr_to_v4(prefix)) >> (32 - len) == 0;
}

/* The IPv6 address @addr with zeros behind its first @len bits. */
struct ip_addr ip_addr_cut(struct ip_addr addr, uint8_t len);

/* The bits that an address of the family of @addr has: 32 or 128. */
static inline uint8_t ip_addr_get_bits(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? 32 : 128;
}

/* The IPv6 address of the /64 @prefix with the interface identifier of @mac (RFC 4291 appendix A). */
struct ip_addr ip_addr_from_mac(struct ip_addr prefix, struct mac mac);

/* The link-local address of @mac. */
struct ip_addr ip_addr_link_local(struct mac mac);

/* The solicited-node multicast address of the IPv6 address @addr (RFC 4291 section 2.7.1), and a multicast one's MAC. */
struct ip_addr ip_addr_solicited_node(struct ip_addr addr);
struct mac mac_from_multicast(struct ip_addr addr);

#endif
