/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads, writes and executes the hypervisor's half of the address space, everywhere, then what no address may be: each
 * time the exception comes to it with its own address. At last it does so without a handler.
 */
#include "raw.h"

#include <vmm/layout.h>

#define GUEST_END 0x7f8000000000ull

static const struct {
	const char *name;
	uint64_t address;
} places[] = {
	{"the direct map", DIRECT_MAP},
	{"the first MiB through the direct map", DIRECT_MAP + 0x9f000},
	{"the image through the direct map", DIRECT_MAP + 0x1000000},
	{"device registers", DEVICE_MAP},
	{"the image's text", IMAGE_LINK},
	{"the image's data", IMAGE_LINK + 0x40000},
	{"the slot that stays unmapped", GUEST_END},
	{"the end of the lower half", 0x7ffffffff000},
	{"the last page", 0xfffffffffffff000},
	{"address 0", 0},
};

static void place_try(const char *name, uint64_t address)
{
	uint64_t present;

	/* Whether something is mapped there is the hypervisor's to know; that it is not ours is what counts. */
	raw_expect_fault(name, raw_read, address, 0, VECTOR_PF);
	present = raw_fault.error & PF_PRESENT;
	raw_expect_page_fault(name, raw_read, address, 0, address, PF_USER | present);
	raw_expect_page_fault(name, raw_write, address, 0x90, address, PF_USER | PF_WRITE | present);
	raw_expect_page_fault(name, raw_execute, address, 0, address, PF_USER | PF_EXECUTE | present);
}

/* Reads a byte every @step from @start on, @count times. */
static void sweep(const char *name, uint64_t start, uint64_t step, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if (raw_expect_fault(name, raw_read, start + i * step, 0, VECTOR_PF) &&
		    (raw_fault.cr2 != start + i * step || (raw_fault.error & ~PF_PRESENT) != PF_USER))
			raw_hole("%s: page fault at %lx error %lx", name, raw_fault.cr2, raw_fault.error);
}

static void wild_try(uint64_t address)
{
	raw_expect_fault("reading no address", raw_read, address, 0, VECTOR_GP);
	raw_expect_fault("writing no address", raw_write, address, 0, VECTOR_GP);
	raw_expect_fault("executing no address", raw_execute, address, 0, VECTOR_GP);
}

int main(void)
{
	raw_start(0);
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++)
		place_try(places[i].name, places[i].address);
	sweep("the upper half by GiB", DIRECT_MAP, 1ull << 30, 0x800000000000ull >> 30);
	sweep("the image by pages", IMAGE_LINK, PAGE_SIZE, 4096);
	sweep("the direct map by 64 KiB", DIRECT_MAP, 0x10000, 0x2000);
	wild_try(0x800000000000);
	wild_try(0xffff7fffffffffff);
	wild_try(0x8000000000000000);
	raw_end("memory");
	raw_stop("memory: now without a handler");
	raw_write(IMAGE_LINK, 0);
	return 1;
}
