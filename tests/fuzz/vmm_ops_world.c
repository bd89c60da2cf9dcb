/* SPDX-License-Identifier: BSD-2-Clause */
/* Choices that all operations share, and the lives of domains. */
#include "vmm_ops.h"

mfn_t any_frame(struct vmm_run *t, const struct domain *d)
{
	uint32_t k = fuzz_byte(&t->in);
	mfn_t m = d->frame_list;

	if (k >= 240)
		return pick(t, FRAMES + 2);
	for (k %= (uint32_t)d->frame_count; k && t->w->frames[m].next; k--)
		m = t->w->frames[m].next;
	return m;
}

mfn_t typed_frame(struct vmm_run *t, const struct domain *d, enum frame_type low, enum frame_type high)
{
	mfn_t m = any_frame(t, d);

	/* From there on the next of that type, if there is one. */
	if (!frame_is_ram(t->w, m) || t->w->frames[m].owner != d->id)
		return m;
	for (uint64_t left = d->frame_count; left && (t->w->frames[m].type < low || t->w->frames[m].type > high);
	     left--)
		m = t->w->frames[m].next ? t->w->frames[m].next : d->frame_list;
	return m;
}

struct domain *any_alive(struct vmm_run *t)
{
	unsigned s = pick(t, SLOTS);

	for (unsigned i = 0; i < SLOTS; i++) {
		struct domain *d = t->w->domains[(s + i) % SLOTS];

		if (d && d->state != DOMAIN_DEAD)
			return d;
	}
	return NULL;
}

enum abi_error op_create(struct vmm_run *t)
{
	unsigned slot = pick(t, SLOTS), way = pick(t, 4);
	struct domain_create c = {.name = "fuzz", .slot = slot, .weight = 1, .vcpu_count = 1};
	struct domain *d = NULL;
	struct tw_space s;
	enum abi_error e;

	if (way < 2) {
		if (t->w->domains[slot] || t->w->frames_free < 40 + t->w->frames_promised)
			return HC_ENOSLOT;
		t->d = tw_run(t->w, slot, &s);
		tw_io(slot, t->d, IO_FIRST, 4);
		return HC_OK;
	}
	/* A bare one, perhaps with a promise that the machine cannot keep. */
	c.max_pages = pick(t, 64);
	c.reserved_pages = pick(t, 72);
	FLUSHING(t, e, domain_create(t->w, &c, &d));
	if (e == HC_OK)
		cr_assert(c.max_pages && c.reserved_pages <= c.max_pages);
	return e;
}

enum abi_error op_kill(struct vmm_run *t)
{
	if (pick(t, 3))
		return HC_EPERM;
	tw_flush(t->w); /* its vCPU leaves the CPU, and its devices reach nothing */
	tw_dma_detach(t->d);
	domain_end(t->w, t->d, REASON_KILLED, 0);
	return HC_OK;
}

enum abi_error op_release(struct vmm_run *t)
{
	struct domain *d = NULL;
	enum abi_error e;

	for (unsigned s = 0; s < SLOTS; s++)
		if (t->w->domains[s] && t->w->domains[s]->state == DOMAIN_DEAD)
			d = t->w->domains[s];
	if (!d)
		return HC_ESTATE;
	e = domain_release(t->w, d);
	cr_assert(e == HC_OK || e == HC_EAGAIN);
	return HC_OK;
}

enum abi_error op_flush(struct vmm_run *t)
{
	tw_flush(t->w);
	return HC_OK;
}

/* One CPU alone, the same throughout a run: so whatever the other one may have cached stays so. */
enum abi_error op_flush_one(struct vmm_run *t)
{
	frame_flushed(t->w, 0);
	return HC_OK;
}

enum abi_error op_seal(struct vmm_run *t)
{
	if (pick(t, 4))
		return HC_EPERM;
	for (mfn_t m = 0; m < FRAMES && !t->d->sealed; m++) {
		const struct frame *f = &t->w->frames[m];

		if (f->owner == t->d->id && (f->type == FRAME_EXEC || (!f->type && f->last_type == FRAME_EXEC)))
			t->text_of[m] = t->d->id;
	}
	t->d->sealed = 1;
	return HC_OK;
}
