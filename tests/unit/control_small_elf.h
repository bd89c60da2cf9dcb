/* SPDX-License-Identifier: BSD-2-Clause */
/* A small image for tests: text, read-only data, data with .bss that reaches over 2 MiB, and the note. */
#ifndef CAMBIUM_TESTS_CONTROL_SMALL_ELF_H
#define CAMBIUM_TESTS_CONTROL_SMALL_ELF_H

#include <stddef.h>
#include <string.h>

#include <unikernel/control/core/image.h>

struct small_elf {
	struct elf_header header;
	struct elf_segment segments[4];
	struct {
		uint32_t name_bytes, desc_bytes, type;
		char name[8];
		struct abi_note note;
	} note;
	uint8_t text[64];
};

static inline void good_elf(struct small_elf *f)
{
	static const uint8_t ident[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	uint64_t text = offsetof(struct small_elf, text), note = offsetof(struct small_elf, note);

	memset(f, 0, sizeof *f);
	memcpy(f->header.ident, ident, sizeof ident);
	f->header.type = 2;
	f->header.machine = 62;
	f->header.phentsize = sizeof(struct elf_segment);
	f->header.phnum = 4;
	f->header.phoff = offsetof(struct small_elf, segments);
	f->header.entry = GUEST_LINK_VA + 16;
	f->segments[0] = (struct elf_segment){ELF_PT_LOAD, ELF_PF_R | ELF_PF_X, text, GUEST_LINK_VA, 0, 64, 9000, 4096};
	f->segments[1] = (struct elf_segment){ELF_PT_LOAD, ELF_PF_R, text, GUEST_LINK_VA + 0x5010, 0, 16, 16, 4096};
	f->segments[2] = (struct elf_segment){
		ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, text, GUEST_LINK_VA + 0x6000, 0, 8, 0x300000, 4096};
	f->segments[3] = (struct elf_segment){ELF_PT_NOTE, ELF_PF_R, note, 0, 0, sizeof f->note, sizeof f->note, 4};
	f->note.name_bytes = 8;
	f->note.desc_bytes = sizeof f->note.note;
	f->note.type = CAMBIUM_NOTE_ABI;
	memcpy(f->note.name, CAMBIUM_NOTE_OWNER, 8);
	f->note.note.abi_version = ABI_VERSION;
}

#endif
