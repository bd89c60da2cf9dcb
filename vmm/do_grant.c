/* SPDX-License-Identifier: BSD-2-Clause */
/* Grant hypercalls. All-or-nothing ones undo what they did when a later part is refused. */
#include "calls.h"
#include "core/domain.h"
#include "core/frame.h"
#include "core/grant.h"
#include "core/mmu.h"
#include "iommu.h"
#include "run.h"
#include "x86.h"

#include <string.h>

/*
 * Offers all frames of @o under the references from @first on, or none; for @first 0 only says what would come of it: before
 * the table grows for it.
 */
static enum abi_error offer_all(struct domain *d, const struct grant_offer *o, uint32_t first)
{
	enum abi_error e = HC_OK;
	uint32_t i;

	for (i = 0; i < o->count && e == HC_OK; i++) {
		uint64_t mfn;

		if (!copy_from_guest(&mfn, guest_va(o->mfns + i * sizeof mfn), sizeof mfn))
			e = HC_EFAULT;
		else if (!first)
			e = grant_may_offer(&world, d, o->flags, mfn);
		else
			e = grant_offer(&world, d, first + i, o->peer, o->flags, mfn);
	}
	if (e != HC_OK && first && i > 1)
		CHECK(grant_revoke(&world, d, first, i - 1) == HC_OK);
	return e;
}

int64_t do_grant_offer(struct vcpu *v, struct domain *d, const struct grant_offer *o)
{
	const struct domain *peer;
	uint32_t first = 0;
	enum abi_error e;

	if (!o->count || o->count > GRANT_OFFER_MAX ||
	    (o->flags != 0 && o->flags != GRANT_READONLY && o->flags != GRANT_TRANSFER) || o->reserved0 ||
	    !range_within(o->mfns, o->count * sizeof(uint64_t), GUEST_TOP))
		return -HC_EINVAL;
	peer = domain_find(&world, o->peer);
	if (!peer || peer->state == DOMAIN_DEAD)
		return -HC_ENODOM;
	e = offer_all(d, o, 0);
	if (e == HC_OK)
		WITH_FLUSH(e, grant_reserve(&world, d, o->count, &first));
	if (e == HC_OK)
		e = offer_all(d, o, first);
	return e == HC_OK ? (int64_t)first : -(int64_t)e;
}

int64_t do_grant_revoke(struct vcpu *v, uint32_t first, uint32_t count)
{
	if (!count || count > GRANT_OFFER_MAX)
		return -HC_EINVAL;
	return -(int64_t)grant_revoke(&world, v->domain, first, count);
}

/* Where the level-1 entry for page @i from @va on stands. */
static enum abi_error entry_find(const struct vcpu *v, uint64_t va, uint32_t i, mfn_t *table, unsigned *index)
{
	return mmu_walk(&world, v->root, va + (uint64_t)i * PAGE_SIZE, 1, table, index);
}

static enum abi_error map_one(struct vcpu *v, struct domain *granter, const struct grant_map *m, uint32_t i, mfn_t *mfn)
{
	unsigned index;
	mfn_t table;
	enum abi_error e = entry_find(v, m->va, i, &table, &index);

	if (e == HC_OK)
		WITH_FLUSH(e, grant_map(&world, v->domain, granter, m->first + i, m->flags, table, index, mfn));
	return e;
}

/*
 * The caller has looked: each is a mapping. One table may stand at two places of the range; then it is gone already. It may
 * also stand at places that are not named, so all of the domain's translations go. The granter may be on another CPU and finds
 * its frame its own again as soon as the mapping is not counted: by then no sibling of @v has a translation, and @v gets no
 * further than to the flush.
 */
static void unmap_range(struct vcpu *v, uint64_t va, uint32_t count)
{
	bool siblings = v->domain->vcpu_count > 1;
	unsigned index;
	mfn_t table;

	for (uint32_t i = 0; siblings && i < count; i++) {
		CHECK(entry_find(v, va, i, &table, &index) == HC_OK);
		mmu_grant_hide(&world, table, index);
	}
	if (siblings)
		tlb_flush_all();
	for (uint32_t i = 0; i < count; i++) {
		enum abi_error e;

		CHECK(entry_find(v, va, i, &table, &index) == HC_OK);
		e = grant_unmap(&world, v->domain, table, index);
		CHECK(e == HC_OK || e == HC_EGRANT);
	}
	if (world.dma_stale)
		tlb_flush_all();
	else
		tables_load(this_cpu(), read_cr3());
}

int64_t do_grant_map(struct vcpu *v, const struct grant_map *m)
{
	struct domain *granter;
	enum abi_error e = HC_OK;
	uint32_t i;

	if (!m->count || m->count > GRANT_MAP_MAX || (m->flags & ~(GRANT_READONLY | GRANT_DMA)) ||
	    !range_within(m->first, m->count, GRANT_MAX))
		return -HC_EINVAL;
	if ((m->va & PAGE_MASK) || !range_within(m->va, (uint64_t)m->count * PAGE_SIZE, GUEST_TOP))
		return -HC_EADDRESS;
	granter = domain_find(&world, m->granter);
	if (!granter || granter->state == DOMAIN_DEAD)
		return -HC_ENODOM;
	for (i = 0; i < m->count && e == HC_OK; i++) {
		mfn_t mfn = 0;

		e = map_one(v, granter, m, i, &mfn);
		if (e == HC_OK && m->mfns && !copy_to_guest(guest_va(m->mfns + i * sizeof mfn), &mfn, sizeof mfn)) {
			e = HC_EFAULT;
			i++; /* this one is mapped already */
		}
	}
	if (e != HC_OK)
		unmap_range(v, m->va, i - 1);
	if ((m->flags & GRANT_DMA) && v->domain->dma_root)
		iommu_grown();
	return -(int64_t)e;
}

