/* SPDX-License-Identifier: BSD-2-Clause */
/* Upcalls (abi/shared.h) and exceptions on their way into a guest. */
#pragma once

#include "core/world.h"

/* Flags that a guest may choose; the rest is fixed: IF and bit 1 set, IOPL, NT, VM, RF clear. */
#define GUEST_FLAGS 0x240dd5ull /* CF PF AF ZF SF TF DF OF AC ID */
#define GUEST_FLAGS_FIXED 0x202ull

/* True when an upcall is due: handler registered, pending, not masked, not in an exception handler. */
static inline bool upcall_wanted(const struct vcpu *v)
{
	const struct vcpu_shared *s = &v->domain->shared->vcpu[v->id];

	return v->upcall && !v->in_exception && __atomic_load_n(&s->upcall_pending, __ATOMIC_SEQ_CST) &&
	       !__atomic_load_n(&s->upcall_mask, __ATOMIC_SEQ_CST);
}

/* Makes @f, the registers of the loaded vCPU @v, enter the upcall stub; may end the domain. */
void upcall_deliver(struct vcpu *v, struct trap_frame *f);
/* Makes @f enter the exception handler with the exception that @f describes, or ends the domain. */
void exception_deliver(struct vcpu *v, struct trap_frame *f);
/* Continues with the guest-given frame @g. HC_OK, or the domain is ended (REASON_RESUME). */
void exception_resume(struct vcpu *v, struct trap_frame *f, const struct trap_frame *g);

/* Fills a page with the stubs of entry.S, to be mapped at HYPERCALL_VA. */
void stubs_write(void *page);
