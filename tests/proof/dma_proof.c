/* SPDX-License-Identifier: BSD-2-Clause */
/* proves: vmm/core/dma.c vmm/core/frame.c */
/*
 * The table has one level of two entries (DMA_BITS). Frames are any; the table lies in a page of its own, which a stub
 * hands out: the pool has proofs of its own, and how tables grow is the model checker's.
 */
#include <vmm/core/dma.h>

#include "world.h"

/* The table is page 1, of which no more than its entries exist. */
static uint64_t words[PAGE_SIZE / 8 + (1u << DMA_BITS)];
static unsigned given, told;

void frame_free(struct world *world, mfn_t mfn)
{
	(void)world, (void)mfn;
	PROVE(!"a frame that has an owner is freed");
}

enum abi_error frame_alloc_table(struct world *world, struct domain *d, void **page)
{
	(void)world, (void)d;
	PROVE(!given);
	*page = words + ++given * PAGE_SIZE / 8;
	return HC_OK;
}

void frame_free_table(struct world *world, struct domain *d, void *page)
{
	(void)world, (void)d, (void)page;
	PROVE(!"a table of a domain that lives is freed");
}

static void written(const void *at, uint64_t bytes)
{
	(void)at, (void)bytes;
	told++;
}

static void any_owner(void)
{
	enum abi_error e;

	any_world();
	w.memory = (uint8_t *)words;
	w.dma_levels = 1;
	w.dma_written = nondet_bool() ? written : NULL;
	e = dma_open(&w, &a);
	PROVE(e == HC_OK && a.dma_root == 1);
}

static uint32_t any_rights(void)
{
	uint32_t rights = nondet_u32();

	ASSUME(rights && rights <= (DMA_READ | DMA_WRITE));
	return rights;
}

/* A second frame beside the first enters, or nothing has changed. */
/* with: -DFRAMES=2u -DDMA_BITS=1u */
void proof_dma_enter(void)
{
	mfn_t first = nondet_u64(), m = nondet_u64();
	uint32_t had = any_rights(), rights = any_rights();
	uint64_t count;
	enum abi_error e;

	any_owner();
	ASSUME(first < FRAMES && (m < FRAMES || m >> DMA_BITS));
	if (dma_enter(&w, &a, first, had) != HC_OK)
		had = 0;
	for (unsigned i = 0; i < FRAMES; i++)
		before[i] = frames[i];
	count = a.dma_count;
	told = 0;
	e = dma_enter(&w, &a, m, rights);
	REACH(e == HC_OK && !had);
	REACH(e == HC_OK && had);
	REACH(e == HC_EADDRESS);
	REACH(e == HC_EBUSY);
	REACH(e == HC_ETYPE && rights == DMA_WRITE);
	REACH(e == HC_ETEXT);
	REACH(e == HC_EFRAMEREF);
	REACH(e == CORE_FLUSH_FIRST);
	if (e == HC_OK) {
		PROVE(m < FRAMES && !(had && m == first));
		PROVE(dma_rights(&w, &a, m) == rights && a.dma_count == count + 1);
		PROVE(frames[m].refs == before[m].refs + 1);
		PROVE(frames[m].type_count == before[m].type_count + (rights & DMA_WRITE ? 1 : 0));
		PROVE(!(rights & DMA_WRITE) || frames[m].type == FRAME_WRITABLE);
		PROVE(!w.dma_written || told == 1);
	} else {
		PROVE(a.dma_count == count && told == 0);
		PROVE(m >= FRAMES || counts_unchanged(m));
		PROVE(m >= FRAMES || dma_rights(&w, &a, m) == (m == first ? had : 0));
	}
	PROVE((m == first && e == HC_OK) || dma_rights(&w, &a, first) == had);
	for (mfn_t i = 0; i < FRAMES; i++)
		PROVE(i == m || counts_unchanged(i));
	PROVE(frames_right());
}

/* What entered leaves once and for all, and nobody else has it before all have forgotten it. */
/* with: -DFRAMES=2u -DDMA_BITS=1u */
void proof_dma_leave(void)
{
	mfn_t m = nondet_u64();
	_Bool flushed[3] = {0};
	uint32_t rights = any_rights();
	enum abi_error e;
	_Bool left;

	any_owner();
	ASSUME(m < FRAMES);
	left = dma_leave(&w, &a, m);
	PROVE(!left);
	e = dma_enter(&w, &a, m, rights);
	ASSUME(e == HC_OK);
	told = 0;
	left = dma_leave(&w, &a, m);
	PROVE(left);
	PROVE(dma_rights(&w, &a, m) == 0 && a.dma_count == 0 && w.dma_stale);
	PROVE(!w.dma_written || told == 1);
	PROVE(counts_unchanged(m) && frames_right());
	left = dma_leave(&w, &a, m);
	PROVE(!left);
	PROVE(!(rights & DMA_WRITE) || frames[m].type_count || frames[m].last_type == FRAME_WRITABLE);
	PROVE(frame_needs_flush(&w, m));
	for (unsigned i = 0; i < 4; i++) {
		unsigned who = nondet_u8() % 4;

		if (who == 3)
			continue;
		flushed[who] = 1;
		if (who == 2)
			dma_flushed(&w);
		else
			frame_flushed(&w, who);
		PROVE(frame_needs_flush(&w, m) || (flushed[0] && flushed[1] && flushed[2]));
	}
	REACH(!frame_needs_flush(&w, m));
	/* As the shell does it: one round suffices. */
	if (w.dma_stale)
		dma_flushed(&w);
	frame_flushed(&w, 0);
	frame_flushed(&w, 1);
	PROVE(!frame_needs_flush(&w, m));
}
