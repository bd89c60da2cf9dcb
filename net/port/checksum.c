/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum (RFC 1071) in 64-bit steps. The sum of 16-bit words does not depend on the width in which it is
 * added as long as every carry is added back in; 32-bit halves of a 64-bit accumulator cannot overflow for the lengths
 * here, so the carries wait in the upper half until the end.
 */
#include <net/port/checksum.h>
#include <stddef.h>
#include <string.h>

static uint64_t load64(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

uint16_t net_checksum(const void *data, int len)
{
	const unsigned char *p = data;
	size_t left = (size_t)len;
	uint64_t even = 0, odd = 0, sum;

	for (; left >= 16; p += 16, left -= 16) {
		uint64_t a = load64(p), b = load64(p + 8);

		even += (a & 0xffffffffu) + (a >> 32);
		odd += (b & 0xffffffffu) + (b >> 32);
	}
	if (left >= 8) {
		uint64_t a = load64(p);

		even += (a & 0xffffffffu) + (a >> 32);
		p += 8;
		left -= 8;
	}
	if (left > 0) {
		uint64_t last = 0;

		memcpy(&last, p, left);
		odd += (last & 0xffffffffu) + (last >> 32);
	}
	sum = even + odd;
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}
