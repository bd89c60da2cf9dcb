/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypercall door: one switch of direct calls, expanded from the table. Each row becomes a function of its own that decodes
 * its arguments, from the first to the last, and has the handler do the rest.
 */
#include "calls.h"
#include "core/domain.h"
#include "run.h"
#include "smp.h"

#define SYSCALL_BYTES 2u

int hypercall_entry(struct trap_frame *f);

/* What the table says of domains and devices, as sets of states. */
enum whose {
	CONSTRUCTION = 1u << DOMAIN_CONSTRUCTION,
	RUNNING = 1u << DOMAIN_RUNNING,
	PAUSED = 1u << DOMAIN_PAUSED,
	DEAD = 1u << DOMAIN_DEAD,
	LIVE = CONSTRUCTION | RUNNING | PAUSED,
	STILL = PAUSED | DEAD,
	ANY = LIVE | DEAD,
	CALLER = 1u,
	OWN = CONSTRUCTION | CALLER,
};

/* What is copied to the guest when the call has succeeded. */
struct answer {
	guest_va_t to;
	const void *from;
	uint64_t bytes;
};

static bool lacks(const struct vcpu *v, uint32_t capability)
{
	return capability & ~v->domain->capabilities;
}

static enum abi_error find_domain(const struct vcpu *v, uint32_t domid, enum whose states, struct domain **out)
{
	struct domain *d = domid == DOMID_SELF ? v->domain : domain_find(&world, domid);

	*out = d;
	if (domid != DOMID_SELF && lacks(v, CAP_DOMAIN))
		return HC_EPERM;
	if (!d)
		return HC_ENODOM;
	return (states >> d->state & 1) || ((states & CALLER) && d == v->domain) ? HC_OK : HC_ESTATE;
}

static enum abi_error find_device(const struct vcpu *v, uint64_t index, enum whose whose, struct pci_function **out)
{
	if (index >= pci_count())
		return HC_EDEVICE;
	*out = pci_at((unsigned)index);
	return (*out)->info.owner == v->domain->id || (whose == ANY && !lacks(v, CAP_DEVICE)) ? HC_OK : HC_EDEVICE;
}

static int64_t give(const struct answer *a, int64_t result)
{
	return result < 0 || !a->bytes || copy_to_guest(a->to, a->from, a->bytes) ? result : -HC_EFAULT;
}

#define MUST(expression)                                                                                               \
	do {                                                                                                           \
		enum abi_error e = (expression);                                                                       \
		if (e != HC_OK)                                                                                        \
			return -(int64_t)e;                                                                            \
	} while (0)

/* An argument, pasted behind HC_DECODE_, is made of register value @r; behind HC_PASS_ it is what the handler gets. */
#define HC_DECODE_VAL(type, name) type name = (type)r
#define HC_DECODE_IN(type, name)                                                                                       \
	type name;                                                                                                     \
	MUST(copy_from_guest(&name, guest_va(r), sizeof name) ? HC_OK : HC_EFAULT)
#define HC_DECODE_READ(type, name) guest_va_t name = guest_va(r)
#define HC_DECODE_WRITE(type, name) guest_va_t name = guest_va(r)
#define HC_DECODE_DOMAIN(state, name)                                                                                  \
	struct domain *name;                                                                                           \
	MUST(find_domain(v, (uint32_t)r, state, &name))
#define HC_DECODE_TO(state, type, name)                                                                                \
	struct domain *domid;                                                                                          \
	HC_DECODE_IN(type, name);                                                                                      \
	MUST(find_domain(v, name.domid, state, &domid))
#define HC_DECODE_DEVICE(whose, name)                                                                                  \
	struct pci_function *name;                                                                                     \
	MUST(find_device(v, (uint32_t)r, whose, &name))
#define HC_PASS_VAL(type, name) name
#define HC_PASS_IN(type, name) &name
#define HC_PASS_OUT(type, name) &name
#define HC_PASS_READ(type, name) name
#define HC_PASS_WRITE(type, name) name
#define HC_PASS_DOMAIN(state, name) name
#define HC_PASS_TO(state, type, name) domid, &name
#define HC_PASS_DEVICE(whose, name) name

