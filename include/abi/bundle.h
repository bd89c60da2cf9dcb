/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bundle: everything that the machine will run, in one flat file.
 *
 *   bundle_header | bundle_entry[entry_count] | data, each entry's at a page-aligned offset
 *
 * The UEFI loader verifies header, table and every digest (the PVH door has no loader of ours: nobody does there); the
 * hypervisor checks bounds and reads only the entry of kind BUNDLE_CONTROL; the control domain verifies each entry's
 * digest in any case before it uses it. Offsets are from the
 * header's first byte; all numbers are little-endian. Made by tools/mkbundle.c.
 */
#ifndef CAMBIUM_ABI_BUNDLE_H
#define CAMBIUM_ABI_BUNDLE_H

#include <abi/types.h>

#define BUNDLE_MAGIC 0x454c444e55424d43ull /* "CMBUNDLE" */
#define BUNDLE_VERSION 1u
#define BUNDLE_ENTRY_MAX 64u
#define BUNDLE_NAME_MAX 32u

#define BUNDLE_CONTROL 1u /* ELF image of the control domain: exactly one */
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

ABI_ASSERT(sizeof(struct bundle_header) == 104, "bundle_header layout");
ABI_ASSERT(sizeof(struct bundle_entry) == 88, "bundle_entry layout");

#endif
