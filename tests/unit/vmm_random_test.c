/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All cores together: thousands of random operations by domains, builders and the killer, each followed by
 * a recount of the whole world from scratch; a refusal may change nothing, and in the end every frame is free.
 */
#include "vmm_random.h"

#include <string.h>

#include <vmm/core/dma.h>

static uint64_t any_entry(struct run *t, unsigned level)
{
	static const uint64_t leaf[] = {TW_DATA, TW_DATA | PTE_D | PTE_A, TW_CONST, TW_TEXT, TW_TEXT | PTE_A};
	static const uint64_t odd[] = {PTE_G, PTE_PS, PTE_PWT,    PTE_PCD,    PTE_GRANT, PTE_W,
				       PTE_U, PTE_P,  1ull << 52, 1ull << 62, 1ull << 11};
	uint64_t e;

	if (!random_below(t, 4))
		return 0;
	if (level > 1)
		e = tw_pte(random_typed_frame(t, t->d, level - 1, level - 1), TW_TABLE);
	else
		e = tw_pte(random_any_frame(t, t->d), leaf[random_below(t, ARRAY_SIZE(leaf))]);
	if (level == 1 && !random_below(t, 10))
		e = tw_pte(random_below(t, TW_FIRST), leaf[random_below(t, ARRAY_SIZE(leaf))]);
	if (level == 1 && !random_below(t, 10))
		e = tw_pte(random_below(t, 2) ? IO_FIRST + random_below(t, 5) : FRAMES - 1, TW_DATA | PTE_PCD);
	if (level == 1 && t->d->image && !random_below(t, 4))
		e = tw_pte(random_image_frame(t), leaf[random_below(t, ARRAY_SIZE(leaf))]);
	if (!random_below(t, 8))
		e ^= odd[random_below(t, ARRAY_SIZE(odd))];
	return e;
}

static unsigned any_index(struct run *t)
{
	static const unsigned some[] = {0, 1, 2, 3, 4, 5, 6, 128, 200, 254, 255, 256, 511};

	return some[random_below(t, ARRAY_SIZE(some))];
}

static enum abi_error op_set_entry(struct run *t)
{
	mfn_t table = random_typed_frame(t, t->d, FRAME_L1, FRAME_L4);
	unsigned level = frame_is_ram(t->w, table) ? t->w->frames[table].type : 0;
	uint64_t value = any_entry(t, level);
	unsigned index = any_index(t);
	bool flush = false;
	enum abi_error e;

	TW_FLUSHING(t->w, e, mmu_set_entry(t->w, t->d, table, index, value, &flush));
	/* At the end of the batch. */
	if (flush && random_below(t, 2))
		tw_flush(t->w);
	return e;
}

static enum abi_error op_pin(struct run *t)
{
	mfn_t m = random_below(t, 3) ? random_typed_frame(t, t->d, FRAME_NONE, FRAME_NONE) : random_any_frame(t, t->d);
	unsigned level = 1 + random_below(t, 4);
	enum abi_error e;

	if (random_below(t, 2) && frame_is_ram(t->w, m) && t->w->frames[m].type >= 1 && t->w->frames[m].type <= 4)
		level = t->w->frames[m].type;
	TW_FLUSHING(t->w, e, mmu_pin(t->w, t->d, m, level));
	return e;
}

static enum abi_error op_unpin(struct run *t)
{
	mfn_t m = random_typed_frame(t, t->d, FRAME_L1, FRAME_L4);
	enum abi_error e;

	/* Those that are linked nowhere, more often than not. */
	for (unsigned tries = 0; tries < 12 && frame_is_ram(t->w, m) && t->w->frames[m].type_count > 1; tries++)
		m = random_typed_frame(t, t->d, FRAME_L1, FRAME_L4);
	e = mmu_unpin(t->w, t->d, m);

	if (random_below(t, 2))
		tw_flush(t->w);
	return e;
}

