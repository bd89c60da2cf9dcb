/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash whose collisions nobody finds without
 * the key.
 */
#ifndef CAMBIUM_NET_CORE_SIPHASH_H
#define CAMBIUM_NET_CORE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t words[2]; /* the 16 key bytes, each half little-endian */
};

/* The hash of the @len bytes at @data under @key. */
uint64_t siphash(const struct siphash_key *key, const void *data, size_t len);

/* The same of SIPHASH_SHORT_LEN bytes, which stand in two words, the first byte lowest; the last word's highest byte is 0. */
#define SIPHASH_SHORT_LEN 15u
uint64_t siphash_short(const struct siphash_key *key, uint64_t first, uint64_t rest);

#endif
