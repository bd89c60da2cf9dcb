/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum (declared in packet.h). A running sum is kept below
 * 2^32 by folding after each piece, so that any number of pieces of up to 65,535 bytes may be
 * added.
 */
#include "packet.h"

uint32_t checksum_add(uint32_t sum, const uint8_t *data, size_t len)
{
	uint64_t wide = 0;
	uint32_t four;

	/* words as memory has them: their sum is that of the swapped ones, swapped (RFC 1071 section 2) */
	for (; len >= sizeof(four); len -= sizeof(four), data += sizeof(four)) {
		memcpy(&four, data, sizeof(four));
		wide += four;
	}
	four = 0;
	memcpy(&four, data, len);
	wide += four;
	wide = (wide & 0xffffffff) + (wide >> 32);
	wide = (wide & 0xffffffff) + (wide >> 32);
	return checksum_fold(checksum_fold(sum) + (uint32_t)__builtin_bswap16(checksum_fold((uint32_t)wide)));
}

uint32_t checksum_add_pseudo(uint32_t sum, struct ip_addr src, struct ip_addr dst, uint8_t proto, uint32_t len)
{
	size_t size = ip_addr_get_bits(src) / 8;

	sum = checksum_add(sum, ip_addr_get_octets(&src), size);
	sum = checksum_add(sum, ip_addr_get_octets(&dst), size);
	return sum + proto + len;
}
