/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pages at fixed addresses, the only addresses that a guest may depend on:
 *
 *   HYPERCALL_VA   one page, read and execute, the same frame in every domain. Offset 0 is the hypercall stub
 *                  (call it with the number in RAX); from offset HYPERCALL_UPCALL on is where the hypervisor enters the
 *                  upcalls of each vCPU.
 *   SHARED_VA      the domain's shared-info page, read and write. The hypervisor treats all of it as hostile.
 *
 * Events. Port p is pending when bit p of pending[] is set. The hypervisor sets the bit; if it was clear and the port
 * is not masked it sets bit p/64 of the bound vCPU's pending_sel and then upcall_pending. The guest consumes in the
 * opposite order: clear upcall_pending, exchange pending_sel with 0, then clear the bits of each selected word. A port
 * unmasked by the guest while pending needs event_unmask (or the guest looks at the bit itself).
 *
 * Upcalls. When upcall_pending is set, upcall_mask is 0 and entry_set registered a handler, the hypervisor sets
 * upcall_mask to 1, stores the interrupted RIP at RSP - 128 - 8 and enters the stub, which saves flags and the
 * caller-saved registers, calls upcall_handler, clears upcall_mask, and returns by `ret $128`. A handler assumes nothing
 * about DF, AC, alignment or the FPU. upcall_mask starts as 1.
 *
 * Ledgers. Work that a backend does for another domain is charged to that one: the backend's vCPU adds the ticks of the time
 * stamp counter that it took to an entry of its ledger, and new entries behind the others, `count` last. Whenever the vCPU
 * leaves its CPU the hypervisor takes the entries and sets count to 0; in `over` it answers, a bit an entry, which of these
 * domains have had more of this CPU than their share while others wait for it. Only domains whose builder linked them to
 * the backend can be named, and no more time than the backend has run. What an entry that
 * names the backend itself claims is its own. The time on the CPU that no entry claims is shared out by `parts` of all entries, and the backend's
 * own where these are 0.
 *
 * Time. System time in ns since boot = ns_base + (((tsc - tsc_base) << shift, or >> -shift) * mul >> 32), ns_base where the TSC
 * is behind tsc_base; read under the seqlock: version odd or changed means read again. The scale changes every few seconds, as
 * the clock follows a steady one; a vCPU's own record is the one that is right for it.
 */
#ifndef CAMBIUM_ABI_SHARED_H
#define CAMBIUM_ABI_SHARED_H

#include <abi/types.h>

#define HYPERCALL_VA 0x10000000ull
#define SHARED_VA 0x10001000ull
#define HYPERCALL_UPCALL 64u        /* offset of the upcall entry stub of vCPU 0 */
#define HYPERCALL_UPCALL_BYTES 256u /* from there to that of the next vCPU */
#define GUEST_LINK_VA 0x20000000ull /* guest text is linked here */

#define EVENT_WORDS (EVENT_PORT_MAX / 64u)

struct time_record {
	uint32_t version; /* seqlock */
	int32_t shift;
	uint32_t mul;
	uint32_t reserved0;
	uint64_t tsc_base;
	uint64_t ns_base;
};

struct vcpu_shared {
	/* written by both sides, atomically */
	uint64_t pending_sel;
	uint8_t upcall_pending;
	/* written by the guest (and by the hypervisor when it delivers) */
	uint8_t upcall_mask;
	/* written by the hypervisor, for information */
	uint8_t in_exception;
	uint8_t reserved0[5];
	struct time_record time;
	uint64_t reserved1[2];
};

#define LEDGER_ENTRIES 16u
#define LEDGER_PARTS_MAX 65535u /* more count as so many */

struct ledger_entry {
	uint32_t domid;
	uint32_t parts; /* of the time that no entry claims */
	uint64_t ticks;
};

struct ledger {
	uint32_t count;
	uint32_t over; /* written by the hypervisor */
	struct ledger_entry entry[LEDGER_ENTRIES];
};

struct shared_info {
	uint64_t
		upcall_handler; /* guest function void (void), called by the stub; set by entry_set, read by the stub */
	uint64_t wall_clock_base; /* ns since 1970 UTC at system time 0; 0: unknown */
	uint64_t memory_target;   /* frames that the domain should come down to, written before VIRQ_MEMORY is raised */
	uint64_t reserved0[5];
	struct vcpu_shared vcpu[VCPU_MAX];
	uint64_t pending[EVENT_WORDS];
	uint64_t masked[EVENT_WORDS];
	struct ledger ledger[VCPU_MAX];
};

ABI_ASSERT(sizeof(struct time_record) == 32, "time_record layout");
ABI_ASSERT(sizeof(struct vcpu_shared) == 64, "vcpu_shared layout");
ABI_ASSERT(sizeof(struct shared_info) <= 4096, "shared_info fits a page");

#endif
