/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last words of a domain. Runs on the exception stack or on the stack of whoever gave up, in an unknown state: takes
 * no lock, allocates nothing, follows frame pointers only inside memory that is known to be mapped. A second exception
 * in here ends the domain in the hypervisor (REASON_DOUBLE).
 */
#include <cambium/clock.h>
#include <cambium/console.h>
#include <cambium/crash.h>
#include <cambium/hypercall.h>
#include <cambium/start.h>

#include <base/bits.h>
#include <base/check.h>

#include "core/format.h"
#include "thread_internal.h"

#define BACKTRACE_MAX 24u
#define FRAMES_MAX 100000u

extern char __text_start[], __text_end[], __tdata_start[];

static const char *const exception_names[32] = {
	"divide error",
	"debug exception",
	"non-maskable interrupt",
	"breakpoint",
	"overflow",
	"bound range exceeded",
	"invalid opcode",
	"device not available",
	"double fault",
	"coprocessor segment overrun",
	"invalid TSS",
	"segment not present",
	"stack fault",
	"general protection fault",
	"page fault",
	"reserved exception",
	"x87 floating-point error",
	"alignment check",
	"machine check",
	"SIMD floating-point error",
	"virtualization exception",
	"control protection exception",
};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	char line[256];
	va_list list;
	size_t n;

	va_start(list, format);
	n = format_list(line, sizeof line, format, list);
	va_end(list);
	console_emergency(line, n);
}

static bool in_range(uint64_t va, uint64_t start, uint64_t len)
{
	return va >= start && va - start <= len - 16;
}

/* Whether 16 bytes at @va lie on the stack of @t: between its guard page and its control block, or on the first stack. */
static bool on_stack(const struct thread *t, uint64_t va)
{
	const struct start_info *start = start_info();

	if (va % 8)
		return false;
	if (!t->area)
		return in_range(va, start->stack_va, start->stack_pages * PAGE_SIZE);
	return in_range(va, t->guard + PAGE_SIZE, (uintptr_t)t - t->guard - PAGE_SIZE);
}

static bool in_text(uint64_t rip)
{
	return rip >= (uintptr_t)__text_start && rip < (uintptr_t)__text_end;
}

struct chain {
	unsigned n;
	uint64_t at[BACKTRACE_MAX];
	unsigned times[BACKTRACE_MAX]; /* in a row: recursion takes one line */
};

static bool chain_add(struct chain *c, uint64_t rip)
{
	if (c->n && c->at[c->n - 1] == rip) {
		c->times[c->n - 1]++;
		return true;
	}
	if (c->n == BACKTRACE_MAX)
		return false;
	c->at[c->n] = rip;
	c->times[c->n++] = 1;
	return true;
}

/* Prints the callers by their frame pointers. A jump to nowhere (@rip outside the text) came from what @rsp points to. */
static void backtrace(const struct thread *t, uint64_t rip, uint64_t rsp, uint64_t rbp)
{
	struct chain c = {0};

	if (in_text(rip))
		chain_add(&c, rip);
	else if (on_stack(t, rsp) && in_text(*(const uint64_t *)(uintptr_t)rsp))
		chain_add(&c, *(const uint64_t *)(uintptr_t)rsp - 1);
	for (unsigned i = 0; i < FRAMES_MAX && on_stack(t, rbp); i++) {
		const uint64_t *frame = (const uint64_t *)(uintptr_t)rbp;

		/* minus one: the call, not what follows it */
		if (!in_text(frame[1]) || !chain_add(&c, frame[1] - 1) || frame[0] <= rbp)
			break;
		rbp = frame[0];
	}
	say("backtrace:");
	for (unsigned i = 0; i < c.n; i++)
		say(c.times[i] > 1 ? " 0x%lx (%u times)" : " 0x%lx", c.at[i], c.times[i]);
	say("\nnames: addr2line -fpe build/%s.elf", program_name());
	for (unsigned i = 0; i < c.n; i++)
		say(" 0x%lx", c.at[i]);
	say("\n");
}

static _Noreturn void end(unsigned code)
{
	for (;;)
		hc_sched_shutdown(REASON_CRASH, code);
}

static void say_registers(const struct trap_frame *f)
{
	say("rip %016lx  rsp %016lx  rflags %08lx  error %lx\n", f->rip, f->rsp, f->rflags, f->error);
	say("rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
	say("rsi %016lx  rdi %016lx  rbp %016lx  cr2 %016lx\n", f->rsi, f->rdi, f->rbp, f->cr2);
	say("r8  %016lx  r9  %016lx  r10 %016lx  r11 %016lx\n", f->r8, f->r9, f->r10, f->r11);
	say("r12 %016lx  r13 %016lx  r14 %016lx  r15 %016lx\n", f->r12, f->r13, f->r14, f->r15);
	say("fs  %016lx  gs  %016lx\n", f->fs_base, f->gs_base);
}

/* What a page fault wanted, and where. */
static void say_address(const struct trap_frame *f, const struct thread *t)
{
	char place[96];

	say(": %s of 0x%lx", f->error & 16 ? "execution" : f->error & 2 ? "write" : "read", f->cr2);
	if (in_text(f->cr2))
		say(", in the program's text");
	else if (f->cr2 >= (uintptr_t)__text_end && f->cr2 < (uintptr_t)__tdata_start)
		say(", in the program's constants");
	else if (f->cr2 - t->guard >= PAGE_SIZE && mem_describe(f->cr2, place, sizeof place))
		say(", %s", place);
}

static _Noreturn void report_exception(const struct trap_frame *frame)
{
	const struct thread *t = thread_running();
	const char *name = exception_names[frame->vector % 32];

	say("crash: %s (vector %lu) in thread %s", name ? name : "exception", frame->vector, t->name);
	if (frame->vector == 14)
		say_address(frame, t);
	say("\n");
	if (frame->vector == 14 && frame->cr2 - t->guard < PAGE_SIZE)
		say("crash: stack overflow of thread %s: the address is in the guard page below its stack\n", t->name);
	say_registers(frame);
	backtrace(t, frame->rip, frame->rsp, frame->rbp);
	end((unsigned)frame->vector);
}

/* The thread pointer may be what went wrong: what follows gets another one, whose stack guard differs. */
__attribute__((no_stack_protector)) _Noreturn void crash_exception(struct trap_frame *frame)
{
	thread_early();
	report_exception(frame);
}

_Noreturn void crash(const char *why, ...)
{
	char text[192];
	va_list list;

	va_start(list, why);
	format_list(text, sizeof text, why, list);
	va_end(list);
	say("crash: %s (thread %s)\n", text, thread_self()->name);
	backtrace(thread_self(), 0, 0, (uintptr_t)__builtin_frame_address(0));
	end(CRASH_CODE_ABORT);
}

_Noreturn void panic_at(const char *file, int line, const char *what)
{
	crash("%s:%d: %s does not hold", file, line, what);
}

_Noreturn void __stack_chk_fail(void);

_Noreturn void __stack_chk_fail(void)
{
	crash("stack smashed: a local array was written beyond its end");
}

void unsupported_once(unsigned char *flag, const char *name)
{
	char line[128];

	if (*flag)
		return;
	*flag = 1;
	console_write(line, format_text(line, sizeof line, "cambium: %s is not possible here\n", name));
}
