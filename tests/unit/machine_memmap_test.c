/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot memory map put in order by a door. */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <efi/machine/memmap.h>

static struct memmap map;

static struct boot_memory range(uint64_t first_mfn, uint64_t pages, uint32_t type)
{
	return (struct boot_memory){.start = first_mfn * PAGE_SIZE, .pages = pages, .type = type};
}

static uint32_t type_at(uint64_t mfn)
{
	for (unsigned i = 0; i < map.count; i++)
		if (mfn - map.range[i].start / PAGE_SIZE < map.range[i].pages)
			return map.range[i].type;
	return BOOT_MEMORY_RESERVED;
}

static uint64_t end_of(unsigned i)
{
	return map.range[i].start / PAGE_SIZE + map.range[i].pages;
}

static unsigned rank(uint32_t type)
{
	static const uint8_t ranks[] = {6,
					[BOOT_MEMORY_USABLE] = 1,
					[BOOT_MEMORY_LOADER] = 2,
					[BOOT_MEMORY_FIRMWARE] = 3,
					[BOOT_MEMORY_BUNDLE] = 4,
					[BOOT_MEMORY_IMAGE] = 5,
					[BOOT_MEMORY_RESERVED] = 6};

	return type < sizeof ranks ? ranks[type] : 6;
}

Test(machine_memmap, ranges_are_sorted_and_joined)
{
	const struct boot_memory in[] = {range(0x300, 0x100, BOOT_MEMORY_USABLE),
					 range(0x100, 0x100, BOOT_MEMORY_USABLE),
					 range(0x200, 0x100, BOOT_MEMORY_USABLE)};

	cr_assert(memmap_order(&map, in, 3));
	cr_assert_eq(map.count, 1u);
	cr_assert_eq(map.range[0].start, 0x100000u);
	cr_assert_eq(map.range[0].pages, 0x300u);
}

Test(machine_memmap, no_range_reaches_out_of_the_first_mib)
{
	const struct boot_memory in[] = {range(0, 0x80, BOOT_MEMORY_USABLE), range(0x80, 0x180, BOOT_MEMORY_USABLE)};
	static const struct boot_memory want[] = {{0, 0x100, BOOT_MEMORY_USABLE, 0},
						  {0x100000, 0x100, BOOT_MEMORY_USABLE, 0}};

	cr_assert(memmap_order(&map, in, ARRAY_SIZE(in)));
	cr_assert_eq(map.count, ARRAY_SIZE(want));
	cr_assert_arr_eq(map.range, want, sizeof want);
}

Test(machine_memmap, hostile_ranges_are_refused)
{
	struct boot_memory r = range(0x100, 1, BOOT_MEMORY_USABLE);

	r.start++;
	cr_assert_not(memmap_order(&map, &r, 1));
	r = range(0x100, UINT64_MAX / PAGE_SIZE, BOOT_MEMORY_USABLE);
	cr_assert_not(memmap_order(&map, &r, 1), "it wraps");
	r = range(0x100, UINT64_MAX, BOOT_MEMORY_USABLE);
	cr_assert_not(memmap_order(&map, &r, 1));
	cr_assert_not(memmap_order(&map, &r, BOOT_MEMORY_MAX + 1));
	cr_assert_not(memmap_order(&map, &r, UINT32_MAX));
	cr_assert(memmap_order(&map, &r, 0));
	cr_assert_eq(map.count, 0u);
}

Test(machine_memmap, ranges_are_cut_at_the_top_of_the_direct_map)
{
	const struct boot_memory in[] = {range(BOOT_MEMORY_TOP / PAGE_SIZE - 1, 5, BOOT_MEMORY_USABLE),
					 range(BOOT_MEMORY_TOP / PAGE_SIZE + 5, 5, BOOT_MEMORY_USABLE)};

	cr_assert(memmap_order(&map, in, 2));
	cr_assert_eq(map.count, 1u);
	cr_assert_eq(end_of(0), BOOT_MEMORY_TOP / PAGE_SIZE);
}

