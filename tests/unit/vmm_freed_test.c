/* SPDX-License-Identifier: BSD-2-Clause */
/* The search for writes to free frames (world.freed_sums). */
#include "vmm_world.h"

static uint64_t sums[TW_FRAMES_MAX];
static unsigned intact_count, written_count;

static void check(mfn_t mfn, uint32_t intact)
{
	(void)mfn;
	intact_count += intact;
	written_count += !intact;
}

/* A frame that was in use and is free again. */
static mfn_t freed_frame(struct world *w, struct domain *d)
{
	mfn_t mfn = tw_frame(w, d);

	memset(world_page(w, mfn), 0x5a, PAGE_SIZE);
	frame_disown(w, d, mfn);
	return mfn;
}

Test(frame, written_while_it_was_free_is_told_when_it_is_handed_out)
{
	struct world *w = tw_new(128);
	struct domain *d = tw_domain(w, 1, 64, 0);
	mfn_t mfn;

	w->freed_sums = sums;
	w->freed_check = check;
	mfn = freed_frame(w, d);
	cr_assert_eq(tw_frame(w, d), mfn, "the frame freed last is handed out first");
	cr_assert_eq(intact_count, 1);
	cr_assert_eq(written_count, 0);
	frame_disown(w, d, mfn);
	((uint8_t *)world_page(w, mfn))[4095] ^= 1;
	cr_assert_eq(tw_frame(w, d), mfn);
	cr_assert_eq(written_count, 1);
	cr_assert_eq(*(uint64_t *)world_page(w, mfn), 0, "and scrubbed all the same");
	tw_free(w);
}

Test(frame, that_was_never_in_use_is_not_compared_with_anything)
{
	struct world *w = tw_new(128);
	struct domain *d;

	w->freed_sums = sums;
	w->freed_check = check;
	d = tw_domain(w, 1, 64, 0);
	tw_frame(w, d);
	cr_assert_eq(intact_count + written_count, 0);
	tw_free(w);
}
