/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Its stack pointer is everywhere it should not be when an event comes: by a hypercall's return and by an interrupt. The
 * upcall that cannot be pushed arrives as a stack fault with the address; one that can is not noticed by what it
 * interrupts, red zone included.
 */
#include "raw.h"

static volatile unsigned upcalls;

static void on_upcall(void)
{
	raw_events_take();
	upcalls++;
}

/* In the handler: no further upcall before the stack is a good one again. */
static bool mask_at_once(struct trap_frame *frame)
{
	(void)frame;
	raw_mask(1);
	raw_events_take();
	return false;
}

/*
 * void stack_call(uint64_t rsp, uint64_t unused): with that stack pointer unmasks upcalls, one of which is pending, and makes
 * a hypercall. stack_spin: does nothing until upcalls has changed.
 */
void stack_call(uint64_t rsp, uint64_t unused);
void stack_spin(uint64_t rsp, uint64_t count_address);
__asm__("	.text\n"
	"stack_call:\n"
	"	mov %rsp, %r12\n"
	"	mov %rdi, %rsp\n"
	"	movb $1, 0x10001048\n" /* vcpu[0].upcall_pending */
	"	movb $0, 0x10001049\n" /* vcpu[0].upcall_mask */
	"	xor %eax, %eax\n"
	"	syscall\n"
	"	movb $1, 0x10001049\n"
	"	mov %r12, %rsp\n"
	"	ret\n"
	"stack_spin:\n"
	"	mov %rsp, %r12\n"
	"	mov (%rsi), %eax\n"
	"	mov %rdi, %rsp\n"
	"	movb $0, 0x10001049\n"
	"1:	cmp %eax, (%rsi)\n"
	"	je 1b\n"
	"	movb $1, 0x10001049\n"
	"	mov %r12, %rsp\n"
	"	ret\n");

_Static_assert(offsetof(struct shared_info, vcpu) + offsetof(struct vcpu_shared, upcall_pending) == 0x48 &&
		       offsetof(struct vcpu_shared, upcall_mask) == offsetof(struct vcpu_shared, upcall_pending) + 1,
	       "the numbers in stack_call");

static void bad_stack(const char *what, uint64_t rsp)
{
	unsigned before = upcalls;

	raw_expect_fault(what, stack_call, rsp, 0, VECTOR_SS);
	if (raw_fault.vector == VECTOR_SS && (raw_fault.cr2 != rsp - 136 || raw_fault.rsp != rsp))
		raw_hole("%s: cr2 %lx rsp %lx", what, raw_fault.cr2, raw_fault.rsp);
	/* The same by the timer, in the middle of a loop. */
	hc_timer_set(raw_now() + 1000000);
	raw_expect_fault(what, stack_spin, rsp, (uint64_t)&upcalls, VECTOR_SS);
	if (raw_fault.vector == VECTOR_SS && (raw_fault.cr2 != rsp - 136 || raw_fault.rsp != rsp))
		raw_hole("%s, by the timer: cr2 %lx rsp %lx", what, raw_fault.cr2, raw_fault.rsp);
	if (upcalls != before)
		raw_hole("%s: an upcall came all the same", what);
}

static void good_stack(const char *what, uint8_t *stack, uint64_t size, uint64_t rsp)
{
	unsigned before = upcalls;

	raw_attempts++;
	memset(stack, 0xa5, size);
	if (raw_try(stack_call, rsp, 0) || upcalls != before + 1)
		raw_hole("%s: vector %lu cr2 %lx, %u upcalls", what, raw_fault.vector, raw_fault.cr2, upcalls - before);
	hc_timer_set(raw_now() + 1000000);
	if (raw_try(stack_spin, rsp, (uint64_t)&upcalls) || upcalls != before + 2)
		raw_hole("%s, by the timer: vector %lu cr2 %lx", what, raw_fault.vector, raw_fault.cr2);
	for (uint64_t i = rsp - 128 - (uint64_t)stack; i < size; i++)
		if (stack[i] != 0xa5)
			raw_hole("%s: byte %lu above the stack pointer's red zone has changed", what, i);
}

static void bad_stacks(uint64_t hole, uint64_t page)
{
	bad_stack("stack pointer 0", 0);
	bad_stack("stack pointer 8", 8);
	bad_stack("stack pointer 135", 135);
	bad_stack("stack pointer 136", 136);
	bad_stack("stack pointer 4096", 4096);
	bad_stack("stack pointer in the hypervisor", 0xffff800000100000);
	bad_stack("stack pointer in its text", 0xffffffff81001000);
	bad_stack("stack pointer at the very end", UINT64_MAX);
	bad_stack("stack pointer no address", 0x800000001000);
	bad_stack("stack pointer the last no address", 0xffff7ffffffff000);
	bad_stack("stack pointer at the top", 0x7f8000000000);
	bad_stack("stack pointer above the top", 0x7f8000000080);
	bad_stack("stack pointer in the last slot", 0x7fffffffe000);
	bad_stack("stack pointer in an absent page", hole + 2048);
	bad_stack("its red zone ends in an absent page", page + 135);
	bad_stack("its push crosses into an absent page", page + 132);
	bad_stack("stack pointer in its own text", (uint64_t)raw_escape);
	bad_stack("stack pointer in the start page", (uint64_t)start_info() + 2048);
	bad_stack("stack pointer in the hypercall page", HYPERCALL_VA + 2048);
}

int main(void)
{
	uint8_t *pages = pages_alloc(3);
	uint64_t hole = (uint64_t)pages, page = hole + PAGE_SIZE;
	int64_t port = hc_event_bind_virq(VIRQ_TIMER, 0);

	raw_mask(1);
	raw_start((uint64_t)on_upcall);
	raw_hook = mask_at_once;
	if (port <= 0 || page_guard(pages))
		raw_hole("no timer, or no absent page");
	/* Events of the timer are taken at once and never wait. */
	bad_stacks(hole, page);
	good_stack("an aligned stack", pages + PAGE_SIZE, 2 * PAGE_SIZE, page + 6000);
	good_stack("an odd stack", pages + PAGE_SIZE, 2 * PAGE_SIZE, page + 4097);
	good_stack("a stack that ends with its page", pages + PAGE_SIZE, 2 * PAGE_SIZE, page + 2 * PAGE_SIZE);
	/* There is room for the push but not for the stub: an ordinary page fault, in the stub. */
	raw_expect_page_fault("a stack without room for the stub", stack_call, page + 136, 0, page - 8,
			      PF_WRITE | PF_USER);
	raw_attempts++;
	if (raw_fault.rip < HYPERCALL_VA || raw_fault.rip >= HYPERCALL_VA + PAGE_SIZE)
		raw_hole("the stub's fault came at %lx", raw_fault.rip);
	return raw_end("upcall");
}
