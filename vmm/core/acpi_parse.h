/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables as bytes (ACPI 6.4, chapter 5; MCFG: PCI Firmware 3.0, 4.1.2; HPET: IA-PC HPET 1.0a, 3.2.4; DMAR: VT-d,
 * chapter 8). A parser gets a table and the number of bytes that may be read there, trusts nothing in it, and either fills
 * its result or says what is wrong. None keeps a pointer.
 */
#ifndef CAMBIUM_VMM_CORE_ACPI_PARSE_H
#define CAMBIUM_VMM_CORE_ACPI_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#define ACPI_HEADER_BYTES 36u
#define ACPI_RSDP_BYTES 36u       /* what a reader of an RSDP must offer to be read */
#define ACPI_TABLE_MAX (1u << 20) /* each may be mapped for its own: all must fit into the device map */
#define ACPI_CPU_MAX 64u
#define ACPI_IOAPIC_MAX 32u
#define ACPI_ISA_IRQS 16u
#define ACPI_ECAM_MAX 4u
#define ACPI_DMAR_UNITS 64u

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

struct acpi_madt {
	uint32_t cpu_count;
	uint32_t cpus_left_out; /* more than ACPI_CPU_MAX, or with an id that needs x2APIC */
	uint8_t cpu_apic_id[ACPI_CPU_MAX];
	uint32_t ioapic_count;
	struct acpi_ioapic {
		uint32_t address, gsi_base;
		uint8_t id;
	} ioapic[ACPI_IOAPIC_MAX];
	struct acpi_irq {
		uint32_t gsi;
		bool active_low, level;
	} isa[ACPI_ISA_IRQS]; /* where each ISA interrupt arrives: identity unless overridden */
};

struct acpi_mcfg {
	uint32_t count;
	struct acpi_ecam {
		uint64_t base; /* physical address of bus 0's window, even when start_bus is not 0 */
		uint16_t segment;
		uint8_t start_bus, end_bus;
	} ecam[ACPI_ECAM_MAX];
};

struct acpi_remapping {
	bool interrupt_remap; /* the platform supports interrupt remapping */
	uint32_t unit_count, ioapic_count;
	uint32_t reserved_regions; /* RMRRs */
	struct acpi_dmar_unit {
		uint64_t base; /* physical address of its registers */
		uint16_t segment;
	} unit[ACPI_DMAR_UNITS];
	struct acpi_dmar_ioapic {
		uint8_t id;
		uint16_t sid; /* what its interrupt requests come from: bus << 8 | device << 3 | function */
	} ioapic[ACPI_IOAPIC_MAX];
};

struct acpi_hpet {
	uint64_t base; /* physical address; memory space only */
};

/* A generic address: only space 0 (memory) and 1 (I/O ports) are reported, all else as absent (address 0). */
struct acpi_register {
	uint64_t address;
	bool io;
};

struct acpi_fadt {
	uint64_t dsdt;
	uint16_t pm_timer_port;              /* 0: none */
	bool pm_timer_32;                    /* 32 bits wide, else 24 */
	uint16_t pm1a_control, pm1b_control; /* I/O ports; 0: none */
	uint16_t smi_command; /* I/O port that switches ACPI mode on when acpi_enable is written; 0: none */
	uint8_t acpi_enable;
	struct acpi_register reset;
	uint8_t reset_value;
};

struct acpi_s5 {
	uint8_t typ_a, typ_b;
};

/* What is read of the tables; a part counts when its has_x is set. */
struct acpi_info {
	bool has_madt, has_mcfg, has_dmar, has_hpet, has_fadt, has_s5;
	struct acpi_madt madt;
	struct acpi_mcfg mcfg;
	struct acpi_remapping dmar;
	struct acpi_hpet hpet;
	struct acpi_fadt fadt;
	struct acpi_s5 s5;
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
	char signature[5], name[5];
	uint16_t least; /* bytes */
	uint16_t has;   /* where its has_x is in struct acpi_info */
	enum acpi_error (*parse)(const struct acpi_bytes *t, struct acpi_info *out);
};

/* The kind with the 4 characters @signature; NULL: of no interest. */
const struct acpi_kind *acpi_kind_find(const void *signature);

/*
 * Checks the whole table as acpi_table_check() does, and fills in its part of @out. ACPI_SECOND: @out has that already. Of the
 * DSDT the package \_S5 is looked for in the byte code, without interpreting it.
 */
enum acpi_error acpi_parse(const struct acpi_kind *kind, const uint8_t *bytes, uint64_t len, struct acpi_info *out);

#endif
