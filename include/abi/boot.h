/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a boot door (the UEFI loader, or the PVH entry) tells the hypervisor. Both doors fill the same structure and
 * nothing behind them knows which one it was.
 *
 * Entry contract, 64-bit: interrupts off, the 8259s masked at BOOT_LEGACY_VECTOR, the local APIC in xAPIC mode, RDI = physical address of struct boot_info, CR3 = tables that map the first
 * 4 GiB (at least) one to one and the hypervisor's image at its link address; a stack of at least 4 KiB. Everything
 * that boot_info points to lies below 4 GiB. The hypervisor copies what it wants to keep before it reuses any memory of
 * type BOOT_MEMORY_LOADER.
 */
#ifndef CAMBIUM_ABI_BOOT_H
#define CAMBIUM_ABI_BOOT_H

#include <stdint.h>

#define BOOT_INFO_MAGIC 0x3530544f4f424d43ull /* "CMBOOT05" */
#define BOOT_MEMORY_MAX 512u
#define BOOT_MEMORY_TOP (1ull << 46) /* no memory from here on: what the hypervisor's direct map holds */
#define BOOT_LOW_END 0x100000ull     /* what begins below is for nobody but to start processors */
#define BOOT_CMDLINE_MAX 256u
#define BOOT_NOTES_MAX 4096u
#define BOOT_CPU_MAX 64u
#define BOOT_IOAPIC_MAX 32u
#define BOOT_ISA_IRQS 16u
#define BOOT_ECAM_MAX 4u
#define BOOT_DMAR_UNITS 64u
#define BOOT_WINDOWS_MAX (1u + BOOT_IOAPIC_MAX + BOOT_DMAR_UNITS + 1u + BOOT_ECAM_MAX)
#define BOOT_WINDOW_NAME 24u
#define BOOT_REFUSAL_MAX 192u
#define BOOT_RANDOM_WORDS 16u
#define BOOT_LEGACY_VECTOR 0x20u /* of the first of 16 lines: masked, spurious ones possible */
#define BOOT_TSC_HZ_MIN 1000000ull
#define BOOT_TSC_HZ_MAX 100000000000ull
#define BOOT_APIC_HZ_MIN 100000ull
#define BOOT_XSTATE_MAX 4096u

/* An ELF segment of the hypervisor's file with this flag (of those for the system) is the PVH door's: nobody else loads it. */
#define BOOT_SEGMENT_PVH 0x00100000u

/* By how little use the memory is. */
#define BOOT_MEMORY_USABLE 1u   /* free RAM */
#define BOOT_MEMORY_LOADER 2u   /* RAM free once the hypervisor has left the loader's tables and read boot_info */
#define BOOT_MEMORY_FIRMWARE 3u /* ACPI tables and firmware run-time memory: readable, never reused */
#define BOOT_MEMORY_BUNDLE 4u   /* the bundle: stays reserved */
#define BOOT_MEMORY_IMAGE 5u    /* the hypervisor's own image */
#define BOOT_MEMORY_RESERVED 6u /* RAM or device memory that must not be used */

/*
 * One range of physical memory, page aligned. Ranges ascend and do not overlap, none crosses BOOT_LOW_END, neighbours that are
 * alike are one but there.
 */
struct boot_memory {
	uint64_t start; /* physical address, bytes */
	uint64_t pages; /* at least one */
	uint32_t type;  /* BOOT_MEMORY_x */
	uint32_t reserved0;
};

struct boot_framebuffer {
	uint64_t base; /* physical address; 0: none */
	uint32_t width, height, stride, format;
};

/* Local APICs, I/O APICs, and where each ISA interrupt arrives: identity unless overridden (ACPI 6.4, 5.2.12). */
struct boot_madt {
	uint32_t cpu_count;
	uint32_t cpus_left_out; /* more than BOOT_CPU_MAX, or with an id that needs x2APIC */
	uint32_t ioapic_count;
	uint32_t reserved0;
	uint8_t cpu_apic_id[BOOT_CPU_MAX];
	struct boot_ioapic {
		uint32_t address, gsi_base;
		uint8_t id, reserved0[3];
	} ioapic[BOOT_IOAPIC_MAX];
	struct boot_irq {
		uint32_t gsi;
		uint8_t active_low, level; /* 0 or 1 */
		uint16_t reserved0;
	} isa[BOOT_ISA_IRQS];
};

/* Windows of PCI configuration space (PCI Firmware 3.0, 4.1.2). */
struct boot_mcfg {
	uint32_t count, reserved0;
	struct boot_ecam {
		uint64_t base; /* physical address of bus 0's window, even when start_bus is not 0 */
		uint16_t segment;
		uint8_t start_bus, end_bus;
		uint32_t reserved0;
	} ecam[BOOT_ECAM_MAX];
};

/* Intel's remapping units, and the I/O APICs whose interrupts they remap (VT-d, chapter 8). */
struct boot_dmar {
	uint32_t interrupt_remap; /* 1: the platform supports it */
	uint32_t unit_count, ioapic_count;
	uint32_t reserved_regions; /* RMRRs */
	struct boot_dmar_unit {
		uint64_t base; /* physical address of its registers */
		uint16_t segment, reserved0[3];
	} unit[BOOT_DMAR_UNITS];
	struct boot_dmar_ioapic {
		uint16_t sid; /* what its interrupt requests come from: bus << 8 | device << 3 | function */
		uint8_t id, reserved0;
	} ioapic[BOOT_IOAPIC_MAX];
};

struct boot_hpet {
	uint64_t base; /* physical address; memory space only */
};

/*
 * How fast the clocks run, in ticks a second: the TSC, the local APIC's timer with a divider of 1, and the steady one that they were
 * measured against, which counts up and begins anew behind steady_mask.
 */
