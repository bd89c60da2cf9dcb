/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top: a guest that makes a hypercall in the last two bytes of its address space, so that the hypervisor has to return
 * to the first address that is not the guest's. It may not stop the machine: it is an instruction fetch fault there.
 * Exits with 0 when that is what arrives, else with the number of the step that went wrong.
 */
#include <cambium/hypercall.h>
#include <cambium/mem.h>
#include <cambium/upcall.h>

#include <string.h>

#define GUEST_END 0x7f8000000000ull /* behind level-4 entry 254 */
#define TABLE (PTE_P | PTE_W | PTE_U)
#define TEXT (PTE_P | PTE_U)
#define MFN_LIMIT (1ull << 20)

static void told(struct trap_frame *f)
{
	hc_sched_shutdown(REASON_EXIT, f->vector == 14 && f->rip == GUEST_END && f->cr2 == GUEST_END ? 0 : 4);
}

/* The level-4 table's number is not told to a guest; it is the only frame that takes this entry. */
static bool link_somewhere(uint64_t l3)
{
	for (uint64_t mfn = 1; mfn < MFN_LIMIT; mfn++) {
		struct mmu_op op = {.op = MMU_UPDATE, .mfn = mfn, .address = 254, .value = l3 << PAGE_SHIFT | TABLE};
		uint32_t done = 0;

		if (!hc_mmu_update(&op, 1, &done))
			return true;
	}
	return false;
}

int main(void)
{
	uint8_t *page = pages_alloc(4);
	uint64_t mfn[4];

	if (!page)
		return 1;
	memset(page, 0, 4 * PAGE_SIZE);
	for (unsigned i = 0; i < 4; i++)
		mfn[i] = pages_mfn(page + i * PAGE_SIZE);
	for (unsigned i = 0; i < 3; i++)
		((uint64_t *)(void *)(page + i * PAGE_SIZE))[511] = mfn[i + 1] << PAGE_SHIFT | (i < 2 ? TABLE : TEXT);
	memcpy(page + 4 * PAGE_SIZE - 2, "\x0f\x05", 2); /* syscall */
	for (unsigned i = 0; i < 4; i++)
		if (page_guard(page + i * PAGE_SIZE))
			return 2;
	if (exception_set(told) || !link_somewhere(mfn[0]))
		return 3;
	__asm__ volatile("jmp *%1"
			 :
			 : "a"((uint64_t)HYPERCALL_sched_yield), "r"(GUEST_END - 2)
			 : "rcx", "r11", "memory");
	return 5;
}
