/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables as hostile bytes. The first byte says which parser; its high bit has the checksums repaired, so that what
 * lies behind them is reached. The bytes stand in a heap block of just their length: AddressSanitizer sees each read
 * outside.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>
#include <vmm/core/acpi_parse.h>

static const char *const signatures[] = {"RSD PTR ", "APIC", "MCFG", "HPET", "FACP", "DSDT", "XSDT", "RSDT"};

static void repair(uint8_t *bytes, size_t len, size_t at)
{
	uint8_t sum = 0;

	if (at >= len)
		return;
	bytes[at] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[at] = (uint8_t)-sum;
}

static void run_madt(const uint8_t *bytes, size_t len)
{
	struct acpi_madt madt;

	if (acpi_madt_parse(bytes, len, &madt) != ACPI_OK)
		return;
	cr_assert(madt.cpu_count <= ACPI_CPU_MAX && madt.ioapic_count <= ACPI_IOAPIC_MAX);
}

static void run_mcfg(const uint8_t *bytes, size_t len)
{
	struct acpi_mcfg mcfg;

	if (acpi_mcfg_parse(bytes, len, &mcfg) != ACPI_OK)
		return;
	cr_assert(mcfg.count <= ACPI_ECAM_MAX);
	for (uint32_t i = 0; i < mcfg.count; i++)
		cr_assert(mcfg.ecam[i].start_bus <= mcfg.ecam[i].end_bus);
}

static void run_root(const uint8_t *bytes, size_t len, bool xsdt)
{
	if (acpi_table_check(bytes, len, xsdt ? "XSDT" : "RSDT") != ACPI_OK)
		return;
	for (uint32_t i = 0; i < acpi_root_count(bytes, xsdt); i++)
		(void)acpi_root_entry(bytes, xsdt, i);
}

static void parse(unsigned which, const uint8_t *bytes, size_t len)
{
	struct acpi_rsdp rsdp;
	struct acpi_hpet hpet;
	struct acpi_fadt fadt;
	struct acpi_s5 s5;

	switch (which) {
	case 0:
		if (acpi_rsdp_parse(bytes, len, &rsdp) == ACPI_OK)
			cr_assert(rsdp.root);
		break;
	case 1: run_madt(bytes, len); break;
	case 2: run_mcfg(bytes, len); break;
	case 3: (void)acpi_hpet_parse(bytes, len, &hpet); break;
	case 4: (void)acpi_fadt_parse(bytes, len, &fadt); break;
	case 5: (void)acpi_s5_find(bytes, len, &s5); break;
	default: run_root(bytes, len, which == 6);
	}
}

static void run(const uint8_t *input, size_t len)
{
	unsigned which = len ? input[0] % 8 : 0;
	bool fix = len && input[0] & 0x80;
	uint8_t *bytes;

	if (len < 2)
		return;
	len--;
	bytes = malloc(len);
	memcpy(bytes, input + 1, len);
	if (fix && len >= 8) {
		memcpy(bytes, signatures[which], which ? 4 : 8);
		if (which) {
			uint32_t total = (uint32_t)len;
			memcpy(bytes + 4, &total, 4);
			repair(bytes, len, 9);
		} else {
			repair(bytes, MIN(len, 20), 8);
			repair(bytes, len, 32);
		}
	}
	parse(which, bytes, len);
	free(bytes);
}

/* A table of each kind with a few records of its own. */
static size_t seed(unsigned n, uint8_t *out)
{
	static const uint8_t madt[] = {0, 0, 0xe0, 0xfe, 1,    0, 0, 0, 0, 8, 0,  0, 1, 0, 0, 0, 1, 12, 0,
				       0, 0, 0,    0xc0, 0xfe, 0, 0, 0, 0, 2, 10, 0, 9, 9, 0, 0, 0, 13, 0};
	static const uint8_t s5[] = {8, '_', 'S', '5', '_', 0x12, 6, 4, 10, 5, 10, 5, 0, 0};

	if (n >= 8)
		return 0;
	out[0] = (uint8_t)(0x80 | n);
	out[1 + 15] = n ? 0 : 2;
	if (n == 1)
		memcpy(out + 1 + 36, madt, sizeof madt);
	else if (n == 5)
		memcpy(out + 1 + 36, s5, sizeof s5);
	else if (n)
		fuzz_random(n, out + 1 + 36, 100);
	if (n == 2)
		out[1 + 44 + 10] = 0, out[1 + 44 + 11] = 255;
	return n == 0 ? 37 : n == 4 ? 1 + 132 : 1 + 36 + 64;
}

const struct fuzz_target fuzz_acpi = {"acpi", run, seed, 512};
