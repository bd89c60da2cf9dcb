/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame table. Invariants: refs >= type_count; type_count > 0 exactly when type is not FRAME_NONE; a frame is on the
 * free list exactly when its owner is OWNER_FREE, and then refs is 0; a domain's frame_count is the length of its list.
 *
 * A frame is scrubbed when it is handed out, which is after the flush that a stale translation of it asks for, and not
 * when it is freed: until that flush its last mapper may still write to it.
 *
 * Stale translations: whenever a mapping or a type goes, the frame is stamped with the current flush epoch. As long as
 * no flush of all TLBs came after, some CPU may still use the old translation, so neither another type nor another owner
 * may have it (the caller flushes and asks again). The stamp over-approximates: it does not know which CPUs ran.
 */
#include "frame.h"

#include <string.h>

bool frame_is_ram(const struct world *w, mfn_t mfn)
{
	return mfn < w->frame_limit && w->frames[mfn].owner != OWNER_NONE;
}

static void list_add(struct world *w, uint32_t *head, mfn_t mfn)
{
	struct frame *f = &w->frames[mfn];

	f->prev = 0;
	f->next = *head;
	if (*head)
		w->frames[*head].prev = (uint32_t)mfn;
	*head = (uint32_t)mfn;
}

static void list_remove(struct world *w, uint32_t *head, mfn_t mfn)
{
	struct frame *f = &w->frames[mfn];

	if (f->prev)
		w->frames[f->prev].next = f->next;
	else
		*head = f->next;
	if (f->next)
		w->frames[f->next].prev = f->prev;
	f->next = f->prev = 0;
}

static void frame_list_free(struct world *w, mfn_t mfn)
{
	w->frames[mfn].owner = OWNER_FREE;
	list_add(w, &w->free_list, mfn);
	w->frames_free++;
}

/* Of a frame's contents; never 0. */
static uint64_t frame_sum(const struct world *w, mfn_t mfn)
{
	const uint64_t *word = world_page(w, mfn);
	uint64_t sum = 1;

	for (unsigned i = 0; i < PAGE_SIZE / sizeof *word; i++)
		sum = (sum ^ word[i]) * 0x100000001b3ull;
	return sum | 1;
}

static void frame_free(struct world *w, mfn_t mfn)
{
	const struct frame *f = &w->frames[mfn];

	CHECK(!f->refs && !f->type_count && !(f->flags & FRAME_PINNED));
	if (w->freed_sums)
		w->freed_sums[mfn] = frame_sum(w, mfn);
	frame_list_free(w, mfn);
}

void frame_release_boot(struct world *w, mfn_t mfn)
{
	CHECK(mfn && mfn < w->frame_limit && w->frames[mfn].owner == OWNER_NONE);
	w->frames_total++;
	frame_list_free(w, mfn);
}

void frame_reserve_boot(struct world *w, mfn_t mfn, uint32_t owner)
{
	struct frame *f = &w->frames[mfn];

	CHECK(mfn < w->frame_limit && f->owner == OWNER_NONE);
	f->owner = owner;
	f->refs = 1;
	w->frames_total++;
	if (owner == OWNER_BUNDLE)
		w->frames_bundle++;
	else
		w->frames_hypervisor++;
}

static enum abi_error frame_take(struct world *w, uint32_t owner, mfn_t *out)
{
	mfn_t mfn = w->free_list;
	struct frame *f = &w->frames[mfn];

	if (!mfn)
		return HC_ENOMEM;
	if (frame_needs_flush(w, mfn))
		return CORE_FLUSH_FIRST;
	list_remove(w, &w->free_list, mfn);
	w->frames_free--;
	if (w->freed_sums && w->freed_sums[mfn])
		w->freed_check(mfn, w->freed_sums[mfn] == frame_sum(w, mfn));
	f->last_type = FRAME_NONE;
	memset(world_page(w, mfn), 0, PAGE_SIZE);
	f->flags = 0;
	f->owner = owner;
	f->refs = 1;
	*out = mfn;
	return HC_OK;
}

enum abi_error frame_alloc_own(struct world *w, mfn_t *out)
{
	enum abi_error e = frame_take(w, OWNER_HYPERVISOR, out);

	if (e == HC_OK)
		w->frames_hypervisor++;
	return e;
}

void frame_free_own(struct world *w, mfn_t mfn)
{
	CHECK(w->frames[mfn].owner == OWNER_HYPERVISOR && w->frames[mfn].refs == 1);
	w->frames_hypervisor--;
	w->frames[mfn].refs = 0;
	frame_free(w, mfn);
}

enum abi_error frame_alloc(struct world *w, struct domain *d, mfn_t *out)
{
	enum abi_error e;

	if (d->frame_count >= d->frame_max)
		return HC_ENOMEM;
	e = frame_take(w, d->id, out);
	if (e != HC_OK)
		return e;
	list_add(w, &d->frame_list, *out);
	d->frame_count++;
	return HC_OK;
}

void frame_disown(struct world *w, struct domain *d, mfn_t mfn)
{
	CHECK(w->frames[mfn].owner == d->id);
	list_remove(w, &d->frame_list, mfn);
	d->frame_count--;
	/* Whoever still maps it keeps it; it has no owner that could offer or retype it any more. */
	w->frames[mfn].owner = OWNER_HYPERVISOR;
	frame_put(w, mfn);
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
	f->stamp = w->flush_epoch;
	if (--f->refs == 0)
		frame_free(w, mfn);
}

enum abi_error frame_get_type(struct world *w, mfn_t mfn, enum frame_type type)
{
	struct frame *f = &w->frames[mfn];
	enum abi_error e;

	CHECK(type == FRAME_WRITABLE || type == FRAME_EXEC);
	if (f->type_count && f->type != type)
		return HC_ETYPE;
	if (!f->type_count && frame_type_needs_flush(w, mfn, type))
		return CORE_FLUSH_FIRST;
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
	if (--f->type_count == 0)
		frame_type_dropped(w, mfn);
	frame_put(w, mfn);
}

bool frame_needs_flush(const struct world *w, mfn_t mfn)
{
	return w->frames[mfn].stamp == w->flush_epoch;
}

bool frame_type_needs_flush(const struct world *w, mfn_t mfn, enum frame_type type)
{
	const struct frame *f = &w->frames[mfn];

	return f->stamp == w->flush_epoch && f->last_type != FRAME_NONE && f->last_type != type;
}

void frame_type_dropped(struct world *w, mfn_t mfn)
{
	struct frame *f = &w->frames[mfn];

	f->last_type = f->type;
	f->type = FRAME_NONE;
	f->stamp = w->flush_epoch;
}

void frame_flushed(struct world *w)
{
	if (++w->flush_epoch == 0)
		w->flush_epoch = 1;
}
