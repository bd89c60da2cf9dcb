/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum and big-endian fields (declared in packet.h). A running sum is kept below
 * 2^32 by folding after each piece, so that any number of pieces of up to 65,535 bytes may be
 * added.
 */
#include "packet.h"

uint16_t be16_get(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t be32_get(const uint8_t *p)
{
	return (uint32_t)be16_get(p) << 16 | be16_get(p + 2);
}

void be16_put(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

void be32_put(uint8_t *p, uint32_t value)
{
	be16_put(p, (uint16_t)(value >> 16));
	be16_put(p + 2, (uint16_t)value);
}

uint32_t checksum_add(uint32_t sum, const uint8_t *data, size_t len)
{
	uint64_t wide = sum;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		wide += be16_get(data + i);
	if (i < len)
		wide += (uint64_t)data[i] << 8;
	while (wide >> 16)
		wide = (wide & 0xffff) + (wide >> 16);
	return (uint32_t)wide;
}

uint16_t checksum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint32_t checksum_add_pseudo(uint32_t sum, struct ip_addr src, struct ip_addr dst, uint8_t proto, uint32_t len)
{
	size_t size = ip_addr_get_bits(src) / 8;

	sum = checksum_add(sum, ip_addr_get_octets(&src), size);
	sum = checksum_add(sum, ip_addr_get_octets(&dst), size);
	return sum + proto + len;
}

uint16_t checksum_update(uint16_t field, uint16_t from, uint16_t to)
{
	uint32_t sum = (uint16_t)~field;

	sum += (uint16_t)~from;
	sum += to;
	return (uint16_t)~checksum_fold(sum);
}