/* A frame of its own, so that calls without arguments need none. */
#define DECODE(name, decode, pass)                                                                                     \
	__attribute__((noinline)) static int64_t decode_##name(struct vcpu *v, const struct trap_frame *f)             \
	{                                                                                                              \
		struct answer answer = {.bytes = 0};                                                                   \
		uint64_t r;                                                                                            \
                                                                                                                       \
		decode;                                                                                                \
		return give(&answer, do_##name pass);                                                                  \
	}
/* The formatter takes what follows for something else. */
/* clang-format off */
#define HC_DECODE_OUT(type, name) type name = {0}; answer = (struct answer){guest_va(r), &name, sizeof name}
#define ARG(reg, a) r = f->reg; HC_DECODE_##a
#define HC0(n, capability, name)
#define HC1(n, capability, name, a) DECODE(name, ARG(rdi, a), (v, HC_PASS_##a))
#define HC2(n, capability, name, a, b) DECODE(name, ARG(rdi, a); ARG(rsi, b), (v, HC_PASS_##a, HC_PASS_##b))
#define HC3(n, capability, name, a, b, c) \
	DECODE(name, ARG(rdi, a); ARG(rsi, b); ARG(rdx, c), (v, HC_PASS_##a, HC_PASS_##b, HC_PASS_##c))
#define HC4(n, capability, name, a, b, c, d) DECODE(name, ARG(rdi, a); ARG(rsi, b); ARG(rdx, c); ARG(r10, d), \
	(v, HC_PASS_##a, HC_PASS_##b, HC_PASS_##c, HC_PASS_##d))
#include <abi/hypercall.def>

#define ROW(n, capability, call) case n: if (alone != IS_ALONE(n)) break; return lacks(v, capability) ? -HC_EPERM : call;
#define HC0(n, capability, name) ROW(n, capability, do_##name(v))
#define HC1(n, capability, name, ...) ROW(n, capability, decode_##name(v, f))
#define HC2 HC1
#define HC3 HC1
#define HC4 HC1
/* clang-format on */
/* Numbers as a set. */
#define CALL(n) (1ull << (n))
/*
 * Calls that do without the world: they concern the caller's own vCPU, or the event path, whose records may be read while
 * somebody changes them.
 */
#define ALONE                                                                                                          \
	(CALL(0) | CALL(1) | CALL(2) | CALL(3) | CALL(4) | CALL(5) | CALL(7) | CALL(8) | CALL(9) | CALL(11) |          \
	 CALL(18) | CALL(20))
/* Calls that share it, under the lock of the caller's domain: on its own memory, tables and grants. */
#define GRANT_OFFER 22u
#define SHARED                                                                                                         \
	(CALL(12) | CALL(13) | CALL(GRANT_OFFER) | CALL(23) | CALL(24) | CALL(25) | CALL(26) | CALL(27) | CALL(55) |   \
	 CALL(56))

#define IS_ALONE(n) ((n) < 64 && (ALONE >> (n) % 64 & 1))

/* @alone: of those only, else of the others: a switch each, so that the frequent ones have a short one. */
static inline __attribute__((always_inline)) int64_t dispatch(struct vcpu *v, const struct trap_frame *f, bool alone)
{
	switch (f->rax) {
#include <abi/hypercall.def>
	}
	return -HC_ENOSYS;
}

/*
 * Whether what @f asks for is the business of @d alone: not what a builder offers for another, nor what changes the tables of
 * devices.
 */
static bool shared(const struct domain *d, const struct trap_frame *f)
{
	return f->rax < 64 && (SHARED & CALL(f->rax)) && !d->dma_root &&
	       (f->rax != GRANT_OFFER || (uint32_t)f->rdi == DOMID_SELF);
}

/* @f has its @result. As hypercall_entry. */
static inline int answered(struct cpu *c, struct vcpu *v, struct trap_frame *f, int64_t result)
{
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

/* What needs the world. */
__attribute__((noinline)) static int call_world(struct cpu *c, struct vcpu *v, struct trap_frame *f)
{
	struct domain *d = shared(v->domain, f) ? v->domain : NULL;
	int64_t result;

	if (!world_enter(c, d)) {
		/* Off the CPU before anything has been done; then the call is made again. */
		f->rip -= SYSCALL_BYTES;
		run_exit(c);
		return 0;
	}
	result = dispatch(v, f, false);
	world_leave(c, d);
	c->now = 0;                                                    /* it may have taken long */
	return answered(c, v, c->loaded == v ? f : &v->frame, result); /* it may have left this CPU */
}

/*
 * Called by entry.S with the guest's registers at cpu->frame. Returns 1 when the same vCPU goes on behind its SYSCALL, so
 * that the short way back will do; 0 when every register has to come from the frame.
 */
int hypercall_entry(struct trap_frame *f)
{
	struct cpu *c = this_cpu();
	struct vcpu *v = c->loaded;

	return f->rax < 64 && (ALONE & CALL(f->rax)) ? answered(c, v, f, dispatch(v, f, true)) : call_world(c, v, f);
}

int64_t do_abi_version(struct vcpu *v)
{
	return ABI_VERSION;
}
