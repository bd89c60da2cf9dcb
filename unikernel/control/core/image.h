/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest image: an ELF file (base/elf.h) with the ABI note of abi/start.h, checked before its domain exists. */
#ifndef CAMBIUM_CONTROL_IMAGE_H
#define CAMBIUM_CONTROL_IMAGE_H

#include <abi/shared.h>
#include <abi/start.h>
#include <base/elf.h>

#define IMAGE_LOW GUEST_LINK_VA
#define IMAGE_HIGH 0x80000000ull /* -mcmodel=small ends here */
#define IMAGE_SEGMENT_MAX 8u
#define IMAGE_STACK_PAGES_MAX 4096u

#define IMAGE_ERRORS(E)                                                                                                \
	E(IMAGE_OK, "no error")                                                                                        \
	E(IMAGE_BAD_ELF, "it is not an ELF file that can be loaded: link it with unikernel/guest.ld")                  \
	E(IMAGE_MANY_SEGMENTS, "it has more than 8 loadable segments: link it with unikernel/guest.ld")                \
	E(IMAGE_NO_NOTE, "it has no Cambium ABI note: link it with the unikernel library")                             \
	E(IMAGE_TWO_NOTES, "it has two Cambium ABI notes")                                                             \
	E(IMAGE_ABI, "it was built for another ABI version: build it again with this tree")                            \
	E(IMAGE_FEATURES, "it needs a feature that this machine lacks (IOMMU, FSGSBASE or XSAVE)")                     \
	E(IMAGE_STACK, "it asks for a stack of more than 16 MiB")                                                      \
	E(IMAGE_FLAGS, "its note has flags that this builder does not know: build both with the same tree")

enum image_error {
#define IMAGE_ERROR_ENUM(name, text) name,
	IMAGE_ERRORS(IMAGE_ERROR_ENUM)
#undef IMAGE_ERROR_ENUM
};

struct image_segment {
	uint64_t va;     /* page aligned */
	uint64_t pages;  /* memory, .bss included */
	uint32_t rights; /* ELF_PF_x */
	uint32_t lead;   /* bytes before the contents in the first page */
	uint64_t bytes;  /* of contents; the rest is zero */
	const uint8_t *data;
};

struct image {
	struct abi_note note;
	uint64_t entry;
	uint64_t pages; /* of all segments */
	uint32_t segment_count;
	enum elf_error elf;                               /* why, after IMAGE_BAD_ELF */
	struct image_segment segments[IMAGE_SEGMENT_MAX]; /* ascending, sharing no page */
};

/* The sentence for @error. Never NULL. */
const char *image_error_text(enum image_error error);

/*
 * Checks the @len bytes at @file (8-byte aligned) as the image of a domain for a machine with @features (FEATURE_x) and
 * describes it in *@image, which points into the file.
 */
enum image_error image_open(const void *file, uint64_t len, uint32_t features, struct image *image);

#endif
