/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single-steps a stretch of code while events arrive, so that further events meet the upcall stub at each of its
 * instructions, the window of its exit above all. Afterwards every register, the flags, the red zone and what lies above
 * the stack pointer are as they were, and the handler never ran below itself: nesting is at most one.
 */
#include "raw.h"

#define TF 0x100ull
#define STACK 4096u
#define RANDOM_RUNS 400u
#define RUN_EVENTS 12u /* in one of them: without an end the handler would be called for ever */

static uint8_t stack[STACK] __attribute__((aligned(4096)));
static uint64_t registers[16]; /* rax rbx rcx rdx rsi rdi rbp r8-r15, flags */
static unsigned steps, upcalls, events, run_events, window_hits;
static unsigned second;          /* the step at which the second event comes; 0: by chance */
static uint64_t lowest, highest; /* stack pointers that the handler has seen */
static uint64_t seed = 88172645463325252ull;

void window_run(uint64_t rsp, uint64_t unused);
void window_upcall(void);
void window_upcall_c(uint64_t rsp);

__asm__("	.text\n"
	"window_upcall:\n"
	"	mov %rsp, %rdi\n"
	"	jmp window_upcall_c\n"
	"window_run:\n"
	"	push %rbx\n"
	"	push %rbp\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, window_home(%rip)\n"
	"	movb $0, 0x10001049\n" /* vcpu[0].upcall_mask */
	"	mov $0x0101010101010101, %rax\n"
	"	mov $0x0202020202020202, %rbx\n"
	"	mov $0x0303030303030303, %rcx\n"
	"	mov $0x0404040404040404, %rdx\n"
	"	mov $0x0505050505050505, %rsi\n"
	"	mov $0x0707070707070707, %rbp\n"
	"	mov $0x0808080808080808, %r8\n"
	"	mov $0x0909090909090909, %r9\n"
	"	mov $0x1010101010101010, %r10\n"
	"	mov $0x1111111111111111, %r11\n"
	"	mov $0x1212121212121212, %r12\n"
	"	mov $0x1313131313131313, %r13\n"
	"	mov $0x1414141414141414, %r14\n"
	"	mov $0x1515151515151515, %r15\n"
	"	pushq $0xfd7\n" /* CF PF AF ZF SF TF IF DF OF */
	"	popfq\n"
	"	mov %rdi, %rsp\n"
	"	mov $0x0606060606060606, %rdi\n"
	"	nop\n"
	"	nop\n"
	"	nop\n"
	"	nop\n"
	"	mov %rdi, registers+40(%rip)\n"
	"	mov %rsp, window_rsp(%rip)\n"
	"	mov window_home(%rip), %rsp\n"
	"	pushfq\n"
	"	popq registers+120(%rip)\n"
	"	mov %rax, registers(%rip)\n"
	"	mov %rbx, registers+8(%rip)\n"
	"	mov %rcx, registers+16(%rip)\n"
	"	mov %rdx, registers+24(%rip)\n"
	"	mov %rsi, registers+32(%rip)\n"
	"	mov %rbp, registers+48(%rip)\n"
	"	mov %r8, registers+56(%rip)\n"
	"	mov %r9, registers+64(%rip)\n"
	"	mov %r10, registers+72(%rip)\n"
	"	mov %r11, registers+80(%rip)\n"
	"	mov %r12, registers+88(%rip)\n"
	"	mov %r13, registers+96(%rip)\n"
	"	mov %r14, registers+104(%rip)\n"
	"	mov %r15, registers+112(%rip)\n"
	"	pushq $2\n"
	"	popfq\n"
	"	movb $1, 0x10001049\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n"
	"	.bss\n"
	"	.balign 8\n"
	"	.globl window_rsp\n"
	"window_home: .quad 0\n"
	"window_rsp: .quad 0\n"
	"	.text\n");
extern uint64_t window_rsp;

__attribute__((used)) static const uint64_t *const keep_registers = registers;

void window_upcall_c(uint64_t rsp)
{
	RAW_SHARED->vcpu[0].upcall_pending = 0; /* and no more: it is single-stepped too */
	upcalls++;
	if (rsp - (uint64_t)stack < STACK) { /* not those that come while the run begins and ends */
		lowest = MIN(lowest, rsp);
		highest = MAX(highest, rsp);
	}
}

static bool by_chance(void)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	return run_events < RUN_EVENTS && (seed >> 33) % 16 == 0;
}

/* An event right after this step's instruction. */
static bool step(struct trap_frame *frame)
{
	if (frame->vector != VECTOR_DB)
		return false;
	steps++;
	if (second ? steps == 3 || steps == second + 3 : by_chance()) {
		raw_event();
		events++;
		run_events++;
		window_hits += frame->rip >= HYPERCALL_VA && frame->rip < HYPERCALL_VA + PAGE_SIZE &&
			       !RAW_SHARED->vcpu[0].upcall_mask;
	}
	return true;
}

static void is_intact(uint64_t rsp)
{
	static const uint64_t bytes[15] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
					   0x09, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15};

	for (unsigned i = 0; i < 15; i++)
		if (registers[i] != bytes[i] * 0x0101010101010101)
			raw_hole("second event at step %u: register %u is %lx", second, i, registers[i]);
	if ((registers[15] & 0xfd5) != 0xfd5)
		raw_hole("second event at step %u: flags are %lx", second, registers[15]);
	if (window_rsp != rsp)
		raw_hole("second event at step %u: the stack pointer is off by %ld", second, (long)(window_rsp - rsp));
	for (uint64_t i = rsp - 128 - (uint64_t)stack; i < STACK; i++)
		if (stack[i] != 0xa5)
			raw_hole("second event at step %u: byte %ld at the stack pointer", second,
				 (long)((uint64_t)stack + i - rsp));
	if (highest && lowest != highest)
		raw_hole("second event at step %u: the handler ran at %lx and at %lx", second, lowest, highest);
}

static void run(unsigned when, uint64_t rsp)
{
	second = when;
	steps = run_events = 0;
	lowest = UINT64_MAX;
	highest = 0;
	memset(stack, 0xa5, sizeof stack);
	memset(registers, 0, sizeof registers);
	raw_attempts++;
	if (raw_try(window_run, rsp, 0))
		raw_hole("second event at step %u: vector %lu at %lx", when, raw_fault.vector, raw_fault.rip);
	is_intact(rsp);
	raw_events_take();
}

int main(void)
{
	unsigned when = 1;

	raw_mask(1);
	raw_start((uint64_t)window_upcall);
	raw_hook = step;
	/* Each step of the run with one event once, until the run is over before the second event is due. */
	do
		run(when, (uint64_t)stack + 3001);
	while (when++ < steps + 1);
	if (when < 60 || !window_hits)
		raw_hole("only %u steps, %u events in the exit window", when, window_hits);
	for (unsigned i = 0; i < RANDOM_RUNS; i++)
		run(0, (uint64_t)stack + 3000 + i % 16);
	printf("window: %u events, %u upcalls, %u events in the window of the exit\n", events, upcalls, window_hits);
	raw_attempts = RANDOM_RUNS;
	return raw_end("window");
}
