/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drains the console rings of those that talk: an event puts a child on the list, and it stays there while it has a line
 * to finish or dropped bytes to report; the silent cost nothing. A ring page is ours, so it outlives its domain, but what stands in it is the domain's word
 * alone: an index too far ahead is forgotten with all that it would cover. Invariant: a domain's turn ends after one
 * ring's worth of bytes, and nothing is taken that the output has no room for.
 */
#include <stdatomic.h>
#include <string.h>

#include <cambium/account.h>
#include <cambium/clock.h>

#include "control.h"

static _Atomic uint32_t *shared(uint32_t *word)
{
	return (_Atomic uint32_t *)word;
}

/* Bytes that wait in the ring; @prod is read once. A broken index counts as nothing and is caught up with. */
static uint32_t ring_waiting(struct console_ring *ring, uint32_t cons)
{
	uint32_t prod = atomic_load_explicit(shared(&ring->out.p.prod), memory_order_acquire);

	if (prod - cons <= CONSOLE_OUT_BYTES)
		return prod - cons;
	atomic_store_explicit(shared(&ring->out.c.cons), prod, memory_order_release);
	return 0;
}

/* Gives @taken bytes back to the domain; tells it when it waits for that. */
static void ring_release(struct child *child, uint32_t cons, uint32_t taken)
{
	struct console_ring *ring = child->console.pages;
	uint32_t wake;

	atomic_store_explicit(shared(&ring->out.c.cons), cons + taken, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	wake = atomic_load_explicit(shared(&ring->out.p.wake_cons), memory_order_relaxed);
	if (wake - 1 - cons < taken && child->console.port)
		hc_event_send(child->console.port);
}

/* Moves up to one ring's worth of bytes; how many. */
static uint32_t drain_child(struct child *child, uint64_t now)
{
	struct console_ring *ring = child->console.pages;
	uint32_t room = text_room(&control.out);
	uint32_t cons = atomic_load_explicit(shared(&ring->out.c.cons), memory_order_relaxed); /* our own word */
	uint32_t lost = atomic_load_explicit(shared(&ring->lost), memory_order_relaxed);
	uint32_t waiting = ring_waiting(ring, cons), taken = 0;
	uint8_t bytes[256];

	while (taken < waiting) {
		uint32_t at = (cons + taken) % CONSOLE_OUT_BYTES, got;
		uint32_t len = MIN(MIN(waiting - taken, CONSOLE_OUT_BYTES - at), (uint32_t)sizeof bytes);

		memcpy(bytes, ring->out_bytes + at, len);
		got = console_line_feed(&child->line, bytes, len, now, &control.out);
		taken += got;
		if (got < len)
			break;
	}
	if (taken)
		ring_release(child, cons, taken);
	if (lost != child->lost_seen) {
		console_line_lost(&child->line, lost - child->lost_seen);
		child->lost_seen = lost;
	}
	console_line_tick(&child->line, now, &control.out);
	out_owe(child->domid, room - text_room(&control.out));
	return taken;
}

/* About to sleep: asks to be woken by the next byte. True when there is one already. */
static bool ring_watch(struct child *child)
{
	struct console_ring *ring = child->console.pages;
	uint32_t cons = atomic_load_explicit(shared(&ring->out.c.cons), memory_order_relaxed);

	atomic_store_explicit(shared(&ring->out.c.wake_prod), cons + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	return ring_waiting(ring, cons) != 0;
}

/* Children that have something to say or to finish, in the order of their turns. */
static struct child *first_talking, **last_talking = &first_talking;

void drain_look(struct child *child)
{
	if (child->talking)
		return;
	child->talking = true;
	child->next_talking = NULL;
	*last_talking = child;
	last_talking = &child->next_talking;
}

static struct child *talking_take(void)
{
	struct child *child = first_talking;

	first_talking = child->next_talking;
	if (!first_talking)
		last_talking = &first_talking;
	child->talking = false;
	return child;
}

static bool talked; /* in this round */

void drain_pay(void)
{
	/* What is not claimed goes by the claims of this stay on the CPU. */
	if (!talked)
		account_claim(DOMID_NONE);
	talked = false;
}

/* What one ring's worth of bytes of @child costs is for that, as is a look at what it has not finished. */
static bool drain_charged(struct child *child, uint64_t now)
{
	uint32_t taken = drain_child(child, now);
	bool its_own = taken || console_line_due(&child->line) != TIME_NEVER;

	account_claim(its_own ? child->domid : DOMID_NONE);
	talked |= its_own;
	return taken != 0;
}

bool drain_all(void)
{
	struct child *last = first_talking
				     ? (struct child *)((char *)last_talking - offsetof(struct child, next_talking))
				     : NULL;
	uint64_t now = clock_ns();
	bool more = false, again;

	for (struct child *child = NULL; child != last;) {
		child = talking_take();
		if (child->state != CHILD_RUNNING)
			continue;
		again = drain_charged(child, now);
		again |= ring_watch(child);
		if (again || console_line_due(&child->line) != TIME_NEVER)
			drain_look(child);
		more |= again && text_room(&control.out) > 2 * TEXT_QUEUE_RESERVE;
	}
	return more;
}

void others_turn(void)
{
	account_claim(DOMID_NONE);
	drain_all();
	out_push();
}

void drain_last(struct child *child)
{
	uint64_t now = clock_ns(), deadline = clock_after(200000000);
	uint32_t room;

	account_claim(DOMID_NONE);
	/* The output may be full: the serial port gets a moment, not for ever. */
	while (drain_child(child, now) || (ring_watch(child) && clock_ns() < deadline))
		if (!out_push())
			thread_sleep_until(clock_after(1000000));
	room = text_room(&control.out);
	console_line_end(&child->line, now, &control.out);
	out_owe(child->domid, room - text_room(&control.out));
}

uint64_t drain_due(void)
{
	uint64_t due = TIME_NEVER;

	for (const struct child *child = first_talking; child; child = child->next_talking)
		if (child->state == CHILD_RUNNING)
			due = MIN(due, console_line_due(&child->line));
	return due;
}
