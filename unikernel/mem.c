/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The domain's memory and its window. One bitmap describes [mem_va, + mem_pages), heap included; it lies in the first
 * pages of that memory. The heap grows up from behind it as long as the next page is free, pages are taken from the top.
 *
 * Invariant: every page that is free, and every byte between the break and the end of its page, is zero, so that neither
 * pages_alloc nor sbrk has anything to clear.
 */
#include <errno.h>
#include <string.h>

#include <cambium/crash.h>
#include <cambium/hypercall.h>
#include <cambium/mem.h>

#include "core/span.h"
#include "runtime.h"

static uint64_t mem_va, heap_start, heap_break;
static const uint64_t *p2m;
static struct span memory, window;
static uint64_t window_va;

static size_t page_index(uint64_t va)
{
	return (size_t)((va - mem_va) / PAGE_SIZE);
}

void mem_setup(const struct start_info *start)
{
	size_t own = align_up(SPAN_WORDS(start->mem_pages) * 8, PAGE_SIZE) / PAGE_SIZE;
	size_t window_words = SPAN_WORDS(start->window_pages);
	uint64_t *bits;

	if (start->mem_pages < own + 16)
		start_fail("too little memory to start");
	mem_va = start->mem_va;
	p2m = (const uint64_t *)(uintptr_t)start->p2m_va;
	span_setup(&memory, (uint64_t *)(uintptr_t)mem_va, start->mem_pages);
	span_take_at(&memory, 0, own);
	heap_start = heap_break = mem_va + own * PAGE_SIZE;

	bits = pages_alloc(align_up(window_words * 8 + 8, PAGE_SIZE) / PAGE_SIZE);
	if (!bits)
		start_fail("no memory for the window's bitmap");
	window_va = start->window_va;
	span_setup(&window, bits, start->window_pages);
}

void *pages_alloc(size_t count)
{
	size_t at = span_take_high(&memory, count);

	return at == SPAN_NONE ? NULL : (void *)(uintptr_t)(mem_va + at * PAGE_SIZE);
}

void pages_free(void *pages, size_t count)
{
	uint64_t va = (uintptr_t)pages;

	if (!pages)
		return;
	if (va % PAGE_SIZE || va < heap_start || !span_is(&memory, page_index(va), count, true))
		crash("pages_free of %zu pages at %p, which are not allocated", count, pages);
	memset(pages, 0, count * PAGE_SIZE);
	span_give(&memory, page_index(va), count);
}

size_t pages_available(void)
{
	return memory.free;
}

void *mem_sbrk(ptrdiff_t increment)
{
	uint64_t old = heap_break, new = old + (uint64_t)increment;
	uint64_t old_end = align_up(old, PAGE_SIZE), new_end = align_up(new, PAGE_SIZE);

	if (increment < 0) {
		if (new > old || new < heap_start)
			return NULL;
		memset((void *)(uintptr_t) new, 0, old - new);
		if (new_end < old_end)
			span_give(&memory, page_index(new_end), (old_end - new_end) / PAGE_SIZE);
	} else {
		if (new < old || new_end < new || page_index(new_end) > memory.count)
			return NULL;
		if (new_end > old_end && !span_take_at(&memory, page_index(old_end), (new_end - old_end) / PAGE_SIZE))
			return NULL;
	}
	heap_break = new;
	return (void *)(uintptr_t)old;
}

uint64_t pages_mfn(const void *address)
{
	uint64_t va = (uintptr_t)address;

	if (va < mem_va || page_index(va) >= memory.count)
		crash("pages_mfn of %p, which is not memory", address);
	return p2m[page_index(va)];
}

static int64_t set_entry(const void *page, uint64_t value)
{
	struct mmu_op op = {.op = MMU_UPDATE_VA, .address = (uintptr_t)page, .value = value};
	uint32_t done = 0;

	return hc_mmu_update(&op, 1, &done);
}

int64_t page_guard(void *page)
{
	pages_mfn(page);
	return set_entry(page, 0);
}

int64_t page_unguard(void *page)
{
	return set_entry(page, pages_mfn(page) << PAGE_SHIFT | PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_NX);
}

uint64_t window_alloc(size_t pages)
{
	size_t at = span_take_high(&window, pages);

	return at == SPAN_NONE ? 0 : window_va + at * PAGE_SIZE;
}

void window_free(uint64_t va, size_t pages)
{
	if (va % PAGE_SIZE || va < window_va || !span_give(&window, (size_t)((va - window_va) / PAGE_SIZE), pages))
		crash("window_free of %zu pages at 0x%lx, which are not allocated", pages, va);
}
