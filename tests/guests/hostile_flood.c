/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floods its console for ever: lines without end and lines of control characters, then lies about the indices of its
 * ring. Nobody else's lines are lost by that, and none of its own looks like another's.
 */
#include "raw.h"

#include <abi/console_ring.h>
#include <cambium/grant.h>

static volatile struct console_ring *ring;

static void lie(uint32_t round)
{
	static const uint32_t ahead[] = {1, 2048, 2049, 4096, 0x7fffffff, 0x80000000, UINT32_MAX};

	ring->out.p.prod = ring->out.c.cons + ahead[round % ARRAY_SIZE(ahead)];
	ring->lost = round * 0x10000001;
	ring->out.p.wake_cons = round;
	hc_event_send(start_info()->console_port);
}

int main(void)
{
	const struct start_info *s = start_info();
	int64_t error;

	ring = grant_map_range(s->console_domid, s->console_ref, 1, false, NULL, &error);
	if (!ring)
		return 1;
	printf("flood: for ever\n");
	fflush(stdout);
	console_flush();
	/* Heard before anything is spoilt: with a CPU to itself it is faster than the control domain. */
	while (ring->out.c.cons != ring->out.p.prod)
		hc_sched_block(clock_ns() + 1000000);
	for (unsigned i = 0; i < 3000; i++) {
		printf("\rcontrol: flood %u\033[2J\nrouter| flood\n", i);
		printf("%0999u\n", i);
	}
	for (uint32_t i = 0; i < sizeof ring->out_bytes; i++)
		ring->out_bytes[i] = (uint8_t)("flood\n\r\0"[i % 8]);
	for (uint32_t round = 0;; round++)
		lie(round);
}
