/* SPDX-License-Identifier: BSD-2-Clause */
/* The scale between TSC and nanoseconds. */
#include <criterion/criterion.h>

#include <base/bits.h>
#include <vmm/core/timescale.h>

Test(vmm_timescale, the_time_scale_is_right_to_one_in_a_billion)
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
