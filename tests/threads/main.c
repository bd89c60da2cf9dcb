/* SPDX-License-Identifier: BSD-2-Clause */
/* The test of tests/unit/vmm_threads_test.c without Criterion, which ThreadSanitizer does not get along with. */
#include <stdio.h>

void threads_of_domains_that_meet_at_frames_and_offers_leave_the_books_right(void);

int main(void)
{
	threads_of_domains_that_meet_at_frames_and_offers_leave_the_books_right();
	puts("no race");
	return 0;
}
