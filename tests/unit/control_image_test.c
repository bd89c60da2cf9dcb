/* SPDX-License-Identifier: BSD-2-Clause */
/* Images: a good one is described, and each way of damaging it is found and named. */
#include <criterion/criterion.h>

#include "control_small_elf.h"

Test(control_image, a_good_image_is_described)
{
	struct small_elf f;
	struct image image;

	good_elf(&f);
	cr_assert_eq(image_open(&f, sizeof f, 0, &image), IMAGE_OK);
	cr_assert_eq(image.segment_count, 3);
	cr_assert_eq(image.segments[0].pages, 3);
	cr_assert_eq(image.segments[1].va, GUEST_LINK_VA + 0x5000);
	cr_assert_eq(image.segments[1].lead, 0x10);
	cr_assert_eq(image.segments[2].pages, 0x300);
	cr_assert_eq(image.pages, 3 + 1 + 0x300);
	cr_assert_eq(image.segments[0].data, f.text);
}

#define REFUSES(name, change, want)                                                                                    \
	Test(control_image, name)                                                                                      \
	{                                                                                                              \
		struct small_elf f;                                                                                    \
		struct image image;                                                                                    \
		enum image_error error;                                                                                \
		good_elf(&f);                                                                                          \
		change;                                                                                                \
		error = image_open(&f, sizeof f, FEATURE_XSAVE, &image);                                               \
		cr_assert_eq(error, want, "says: %s", image_error_text(error));                                        \
	}

REFUSES(an_image_below_the_link_address_is_refused, f.segments[0].vaddr -= 4096, IMAGE_BAD_ELF)
REFUSES(an_image_above_2_gib_is_refused, f.segments[2].memsz = 0x80000000, IMAGE_BAD_ELF)
REFUSES(a_writable_executable_segment_is_refused, f.segments[0].flags |= ELF_PF_W, IMAGE_BAD_ELF)
REFUSES(an_image_without_a_note_is_refused, f.note.type = 2, IMAGE_NO_NOTE)
REFUSES(a_note_of_another_owner_is_none, f.note.name[0] = 'X', IMAGE_NO_NOTE)
REFUSES(a_note_that_ends_too_early_is_none, f.segments[3].filesz -= 8, IMAGE_NO_NOTE)
REFUSES(a_note_with_a_huge_name_is_none, f.note.name_bytes = 0xffffffff, IMAGE_NO_NOTE)
REFUSES(a_note_with_a_huge_description_is_none, f.note.desc_bytes = 0xffffffff, IMAGE_NO_NOTE)
REFUSES(another_abi_version_is_refused, f.note.note.abi_version++, IMAGE_ABI)
REFUSES(a_missing_feature_is_refused, f.note.note.features_needed = FEATURE_IOMMU, IMAGE_FEATURES)
REFUSES(a_feature_that_is_there_is_accepted, f.note.note.features_needed = FEATURE_XSAVE, IMAGE_OK)
REFUSES(an_unknown_flag_is_refused, f.note.note.flags = 2, IMAGE_FLAGS)
REFUSES(a_huge_stack_is_refused, f.note.note.stack_pages = 4097, IMAGE_STACK)
