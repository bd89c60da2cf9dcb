/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of pages in a bitmap, against an array of bytes that does the same slowly. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <unikernel/core/span.h>

#define COUNT 500u

struct world {
	struct span span;
	uint64_t bits[SPAN_WORDS(COUNT)];
	char taken[COUNT];
};

static bool naive_is(const struct world *w, size_t first, size_t n, char taken)
{
	if (!n || first > COUNT || n > COUNT - first)
		return false;
	for (size_t i = first; i < first + n; i++)
		if (w->taken[i] != taken)
			return false;
	return true;
}

static size_t naive_high(const struct world *w, size_t n)
{
	if (!n || n > COUNT)
		return SPAN_NONE;
	for (size_t first = COUNT - n + 1; first; first--)
		if (naive_is(w, first - 1, n, 0))
			return first - 1;
	return SPAN_NONE;
}

static void agree(const struct world *w)
{
	size_t free_count = 0;

	for (size_t i = 0; i < COUNT; i++) {
		free_count += !w->taken[i];
		cr_assert_eq(w->span.bits[i / 64] >> (i % 64) & 1, (uint64_t)w->taken[i], "unit %zu", i);
		cr_assert(i < w->span.high || w->taken[i], "unit %zu is free above the mark", i);
	}
	cr_assert_eq(free_count, w->span.free);
}

Test(unikernel_span, random_takes_and_gives_agree_with_an_array)
{
	static struct world w;

	span_setup(&w.span, w.bits, COUNT);
	srand(1);
	for (unsigned step = 0; step < 20000; step++) {
		size_t first = (size_t)rand() % (COUNT + 3), n = (size_t)rand() % (rand() % 10 ? 12 : 150), at;

		switch (rand() % 3) {
		case 0:
			at = naive_high(&w, n);
			cr_assert_eq(span_take_high(&w.span, n), at, "step %u", step);
			if (at != SPAN_NONE)
				memset(w.taken + at, 1, n);
			break;
		case 1:
			cr_assert_eq(span_take_at(&w.span, first, n), naive_is(&w, first, n, 0), "step %u", step);
			if (naive_is(&w, first, n, 0))
				memset(w.taken + first, 1, n);
			break;
		default:
			cr_assert_eq(span_give(&w.span, first, n), naive_is(&w, first, n, 1), "step %u", step);
			if (naive_is(&w, first, n, 1))
				memset(w.taken + first, 0, n);
		}
		agree(&w);
	}
}

Test(unikernel_span, the_highest_run_is_taken_first_and_all_can_be_taken)
{
	struct world w = {0};

	span_setup(&w.span, w.bits, COUNT);
	cr_assert_eq(span_take_high(&w.span, 1), COUNT - 1);
	cr_assert_eq(span_take_high(&w.span, COUNT - 1), 0);
	cr_assert_eq(span_take_high(&w.span, 1), SPAN_NONE);
	cr_assert(span_give(&w.span, 7, 1));
	cr_assert_eq(span_take_high(&w.span, 2), SPAN_NONE);
	cr_assert_eq(span_take_high(&w.span, 1), 7);
}

Test(unikernel_span, a_run_below_an_end_leaves_what_is_above)
{
	struct world w = {0};

	span_setup(&w.span, w.bits, COUNT);
	cr_assert_eq(span_take_below(&w.span, 100, 30), 70);
	cr_assert_eq(span_take_below(&w.span, 100, 71), SPAN_NONE);
	cr_assert_eq(span_take_below(&w.span, 100, 70), 0);
	cr_assert_eq(span_take_high(&w.span, 400), 100);
}

Test(unikernel_span, ranges_that_wrap_or_leave_the_row_are_refused)
{
	struct world w = {0};

	span_setup(&w.span, w.bits, COUNT);
	cr_assert_not(span_take_at(&w.span, SIZE_MAX, 2));
	cr_assert_not(span_take_at(&w.span, 1, SIZE_MAX));
	cr_assert_not(span_take_at(&w.span, COUNT, 1));
	cr_assert_not(span_take_at(&w.span, 3, 0));
	cr_assert_eq(span_take_high(&w.span, 0), SPAN_NONE);
	cr_assert_eq(span_take_high(&w.span, COUNT + 1), SPAN_NONE);
	cr_assert_not(span_give(&w.span, 0, 1));
}
