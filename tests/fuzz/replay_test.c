/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fixed slice of the fuzzing, for every run of the tests: each target's seeds, then mutations of them from a fixed
 * sequence of numbers. A finding aborts, which fails that test alone.
 */
#include <criterion/criterion.h>
#include <string.h>

#include <base/bits.h>

#include "fuzz.h"

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)(random_state * 2685821657736338717ull >> 33) % n;
}

/* Changes a few bytes; sometimes cuts the end off or moves bytes. */
static size_t mutate(uint8_t *bytes, size_t len)
{
	for (unsigned n = 1 + below(6); n; n--)
		switch (below(3)) {
		case 0: bytes[below((uint32_t)len)] = (uint8_t)below(256); break;
		case 1: bytes[below((uint32_t)len)] ^= (uint8_t)(1u << below(8)); break;
		default: bytes[below((uint32_t)len)] = bytes[below((uint32_t)len)];
		}
	return below(8) ? len : 1 + below((uint32_t)len);
}

static void slice(const struct fuzz_target *target, unsigned rounds)
{
	static uint8_t bytes[FUZZ_INPUT_MAX];
	unsigned seeds = 0, k;
	size_t len;

	random_state = 88172645463325252ull;
	for (; memset(bytes, 0, sizeof bytes), (len = target->seed(seeds, bytes)) != 0; seeds++)
		target->run(bytes, len);
	cr_assert(seeds >= 3);
	for (unsigned i = 0; i < rounds; i++) {
		k = below(seeds);
		memset(bytes, 0, sizeof bytes);
		len = mutate(bytes, target->seed(k, bytes));
		target->run(bytes, len);
	}
}

#define SLICE(name, rounds)                                                                                            \
	Test(fuzz, the_fixed_slice_of_##name##_finds_nothing, .timeout = 120)                                          \
	{                                                                                                              \
		slice(&fuzz_##name, rounds);                                                                           \
	}

SLICE(mmu, 60)
SLICE(grant, 60)
SLICE(memory, 60)
SLICE(event, 60)
SLICE(acpi, 20000)
SLICE(memmap, 20000)
SLICE(bundle, 500)
SLICE(plan, 3000)
SLICE(control, 20000)
SLICE(image, 20000)
SLICE(ring, 10000)
SLICE(bvt, 500)
SLICE(rules_text, 1500)
SLICE(rules_table, 5000)
SLICE(packet, 50000)
SLICE(manage, 20000)
SLICE(unit, 20000)
SLICE(handover, 3000)
SLICE(fragment, 3000)
SLICE(dns, 5000)
SLICE(dhcp, 3000)
SLICE(relay, 3000)
SLICE(lookup, 20000)