/* The guest writes its memory: whatever is mapped writable may be made to look like a table. */
static enum abi_error op_guest_writes(struct run *t)
{
	mfn_t m = random_typed_frame(t, t->d, FRAME_WRITABLE, FRAME_WRITABLE);
	unsigned level = 1 + random_below(t, 4);

	if (!frame_is_ram(t->w, m) || t->w->frames[m].type != FRAME_WRITABLE || t->w->frames[m].owner != t->d->id ||
	    m == t->d->shared_mfn)
		return HC_EFRAME;
	if (!random_below(t, 2))
		memset(world_page(t->w, m), 0, PAGE_SIZE);
	for (unsigned i = 0; i < 4; i++)
		tw_table(t->w, m)[any_index(t)] = any_entry(t, level);
	return HC_OK;
}

static enum abi_error op_base(struct run *t)
{
	mfn_t root = random_typed_frame(t, t->d, random_below(t, 3) ? FRAME_L4 : FRAME_NONE, FRAME_L4),
	      old = t->d->vcpu.root;
	enum abi_error e;

	e = mmu_link(t->w, t->d, root, 4);
	if (e != HC_OK)
		return e;
	t->d->vcpu.root = root;
	tw_flush(t->w);
	if (old)
		mmu_unlink(t->w, old);
	return HC_OK;
}

static enum abi_error op_offer(struct run *t)
{
	uint32_t count = 1 + random_below(t, 3), first = 0, flags = random_below(t, 3) ? 0 : GRANT_READONLY, i;
	const struct domain *peer = random_any_alive(t);
	enum abi_error e;
	mfn_t mfn[3];

	for (i = 0; i < count; i++) {
		mfn[i] = random_any_frame(t, t->d);
		e = grant_may_offer(t->w, t->d, flags, mfn[i]);
		if (e != HC_OK)
			return e;
	}
	TW_FLUSHING(t->w, e, grant_reserve(t->w, t->d, count, &first));
	for (i = 0; e == HC_OK && i < count; i++)
		e = grant_offer(t->w, t->d, first + i, peer->id, flags, mfn[i]);
	if (e != HC_OK && i > 1)
		cr_assert_eq(grant_revoke(t->w, t->d, first, i - 1), HC_OK);
	return e;
}

static enum abi_error op_revoke(struct run *t)
{
	return grant_revoke(t->w, t->d, random_any_ref(t), 1 + random_below(t, 3));
}

static enum abi_error op_retarget(struct run *t)
{
	return grant_retarget(t->d, random_any_ref(t), 1, random_any_alive(t)->id);
}

static enum abi_error op_map(struct run *t)
{
	struct domain *granter = random_any_alive(t);
	mfn_t table = random_typed_frame(t, t->d, FRAME_L1, FRAME_L1), mfn;
	unsigned index = random_below(t, 4) ? 256 + random_below(t, 8) : any_index(t);
	uint32_t ref = random_any_ref(t);
	uint32_t flags = (random_below(t, 3) ? 0 : GRANT_READONLY) | (random_below(t, 2) ? 0 : GRANT_DMA);
	enum abi_error e;

	random_find_offer(t, &granter, &ref);

	/* A walk gives level-1 tables of the mapper alone. */
	if (!frame_is_ram(t->w, table) || t->w->frames[table].owner != t->d->id || t->w->frames[table].type != FRAME_L1)
		return HC_ENOTABLE;
	TW_FLUSHING(t->w, e, grant_map(t->w, t->d, granter, ref, flags, table, index, &mfn));
	return e;
}

static enum abi_error op_unmap(struct run *t)
{
	mfn_t table = random_typed_frame(t, t->d, FRAME_L1, FRAME_L1);
	unsigned index = 256;

