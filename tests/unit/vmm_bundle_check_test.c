/* SPDX-License-Identifier: BSD-2-Clause */
/* What ring 0 reads of a bundle: a control domain that cannot be laid out is refused with its own line. */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <abi/hypercall.h>
#include <abi/shared.h>
#include <base/bits.h>
#include <vmm/core/boot_check.h>

#define BYTES (8u * PAGE_SIZE)
#define LINK GUEST_LINK_VA
#define LINK_END (GUEST_LINK_VA + (1ull << 30))

static _Alignas(4096) uint8_t bundle[BYTES];
static struct bundle_header *const h = (struct bundle_header *)bundle;
static struct bundle_entry *const e = (struct bundle_entry *)(bundle + sizeof(struct bundle_header));
static struct bundle_control *const c = (struct bundle_control *)(bundle + PAGE_SIZE);

/* Text, constants and data, of which the last page is zero. */
static void setup(void)
{
	memset(bundle, 0, sizeof bundle);
	*h = (struct bundle_header){
		.magic = BUNDLE_MAGIC, .version = BUNDLE_VERSION, .entry_count = 1, .length = BYTES};
	*e = (struct bundle_entry){
		.kind = BUNDLE_CONTROL, .name = "control", .offset = PAGE_SIZE, .length = BYTES - PAGE_SIZE};
	c->entry = LINK + 5;
	c->segment_count = 3;
	c->segment[0] = (struct bundle_segment){LINK, 2 * PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE, BUNDLE_EXECUTE, 0};
	c->segment[1] = (struct bundle_segment){LINK + 2 * PAGE_SIZE, 3 * PAGE_SIZE, 3 * PAGE_SIZE,
						3 * PAGE_SIZE,        BUNDLE_READ,   0};
	c->segment[2] = (struct bundle_segment){
		LINK + 8 * PAGE_SIZE, 2 * PAGE_SIZE, 6 * PAGE_SIZE, PAGE_SIZE, BUNDLE_WRITE, 0};
}

TestSuite(vmm_bundle_check, .init = setup);

static const char *fault(void)
{
	const char *why = boot_bundle_fault(bundle, BYTES);

	return why ? why : "nothing";
}

#define REFUSES(name, change, line)                                                                                    \
	Test(vmm_bundle_check, name)                                                                                   \
	{                                                                                                              \
		cr_assert_str_eq(fault(), "nothing");                                                                  \
		change;                                                                                                \
		cr_assert_str_eq(fault(), line);                                                                       \
	}
#define ACCEPTS(name, change) REFUSES(name, change, "nothing")

#define NONE "there is none of this version: pass one (UEFI: cambium/bundle.bin, PVH: the first module)"
#define OUTSIDE "the control domain's entry lies outside it"
#define NO_PAGES "a segment of the control domain is not of whole pages"
#define OVERLAPS "a segment of the control domain overlaps, or is not where a domain's image lies"
#define CONTENTS "a segment of the control domain lies outside its entry"
#define RIGHTS "a segment of the control domain has rights that there are not"
#define ENTRY "the control domain's entry point is in no executable segment"

REFUSES(another_magic_is_no_bundle, h->magic++, NONE)
REFUSES(another_version_is_no_bundle, h->version--, NONE)
REFUSES(a_bundle_longer_than_its_file_is_truncated, h->length++, "it is truncated")
REFUSES(a_bundle_of_no_entries_is_refused, h->entry_count = 0, "its first entry is not the control domain")
REFUSES(a_bundle_that_begins_with_another_entry_is_refused, e->kind = BUNDLE_IMAGE,
	"its first entry is not the control domain")
