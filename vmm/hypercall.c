/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypercall door: one switch of direct calls, expanded from the table. */
#include "calls.h"
#include "run.h"

int hypercall_entry(struct trap_frame *f);

#define HC_CAST_VAL(type, name) (type)
#define HC_CAST_IN(type, name) guest_va
#define HC_CAST_OUT(type, name) guest_va
/* The formatter takes the cases of a macro for statements. */
/* clang-format off */
#define CALL(n, capability, call) case n: return lacks(v, capability) ? -HC_EPERM : call;
#define HC0(n, capability, name) CALL(n, capability, do_##name(v))
#define HC1(n, capability, name, a) CALL(n, capability, do_##name(v, HC_CAST_##a(f->rdi)))
#define HC2(n, capability, name, a, b) CALL(n, capability, do_##name(v, HC_CAST_##a(f->rdi), HC_CAST_##b(f->rsi)))
#define HC3(n, capability, name, a, b, c) \
	CALL(n, capability, do_##name(v, HC_CAST_##a(f->rdi), HC_CAST_##b(f->rsi), HC_CAST_##c(f->rdx)))
#define HC4(n, capability, name, a, b, c, d) CALL(n, capability, \
	do_##name(v, HC_CAST_##a(f->rdi), HC_CAST_##b(f->rsi), HC_CAST_##c(f->rdx), HC_CAST_##d(f->r10)))
/* clang-format on */

static bool lacks(const struct vcpu *v, uint32_t capability)
{
	return capability & ~v->domain->capabilities;
}

static int64_t dispatch(struct vcpu *v, const struct trap_frame *f)
{
	switch (f->rax) {
#include <abi/hypercall.def>
	default: return -HC_ENOSYS;
	}
}

/*
 * Called by entry.S with the guest's registers at cpu->frame. Returns 1 when the same vCPU goes on behind its SYSCALL, so
 * that the short way back will do; 0 when every register has to come from the frame.
 */
int hypercall_entry(struct trap_frame *f)
{
	struct cpu *c = this_cpu();
	struct vcpu *v = c->loaded;
	int64_t result = dispatch(v, f);

	/* entry_resume, or the end of the domain, has replaced the frame. */
	if (f->vector == VECTOR_HYPERCALL) {
		f->rax = (uint64_t)result;
		if (!run_exit_wanted(c, v)) {
			run_leave(c);
			return 1;
		}
		f->rdi = f->rsi = f->rdx = f->r8 = f->r9 = f->r10 = 0;
	}
	run_exit(c);
	return 0;
}

int64_t do_abi_version(struct vcpu *v)
{
	(void)v;
	return ABI_VERSION;
}
