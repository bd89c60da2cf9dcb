/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every flag set before a hypercall, an exception and an interrupt: AC, DF, TF, NT, and IOPL as far as it can. The
 * hypervisor must not run with them, must not enter a handler with them, and gives them back as they were; what a
 * handler resumes with is cleaned.
 */
#include "raw.h"

#define TF 0x100ull
#define IF 0x200ull
#define DF 0x400ull
#define IOPL 0x3000ull
#define NT 0x4000ull
#define RF 0x10000ull
#define VM 0x20000ull
#define AC 0x40000ull
#define ID 0x200000ull
#define SETTABLE (DF | NT | AC | ID)

static volatile unsigned steps;

void flags_upcall(void);
void flags_call(uint64_t flags, uint64_t number);
void flags_fault(uint64_t flags, uint64_t unused);
void flags_spin(uint64_t flags, uint64_t unused);
void flags_shadow_call(uint64_t flags, uint64_t unused);
void flags_shadow_trap(uint64_t flags, uint64_t unused);
extern uint64_t flags_after;

__asm__("	.text\n"
	"flags_upcall:\n"
	"	pushfq\n"
	"	popq flags_upcall_seen(%rip)\n"
	"	cld\n"
	"	movb $0, 0x10001048\n" /* vcpu[0].upcall_pending */
	"	movq $0, 0x10001040\n" /* vcpu[0].pending_sel */
	"	movq $0, 0x10001240\n" /* pending[0] */
	"	incl flags_upcalls(%rip)\n"
	"	ret\n"
	/* with flags RDI: hypercall RSI about flags_argument, then looks at the flags */
	"flags_call:\n"
	"	mov %rsi, %rax\n"
	"	push %rdi\n"
	"	lea flags_argument(%rip), %rdi\n"
	"	popfq\n"
	"	syscall\n"
	"	mov %rax, flags_result(%rip)\n"
	"	pushfq\n"
	"	popq flags_after(%rip)\n"
	"	jmp flags_end\n"
	"flags_fault:\n"
	"	push %rdi\n"
	"	popfq\n"
	"	ud2\n"
	/* until an upcall came */
	"flags_spin:\n"
	"	mov flags_upcalls(%rip), %eax\n"
	"	movb $0, 0x10001049\n"
	"	push %rdi\n"
	"	popfq\n"
	"1:	cmp %eax, flags_upcalls(%rip)\n"
	"	je 1b\n"
	"	pushfq\n"
	"	popq flags_after(%rip)\n"
	"	movb $1, 0x10001049\n"
	"flags_end:\n"
	"	pushq $2\n"
	"	popfq\n"
	"	ret\n"
	/* a load of SS holds the trap of TF back over the next instruction (CVE-2018-8897) */
	"flags_shadow_call:\n"
	"	mov %ss, %ecx\n"
	"	xor %eax, %eax\n"
	"	push %rdi\n"
	"	popfq\n"
	"	mov %ecx, %ss\n"
	"	syscall\n"
	"	jmp flags_end\n"
	"flags_shadow_trap:\n"
	"	mov %ss, %ecx\n"
	"	push %rdi\n"
	"	popfq\n"
	"	mov %ecx, %ss\n"
	"	int3\n"
	"	jmp flags_end\n"
	"	.bss\n"
	"	.balign 8\n"
	"	.globl flags_after\n"
	"	.globl flags_argument, flags_result\n"
	"flags_result: .quad 0\n"
	"flags_after: .quad 0\n"
	"flags_argument: .quad 0, 0, 0, 0\n"
	"flags_upcall_seen: .quad 0\n"
	"flags_upcalls: .quad 0\n"
	"	.text\n");
extern uint64_t flags_upcall_seen;
extern struct grant_map flags_argument;
extern int64_t flags_result;
extern volatile uint32_t flags_upcalls;

_Static_assert(offsetof(struct shared_info, vcpu) == 0x40 && offsetof(struct vcpu_shared, upcall_pending) == 8 &&
		       offsetof(struct vcpu_shared, pending_sel) == 0 && offsetof(struct shared_info, pending) == 0x240,
	       "the numbers above");

/* Single steps are counted and gone on with; anything else ends the attempt. */
static bool step(struct trap_frame *frame)
{
	if (raw_entry_flags & (TF | DF | NT | AC | IOPL | RF | VM) || !(raw_entry_flags & IF))
		raw_hole("a handler was entered with flags %lx", raw_entry_flags);
	if (frame->vector != VECTOR_DB)
		return false;
	steps++;
	return true;
}

