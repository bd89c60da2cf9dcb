/* SPDX-License-Identifier: BSD-2-Clause */
/* Random words: from the CPU (RDRAND, retried as the Intel SDM, vol. 1, 7.3.17, says), or, guessable, from the clock. */
#include "random.h"

#include <stddef.h>

#include "notes.h"

#define RETRIES 64u

bool random_fill(struct boot_info *info, bool (*source)(uint64_t *word))
{
	for (unsigned i = 0; i < BOOT_RANDOM_WORDS; i++) {
		unsigned tries = 0;

		while (!source(&info->random[i]))
			if (++tries == RETRIES)
				return false;
	}
	return true;
}

void random_guessable(struct boot_info *info, uint64_t clock)
{
	NOTE(info, "warning: insecure=random: seeds come from the clock and can be guessed");
	/* splitmix64: spreads bits, hides nothing. */
	for (unsigned i = 0; i < BOOT_RANDOM_WORDS; i++) {
		uint64_t v = clock += 0x9e3779b97f4a7c15ull;

		v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ull;
		v = (v ^ v >> 27) * 0x94d049bb133111ebull;
		info->random[i] = v ^ v >> 31;
	}
}
