/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For guests that do what they should not: exceptions come to a handler of their own instead of the runtime's, which
 * records them and goes on behind the attempt. Everything is static, for programs of one file.
 *
 * A guest states for each attempt what the contract says must happen. What happens instead is a line that begins with
 * HOLE; raw_end() prints one closing line with the number of attempts, which the system test asserts word for word.
 */
#ifndef CAMBIUM_TESTS_RAW_H
#define CAMBIUM_TESTS_RAW_H

#include <cambium/clock.h>
#include <cambium/console.h>
#include <cambium/hypercall.h>
#include <cambium/mem.h>
#include <cambium/start.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* These guests bend FS, which the protector reads. */
#pragma GCC optimize("no-stack-protector")

#define RAW __attribute__((unused)) static
#define RAW_FLAGS 0x202ull

#define VECTOR_DB 1u
#define VECTOR_BP 3u
#define VECTOR_UD 6u
#define VECTOR_SS 12u
#define VECTOR_GP 13u
#define VECTOR_PF 14u

static uint8_t raw_stack[16384] __attribute__((aligned(4096)));
static struct trap_frame raw_fault;           /* the last exception */
static unsigned raw_faults;                   /* how many there were */
static bool (*raw_hook)(struct trap_frame *); /* sees each first; true: continue with the frame as it left it */
static unsigned raw_attempts, raw_holes;

/*
 * int raw_try(void (*fn)(uint64_t, uint64_t), uint64_t a, uint64_t b): 0 when @fn(a, b) returned, 1 when an exception
 * ended it, whatever it did to registers and flags. Not nested.
 */
int raw_try(void (*fn)(uint64_t, uint64_t), uint64_t a, uint64_t b);
extern const char raw_escape[], raw_exception[];
extern uint64_t raw_entry_flags; /* with which the hypervisor entered the handler */

__asm__("	.text\n"
	"	.globl raw_try, raw_escape, raw_exception\n"
	"raw_try:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	sub $8, %rsp\n"
	"	mov %rsp, raw_escape_rsp(%rip)\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	call *%rax\n"
	"	xor %eax, %eax\n"
	"1:	cld\n"
	"	add $8, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	"raw_escape:\n"
	"	mov raw_escape_rsp(%rip), %rsp\n"
	"	mov $1, %eax\n"
	"	jmp 1b\n"
	"raw_exception:\n"
	"	pushfq\n"
	"	popq raw_entry_flags(%rip)\n"
	"	cld\n"
	"	and $-16, %rsp\n"
	"	call raw_dispatch\n"
	"	ud2\n"
	"	.bss\n"
	"	.balign 8\n"
	"raw_escape_rsp: .quad 0\n"
	"raw_entry_flags: .quad 0\n"
	"	.text\n");

void raw_dispatch(struct trap_frame *frame);

void raw_dispatch(struct trap_frame *frame)
{
	raw_fault = *frame;
	raw_faults++;
	if (!raw_hook || !raw_hook(frame)) {
		frame->rip = (uint64_t)raw_escape;
		frame->rflags = RAW_FLAGS;
	}
	hc_entry_resume(frame);
	hc_sched_shutdown(REASON_CRASH, 999);
}

/* Exceptions come here from now on; upcalls go to @upcall (0: none). */
RAW void raw_start(uint64_t upcall)
{
	struct entry_set set = {upcall, (uint64_t)raw_exception, (uint64_t)raw_stack + sizeof raw_stack};

	if (hc_entry_set(&set))
		hc_sched_shutdown(REASON_CRASH, 998);
}

/* From now on an exception ends the domain. Says so first, and sees to it that it is heard. */
RAW void raw_stop(const char *why)
{
	struct entry_set none = {0};

	printf("%s\n", why);
	fflush(stdout);
	console_flush();
	hc_entry_set(&none);
}

