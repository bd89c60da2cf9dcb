/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The word that the runtime keeps of each page of its memory: the machine frame behind it (0: none) and how it is mapped.
 * The page-table entry follows from the word.
 */
#ifndef UNIKERNEL_CORE_FRAMES_H
#define UNIKERNEL_CORE_FRAMES_H

#include <abi/hypercall.h>
#include <base/bits.h>

#define FRAMES_MFN 0x000000ffffffffffull
#define FRAMES_MAPPING (1ull << 63)  /* of mmap */
#define FRAMES_FIRST (1ull << 62)    /* the first page of a mapping */
#define FRAMES_NONE (1ull << 61)     /* no access: the entry is absent, whether or not there is a frame */
#define FRAMES_READONLY (1ull << 60) /* else read and write */
#define FRAMES_FLAGS (FRAMES_MAPPING | FRAMES_FIRST | FRAMES_NONE | FRAMES_READONLY)

static inline uint64_t frames_mfn(uint64_t word)
{
	return word & FRAMES_MFN;
}

/* The level-1 entry that @word asks for; never executable. */
static inline uint64_t frames_entry(uint64_t word)
{
	uint64_t entry = frames_mfn(word) << PAGE_SHIFT | PTE_P | PTE_U | PTE_A | PTE_NX;

	if (!frames_mfn(word) || (word & FRAMES_NONE))
		return 0;
	return word & FRAMES_READONLY ? entry : entry | PTE_W | PTE_D;
}

/* Whether the @n words can be mapped by one entry of level 2: all accessible alike, their frames an aligned run. */
bool frames_are_run(const uint64_t *words, size_t n);

/* How many of the @n words have a frame. */
size_t frames_present(const uint64_t *words, size_t n);

/* How many words from @i on, below @n, look alike: the same access, and no other mapping's first page among them. */
size_t frames_alike(const uint64_t *words, size_t i, size_t n);

#endif
