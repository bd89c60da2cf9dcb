/* SPDX-License-Identifier: BSD-2-Clause */
/* What firmware says where registers are: what lies over memory, or over other registers, is found out. */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <base/windows.h>

#define NONE UINT32_MAX

static struct windows w;

/* RAM from 1 MiB to 2 GiB with the tables at its end, more RAM above 4 GiB; between them devices. */
static void setup(void)
{
	memset(&w, 0, sizeof w);
	w.end = 1ull << 40;
	windows_add(&w, 0, 0x100000, "the first MiB");
	windows_add(&w, 0x100000, 0x7fe00000, "RAM");
	windows_add(&w, 0x7ff00000, 0x100000, "RAM");
	windows_add(&w, 0x100000000, 0x1000000, "RAM");
}

static const char *over(uint64_t start, uint64_t bytes)
{
	return windows_over(&w, start, bytes, NONE);
}

TestSuite(windows, .init = setup);

Test(windows, what_lies_over_memory_is_found)
{
	cr_assert_str_eq(over(0x200000, 0x1000), "RAM");
	cr_assert_str_eq(over(0x7ff00000, 0x400), "RAM", "firmware's tables as well");
	cr_assert_str_eq(over(0x7ffff000, 0x1001), "RAM", "by its first page");
	cr_assert_str_eq(over(0xfffff000, 0x1001), "RAM", "by its last byte");
	cr_assert_str_eq(over(0xf0000000, 0x20000000), "RAM", "around it");
	cr_assert_null(over(0xfffff000, 0x1000));
	cr_assert_null(over(0x80000000, 0x1000));
	cr_assert_null(over(0xb0000000, 0x10000000));
}

Test(windows, the_first_mebibyte_is_nobodys)
{
	cr_assert_not_null(over(0, 0x1000));
	cr_assert_not_null(over(0xa0000, 0x20000));
	cr_assert_not_null(over(0xfffff, 1));
}

Test(windows, an_address_that_the_cpu_does_not_have_is_found)
{
	cr_assert_null(over((1ull << 40) - 0x1000, 0x1000));
	cr_assert_not_null(over((1ull << 40) - 0x1000, 0x1001));
	cr_assert_not_null(over(1ull << 40, 0x1000));
	cr_assert_not_null(over(UINT64_MAX - 0xfff, 0x1000));
	cr_assert_not_null(over(UINT64_MAX - 0xfff, UINT64_MAX));
}

Test(windows, two_that_share_a_byte_are_found_both)
{
	uint32_t first = w.count;

	windows_add(&w, 0xfec00000, 0x20, "MADT");
	windows_add(&w, 0xfeb00000, 0x1000, "one");
	windows_add(&w, 0xfeb00800, 0x1000, "two");
	cr_assert_str_eq(over(0xfec0001f, 1), "MADT");
	cr_assert_null(over(0xfec00020, 0x20), "the next one in the same page");
	cr_assert_null(windows_over(&w, 0xfec00000, 0x20, first), "itself does not count");
	cr_assert_str_eq(windows_over(&w, 0xfeb00000, 0x1000, first + 1), "two");
	cr_assert_str_eq(windows_over(&w, 0xfeb00800, 0x1000, first + 2), "one");
	cr_assert_str_eq(windows_over(&w, 0xfeb00000, 0x1000, first), "one", "one's twin");
	windows_add(&w, 0xd0000000, 0, "nothing");
	cr_assert_null(over(0xd0000000, 0x1000));
}

Test(windows, a_full_list_takes_no_more)
{
	while (w.count < WINDOWS_MAX)
		cr_assert(windows_add(&w, 0xfee00000, 0x1000, "it"));
	cr_assert_not(windows_add(&w, 0xfee00000, 0x1000, "it"));
	cr_assert_eq(w.count, WINDOWS_MAX);
}

/* The same question asked byte by byte, in a world of 64 bytes (behind the first MiB). */
Test(windows, any_windows_agree_with_a_byte_by_byte_look)
{
	srand(4);
	for (unsigned round = 0; round < 3000; round++) {
		uint8_t owner[80] = {0};

		memset(&w, 0, sizeof w);
		w.end = 0x100000 + 64;
		for (unsigned n = 1; n <= 6; n++) {
			uint64_t start = (uint64_t)(rand() % 64), bytes = (uint64_t)(rand() % 9);
			windows_add(&w, 0x100000 + start, bytes, "it");
			for (uint64_t at = start; at < start + bytes; at++)
				owner[at] = owner[at] ? 7 : (uint8_t)n;
		}
		for (uint64_t start = 0; start < 64; start++)
			for (uint64_t bytes = 1; bytes < 8; bytes++) {
				bool busy = start + bytes > 64;
				for (uint64_t at = start; at < start + bytes; at++)
					busy = busy || owner[at];
				cr_assert_eq(over(0x100000 + start, bytes) != NULL, busy, "%lu + %lu", start, bytes);
			}
		for (uint32_t n = 0; n < w.count; n++) { /* a window hides only itself */
			const struct window *x = &w.window[n];
			bool busy = x->start + x->bytes > w.end;
			for (uint64_t at = x->start - 0x100000; at < x->start + x->bytes - 0x100000; at++)
				busy = busy || owner[at] != n + 1;
			if (x->bytes)
				cr_assert_eq(windows_over(&w, x->start, x->bytes, n) != NULL, busy);
		}
	}
}
