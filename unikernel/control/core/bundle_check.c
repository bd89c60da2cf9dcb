/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides whether a bundle is whole. Invariant: no byte is looked at before its bounds are known, and an offset or a
 * name is believed only after the table's digest was right; a hostile file ends in one enum value.
 */
#include <base/sha256.h>
#include "bundle_check.h"
#include "name.h"

const char *bundle_error_text(enum bundle_error error)
{
	switch (error) {
#define BUNDLE_ERROR_TEXT(name, text)                                                                                  \
	case name: return text;
		BUNDLE_ERRORS(BUNDLE_ERROR_TEXT)
#undef BUNDLE_ERROR_TEXT
	}
	return "unknown error";
}

static bool digest_is(const void *data, uint64_t len, const uint8_t want[SHA256_LEN])
{
	uint8_t have[SHA256_LEN];
	uint8_t differs = 0;

	sha256(data, (size_t)len, have);
	for (unsigned i = 0; i < SHA256_LEN; i++)
		differs |= (uint8_t)(have[i] ^ want[i]);
	return !differs;
}

bool bundle_entry_intact(const void *bundle, const struct bundle_entry *e)
{
	return digest_is(bundle_data(bundle, e), e->length, e->sha256);
}

const struct bundle_entry *bundle_find(const void *bundle, uint32_t kind, const char *name)
{
	for (uint32_t i = 0; i < bundle_header_of(bundle)->entry_count; i++) {
		const struct bundle_entry *e = bundle_entry_at(bundle, i);
		if (e->kind == kind && (!name || name_equal(e->name, name)))
			return e;
	}
	return NULL;
}

static enum bundle_error header_check(const void *bytes, uint64_t len)
{
	const struct bundle_header *h = bundle_header_of(bytes);

	if (len < sizeof *h)
		return BUNDLE_TRUNCATED;
	if (h->magic != BUNDLE_MAGIC)
		return BUNDLE_BAD_MAGIC;
	if (h->version != BUNDLE_VERSION)
		return BUNDLE_BAD_VERSION;
	if (h->entry_count == 0 || h->entry_count > BUNDLE_ENTRY_MAX)
		return BUNDLE_BAD_COUNT;
	if (h->length > len || sizeof *h + h->entry_count * sizeof(struct bundle_entry) > h->length)
		return BUNDLE_TRUNCATED;
	if (!digest_is(bundle_entry_at(bytes, 0), h->entry_count * sizeof(struct bundle_entry), h->table_sha256))
		return BUNDLE_BAD_TABLE;
	return BUNDLE_OK;
}

/* Entry @i on its own and against those before it; @end is where the last one's data ended. */
static enum bundle_error entry_check(const void *bytes, uint32_t i, uint64_t end)
{
	const struct bundle_entry *e = bundle_entry_at(bytes, i);

	if (e->kind != BUNDLE_CONTROL && e->kind != BUNDLE_IMAGE && e->kind != BUNDLE_PLAN)
		return BUNDLE_BAD_KIND;
	if (!name_valid(e->name, BUNDLE_NAME_MAX))
		return BUNDLE_BAD_NAME;
	if (bundle_find(bytes, e->kind, e->name) != e)
		return BUNDLE_TWICE;
	if (e->offset % PAGE_SIZE || e->offset < end ||
	    !range_within(e->offset, e->length, bundle_header_of(bytes)->length))
		return BUNDLE_BAD_BOUNDS;
	if (!bundle_entry_intact(bytes, e))
		return BUNDLE_BAD_DIGEST;
	return BUNDLE_OK;
}

enum bundle_error bundle_check(const void *bytes, uint64_t len, uint32_t *index)
{
	uint32_t controls = 0, plans = 0, i;
	uint64_t end;
	enum bundle_error error = header_check(bytes, len);

	*index = 0;
	if (error)
		return error;
	*index = bundle_header_of(bytes)->entry_count;
	/* Names must be terminated before any of them is compared. */
	for (i = 0; i < *index; i++)
		if (!name_valid(bundle_entry_at(bytes, i)->name, BUNDLE_NAME_MAX))
			return *index = i, BUNDLE_BAD_NAME;
	end = sizeof(struct bundle_header) + *index * sizeof(struct bundle_entry);
	for (i = 0; i < *index; i++) {
		const struct bundle_entry *e = bundle_entry_at(bytes, i);
		error = entry_check(bytes, i, end);
		if (error)
			return *index = i, error;
		end = e->offset + e->length;
		controls += e->kind == BUNDLE_CONTROL;
		plans += e->kind == BUNDLE_PLAN;
	}
	return controls == 1 && plans == 1 && bundle_entry_at(bytes, 0)->kind == BUNDLE_CONTROL ? BUNDLE_OK
												: BUNDLE_NOT_ONE;
}
