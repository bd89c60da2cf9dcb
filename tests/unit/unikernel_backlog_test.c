/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's bytes through backlog and ring, with an honest drainer and with one that lies. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <unikernel/core/backlog.h>

static struct backlog backlog;
static struct console_ring ring;

/* The drainer takes up to @max bytes. */
static size_t drain(uint8_t *out, size_t max)
{
	uint32_t cons = ring.out.c.cons, n = 0;

	while (n < max && cons + n != ring.out.p.prod) {
		out[n] = ring.out_bytes[(cons + n) % CONSOLE_OUT_BYTES];
		n++;
	}
	ring.out.c.cons = cons + n;
	return n;
}

Test(unikernel_backlog, every_byte_arrives_once_and_in_order_over_the_end_of_the_indices)
{
	uint8_t in = 0, want = 0, bytes[600], out[3000];
	size_t sent = 0, got = 0;
	bool notify;

	ring.out.p.prod = ring.out.c.cons = UINT32_MAX - 700;
	backlog.head = backlog.tail = UINT32_MAX - 5000;
	srand(2);
	for (unsigned step = 0; step < 5000; step++) {
		size_t n = (size_t)rand() % sizeof bytes;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(in + i);
		n = backlog_add(&backlog, bytes, n);
		in = (uint8_t)(in + n);
		sent += n;
		backlog_push(&backlog, &ring, &notify);
		n = drain(out, (size_t)rand() % 700);
		for (size_t i = 0; i < n; i++)
			cr_assert_eq(out[i], want++);
		got += n;
		cr_assert_eq(sent - got, (backlog.head - backlog.tail) + (ring.out.p.prod - ring.out.c.cons));
	}
	cr_assert(got > 1000000);
	cr_assert_eq(backlog.lost, 0);
}

Test(unikernel_backlog, a_full_backlog_takes_no_more_and_dropping_counts_the_oldest)
{
	static uint8_t bytes[BACKLOG_BYTES + 10];
	bool notify;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i / 64);
	cr_assert_eq(backlog_add(&backlog, bytes, sizeof bytes), BACKLOG_BYTES);
	cr_assert_eq(backlog_add(&backlog, bytes, 1), 0);
	backlog_drop(&backlog, 128);
	cr_assert_eq(backlog.lost, 128);
	cr_assert_eq(backlog_push(&backlog, &ring, &notify), CONSOLE_OUT_BYTES);
	cr_assert_eq(ring.out_bytes[0], 2);
	cr_assert_eq(ring.lost, 128);
	backlog_drop(&backlog, SIZE_MAX);
	cr_assert_eq(backlog.lost, 128 + BACKLOG_BYTES - 128 - CONSOLE_OUT_BYTES);
}

Test(unikernel_backlog, the_drainer_is_notified_exactly_when_it_asked)
{
	bool notify;

	ring.out.c.wake_prod = 3;
	backlog_add(&backlog, (const uint8_t *)"ab", 2);
	backlog_push(&backlog, &ring, &notify);
	cr_assert_not(notify);
	backlog_add(&backlog, (const uint8_t *)"c", 1);
	backlog_push(&backlog, &ring, &notify);
	cr_assert(notify);
	backlog_add(&backlog, (const uint8_t *)"d", 1);
	backlog_push(&backlog, &ring, &notify);
	cr_assert_not(notify);
}

Test(unikernel_backlog, a_drainer_with_an_impossible_index_gets_and_gives_nothing)
{
	uint8_t bytes[8];
	bool notify;

	backlog_add(&backlog, (const uint8_t *)"abc", 3);
	ring.out.c.cons = 1; /* ahead of prod */
	cr_assert_eq(backlog_push(&backlog, &ring, &notify), 0);
	ring.in.p.prod = CONSOLE_IN_BYTES + 1;
	cr_assert_eq(console_ring_take(&ring, bytes, sizeof bytes, &notify), 0);
	cr_assert_not(console_ring_arm(&ring));
}

Test(unikernel_backlog, input_is_taken_in_order_and_waited_for)
{
	uint8_t bytes[4];
	bool notify;

	cr_assert_not(console_ring_arm(&ring));
	cr_assert_eq(ring.in.c.wake_prod, 1);
	memcpy(ring.in_bytes, "hello", 5);
	ring.in.p.prod = 5;
	ring.in.p.wake_cons = 5;
	cr_assert(console_ring_arm(&ring));
	cr_assert_eq(console_ring_take(&ring, bytes, 4, &notify), 4);
	cr_assert_arr_eq(bytes, "hell", 4);
	cr_assert_not(notify);
	cr_assert_eq(console_ring_take(&ring, bytes, 4, &notify), 1);
	cr_assert_eq(bytes[0], 'o');
	cr_assert(notify);
	cr_assert_eq(console_ring_take(&ring, bytes, 4, &notify), 0);
}
