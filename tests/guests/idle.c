/* SPDX-License-Identifier: BSD-2-Clause */
/* Says at which system time its main began, in ns, and then waits for ever: the smallest domain that is alive. */
#include <stdio.h>

#include <abi/types.h>
#include <cambium/clock.h>
#include <cambium/hypercall.h>
#include <cambium/start.h>

CAMBIUM_NOTE(32, 8, NOTE_GROWS);

int main(void)
{
	uint64_t now = clock_ns();

	printf("main began at %lu ns\n", now);
	fflush(stdout);
	for (;;)
		hc_sched_block(TIME_NEVER);
}
