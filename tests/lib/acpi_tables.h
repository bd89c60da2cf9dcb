/* SPDX-License-Identifier: BSD-2-Clause */
/* ACPI tables for tests: a builder, and tables as machines have them. */
#ifndef CAMBIUM_TESTS_ACPI_TABLES_H
#define CAMBIUM_TESTS_ACPI_TABLES_H

#include <stdint.h>

struct acpi_table {
	uint8_t bytes[4096];
	uint32_t len;
};

/* A header with @signature (4 characters) and the fields behind it, little-endian; finished with length and checksum. */
void table_begin(struct acpi_table *t, const char *signature);
void table_put(struct acpi_table *t, uint64_t value, unsigned width);
void table_zeros(struct acpi_table *t, uint32_t upto);
void table_finish(struct acpi_table *t);
/* Makes the sum of the first @len of @bytes zero by the byte at @at. */
void table_checksum(uint8_t *bytes, uint32_t len, uint32_t at);

/* A DMAR up to its first structure; a unit with room for @scope_bytes of scopes; a scope with a path of one hop. */
void dmar_begin(struct acpi_table *t, unsigned flags);
void dmar_unit(struct acpi_table *t, unsigned flags, unsigned segment, uint64_t base, unsigned scope_bytes);
void dmar_scope(struct acpi_table *t, unsigned type, unsigned id, unsigned bus, unsigned device, unsigned function);

/* A DMAR of a desktop: graphics' own unit at 0xfed90000, all else at 0xfed91000 with I/O APIC 2 at f0:1f.0; a reserved region. */
void dmar_desktop(struct acpi_table *t);

#define ACPI_SAMPLES 18u

struct acpi_sample {
	const char *machine, *signature;
	void (*build)(struct acpi_table *t); /* in the shape of a real machine's; NULL: as QEMU gave it */
	const char *hex;
};

extern const struct acpi_sample acpi_samples[ACPI_SAMPLES];

/* The table of sample @i. */
void acpi_sample_get(unsigned i, struct acpi_table *t);

#endif
