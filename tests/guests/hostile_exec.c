/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writable and executable: never both, for one mapping or for two of the same frame, by whichever name the frame is called:
 * a second address, a grant to itself, a copy, a table; and nothing new to execute once the domain is sealed. Text is
 * the domain's own (HC_ETYPE: it is executable) or that of an image that others run too (HC_EFRAME: it is not its own).
 */
#include "raw_memory.h"

extern char __text_start[];

static uint64_t window;
static const uint64_t constant = 5;

/* Frame @text of its own text by every name. */
static void text_attack(uint64_t text)
{
	const uint32_t self = start_info()->domid;
	const bool shared = raw_figures().image != 0;
	const enum abi_error refusal = shared ? HC_EFRAME : HC_ETYPE;
	uint64_t data = raw_frame();

	raw_refused("text mapped writable elsewhere", raw_map(window, text, RW), refusal);
	raw_refused("text mapped writable in its place", raw_map((uint64_t)__text_start, text, PTE_W), HC_EENTRY);
	raw_refused("text in its place, for data", raw_map((uint64_t)__text_start, text, RW), refusal);
	raw_refused("text mapped a second time", raw_map(window, text, 0), HC_ESEALED);
	raw_refused("text as a table", raw_pin(text, 1), refusal);
	raw_refused("text given back", raw_give(text), shared ? HC_EFRAME : HC_EBUSY);
	raw_expect("text mapped read-only elsewhere", raw_map(window, text, RO), HC_OK);
	raw_expect_page_fault("and written", raw_write, window, 0x90, window, PF_PRESENT | PF_WRITE | PF_USER);
	raw_expect_page_fault("and executed", raw_execute, window, 0, window, PF_PRESENT | PF_USER | PF_EXECUTE);
	raw_expect("unmapped", raw_unmap(window), HC_OK);
	if (shared) {
		raw_expect("shared text offered", raw_offer_result(self, GRANT_READONLY, text), HC_EFRAME);
	} else {
		uint32_t ref = raw_offer(self, 0, text);

		raw_refused("text granted and mapped writable", raw_grant_map(self, ref, 0, window), HC_ETYPE);
		raw_refused("a copy into text", raw_copy_into(self, ref, data), HC_ETYPE);
		raw_expect("revoked", hc_grant_revoke(ref, 1), HC_OK);
	}
	raw_attempts = raw_attempts - (shared ? 1 : 3) + 1; /* whose text it is does not change the count */
	raw_expect_number("given back", raw_give(data), 1);
}

/* Data that is to be executed. */
static void data_attack(void)
{
	const uint32_t self = start_info()->domid;
	uint64_t frame = raw_frame();
	uint32_t ref;

	raw_poke(window, frame, 0, 0xc3); /* ret */
	raw_refused("code that it wrote", raw_map(window, frame, 0), HC_ESEALED);
	raw_refused("code that it wrote, writable", raw_map(window, frame, PTE_W), HC_EENTRY);
	raw_expect("mapped to read", raw_map(window, frame, RO), HC_OK);
	raw_expect_page_fault("executed", raw_execute, window, 0, window, PF_PRESENT | PF_USER | PF_EXECUTE);
	raw_refused("that mapping made executable", raw_map(window, frame, 0), HC_ESEALED);
	raw_expect("unmapped", raw_unmap(window), HC_OK);
	ref = raw_offer(self, 0, frame);
	raw_expect("mapped by grant", raw_grant_map(self, ref, 0, window), HC_OK);
	raw_expect_page_fault("executed", raw_execute, window, 0, window, PF_PRESENT | PF_USER | PF_EXECUTE);
	raw_refused("the grant's entry made executable", raw_map(window, frame, 0), HC_EGRANTED);
	raw_expect("unmapped", hc_grant_unmap(window, 1), HC_OK);
	raw_expect("revoked", hc_grant_revoke(ref, 1), HC_OK);
	/* The entry would be checked where it is written, not where it is found: so it must be checked there too. */
	raw_poke(window, frame, 0, 0);
	raw_poke(window, frame, 3, raw_entry(raw_mfn(window, (uint64_t)&window), 0));
	raw_refused("a table with an executable entry", raw_pin(frame, 1), HC_ESEALED);
	raw_poke(window, frame, 3, raw_entry(raw_mfn(window, (uint64_t)&window), PTE_W));
	raw_refused("a table with a writable, executable entry", raw_pin(frame, 1), HC_EENTRY);
	raw_expect_number("given back", raw_give(frame), 1);
}

int main(void)
{
	uint8_t *page = pages_alloc(1);
	uint64_t va = (uint64_t)page, mfn = pages_mfn(page);

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
	raw_expect("sealed", hc_mmu_seal(), HC_OK);
	raw_expect("sealed twice", hc_mmu_seal(), HC_OK);
	text_attack(raw_mfn(window, (uint64_t)__text_start));
	data_attack();
	raw_refused("the hypercall page mapped writable", raw_map(window, raw_mfn(window, HYPERCALL_VA), RW),
		    HC_EFRAME);
	raw_expect("data no longer mapped", raw_unmap(va), HC_OK);
	raw_refused("unmapped data mapped executable", raw_map(window, mfn, 0), HC_ESEALED);
	raw_expect("data mapped again", raw_map(va, mfn, RW), HC_OK);
	return raw_end("exec");
}
