/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ends FIRST: in each of its lives, told apart by the generation of its id, it ends in another way, from end FIRST on.
 * Each has its documented reason, which the control domain prints. The sixth life exits with 0 and stays ended.
 */
#include "raw.h"

#include <stdlib.h>
#include <unistd.h>

#define LIVES 6u
#define BAD 0xffffffff81000000ull

/* With an exception handler at @handler and its stack at @stack: an invalid opcode. */
static void fault_with(uint64_t handler, uint64_t stack)
{
	struct entry_set set = {.exception = handler, .exception_stack = stack};

	if (hc_entry_set(&set))
		_exit(100);
	__asm__ volatile("ud2");
}

static bool fault_again(struct trap_frame *frame)
{
	(void)frame;
	__asm__ volatile("int3");
	return false;
}

static bool resume_badly(struct trap_frame *frame)
{
	frame->rip = BAD;
	return true;
}

static bool resume_nowhere(struct trap_frame *frame)
{
	frame->rip = 0x800000000000;
	return true;
}

/* Where the stub's last instruction stands: `ret $128` behind `popfq`. */
static uint64_t stub_return(void)
{
	const uint8_t *page = (const uint8_t *)HYPERCALL_VA;

	for (unsigned i = HYPERCALL_UPCALL; i < PAGE_SIZE - 4; i++)
		if (page[i] == 0x9d && page[i + 1] == 0xc2 && page[i + 2] == 128 && !page[i + 3])
			return HYPERCALL_VA + i + 1;
	_exit(101);
}

static uint64_t window_rsp;

/* Goes on inside the exit window of an upcall that never was, with another one due. */
static bool resume_in_window(struct trap_frame *frame)
{
	frame->rip = stub_return();
	frame->rsp = window_rsp;
	raw_mask(0);
	raw_event();
	return true;
}

static void in_handler(bool (*hook)(struct trap_frame *))
{
	raw_hook = hook;
	raw_start((uint64_t)hc_abi_version);
	__asm__ volatile("ud2");
}

static void upcall_on(uint64_t rsp)
{
	struct entry_set set = {.upcall = (uint64_t)raw_stack};

	if (hc_entry_set(&set))
		_exit(102);
	raw_event();
	__asm__ volatile("mov %0, %%rsp\n\tmovb $0, 0x10001049\n\txor %%eax, %%eax\n\tsyscall"
			 :
			 : "r"(rsp)
			 : "rax", "rcx", "r11", "memory");
}

__attribute__((noinline)) static unsigned overflow(unsigned depth)
{
	volatile uint8_t room[1000];

	room[depth % sizeof room] = (uint8_t)depth;
	return depth == UINT32_MAX ? 0 : overflow(depth + 1) + room[depth % sizeof room];
}

static void end(unsigned number)
{
	static uint64_t bad_frame[20];
	static const struct trap_frame frame = {.rip = 0x20000000};

	switch (number) {
	case 1: _exit(7);
	case 2: hc_sched_shutdown(REASON_CRASH, 77); break;
	case 3: fault_with(0, 0); break;
	case 4: in_handler(fault_again); break;
	case 5: fault_with((uint64_t)raw_exception, align_down((uint64_t)start_info(), PAGE_SIZE) + PAGE_SIZE); break;
	case 6: break;
	case 7: fault_with((uint64_t)raw_exception, 0); break;
	case 8: upcall_on(BAD); break;
	case 9: upcall_on(64); break;
	case 10: in_handler(resume_in_window); break;
	case 11:
		bad_frame[0] = BAD;
		window_rsp = (uint64_t)bad_frame;
		in_handler(resume_in_window);
		break;
	case 12: break;
	case 13: hc_entry_resume(&frame); break;
	case 14: in_handler(resume_badly); break;
	case 15: in_handler(resume_nowhere); break;
	case 16: hc_sched_shutdown(REASON_REBOOT, 5); break;
	case 17: overflow(0); break;
	default: break;
	}
}

int main(int argc, char **argv)
{
	unsigned life = DOMID_GENERATION(start_info()->domid), first = argc == 2 ? (unsigned)atoi(argv[1]) : 1;
	struct entry_set none = {0};

	printf("ends: end %u\n", first + life - 1);
	fflush(stdout);
	console_flush();
	raw_mask(1);
	hc_entry_set(&none);
	if (life < LIVES)
		end(first + life - 1);
	return life < LIVES ? 99 : 0;
}
