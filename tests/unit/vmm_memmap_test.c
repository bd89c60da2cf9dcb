/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot memory map put in order, and the scale between TSC and nanoseconds. */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <abi/shared.h>
#include <base/bits.h>
#include <vmm/core/memmap.h>
#include <vmm/core/timescale.h>

#define MIB_PAGES 256u

static struct memmap map;

static struct boot_memory range(uint64_t first_mfn, uint64_t pages, uint32_t type)
{
	return (struct boot_memory){.start = first_mfn * PAGE_SIZE, .pages = pages, .type = type};
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

Test(vmm_memmap, ranges_are_sorted_and_joined)
{
	const struct boot_memory in[] = {range(0x300, 0x100, BOOT_MEMORY_USABLE),
					 range(0x100, 0x100, BOOT_MEMORY_USABLE),
					 range(0x200, 0x100, BOOT_MEMORY_USABLE)};

	cr_assert(memmap_order(&map, in, 3));
	cr_assert_eq(map.count, 1u);
	cr_assert_eq(map.range[0].start, 0x100000u);
	cr_assert_eq(map.range[0].pages, 0x300u);
	cr_assert_eq(memmap_top(&map), 0x400u);
}

Test(vmm_memmap, the_first_mib_is_never_usable)
{
	const struct boot_memory in[] = {range(0, 0x200, BOOT_MEMORY_USABLE)};

	cr_assert(memmap_order(&map, in, 1));
	cr_assert_eq(memmap_type(&map, 0), BOOT_MEMORY_RESERVED);
	cr_assert_eq(memmap_type(&map, 0xff), BOOT_MEMORY_RESERVED);
	cr_assert_eq(memmap_type(&map, 0x100), BOOT_MEMORY_USABLE);
	cr_assert_eq(memmap_type(&map, 0x200), BOOT_MEMORY_RESERVED, "where no range is");
}

Test(vmm_memmap, hostile_ranges_are_refused)
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
	cr_assert_eq(memmap_top(&map), 0u);
}

Test(vmm_memmap, ranges_are_cut_at_the_top_of_the_direct_map)
{
	const struct boot_memory in[] = {range(MEMMAP_TOP / PAGE_SIZE - 1, 5, BOOT_MEMORY_USABLE),
					 range(MEMMAP_TOP / PAGE_SIZE + 5, 5, BOOT_MEMORY_USABLE)};

	cr_assert(memmap_order(&map, in, 2));
	cr_assert_eq(memmap_top(&map), MEMMAP_TOP / PAGE_SIZE);
}

Test(vmm_memmap, reserved_memory_does_not_count_as_ram)
{
	const struct boot_memory in[] = {range(0x100, 0x100, BOOT_MEMORY_USABLE),
					 range(0x100000000, 0x1000, BOOT_MEMORY_RESERVED)};

	cr_assert(memmap_order(&map, in, 2));
	cr_assert_eq(memmap_top(&map), 0x200u);
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
	return worst == 6 || mfn < 0x100 ? BOOT_MEMORY_RESERVED : type;
}

Test(vmm_memmap, any_map_agrees_with_a_page_by_page_look)
{
	srand(2);
	for (unsigned round = 0; round < 300; round++) {
		struct boot_memory in[40];
		unsigned count = (unsigned)rand() % ARRAY_SIZE(in);
		uint64_t top = 0;

		for (unsigned i = 0; i < count; i++)
			in[i] = range(0xe0 + (unsigned)rand() % 200, (unsigned)rand() % 60, (unsigned)rand() % 9);
		cr_assert(memmap_order(&map, in, count));
		for (uint64_t mfn = 0; mfn < 0x300; mfn++) {
			uint32_t type = naive_type(in, count, mfn);
			cr_assert_eq(memmap_type(&map, mfn), type, "round %u page %lx", round, mfn);
			if (type != BOOT_MEMORY_RESERVED)
				top = mfn + 1;
		}
		cr_assert_eq(memmap_top(&map), top);
		for (unsigned i = 1; i < map.count; i++)
			cr_assert_geq(map.range[i].start, map.range[i - 1].start + map.range[i - 1].pages * PAGE_SIZE);
	}
}

Test(vmm_memmap, the_fullest_map_fits)
{
	static struct boot_memory in[BOOT_MEMORY_MAX];

	for (unsigned i = 0; i < BOOT_MEMORY_MAX; i++)
		in[i] = range(0x100 + 2 * i, 5 * i % 1000 + 1, 1 + i % 6);
	cr_assert(memmap_order(&map, in, BOOT_MEMORY_MAX));
	cr_assert_leq(map.count, MEMMAP_MAX);
}

Test(vmm_memmap, the_time_scale_is_right_to_one_in_a_billion)
{
	static const uint64_t rates[] = {1000000,    3579545,    999999999,  1000000000, 1000000001, 2000000000,
					 2000000001, 2096024123, 2494140000, 3999999999, 5700000001, 100000000000};

	for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
		struct timescale s = timescale_make(rates[i]);
		for (uint64_t ticks = 1; ticks < 1ull << 60; ticks = ticks * 3 + 1) {
			long double exact = (long double)ticks * 1e9L / (long double)rates[i];
			long double got = (long double)timescale_ns(&s, ticks);
			if (exact > 9e18L)
				break;
			cr_assert(exact - got <= exact * 1e-9L + 2, "rate %lu ticks %lu: %Lf for %Lf", rates[i], ticks,
				  got, exact);
			cr_assert(got <= exact + exact * 1e-18L + 1e-3L, "never ahead");
		}
		cr_assert_eq(timescale_ns(&s, 0), 0u);
	}
}
