/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One operation, as its hypercall's door (vmm/do_*.c, vmm/run.c) does it, without the door's own flushes at the end of a
 * batch: those are the guest's convenience, and no type or owner may depend on them. OP_FLUSH is there to do them.
 */
#include "model.h"

#include <string.h>

#include <vmm/core/domain.h>
#include <vmm/core/frame.h>
#include <vmm/core/grant.h>
#include <vmm/core/image.h>
#include <vmm/core/mmu.h>

uint64_t op_entry(unsigned kind, mfn_t mfn)
{
	static const uint64_t rights[] = {
		[ENTRY_NONE] = 0,
		[ENTRY_RO] = PTE_P | PTE_U | PTE_NX,
		[ENTRY_RW] = PTE_P | PTE_U | PTE_W | PTE_NX,
		[ENTRY_TEXT] = PTE_P | PTE_U,
		[ENTRY_LINK] = PTE_P | PTE_U | PTE_W | PTE_A,
		[ENTRY_RUN] = PTE_P | PTE_U | PTE_W | PTE_NX | PTE_PS,
		[ENTRY_RUN_RO] = PTE_P | PTE_U | PTE_NX | PTE_PS,
		[ENTRY_RUN_TEXT] = PTE_P | PTE_U | PTE_PS,
		[ENTRY_WX] = PTE_P | PTE_U | PTE_W,
		[ENTRY_GLOBAL] = PTE_P | PTE_U | PTE_NX | PTE_G,
		[ENTRY_SUPERVISOR] = PTE_P | PTE_NX,
		[ENTRY_GRANT] = PTE_P | PTE_U | PTE_NX | PTE_GRANT,
		[ENTRY_ABSENT] = PTE_U | PTE_NX,
	};

	return kind == ENTRY_NONE ? 0 : rights[kind] | mfn << PAGE_SHIFT;
}

/* Who acts must live. */
static struct domain *actor(const struct model *m, unsigned slot)
{
	struct domain *d = m->w.domains[slot];

	return d && d->state == DOMAIN_RUNNING ? d : NULL;
}

static unsigned other(unsigned slot)
{
	return 3 - slot;
}

static int cpu_of(const struct model *m, unsigned slot)
{
	for (unsigned c = 0; c < MODEL_CPUS; c++)
		if (m->cpus[c].runs == slot)
			return (int)c;
	return -1;
}

bool free_first(struct model *m, mfn_t mfn, bool scrub)
{
	struct world *w = &m->w;
	struct frame *f = &m->frames[mfn];
	uint32_t *head = scrub || !w->clean_list ? &w->free_list : &w->clean_list;

	if (!mfn)
		return !*head;
	if (f->owner != OWNER_FREE || (head == &w->clean_list) != !!(f->flags & FRAME_CLEAN))
		return false;
	if (*head == mfn)
		return true;
	m->frames[f->prev].next = f->next;
	if (f->next)
		m->frames[f->next].prev = f->prev;
	f->prev = 0;
	f->next = *head;
	m->frames[*head].prev = (uint32_t)mfn;
	*head = (uint32_t)mfn;
	return true;
}

static enum abi_error set_entry(struct model *m, struct domain *d, const struct op *o)
{
	uint8_t before[MODEL_CPUS][MODEL_FRAMES], after[MODEL_FRAMES];
	bool flush = false;
	enum abi_error e;

	for (unsigned c = 0; c < MODEL_CPUS; c++)
		ghost_reach(m, c, before[c]);
	e = mmu_set_entry(&m->w, d, o->frame, o->at, op_entry(o->how, o->on), &flush);
	for (unsigned c = 0; c < MODEL_CPUS && e == HC_OK && !flush; c++) {
		ghost_reach(m, c, after);
		for (mfn_t f = 0; f < m->w.frame_limit; f++)
			if (before[c][f] & ~after[f])
				model_violation(m, "no flush was asked for, and CPU %u may know frame %lu still", c, f);
	}
	return e;
}

/* A pinned table holds no 2 MiB entry (work is bounded), an unpinned one nothing at all. */
static enum abi_error pin(struct model *m, struct domain *d, const struct op *o)
{
	enum abi_error e = o->kind == OP_PIN ? mmu_pin(&m->w, d, o->frame, o->at) : mmu_unpin(&m->w, d, o->frame);

	for (unsigned i = 0; e == HC_OK && i < TABLE_ENTRIES; i++) {
		uint64_t entry = model_words(m, o->frame)[i];

		if (o->kind == OP_PIN ? o->at == 2 && (entry & PTE_PS) : entry)
			model_violation(m, "frame %u holds entry %#lx after %s", o->frame, entry,
					o->kind == OP_PIN ? "a pin" : "an unpin");
	}
	return e;
}

