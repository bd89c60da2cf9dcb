/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations of direct paging. */
#include "vmm_ops.h"

#include <string.h>

/* An image's frame, or any. */
static mfn_t shared_frame(struct vmm_run *t)
{
	const struct image *image = &t->w->images[pick(t, 4)];
	mfn_t m = image->frame_list;

	for (uint32_t k = pick(t, 4); k && m; k--)
		m = t->w->frames[m].next;
	return m ? m : pick(t, TW_FIRST);
}

uint64_t any_entry(struct vmm_run *t, unsigned level)
{
	static const uint64_t leaf[] = {TW_DATA, TW_DATA | PTE_D | PTE_A, TW_CONST, TW_TEXT, TW_TEXT | PTE_A};
	static const uint64_t odd[] = {PTE_G, PTE_PS, PTE_PWT,    PTE_PCD,    PTE_GRANT,  PTE_W, PTE_NX,
				       PTE_U, PTE_P,  1ull << 52, 1ull << 62, 1ull << 11, 0,     0};
	uint32_t way = fuzz_byte(&t->in);
	uint64_t e;

	if (way % 8 < 2)
		return 0;
	if (level > 1)
		e = tw_pte(typed_frame(t, t->d, level - 1, level - 1), TW_TABLE);
	else if (way % 8 == 2)
		e = tw_pte(shared_frame(t), leaf[pick(t, ARRAY_SIZE(leaf))]);
	else if (way % 8 == 3)
		e = tw_pte(pick(t, 2) ? IO_FIRST + pick(t, 5) : FRAMES - 1, TW_DATA | PTE_PCD);
	else if (way % 8 == 4)
		e = tw_pte(any_frame(t, any_alive(t)), leaf[pick(t, ARRAY_SIZE(leaf))]);
	else
		e = tw_pte(any_frame(t, t->d), leaf[pick(t, ARRAY_SIZE(leaf))]);
	return way >= 224 ? e ^ odd[pick(t, ARRAY_SIZE(odd))] : e;
}

unsigned any_index(struct vmm_run *t)
{
	static const unsigned some[] = {0, 1, 2, 3, 4, 5, 6, 128, 200, 254, 255, 256, 511};

	return some[pick(t, ARRAY_SIZE(some))];
}

static enum abi_error set(struct vmm_run *t, mfn_t table, unsigned index, uint64_t value)
{
	bool flush = false;
	enum abi_error e;

	FLUSHING(t, e, mmu_set_entry(t->w, t->d, table, index, value, &flush));
	cr_assert(!flush || e == HC_OK);
	/* At the end of the batch. */
	if (flush && pick(t, 2))
		tw_flush(t->w);
	return e;
}

enum abi_error op_set_entry(struct vmm_run *t)
{
	mfn_t table = typed_frame(t, t->d, FRAME_L1, FRAME_L4);
	unsigned level = frame_is_ram(t->w, table) ? t->w->frames[table].type : 0;
	uint64_t value = any_entry(t, level);

	return set(t, table, any_index(t), value);
}

enum abi_error op_set_run(struct vmm_run *t)
{
	mfn_t table = typed_frame(t, t->d, FRAME_L2, FRAME_L2), first = pick(t, FRAMES / RUN_FRAMES + 1) * RUN_FRAMES;
	uint32_t way = fuzz_byte(&t->in);
	uint64_t value = tw_pte(first + (way >= 240), PTE_PS | (way & 1 ? TW_DATA : TW_CONST));

	if (way % 16 == 2)
		value &= ~PTE_NX;
	return set(t, table, any_index(t), value);
}

enum abi_error op_pin(struct vmm_run *t)
{
	mfn_t m = any_frame(t, t->d);
	unsigned level = 1 + pick(t, 4);
	enum abi_error e;

	FLUSHING(t, e, mmu_pin(t->w, t->d, m, level));
	return e;
}

enum abi_error op_unpin(struct vmm_run *t)
{
	mfn_t m = typed_frame(t, t->d, FRAME_L1, FRAME_L4);
	enum abi_error e = mmu_unpin(t->w, t->d, m);

	if (pick(t, 2))
		tw_flush(t->w);
	if (e == HC_EAGAIN)
		cr_assert(t->w->frames[m].type == FRAME_L2, "only 2 MiB entries take more than one call");
	return e == HC_EAGAIN ? HC_OK : e;
}

/* The guest writes its memory: whatever is mapped writable may be made to look like a table. */
enum abi_error op_guest_writes(struct vmm_run *t)
{
	mfn_t m = typed_frame(t, t->d, FRAME_WRITABLE, FRAME_WRITABLE);
	unsigned level = 1 + pick(t, 4);

	if (!frame_is_ram(t->w, m) || t->w->frames[m].type != FRAME_WRITABLE || t->w->frames[m].owner != t->d->id ||
	    m == t->d->shared_mfn)
		return HC_EFRAME;
	if (!pick(t, 2))
		memset(world_page(t->w, m), 0, PAGE_SIZE);
	for (unsigned i = 0; i < 3; i++)
		tw_table(t->w, m)[any_index(t)] = any_entry(t, level);
	return HC_OK;
}

enum abi_error op_base(struct vmm_run *t)
{
	mfn_t root = typed_frame(t, t->d, FRAME_L4, FRAME_L4), old = t->d->vcpu.root;
	enum abi_error e = mmu_link(t->w, t->d, root, 4);

	if (e != HC_OK)
		return e;
	t->d->vcpu.root = root;
	tw_flush(t->w);
	if (old)
		mmu_unlink(t->w, old);
	return HC_OK;
}
