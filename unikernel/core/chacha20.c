/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ChaCha20 and a generator on top of it. Invariant of the generator: buffer[DRBG_BUFFER - left ..] are bytes that nobody
 * has seen, made under a key that no longer exists; everything in front of them is zero.
 */
#include <string.h>

#include <base/bits.h>

#include "chacha20.h"

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t rol(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b, *d = rol(*d ^ *a, 16);
	*c += *d, *b = rol(*b ^ *c, 12);
	*a += *b, *d = rol(*d ^ *a, 8);
	*c += *d, *b = rol(*b ^ *c, 7);
}

void chacha20_block(const uint8_t key[CHACHA20_KEY], uint32_t counter, const uint8_t nonce[CHACHA20_NONCE],
		    uint8_t out[CHACHA20_BLOCK])
{
	uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}, x[16];

	for (unsigned i = 0; i < 8; i++)
		start[4 + i] = load32(key + 4 * i);
	start[12] = counter;
	for (unsigned i = 0; i < 3; i++)
		start[13 + i] = load32(nonce + 4 * i);
	memcpy(x, start, sizeof x);
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 4; i++)
			quarter(&x[i], &x[4 + i], &x[8 + i], &x[12 + i]);
		for (unsigned i = 0; i < 4; i++)
			quarter(&x[i], &x[4 + (i + 1) % 4], &x[8 + (i + 2) % 4], &x[12 + (i + 3) % 4]);
	}
	for (unsigned i = 0; i < 16; i++) {
		x[i] += start[i];
		for (unsigned b = 0; b < 4; b++)
			out[4 * i + b] = (uint8_t)(x[i] >> (8 * b));
	}
}

static void refill(struct drbg *d)
{
	static const uint8_t nonce[CHACHA20_NONCE];
	uint8_t block[CHACHA20_BLOCK], old[CHACHA20_KEY];

	memcpy(old, d->key, sizeof old);
	chacha20_block(old, 0, nonce, block);
	memcpy(d->key, block, CHACHA20_KEY);
	memcpy(d->buffer, block + CHACHA20_KEY, CHACHA20_BLOCK - CHACHA20_KEY);
	for (size_t at = CHACHA20_BLOCK - CHACHA20_KEY; at < DRBG_BUFFER; at += CHACHA20_BLOCK) {
		chacha20_block(old, (uint32_t)(1 + at / CHACHA20_BLOCK), nonce, block);
		memcpy(d->buffer + at, block, MIN(CHACHA20_BLOCK, DRBG_BUFFER - at));
	}
	d->left = DRBG_BUFFER;
	memset(old, 0, sizeof old);
	memset(block, 0, sizeof block);
	__asm__ volatile("" : : "r"(old), "r"(block) : "memory");
}

void drbg_setup(struct drbg *d, const uint8_t seed[CHACHA20_KEY])
{
	memcpy(d->key, seed, CHACHA20_KEY);
	refill(d);
}

void drbg_stir(struct drbg *d, const uint8_t extra[CHACHA20_KEY])
{
	refill(d);
	for (unsigned i = 0; i < CHACHA20_KEY; i++)
		d->key[i] ^= extra[i];
	refill(d);
}

void drbg_bytes(struct drbg *d, void *out, size_t len)
{
	uint8_t *to = out;

	while (len) {
		size_t n = MIN(len, d->left);
		uint8_t *from = d->buffer + DRBG_BUFFER - d->left;

		memcpy(to, from, n);
		memset(from, 0, n);
		d->left -= n;
		to += n;
		len -= n;
		if (!d->left)
			refill(d);
	}
}
