/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several CPUs in the memory cores at once, as the shell lets them (vmm/smp.h): each thread is a domain that, under a lock of its
 * own, takes and gives back memory, maps, pins, offers, revokes, maps and copies what others offer, all as fast as it can and
 * without a plan; one more scrubs free frames. All references are counted afresh behind them, and nothing is left when all
 * have given everything back. tests/threads has ThreadSanitizer watch the same.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "vmm_world.h"

#define DOMAINS 4u
#define FRAMES 24u /* that one owns at most, beside its tables */
#define OFFERS 16u
#define SLOTS 32u /* entries of its level-1 table that it plays with: the first half own frames, the second others' */
#define ROUNDS 30000u
#define CPUS (DOMAINS + 1)

/* What others may try: a reference, perhaps gone already. */
static uint32_t offered[DOMAINS][OFFERS];
static bool stop;

struct player {
	struct world *w;
	struct domain *d;
	struct domain *const *all;
	mfn_t l1;
	mfn_t frames[FRAMES]; /* 0: none */
	uint32_t refs[OFFERS];
	mfn_t image[2];
	uint32_t index, cpu;
	uint64_t random;
	unsigned done[8]; /* per kind of operation: how often it went through */
};

static void flush(struct world *w)
{
	uint64_t begun = frame_flush_begin(w);

	for (uint32_t i = 0; i < w->cpu_count; i++)
		frame_flushed_since(w, i, begun);
}

#define FLUSHING(w, e, expression)                                                                                     \
	do                                                                                                             \
		if (((e) = (expression)) == CORE_FLUSH_FIRST)                                                          \
			flush(w);                                                                                      \
	while ((e) == CORE_FLUSH_FIRST)

static mfn_t *any_frame(struct player *p)
{
	return &p->frames[tw_below(&p->random, FRAMES)];
}

static bool take_or_give(struct player *p)
{
	mfn_t *m = any_frame(p);
	enum abi_error e;

	if (!*m) {
		FLUSHING(p->w, e, frame_alloc(p->w, p->d, m));
		return e == HC_OK;
	}
	e = frame_give_back(p->w, p->d, *m);
	if (e == HC_OK)
		*m = 0;
	return e == HC_OK;
}

static bool map_own(struct player *p)
{
	static const uint64_t rights[] = {TW_DATA, TW_CONST, TW_TEXT};
	mfn_t m = tw_below(&p->random, 4) ? *any_frame(p) : p->image[tw_below(&p->random, 2)];
	uint64_t value = m && tw_below(&p->random, 3) ? tw_pte(m, rights[tw_below(&p->random, 3)]) : 0;
	bool replaced = false;
	enum abi_error e;

	FLUSHING(p->w, e, mmu_set_entry(p->w, p->d, p->l1, tw_below(&p->random, SLOTS / 2), value, &replaced));
	return e == HC_OK && value;
}

static bool pin_or_unpin(struct player *p)
{
	mfn_t m = *any_frame(p);
	enum abi_error e;

	if (!m)
		return false;
	FLUSHING(p->w, e, mmu_pin(p->w, p->d, m, 1 + tw_below(&p->random, 2)));
	if (e == HC_ESTATE)
		e = mmu_unpin(p->w, p->d, m);
	return e == HC_OK;
}

static bool offer(struct player *p)
{
	static const uint32_t flags[] = {0, 0, GRANT_READONLY};
	uint32_t i = tw_below(&p->random, OFFERS), ref = 0;
	mfn_t m = *any_frame(p);
	enum abi_error e;

	if (!m || p->refs[i])
		return false;
	FLUSHING(p->w, e, grant_reserve(p->w, p->d, 1, &ref));
	if (e == HC_OK)
		e = grant_offer(p->w, p->d, ref, p->all[tw_below(&p->random, DOMAINS)]->id,
				flags[tw_below(&p->random, 3)], m);
	if (e != HC_OK)
		return false;
	p->refs[i] = ref;
	__atomic_store_n(&offered[p->index][i], ref, __ATOMIC_RELAXED);
	return true;
}