__attribute__((unused, format(printf, 1, 2))) static void raw_hole(const char *format, ...)
{
	va_list args;

	if (raw_holes++ >= 20)
		return;
	printf("HOLE: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

/* The closing line. Returns the program's exit status. */
RAW int raw_end(const char *name)
{
	if (raw_holes)
		printf("%s: %u HOLES in %u attempts\n", name, raw_holes, raw_attempts);
	else
		printf("%s: %u attempts, each met as documented\n", name, raw_attempts);
	fflush(stdout);
	return raw_holes != 0;
}

/* A hypercall's @result has to be the refusal @expected (HC_OK: 0). */
RAW bool raw_expect(const char *what, int64_t result, enum abi_error expected)
{
	raw_attempts++;
	if (result == -(int64_t)expected)
		return true;
	raw_hole("%s: result %ld (%s), not \"%s\"", what, (long)result, result < 0 ? abi_error_text(result) : "done",
		 abi_error_text(expected));
	return false;
}

/* @fn(a, b) has to end in exception @vector. */
RAW bool raw_expect_fault(const char *what, void (*fn)(uint64_t, uint64_t), uint64_t a, uint64_t b, unsigned vector)
{
	raw_attempts++;
	raw_fault.vector = 999;
	if (raw_try(fn, a, b) && raw_fault.vector == vector)
		return true;
	raw_hole("%s: vector %lu error %lx cr2 %lx, not vector %u", what, raw_fault.vector, raw_fault.error,
		 raw_fault.cr2, vector);
	return false;
}

/* @fn(a, b) has to end in a page fault at @address with error code @error. */
RAW bool raw_expect_page_fault(const char *what, void (*fn)(uint64_t, uint64_t), uint64_t a, uint64_t b,
			       uint64_t address, uint64_t error)
{
	if (!raw_expect_fault(what, fn, a, b, VECTOR_PF))
		return false;
	if (raw_fault.cr2 == address && raw_fault.error == error)
		return true;
	raw_hole("%s: page fault at %lx error %lx, not at %lx error %lx", what, raw_fault.cr2, raw_fault.error, address,
		 error);
	return false;
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

#define PF_PRESENT 1ull
#define PF_WRITE 2ull
#define PF_USER 4ull
#define PF_EXECUTE 16ull

RAW void raw_read(uint64_t address, uint64_t unused)
{
	(void)unused;
	__asm__ volatile("movb (%0), %%al" : : "r"(address) : "rax", "memory");
}

RAW void raw_write(uint64_t address, uint64_t value)
{
	__asm__ volatile("movb %b1, (%0)" : : "r"(address), "r"(value) : "memory");
}

RAW void raw_execute(uint64_t address, uint64_t unused)
{
	(void)unused;
	((void (*)(void))address)();
}

/* One operation of mmu_update. */
RAW int64_t raw_mmu(uint32_t op, uint64_t mfn, uint64_t address, uint64_t value)
{
	struct mmu_op o = {.op = op, .mfn = mfn, .address = address, .value = value};
	uint32_t done;

	return hc_mmu_update(&o, 1, &done);
}

/* Maps frame @mfn at @va with @rights besides present and user. */
RAW int64_t raw_map(uint64_t va, uint64_t mfn, uint64_t rights)
{
	return raw_mmu(MMU_UPDATE_VA, 0, va, mfn << PAGE_SHIFT | PTE_P | PTE_U | rights);
}

RAW int64_t raw_unmap(uint64_t va)
{
	return raw_mmu(MMU_UPDATE_VA, 0, va, 0);
}

/* Makes frame @mfn a table of @level; an ordinary frame again (a table of this many entries takes one step). */
RAW int64_t raw_pin(uint64_t mfn, unsigned level)
{
	return raw_mmu(MMU_PIN, mfn, 0, level);
}

RAW int64_t raw_unpin(uint64_t mfn)
{
	return raw_mmu(MMU_UNPIN, mfn, 0, 0);
}

/* The level of table frame @mfn, asked for by what changes no table; 0: it is none. */
RAW unsigned raw_table_level(uint64_t mfn)
{
	switch (-raw_mmu(MMU_UPDATE, mfn, 300, PTE_P)) {
	case HC_EADDRESS: return 4;
	case HC_EENTRY:
	case HC_EGRANTED: break;
	default: return 0;
	}
	for (unsigned level = 1; level < 4; level++)
		if (raw_pin(mfn, level) == -HC_ESTATE)
			return level;
	return 0;
}

/* --- events ------------------------------------------------------------------------------------------------------ */

#define RAW_SHARED ((volatile struct shared_info *)SHARED_VA)

/* An event as the hypervisor would announce it: it delivers an upcall when it next leaves for this domain, if unmasked. */
RAW void raw_event(void)
{
	RAW_SHARED->vcpu[0].upcall_pending = 1;
}

RAW void raw_mask(uint8_t mask)
{
	RAW_SHARED->vcpu[0].upcall_mask = mask;
}

/* Takes all that is pending, so that the next event of a port is announced again. */
RAW void raw_events_take(void)
{
	RAW_SHARED->vcpu[0].upcall_pending = 0;
	RAW_SHARED->vcpu[0].pending_sel = 0;
	for (unsigned i = 0; i < EVENT_WORDS; i++)
		RAW_SHARED->pending[i] = 0;
}

/* System time, near enough for deadlines. */
RAW uint64_t raw_now(void)
{
	return clock_ns();
}

#define RAW_FRAMES 0x20000ull /* of a machine of 512 MiB */

#endif
