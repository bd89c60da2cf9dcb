/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory up and down. A frame that is given back while anything still leads to it is a frame of the next owner's that
 * this domain can write: so it gives back what is mapped, offered, a table, not its own, or what it gave back before. A
 * frame that it gets must tell nothing of whoever had it. And no way leads past the target.
 */
#include "raw_memory.h"

#define FRAMES_MAX 2048u
#define PATTERN 0x5ec4e75ec4e75ec4ull

static uint64_t window;
static uint64_t frames[FRAMES_MAX];
static unsigned frame_count;

static int64_t give_list(uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t list[] = {a, b, c};

	return hc_memory_decrease(list, 3);
}

/* Each way in which a frame is in use. */
static void in_use(void)
{
	const uint32_t self = start_info()->domid;
	uint64_t f = raw_frame();
	uint32_t ref;

	raw_expect("mapped read-only", raw_map(window, f, RO), HC_OK);
	raw_refused("a readable frame given back", raw_give(f), HC_EBUSY);
	raw_expect("mapped writable", raw_map(window, f, RW), HC_OK);
	raw_refused("a writable frame given back", raw_give(f), HC_EBUSY);
	raw_expect("unmapped", raw_unmap(window), HC_OK);
	ref = raw_offer(self, GRANT_READONLY, f);
	raw_refused("an offered frame given back", raw_give(f), HC_EBUSY);
	raw_expect("mapped by grant", raw_grant_map(self, ref, GRANT_READONLY, window), HC_OK);
	raw_refused("a granted frame given back", raw_give(f), HC_EBUSY);
	raw_expect("unmapped", hc_grant_unmap(window, 1), HC_OK);
	raw_expect("revoked", hc_grant_revoke(ref, 1), HC_OK);
	ref = raw_offer(self, GRANT_TRANSFER, f);
	raw_refused("a frame given back that another may take over", raw_give(f), HC_EBUSY);
	raw_expect("revoked", hc_grant_revoke(ref, 1), HC_OK);
	raw_expect("a table", raw_pin(f, 1), HC_OK);
	raw_refused("a table given back", raw_give(f), HC_EBUSY);
	raw_expect("no table", raw_unpin(f), HC_OK);
	raw_expect_number("now it goes", raw_give(f), 1);
	raw_refused("given back twice", raw_give(f), HC_EFRAME);
	raw_refused("the shared page", raw_give(raw_mfn(window, SHARED_VA)), HC_EBUSY);
	raw_refused("a page of its data", raw_give(raw_mfn(window, (uint64_t)frames)), HC_EBUSY);
	raw_refused("the start page", raw_give(raw_mfn(window, (uint64_t)start_info())), HC_EBUSY);
	raw_refused("its root", raw_give(raw_root()), HC_EBUSY);
}

static void not_its_own(void)
{
	static const uint64_t foreign[] = {0, RAW_FOREIGN, RAW_HOLE, 0xfee00, 1ull << 52, UINT64_MAX};
	uint64_t a = raw_frame(), b = raw_frame();

	for (unsigned i = 0; i < ARRAY_SIZE(foreign); i++)
		raw_refused("a foreign frame given back", raw_give(foreign[i]), HC_EFRAME);
	raw_refused("the hypercall page given back", raw_give(raw_mfn(window, HYPERCALL_VA)), HC_EFRAME);
	raw_expect_number("the same frame three times at once", give_list(a, a, a), 1);
	a = raw_frame();
	raw_expect_number("its own, a foreign one, its own", give_list(a, RAW_FOREIGN, b), 1);
	raw_refused("the first of them is gone", raw_map(window, a, RO), HC_EFRAME);
	raw_expect("the last of them is not", raw_map(window, b, RO), HC_OK);
	raw_expect("unmapped", raw_unmap(window), HC_OK);
	raw_expect_number("it goes when it is asked for", raw_give(b), 1);
}

