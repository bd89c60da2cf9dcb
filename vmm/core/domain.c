/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains. A slot's generation grows each time it is used, so an id names one life of one slot. Invariant: a domain in
 * the table is in one of the states of abi/hypercall.h, which only advance (construction, running <-> paused, dead); the
 * record goes when nothing of the domain is left but frames that others still map.
 */
#include "domain.h"

#include <string.h>

#include "dma.h"
#include "event.h"
#include "frame.h"
#include "grant.h"
#include "image.h"
#include "mmu.h"

#define RELEASE_BUDGET 256u
#define RELEASE_VISITS 4096u
#define RELEASE_WORK 16384u /* table entries */

struct domain *domain_find(const struct world *w, domid_t id)
{
	uint32_t slot = DOMID_SLOT(id);
	struct domain *d = slot < DOMAIN_SLOTS ? w->domains[slot] : NULL;

	return d && d->id == id ? d : NULL;
}

static enum abi_error create_check(const struct world *w, const struct domain_create *c)
{
	if (c->slot >= DOMAIN_SLOTS || w->domains[c->slot])
		return HC_ENOSLOT;
	if (c->name[DOMAIN_NAME_MAX - 1] || !c->name[0] || !c->weight || c->weight > BVT_WEIGHT_MAX || !c->vcpu_count ||
	    c->vcpu_count > VCPU_MAX || !c->max_pages || c->reserved_pages > c->max_pages ||
	    (c->capabilities & ~CAP_ALL))
		return HC_EINVAL;
	return HC_OK;
}

static void page_free(struct world *w, const void *page)
{
	if (page)
		frame_free_own(w, (mfn_t)((const uint8_t *)page - w->memory) >> PAGE_SHIFT);
}

static void vcpus_free(struct world *w, struct domain *d)
{
	while (d->vcpu_count) {
		struct vcpu *v = domain_vcpu(d, --d->vcpu_count);

		page_free(w, v->fpu);
		if (v != &d->vcpu)
			page_free(w, v);
	}
}

/* Each has a page for its FPU state, and all but the first one for its record. On a refusal some may be there already. */
static enum abi_error vcpus_create(struct world *w, struct domain *d, uint32_t count)
{
	enum abi_error e = HC_OK;
	mfn_t page;

	for (uint32_t id = 0; id < count; id++) {
		struct vcpu *v = &d->vcpu;

		if (id) {
			e = frame_alloc_own(w, &page);
			if (e != HC_OK)
				return e;
			v = d->others[id - 1] = world_page(w, page);
		}
		d->vcpu_count++;
		v->domain = d;
		v->id = id;
		v->timer = (struct timer){.vcpu = v, .kind = TIMER_GUEST};
		v->block_deadline = (struct timer){.vcpu = v, .kind = TIMER_BLOCK};
		e = frame_alloc_own(w, &page);
		if (e != HC_OK)
			return e;
		v->fpu = world_page(w, page);
	}
	return HC_OK;
}

enum abi_error domain_create(struct world *w, const struct domain_create *c, struct domain **out)
{
	enum abi_error e = create_check(w, c);
	uint16_t generation;
	mfn_t self;
	struct domain *d;

	if (e != HC_OK || (e = frame_alloc_own(w, &self)) != HC_OK)
		return e;
	d = world_page(w, self);
	generation = w->generations[c->slot] == UINT16_MAX ? 1 : (uint16_t)(w->generations[c->slot] + 1);
	d->id = (uint32_t)generation << 16 | c->slot;
	d->state = DOMAIN_CONSTRUCTION;
	d->lock.rank = LOCK_DOMAIN;
	memcpy(d->name, c->name, sizeof d->name);
	d->capabilities = c->capabilities;
	d->self_mfn = self;
	d->frame_max = (uint64_t)c->max_pages + 1; /* the shared-info page is on the house */
	d->port_hint = 1;
	e = vcpus_create(w, d, c->vcpu_count);
	if (e == HC_OK)
		e = frame_set_target(w, d, d->frame_max, c->reserved_pages ? c->reserved_pages + 1ull : 0);
	if (e == HC_OK)
		e = frame_alloc(w, d, &d->shared_mfn);
	if (e != HC_OK) {
		CHECK(frame_set_target(w, d, 0, 0) == HC_OK);
		vcpus_free(w, d);
		frame_free_own(w, self);
		return e;
	}
	CHECK(frame_get_type(w, d->shared_mfn, FRAME_WRITABLE) == HC_OK);
	d->shared = world_page(w, d->shared_mfn);
	d->shared->memory_target = d->frame_target;
	for (unsigned i = 0; i < VCPU_MAX; i++)
		d->shared->vcpu[i].upcall_mask = 1;
	w->generations[c->slot] = generation; /* not before: a refusal changes nothing */
	w->domains[c->slot] = d;
	w->domain_count++;
	*out = d;
	return HC_OK;
}

void domain_end(struct world *w, struct domain *d, enum domain_reason reason, uint32_t code)
{
	struct vcpu *v;

	CHECK(d->state != DOMAIN_DEAD);
	event_close_all(w, d);
	CHECK(frame_set_target(w, d, d->frame_target, 0) == HC_OK);
	d->state = DOMAIN_DEAD;
	d->reason = reason;
	d->code = code;
	EACH_VCPU(v, d)
	v->state = VCPU_OFF;
	for (unsigned i = 0; i < DOMAIN_SLOTS; i++)
		if (w->domains[i] && (w->domains[i]->capabilities & CAP_DOMAIN) && w->domains[i] != d)
			event_raise_virq(w, w->domains[i], VIRQ_DOMAIN);
}

static void release_record(struct world *w, struct domain *d)
{
	uint32_t slot = DOMID_SLOT(d->id);

	event_free_tables(w, d);
	vcpus_free(w, d);
	w->domains[slot] = NULL;
	w->domain_count--;
	frame_free_own(w, d->self_mfn);
}

/* Makes tables ordinary frames again, from the top down, a bounded number; true when none is left. */
static bool release_tables(struct world *w, struct domain *d)
{
	uint64_t start = world_work(w);
	unsigned visits = 0;

	for (unsigned level = 4; level; level--)
		while (d->tables[level]) {
			uint32_t m = d->release_at ? d->release_at : d->frame_list;

			if (visits++ == RELEASE_VISITS || world_work(w) - start > RELEASE_WORK)
				return false;
			if (w->frames[m].type != level || mmu_unpin(w, d, m) == HC_OK)
				m = w->frames[m].next;
			d->release_at = m;
		}
	return true;
}

enum abi_error domain_release(struct world *w, struct domain *d)
{
	bool done = true;
	struct vcpu *v;

	CHECK(d->state == DOMAIN_DEAD);
	switch (d->release_step) {
	case 0: done = grant_unmap_all(w, d, RELEASE_BUDGET); break;
	case 1:
		done = dma_release(w, d);
		EACH_VCPU(v, d)
		if (done && v->root) {
			mmu_unlink(w, v->root);
			v->root = 0;
		}
		break;
	case 2: done = release_tables(w, d); break;
	case 3:
		grant_free_tables(w, d);
		frame_put_type(w, d->shared_mfn);
		break;
	default:
		for (unsigned i = 0; i < RELEASE_BUDGET && d->frame_list; i++)
			frame_disown(w, d, d->frame_list);
		if (d->frame_list || !image_detach(w, d))
			return HC_EAGAIN;
		release_record(w, d);
		return HC_OK;
	}
	d->release_step += done;
	return HC_EAGAIN;
}
