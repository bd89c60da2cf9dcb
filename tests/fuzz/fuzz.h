/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz targets. Each takes any bytes and returns, or aborts at a finding. The same functions are driven by libFuzzer
 * (libfuzzer.c, `make fuzz`) and, with fixed inputs, by a Criterion program (replay_test.c, `make test`).
 */
#ifndef CAMBIUM_TESTS_FUZZ_H
#define CAMBIUM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#define FUZZ_INPUT_MAX 8192u

struct fuzz_target {
	const char *name;
	void (*run)(const uint8_t *bytes, size_t len);
	/* Writes seed number @n to @out (FUZZ_INPUT_MAX bytes, zeroed) and returns its length; 0: there are no more. */
	size_t (*seed)(unsigned n, uint8_t *out);
	unsigned max_len; /* of an input */
};

extern const struct fuzz_target fuzz_mmu, fuzz_grant, fuzz_memory, fuzz_event, fuzz_acpi, fuzz_memmap, fuzz_bundle,
	fuzz_plan, fuzz_control, fuzz_image, fuzz_ring, fuzz_bvt, fuzz_rules_text, fuzz_rules_table, fuzz_packet,
	fuzz_manage, fuzz_unit, fuzz_handover, fuzz_fragment, fuzz_dns, fuzz_dhcp, fuzz_relay, fuzz_lookup;

#define FUZZ_TARGETS                                                                                                   \
	{                                                                                                              \
		&fuzz_mmu, &fuzz_grant, &fuzz_memory, &fuzz_event, &fuzz_acpi, &fuzz_memmap, &fuzz_bundle, &fuzz_plan, \
			&fuzz_control, &fuzz_image, &fuzz_ring, &fuzz_bvt, &fuzz_rules_text, &fuzz_rules_table,        \
			&fuzz_packet, &fuzz_manage, &fuzz_unit, &fuzz_handover, &fuzz_fragment, &fuzz_dns, &fuzz_dhcp, \
			&fuzz_relay, &fuzz_lookup                                                                      \
	}

/* What is left of an input; behind its end there are zeros. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

static inline uint32_t fuzz_byte(struct fuzz_input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

/* A number below @n, n > 0: of one byte where that is enough. */
static inline uint32_t fuzz_below(struct fuzz_input *in, uint32_t n)
{
	uint32_t v = fuzz_byte(in);

	if (n > 256)
		v |= fuzz_byte(in) << 8;
	return v % n;
}

/* Fixed pseudo-random bytes; seeds of the targets that take any. */
void fuzz_random(uint64_t seed, uint8_t *out, size_t len);

#endif
