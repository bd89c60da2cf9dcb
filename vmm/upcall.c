/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that the hypervisor makes for a guest. Nothing is trusted: each address is checked, each store is a checked copy
 * under the guest's own rights, and where it fails the guest has a documented end. Nesting of upcalls is at most one: the
 * only instructions of the stub that run unmasked with its frame still on the stack are the exit window, and an upcall
 * that meets a guest there finishes the exit for it first.
 */
#include "upcall.h"

#include <string.h>

#include "run.h"
#include "uaccess.h"
#include "x86.h"

#define VECTOR_STACK_FAULT 12u

extern const uint8_t stub_page_start[], stub_page_end[], stub_exit_start[], stub_exit_popf[], stub_exit_ret[];

/* What the stub keeps on the stack, lowest address first. */
struct stub_frame {
	uint64_t rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11, rflags, rip;
};

void stubs_write(void *page)
{
	uint64_t bytes = (uint64_t)(stub_page_end - stub_page_start);

	CHECK(bytes <= PAGE_SIZE);
	memset(page, 0xcc, PAGE_SIZE);
	memcpy(page, stub_page_start, bytes);
}

/* Where @symbol of the stub stands for vCPU @v. */
static uint64_t stub_va(const struct vcpu *v, const uint8_t *symbol)
{
	return HYPERCALL_VA + v->id * HYPERCALL_UPCALL_BYTES + (uint64_t)(symbol - stub_page_start);
}

/* When @f stands in the stub's exit window, does what is left of the exit. False: its frame cannot be read. */
static bool exit_window_complete(const struct vcpu *v, struct trap_frame *f)
{
	struct stub_frame s;
	uint64_t base = f->rsp;

	if (f->rip < stub_va(v, stub_exit_start) || f->rip > stub_va(v, stub_exit_ret))
		return true;
	if (f->rip == stub_va(v, stub_exit_popf))
		base -= offsetof(struct stub_frame, rflags);
	else if (f->rip == stub_va(v, stub_exit_ret))
		base -= offsetof(struct stub_frame, rip);
	/* What the guest has taken off already lies there still; it is not used again. */
	if (!copy_from_guest(&s, guest_va(base), sizeof s))
		return false;
	if (f->rip < stub_va(v, stub_exit_popf)) {
		f->rax = s.rax, f->rcx = s.rcx, f->rdx = s.rdx, f->rsi = s.rsi, f->rdi = s.rdi;
		f->r8 = s.r8, f->r9 = s.r9, f->r10 = s.r10, f->r11 = s.r11;
	}
	if (f->rip <= stub_va(v, stub_exit_popf))
		f->rflags = (s.rflags & GUEST_FLAGS) | GUEST_FLAGS_FIXED;
	f->rip = s.rip;
	f->rsp = base + sizeof s + 128;
	return f->rip < GUEST_TOP;
}

void upcall_deliver(struct vcpu *v, struct trap_frame *f)
{
	struct domain *d = v->domain;
	uint64_t sp;

	if (!exit_window_complete(v, f)) {
		run_doom(v, REASON_UPCALL_FRAME, 0);
		return;
	}
	sp = f->rsp - 128 - 8;
	if (f->rsp > GUEST_TOP || f->rsp < 136 || !copy_to_guest(guest_va(sp), &f->rip, sizeof f->rip)) {
		if (!v->exception) {
			run_doom(v, REASON_UPCALL_STACK, 0);
			return;
		}
		f->vector = VECTOR_STACK_FAULT;
		f->error = 0;
		f->cr2 = sp;
		exception_deliver(v, f);
		return;
	}
	__atomic_store_n(&d->shared->vcpu[v->id].upcall_mask, 1, __ATOMIC_SEQ_CST);
	f->rsp = sp;
	f->rip = stub_va(v, stub_page_start + HYPERCALL_UPCALL);
}

void exception_deliver(struct vcpu *v, struct trap_frame *f)
{
	uint64_t at = (v->exception_stack - sizeof *f) & ~15ull;

	f->fs_base = rdmsr(MSR_FS_BASE); /* ring 3 may have changed them without us */
	f->gs_base = rdmsr(MSR_GS_BASE);
	if (!v->exception) {
		run_doom(v, REASON_EXCEPTION, (uint32_t)f->vector);
	} else if (v->in_exception) {
		run_doom(v, REASON_DOUBLE, (uint32_t)f->vector);
	} else if (v->exception_stack < sizeof *f + 64 || !copy_to_guest(guest_va(at), f, sizeof *f)) {
		run_doom(v, REASON_EXCEPTION_STACK, (uint32_t)f->vector);
	} else {
		v->in_exception = 1;
		v->domain->shared->vcpu[v->id].in_exception = 1;
		f->rdi = at;
		f->rsp = at - 8;
		f->rip = v->exception;
		f->rflags = GUEST_FLAGS_FIXED;
	}
}

void exception_resume(struct vcpu *v, struct trap_frame *f, const struct trap_frame *g)
{
	if (!v->in_exception || g->rip >= GUEST_TOP) {
		run_doom(v, REASON_RESUME, 0);
		return;
	}
	v->in_exception = 0;
	v->domain->shared->vcpu[v->id].in_exception = 0;
	*f = *g;
	f->cs = SELECTOR_USER_CODE;
	f->ss = SELECTOR_USER_DATA;
	f->rflags = (g->rflags & GUEST_FLAGS) | GUEST_FLAGS_FIXED;
	f->vector = 0; /* not a hypercall's frame any more: every register comes back */
	f->error = 0;
}
