/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bundle: everything that the machine will run, in one flat file.
 *
 *   bundle_header | bundle_entry[entry_count] | data, each entry's at a page-aligned offset
 *
 * The UEFI loader verifies header, table and every digest (the PVH door has no loader of ours: nobody does there); the
 * hypervisor checks bounds and reads only the first entry, the control domain's; that domain verifies each entry's digest in
 * any case before it uses it. Offsets are from the header's first byte; all numbers are little-endian. Made by
 * tools/mkbundle.c.
 */
#ifndef CAMBIUM_ABI_BUNDLE_H
#define CAMBIUM_ABI_BUNDLE_H

#include <abi/types.h>

#define BUNDLE_MAGIC 0x454c444e55424d43ull /* "CMBUNDLE" */
#define BUNDLE_VERSION 2u
#define BUNDLE_ENTRY_MAX 64u
#define BUNDLE_NAME_MAX 32u

#define BUNDLE_CONTROL 1u /* the control domain, laid out (bundle_control): exactly one, the first */
#define BUNDLE_IMAGE 2u   /* ELF image of a domain */
#define BUNDLE_PLAN 3u    /* the plan (abi/plan.h): exactly one */

struct bundle_header {
	uint64_t magic;
	uint32_t version;
	uint32_t entry_count;
	uint64_t length;          /* of the whole bundle, bytes */
	uint8_t table_sha256[32]; /* of the entry table */
	uint8_t vmm_sha256[32];   /* of the hypervisor's file that this bundle was made with */
	uint64_t reserved0[2];
};

struct bundle_entry {
	uint32_t kind; /* BUNDLE_x */
	uint32_t reserved0;
	char name[BUNDLE_NAME_MAX]; /* NUL-padded, at least one NUL */
	uint64_t offset;            /* bytes, a multiple of 4096 */
	uint64_t length;            /* bytes */
	uint8_t sha256[32];
};

/* Rights of a segment; all can be read. */
#define BUNDLE_READ 0u
#define BUNDLE_WRITE 1u
#define BUNDLE_EXECUTE 2u

#define BUNDLE_SEGMENT_MAX 8u

/*
 * How the contents of the entry of kind BUNDLE_CONTROL begin: the control domain's ELF image, taken apart for a builder that
 * copies pages and knows no ELF. Of each segment file_bytes are in the entry, the memory behind them is zero.
 */
struct bundle_control {
	uint64_t entry; /* address of the first instruction, in a segment that can be executed */
	uint32_t segment_count, reserved0;
	struct bundle_segment {
		uint64_t va, memory_bytes;   /* multiples of 4096, ascending from GUEST_LINK_VA on without overlap */
		uint64_t offset, file_bytes; /* multiples of 4096; from this structure's first byte */
		uint32_t rights, reserved0;
	} segment[BUNDLE_SEGMENT_MAX];
};

ABI_ASSERT(sizeof(struct bundle_header) == 104, "bundle_header layout");
ABI_ASSERT(sizeof(struct bundle_entry) == 88, "bundle_entry layout");
ABI_ASSERT(sizeof(struct bundle_control) == 336, "bundle_control layout");

#endif
