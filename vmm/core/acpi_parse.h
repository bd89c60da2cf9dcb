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

enum acpi_error {
	ACPI_OK = 0,
	ACPI_SHORT,     /* the table ends before its own fields do */
	ACPI_SIGNATURE, /* not the table that was asked for */
	ACPI_LENGTH,    /* a length field is impossible */
	ACPI_CHECKSUM,
	ACPI_ABSENT,   /* what was looked for is not there */
	ACPI_ADDRESS,  /* an address that nothing can have, or that two things have */
	ACPI_TOO_MANY, /* sound, but more than can be held, and leaving one out would be wrong */
};

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

/* Name of @error in a few words, for the log. */
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

/* Each checks the whole table first, as acpi_table_check() does. */
enum acpi_error acpi_madt_parse(const uint8_t *bytes, uint64_t len, struct acpi_madt *out);
enum acpi_error acpi_mcfg_parse(const uint8_t *bytes, uint64_t len, struct acpi_mcfg *out);
enum acpi_error acpi_dmar_parse(const uint8_t *bytes, uint64_t len, struct acpi_remapping *out);
enum acpi_error acpi_hpet_parse(const uint8_t *bytes, uint64_t len, struct acpi_hpet *out);
enum acpi_error acpi_fadt_parse(const uint8_t *bytes, uint64_t len, struct acpi_fadt *out);

/* Looks for the package \_S5 in the DSDT's byte code without interpreting it. */
enum acpi_error acpi_s5_find(const uint8_t *bytes, uint64_t len, struct acpi_s5 *out);

#endif
