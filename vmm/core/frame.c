/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * References and types of frames. Invariants: refs >= type_count; type_count > 0 exactly when type is not FRAME_NONE.
 *
 * Stale translations: whenever a mapping or a type goes, the frame is stamped with the flush clock. Until every CPU has
 * flushed its TLB after that, and the IOMMU when an entry of its tables has gone, one may still use the old translation,
 * so neither another type nor another owner may have it (the caller flushes and asks again). The stamp over-approximates:
 * it does not know who held it. A flush counts from before it begins, since other CPUs drop mappings meanwhile; of two that
 * end at once either may be told last, so `flushed` can only be too old.
 */
#include "frame.h"

#include "domain.h"

bool frame_is_ram(const struct world *w, mfn_t mfn)
{
	return mfn < w->frame_limit && w->frames[mfn].owner != OWNER_NONE;
}

enum abi_error frame_get(struct world *w, mfn_t mfn)
{
	struct frame *f = &w->frames[mfn];

	CHECK(f->refs);
	if (f->refs == UINT32_MAX)
		return HC_EFRAMEREF;
	f->refs++;
	return HC_OK;
}

void frame_put(struct world *w, mfn_t mfn)
{
	struct frame *f = &w->frames[mfn];

	CHECK(f->refs > f->type_count);
	f->stamp = w->flush_clock;
	if (--f->refs == 0)
		frame_free(w, mfn);
}

enum abi_error frame_may_become(const struct world *w, mfn_t mfn, enum frame_type type)
{
	const struct frame *f = &w->frames[mfn];
	const struct domain *d;

	if (f->last_type == FRAME_NONE || f->last_type == type)
		return HC_OK;
	d = f->last_type == FRAME_EXEC ? domain_find(w, f->owner) : NULL;
	if (d && d->sealed)
		return HC_ETEXT;
	return frame_needs_flush(w, mfn) ? CORE_FLUSH_FIRST : HC_OK;
}

enum abi_error frame_get_type(struct world *w, mfn_t mfn, enum frame_type type)
{
	struct frame *f = &w->frames[mfn];
	enum abi_error e;

	if (f->type_count && f->type != type)
		return HC_ETYPE;
	if (!f->type_count) {
		if (type < FRAME_WRITABLE)
			return HC_EUNPINNED;
		e = frame_may_become(w, mfn, type);
		if (e != HC_OK)
			return e;
	}
	e = frame_get(w, mfn);
	if (e != HC_OK)
		return e;
	f->type = (uint8_t)type;
	f->type_count++;
	return HC_OK;
}

void frame_put_type(struct world *w, mfn_t mfn)
{
	struct frame *f = &w->frames[mfn];

	CHECK(f->type_count);
	if (--f->type_count == 0) {
		f->last_type = f->type;
		f->type = FRAME_NONE;
	}
	frame_put(w, mfn);
}

bool frame_needs_flush(const struct world *w, mfn_t mfn)
{
	return w->frames[mfn].stamp >= w->flushed;
}

uint64_t frame_flush_begin(struct world *w)
{
	return __atomic_add_fetch(&w->flush_clock, 1, __ATOMIC_SEQ_CST);
}

void frame_flushed_since(struct world *w, uint32_t cpu, uint64_t begun)
{
	uint64_t oldest = begun;

	__atomic_store_n(&w->cpu_flushed[cpu], begun, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < w->cpu_count; i++)
		oldest = MIN(oldest, __atomic_load_n(&w->cpu_flushed[i], __ATOMIC_SEQ_CST));
	/* Who sees an entry of the CPU that has made the IOMMU's tables stale sees that too. */
	if (__atomic_load_n(&w->dma_stale, __ATOMIC_SEQ_CST))
		oldest = MIN(oldest, w->dma_flushed);
	__atomic_store_n(&w->flushed, oldest, __ATOMIC_SEQ_CST);
}

void frame_flushed(struct world *w, uint32_t cpu)
{
	frame_flushed_since(w, cpu, frame_flush_begin(w));
}