int64_t do_grant_unmap(struct vcpu *v, uint64_t va, uint32_t count)
{
	if (!count || count > GRANT_MAP_MAX)
		return -HC_EINVAL;
	if ((va & PAGE_MASK) || !range_within(va, (uint64_t)count * PAGE_SIZE, GUEST_TOP))
		return -HC_EADDRESS;
	for (uint32_t i = 0; i < count; i++) {
		unsigned index;
		mfn_t table;
		enum abi_error e = entry_find(v, va, i, &table, &index);

		if (e != HC_OK)
			return -(int64_t)e;
		if (!grant_is_mapping(&world, table, index))
			return -HC_EGRANT;
	}
	unmap_range(v, va, count);
	return 0;
}

/* One side of a copy: a frame of the caller's own, or one behind an offer of @granter. */
struct side {
	struct domain *granter; /* NULL: own */
	uint32_t ref;
	mfn_t mfn;
};

static enum abi_error side_take(struct vcpu *v, bool granted, uint32_t domid, uint64_t name, bool write, struct side *s)
{
	if (!granted) {
		if (!frame_is_ram(&world, name) || frame_owner(&world, name) != v->domain->id)
			return HC_EFRAME;
		*s = (struct side){.mfn = name};
		return frame_hold(&world, name, write);
	}
	s->granter = domain_find(&world, domid);
	if (!s->granter || s->granter->state == DOMAIN_DEAD)
		return HC_ENODOM;
	if (name >= GRANT_MAX)
		return HC_EGRANT;
	s->ref = (uint32_t)name;
	return grant_hold(&world, s->granter, v->domain->id, s->ref, write, false, &s->mfn);
}

static enum abi_error copy_one(struct vcpu *v, const struct grant_copy *c)
{
	struct side src, dst;
	enum abi_error e;

	if (!(c->flags & (GRANT_COPY_SRC_GRANT | GRANT_COPY_DST_GRANT)) ||
	    (c->flags & ~(GRANT_COPY_SRC_GRANT | GRANT_COPY_DST_GRANT)) ||
	    !range_within(c->src_offset, c->len, PAGE_SIZE) || !range_within(c->dst_offset, c->len, PAGE_SIZE))
		return HC_EINVAL;
	e = side_take(v, c->flags & GRANT_COPY_SRC_GRANT, c->src_domid, c->src, false, &src);
	if (e != HC_OK)
		return e;
	e = side_take(v, c->flags & GRANT_COPY_DST_GRANT, c->dst_domid, c->dst, true, &dst);
	if (e == HC_OK) {
		memmove((uint8_t *)world_page(&world, dst.mfn) + c->dst_offset,
			(uint8_t *)world_page(&world, src.mfn) + c->src_offset, c->len);
		grant_copied(&world, dst.granter, dst.ref, dst.mfn, true);
	}
	grant_copied(&world, src.granter, src.ref, src.mfn, false);
	return e;
}

int64_t do_grant_copy(struct vcpu *v, guest_va_t copies, uint32_t count, guest_va_t done)
{
	enum abi_error e = HC_OK;
	uint32_t i;

	if (count > GRANT_COPY_MAX)
		return -HC_EINVAL;
	for (i = 0; i < count && e == HC_OK; i += e == HC_OK) {
		struct grant_copy c;

		if (!copy_from_guest(&c, guest_va(copies.v + i * sizeof c), sizeof c))
			e = HC_EFAULT;
		else
			WITH_FLUSH(e, copy_one(v, &c));
	}
	if (!copy_to_guest(done, &i, sizeof i) && e == HC_OK)
		e = HC_EFAULT;
	return -(int64_t)e;
}

int64_t do_grant_accept(struct vcpu *v, uint32_t granter, uint32_t ref)
{
	struct domain *d = domain_find(&world, granter);
	enum abi_error e;
	mfn_t mfn = 0;

	if (!d || d->state == DOMAIN_DEAD || d == v->domain)
		return -HC_ENODOM;
	WITH_FLUSH(e, grant_accept(&world, v->domain, d, ref, &mfn));
	return e == HC_OK ? (int64_t)mfn : -(int64_t)e;
}

int64_t do_grant_query(struct vcpu *v, uint32_t ref)
{
	const struct grant *g = grant_find(v->domain, ref);

	return g ? (int64_t)g->maps : -HC_EGRANT;
}

int64_t do_grant_retarget(struct vcpu *v, struct domain *d, uint32_t first, uint32_t count, uint32_t peer)
{
	const struct domain *p = domain_find(&world, peer);

	if (!count || count > GRANT_OFFER_MAX)
		return -HC_EINVAL;
	if (!p || p->state == DOMAIN_DEAD)
		return -HC_ENODOM;
	for (uint32_t i = 0; i < count; i++) {
		const struct grant *g = grant_find(d, first + i);
		const struct domain *old = g ? domain_find(&world, g->peer) : NULL;

		if (old && old->state != DOMAIN_DEAD)
			return -HC_ESTATE;
	}
	return -(int64_t)grant_retarget(d, first, count, peer);
}
