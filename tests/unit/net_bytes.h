// SPDX-License-Identifier: BSD-2-Clause
/* Numbers in network order, for frames that are built and read without net/core. */
#ifndef CAMBIUM_TESTS_NET_BYTES_H
#define CAMBIUM_TESTS_NET_BYTES_H

#include <stdint.h>

static inline void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v / 256);
	p[1] = (uint8_t)(v % 256);
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v / 65536);
	put16(p + 2, v % 65536);
}

static inline uint32_t get16(const uint8_t *p)
{
	return p[0] * 256u + p[1];
}

static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) * 65536u + get16(p + 2);
}

#endif
