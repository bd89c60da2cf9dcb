/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm_random.h"

#include <vmm/core/dma.h>

mfn_t random_any_frame(struct run *t, const struct domain *d)
{
	mfn_t m = d->frame_list;

	if (!random_below(t, 12))
		return random_below(t, FRAMES + 2);
	for (uint32_t k = random_below(t, (uint32_t)d->frame_count + 1); k && t->w->frames[m].next; k--)
		m = t->w->frames[m].next;
	return m;
}

mfn_t random_typed_frame(struct run *t, const struct domain *d, enum frame_type low, enum frame_type high)
{
	mfn_t m = 0;

	for (unsigned tries = 0; tries < 12; tries++) {
		m = random_any_frame(t, d);
		if (frame_is_ram(t->w, m) && t->w->frames[m].type >= low && t->w->frames[m].type <= high)
			break;
	}
	return m;
}

struct domain *random_any_domain(struct run *t)
{
	return t->w->domains[random_below(t, SLOTS)];
}

struct domain *random_any_alive(struct run *t)
{
	struct domain *d = random_any_domain(t);

	return d && d->state != DOMAIN_DEAD ? d : t->d;
}

uint32_t random_any_ref(struct run *t)
{
	return random_below(t, 50) ? 1 + random_below(t, 12) : (uint32_t)tw_random(&t->r);
}

void random_find_offer(struct run *t, struct domain **granter, uint32_t *r)
{
	for (unsigned tries = 0; tries < 20 && tw_peer(*granter, *r) != t->d->id; tries++) {
		*granter = random_any_alive(t);
		*r = random_any_ref(t);
	}
}

mfn_t random_image_frame(struct run *t)
{
	const struct image *image = &t->w->images[t->d->image - OWNER_IMAGE];
	mfn_t m = image->frame_list;

	for (uint32_t k = random_below(t, image->frame_count + 1); k && t->w->frames[m].next; k--)
		m = t->w->frames[m].next;
	return m;
}

enum abi_error random_increase(struct run *t)
{
	enum abi_error e;
	mfn_t m;

	TW_FLUSHING(t->w, e, frame_alloc(t->w, t->d, &m));
	return e;
}

enum abi_error random_decrease(struct run *t)
{
	return frame_give_back(t->w, t->d, random_typed_frame(t, t->d, FRAME_NONE, FRAME_NONE));
}

enum abi_error random_target(struct run *t)
{
	uint32_t target = random_below(t, 130), reserve = random_below(t, 40);

	return frame_set_target(t->w, t->d, random_below(t, 2) ? (uint32_t)t->d->frame_max : target, reserve);
}

enum abi_error random_scrub(struct run *t)
{
	enum abi_error e;

	TW_FLUSHING(t->w, e, frame_scrub_ahead(t->w));
	return e;
}

enum abi_error random_transfer(struct run *t)
{
	mfn_t m = random_typed_frame(t, t->d, FRAME_NONE, FRAME_NONE);
	enum abi_error e = grant_may_offer(t->w, t->d, GRANT_TRANSFER, m);
	const struct domain *peer = random_any_alive(t);
	uint32_t ref = 0;

	if (e == HC_OK)
		TW_FLUSHING(t->w, e, grant_reserve(t->w, t->d, 1, &ref));
	return e == HC_OK ? grant_offer(t->w, t->d, ref, peer->id, GRANT_TRANSFER, m) : e;
}

enum abi_error random_accept(struct run *t)
{
	struct domain *granter = random_any_alive(t);
	uint32_t ref = random_any_ref(t);
	enum abi_error e;
	mfn_t m;

	for (unsigned tries = 0; tries < 40; tries++) {
		const struct grant *g = granter->grants[0];

		if (g && ref < GRANTS_PER_PAGE && g[ref].peer == t->d->id && (g[ref].flags & GRANT_TRANSFER))
			break;
		granter = random_any_alive(t);
		ref = random_any_ref(t);
	}
	if (granter == t->d)
		return HC_ENODOM;
	TW_FLUSHING(t->w, e, grant_accept(t->w, t->d, granter, ref, &m));
	return e;
}

/* One step in the life of a random image of the first four. */
enum abi_error random_image(struct run *t)
{
	uint32_t i = random_below(t, 4), id = (uint32_t)t->w->images[i].generation << 16 | i;
	enum abi_error e;
	mfn_t m = 0;

	switch (random_below(t, 6)) {
	case 0: return t->w->images[i].state == IMAGE_FREE ? image_create(t->w, &id) : HC_ENOSLOT;
	case 1:
	case 2: TW_FLUSHING(t->w, e, image_populate(t->w, id, random_below(t, 2), &m)); return e;
	case 3: return image_seal(t->w, id);
	case 4: return image_attach(t->w, t->d, id);
	default: return random_below(t, 4) ? HC_EPERM : image_drop(t->w, id);
	}
}

enum abi_error random_dma_enter(struct run *t)
{
	mfn_t m = random_below(t, 3) ? random_typed_frame(t, t->d, FRAME_NONE, FRAME_NONE) : random_any_frame(t, t->d);
	uint32_t rights = 1 + random_below(t, 3);
	enum abi_error e;

	if (!frame_is_ram(t->w, m) || t->w->frames[m].owner != t->d->id)
		return HC_EFRAME;
	TW_FLUSHING(t->w, e, dma_enter(t->w, t->d, m, rights));
	return e;
}

enum abi_error random_dma_leave(struct run *t)
{
	mfn_t m = random_any_frame(t, t->d);

	for (unsigned tries = 0; tries < 12 && !dma_rights(t->w, t->d, m); tries++)
		m = random_any_frame(t, t->d);
	if (!frame_is_ram(t->w, m) || t->w->frames[m].owner != t->d->id)
		return HC_EFRAME;
	if (!dma_leave(t->w, t->d, m))
		return HC_EINVAL;
	if (random_below(t, 2))
		tw_dma_flush(t->w);
	return HC_OK;
}
