/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a guest image. Invariant: after IMAGE_OK every segment lies in the file, in [IMAGE_LOW, IMAGE_HIGH), on pages of
 * its own, none writable and executable, and the note was made for this ABI.
 */
#include <string.h>
#include "image.h"

struct note_header {
	uint32_t name_bytes, desc_bytes, type;
};

const char *image_error_text(enum image_error error)
{
	switch (error) {
#define IMAGE_ERROR_TEXT(name, text)                                                                                   \
	case name: return text;
		IMAGE_ERRORS(IMAGE_ERROR_TEXT)
#undef IMAGE_ERROR_TEXT
	}
	return "unknown error";
}

/* Walks one note segment; adds the ABI notes that it finds to *@found. */
static void notes_read(const uint8_t *bytes, uint64_t len, struct abi_note *note, unsigned *found)
{
	static const char owner[] = CAMBIUM_NOTE_OWNER;
	uint64_t at = 0;

	while (len - at >= sizeof(struct note_header)) {
		struct note_header h;
		uint64_t name, desc, end;

		memcpy(&h, bytes + at, sizeof h);
		name = at + sizeof h;
		desc = name + align_up(h.name_bytes, 4);
		end = desc + align_up(h.desc_bytes, 4);
		if (desc > len || h.desc_bytes > len - desc)
			return;
		if (h.type == CAMBIUM_NOTE_ABI && h.name_bytes == sizeof owner &&
		    !memcmp(bytes + name, owner, sizeof owner) && h.desc_bytes >= sizeof *note) {
			memcpy(note, bytes + desc, sizeof *note);
			++*found;
		}
		if (end > len)
			return;
		at = end;
	}
}

static enum image_error note_check(const void *file, uint32_t features, struct image *image)
{
	const struct elf_header *h = file;
	unsigned found = 0;

	for (unsigned i = 0; i < h->phnum; i++) {
		const struct elf_segment *s = elf_segment_at(file, i);
		if (s->type == ELF_PT_NOTE)
			notes_read((const uint8_t *)file + s->offset, s->filesz, &image->note, &found);
	}
	if (!found)
		return IMAGE_NO_NOTE;
	if (found > 1)
		return IMAGE_TWO_NOTES;
	if (image->note.abi_version != ABI_VERSION)
		return IMAGE_ABI;
	if (image->note.features_needed & ~features)
		return IMAGE_FEATURES;
	if (image->note.flags & ~NOTE_GROWS)
		return IMAGE_FLAGS;
	return image->note.stack_pages > IMAGE_STACK_PAGES_MAX ? IMAGE_STACK : IMAGE_OK;
}

enum image_error image_open(const void *file, uint64_t len, uint32_t features, struct image *image)
{
	const struct elf_header *h = file;

	memset(image, 0, sizeof *image);
	image->elf = elf_open(file, len, IMAGE_LOW, IMAGE_HIGH);
	if (image->elf != ELF_OK)
		return IMAGE_BAD_ELF;
	image->entry = h->entry;
	for (unsigned i = 0; i < h->phnum; i++) {
		const struct elf_segment *s = elf_segment_at(file, i);
		struct image_segment *to = &image->segments[image->segment_count];

		if (s->type != ELF_PT_LOAD || !s->memsz)
			continue;
		if (image->segment_count == IMAGE_SEGMENT_MAX)
			return IMAGE_MANY_SEGMENTS;
		to->va = align_down(s->vaddr, PAGE_SIZE);
		to->lead = (uint32_t)(s->vaddr - to->va);
		to->pages = (align_up(s->vaddr + s->memsz, PAGE_SIZE) - to->va) >> PAGE_SHIFT;
		to->rights = s->flags & (ELF_PF_R | ELF_PF_W | ELF_PF_X);
		to->bytes = s->filesz;
		to->data = (const uint8_t *)file + s->offset;
		image->pages += to->pages;
		image->segment_count++;
	}
	return note_check(file, features, image);
}
