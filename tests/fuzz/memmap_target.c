/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot memory map: bytes become ranges; the ordered map is compared with the rule said once more, page by page, at
 * all places where a type can change: the least usable of the ranges that cover a page wins.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <string.h>

#include <base/bits.h>
#include <vmm/core/memmap.h>

#define MIB_PAGES 256u

static unsigned rank(uint32_t type)
{
	static const unsigned ranks[] = {
		[BOOT_MEMORY_USABLE] = 1, [BOOT_MEMORY_LOADER] = 2, [BOOT_MEMORY_FIRMWARE] = 3,
		[BOOT_MEMORY_BUNDLE] = 4, [BOOT_MEMORY_IMAGE] = 5,  [BOOT_MEMORY_RESERVED] = 6};

	return type < ARRAY_SIZE(ranks) && ranks[type] ? ranks[type] : 6;
}

static unsigned rank_wanted(const struct boot_memory *in, unsigned count, uint64_t mfn)
{
	unsigned most = 0;

	if (mfn < MIB_PAGES || mfn >= MEMMAP_TOP >> PAGE_SHIFT)
		return 6;
	for (unsigned i = 0; i < count; i++)
		if (mfn >= in[i].start >> PAGE_SHIFT && mfn - (in[i].start >> PAGE_SHIFT) < in[i].pages)
			most = MAX(most, rank(in[i].type));
	return most ? most : 6;
}

static void compare(const struct memmap *map, const struct boot_memory *in, unsigned count)
{
	uint64_t top = 0;

	for (unsigned i = 0; i < map->count; i++) {
		const struct boot_memory *r = &map->range[i];

		cr_assert(r->pages && !(r->start & PAGE_MASK));
		cr_assert(r->start + r->pages * PAGE_SIZE <= MEMMAP_TOP);
		cr_assert(!i || r[-1].start + r[-1].pages * PAGE_SIZE <= r->start);
		cr_assert(!i || r[-1].type != r->type || r[-1].start + r[-1].pages * PAGE_SIZE < r->start);
		if (r->type != BOOT_MEMORY_RESERVED)
			top = (r->start >> PAGE_SHIFT) + r->pages;
	}
	cr_assert_eq(memmap_top(map), top);
	for (unsigned i = 0; i < count; i++) {
		uint64_t first = in[i].start >> PAGE_SHIFT,
			 at[] = {first,     first - 1,    first + in[i].pages - 1, first + in[i].pages,
				 MIB_PAGES, MIB_PAGES - 1};

		for (unsigned k = 0; k < ARRAY_SIZE(at); k++)
			cr_assert_eq(rank(memmap_type(map, at[k])), rank_wanted(in, count, at[k]), "frame %lx", at[k]);
	}
}

static void run(const uint8_t *bytes, size_t len)
{
	static struct boot_memory in[BOOT_MEMORY_MAX + 1];
	static struct memmap map;
	struct fuzz_input input = {bytes, len};
	bool valid = true;
	unsigned count = 0;

	while (input.left >= 4 && count < 60) {
		struct boot_memory *m = &in[count++];
		uint32_t way = fuzz_byte(&input);

		*m = (struct boot_memory){.start = fuzz_byte(&input) * 16ull * PAGE_SIZE,
					  .pages = fuzz_byte(&input) * 4ull};
		m->type = way % 8;
		if (way >= 250) {
			unsigned shift = fuzz_byte(&input) % 64;
			m->start ^= 1ull << shift;
			m->pages <<= fuzz_byte(&input) % 52;
		}
		valid &= !(m->start & PAGE_MASK) && m->pages <= (UINT64_MAX - m->start) / PAGE_SIZE;
	}
	memset(&map, 0xdd, sizeof map);
	if (memmap_order(&map, in, count)) {
		cr_assert(valid, "a range that wraps or is not aligned passed");
		compare(&map, in, count);
	}
	cr_assert(!memmap_order(&map, in, BOOT_MEMORY_MAX + 1));
}

static size_t seed(unsigned n, uint8_t *out)
{
	if (n == 8)
		return 0;
	fuzz_random(n + 77, out, 12 + 20 * n);
	return 12 + 20 * n;
}

const struct fuzz_target fuzz_memmap = {"memmap", run, seed, 256};
