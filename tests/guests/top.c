/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top: a guest that makes a hypercall in the last two bytes of its address space, so that the hypervisor has to return
 * to the first address that is not the guest's. It may not stop the machine: it is an instruction fetch fault there.
 * Exits with 0 when that is what arrives, else with the number of the step that went wrong.
 *
 * A sealed domain makes no new text, so the level-1 table of its own text is linked a second time, at the very top. Its
 * frame number is not told to a guest, nor is that of the level-4 table: all are tried.
 */
#include <cambium/hypercall.h>
#include <cambium/mem.h>
#include <cambium/upcall.h>

#include <string.h>

#define GUEST_END 0x7f8000000000ull /* behind level-4 entry 254 */
#define TABLE (PTE_P | PTE_W | PTE_U)
#define MFN_LIMIT (1ull << 18)

/* A SYSCALL in the last two bytes that one level-1 table maps. */
__asm__(".section .text.top, \"ax\"\n"
	".balign 0x200000\n"
	".skip 0x1ffffe, 0xcc\n"
	".globl top_syscall\n"
	"top_syscall: syscall\n"
	".previous");
extern const char top_syscall[];

static uint64_t l3, l2, candidate;
static uint8_t stack[16384] __attribute__((aligned(16)));

static bool link_table(uint64_t table, unsigned index, uint64_t below)
{
	struct mmu_op op = {.op = MMU_UPDATE, .mfn = table, .address = index, .value = below << PAGE_SHIFT | TABLE};
	uint32_t done = 0;

	return !hc_mmu_update(&op, 1, &done);
}

static void try_next(void)
{
	while (++candidate < MFN_LIMIT)
		if (link_table(l2, 511, candidate))
			__asm__ volatile("jmp *%1"
					 :
					 : "a"((uint64_t)HYPERCALL_sched_yield), "r"(GUEST_END - 2)
					 : "rcx", "r11", "memory");
	hc_sched_shutdown(REASON_EXIT, 4);
}

static void told(struct trap_frame *f)
{
	if (f->vector == 14 && f->rip == GUEST_END && f->cr2 == GUEST_END)
		hc_sched_shutdown(REASON_EXIT, 0);
	/* No text there, or not that one. */
	f->rip = (uint64_t)(uintptr_t)try_next;
	f->rsp = (uint64_t)(uintptr_t)stack + sizeof stack - 8;
	hc_entry_resume(f);
}

int main(void)
{
	uint8_t *page = pages_alloc(2);
	struct mmu_op pin[2] = {{.op = MMU_PIN, .value = 2}, {.op = MMU_PIN, .value = 3}};
	uint64_t root = 0;
	uint32_t done = 0;

	if (!page || (uintptr_t)top_syscall % 0x200000 != 0x1ffffe)
		return 1;
	memset(page, 0, 2 * PAGE_SIZE);
	l3 = pages_mfn(page);
	l2 = pages_mfn(page + PAGE_SIZE);
	pin[0].mfn = l2;
	pin[1].mfn = l3;
	((uint64_t *)(void *)page)[511] = l2 << PAGE_SHIFT | TABLE;
	if (page_guard(page) || page_guard(page + PAGE_SIZE) || exception_set(told))
		return 2;
	/* Pinned at its level, it fits nowhere but in a level-4 table. */
	if (hc_mmu_update(pin, 2, &done))
		return 3;
	while (!link_table(root, 254, l3))
		if (++root == MFN_LIMIT)
			return 3;
	try_next();
	return 5;
}
