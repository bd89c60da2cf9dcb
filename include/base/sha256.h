/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 (FIPS 180-4), header-only so that the loader, the control domain and the host tools use the same lines.
 */
#ifndef CAMBIUM_BASE_SHA256_H
#define CAMBIUM_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_LEN 32u

struct sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes seen */
	uint8_t block[64];
};

static inline uint32_t sha256_ror(uint32_t v, unsigned n)
{
	return v >> n | v << (32 - n);
}

/* One round, in which the eight variables change their names instead of their places: only @d and @h get new values. */
#define SHA256_ROUND(a, b, c, d, e, f, g, h, kw)                                                                       \
	do {                                                                                                           \
		uint32_t sum = h + (sha256_ror(e, 6) ^ sha256_ror(e, 11) ^ sha256_ror(e, 25)) + (g ^ (e & (f ^ g))) +  \
			       (kw);                                                                                   \
		d += sum;                                                                                              \
		h = sum + (sha256_ror(a, 2) ^ sha256_ror(a, 13) ^ sha256_ror(a, 22)) + ((a & b) | (c & (a | b)));      \
	} while (0)

static inline void sha256_block(uint32_t st[8], const uint8_t *p)
{
	static const uint32_t k[64] = {
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
		0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
		0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
		0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
		0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
		0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
		0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
		0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
	};
	uint32_t w[64];
	uint32_t a = st[0], b = st[1], c = st[2], d = st[3], e = st[4], f = st[5], g = st[6], h = st[7];

	for (unsigned i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 |
		       p[4 * i + 3];
	for (unsigned i = 16; i < 64; i++) {
		uint32_t x = w[i - 15], y = w[i - 2];
		w[i] = w[i - 16] + w[i - 7] + (sha256_ror(x, 7) ^ sha256_ror(x, 18) ^ x >> 3) +
		       (sha256_ror(y, 17) ^ sha256_ror(y, 19) ^ y >> 10);
	}
	/* After eight rounds each variable has its own name again. */
	for (unsigned i = 0; i < 64; i += 8) {
		SHA256_ROUND(a, b, c, d, e, f, g, h, k[i] + w[i]);
		SHA256_ROUND(h, a, b, c, d, e, f, g, k[i + 1] + w[i + 1]);
		SHA256_ROUND(g, h, a, b, c, d, e, f, k[i + 2] + w[i + 2]);
		SHA256_ROUND(f, g, h, a, b, c, d, e, k[i + 3] + w[i + 3]);
		SHA256_ROUND(e, f, g, h, a, b, c, d, k[i + 4] + w[i + 4]);
		SHA256_ROUND(d, e, f, g, h, a, b, c, k[i + 5] + w[i + 5]);
		SHA256_ROUND(c, d, e, f, g, h, a, b, k[i + 6] + w[i + 6]);
		SHA256_ROUND(b, c, d, e, f, g, h, a, k[i + 7] + w[i + 7]);
	}
	st[0] += a, st[1] += b, st[2] += c, st[3] += d;
	st[4] += e, st[5] += f, st[6] += g, st[7] += h;
}

static inline void sha256_init(struct sha256 *s)
{
	static const uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	for (unsigned i = 0; i < 8; i++)
		s->state[i] = h[i];
	s->length = 0;
}

static inline void sha256_update(struct sha256 *s, const void *data, size_t len)
{
	const uint8_t *p = (const uint8_t *)data;
	unsigned have = (unsigned)(s->length % 64);

	s->length += len;
	while (len) {
		if (!have && len >= 64) {
			sha256_block(s->state, p);
			p += 64, len -= 64;
			continue;
		}
		s->block[have++] = *p++, len--;
		if (have == 64) {
			sha256_block(s->state, s->block);
			have = 0;
		}
	}
}

static inline void sha256_final(struct sha256 *s, uint8_t out[SHA256_LEN])
{
	static const uint8_t pad[64] = {0x80};
	uint64_t bits = s->length * 8;
	uint8_t tail[8];

	sha256_update(s, pad, (size_t)(1 + (119 - s->length % 64) % 64));
	for (unsigned i = 0; i < 8; i++)
		tail[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_update(s, tail, 8);
	for (unsigned i = 0; i < 32; i++)
		out[i] = (uint8_t)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}

/* The digest of @len bytes at @data into @out. */
static inline void sha256(const void *data, size_t len, uint8_t out[SHA256_LEN])
{
	struct sha256 s;
	sha256_init(&s);
	sha256_update(&s, data, len);
	sha256_final(&s, out);
}

#endif
