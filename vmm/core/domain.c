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
#include "sched.h"

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
	if (c->name[DOMAIN_NAME_MAX - 1] || !c->name[0] || !c->weight || c->weight > SCHED_WEIGHT_MAX ||
	    c->vcpu_count != 1 || !c->max_pages || c->reserved_pages > c->max_pages || (c->capabilities & ~CAP_ALL))
		return HC_EINVAL;
	return HC_OK;
}

enum abi_error domain_create(struct world *w, const struct domain_create *c, struct domain **out)
{
	enum abi_error e = create_check(w, c);
	uint16_t generation;
	mfn_t self, fpu = 0;
	struct domain *d;

	if (e != HC_OK || (e = frame_alloc_own(w, &self)) != HC_OK)
		return e;
	d = world_page(w, self);
	generation = w->generations[c->slot] == UINT16_MAX ? 1 : (uint16_t)(w->generations[c->slot] + 1);
	d->id = (uint32_t)generation << 16 | c->slot;
	d->state = DOMAIN_CONSTRUCTION;
	memcpy(d->name, c->name, sizeof d->name);
	d->capabilities = c->capabilities;
	d->self_mfn = self;
	d->frame_max = (uint64_t)c->max_pages + 1; /* the shared-info page is on the house */
	d->port_hint = 1;
	d->vcpu.domain = d;
	d->vcpu.timer = (struct timer){.vcpu = &d->vcpu, .kind = TIMER_GUEST};
	d->vcpu.block_deadline = (struct timer){.vcpu = &d->vcpu, .kind = TIMER_BLOCK};
	sched_entity_init(&d->vcpu.sched, c->weight);
	e = frame_alloc_own(w, &fpu);
	if (e == HC_OK)
		e = frame_set_target(w, d, d->frame_max, c->reserved_pages ? c->reserved_pages + 1ull : 0);
	if (e == HC_OK)
		e = frame_alloc(w, d, &d->shared_mfn);
	if (e != HC_OK) {
		CHECK(frame_set_target(w, d, 0, 0) == HC_OK);
		if (fpu)
			frame_free_own(w, fpu);
		frame_free_own(w, self);
		return e;
	}
	CHECK(frame_get_type(w, d->shared_mfn, FRAME_WRITABLE) == HC_OK);
	d->vcpu.fpu = world_page(w, fpu);
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
	CHECK(d->state != DOMAIN_DEAD);
	event_close_all(w, d);
	CHECK(frame_set_target(w, d, d->frame_target, 0) == HC_OK);
	d->state = DOMAIN_DEAD;
	d->reason = reason;
	d->code = code;
	d->vcpu.state = VCPU_OFF;
	for (unsigned i = 0; i < DOMAIN_SLOTS; i++)
		if (w->domains[i] && (w->domains[i]->capabilities & CAP_DOMAIN) && w->domains[i] != d)
			event_raise_virq(w, w->domains[i], VIRQ_DOMAIN);
}

static void release_record(struct world *w, struct domain *d)
{
	uint32_t slot = DOMID_SLOT(d->id);
	mfn_t fpu = (mfn_t)((uint8_t *)d->vcpu.fpu - w->memory) >> PAGE_SHIFT;

	event_free_tables(w, d);
	w->domains[slot] = NULL;
	w->domain_count--;
	frame_free_own(w, fpu);
	frame_free_own(w, d->self_mfn);
}

/* Makes tables ordinary frames again, from the top down, a bounded number; true when none is left. */
static bool release_tables(struct world *w, struct domain *d)
{
	uint64_t start = w->work;
	unsigned visits = 0;

	for (unsigned level = 4; level; level--)
		while (d->tables[level]) {
			uint32_t m = d->release_at ? d->release_at : d->frame_list;

			if (visits++ == RELEASE_VISITS || w->work - start > RELEASE_WORK)
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

	CHECK(d->state == DOMAIN_DEAD);
	switch (d->release_step) {
	case 0: done = grant_unmap_all(w, d, RELEASE_BUDGET); break;
	case 1:
		done = dma_release(w, d);
		if (done && d->vcpu.root) {
			mmu_unlink(w, d->vcpu.root);
			d->vcpu.root = 0;
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
