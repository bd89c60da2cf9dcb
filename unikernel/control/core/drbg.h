/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small deterministic random bit generator: SHA-256 over a secret key and a counter, the key replaced after every
 * request, so that what was given out cannot be computed from what is left (backtracking resistance in the sense of NIST
 * SP 800-90A). As good as its seed.
 */
#ifndef CAMBIUM_CONTROL_DRBG_H
#define CAMBIUM_CONTROL_DRBG_H

#include <base/sha256.h>

struct drbg {
	uint8_t key[SHA256_LEN];
	uint64_t counter;
};

/* The next SHA256_LEN bytes for the purpose @purpose. */
static inline void drbg_block(const struct drbg *r, uint8_t purpose, uint8_t out[SHA256_LEN])
{
	struct sha256 s;

	sha256_init(&s);
	sha256_update(&s, &purpose, sizeof purpose);
	sha256_update(&s, r->key, sizeof r->key);
	sha256_update(&s, &r->counter, sizeof r->counter);
	sha256_final(&s, out);
}

/* Starts @r from @seed, SHA256_LEN bytes of entropy. */
static inline void drbg_init(struct drbg *r, const uint8_t seed[SHA256_LEN])
{
	r->counter = 0;
	for (unsigned i = 0; i < SHA256_LEN; i++)
		r->key[i] = seed[i];
}

/* SHA256_LEN fresh bytes to @out. */
static inline void drbg_take(struct drbg *r, uint8_t out[SHA256_LEN])
{
	uint8_t next[SHA256_LEN];

	r->counter++;
	drbg_block(r, 1, out);
	drbg_block(r, 2, next);
	for (unsigned i = 0; i < SHA256_LEN; i++)
		r->key[i] = next[i];
}

/* 64 fresh bits. */
static inline uint64_t drbg_u64(struct drbg *r)
{
	uint8_t bytes[SHA256_LEN];
	uint64_t v = 0;

	drbg_take(r, bytes);
	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | bytes[i];
	return v;
}

#endif