struct boot_clock {
	uint64_t tsc_hz, apic_hz, steady_hz;
	uint64_t hpet; /* physical address of the steady one's registers; 0: it is the PM timer */
	uint32_t steady_mask, reserved0;
};

/* A generic address: only memory and I/O ports are told of, all else is absent (address 0). */
struct boot_register {
	uint64_t address;
	uint32_t io; /* 1: a port */
	uint32_t reserved0;
};

/* Clock, power and reset (ACPI 6.4, 5.2.9). Ports; 0: none. */
struct boot_fadt {
	uint64_t dsdt; /* physical address of the table with the sleep types, which the door has read */
	uint16_t pm_timer_port;
	uint16_t pm1a_control, pm1b_control;
	uint16_t smi_command; /* switches ACPI mode on when acpi_enable is written */
	uint8_t acpi_enable;
	uint8_t pm_timer_32; /* 1: the timer is 32 bits wide, else 24 */
	uint8_t reset_value; /* what to write to the reset register */
	uint8_t reserved0[5];
	struct boot_register reset;
};

/* Sleep types of the state "soft off". */
struct boot_s5 {
	uint8_t typ_a, typ_b;
};

/* Where registers are, page aligned or not. */
struct boot_window {
	uint64_t start, bytes;       /* physical */
	char name[BOOT_WINDOW_NAME]; /* NUL-terminated: "an I/O APIC" */
};

/*
 * What the firmware's tables say of the machine, as far as a door believes it: no registers lie over memory, over each other
 * or where the CPU has no address. Of what is not there (has_x is 0) nothing is to be used.
 */
struct boot_machine {
	uint8_t has_madt, has_mcfg, has_dmar, has_hpet, has_fadt, has_s5;
	struct boot_s5 s5;
	struct boot_madt madt;
	struct boot_mcfg mcfg;
	struct boot_dmar dmar;
	struct boot_hpet hpet;
	struct boot_fadt fadt;
	struct boot_clock clock; /* all zero where cpu.refusal says that there is none */
	uint64_t address_end;    /* the CPU has no physical address from here on */
	uint32_t window_count, reserved0;
	struct boot_window window[BOOT_WINDOWS_MAX]; /* of the local APIC and of all that is here */
};

/* What the CPU suffers from, or is not known to be safe from. */
#define SUFFERS_MELTDOWN 0x1u
#define SUFFERS_SPECTRE_V1 0x2u
#define SUFFERS_SPECTRE_V2 0x4u
#define SUFFERS_SSB 0x8u
#define SUFFERS_L1TF 0x10u
#define SUFFERS_MDS 0x20u
#define SUFFERS_TAA 0x40u
#define SUFFERS_MMIO 0x80u /* MMIO stale data */

/* What to do on this CPU. Flags are 0 or 1. */
struct boot_cpu {
	uint64_t cr4, efer; /* whole values to load */
	uint64_t xcr0;      /* state components to enable; meaningful with xsave */
	uint32_t
		xstate_bytes; /* size of the save area: 512 for FXSAVE, else that of XSAVE's standard format for xcr0 */
	uint32_t vendor, family, model, stepping;
	uint32_t suffers;          /* SUFFERS_x */
	uint8_t insecure_meltdown; /* started all the same: the override was given and needed */
	uint8_t clear_buffers; /* VERW clears CPU buffers: to be used on the way to ring 3 when suffers has MDS, TAA, MMIO */
	uint8_t hypervisor; /* runs inside a virtual machine */
	uint8_t pge, smep, smap, umip, fsgsbase, xsave, gib_pages, rdrand, mca;
	uint8_t reserved0[4];
	char refusal[BOOT_REFUSAL_MAX]; /* NUL-terminated line for the operator, with the remedy; empty: accepted */
};

/* Words of the command line. */
#define BOOT_INSECURE_MELTDOWN 0x1u /* insecure=meltdown */
#define BOOT_INSECURE_RANDOM 0x2u   /* insecure=random */
#define BOOT_CHECK_FREED 0x4u       /* check=freed */

struct boot_info {
	uint64_t magic;
	uint64_t image_base;  /* physical address of the hypervisor's first byte, 2 MiB aligned */
	uint64_t image_bytes; /* memory it occupies, .bss included */
	uint64_t bundle_base; /* physical, page aligned */
	uint64_t bundle_bytes;
	uint64_t wall_clock;  /* seconds since 1970 UTC at entry; 0: unknown */
	uint32_t serial_port; /* I/O port of the console UART; 0: none */
	uint32_t memory_count;
	struct boot_framebuffer framebuffer;
	char cmdline[BOOT_CMDLINE_MAX]; /* NUL-terminated */
	struct boot_memory memory[BOOT_MEMORY_MAX];
	uint32_t options, reserved0;        /* BOOT_x, of the words in cmdline */
	uint64_t random[BOOT_RANDOM_WORDS]; /* fresh, for one use each */
	struct boot_cpu cpu;
	struct boot_machine machine;
	char notes[BOOT_NOTES_MAX]; /* lines for the log, each NUL-terminated; an empty one ends them */
};

#ifdef __cplusplus
static_assert(sizeof(struct boot_memory) == 24, "boot_memory layout");
static_assert(sizeof(struct boot_cpu) == 256, "boot_cpu layout");
static_assert(sizeof(struct boot_machine) == 6024, "boot_machine layout");
#else
_Static_assert(sizeof(struct boot_memory) == 24, "boot_memory layout");
_Static_assert(sizeof(struct boot_cpu) == 256, "boot_cpu layout");
_Static_assert(sizeof(struct boot_machine) == 6024, "boot_machine layout");
#endif

#endif