static void bad_arguments(void)
{
	static uint64_t list[MEMORY_MAX];
	uint64_t *read_only = (uint64_t *)start_info();
	uint8_t *pages = pages_alloc(2);
	const uint64_t hypervisor = 0xffff800008000000;

	raw_expect("the second page absent", page_guard(pages + PAGE_SIZE), HC_OK);
	raw_refused("no frame", hc_memory_increase(list, 0, 0), HC_EINVAL);
	raw_refused("65 frames", hc_memory_increase(list, MEMORY_MAX + 1, 0), HC_EINVAL);
	raw_refused("flag 2", hc_memory_increase(list, 1, 2), HC_EINVAL);
	raw_refused("a run of 511", hc_memory_increase(list, RUN_PAGES - 1, MEMORY_RUN), HC_EINVAL);
	raw_refused("a run of 1", hc_memory_increase(list, 1, MEMORY_RUN), HC_EINVAL);
	raw_refused("told to the hypervisor", hc_memory_increase((void *)hypervisor, 1, 0), HC_EFAULT);
	raw_refused("told to nobody", hc_memory_increase(NULL, 1, 0), HC_EFAULT);
	raw_refused("told to a read-only page", hc_memory_increase(read_only, 64, 0), HC_EFAULT);
	raw_refused("told across the edge", hc_memory_increase((void *)(pages + PAGE_SIZE - 8), 2, 0), HC_EFAULT);
	raw_refused("none given back", hc_memory_decrease(list, 0), HC_EINVAL);
	raw_refused("65 given back", hc_memory_decrease(list, MEMORY_MAX + 1), HC_EINVAL);
	raw_refused("a list of the hypervisor's", hc_memory_decrease((void *)hypervisor, 1), HC_EFAULT);
	raw_refused("a list across the edge", hc_memory_decrease((void *)(pages + PAGE_SIZE - 8), 2), HC_EFAULT);
	raw_refused("figures into a read-only page", hc_memory_info(DOMID_SELF, (void *)start_info()), HC_EFAULT);
	raw_refused("figures into the hypervisor", hc_memory_info(DOMID_SELF, (void *)hypervisor), HC_EFAULT);
	raw_refused("figures of the control domain", hc_memory_info(0x10000, (void *)list), HC_EPERM);
	raw_refused("its own figures by its own id", hc_memory_info(start_info()->domid, (void *)list), HC_EPERM);
	raw_refused("a greater target", hc_memory_set(DOMID_SELF, 1u << 20, 0), HC_EPERM);
	raw_refused("a promise", hc_memory_set(DOMID_SELF, 1, 1), HC_EPERM);
	raw_refused("the machine's memory", hc_machine_memory((void *)list), HC_EPERM);
	raw_expect("present again", page_unguard(pages + PAGE_SIZE), HC_OK);
	pages_free(pages, 2);
}

/* All that it may have, and not one more by whichever call. */
static void up_to_the_target(void)
{
	const uint32_t self = start_info()->domid;
	uint64_t list[MEMORY_MAX];
	int64_t n;

	while ((n = hc_memory_increase(list, MEMORY_MAX, 0)) > 0)
		for (int64_t i = 0; i < n && frame_count < FRAMES_MAX; i++)
			frames[frame_count++] = list[i];
	raw_expect("one more", n, HC_ELIMIT);
	raw_refused("one more frame", hc_memory_increase(list, 1, 0), HC_ELIMIT);
	raw_refused("a run", hc_memory_increase(list, RUN_PAGES, MEMORY_RUN), HC_ELIMIT);
	raw_attempts++;
	if (raw_figures().frames != raw_figures().target)
		raw_hole("%lu frames, the target is %lu", raw_figures().frames, raw_figures().target);
	/* The hypervisor's own pages for its grants and ports count as well. */
	for (n = 1; n > 0;)
		n = raw_offer_result(self, GRANT_READONLY, frames[0]);
	raw_expect("one more page of references", n, HC_ELIMIT);
	for (n = 1; n > 0;)
		n = hc_event_alloc(self, 0);
	raw_expect("one more page of ports", n, HC_ELIMIT);
	raw_attempts++;
	if (raw_figures().frames != raw_figures().target)
		raw_hole("%lu frames with tables, the target is %lu", raw_figures().frames, raw_figures().target);
	for (uint32_t ref = 1; ref < 8192; ref++)
		hc_grant_revoke(ref, 1);
}

/* What it wrote and gave back it must not find again: that would have been another's, too. */
static void contents(void)
{
	uint64_t list[MEMORY_MAX];
	unsigned seen = 0, written = frame_count;

	for (unsigned i = 0; i < frame_count; i++)
		for (unsigned word = 0; word < 512; word += 511)
			raw_poke(window, frames[i], word, PATTERN);
	for (unsigned i = 0; i < frame_count; i++)
		raw_expect_number("given back", raw_give(frames[i]), 1);
	for (unsigned round = 0; seen < written; round++) {
		int64_t n = hc_memory_increase(list, MEMORY_MAX, 0);

		if (round % 2)
			hc_sched_block(raw_now() + 2000000); /* an idle CPU scrubs ahead */
		if (n <= 0) {
			raw_hole("taken again: %ld", (long)n);
			return;
		}
		for (int64_t i = 0; i < n; i++, seen++) {
			raw_map(window, list[i], RO);
			if (!raw_is_zero(window))
				raw_hole("frame %lx holds what its last owner wrote", list[i]);
			raw_unmap(window);
		}
	}
}

int main(void)
{
	raw_start(0);
	window = window_alloc(1);
	in_use();
	not_its_own();
	bad_arguments();
	up_to_the_target();
	contents();
	raw_attempts = 0; /* how many frames there were is the plan's to say */
	return raw_end("reserve");
}
