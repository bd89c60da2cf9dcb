/* SPDX-License-Identifier: BSD-2-Clause */
/* The bundle check: a whole bundle passes, and no damage to it does. */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <base/sha256.h>
#include <unikernel/control/core/bundle_check.h>
#include <unikernel/control/core/name.h>

#define ENTRIES 3u
#define BUNDLE_BYTES (4 * PAGE_SIZE)

struct small_bundle {
	_Alignas(4096) uint8_t bytes[BUNDLE_BYTES];
};

static struct bundle_header *header(struct small_bundle *b)
{
	return (struct bundle_header *)b->bytes;
}

static struct bundle_entry *entry(struct small_bundle *b, unsigned i)
{
	return (struct bundle_entry *)(b->bytes + sizeof(struct bundle_header)) + i;
}

static void seal(struct small_bundle *b)
{
	sha256(entry(b, 0), header(b)->entry_count % 65 * sizeof(struct bundle_entry), header(b)->table_sha256);
}

static void good_bundle(struct small_bundle *b)
{
	static const char *const names[ENTRIES] = {"control", "web", "plan"};

	memset(b, 0, sizeof *b);
	header(b)->magic = BUNDLE_MAGIC;
	header(b)->version = BUNDLE_VERSION;
	header(b)->entry_count = ENTRIES;
	header(b)->length = BUNDLE_BYTES;
	for (unsigned i = 0; i < ENTRIES; i++) {
		struct bundle_entry *e = entry(b, i);
		e->kind = BUNDLE_CONTROL + i;
		name_copy(e->name, sizeof e->name, names[i]);
		e->offset = (i + 1) * PAGE_SIZE;
		e->length = 100 + i;
		memset(b->bytes + e->offset, (int)i + 1, e->length);
		sha256(b->bytes + e->offset, e->length, e->sha256);
	}
	seal(b);
}

Test(bundle_check, a_whole_bundle_passes_and_its_entries_are_found_by_kind_and_name)
{
	static struct small_bundle b;
	uint32_t index;

	good_bundle(&b);
	cr_assert_eq(bundle_check(&b, sizeof b, &index), BUNDLE_OK);
	cr_assert_eq(bundle_find(&b, BUNDLE_IMAGE, "web"), entry(&b, 1));
	cr_assert_null(bundle_find(&b, BUNDLE_IMAGE, "we"));
	cr_assert_null(bundle_find(&b, BUNDLE_IMAGE, "plan"));
	cr_assert_eq(bundle_find(&b, BUNDLE_PLAN, NULL), entry(&b, 2));
	cr_assert(bundle_entry_intact(&b, entry(&b, 1)));
}

Test(bundle_check, any_changed_byte_of_table_or_contents_is_found)
{
	static struct small_bundle b;
	uint32_t index;

	good_bundle(&b);
	for (size_t at = sizeof(struct bundle_header); at < BUNDLE_BYTES; at++) {
		bool used = at < sizeof(struct bundle_header) + ENTRIES * sizeof(struct bundle_entry);
		for (unsigned i = 0; i < ENTRIES; i++)
			used |= at >= entry(&b, i)->offset && at < entry(&b, i)->offset + entry(&b, i)->length;
		if (!used)
			continue;
		b.bytes[at] ^= 4;
		cr_assert_neq(bundle_check(&b, sizeof b, &index), BUNDLE_OK, "byte %zu", at);
		b.bytes[at] ^= 4;
	}
}

Test(bundle_check, every_shorter_file_is_refused_without_reading_behind_its_end)
{
	static struct small_bundle b;
	uint32_t index;

	good_bundle(&b);
	for (size_t len = 0; len < sizeof b; len += len < 400 ? 4 : 512) {
		void *exact = malloc(len ? len : 1);
		memcpy(exact, &b, len);
		cr_assert_eq(bundle_check(exact, len, &index), BUNDLE_TRUNCATED);
		free(exact);
	}
}

#define REFUSES(name, change, want, number)                                                                            \
	Test(bundle_check, name)                                                                                       \
	{                                                                                                              \
		static struct small_bundle b;                                                                          \
		uint32_t index;                                                                                        \
		enum bundle_error error;                                                                               \
		good_bundle(&b);                                                                                       \
		change;                                                                                                \
		seal(&b);                                                                                              \
		error = bundle_check(&b, sizeof b, &index);                                                            \
		cr_assert_eq(error, want, "says: %s", bundle_error_text(error));                                       \
		cr_assert_eq(index, (uint32_t)(number));                                                               \
	}

REFUSES(a_foreign_magic_is_refused, header(&b)->magic++, BUNDLE_BAD_MAGIC, 0)
REFUSES(another_version_is_refused, header(&b)->version++, BUNDLE_BAD_VERSION, 0)
REFUSES(no_entries_are_refused, header(&b)->entry_count = 0, BUNDLE_BAD_COUNT, 0)
REFUSES(too_many_entries_are_refused, header(&b)->entry_count = BUNDLE_ENTRY_MAX + 1, BUNDLE_BAD_COUNT, 0)
REFUSES(a_length_beyond_the_file_is_refused, header(&b)->length++, BUNDLE_TRUNCATED, 0)
REFUSES(an_unknown_kind_is_refused, entry(&b, 1)->kind = 9, BUNDLE_BAD_KIND, 1)
REFUSES(an_unterminated_name_is_refused, memset(entry(&b, 1)->name, 'a', 32), BUNDLE_BAD_NAME, 1)
REFUSES(a_name_with_a_blank_is_refused, entry(&b, 1)->name[1] = ' ', BUNDLE_BAD_NAME, 1)
REFUSES(an_unaligned_offset_is_refused, entry(&b, 1)->offset++, BUNDLE_BAD_BOUNDS, 1)
REFUSES(an_entry_over_the_table_is_refused, entry(&b, 0)->offset = 0, BUNDLE_BAD_BOUNDS, 0)
REFUSES(an_entry_over_another_is_refused, entry(&b, 1)->offset = PAGE_SIZE, BUNDLE_BAD_BOUNDS, 1)
REFUSES(an_entry_beyond_the_end_is_refused, entry(&b, 2)->length = PAGE_SIZE + 1, BUNDLE_BAD_BOUNDS, 2)
REFUSES(an_entry_whose_end_wraps_is_refused, entry(&b, 2)->length = UINT64_MAX - 100, BUNDLE_BAD_BOUNDS, 2)
REFUSES(a_wrong_digest_is_refused, entry(&b, 1)->sha256[5] ^= 1, BUNDLE_BAD_DIGEST, 1)
REFUSES(two_images_of_one_name_are_refused, entry(&b, 0)->kind = BUNDLE_IMAGE;
	name_copy(entry(&b, 0)->name, 32, "web"), BUNDLE_TWICE, 1)
REFUSES(no_control_domain_is_refused, entry(&b, 0)->kind = BUNDLE_IMAGE, BUNDLE_NOT_ONE, ENTRIES)
REFUSES(two_plans_are_refused, entry(&b, 1)->kind = BUNDLE_PLAN, BUNDLE_NOT_ONE, ENTRIES)
REFUSES(a_control_domain_that_is_not_the_first_entry_is_refused, entry(&b, 0)->kind = BUNDLE_PLAN;
	entry(&b, 2)->kind = BUNDLE_CONTROL, BUNDLE_NOT_ONE, ENTRIES)
