/* SPDX-License-Identifier: BSD-2-Clause */
/* Spins for ever: no hypercall, no event taken, interrupts asked for by nobody. It is stopped by the control domain. */
#include "raw.h"

int main(void)
{
	struct entry_set none = {0};

	printf("spin: for ever\n");
	fflush(stdout);
	console_flush();
	raw_mask(1);
	hc_entry_set(&none);
	for (;;)
		__asm__ volatile("");
}
