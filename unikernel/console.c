/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's output goes through a backlog into the ring (or to the serial port). Only this file touches either.
 * Writers wait for the drainer as long as it moves; `stuck` remembers that it did not, so that a dead drainer costs a
 * domain one tenth of a second and not one for each line.
 */
#include <string.h>

#include <cambium/clock.h>
#include <cambium/console.h>
#include <cambium/event.h>
#include <cambium/fd.h>
#include <cambium/grant.h>
#include <cambium/hypercall.h>
#include <cambium/thread.h>

#include "core/backlog.h"
#include "core/pending.h"
#include "runtime.h"

#define PATIENCE_NS 100000000ull /* without progress of the drainer */
#define STEP_NS 2000000ull       /* between two looks, when nobody notifies */
#define INPUT_STEP_NS 20000000ull

static struct backlog backlog;
static struct console_ring *ring; /* NULL: none */
static unsigned port;
static bool serial; /* no ring, but the machine's serial console */
static bool stuck;
static struct waitq changed; /* the drainer did something */

static void console_event(unsigned fired, void *arg)
{
	(void)fired;
	(void)arg;
	waitq_wake_all(&changed);
	fd_changed();
}

void console_setup(const struct start_info *start)
{
	serial = (start->capabilities & CAP_CONSOLE) != 0;
	if (start->console_domid == DOMID_NONE)
		return;
	ring = grant_map_range(start->console_domid, start->console_ref, 1, false, NULL, NULL);
	if (!ring)
		start_fail("the console ring cannot be mapped");
	serial = false;
	port = start->console_port;
	event_on(port, console_event, NULL);
}

/* The serial port takes a contiguous piece; it may take less. */
static size_t push_serial(void)
{
	uint32_t at = backlog.tail % BACKLOG_BYTES;
	uint32_t n = MIN(backlog.head - backlog.tail, BACKLOG_BYTES - at);
	int64_t taken = n ? hc_console_write(0, (const char *)backlog.bytes + at, n) : 0;

	if (taken <= 0)
		return 0;
	backlog.tail += (uint32_t)taken;
	return (size_t)taken;
}

/* Moves on what can be moved without waiting; how many bytes. */
static size_t push(void)
{
	size_t moved;
	bool notify;

	if (serial)
		return push_serial();
	if (!ring) {
		moved = backlog.head - backlog.tail;
		backlog_drop(&backlog, moved);
		return moved;
	}
	moved = backlog_push(&backlog, ring, &notify);
	if (notify)
		hc_event_send(port);
	return moved;
}

/* Waits until a byte moves on (true) or the drainer's patience is over. */
static bool wait_progress(void)
{
	uint64_t deadline = clock_after(PATIENCE_NS);

	while (!push()) {
		if (stuck || clock_ns() >= deadline) {
			stuck = true;
			return false;
		}
		if (ring)
			__atomic_store_n(&ring->out.p.wake_cons, ring->out.p.prod, __ATOMIC_RELAXED);
		waitq_wait(&changed, MIN(deadline, clock_after(STEP_NS)));
	}
	stuck = false;
	return true;
}

static void write_all(const void *bytes, size_t len, bool may_wait)
{
	const uint8_t *from = bytes;

	while (len) {
		size_t n = backlog_add(&backlog, from, len);

		from += n;
		len -= n;
		if (push())
			stuck = false;
		if (len && !n && (!may_wait || !wait_progress()))
			backlog_drop(&backlog, MIN(len, BACKLOG_BYTES / 2));
	}
}

void console_write(const void *bytes, size_t len)
{
	write_all(bytes, len, !event_in_callback());
}

void console_note(const char *text, size_t len)
{
	write_all(text, len, false);
}

void console_flush(void)
{
	while (backlog.head != backlog.tail && !event_in_callback() && wait_progress())
		;
}

void console_puts(const char *text)
{
	console_write(text, strlen(text));
}

size_t console_read(void *bytes, size_t len)
{
	bool notify = false;
	size_t n;

	if (serial) {
		int64_t got = hc_console_read(0, bytes, (uint32_t)MIN(len, 4096u));

		return got > 0 ? (size_t)got : 0;
	}
	if (!ring)
		return 0;
	n = console_ring_take(ring, bytes, len, &notify);
	if (notify)
		hc_event_send(port);
	return n;
}

void console_wait_input(uint64_t deadline_ns)
{
	if (ring && console_ring_arm(ring))
		return;
	waitq_wait(&changed, serial ? MIN(deadline_ns, clock_after(INPUT_STEP_NS)) : deadline_ns);
}

bool console_has_input(void)
{
	return ring && console_ring_arm(ring);
}

/* Empties the backlog or runs out of patience, without threads. */
static void drain_hard(void)
{
	uint64_t deadline = clock_after(PATIENCE_NS);

	while (backlog.head != backlog.tail && !stuck) {
		if (push()) {
			deadline = clock_after(PATIENCE_NS);
		} else if (clock_ns() >= deadline) {
			stuck = true;
		} else {
			pending_select(SHARED_INFO, 0); /* or else the block returns at once */
			hc_sched_block(clock_after(STEP_NS));
		}
	}
}

void console_emergency(const char *text, size_t len)
{
	while (len) {
		size_t n = backlog_add(&backlog, (const uint8_t *)text, len);

		text += n;
		len -= n;
		drain_hard();
		if (len && stuck)
			backlog_drop(&backlog, len);
	}
}