static bool revoke(struct player *p)
{
	uint32_t i = tw_below(&p->random, OFFERS);

	if (!p->refs[i] || grant_revoke(p->w, p->d, p->refs[i], 1) != HC_OK)
		return false;
	p->refs[i] = 0;
	return true;
}

/* A reference that somebody has offered to anybody. */
static uint32_t somebodys(struct player *p, struct domain **granter)
{
	uint32_t who = tw_below(&p->random, DOMAINS);

	*granter = p->all[who];
	return __atomic_load_n(&offered[who][tw_below(&p->random, OFFERS)], __ATOMIC_RELAXED);
}

static bool map_granted(struct player *p)
{
	unsigned index = SLOTS / 2 + tw_below(&p->random, SLOTS / 2);
	struct domain *granter;
	uint32_t ref = somebodys(p, &granter);
	enum abi_error e;
	mfn_t mfn;

	FLUSHING(p->w, e,
		 grant_map(p->w, p->d, granter, ref, tw_below(&p->random, 2) ? GRANT_READONLY : 0, p->l1, index, &mfn));
	return e == HC_OK;
}

static bool unmap_granted(struct player *p)
{
	unsigned index = SLOTS / 2 + tw_below(&p->random, SLOTS / 2);

	if (tw_below(&p->random, 2))
		mmu_grant_hide(p->w, p->l1, index); /* what has siblings flushes in between */
	return grant_unmap(p->w, p->d, p->l1, index) == HC_OK;
}

static bool copy(struct player *p)
{
	bool write = tw_below(&p->random, 2);
	struct domain *granter;
	uint32_t ref = somebodys(p, &granter);
	enum abi_error e;
	mfn_t mfn;

	FLUSHING(p->w, e, grant_hold(p->w, granter, p->d->id, ref, write, false, &mfn));
	if (e == HC_OK)
		grant_copied(p->w, granter, ref, mfn, write);
	return e == HC_OK;
}

static bool (*const operations[])(struct player *) = {
	take_or_give, map_own, pin_or_unpin, offer, revoke, map_granted, unmap_granted, copy,
};

static void *play(void *arg)
{
	struct player *p = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned kind = tw_below(&p->random, ARRAY_SIZE(operations));

		p->done[kind] += operations[kind](p);
		if (i % 16 == 0) {
			uint64_t begun = frame_flush_begin(p->w);
			frame_flushed_since(p->w, p->cpu, begun);
		}
	}
	return NULL;
}

static void *scrub(void *arg)
{
	struct world *w = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		if (frame_scrub_ahead(w) == CORE_FLUSH_FIRST)
			flush(w);
	return NULL;
}

/* What it may have: mapped by others, a frame of its stays its own; so all unmap before anybody gives back. */
static void let_go(struct player *p)
{
	bool replaced;

	for (unsigned i = 0; i < SLOTS / 2; i++)
		cr_assert_eq(mmu_set_entry(p->w, p->d, p->l1, i, 0, &replaced), HC_OK);
	for (unsigned i = SLOTS / 2; i < SLOTS; i++)
		grant_unmap(p->w, p->d, p->l1, i);
}

static void give_back(struct player *p)
{
	for (unsigned i = 0; i < OFFERS; i++)
		if (p->refs[i])
			cr_assert_eq(grant_revoke(p->w, p->d, p->refs[i], 1), HC_OK);
	for (unsigned i = 0; i < FRAMES; i++) {
		if (!p->frames[i])
			continue;
		mmu_unpin(p->w, p->d, p->frames[i]);
		cr_assert_eq(frame_give_back(p->w, p->d, p->frames[i]), HC_OK);
	}
}

