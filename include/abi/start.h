/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a domain starts: at its ELF entry, ring 3, RDI = address of struct start_info (read-only page), RSP = top of its
 * stack (16-byte aligned, minus nothing), all other registers zero, flags 0x202, upcalls masked.
 *
 * The builder (the hypervisor for the control domain, the control domain for all others) lays the address space out:
 *
 *   HYPERCALL_VA, SHARED_VA         see abi/shared.h
 *   GUEST_LINK_VA...                the ELF segments with their own rights
 *   random:  start info, p2m, long command line   read-only
 *   random:  stack                  read-write, an unmapped guard page below
 *   random:  memory                 [mem_va, + mem_pages): memory to start with, read-write; the domain adds more
 *                                   from memory_increase, up to mem_room_pages, and makes the tables that this takes
 *   random:  devices                ring and pool pages of the domain's frontends, read-write (see abi/device.h)
 *   random:  window                 page tables without entries: room for grant mappings and device registers
 *
 * Page tables are the domain's own frames, mapped nowhere.
 */
#ifndef CAMBIUM_ABI_START_H
#define CAMBIUM_ABI_START_H

#include <abi/types.h>

#define START_MAGIC 0x5452415453424d43ull /* "CMBSTART" */
#define START_CMDLINE_MAX 256u
#define START_SEED_BYTES 32u

struct start_info {
	uint64_t magic;
	uint32_t abi_version;
	uint32_t features; /* FEATURE_x */
	uint32_t domid;
	uint32_t capabilities; /* CAP_x */
	uint32_t vcpu_count;
	uint32_t reserved0;
	char name[DOMAIN_NAME_MAX]; /* NUL-terminated */

	uint64_t mem_va, mem_pages;
	uint64_t p2m_va;                /* uint64_t[mem_pages]: machine frame number of each page of memory */
	uint64_t stack_va, stack_pages; /* lowest mapped address */
	uint64_t window_va, window_pages;

	/* Control domain only, else 0: the bundle, mapped read-only. */
	uint64_t bundle_va, bundle_bytes;

	/* Console ring (abi/console_ring.h), one page granted read-write by console_domid. DOMID_NONE: no console. */
	uint32_t console_domid;
	uint32_t console_ref;
	uint32_t console_port; /* to notify the drainer; it notifies nobody but for input */

	/* Device page area (abi/device.h), granted read-only by device_domid. DOMID_NONE: no devices. */
	uint32_t device_domid;
	uint32_t device_ref; /* first of device_pages consecutive references */
	uint32_t device_pages;
	uint32_t device_port; /* notified when an entry changed */
	uint32_t reserved1;

	uint8_t seed[START_SEED_BYTES]; /* fresh randomness of this domain's own */
	/*
	 * NUL-terminated words, separated by blanks. Those at the front that are NAME=VALUE are the environment; the next
	 * one is the program's name.
	 */
	char cmdline[START_CMDLINE_MAX];

	/* Pages of address space from mem_va that are the memory's; those behind mem_pages may lack page tables. */
	uint64_t mem_room_pages;

	uint64_t
		long_cmdline_va; /* of a command line that is longer than cmdline holds, which is empty then; 0: none */
};

ABI_ASSERT(sizeof(struct start_info) == 456, "start_info layout");

/*
 * The ELF note of every guest image: owner "Cambium", type CAMBIUM_NOTE_ABI. A builder refuses an image without it or
 * with another version before the domain exists.
 */
#define CAMBIUM_NOTE_OWNER "Cambium"
#define CAMBIUM_NOTE_ABI 1u

struct abi_note {
	uint32_t abi_version;
	uint32_t features_needed; /* FEATURE_x */
	uint32_t min_mem_pages;   /* least memory the program can start with; 0: no wish */
	uint32_t stack_pages;     /* stack the builder should give; 0: the builder's choice */
	uint32_t flags;           /* NOTE_x */
};

/*
 * The program takes more memory by itself (memory_increase), within mem_room_pages: it starts with min_mem_pages, or the
 * builder's choice. Without it all memory is there at start, and mem_room_pages is mem_pages.
 */
#define NOTE_GROWS 0x1u

ABI_ASSERT(sizeof(struct abi_note) == 20, "abi_note layout");

/* The note as a program that knows its needs writes it down, once: CAMBIUM_NOTE(32, 8, NOTE_GROWS); */
#define CAMBIUM_NOTE(min_mem, stack, note_flags)                                                                       \
	extern const struct abi_elf_note cambium_note;                                                                 \
	const struct abi_elf_note cambium_note __attribute__((used, section(".cambium.note"), aligned(4))) = {         \
		sizeof CAMBIUM_NOTE_OWNER,                                                                             \
		sizeof(struct abi_note),                                                                               \
		CAMBIUM_NOTE_ABI,                                                                                      \
		CAMBIUM_NOTE_OWNER,                                                                                    \
		{ABI_VERSION, 0, min_mem, stack, note_flags}}

struct abi_elf_note {
	uint32_t name_bytes, data_bytes, type;
	char name[8];
	struct abi_note note;
};

#endif