REFUSES(an_unaligned_entry_is_refused, e->offset++, OUTSIDE)
REFUSES(an_entry_shorter_than_its_header_is_refused, e->length = sizeof *c - 1, OUTSIDE)
REFUSES(an_entry_that_ends_behind_the_bundle_is_refused, e->length++, OUTSIDE)
REFUSES(an_entry_that_starts_behind_the_bundle_is_refused, e->offset = BYTES + PAGE_SIZE, OUTSIDE)
REFUSES(an_entry_that_wraps_is_refused, e->offset = -(uint64_t)PAGE_SIZE; e->length = 3 * PAGE_SIZE, OUTSIDE)

REFUSES(too_many_segments_are_refused, c->segment_count = BUNDLE_SEGMENT_MAX + 1,
	"the control domain has too many segments")
REFUSES(far_too_many_segments_are_refused, c->segment_count = UINT32_MAX, "the control domain has too many segments")
REFUSES(an_unaligned_address_is_refused, c->segment[2].va += 8, NO_PAGES)
REFUSES(an_unaligned_length_is_refused, c->segment[2].memory_bytes += 8, NO_PAGES)
REFUSES(an_unaligned_offset_is_refused, c->segment[2].offset -= 8, NO_PAGES)
REFUSES(unaligned_contents_are_refused, c->segment[2].file_bytes -= 8, NO_PAGES)
REFUSES(a_segment_below_the_link_address_is_refused, c->segment[0].va -= PAGE_SIZE, OVERLAPS)
REFUSES(a_segment_over_the_one_before_is_refused, c->segment[1].va -= PAGE_SIZE, OVERLAPS)
REFUSES(a_segment_that_ends_behind_the_images_span_is_refused, c->segment[2].va = LINK_END - PAGE_SIZE, OVERLAPS)
ACCEPTS(a_segment_at_the_end_of_the_images_span_is_taken, c->segment[2].va = LINK_END - 2 * PAGE_SIZE)
REFUSES(a_segment_in_the_hypervisors_half_is_refused, c->segment[2].va = 0xffff800000000000, OVERLAPS)
REFUSES(a_segment_that_wraps_is_refused, c->segment[2].memory_bytes = -(uint64_t)PAGE_SIZE, OVERLAPS)
REFUSES(more_contents_than_memory_are_refused, c->segment[0].file_bytes = 3 * PAGE_SIZE, CONTENTS)
REFUSES(contents_that_end_behind_the_entry_are_refused, c->segment[2].file_bytes = 2 * PAGE_SIZE, CONTENTS)
REFUSES(contents_that_start_behind_the_entry_are_refused, c->segment[2].offset = BYTES, CONTENTS)
REFUSES(contents_that_wrap_are_refused, c->segment[2].offset = -(uint64_t)PAGE_SIZE, CONTENTS)
REFUSES(a_segment_to_write_and_execute_is_refused, c->segment[0].rights = BUNDLE_WRITE | BUNDLE_EXECUTE, RIGHTS)
REFUSES(unknown_rights_are_refused, c->segment[2].rights = UINT32_MAX, RIGHTS)
REFUSES(an_entry_point_in_constants_is_refused, c->entry = LINK + 2 * PAGE_SIZE, ENTRY)
REFUSES(an_entry_point_before_the_image_is_refused, c->entry = LINK - 1, ENTRY)
REFUSES(an_entry_point_that_is_no_address_is_refused, c->entry = 1ull << 63, ENTRY)
REFUSES(an_image_of_no_segments_is_refused, c->segment_count = 0, ENTRY)

Test(vmm_bundle_check, every_shorter_file_is_refused_without_reading_behind_its_end)
{
	for (size_t len = 0; len < BYTES; len += len < 400 ? 1 : 512) {
		void *exact = malloc(len ? len : 1);

		memcpy(exact, bundle, len);
		cr_assert_not_null(boot_bundle_fault(exact, len), "%zu bytes", len);
		h->length = len; /* one that does not know that it is short */
		memcpy(exact, bundle, len);
		cr_assert_not_null(boot_bundle_fault(exact, len), "%zu bytes", len);
		h->length = BYTES;
		free(exact);
	}
	cr_assert_str_eq(boot_bundle_fault(NULL, 0), NONE);
}