Test(threads, of_domains_that_meet_at_frames_and_offers_leave_the_books_right)
{
	/* So few frames that they are short at times. */
	struct world *w = tw_new(TW_FIRST + 4 + TW_HOLE_FRAMES + DOMAINS * (FRAMES + 10));
	struct player players[DOMAINS] = {0};
	struct domain *all[DOMAINS];
	pthread_t threads[DOMAINS], scrubber;
	uint64_t charge[DOMAINS];
	mfn_t text, data;
	uint32_t image;

	image = tw_image(w, &text, &data);
	w->cpu_count = CPUS;
	for (uint32_t i = 0; i < DOMAINS; i++) {
		struct player *p = &players[i];

		all[i] = tw_domain(w, i + 1, FRAMES + 20, 0);
		TW_OK(w, image_attach(w, all[i], image));
		*p = (struct player){.w = w, .d = all[i], .all = all, .image = {text, data}, .index = i, .cpu = i};
		p->random = 0x9e3779b97f4a7c15ull * (i + 1);
		p->l1 = tw_frame(w, all[i]);
		TW_OK(w, mmu_pin(w, all[i], p->l1, 1));
		if (i % 2)
			TW_OK(w, frame_set_target(w, all[i], all[i]->frame_max, FRAMES));
		charge[i] = all[i]->frame_count;
	}
	stop = false;
	pthread_create(&scrubber, NULL, scrub, w);
	for (uint32_t i = 0; i < DOMAINS; i++)
		pthread_create(&threads[i], NULL, play, &players[i]);
	for (uint32_t i = 0; i < DOMAINS; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(scrubber, NULL);

	tw_ghost_clear();
	tw_recount(w);
	for (uint32_t i = 0; i < DOMAINS; i++)
		let_go(&players[i]);
	for (uint32_t i = 0; i < DOMAINS; i++)
		give_back(&players[i]);
	tw_recount(w);
	for (uint32_t i = 0; i < DOMAINS; i++) {
		cr_assert_eq(all[i]->frame_count, charge[i]);
		cr_assert_eq(all[i]->grant_count, 0u);
		cr_assert_eq(all[i]->mapping_count, 0u);
		for (unsigned k = 0; k < ARRAY_SIZE(operations); k++)
			cr_assert_gt(players[i].done[k], ROUNDS / 1000, "domain %u, operation %u went through %u times",
				     i, k, players[i].done[k]);
	}
	tw_free(w);
}

struct revoker {
	struct world *w;
	struct domain *d;
	uint32_t ref;
	enum abi_error result;
	bool done;
};

static void *revoke_one(void *arg)
{
	struct revoker *r = arg;

	r->result = grant_revoke(r->w, r->d, r->ref, 1);
	__atomic_store_n(&r->done, true, __ATOMIC_SEQ_CST);
	return NULL;
}

Test(threads, that_revoke_what_is_being_copied_wait_for_the_copy)
{
	struct world *w = tw_new(64);
	struct domain *granter = tw_domain(w, 1, 8, 0), *peer = tw_domain(w, 2, 8, 0);
	struct revoker r = {.w = w, .d = granter};
	pthread_t thread;
	uint32_t other;
	mfn_t mfn, second;

	TW_OK(w, grant_reserve(w, granter, 2, &r.ref));
	other = r.ref + 1;
	TW_OK(w, grant_offer(w, granter, r.ref, peer->id, 0, tw_frame(w, granter)));
	TW_OK(w, grant_offer(w, granter, other, peer->id, 0, tw_frame(w, granter)));
	TW_OK(w, grant_hold(w, granter, peer->id, r.ref, true, false, &mfn));
	pthread_create(&thread, NULL, revoke_one, &r);
	for (unsigned i = 0; i < 1000; i++)
		sched_yield();
	cr_assert_not(__atomic_load_n(&r.done, __ATOMIC_SEQ_CST), "revoked in the middle of a copy");
	/* The other side of the copy is of the same granter: who revokes holds nothing that this needs. */
	TW_OK(w, grant_hold(w, granter, peer->id, other, false, false, &second));
	grant_copied(w, granter, other, second, false);
	grant_copied(w, granter, r.ref, mfn, true);
	pthread_join(thread, NULL);
	cr_assert_eq(r.result, HC_OK);
	tw_recount(w);
	tw_free(w);
}
