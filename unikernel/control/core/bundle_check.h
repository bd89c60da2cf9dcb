/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bundle (abi/bundle.h) under suspicion: is this file what its header and its digests say? The same code serves the
 * control domain, before it uses an entry, and the tool that makes bundles, before it calls one made.
 */
#ifndef CAMBIUM_CONTROL_BUNDLE_CHECK_H
#define CAMBIUM_CONTROL_BUNDLE_CHECK_H

#include <abi/bundle.h>
#include <base/bits.h>

#define BUNDLE_ERRORS(E)                                                                                               \
	E(BUNDLE_OK, "no error")                                                                                       \
	E(BUNDLE_TRUNCATED, "shorter than its header and table say")                                                   \
	E(BUNDLE_BAD_MAGIC, "does not start with the magic of a bundle")                                               \
	E(BUNDLE_BAD_VERSION, "has another version than this program reads")                                           \
	E(BUNDLE_BAD_COUNT, "has no entry, or more than 64")                                                           \
	E(BUNDLE_BAD_TABLE, "the table's SHA-256 differs from the header's")                                           \
	E(BUNDLE_BAD_KIND, "an entry is of unknown kind")                                                              \
	E(BUNDLE_BAD_NAME, "an entry's name is empty, unterminated, not padded with zeros, or not printable")          \
	E(BUNDLE_TWICE, "two images have the same name")                                                               \
	E(BUNDLE_BAD_BOUNDS, "an entry lies outside the bundle, is unaligned or overlaps an earlier one")              \
	E(BUNDLE_BAD_DIGEST, "an entry's SHA-256 differs from the table's")                                            \
	E(BUNDLE_NOT_ONE, "there must be exactly one control entry, the first, and exactly one plan")

enum bundle_error {
#define BUNDLE_ERROR_ENUM(name, text) name,
	BUNDLE_ERRORS(BUNDLE_ERROR_ENUM)
#undef BUNDLE_ERROR_ENUM
};

/* The sentence for @error, to stand behind the bundle's name. Never NULL. */
const char *bundle_error_text(enum bundle_error error);

/*
 * Checks header, table, bounds and every digest of the @len bytes at @bytes (8-byte aligned, not changing meanwhile).
 * *@index becomes the entry that is wrong, or the number of entries when the fault is not one entry's. After BUNDLE_OK
 * all functions below may be used on the same bytes.
 */
enum bundle_error bundle_check(const void *bytes, uint64_t len, uint32_t *index);

/* The checked bundle's header. */
static inline const struct bundle_header *bundle_header_of(const void *bundle)
{
	return (const struct bundle_header *)bundle;
}

/* Entry @i of a checked bundle, i < entry_count. */
static inline const struct bundle_entry *bundle_entry_at(const void *bundle, uint32_t i)
{
	return (const struct bundle_entry *)(const void *)((const uint8_t *)bundle + sizeof(struct bundle_header)) + i;
}

/* The contents of entry @e, page aligned when the bundle is. */
static inline const void *bundle_data(const void *bundle, const struct bundle_entry *e)
{
	return (const uint8_t *)bundle + e->offset;
}

/* The first entry of @kind, with the name @name unless that is NULL; NULL when there is none. */
const struct bundle_entry *bundle_find(const void *bundle, uint32_t kind, const char *name);

/* True when the contents of @e still have the digest of the table. */
bool bundle_entry_intact(const void *bundle, const struct bundle_entry *e);

#endif
