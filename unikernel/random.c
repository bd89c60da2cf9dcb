/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random bytes: ChaCha20 from the seed that the builder gave, with RDRAND stirred in at the start and after every 64 KiB
 * where the CPU has it. RDRAND is never the only source, and failing costs nothing but its contribution.
 */
#include <cpuid.h>
#include <string.h>

#include "core/chacha20.h"
#include "runtime.h"

#define STIR_EVERY 65536u

static struct drbg drbg;
static size_t since_stir;
static bool have_rdrand;

static bool rdrand(uint64_t *out)
{
	unsigned char ok = 0;

	for (unsigned i = 0; i < 10 && !ok; i++)
		__asm__ volatile("rdrand %0; setc %1" : "=r"(*out), "=qm"(ok) : : "cc");
	return ok;
}

static void stir(void)
{
	uint64_t words[CHACHA20_KEY / 8] = {0};

	since_stir = 0;
	if (!have_rdrand)
		return;
	for (unsigned i = 0; i < CHACHA20_KEY / 8; i++)
		rdrand(&words[i]);
	drbg_stir(&drbg, (const uint8_t *)words);
}

void random_setup(const struct start_info *start)
{
	unsigned a, b, c = 0, d;

	_Static_assert(START_SEED_BYTES == CHACHA20_KEY, "the seed is a key");
	have_rdrand = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_RDRND);
	drbg_setup(&drbg, start->seed);
	stir();
}

void random_bytes(void *out, size_t len)
{
	if (since_stir > STIR_EVERY)
		stir();
	since_stir += len;
	drbg_bytes(&drbg, out, len);
}
