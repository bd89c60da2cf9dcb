/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is registered with the hypervisor: one upcall handler, one exception handler, one exception stack with a guard
 * page below it. entry_set takes all three at once, so that the current set is kept here.
 */
#include <cambium/crash.h>
#include <cambium/hypercall.h>
#include <cambium/mem.h>
#include <cambium/upcall.h>

#include "runtime.h"

#define EXCEPTION_STACK_PAGES 4u

extern void exception_entry(void);
_Noreturn void exception_dispatch(struct trap_frame *frame);

static struct entry_set entries;
static void (*exception_handler)(struct trap_frame *);
static uint64_t guard;

void entry_setup(void)
{
	char *stack = pages_alloc(1 + EXCEPTION_STACK_PAGES);
	int64_t result;

	if (!stack)
		start_fail("no memory for the exception stack");
	guard = (uintptr_t)stack;
	result = page_guard(stack);
	if (result < 0)
		start_fail(abi_error_text(result));
	entries.exception = (uintptr_t)exception_entry;
	entries.exception_stack = guard + (1 + EXCEPTION_STACK_PAGES) * PAGE_SIZE;
	result = hc_entry_set(&entries);
	if (result < 0)
		start_fail(abi_error_text(result));
}

uint64_t exception_guard(void)
{
	return guard;
}

_Noreturn void exception_dispatch(struct trap_frame *frame)
{
	if (exception_handler)
		exception_handler(frame);
	crash_exception(frame);
}

int64_t exception_set(void (*fn)(struct trap_frame *))
{
	exception_handler = fn;
	return 0;
}

int64_t upcall_set(void (*fn)(void))
{
	entries.upcall = (uintptr_t)fn;
	return hc_entry_set(&entries);
}

bool upcall_mask(void)
{
	return __atomic_exchange_n(&SHARED_INFO->vcpu[0].upcall_mask, (uint8_t)1, __ATOMIC_SEQ_CST) != 0;
}

void upcall_unmask(void)
{
	__atomic_store_n(&SHARED_INFO->vcpu[0].upcall_mask, (uint8_t)0, __ATOMIC_SEQ_CST);
}
