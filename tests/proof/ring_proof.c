/* SPDX-License-Identifier: BSD-2-Clause */
/* proves: drivers/ring/ring.c */
#include <drivers/ring/ring.h>

#include "proof.h"

#define COUNT 4u
#define SLOT 8u

static struct ring_header header;
static unsigned char slots[COUNT * SLOT];
static struct ring_end end;

_Noreturn void panic_at(const char *file, int line, const char *what)
{
	(void)file, (void)line, (void)what;
	__CPROVER_assert(0, "no CHECK fails");
	__CPROVER_assume(0);
	for (;;)
		;
}

/* An end in any state that it can reach, and a peer that wrote anything. */
static void any_ring(_Bool producer)
{
	header.p.prod = nondet_u32();
	header.p.wake_cons = nondet_u32();
	header.c.cons = nondet_u32();
	header.c.wake_prod = nondet_u32();
	if (producer)
		ring_init_producer(&end, &header, slots, SLOT, COUNT);
	else
		ring_init_consumer(&end, &header, slots, SLOT, COUNT);
	end.next = nondet_u32();
	end.published = nondet_u32();
	end.peer = nondet_u32();
	end.broken = nondet_bool();
	ASSUME(end.next - end.published <= COUNT);
	if (producer)
		ASSUME(end.next - end.peer <= COUNT && end.published - end.peer <= COUNT);
	else
		ASSUME(end.peer - end.next <= COUNT && end.peer - end.published <= COUNT);
}

void proof_take(void)
{
	unsigned char slot[SLOT];
	enum ring_result r;
	uint32_t next;

	any_ring(0);
	next = end.next;
	r = ring_take(&end, slot);
	REACH(r == RING_OK && next == UINT32_MAX);
	REACH(r == RING_EMPTY);
	REACH(r == RING_BROKEN);
	PROVE(r == RING_OK || r == RING_EMPTY || r == RING_BROKEN);
	PROVE(end.next == next + (r == RING_OK));
	PROVE(ring_held(&end) <= COUNT);
	PROVE(r != RING_BROKEN || end.broken);
}

void proof_avail(void)
{
	uint32_t n = 99;
	enum ring_result r;

	any_ring(0);
	r = ring_avail(&end, &n);
	REACH(r == RING_OK && n == COUNT);
	REACH(r == RING_BROKEN);
	PROVE(r == RING_OK || (r == RING_BROKEN && end.broken && n == 0));
	PROVE(n <= COUNT && n <= COUNT - ring_held(&end));
}

void proof_push(void)
{
	unsigned char slot[SLOT] = {0};
	enum ring_result r;
	uint32_t next;

	any_ring(1);
	next = end.next;
	r = ring_push(&end, slot);
	REACH(r == RING_OK && next == UINT32_MAX);
	REACH(r == RING_FULL);
	REACH(r == RING_BROKEN);
	PROVE(r == RING_OK || r == RING_FULL || r == RING_BROKEN);
	PROVE(end.next == next + (r == RING_OK));
	PROVE(r != RING_OK || end.next - end.peer <= COUNT);
	ring_push_undo(&end);
	PROVE(end.next == end.published);
}

void proof_space(void)
{
	uint32_t n = 99;
	enum ring_result r;

	any_ring(1);
	r = ring_space(&end, &n);
	REACH(r == RING_OK && n == COUNT);
	REACH(r == RING_BROKEN);
	PROVE(r == RING_OK || (r == RING_BROKEN && n == 0));
	PROVE(n <= COUNT);
}