static void with_flags(uint64_t flags)
{
	/* a single step is resumed, and entry_resume does not take NT */
	const uint64_t look = SETTABLE & ~(flags & TF ? NT : 0), keep = flags & look;

	static const unsigned numbers[] = {HYPERCALL_abi_version, HYPERCALL_sched_yield, HYPERCALL_grant_map};

	/* refused for its count, so that what the hypervisor's stack remembers of it would be noticed */
	struct grant_map before = {.count = 0};

	raw_attempts += 5;
	hc_grant_map(&before);
	flags_argument = (struct grant_map){.count = 1, .va = 0x123};
	/* the short way back, the long way back, and one that copies */
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (raw_try(flags_call, flags, numbers[i]) || (flags_after & (look | IOPL | IF)) != (keep | IF))
			raw_hole("flags %lx became %lx over hypercall %u", flags, flags_after, numbers[i]);
	}
	if (flags_result != -HC_EADDRESS)
		raw_hole("flags %lx: a copied argument gave %ld", flags, (long)flags_result);
	if (!raw_try(flags_fault, flags, 0) || raw_fault.vector != VECTOR_UD ||
	    (raw_fault.rflags & (look | IOPL | IF)) != (keep | IF))
		raw_hole("flags %lx: vector %lu with flags %lx", flags, raw_fault.vector, raw_fault.rflags);
	hc_timer_set(raw_now() + 500000);
	if (raw_try(flags_spin, flags, 0) || (flags_after & (look | IOPL | IF)) != (keep | IF))
		raw_hole("flags %lx became %lx over an upcall", flags, flags_after);
	if (flags_upcall_seen & (DF | IOPL))
		raw_hole("flags %lx: the upcall handler saw %lx", flags, flags_upcall_seen);
}

/* --- what a handler resumes with --------------------------------------------------------------------------------- */

static uint64_t wish;

static bool resume_with_wish(struct trap_frame *frame)
{
	if (frame->vector != VECTOR_UD)
		return false;
	frame->rflags = wish;
	frame->cs = 0x08;
	frame->ss = 0x10;
	frame->vector = 0x80;
	frame->rip += 2; /* behind the ud2 */
	return true;
}

static uint64_t seen_flags, seen_cs, seen_ss;

static void resumed(uint64_t unused, uint64_t other)
{
	(void)unused;
	(void)other;
	__asm__ volatile("ud2\n\tpushfq\n\tpopq %0\n\tmov %%cs, %1\n\tmov %%ss, %2\n\tpushq $2\n\tpopfq"
			 : "=m"(seen_flags), "=r"(seen_cs), "=r"(seen_ss)
			 :
			 : "memory", "cc");
}

static void resume_attempt(uint64_t flags)
{
	raw_attempts++;
	wish = flags;
	raw_hook = resume_with_wish;
	if (raw_try(resumed, 0, 0))
		raw_hole("resumed with flags %lx: vector %lu", flags, raw_fault.vector);
	if ((seen_flags & (IOPL | VM | RF | NT | IF)) != IF || (seen_cs & 3) != 3 || (seen_ss & 3) != 3)
		raw_hole("resumed with flags %lx: flags %lx cs %lx ss %lx", flags, seen_flags, seen_cs, seen_ss);
}

int main(void)
{
	static const uint64_t bits[] = {0, TF, DF, IOPL, NT, AC, ID, RF, VM};
	int64_t port = hc_event_bind_virq(VIRQ_TIMER, 0);

	raw_mask(1);
	raw_start((uint64_t)flags_upcall);
	raw_hook = step;
	if (port <= 0)
		raw_hole("no timer");
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		for (unsigned j = 0; j < ARRAY_SIZE(bits); j++)
			with_flags(2 | bits[i] | bits[j]);
	with_flags(2 | SETTABLE | IOPL);
	with_flags(2 | SETTABLE | IOPL | TF);
	steps = 0;
	raw_attempts += 2;
	if (raw_try(flags_shadow_call, 2 | TF, 0))
		raw_hole("a hypercall in the shadow of SS: vector %lu", raw_fault.vector);
	if (!raw_try(flags_shadow_trap, 2 | TF, 0) || raw_fault.vector != VECTOR_BP)
		raw_hole("a breakpoint in the shadow of SS: vector %lu", raw_fault.vector);
	if (!steps)
		raw_hole("nothing was ever single-stepped");
	for (unsigned i = 0; i < 64; i++)
		if (1ull << i != TF)
			resume_attempt(1ull << i | 2);
	resume_attempt(~TF);
	return raw_end("flags");
}
