/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest image (an ELF file with its note) as hostile bytes, as ring 0 and the control domain read it. */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <unikernel/control/core/image.h>

/* What both readers go on to do with a file that elf_open() accepted: copy each segment's contents. */
static void use_elf(const void *file, size_t len)
{
	const struct elf_header *h = file;
	uint64_t end = 0;

	for (unsigned i = 0; i < h->phnum; i++) {
		const struct elf_segment *s = elf_segment_at(file, i);
		volatile uint8_t seen;

		if (s->type != ELF_PT_LOAD || !s->memsz)
			continue;
		cr_assert(s->vaddr >= end && s->vaddr >= IMAGE_LOW && s->vaddr + s->memsz <= IMAGE_HIGH);
		cr_assert(!((s->flags & ELF_PF_W) && (s->flags & ELF_PF_X)));
		cr_assert(s->offset <= len && s->filesz <= len - s->offset && s->filesz <= s->memsz);
		for (uint64_t k = 0; k < s->filesz; k++)
			seen = ((const uint8_t *)file)[s->offset + k];
		(void)seen;
		end = align_up(s->vaddr + s->memsz, PAGE_SIZE);
	}
}

static void use_image(const struct image *image)
{
	uint64_t end = IMAGE_LOW, pages = 0;

	cr_assert(image->segment_count <= IMAGE_SEGMENT_MAX);
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];

		cr_assert(s->va >= end && !(s->va & PAGE_MASK) && s->lead < PAGE_SIZE);
		cr_assert(s->lead + s->bytes <= s->pages * PAGE_SIZE);
		end = s->va + s->pages * PAGE_SIZE;
		pages += s->pages;
	}
	cr_assert(end <= IMAGE_HIGH && pages == image->pages);
	cr_assert(image->note.abi_version == ABI_VERSION && image->note.stack_pages <= IMAGE_STACK_PAGES_MAX);
}

static void run(const uint8_t *input, size_t len)
{
	void *file = malloc(len ? len : 1);
	struct image image;

	memcpy(file, input, len);
	if (elf_open(file, len, IMAGE_LOW, IMAGE_HIGH) == ELF_OK)
		use_elf(file, len);
	if (image_open(file, len, 0, &image) == IMAGE_OK)
		use_image(&image);
	free(file);
}

static size_t seed(unsigned n, uint8_t *out)
{
	struct elf_header h = {.ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
			       .type = 2,
			       .machine = 62,
			       .entry = IMAGE_LOW + 0x10,
			       .phoff = sizeof h,
			       .phentsize = sizeof(struct elf_segment),
			       .phnum = (uint16_t)(3 + n)};
	struct elf_segment s[5] = {{.type = ELF_PT_NOTE, .offset = 512, .filesz = 12 + 8 + sizeof(struct abi_note)},
				   {.type = ELF_PT_LOAD, .flags = ELF_PF_R | ELF_PF_X, .vaddr = IMAGE_LOW},
				   {.type = ELF_PT_LOAD, .flags = ELF_PF_R | ELF_PF_W, .vaddr = IMAGE_LOW + 0x2008},
				   {.type = ELF_PT_LOAD, .flags = ELF_PF_R, .vaddr = IMAGE_LOW + 0x8000},
				   {.type = ELF_PT_LOAD, .flags = ELF_PF_R, .vaddr = IMAGE_HIGH - PAGE_SIZE}};
	struct {
		uint32_t name_bytes, desc_bytes, type;
		char name[8];
		struct abi_note note;
	} note = {8, sizeof note.note, CAMBIUM_NOTE_ABI, CAMBIUM_NOTE_OWNER, {.abi_version = ABI_VERSION}};

	if (n == 3)
		return 0;
	for (unsigned i = 1; i < 5; i++) {
		s[i].offset = 560;
		s[i].filesz = 16 * i;
		s[i].memsz = 16 * i + 0x1000 * (i == 2);
	}
	s[1].memsz = 64;
	memcpy(out, &h, sizeof h);
	memcpy(out + sizeof h, s, h.phnum * sizeof s[0]);
	memcpy(out + 512, &note, sizeof note);
	return 640;
}

const struct fuzz_target fuzz_image = {"image", run, seed, 1024};
