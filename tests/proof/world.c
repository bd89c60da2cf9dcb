/* SPDX-License-Identifier: BSD-2-Clause */
/* Any world of four frames that keeps the invariants of frame.c, and the panic hook: no CHECK may fail. */
#include "world.h"

struct world w;
struct frame frames[FRAMES], before[FRAMES];
struct domain a, b;

_Noreturn void panic_at(const char *file, int line, const char *what)
{
	(void)file, (void)line, (void)what;
	__CPROVER_assert(0, "no CHECK fails");
	__CPROVER_assume(0);
	for (;;)
		;
}

#ifndef WITH_DOMAIN
/* Either of two domains, or none: more than domain.c does. */
struct domain *domain_find(const struct world *world, domid_t id)
{
	(void)world;
	return id == a.id ? &a : id == b.id ? &b : NULL;
}
#endif

static void any_frame_state(struct frame *f)
{
	f->owner = nondet_u32();
	f->refs = nondet_u32();
	f->type_count = nondet_u32();
	f->type = nondet_u8();
	f->last_type = nondet_u8();
	f->flags = nondet_u8();
	f->stamp = nondet_u64();
	ASSUME(f->owner == OWNER_HYPERVISOR || f->owner == a.id || f->owner == b.id || f->owner == OWNER_STUBS);
	ASSUME(f->type <= FRAME_EXEC && f->last_type <= FRAME_EXEC);
	ASSUME((f->type_count > 0) == (f->type != FRAME_NONE));
	ASSUME(f->refs > f->type_count);
	ASSUME(f->stamp <= w.flush_clock);
}

static bool io_none(const struct domain *d, mfn_t mfn)
{
	(void)d, (void)mfn;
	return false;
}

void any_world(void)
{
	static uint16_t runs[FRAMES];

	a.id = 0x10001;
	b.id = 0x10002;
	a.sealed = nondet_bool();
	b.sealed = nondet_bool();
	w.frames = frames;
	w.runs = runs;
	w.io_allowed = io_none;
	w.frame_limit = FRAMES;
	w.cpu_count = 2;
	w.flush_clock = nondet_u64();
	w.cpu_flushed[0] = nondet_u64();
	w.cpu_flushed[1] = nondet_u64();
	ASSUME(w.flush_clock < UINT64_MAX - 8);
	ASSUME(w.cpu_flushed[0] <= w.flush_clock && w.cpu_flushed[1] <= w.flush_clock);
	w.dma_stale = nondet_bool();
	w.dma_flushed = nondet_u64();
	ASSUME(w.dma_flushed <= w.flush_clock);
	/* As the last flush of a CPU left it, when the IOTLB may have been stale. */
	w.flushed = nondet_u64();
	ASSUME(w.flushed <= w.cpu_flushed[0] && w.flushed <= w.cpu_flushed[1]);
	for (unsigned i = 0; i < FRAMES; i++) {
		any_frame_state(&frames[i]);
		before[i] = frames[i];
	}
}

_Bool counts_unchanged(mfn_t m)
{
	return frames[m].owner == before[m].owner && frames[m].refs == before[m].refs &&
	       frames[m].type_count == before[m].type_count && frames[m].type == before[m].type;
}

_Bool frames_right(void)
{
	for (unsigned i = 0; i < FRAMES; i++)
		if (frames[i].refs <= frames[i].type_count ||
		    (frames[i].type_count > 0) != (frames[i].type != FRAME_NONE))
			return 0;
	return 1;
}
