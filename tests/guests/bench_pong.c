/* SPDX-License-Identifier: BSD-2-Clause */
/* The peer of bench_calls, which lives in slot 1: answers each event by an event and sleeps. */
#include <cambium/hypercall.h>

#include <stdio.h>

#include "bench.h"

#define PEER (1u << 16 | 1u)

int main(void)
{
	int64_t by_event = hc_event_alloc(PEER, 0), by_handover = hc_event_alloc(PEER, 0);

	if (by_event < 0 || by_handover < 0) {
		printf("bench: the peer is not in slot 1\n");
		return 1;
	}
	for (;;) {
		if (event_take((uint32_t)by_event)) {
			hc_event_send((uint32_t)by_event);
			hc_sched_block(TIME_NEVER);
		} else if (event_take((uint32_t)by_handover)) {
			hc_sched_handover((uint32_t)by_handover, TIME_NEVER);
		} else {
			hc_sched_block(TIME_NEVER);
		}
	}
}
