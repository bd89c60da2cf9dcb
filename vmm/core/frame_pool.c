/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who has which frame, and who may have how many. Invariants: a frame is on one of the free lists exactly when its owner
 * is OWNER_FREE, and then it has no references; a domain's frame_count is the length of its list; frames_promised is the
 * sum of what domains are short of their reserve, and never more than frames_free.
 *
 * Several CPUs take and give back at once: free frames, their counts and promises change under world.pool, a domain's list and
 * counts under its own lock.
 *
 * A frame is scrubbed between its last use and its next, after the flush that a stale translation of it asks for: until
 * then its last mapper may still write to it. An idle CPU does it ahead (the clean list), else whoever hands it out.
 */
#include "frame.h"

#include <string.h>

/* So many free frames are kept scrubbed; more would make the hypervisor touch memory that nobody ever asks for. */
#define CLEAN_ENOUGH 8192u

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

static void own_by(struct world *w, mfn_t mfn, uint32_t owner)
{
	__atomic_store_n(&w->frames[mfn].owner, owner, __ATOMIC_RELAXED);
}

static void free_list_add(struct world *w, mfn_t mfn)
{
	own_by(w, mfn, OWNER_FREE);
	w->frames[mfn].flags = 0;
	list_add(w, &w->free_list, mfn);
	w->frames_free++;
	w->runs[mfn / RUN_FRAMES]++;
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

void frame_free(struct world *w, mfn_t mfn)
{
	const struct frame *f = &w->frames[mfn];

	CHECK(!f->refs && !f->type_count);
	if (w->freed_sums)
		w->freed_sums[mfn] = frame_sum(w, mfn);
	short_take(&w->pool);
	free_list_add(w, mfn);
	short_drop(&w->pool);
}

void frame_release_boot(struct world *w, mfn_t mfn)
{
	CHECK(mfn && mfn < w->frame_limit && w->frames[mfn].owner == OWNER_NONE);
	w->frames_total++;
	free_list_add(w, mfn);
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

/* Takes free frame @mfn, of which no CPU knows a translation, out of the pool; @promised: to the taker. */
static void pool_remove(struct world *w, mfn_t mfn, bool promised)
{
	bool clean = w->frames[mfn].flags & FRAME_CLEAN;

	list_remove(w, clean ? &w->clean_list : &w->free_list, mfn);
	w->frames_free--;
	w->frames_clean -= clean;
	w->frames_promised -= promised;
	w->runs[mfn / RUN_FRAMES]--;
}

/* Hands a frame that is out of the pool to @owner, scrubbed. */
static void hand_out(struct world *w, mfn_t mfn, uint32_t owner)
{
	struct frame *f = &w->frames[mfn];

	if (w->freed_sums && w->freed_sums[mfn])
		w->freed_check(mfn, w->freed_sums[mfn] == frame_sum(w, mfn));
	if (!(f->flags & FRAME_CLEAN))
		memset(world_page(w, mfn), 0, PAGE_SIZE);
	f->last_type = FRAME_NONE;
	f->flags = 0;
	own_by(w, mfn, owner);
	f->refs = 1;
}

/* Any free frame, from among those that are @promised to the taker or to nobody. */
static enum abi_error frame_take(struct world *w, uint32_t owner, bool promised, mfn_t *out)
{
	enum abi_error e = HC_OK;
	mfn_t mfn;

	short_take(&w->pool);
	mfn = w->clean_list ? w->clean_list : w->free_list;
	if (!mfn || (!promised && w->frames_free <= w->frames_promised))
		e = HC_ENOMEM;
	else if (frame_needs_flush(w, mfn))
		e = CORE_FLUSH_FIRST;
	else
		pool_remove(w, mfn, promised);
	short_drop(&w->pool);
	if (e != HC_OK)
		return e;
	hand_out(w, mfn, owner);
	*out = mfn;
	return HC_OK;
}

enum abi_error frame_scrub_ahead(struct world *w)
{
	enum abi_error e = HC_OK;
	mfn_t mfn;

	short_take(&w->pool);
	mfn = w->free_list;
	if (!mfn || w->frames_clean >= CLEAN_ENOUGH || w->freed_sums)
		e = HC_EAGAIN;
	else if (frame_needs_flush(w, mfn))
		e = CORE_FLUSH_FIRST;
	if (e == HC_OK) {
		/* Nobody finds the last frame gone meanwhile. */
		memset(world_page(w, mfn), 0, PAGE_SIZE);
		list_remove(w, &w->free_list, mfn);
		list_add(w, &w->clean_list, mfn);
		w->frames[mfn].flags |= FRAME_CLEAN;
		w->frames_clean++;
	}
	short_drop(&w->pool);
	return e;
}

static void count_own(struct world *w, int more)
{
	__atomic_add_fetch(&w->frames_hypervisor, (uint64_t)(int64_t)more, __ATOMIC_RELAXED);
}

enum abi_error frame_alloc_own(struct world *w, mfn_t *out)
{
	enum abi_error e = frame_take(w, OWNER_HYPERVISOR, false, out);

	if (e == HC_OK)
		count_own(w, 1);
	return e;
}

void frame_free_own(struct world *w, mfn_t mfn)
{
	CHECK(w->frames[mfn].owner == OWNER_HYPERVISOR && w->frames[mfn].refs == 1);
	count_own(w, -1);
	frame_put(w, mfn);
}

uint64_t frame_charge(const struct domain *d)
{
	return d->frame_count + d->table_count;
}

static uint64_t shortfall(const struct domain *d, uint64_t charge)
{
	return d->frame_reserve > charge ? d->frame_reserve - charge : 0;
}

/* Whether the next frame that @d takes is promised to it. */
static bool promised(const struct domain *d)
{
	return frame_charge(d) < d->frame_reserve;
}

/* Promises @d what it has just given back; before others can have it. */
static void uncharged(struct world *w, const struct domain *d)
{
	short_take(&w->pool);
	w->frames_promised += promised(d);
	short_drop(&w->pool);
}

/* A frame for @owner that counts as one of @d, when that is booked. */
static enum abi_error take_charged(struct world *w, const struct domain *d, uint32_t owner, mfn_t *out)
{
	if (frame_charge(d) >= d->frame_target)
		return HC_ELIMIT;
	return frame_take(w, owner, promised(d), out);
}

enum abi_error frame_alloc_table(struct world *w, struct domain *d, void **page)
{
	mfn_t mfn;
	enum abi_error e = take_charged(w, d, OWNER_HYPERVISOR, &mfn);

	if (e != HC_OK)
		return e;
	count_own(w, 1);
	d->table_count++;
	*page = world_page(w, mfn);
	return HC_OK;
}

void frame_free_table(struct world *w, struct domain *d, void *page)
{
	if (!page)
		return;
	d->table_count--;
	uncharged(w, d);
	frame_free_own(w, (mfn_t)((uint8_t *)page - w->memory) >> PAGE_SHIFT);
}

static void own(struct world *w, struct domain *d, mfn_t mfn)
{
	list_add(w, &d->frame_list, mfn);
	d->frame_count++;
}

static void disown(struct world *w, struct domain *d, mfn_t mfn)
{
	CHECK(w->frames[mfn].owner == d->id);
	list_remove(w, &d->frame_list, mfn);
	d->frame_count--;
}

enum abi_error frame_alloc(struct world *w, struct domain *d, mfn_t *out)
{
	enum abi_error e = take_charged(w, d, d->id, out);

	if (e == HC_OK)
		own(w, d, *out);
	return e;
}

/* Takes a run for @d out of the pool, which the caller has locked. */
static enum abi_error run_remove(struct world *w, const struct domain *d, mfn_t *out)
{
	uint64_t count = w->frame_limit / RUN_FRAMES, run = w->run_hint, left = count, reserved;
	mfn_t first;

	if (w->frames_free < w->frames_promised + RUN_FRAMES)
		return HC_ENOMEM;
	while (left && w->runs[run % count] != RUN_FRAMES) {
		run++;
		left--;
	}
	if (!left)
		return HC_ENOMEM;
	w->run_hint = run % count;
	first = w->run_hint * RUN_FRAMES;
	for (mfn_t m = first; m < first + RUN_FRAMES; m++)
		if (frame_needs_flush(w, m))
			return CORE_FLUSH_FIRST;
	reserved = shortfall(d, frame_charge(d));
	for (mfn_t i = 0; i < RUN_FRAMES; i++)
		pool_remove(w, first + i, i < reserved);
	*out = first;
	return HC_OK;
}

enum abi_error frame_alloc_run(struct world *w, struct domain *d, mfn_t *out)
{
	enum abi_error e;

	if (frame_charge(d) + RUN_FRAMES > d->frame_target)
		return HC_ELIMIT;
	short_take(&w->pool);
	e = run_remove(w, d, out);
	short_drop(&w->pool);
	if (e != HC_OK)
		return e;
	for (mfn_t m = *out; m < *out + RUN_FRAMES; m++) {
		hand_out(w, m, d->id);
		own(w, d, m);
	}
	return HC_OK;
}

/* The owner's reference goes. Whoever still maps the frame keeps it; nobody could offer or retype it any more. */
static void orphan(struct world *w, mfn_t mfn)
{
	own_by(w, mfn, OWNER_HYPERVISOR);
	frame_put(w, mfn);
}

void frame_disown(struct world *w, struct domain *d, mfn_t mfn)
{
	CHECK(!d->frame_reserve || w->frames[mfn].refs == 1);
	disown(w, d, mfn);
	uncharged(w, d);
	orphan(w, mfn);
}

enum abi_error frame_alloc_image(struct world *w, uint32_t owner, mfn_t *out)
{
	struct image *image = &w->images[owner - OWNER_IMAGE];
	enum abi_error e = frame_take(w, owner, false, out);

	if (e == HC_OK) {
		list_add(w, &image->frame_list, *out);
		image->frame_count++;
	}
	return e;
}

void frame_disown_image(struct world *w, uint32_t owner, mfn_t mfn)
{
	struct image *image = &w->images[owner - OWNER_IMAGE];

	CHECK(w->frames[mfn].owner == owner);
	list_remove(w, &image->frame_list, mfn);
	image->frame_count--;
	orphan(w, mfn);
}

/* Whether frame @mfn of @d can leave it when it has no references but the owner's and @others. */
static enum abi_error may_leave(struct world *w, const struct domain *d, mfn_t mfn, uint32_t others)
{
	struct frame *f;
	bool busy, text;

	if (!frame_is_ram(w, mfn) || frame_owner(w, mfn) != d->id)
		return HC_EFRAME;
	f = &w->frames[mfn];
	short_take(&f->lock);
	busy = f->refs != 1 + others;
	text = d->sealed && f->last_type == FRAME_EXEC;
	short_drop(&f->lock);
	if (busy)
		return HC_EBUSY;
	return text ? HC_ETEXT : HC_OK;
}

enum abi_error frame_give_back(struct world *w, struct domain *d, mfn_t mfn)
{
	enum abi_error e = may_leave(w, d, mfn, 0);

	if (e == HC_OK)
		frame_disown(w, d, mfn);
	return e;
}

enum abi_error frame_move(struct world *w, struct domain *from, struct domain *to, mfn_t mfn, uint32_t others)
{
	enum abi_error e = may_leave(w, from, mfn, others);

	if (e != HC_OK)
		return e;
	if (frame_charge(to) >= to->frame_target)
		return HC_ELIMIT;
	if (frame_needs_flush(w, mfn))
		return CORE_FLUSH_FIRST;
	disown(w, from, mfn);
	/* No frame became free: the giver's promise goes along. */
	if (from->frame_reserve > frame_charge(from))
		from->frame_reserve--;
	own_by(w, mfn, to->id);
	w->frames[mfn].last_type = FRAME_NONE;
	w->frames_promised -= promised(to);
	own(w, to, mfn);
	return HC_OK;
}

enum abi_error frame_set_target(struct world *w, struct domain *d, uint64_t target, uint64_t reserve)
{
	uint64_t had = shortfall(d, frame_charge(d)), wants;

	if (target > d->frame_max || reserve > target)
		return HC_EINVAL;
	wants = reserve > frame_charge(d) ? reserve - frame_charge(d) : 0;
	if (wants > had && w->frames_free - w->frames_promised < wants - had)
		return HC_ENOMEM;
	w->frames_promised = w->frames_promised - had + wants;
	d->frame_target = target;
	d->frame_reserve = reserve;
	return HC_OK;
}
