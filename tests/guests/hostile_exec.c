/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writable and executable: never both, for one mapping or for two of the same frame, and nothing new to execute once the
 * domain is sealed.
 */
#include "raw.h"

extern char __text_start[];

static uint64_t window;
static const uint64_t constant = 5;

/* The frame of its first page of text: executable, and with the page's contents. */
static uint64_t text_frame(void)
{
	for (uint64_t mfn = 0; mfn < RAW_FRAMES; mfn++) {
		bool same;

		if (raw_map(window, mfn, PTE_W | PTE_NX) != -HC_ETYPE) {
			raw_unmap(window);
			continue;
		}
		if (raw_map(window, mfn, PTE_NX))
			continue;
		same = !memcmp((void *)window, __text_start, PAGE_SIZE);
		raw_unmap(window);
		if (same)
			return mfn;
	}
	raw_hole("its text is not to be found");
	return 0;
}

int main(void)
{
	uint8_t *page = pages_alloc(1);
	uint64_t va = (uint64_t)page, mfn = pages_mfn(page), text;

	raw_start(0);
	window = window_alloc(1);
	page[0] = 0xc3; /* ret */
	raw_expect_page_fault("text written", raw_write, (uint64_t)__text_start, 0x90, (uint64_t)__text_start,
			      PF_PRESENT | PF_WRITE | PF_USER);
	raw_expect_page_fault("a constant written", raw_write, (uint64_t)&constant, 6, (uint64_t)&constant,
			      PF_PRESENT | PF_WRITE | PF_USER);
	raw_expect_page_fault("the hypercall page written", raw_write, HYPERCALL_VA, 0x90, HYPERCALL_VA,
			      PF_PRESENT | PF_WRITE | PF_USER);
	raw_expect_page_fault("the start page written", raw_write, (uint64_t)start_info(), 0, (uint64_t)start_info(),
			      PF_PRESENT | PF_WRITE | PF_USER);
	raw_expect_page_fault("data executed", raw_execute, va, 0, va, PF_PRESENT | PF_USER | PF_EXECUTE);
	raw_expect_page_fault("the shared page executed", raw_execute, SHARED_VA, 0, SHARED_VA,
			      PF_PRESENT | PF_USER | PF_EXECUTE);
	text = text_frame();
	raw_expect("text mapped writable elsewhere", raw_map(window, text, PTE_W | PTE_NX), HC_ETYPE);
	raw_expect("text mapped writable in its place",
		   raw_mmu(MMU_UPDATE_VA, 0, (uint64_t)__text_start, text << PAGE_SHIFT | PTE_P | PTE_U | PTE_W),
		   HC_EENTRY);
	raw_expect("data mapped writable and executable", raw_map(window, mfn, PTE_W), HC_EENTRY);
	raw_expect("sealed", hc_mmu_seal(), HC_OK);
	raw_expect("sealed twice", hc_mmu_seal(), HC_OK);
	raw_expect("data mapped executable elsewhere", raw_map(window, mfn, 0), HC_ESEALED);
	raw_expect("data no longer mapped", raw_unmap(va), HC_OK);
	raw_expect("unmapped data mapped executable", raw_map(window, mfn, 0), HC_ESEALED);
	raw_expect("text mapped a second time", raw_map(window, text, 0), HC_ESEALED);
	raw_expect("the hypercall page, which is everybody's", raw_mmu(MMU_UPDATE_VA, 0, HYPERCALL_VA + 0x400000, 0),
		   HC_ENOTABLE);
	raw_expect("data mapped again", raw_map(va, mfn, PTE_W | PTE_NX), HC_OK);
	return raw_end("exec");
}
