/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot memory map: bytes become ranges; the ordered map is compared with the rule said once more, page by page, at
 * all places where a type can change: the least usable of the ranges that cover a page wins. What the doors put in order the
 * hypervisor takes, and of what it takes everything holds that it relies on.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <string.h>

#include <base/bits.h>
#include <efi/machine/memmap.h>
#include <vmm/core/boot_check.h>

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

	if (mfn >= BOOT_MEMORY_TOP >> PAGE_SHIFT)
		return 6;
	for (unsigned i = 0; i < count; i++)
		if (mfn >= in[i].start >> PAGE_SHIFT && mfn - (in[i].start >> PAGE_SHIFT) < in[i].pages)
			most = MAX(most, rank(in[i].type));
	return most ? most : 6;
}

static uint32_t type_at(const struct memmap *map, uint64_t mfn)
{
	for (unsigned i = 0; i < map->count; i++)
		if (mfn - map->range[i].start / PAGE_SIZE < map->range[i].pages)
			return map->range[i].type;
	return BOOT_MEMORY_RESERVED;
}

/* What holds of a map in order, @count ranges at @r; how far memory goes. */
static uint64_t in_order(const struct boot_memory *r, unsigned count)
{
	uint64_t end = 0, top = 0;

	for (unsigned i = 0; i < count; i++, r++) {
		cr_assert(r->pages && !(r->start & PAGE_MASK) && r->start >= end);
		end = r->start + r->pages * PAGE_SIZE;
		cr_assert(end > r->start && end <= BOOT_MEMORY_TOP);
		cr_assert(r->type >= BOOT_MEMORY_USABLE && r->type <= BOOT_MEMORY_RESERVED);
		cr_assert(r->start >= MIB_PAGES * PAGE_SIZE || end <= MIB_PAGES * PAGE_SIZE);
		if (r->type != BOOT_MEMORY_RESERVED)
			top = end >> PAGE_SHIFT;
	}
	return top;
}

static void compare(const struct memmap *map, const struct boot_memory *in, unsigned count)
{
	in_order(map->range, map->count);
	for (unsigned i = 1; i < map->count; i++) {
		const struct boot_memory *r = &map->range[i];

		cr_assert(r[-1].type != r->type || r->start == MIB_PAGES * PAGE_SIZE ||
			  r[-1].start + r[-1].pages * PAGE_SIZE < r->start);
	}
	for (unsigned i = 0; i < count; i++) {
		uint64_t first = in[i].start >> PAGE_SHIFT,
			 at[] = {first,     first - 1,    first + in[i].pages - 1, first + in[i].pages,
				 MIB_PAGES, MIB_PAGES - 1};

		for (unsigned k = 0; k < ARRAY_SIZE(at); k++)
			cr_assert_eq(rank(type_at(map, at[k])), rank_wanted(in, count, at[k]), "frame %lx", at[k]);
	}
}

/* The hypervisor, given the ranges as they are and then as a door settles them with an image of one page at @image. */
static void hand_over(const struct boot_memory *in, unsigned count, uint64_t image, struct memmap *room)
{
	static struct boot_info b;

	memset(&b, 0, sizeof b);
	b.magic = BOOT_INFO_MAGIC;
	b.image_base = image;
	b.image_bytes = PAGE_SIZE;
	b.machine.clock = (struct boot_clock){
		.tsc_hz = BOOT_TSC_HZ_MIN, .apic_hz = BOOT_APIC_HZ_MIN, .steady_hz = 1, .steady_mask = UINT32_MAX};
	memcpy(b.memory, in, count * sizeof *in);
	b.memory_count = count;
	if (!boot_fault(&b, PAGE_SIZE))
		cr_assert_eq(boot_memory_end(&b), in_order(in, count));
	b.memory[b.memory_count++] = (struct boot_memory){.start = image, .pages = 1, .type = BOOT_MEMORY_IMAGE};
	if (memmap_settle(&b, room) && rank_wanted(in, count, image >> PAGE_SHIFT) < 6)
		cr_assert_null(boot_fault(&b, PAGE_SIZE), "%s", boot_fault(&b, PAGE_SIZE));
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
	hand_over(in, count, (count ? in[0].type + 1ull : 1) << 21, &map);
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
