/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps every frame of the machine, by its number, read-only, writable and executable. What it may read is exactly its
 * own frames, those of its image and the hypercall page; all else is refused with HC_EFRAME, and so are the registers of
 * devices and frames that do not exist. Sealed, it gets nothing to execute but the hypercall page, which it has.
 */
#include "raw_memory.h"

static const uint64_t devices[] = {0xfee00, 0xfec00, 0xfed00,  0xb0000,   0xfebc0,    0xfebd0,
				   0xfe000, 0xffffe, 0x100000, 0x8000000, 0xfffffffff};

/* Tries all frames with @rights; how many were taken. */
static unsigned sweep(uint64_t va, const char *name, uint64_t rights)
{
	unsigned taken = 0;

	for (uint64_t mfn = 0; mfn < RAW_FRAMES; mfn++) {
		int64_t result = raw_map(va, mfn, rights);

		if (result == 0) {
			taken++;
			raw_expect(name, raw_unmap(va), HC_OK);
		} else if (result != -HC_ETYPE && result != -HC_ESEALED) {
			/* those two speak of frames that are its own */
			raw_expect(name, result, HC_EFRAME);
		}
	}
	return taken;
}

int main(void)
{
	uint64_t va = window_alloc(1), own, shared;
	unsigned readable, writable, executable;
	struct memory_info i;

	readable = sweep(va, "read-only", PTE_NX);
	writable = sweep(va, "writable", PTE_W | PTE_NX);
	executable = sweep(va, "executable", 0);
	for (unsigned d = 0; d < ARRAY_SIZE(devices); d++) {
		raw_expect("device, uncached", raw_map(va, devices[d], PTE_W | PTE_NX | PTE_PCD), HC_EFRAME);
		raw_expect("device", raw_map(va, devices[d], PTE_NX), HC_EFRAME);
	}
	i = raw_figures();
	own = i.frames - i.table_pages;
	shared = i.image + 1;
	printf("frames: %u readable, %u writable, %u executable\n", readable, writable, executable);
	if (readable != own + shared)
		raw_hole("%u frames are readable, %lu are its own, %lu shared", readable, own, shared);
	if (writable > own - i.page_tables || executable > 1)
		raw_hole("more than its own %lu frames", own);
	if (raw_attempts < 3 * (RAW_FRAMES - own - shared))
		raw_hole("only %u refusals", raw_attempts);
	raw_attempts = 3 * RAW_FRAMES;
	return raw_end("frames");
}
