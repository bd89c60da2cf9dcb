/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Randomness: RDRAND, retried as the Intel SDM (vol. 1, 7.3.17) says. Where the CPU has none the machine does not start
 * unless the operator accepts guessable seeds.
 */
#include "random.h"

#include <stdbool.h>

#include "cpu_features.h"
#include "early.h"
#include "log.h"
#include "x86.h"

#define RETRIES 64u

static bool hardware;
static uint64_t state;

static bool rdrand(uint64_t *v)
{
	for (unsigned i = 0; i < RETRIES; i++) {
		bool ok;

		__asm__ volatile("rdrand %0" : "=r"(*v), "=@ccc"(ok));
		if (ok)
			return true;
	}
	return false;
}

void random_init(void)
{
	uint64_t v;

	hardware = cpu_policy()->rdrand && rdrand(&v);
	if (hardware)
		return;
	if (!(early_boot()->options & BOOT_INSECURE_RANDOM))
		log_fatal("no source of randomness: the CPU lacks RDRAND. Use another CPU model, or insecure=random");
	log_line("warning: insecure=random: seeds come from the clock and can be guessed");
	state = rdtsc();
}

uint64_t random_u64(void)
{
	uint64_t v = 0;

	if (hardware) {
		if (!rdrand(&v))
			log_fatal("RDRAND has stopped giving numbers");
		return v;
	}
	/* splitmix64 over the clock: spreads bits, hides nothing. */
	state += 0x9e3779b97f4a7c15ull + rdtsc();
	v = (state ^ state >> 30) * 0xbf58476d1ce4e5b9ull;
	v = (v ^ v >> 27) * 0x94d049bb133111ebull;
	return v ^ v >> 31;
}
