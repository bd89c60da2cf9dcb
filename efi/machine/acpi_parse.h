/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables as bytes (ACPI 6.4, chapter 5; MCFG: PCI Firmware 3.0, 4.1.2; HPET: IA-PC HPET 1.0a, 3.2.4; DMAR: VT-d,
 * chapter 8). A parser gets a table and the number of bytes that may be read there, trusts nothing in it, and either fills
 * its result or says what is wrong. None keeps a pointer.
 */
#ifndef CAMBIUM_EFI_MACHINE_ACPI_PARSE_H
#define CAMBIUM_EFI_MACHINE_ACPI_PARSE_H

#include <abi/boot.h>
#include <stdbool.h>

#define ACPI_HEADER_BYTES 36u
#define ACPI_RSDP_BYTES 36u       /* what a reader of an RSDP must offer to be read */
#define ACPI_TABLE_MAX (1u << 20) /* no table of a machine is longer, and no walk shall be */

#define ACPI_ERRORS(E)                                                                                                 \
	E(ACPI_OK, "no error")                                                                                         \
	E(ACPI_SHORT, "shorter than its own fields")                                                                   \
	E(ACPI_SIGNATURE, "wrong signature")                                                                           \
	E(ACPI_LENGTH, "impossible length")                                                                            \
	E(ACPI_CHECKSUM, "wrong checksum")                                                                             \
	E(ACPI_ABSENT, "absent")                                                                                       \
	E(ACPI_ADDRESS, "impossible address")              /* that nothing can have, or that two things have */        \
	E(ACPI_TOO_MANY, "names more than can be handled") /* sound, but leaving one out would be wrong */             \
	E(ACPI_SECOND, "the first one counts")

enum acpi_error {
#define ACPI_ERROR_NAME(name, text) name,
	ACPI_ERRORS(ACPI_ERROR_NAME)
};

struct acpi_bytes;

struct acpi_rsdp {
	uint64_t root; /* physical address of the XSDT or RSDT */
	bool xsdt;     /* entries of 8 bytes */
};

/* @error in a few words, for the log. */
const char *acpi_error_text(enum acpi_error error);

/* The root pointer at @bytes. */
enum acpi_error acpi_rsdp_parse(const uint8_t *bytes, uint64_t len, struct acpi_rsdp *out);

/* Length of the table whose first ACPI_HEADER_BYTES are at @bytes, between that and ACPI_TABLE_MAX; 0: impossible. */
uint32_t acpi_table_length(const uint8_t *bytes);

/* Checks signature (4 characters), length and checksum of a whole table of which @len bytes can be read. */
enum acpi_error acpi_table_check(const uint8_t *bytes, uint64_t len, const char *signature);

/* Number of entries of the XSDT (@xsdt) or RSDT that acpi_table_check() accepted, and the @i-th physical address. */
uint32_t acpi_root_count(const uint8_t *bytes, bool xsdt);
uint64_t acpi_root_entry(const uint8_t *bytes, bool xsdt, uint32_t i);

/* A kind of table that is read. */
struct acpi_kind {
	const char *signature, *name;
	uint16_t least; /* bytes */
	uint16_t has;   /* where its has_x is in struct boot_machine */
	enum acpi_error (*parse)(const struct acpi_bytes *t, struct boot_machine *out);
};

/* The kind with the 4 characters @signature; NULL: of no interest. */
const struct acpi_kind *acpi_kind_find(const void *signature);

/*
 * Checks the whole table as acpi_table_check() does, and fills in its part of @out. ACPI_SECOND: @out has that already. Of the
 * DSDT the package \_S5 is looked for in the byte code, without interpreting it.
 */
enum acpi_error acpi_parse(const struct acpi_kind *kind, const uint8_t *bytes, uint64_t len, struct boot_machine *out);

#endif