	if (frame_is_ram(t->w, table) && t->w->frames[table].type == FRAME_L1)
		while (index < 263 && !(tw_table(t->w, table)[index] & PTE_GRANT))
			index++;
	/* The caller flushes one address only: the table may stand at another, too. Of the IOTLB everything. */
	if (grant_unmap(t->w, t->d, table, index) != HC_OK)
		return HC_EGRANT;
	if (t->w->dma_stale && random_below(t, 2))
		tw_dma_flush(t->w);
	return HC_OK;
}

static enum abi_error op_copy(struct run *t)
{
	struct domain *granter = random_any_alive(t);
	uint32_t ref = random_any_ref(t);
	enum abi_error e;
	mfn_t dst = 0;

	random_find_offer(t, &granter, &ref);
	e = grant_access(granter, t->d->id, ref, true, &dst);
	if (e == HC_OK)
		TW_FLUSHING(t->w, e, frame_get_type(t->w, dst, FRAME_WRITABLE));
	if (e != HC_OK)
		return e;
	memset(world_page(t->w, dst), (int)random_below(t, 2), 64);
	frame_put_type(t->w, dst);
	return HC_OK;
}

static enum abi_error op_port(struct run *t)
{
	struct domain *peer = random_any_alive(t);
	uint32_t a = 1 + random_below(t, 8), b = 0;
	enum abi_error e;

	switch (random_below(t, 7)) {
	case 0: TW_FLUSHING(t->w, e, event_alloc(t->w, t->d, PORT_WAITING, peer->id, 0, 0, &b)); return e;
	case 1: TW_FLUSHING(t->w, e, event_bind(t->w, t->d, peer, a, 0, &b)); return e;
	case 2: TW_FLUSHING(t->w, e, event_pair(t->w, t->d, peer, &a, &b)); return e;
	case 3: return event_close(t->w, t->d, a);
	case 4:
		if (t->d->vcpu.virq_port[0])
			return HC_EBUSY;
		TW_FLUSHING(t->w, e, event_alloc(t->w, t->d, PORT_VIRQ, DOMID_NONE, 0, 0, &b));
		t->d->vcpu.virq_port[0] = e == HC_OK ? b : 0;
		return e;
	case 5: return event_unmask(t->w, t->d, a);
	default: return event_send(t->w, t->d, a);
	}
}

static enum abi_error op_create(struct run *t)
{
	struct tw_space s;
	unsigned slot = random_below(t, SLOTS);

	if (t->w->domains[slot] || t->w->frames_free < 60)
		return HC_ENOSLOT;
	t->d = tw_run(t->w, slot, &s);
	tw_io(slot, t->d, IO_FIRST, 4);
	/* Most own a device. */
	if (random_below(t, 3))
		TW_OK(t->w, dma_open(t->w, t->d));
	for (unsigned spare = random_below(t, 6); spare; spare--)
		tw_frame(t->w, t->d);
	return HC_OK;
}

static enum abi_error op_kill(struct run *t)
{
	if (random_below(t, 6))
		return HC_EPERM;
	tw_flush(t->w); /* its vCPU leaves the CPU, and its devices reach nothing */
	tw_dma_detach(t->d);
	domain_end(t->w, t->d, REASON_KILLED, 0);
	return HC_OK;
}

static enum abi_error op_release(struct run *t)
{
	struct domain *d = random_any_domain(t);
	enum abi_error e;

	if (!d || d->state != DOMAIN_DEAD)
		return HC_ESTATE;
	e = domain_release(t->w, d);
	return e == HC_EAGAIN ? HC_OK : e;
}

static enum abi_error op_seal(struct run *t)
{
	t->d->sealed |= !random_below(t, 8);
	return t->d->sealed ? HC_OK : HC_EPERM;
}

