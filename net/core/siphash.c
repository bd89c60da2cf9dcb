/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-2-4. The state is four words; each 8-byte word of the message is xored in before and
 * after two rounds, the last word carries the length, and four rounds finish.
 */
#include <string.h>

#include "siphash.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words of the message are read as they stand");

struct sip_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate_left(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_round(struct sip_state *s)
{
	s->v0 += s->v1;
	s->v1 = rotate_left(s->v1, 13) ^ s->v0;
	s->v0 = rotate_left(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate_left(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate_left(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate_left(s->v1, 17) ^ s->v2;
	s->v2 = rotate_left(s->v2, 32);
}

static inline void sip_word(struct sip_state *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

static inline struct sip_state sip_begin(const struct siphash_key *key)
{
	return (struct sip_state){
		.v0 = key->words[0] ^ 0x736f6d6570736575u,
		.v1 = key->words[1] ^ 0x646f72616e646f6du,
		.v2 = key->words[0] ^ 0x6c7967656e657261u,
		.v3 = key->words[1] ^ 0x7465646279746573u,
	};
}

static inline uint64_t sip_end(struct sip_state *s)
{
	s->v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t siphash(const struct siphash_key *key, const void *data, size_t len)
{
	struct sip_state s = sip_begin(key);
	const uint8_t *p = data;
	uint64_t word;
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8) {
		memcpy(&word, p, 8);
		sip_word(&s, word);
	}
	word = 0;
	memcpy(&word, p, left);
	sip_word(&s, word | (uint64_t)len << 56);
	return sip_end(&s);
}

uint64_t siphash_short(const struct siphash_key *key, uint64_t first, uint64_t rest)
{
	struct sip_state s = sip_begin(key);

	sip_word(&s, first);
	sip_word(&s, rest | (uint64_t)SIPHASH_SHORT_LEN << 56);
	return sip_end(&s);
}
