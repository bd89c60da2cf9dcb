/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Image objects: what domains of one image share, its text and read-only data, stands in memory once. Invariants: an image
 * is verified, digest included, before an object is made of it, and an object that is sealed never changes, so that a
 * restart has nothing to verify again; an object exists only while a child that may be started uses the image.
 */
#include <stdlib.h>

#include "control.h"

static struct shared_image images[BUNDLE_ENTRY_MAX];

/* The record of the child's image, which may have no object; NULL: the bundle has no such image. */
static struct shared_image *image_of(const struct child *child)
{
	const struct bundle_entry *e = bundle_find(control.bundle, BUNDLE_IMAGE, child->plan->image);

	return e ? &images[e - bundle_entry_at(control.bundle, 0)] : NULL;
}

/* Verifies the image and describes it in *@image; false after saying what is wrong. */
static bool image_verify(const struct child *child, struct image *image)
{
	const struct bundle_entry *e = bundle_find(control.bundle, BUNDLE_IMAGE, child->plan->image);
	const char *name = child->plan->name, *file = child->plan->image;
	enum image_error error;

	if (!e) {
		say("%s cannot be built: the bundle has no image %s: add it to the appliance's list of images", name,
		    file);
		return false;
	}
	if (!bundle_entry_intact(control.bundle, e)) {
		say("%s cannot be built: image %s differs from its SHA-256: it was damaged, restart the machine", name,
		    file);
		return false;
	}
	error = image_open(bundle_data(control.bundle, e), e->length, control.features, image);
	if (error)
		say("%s cannot be built: image %s: %s%s%s", name, file, image_error_text(error),
		    error == IMAGE_BAD_ELF ? ": " : "", error == IMAGE_BAD_ELF ? elf_error_text(image->elf) : "");
	return !error;
}

/* Adds the frames of segment @s to object @id, their numbers to @mfns, and copies the contents. */
static int64_t segment_share(uint32_t id, const struct image_segment *s, uint64_t *mfns)
{
	uint32_t flags = s->rights & ELF_PF_X ? IMAGE_TEXT : 0, offset = s->lead;
	const uint8_t *from = s->data;
	uint64_t left = s->bytes, have = 0;
	int64_t result = 0;

	while (have < s->pages && result >= 0) {
		result = hc_image_populate(id, mfns + have, (uint32_t)MIN(s->pages - have, POPULATE_MAX), flags);
		have += result > 0 ? (uint64_t)result : 0;
	}
	for (uint64_t page = 0; left && result >= 0; page++) {
		struct domain_copy copy = {.domid = id, .offset = offset, .mfn = mfns[page]};

		copy.len = (uint32_t)MIN(left, PAGE_SIZE - offset);
		copy.buffer = (uint64_t)(uintptr_t)from;
		result = hc_image_write(&copy);
		from += copy.len;
		left -= copy.len;
		offset = 0;
	}
	return MIN(result, 0);
}

static void object_drop(struct shared_image *s)
{
	int64_t result = 0;

	while (s->id && (result = hc_image_drop(s->id)) == -HC_EAGAIN)
		others_turn();
	if (result < 0)
		say("an image cannot be freed: %s", abi_error_text(result));
	free(s->mfns);
	s->mfns = NULL;
	s->id = 0;
}

/* Makes the object of the verified image @s. */
static int64_t object_make(struct shared_image *s)
{
	uint64_t pages = 0, at = 0;
	int64_t result;

	for (uint32_t i = 0; i < s->image.segment_count; i++)
		pages += s->image.segments[i].rights & ELF_PF_W ? 0 : s->image.segments[i].pages;
	s->mfns = calloc(pages + 1, sizeof *s->mfns);
	if (!s->mfns)
		return -HC_ENOMEM;
	result = hc_image_create();
	if (result < 0)
		return result;
	s->id = (uint32_t)result;
	for (uint32_t i = 0; i < s->image.segment_count; i++) {
		const struct image_segment *segment = &s->image.segments[i];

		if (segment->rights & ELF_PF_W)
			continue;
		result = segment_share(s->id, segment, s->mfns + at);
		if (result < 0)
			return result;
		at += segment->pages;
	}
	return hc_image_seal(s->id);
}

const struct shared_image *image_get(const struct child *child, int64_t *error)
{
	struct shared_image *s = image_of(child);

	*error = 0;
	if (s && s->id)
		return s;
	*error = -HC_EINVAL;
	if (!image_verify(child, s ? &s->image : NULL))
		return NULL;
	*error = object_make(s);
	if (*error >= 0)
		return s;
	if (!child->told_waiting)
		say("%s cannot be built%s: its image %s finds no place: %s: stop another domain, or lower its memory",
		    child->plan->name, *error == -HC_ENOMEM ? " now" : "", child->plan->image, abi_error_text(*error));
	object_drop(s);
	return NULL;
}

void image_hold(const struct child *child)
{
	struct shared_image *s = image_of(child);

	if (s)
		s->users++;
}

void image_release(const struct child *child)
{
	struct shared_image *s = image_of(child);

	if (s && !--s->users)
		object_drop(s);
}
