/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jumps out of its half of the address space again and again while its timer runs, so that now and then the interrupt
 * comes between the jump and the fault: the hypervisor then holds a guest's registers with an instruction pointer of its
 * own. (An emulator that looks for interrupts only where it has code to run never shows this; a CPU does.)
 */
#include "raw.h"

#define SECONDS 3u

static unsigned upcalls;

static void on_upcall(void)
{
	raw_events_take();
	upcalls++;
}

static void jump(uint64_t address, uint64_t unused)
{
	(void)unused;
	__asm__ volatile("jmp *%0" : : "r"(address) : "memory");
}

int main(void)
{
	static const uint64_t places[] = {0xffffffff81000000, 0xffff800000000000, 0x7f8000000000,
					  0x7fffffffffff,     0xfffffffffffffff0, UINT64_MAX};
	uint64_t end = raw_now() + SECONDS * 1000000000ull, jumps = 0, between = 0;

	raw_mask(1);
	raw_start((uint64_t)on_upcall);
	if (hc_event_bind_virq(VIRQ_TIMER, 0) <= 0)
		raw_hole("no timer");
	while (raw_now() < end) {
		raw_mask(0);
		hc_timer_set(raw_now() + 20000 + jumps * 977 % 20000);
		for (unsigned i = 0; i < 100; i++, jumps++) {
			uint64_t to = places[jumps % ARRAY_SIZE(places)];

			raw_expect_fault("a jump out", jump, to, 0, VECTOR_PF);
			if (raw_fault.cr2 != to || raw_fault.rip != to || !(raw_fault.error & PF_USER))
				raw_hole("a jump to %lx: cr2 %lx rip %lx", to, raw_fault.cr2, raw_fault.rip);
			/* The CPU says that something is mapped there; the hypervisor in its place does not. */
			between += to == 0xffffffff81000000 && !(raw_fault.error & PF_PRESENT);
		}
	}
	raw_mask(1);
	printf("jumps: %lu jumps, %u upcalls, interrupted between jump and fault %lu times\n", jumps, upcalls, between);
	if (!upcalls || jumps < 1000)
		raw_hole("too few of them");
	raw_attempts = 0;
	return raw_end("jumps");
}
