/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations of grants, as the hypercalls put them together: an offer is all or none. */
#include "vmm_ops.h"

#include <string.h>

static uint32_t any_ref(struct vmm_run *t)
{
	uint32_t v = fuzz_byte(&t->in);

	return v < 250 ? 1 + v % 14 : GRANT_MAX - 2 + v % 4;
}

enum abi_error op_offer(struct vmm_run *t)
{
	static const uint32_t flags_of[] = {0, 0, GRANT_READONLY, GRANT_TRANSFER};
	uint32_t way = fuzz_byte(&t->in), count = 1 + way % 3, first = 0, flags = flags_of[way / 3 % 4], i;
	const struct domain *peer = any_alive(t);
	enum abi_error e = HC_OK;
	mfn_t mfn[3];

	if (way == 255)
		count = GRANTS_PER_PAGE + 1;
	for (i = 0; i < count && e == HC_OK; i++) {
		if (i < 3)
			mfn[i] = any_frame(t, t->d);
		if (way > 200 && way < 255 && t->d->image)
			mfn[i] = t->w->images[t->d->image - OWNER_IMAGE].frame_list;
		e = grant_may_offer(t->w, t->d, flags, mfn[i % 3]);
	}
	if (e == HC_OK)
		FLUSHING(t, e, grant_reserve(t->w, t->d, count, &first));
	for (i = 0; e == HC_OK && i < count; i++)
		e = grant_offer(t->w, t->d, first + i, peer->id, flags, mfn[i % 3]);
	if (e != HC_OK && i > 1)
		cr_assert_eq(grant_revoke(t->w, t->d, first, i - 1), HC_OK);
	return e;
}

enum abi_error op_revoke(struct vmm_run *t)
{
	uint32_t first = any_ref(t);

	return grant_revoke(t->w, t->d, first, 1 + pick(t, 3));
}

enum abi_error op_retarget(struct vmm_run *t)
{
	uint32_t ref = any_ref(t);

	return grant_retarget(t->d, ref, 1 + pick(t, 2), any_alive(t)->id);
}

/* An offer that the actor may use, if there is one; @transfer: of that kind. */
static struct domain *find_offer(struct vmm_run *t, bool transfer, uint32_t *ref)
{
	struct domain *granter = any_alive(t);

	*ref = any_ref(t);
	for (unsigned i = 0; i < SLOTS * 14; i++) {
		struct domain *d = t->w->domains[i % SLOTS];
		uint32_t r = 1 + (*ref + i / SLOTS) % 14;

		if (!d || d->state == DOMAIN_DEAD || tw_peer(d, r) != t->d->id)
			continue;
		if (!(d->grants[0][r].flags & GRANT_TRANSFER) != transfer) {
			*ref = r;
			return d;
		}
	}
	return granter;
}

enum abi_error op_map(struct vmm_run *t)
{
	mfn_t table = typed_frame(t, t->d, FRAME_L1, FRAME_L1), mfn = 0;
	uint32_t way = fuzz_byte(&t->in), ref;
	unsigned index = way % 4 ? 256 + way % 8 : any_index(t);
	struct domain *granter = find_offer(t, way >= 240, &ref);
	enum abi_error e;

	/* A walk gives level-1 tables of the mapper alone. */
	if (!frame_is_ram(t->w, table) || t->w->frames[table].owner != t->d->id || t->w->frames[table].type != FRAME_L1)
		return HC_ENOTABLE;
	FLUSHING(t, e,
		 grant_map(t->w, t->d, granter, ref, (way & 32 ? GRANT_READONLY : 0) | (way & 64 ? GRANT_DMA : 0),
			   table, index, &mfn));
	if (e == HC_OK)
		cr_assert_eq(mfn, granter->grants[ref / GRANTS_PER_PAGE][ref % GRANTS_PER_PAGE].mfn);
	return e;
}

enum abi_error op_unmap(struct vmm_run *t)
{
	mfn_t table = typed_frame(t, t->d, FRAME_L1, FRAME_L1);
	unsigned index = pick(t, 10) + 255;

	if (!frame_is_ram(t->w, table) || t->w->frames[table].owner != t->d->id || t->w->frames[table].type != FRAME_L1)
		return HC_ENOTABLE;
	while (index > 256 && index < 264 && !grant_is_mapping(t->w, table, index))
		index++;
	/* The caller flushes one address only: the table may stand at another, too. Of the IOTLB everything. */
	if (grant_unmap(t->w, t->d, table, index) != HC_OK)
		return HC_EGRANT;
	if (t->w->dma_stale && pick(t, 2))
		tw_dma_flush(t->w);
	return HC_OK;
}

enum abi_error op_copy(struct vmm_run *t)
{
	uint32_t ref;
	struct domain *granter = find_offer(t, false, &ref);
	enum abi_error e;
	mfn_t dst = 0;

	e = grant_access(granter, t->d->id, ref, true, &dst);
	if (e == HC_OK)
		FLUSHING(t, e, frame_get_type(t->w, dst, FRAME_WRITABLE));
	if (e != HC_OK)
		return e;
	memset(world_page(t->w, dst), (int)pick(t, 2), 64);
	frame_put_type(t->w, dst);
	return HC_OK;
}

enum abi_error op_accept(struct vmm_run *t)
{
	uint32_t ref;
	struct domain *granter = find_offer(t, fuzz_byte(&t->in) < 240, &ref);
	enum abi_error e;
	mfn_t mfn = 0;

	if (granter == t->d)
		return HC_ENODOM;
	FLUSHING(t, e, grant_accept(t->w, t->d, granter, ref, &mfn));
	if (e == HC_OK) {
		cr_assert_eq(t->w->frames[mfn].owner, t->d->id);
		cr_assert_eq(t->w->frames[mfn].refs, 1);
	}
	return e;
}
