/* SPDX-License-Identifier: BSD-2-Clause */
/* The ChaCha20 block function (RFC 8439, 2.3) and a generator of random bytes made of it. */
#ifndef UNIKERNEL_CORE_CHACHA20_H
#define UNIKERNEL_CORE_CHACHA20_H

#include <stddef.h>
#include <stdint.h>

#define CHACHA20_KEY 32u
#define CHACHA20_NONCE 12u
#define CHACHA20_BLOCK 64u

void chacha20_block(const uint8_t key[CHACHA20_KEY], uint32_t counter, const uint8_t nonce[CHACHA20_NONCE],
		    uint8_t out[CHACHA20_BLOCK]);

/*
 * A deterministic generator with fast key erasure: each refill makes a new key first and forgets the old one, and bytes
 * handed out are wiped, so that a later look at the state tells nothing of the past.
 */
#define DRBG_BUFFER 480u

struct drbg {
	uint8_t key[CHACHA20_KEY];
	uint8_t buffer[DRBG_BUFFER];
	size_t left; /* unused bytes at the end of buffer */
};

/* Starts from @seed; equal seeds give equal streams. */
void drbg_setup(struct drbg *d, const uint8_t seed[CHACHA20_KEY]);

/* Stirs @extra into the key. The result is at least as hard to guess as the better of the two. */
void drbg_stir(struct drbg *d, const uint8_t extra[CHACHA20_KEY]);

/* The next @len bytes. */
void drbg_bytes(struct drbg *d, void *out, size_t len);

#endif
