/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF64 static executables, as far as a loader needs them (System V gABI, chapters 4 and 5). elf_open() checks
 * everything that a later step relies on, so that a hostile file ends in one enum value and the caller can
 * walk the program headers without another test.
 */
#ifndef CAMBIUM_BASE_ELF_H
#define CAMBIUM_BASE_ELF_H

#include <base/bits.h>

#define ELF_PT_LOAD 1u
#define ELF_PT_NOTE 4u
#define ELF_PF_X 1u
#define ELF_PF_W 2u
#define ELF_PF_R 4u

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

enum elf_error {
	ELF_OK = 0,
	ELF_TRUNCATED,   /* shorter than its own headers say */
	ELF_NOT_X86_64,  /* wrong magic, class, byte order, machine or type */
	ELF_BAD_SEGMENT, /* a loadable segment that wraps, overlaps, is unordered or leaves the file */
	ELF_WRITE_EXEC,  /* a segment that is writable and executable */
	ELF_BAD_ENTRY,   /* the entry point is in no executable segment */
};

static inline const char *elf_error_text(enum elf_error e)
{
	switch (e) {
	case ELF_OK: return "no error";
	case ELF_TRUNCATED: return "truncated";
	case ELF_NOT_X86_64: return "not a static x86-64 ELF executable";
	case ELF_BAD_SEGMENT: return "a segment lies outside the file, wraps or overlaps another";
	case ELF_WRITE_EXEC: return "a segment is both writable and executable";
	case ELF_BAD_ENTRY: return "the entry point is in no executable segment";
	}
	return "unknown";
}

/* Program header @i of an image that elf_open() accepted. The image must be 8-byte aligned in memory. */
static inline const struct elf_segment *elf_segment_at(const void *image, unsigned i)
{
	const struct elf_header *h = (const struct elf_header *)image;
	return (const struct elf_segment *)(const void *)((const uint8_t *)image + h->phoff) + i;
}

/*
 * Checks the ELF file of @len bytes at @image (8-byte aligned). Loadable segments must lie in the file, be in
 * ascending order, touch no page of another one and stay within [@low, @high).
 */
static inline enum elf_error elf_open(const void *image, uint64_t len, uint64_t low, uint64_t high)
{
	static const uint8_t magic[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	const struct elf_header *h = (const struct elf_header *)image;
	uint64_t end = low;
	bool entry_ok = false;

	if (len < sizeof *h)
		return ELF_TRUNCATED;
	for (unsigned i = 0; i < sizeof magic; i++)
		if (h->ident[i] != magic[i])
			return ELF_NOT_X86_64;
	if (h->type != 2 || h->machine != 62 || h->phentsize != sizeof(struct elf_segment))
		return ELF_NOT_X86_64;
	if (h->phoff % 8 || !range_within(h->phoff, (uint64_t)h->phnum * sizeof(struct elf_segment), len))
		return ELF_TRUNCATED;
	for (unsigned i = 0; i < h->phnum; i++) {
		const struct elf_segment *s = elf_segment_at(image, i);
		if (s->type == ELF_PT_NOTE && (s->offset % 4 || !range_within(s->offset, s->filesz, len)))
			return ELF_TRUNCATED;
		if (s->type != ELF_PT_LOAD || !s->memsz)
			continue;
		if (!range_within(s->offset, s->filesz, len))
			return ELF_TRUNCATED;
		if (s->filesz > s->memsz || s->vaddr < end || s->vaddr >= high || s->memsz > high - s->vaddr)
			return ELF_BAD_SEGMENT;
		if ((s->flags & (ELF_PF_W | ELF_PF_X)) == (ELF_PF_W | ELF_PF_X))
			return ELF_WRITE_EXEC;
		if ((s->flags & ELF_PF_X) && h->entry >= s->vaddr && h->entry < s->vaddr + s->memsz)
			entry_ok = true;
		end = align_up(s->vaddr + s->memsz, PAGE_SIZE);
	}
	return entry_ok ? ELF_OK : ELF_BAD_ENTRY;
}

#endif
