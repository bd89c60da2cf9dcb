/* SPDX-License-Identifier: BSD-2-Clause */
/* Device frames in the window, by the same page-table updates as everything else; the hypervisor knows whose they are. */
#include <cambium/hypercall.h>
#include <cambium/mem.h>
#include <cambium/mmio.h>

#include "runtime.h"

/* Maps (or with @flags 0 clears) pages one after the other; how many were done. */
static size_t update(uint64_t va, uint64_t phys, size_t pages, uint64_t flags)
{
	uint32_t done = 0;

	for (size_t i = 0; i < pages; i++) {
		struct mmu_op op = {
			.op = MMU_UPDATE_VA,
			.address = va + i * PAGE_SIZE,
			.value = flags ? (phys + i * PAGE_SIZE) | flags : 0,
		};

		if (hc_mmu_update(&op, 1, &done) < 0)
			return i;
	}
	return pages;
}

volatile void *mmio_map(uint64_t phys, size_t len)
{
	uint64_t offset = phys % PAGE_SIZE;
	size_t pages = align_up(offset + len, PAGE_SIZE) / PAGE_SIZE, done;
	uint64_t va = len ? window_alloc(pages) : 0;

	if (!va)
		return NULL;
	done = update(va, phys - offset, pages, PTE_P | PTE_W | PTE_U | PTE_PCD | PTE_A | PTE_D | PTE_NX);
	if (done == pages)
		return (volatile void *)(uintptr_t)(va + offset);
	update(va, 0, done, 0);
	window_free(va, pages);
	return NULL;
}

void mmio_unmap(volatile void *va, size_t len)
{
	uint64_t start = align_down((uintptr_t)va, PAGE_SIZE);
	size_t pages = align_up((uintptr_t)va + len - start, PAGE_SIZE) / PAGE_SIZE;

	update(start, 0, pages, 0);
	window_free(start, pages);
}
