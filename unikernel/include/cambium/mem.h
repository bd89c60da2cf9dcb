/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages of the domain's memory and of its window. Memory is address space: frames come when pages are allocated, from the
 * machine, within the domain's target, and stay until the balloon takes them back.
 *
 * Nothing here blocks. When memory is short the console says so, with the cause, at most once a second.
 */
#ifndef CAMBIUM_MEM_H
#define CAMBIUM_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/bits.h>

/* How many pages hold @bytes. */
static inline size_t pages_for(size_t bytes)
{
	return align_up(bytes, PAGE_SIZE) / PAGE_SIZE;
}

/* @count zeroed pages, contiguous in address (not in machine frames), read-write. NULL: memory is short or @count 0. */
void *pages_alloc(size_t count);
/* Gives back @count pages from @pages, all or a page-aligned part of what pages_alloc returned. They must be mapped
 * read-write again (page_unguard), and neither granted nor given to a device. NULL is allowed. */
void pages_free(void *pages, size_t count);

/* Gives frames of free pages back to the machine, which gives others when pages are allocated again, as far as the domain's
 * target goes. */
void pages_trim(void);

/* Pages that could be allocated now, heap growth included: those that are free, and what the domain's target leaves. A few
 * of them may go into page tables. */
size_t pages_available(void);

struct memory_figures {
	size_t room;    /* pages of address space for memory */
	size_t present; /* those with a frame; spare: those of them that nobody has allocated */
	size_t spare;
	size_t taken;  /* allocated pages, with or without a frame, the runtime's bookkeeping included */
	size_t heap;   /* bytes of the heap */
	size_t mapped; /* pages of mmap */
	size_t huge;   /* 2 MiB pieces mapped by one entry */
	/* In frames, of the whole domain, its text and tables included; without a hypervisor that tells, those above. */
	size_t frames, target, maximum, page_tables;
};

void memory_figures(struct memory_figures *out);

/* The machine frame number of the page that holds @address, which lies in the domain's memory (heap or pages, not the
 * program's own data, not its first stack): anything else crashes. */
uint64_t pages_mfn(const void *address);

/* Makes one page of memory absent, so that any access is an exception, and present and read-write again. 0 or -HC_x. */
int64_t page_guard(void *page);
int64_t page_unguard(void *page);

/* An address range of @pages pages in the window, without any mapping, for grants and device registers. 0: none free.
 * window_free: all or a part of it, every mapping in it gone. */
uint64_t window_alloc(size_t pages);
void window_free(uint64_t va, size_t pages);

#endif