static const struct {
	enum abi_error (*run)(struct run *);
	const char *name;
	unsigned weight, least; /* least: how often it has to succeed in a run for the run to mean something */
} ops[] = {
	{op_create, "create", 6, 5},
	{op_set_entry, "set_entry", 30, 200},
	{op_pin, "pin", 6, 20},
	{op_unpin, "unpin", 6, 20},
	{op_guest_writes, "write", 6, 30},
	{op_base, "base", 4, 5},
	{op_offer, "offer", 8, 20},
	{op_revoke, "revoke", 3, 3},
	{op_retarget, "retarget", 2, 3},
	{op_map, "map", 14, 30},
	{op_unmap, "unmap", 8, 20},
	{op_copy, "copy", 6, 10},
	{op_port, "port", 12, 100},
	{op_kill, "kill", 3, 5},
	{op_release, "release", 10, 30},
	{op_seal, "seal", 2, 1},
	{random_increase, "increase", 8, 50},
	{random_decrease, "decrease", 8, 30},
	{random_target, "target", 4, 20},
	{random_scrub, "scrub", 6, 30},
	{random_transfer, "transfer", 8, 10},
	{random_accept, "accept", 8, 3},
	{random_image, "image", 12, 20},
	{random_dma_enter, "dma_enter", 14, 30},
	{random_dma_leave, "dma_leave", 8, 20},
};

enum { OP_CREATE = 0, OP_RELEASE = 14 };

static unsigned pick_op(struct run *t)
{
	unsigned total = 0, at, i = 0;

	for (unsigned k = 0; k < ARRAY_SIZE(ops); k++)
		total += ops[k].weight;
	at = random_below(t, total);
	while (at >= ops[i].weight)
		at -= ops[i++].weight;
	return i;
}

static void release_everything(struct world *w)
{
	for (unsigned s = 0; s < SLOTS; s++)
		if (w->domains[s]) {
			tw_release(w, w->domains[s]);
			tw_recount(w);
		}
	for (unsigned i = 0; i < IMAGE_MAX; i++)
		image_drop(w, (uint32_t)w->images[i].generation << 16 | i);
	cr_assert_eq(w->frames_free, FRAMES - TW_FIRST - TW_HOLE_FRAMES, "a frame is lost");
	cr_assert_eq(w->domain_count, 0);
}

static void run_random(uint64_t seed)
{
	struct run t = {.w = tw_new(FRAMES), .r = seed};
	unsigned done[ARRAY_SIZE(ops)] = {0}, orphaned = 0;

	t.w->dma_levels = 3 + seed % 2;
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned k = pick_op(&t);
		uint64_t before;
		enum abi_error e;

		t.d = random_any_domain(&t);
		if (!t.d || t.d->state == DOMAIN_DEAD)
			k = random_below(&t, 2) ? OP_CREATE : OP_RELEASE;
		before = tw_hash(t.w);
		e = ops[k].run(&t);
		if (e == HC_OK)
			done[k]++;
		else
			cr_assert_eq(tw_hash(t.w), before, "step %u: %s refused (%s) and changed something", step,
				     ops[k].name, abi_error_text(e));
		tw_recount(t.w);
		orphaned += tw_orphans(t.w) > 0;
		tw_ghost_scribble(t.w);
		if (!random_below(&t, 10))
			tw_flush(t.w);
		/* A switch of domains: CPUs forget, devices do not. */
		if (!random_below(&t, 10))
			tw_flush_cpus(t.w);
	}
	for (unsigned k = 0; k < ARRAY_SIZE(ops); k++)
		cr_assert(done[k] >= ops[k].least, "%s succeeded %u times only", ops[k].name, done[k]);
	cr_assert(orphaned > 50, "hardly ever a mapping outlived its granter");
	release_everything(t.w);
	tw_free(t.w);
}

Test(world, keeps_its_books_through_random_operations_seed_1, .timeout = 120)
{
	run_random(1);
}

Test(world, keeps_its_books_through_random_operations_seed_2, .timeout = 120)
{
	run_random(20020);
}

Test(world, keeps_its_books_through_random_operations_seed_3, .timeout = 120)
{
	run_random(300300300);
}
