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
	return mfn < w->frame_limit && frame_owner(w, mfn) != OWNER_NONE;
}

static struct frame *lock(struct world *w, mfn_t mfn)
{
	short_take(&w->frames[mfn].lock);
	return &w->frames[mfn];
}

static enum abi_error unlock(struct frame *f, enum abi_error e)
{
	short_drop(&f->lock);
	return e;
}

/* One more reference of locked frame @f. */
static enum abi_error more(struct frame *f)
{
	CHECK(f->refs);
	if (f->refs == UINT32_MAX)
		return HC_EFRAMEREF;
	f->refs++;
	return HC_OK;
}

/* One less, and unlocked. Nobody else knows a frame without references. */
static void less(struct world *w, struct frame *f)
{
	bool last = f->refs == 1;

	CHECK(f->refs > f->type_count);
	/* The translation has gone before: a flush that begins behind this reading drops it. */
	f->stamp = __atomic_load_n(&w->flush_clock, __ATOMIC_SEQ_CST);
	f->refs--;
	short_drop(&f->lock);
	if (last)
		frame_free(w, (mfn_t)(f - w->frames));
}

enum abi_error frame_get(struct world *w, mfn_t mfn)
{
	struct frame *f = lock(w, mfn);

	return unlock(f, more(f));
}

void frame_put(struct world *w, mfn_t mfn)
{
	less(w, lock(w, mfn));
}

/* Whether locked frame @f, of no type now, may become @type: HC_OK, HC_ETEXT, CORE_FLUSH_FIRST. */
static enum abi_error may_become(const struct world *w, const struct frame *f, enum frame_type type)
{
	const struct domain *d;

	if (f->last_type == FRAME_NONE || f->last_type == type)
		return HC_OK;
	d = f->last_type == FRAME_EXEC ? domain_find(w, frame_owner(w, (mfn_t)(f - w->frames))) : NULL;
	if (d && d->sealed)
		return HC_ETEXT;
	return frame_needs_flush(w, (mfn_t)(f - w->frames)) ? CORE_FLUSH_FIRST : HC_OK;
}

enum abi_error frame_get_type(struct world *w, mfn_t mfn, enum frame_type type)
{
	struct frame *f = lock(w, mfn);
	enum abi_error e = HC_OK;

	if (f->type_count && f->type != type)
		e = HC_ETYPE;
	else if (!f->type_count)
		e = type < FRAME_WRITABLE ? HC_EUNPINNED : may_become(w, f, type);
	if (e == HC_OK)
		e = more(f);
	if (e == HC_OK) {
		f->type = (uint8_t)type;
		f->type_count++;
	}
	return unlock(f, e);
}

enum abi_error frame_begin_table(struct world *w, mfn_t mfn, unsigned level)
{
	struct frame *f = lock(w, mfn);
	enum abi_error e;

	if (f->type_count)
		return unlock(f, f->type == level ? HC_ESTATE : HC_ETYPE);
	e = may_become(w, f, (enum frame_type)level);
	if (e == HC_OK)
		e = more(f);
	if (e == HC_OK) {
		f->type = (uint8_t)level;
		f->type_count = 1;
	}
	return unlock(f, e);
}

void frame_never_table(struct world *w, mfn_t mfn)
{
	struct frame *f = lock(w, mfn);

	f->type_count = 0;
	f->type = FRAME_NONE;
	less(w, f);
}

void frame_put_type(struct world *w, mfn_t mfn)
{
	struct frame *f = lock(w, mfn);

	CHECK(f->type_count);
	if (--f->type_count == 0) {
		f->last_type = f->type;
		f->type = FRAME_NONE;
	}
	less(w, f);
}

bool frame_needs_flush(const struct world *w, mfn_t mfn)
{
	return w->frames[mfn].stamp >= __atomic_load_n(&w->flushed, __ATOMIC_SEQ_CST);
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