static enum abi_error guest_write(struct model *m, const struct op *o)
{
	if (!(ghost_known(m, o->frame) & KNOWN_WRITE) || m->frames[o->frame].owner == OWNER_FREE)
		return OP_DISABLED;
	model_words(m, o->frame)[o->at] = op_entry(o->how, o->on);
	return HC_OK;
}

static enum abi_error switch_base(struct model *m, struct domain *d, mfn_t root)
{
	int c = cpu_of(m, DOMID_SLOT(d->id));
	mfn_t old = d->vcpu.root;
	enum abi_error e;

	if (c < 0)
		return OP_DISABLED;
	e = mmu_link(&m->w, d, root, 4);
	if (e != HC_OK)
		return e;
	d->vcpu.root = root;
	ghost_flush(m, (unsigned)c);
	mmu_unlink(&m->w, old);
	return HC_OK;
}

static enum abi_error switch_cpu(struct model *m, unsigned c, unsigned slot)
{
	const struct domain *d = slot ? actor(m, slot) : NULL;
	int at = slot ? cpu_of(m, slot) : -1;

	if (slot && (!d || !d->vcpu.root || (at >= 0 && at != (int)c)))
		return OP_DISABLED;
	m->cpus[c].runs = (uint8_t)slot;
	ghost_flush(m, c);
	return HC_OK;
}

static enum abi_error seal(struct model *m, struct domain *d)
{
	if (d->sealed)
		return OP_DISABLED;
	d->sealed = 1;
	for (mfn_t f = 0; f < m->w.frame_limit; f++) {
		const struct frame *frame = &m->frames[f];

		m->text[f] = frame->owner == d->id && (frame->type ? frame->type : frame->last_type) == FRAME_EXEC;
	}
	return HC_OK;
}

static enum abi_error offer(struct model *m, struct domain *d, const struct op *o)
{
	const struct domain *peer = actor(m, other(o->who));

	if (!peer || !d->grants[0] || d->grants[0][o->at].peer != DOMID_NONE)
		return OP_DISABLED;
	return grant_offer(&m->w, d, o->at, peer->id, o->how, o->frame);
}

static enum abi_error map(struct model *m, struct domain *d, const struct op *o)
{
	struct domain *granter = actor(m, other(o->who));
	unsigned index;
	enum abi_error e;
	mfn_t table, mfn;

	if (!granter || d->mapping_count == MODEL_MAPS)
		return OP_DISABLED;
	if (o->how & GRANT_DMA) {
		const struct grant *g = granter->grants[0] ? &granter->grants[0][o->at] : NULL;

		if (!g || g->peer == DOMID_NONE ? o->frame != 0 : !devices_growth(m, d, g->mfn, o->frame))
			return OP_DISABLED;
	}
	e = mmu_walk(&m->w, d->vcpu.root, (uint64_t)o->on << PAGE_SHIFT, 1, &table, &index);
	return e != HC_OK ? e : grant_map(&m->w, d, granter, o->at, o->how, table, index, &mfn);
}

static enum abi_error unmap(struct model *m, struct domain *d, const struct op *o)
{
	unsigned index;
	mfn_t table;
	enum abi_error e = mmu_walk(&m->w, d->vcpu.root, (uint64_t)o->on << PAGE_SHIFT, 1, &table, &index);

	if (e == HC_OK)
		e = grant_unmap(&m->w, d, table, index);
	if (e == HC_OK && o->at && m->w.dma_stale)
		devices_flush(m);
	return e;
}

static enum abi_error accept(struct model *m, struct domain *d, const struct op *o)
{
	struct domain *granter = actor(m, other(o->who));
	mfn_t mfn;

	return granter ? grant_accept(&m->w, d, granter, o->at, &mfn) : OP_DISABLED;
}

static enum abi_error copy(struct model *m, const struct domain *d, const struct op *o)
{
	const struct domain *granter = actor(m, other(o->who));
	mfn_t granted = 0, src, dst;
	enum abi_error e;

	if (!granter || m->frames[o->frame].owner != d->id)
		return OP_DISABLED;
	e = grant_access(granter, d->id, o->at, o->how, &granted);
	src = o->how ? o->frame : granted;
	dst = o->how ? granted : o->frame;
	if (e == HC_OK)
		e = frame_get_type(&m->w, dst, FRAME_WRITABLE);
	if (e != HC_OK)
		return e;
	if (o->how && granter->grants[0][o->at].flags)
		model_violation(m, "a copy into frame %lu, which is not offered for writing", dst);
	memmove(model_words(m, dst), model_words(m, src), TABLE_ENTRIES * sizeof(uint64_t));
	frame_put_type(&m->w, dst);
	return HC_OK;
}