/* The oracle looks at each page by itself. */
static uint32_t naive_type(const struct boot_memory *in, unsigned count, uint64_t mfn)
{
	uint32_t type = BOOT_MEMORY_RESERVED;
	unsigned worst = 0;

	for (unsigned i = 0; i < count; i++)
		if (mfn >= in[i].start / PAGE_SIZE && mfn < in[i].start / PAGE_SIZE + in[i].pages &&
		    rank(in[i].type) > worst) {
			worst = rank(in[i].type);
			type = in[i].type;
		}
	return worst == 6 ? BOOT_MEMORY_RESERVED : type;
}

Test(machine_memmap, any_map_agrees_with_a_page_by_page_look)
{
	srand(2);
	for (unsigned round = 0; round < 300; round++) {
		struct boot_memory in[40];
		unsigned count = (unsigned)rand() % ARRAY_SIZE(in);

		for (unsigned i = 0; i < count; i++)
			in[i] = range(0xe0 + (unsigned)rand() % 200, (unsigned)rand() % 60, (unsigned)rand() % 9);
		cr_assert(memmap_order(&map, in, count));
		for (uint64_t mfn = 0; mfn < 0x300; mfn++) {
			uint32_t type = naive_type(in, count, mfn);
			cr_assert_eq(type_at(mfn), type, "round %u page %lx", round, mfn);
		}
		for (unsigned i = 1; i < map.count; i++)
			cr_assert_geq(map.range[i].start, end_of(i - 1) * PAGE_SIZE);
		for (unsigned i = 0; i < map.count; i++)
			cr_assert(map.range[i].start >= 0x100000 || end_of(i) <= 0x100);
	}
}

Test(machine_memmap, the_fullest_map_fits)
{
	static struct boot_memory in[BOOT_MEMORY_MAX];

	for (unsigned i = 0; i < BOOT_MEMORY_MAX; i++)
		in[i] = range(0x100 + 2 * i, 5 * i % 1000 + 1, 1 + i % 6);
	cr_assert(memmap_order(&map, in, BOOT_MEMORY_MAX));
	cr_assert_leq(map.count, MEMMAP_MAX);
}

Test(machine_memmap, a_door_puts_its_own_ranges_in_order)
{
	static struct boot_info info = {.memory_count = 2};

	info.memory[0] = range(0x200, 0x100, BOOT_MEMORY_LOADER);
	info.memory[1] = range(0x100, 0x180, BOOT_MEMORY_USABLE);
	cr_assert(memmap_settle(&info, &map));
	cr_assert_eq(info.memory_count, 2u);
	cr_assert_eq(info.memory[0].start, 0x100000u);
	cr_assert_eq(info.memory[0].pages, 0x100u);
	cr_assert_eq(info.memory[1].type, BOOT_MEMORY_LOADER);
}

Test(machine_memmap, a_map_that_cannot_be_put_in_order_or_grows_too_long_cannot_be_believed)
{
	static struct boot_info info;

	info.memory_count = 1;
	info.memory[0] = range(0x100, 1, BOOT_MEMORY_USABLE);
	info.memory[0].start++;
	cr_assert_not(memmap_settle(&info, &map));
	cr_assert_gt(info.memory_count, BOOT_MEMORY_MAX);
	/* One wide range, cut by many, leaves twice as many pieces. */
	info.memory_count = BOOT_MEMORY_MAX;
	info.memory[0] = range(0x100, 0x10000, BOOT_MEMORY_USABLE);
	for (unsigned i = 1; i < BOOT_MEMORY_MAX; i++)
		info.memory[i] = range(0x200 + 2 * i, 1, BOOT_MEMORY_RESERVED);
	cr_assert_not(memmap_settle(&info, &map));
	cr_assert_gt(info.memory_count, BOOT_MEMORY_MAX);
	info.memory_count = BOOT_MEMORY_MAX / 2;
	cr_assert(memmap_settle(&info, &map));
	cr_assert_eq(info.memory_count, BOOT_MEMORY_MAX - 1);
}
