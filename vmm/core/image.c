/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Image objects. An id is an index and a generation, as of domains. Invariants: an image has users only when it is sealed;
 * a sealed image gains no frame and nobody writes to one: its frames are never typed writable again. It goes when it is
 * neither held nor used; frames that somebody was granted stay until the last mapping goes.
 */
#include "image.h"

#include "frame.h"

#define FREE_BUDGET 256u

static struct image *image_find(struct world *w, uint32_t id, enum image_state state)
{
	uint32_t i = id & 0xffff;

	if (i >= IMAGE_MAX || w->images[i].generation != id >> 16 || w->images[i].state != state)
		return NULL;
	return &w->images[i];
}

static uint32_t owner_of(const struct world *w, const struct image *image)
{
	return OWNER_IMAGE + (uint32_t)(image - w->images);
}

enum abi_error image_create(struct world *w, uint32_t *id)
{
	for (uint32_t i = 0; i < IMAGE_MAX; i++) {
		struct image *image = &w->images[i];

		if (image->state != IMAGE_FREE)
			continue;
		image->generation = image->generation == UINT16_MAX ? 1 : (uint16_t)(image->generation + 1);
		image->state = IMAGE_OPEN;
		image->held = 1;
		*id = (uint32_t)image->generation << 16 | i;
		return HC_OK;
	}
	return HC_ENOSLOT;
}

enum abi_error image_populate(struct world *w, uint32_t id, bool text, mfn_t *mfn)
{
	struct image *image = image_find(w, id, IMAGE_OPEN);
	enum abi_error e;

	if (!image || !image->held)
		return HC_EIMAGE;
	e = frame_alloc_image(w, owner_of(w, image), mfn);
	if (e == HC_OK && text)
		w->frames[*mfn].flags |= FRAME_TEXT;
	return e;
}

bool image_writable(const struct world *w, uint32_t id, mfn_t mfn)
{
	const struct image *image = image_find((struct world *)w, id, IMAGE_OPEN);

	return image && image->held && frame_is_ram(w, mfn) && w->frames[mfn].owner == owner_of(w, image);
}

enum abi_error image_seal(struct world *w, uint32_t id)
{
	struct image *image = image_find(w, id, IMAGE_OPEN);

	if (!image || !image->held)
		return HC_EIMAGE;
	image->state = IMAGE_SEALED;
	return HC_OK;
}

enum abi_error image_attach(struct world *w, struct domain *d, uint32_t id)
{
	struct image *image = image_find(w, id, IMAGE_SEALED);

	if (!image || !image->held)
		return HC_EIMAGE;
	if (d->image)
		return HC_ESTATE;
	d->image = owner_of(w, image);
	image->users++;
	return HC_OK;
}

/* Frees a bounded part of an image that nobody holds or uses; true when it is gone. */
static bool image_free(struct world *w, struct image *image)
{
	for (unsigned i = 0; i < FREE_BUDGET && image->frame_list; i++)
		frame_disown_image(w, owner_of(w, image), image->frame_list);
	if (image->frame_list)
		return false;
	image->state = IMAGE_FREE;
	return true;
}

bool image_detach(struct world *w, struct domain *d)
{
	struct image *image = d->image ? &w->images[d->image - OWNER_IMAGE] : NULL;

	if (image && image->users == 1 && !image->held && !image_free(w, image))
		return false;
	if (image)
		image->users--;
	d->image = 0;
	return true;
}

enum abi_error image_drop(struct world *w, uint32_t id)
{
	struct image *image = image_find(w, id, IMAGE_SEALED);

	if (!image)
		image = image_find(w, id, IMAGE_OPEN);
	if (!image || (!image->held && image->users))
		return HC_EIMAGE;
	image->held = 0;
	return image->users || image_free(w, image) ? HC_OK : HC_EAGAIN;
}

uint32_t image_count(const struct world *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < IMAGE_MAX; i++)
		n += w->images[i].state != IMAGE_FREE;
	return n;
}

uint64_t image_frames(const struct world *w, const struct domain *d)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < IMAGE_MAX; i++)
		if (!d || d->image == OWNER_IMAGE + i)
			n += w->images[i].frame_count;
	return n;
}