static enum abi_error image_write(struct model *m, const struct op *o)
{
	if (!image_writable(&m->w, m->image_id, o->frame))
		return OP_DISABLED;
	if (m->w.images[0].state != IMAGE_OPEN)
		model_violation(m, "a sealed image is written to");
	CHECK(frame_get_type(&m->w, o->frame, FRAME_WRITABLE) == HC_OK);
	model_words(m, o->frame)[0] = op_entry(ENTRY_RW, o->frame);
	frame_put_type(&m->w, o->frame);
	return HC_OK;
}

/* Takes the domain off its CPU, and its devices from it, before it ends, as domain_kill() does. */
static enum abi_error end(struct model *m, struct domain *d)
{
	int c = cpu_of(m, DOMID_SLOT(d->id));

	if (c >= 0) {
		m->cpus[c].runs = 0;
		ghost_flush(m, (unsigned)c);
	}
	devices_cut(m, DOMID_SLOT(d->id));
	domain_end(&m->w, d, REASON_KILLED, 0);
	return HC_OK;
}

static enum abi_error release(struct model *m, struct domain *d, bool all)
{
	enum abi_error e;
	unsigned calls = 0;

	if (!d || d->state != DOMAIN_DEAD)
		return OP_DISABLED;
	do
		e = domain_release(&m->w, d);
	while (all && e == HC_EAGAIN && ++calls < 64);
	if (calls == 64)
		model_violation(m, "a release never ends");
	return e;
}

static enum abi_error grow(struct model *m, struct domain *d, const struct op *o)
{
	uint32_t first;

	if (d->grants[0] || !free_first(m, o->frame, false))
		return OP_DISABLED;
	return grant_reserve(&m->w, d, 1, &first);
}

/* Operations of a builder, or of an idle CPU. */
static enum abi_error on_world(struct model *m, const struct op *o)
{
	struct domain *d = m->w.domains[o->who];
	mfn_t mfn;

	switch (o->kind) {
	case OP_WRITE: return guest_write(m, o);
	case OP_FLUSH: (o->at ? ghost_flush_cpus : ghost_flush_all)(m); return HC_OK;
	case OP_DMA_FLUSH: devices_flush(m); return HC_OK;
	case OP_SWITCH: return switch_cpu(m, o->at, o->who);
	case OP_POPULATE:
		return free_first(m, o->frame, false) ? image_populate(&m->w, m->image_id, o->how, &mfn) : OP_DISABLED;
	case OP_IMAGE_WRITE: return image_write(m, o);
	case OP_IMAGE_SEAL: return image_seal(&m->w, m->image_id);
	case OP_DROP: return image_drop(&m->w, m->image_id);
	case OP_SCRUB: return free_first(m, o->frame, true) ? frame_scrub_ahead(&m->w) : OP_DISABLED;
	case OP_RELEASE: return release(m, d, o->at);
	default: return OP_DISABLED;
	}
}

static enum abi_error on_frames(struct model *m, struct domain *d, const struct op *o)
{
	mfn_t mfn;

	switch (o->kind) {
	case OP_ALLOC: return free_first(m, o->frame, false) ? frame_alloc(&m->w, d, &mfn) : OP_DISABLED;
	case OP_ALLOC_RUN: m->w.run_hint = o->at; return frame_alloc_run(&m->w, d, &mfn);
	case OP_GIVE_BACK: return frame_give_back(&m->w, d, o->frame);
	case OP_PIN:
	case OP_UNPIN: return pin(m, d, o);
	case OP_SET: return set_entry(m, d, o);
	case OP_BASE: return switch_base(m, d, o->frame);
	case OP_SEAL: return seal(m, d);
	case OP_TARGET: return frame_set_target(&m->w, d, o->at, o->how);
	case OP_END: return end(m, d);
	default: return OP_DISABLED;
	}
}

enum abi_error op_perform(struct model *m, const struct op *o)
{
	struct domain *d;

	if (o->kind == OP_WRITE || o->kind == OP_FLUSH || o->kind == OP_SWITCH || o->kind == OP_POPULATE ||
	    o->kind == OP_IMAGE_WRITE || o->kind == OP_IMAGE_SEAL || o->kind == OP_DROP || o->kind == OP_SCRUB ||
	    o->kind == OP_RELEASE || o->kind == OP_DMA_FLUSH)
		return on_world(m, o);
	d = actor(m, o->who);
	if (!d)
		return OP_DISABLED;
	switch (o->kind) {
	case OP_OFFER: return offer(m, d, o);
	case OP_REVOKE: return grant_revoke(&m->w, d, o->at, 1);
	case OP_MAP: return map(m, d, o);
	case OP_UNMAP: return unmap(m, d, o);
	case OP_ACCEPT: return accept(m, d, o);
	case OP_COPY: return copy(m, d, o);
	case OP_ATTACH: return image_attach(&m->w, d, m->image_id);
	case OP_GROW: return grow(m, d, o);
	case OP_DMA_ENTER:
	case OP_DMA_LEAVE: return devices_perform(m, d, o);
	default: return on_frames(m, d, o);
	}
}
