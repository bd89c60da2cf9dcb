/* SPDX-License-Identifier: BSD-2-Clause */
/* proves: vmm/core/frame.c */
#include "world.h"

void proof_get_type(void)
{
	mfn_t m = nondet_u64();
	enum frame_type type = (enum frame_type)(1 + nondet_u8() % FRAME_EXEC);
	enum abi_error e;

	any_world();
	ASSUME(m < FRAMES);
	e = frame_get_type(&w, m, type);
	REACH(e == HC_OK && before[m].type_count == 0);
	REACH(e == HC_OK && before[m].type_count > 0);
	REACH(e == HC_ETYPE);
	REACH(e == HC_EUNPINNED);
	REACH(e == HC_ETEXT);
	REACH(e == HC_EFRAMEREF);
	REACH(e == CORE_FLUSH_FIRST);
	if (e == HC_OK) {
		PROVE(frames[m].type == type);
		PROVE(frames[m].type_count == before[m].type_count + 1);
		PROVE(frames[m].refs == before[m].refs + 1);
		PROVE(before[m].type_count == 0 || before[m].type == type);
		PROVE(type >= FRAME_WRITABLE || before[m].type == type);
		/* Another type before, and a CPU that may still know it: never. */
		PROVE(before[m].type_count || !before[m].last_type || before[m].last_type == type ||
		      before[m].stamp < w.flushed);
	} else {
		PROVE(counts_unchanged(m) && frames[m].stamp == before[m].stamp);
	}
	for (mfn_t i = 0; i < FRAMES; i++)
		PROVE(i == m || counts_unchanged(i));
}

void proof_get_put(void)
{
	mfn_t m = nondet_u64();

	any_world();
	ASSUME(m < FRAMES);
	if (frame_get(&w, m) == HC_OK) {
		PROVE(frames[m].refs == before[m].refs + 1 && frames[m].refs > before[m].refs);
		frame_put(&w, m);
		REACH(before[m].refs == UINT32_MAX - 1);
		PROVE(frames[m].stamp == w.flush_clock);
	}
	PROVE(counts_unchanged(m));
}

void proof_get_put_type(void)
{
	mfn_t m = nondet_u64();
	enum frame_type type = (enum frame_type)(1 + nondet_u8() % FRAME_EXEC);

	any_world();
	ASSUME(m < FRAMES);
	if (frame_get_type(&w, m, type) == HC_OK) {
		frame_put_type(&w, m);
		REACH(frames[m].type_count > 0);
		REACH(frames[m].type_count == 0);
		PROVE(frame_needs_flush(&w, m));
		PROVE(frames[m].type_count || frames[m].last_type == type);
	}
	PROVE(counts_unchanged(m));
}

void proof_flushed(void)
{
	uint32_t cpu = nondet_u32();
	uint64_t old, dropped;

	any_world();
	ASSUME(cpu < 2);
	old = w.flushed;
	dropped = w.flush_clock;
	frame_flushed(&w, cpu);
	REACH(w.flushed > old);
	REACH(w.flushed == old);
	/* A stale IOTLB makes it older than it was, which costs a flush. */
	PROVE(w.flushed >= old || w.dma_stale);
	PROVE(w.flushed <= w.cpu_flushed[0] && w.flushed <= w.cpu_flushed[1]);
	/* What was dropped before is gone only when both CPUs have flushed since. */
	PROVE(dropped >= w.flushed || w.cpu_flushed[1 - cpu] > dropped);
	frame_flushed(&w, 1 - cpu);
	PROVE(dropped < w.flushed || w.dma_stale);
}
