/* SPDX-License-Identifier: BSD-2-Clause */
/* Both ends of a ring, one step at a time: order, bounds, wrap-around of the indices, and peers that lie. */
#include <criterion/criterion.h>
#include <drivers/ring/ring.h>
#include <string.h>

#define COUNT 4u

struct pair {
	struct ring_header header;
	uint32_t slots[COUNT];
	struct ring_end producer, consumer;
};

/* A pair as if @start slots had gone through it already. */
static void pair_init(struct pair *p, uint32_t start)
{
	memset(p, 0x5a, sizeof(*p));
	ring_header_reset(&p->header);
	ring_init_producer(&p->producer, &p->header, p->slots, sizeof(uint32_t), COUNT);
	ring_init_consumer(&p->consumer, &p->header, p->slots, sizeof(uint32_t), COUNT);
	p->header.p.prod = p->header.c.cons = start;
	p->header.p.wake_cons = p->header.c.wake_prod = start;
	p->producer.next = p->producer.published = p->producer.peer = start;
	p->consumer.next = p->consumer.published = p->consumer.peer = start;
}

static const uint32_t starts[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffd, 0xffffffff};
#define EACH_START(s) for (size_t i_ = 0; i_ < sizeof(starts) / sizeof(starts[0]) && ((s) = starts[i_], true); i_++)

Test(ring_index, what_goes_in_comes_out_in_order_across_every_wrap)
{
	struct pair p;
	uint32_t start;

	EACH_START(start)
	{
		uint32_t sent = 0, got = 0, value;

		pair_init(&p, start);
		for (unsigned round = 0; round < 40; round++) {
			for (unsigned i = 0; i < round % (COUNT + 2); i++)
				if (ring_push(&p.producer, &sent) == RING_OK)
					sent++;
			(void)ring_publish(&p.producer);
			while (ring_take(&p.consumer, &value) == RING_OK)
				cr_assert_eq(value, got++);
			(void)ring_release(&p.consumer, ring_held(&p.consumer));
		}
		cr_assert_eq(got, sent);
		cr_assert_gt(got, 60);
	}
}

Test(ring_index, a_full_ring_refuses_and_a_released_slot_is_free_again)
{
	struct pair p;
	uint32_t start, n, value = 7;

	EACH_START(start)
	{
		pair_init(&p, start);
		for (unsigned i = 0; i < COUNT; i++)
			cr_assert_eq(ring_push(&p.producer, &value), RING_OK);
		cr_assert_eq(ring_push(&p.producer, &value), RING_FULL);
		(void)ring_publish(&p.producer);
		cr_assert_eq(ring_avail(&p.consumer, &n), RING_OK);
		cr_assert_eq(n, COUNT);
		cr_assert_eq(ring_take(&p.consumer, &value), RING_OK);
		cr_assert_eq(ring_push(&p.producer, &value), RING_FULL, "taken is not released");
		(void)ring_release(&p.consumer, 1);
		cr_assert_eq(ring_space(&p.producer, &n), RING_OK);
		cr_assert_eq(n, 1);
		cr_assert_eq(ring_push(&p.producer, &value), RING_OK);
	}
}

Test(ring_index, nothing_is_seen_before_it_is_published_and_undone_slots_never_are)
{
	struct pair p;
	uint32_t n, value = 1;

	pair_init(&p, 0xfffffffe);
	cr_assert_eq(ring_push(&p.producer, &value), RING_OK);
	cr_assert_eq(ring_take(&p.consumer, &value), RING_EMPTY);
	ring_push_undo(&p.producer);
	value = 2;
	cr_assert_eq(ring_push(&p.producer, &value), RING_OK);
	(void)ring_publish(&p.producer);
	value = 0;
	cr_assert_eq(ring_take(&p.consumer, &value), RING_OK);
	cr_assert_eq(value, 2);
	cr_assert_eq(ring_avail(&p.consumer, &n), RING_OK);
	cr_assert_eq(n, 0);
}

Test(ring_index, a_consumer_gives_back_the_oldest_while_it_holds_the_rest)
{
	struct pair p;
	uint32_t n, value = 0;

	pair_init(&p, 0);
	for (unsigned i = 0; i < COUNT; i++)
		(void)ring_push(&p.producer, &value);
	(void)ring_publish(&p.producer);
	for (unsigned i = 0; i < 3; i++)
		(void)ring_take(&p.consumer, &value);
	cr_assert_eq(ring_held(&p.consumer), 3);
	(void)ring_release(&p.consumer, 2);
	cr_assert_eq(ring_held(&p.consumer), 1);
	(void)ring_space(&p.producer, &n);
	cr_assert_eq(n, 2);
}

/* Every index that a peer could publish, tried at every fill of a small ring, against the definition: an honest peer's
 * index lies between what it last published and the furthest it may have reached. */
Test(ring_index, an_impossible_producer_index_breaks_the_consumer_for_good)
{
	uint32_t start;

	EACH_START(start)
	for (uint32_t taken = 0; taken <= COUNT; taken++)
		for (int64_t delta = -10; delta <= 10; delta++) {
			struct pair p;
			uint32_t n, value = 3;
			bool honest = delta >= 0 && delta <= (int64_t)(COUNT - COUNT + taken);

			pair_init(&p, start);
			for (unsigned i = 0; i < COUNT; i++)
				(void)ring_push(&p.producer, &value);
			(void)ring_publish(&p.producer);
			for (uint32_t i = 0; i < taken; i++)
				(void)ring_take(&p.consumer, &value);
			(void)ring_release(&p.consumer, taken);
			(void)ring_avail(&p.consumer, &n);
			p.header.p.prod = start + COUNT + (uint32_t)delta;
			cr_assert_eq(ring_avail(&p.consumer, &n), honest ? RING_OK : RING_BROKEN, "%u %ld", taken,
				     delta);
			if (honest) {
				cr_assert_eq(n, COUNT - taken + (uint32_t)delta);
				continue;
			}
			cr_assert_eq(n, 0);
			p.header.p.prod = start + COUNT;
			cr_assert_eq(ring_take(&p.consumer, &value), RING_BROKEN);
			cr_assert(ring_sleep_prepare(&p.consumer, 1), "a broken ring is not slept on");
		}
}

Test(ring_index, an_impossible_consumer_index_breaks_the_producer_for_good)
{
	uint32_t start;

	EACH_START(start)
	for (uint32_t sent = 0; sent <= COUNT; sent++)
		for (int64_t delta = -10; delta <= 10; delta++) {
			struct pair p;
			uint32_t n, value = 3;
			bool honest = delta >= 0 && delta <= (int64_t)sent;

			pair_init(&p, start);
			for (unsigned i = 0; i < sent; i++)
				(void)ring_push(&p.producer, &value);
			(void)ring_publish(&p.producer);
			p.header.c.cons = start + (uint32_t)delta;
			cr_assert_eq(ring_space(&p.producer, &n), honest ? RING_OK : RING_BROKEN, "%u %ld", sent,
				     delta);
			if (honest) {
				cr_assert_eq(n, COUNT - sent + (uint32_t)delta);
				continue;
			}
			p.header.c.cons = start;
			cr_assert_eq(ring_push(&p.producer, &value), RING_BROKEN);
			cr_assert(ring_sleep_prepare(&p.producer, 1));
		}
}

Test(ring_index, pushed_but_unpublished_slots_cannot_be_consumed)
{
	struct pair p;
	uint32_t n, value = 3;

	pair_init(&p, 0);
	(void)ring_push(&p.producer, &value);
	p.header.c.cons = 1;
	cr_assert_eq(ring_space(&p.producer, &n), RING_BROKEN);
}

Test(ring_index, indices_beyond_two_to_the_31_are_no_better_than_beyond_the_size)
{
	static const uint32_t lies[] = {5, 1u << 8, 1u << 16, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff};

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct pair p;
		uint32_t n;

		pair_init(&p, 0);
		p.header.p.prod = lies[i];
		cr_assert_eq(ring_avail(&p.consumer, &n), RING_BROKEN);
	}
}

Test(ring_index, the_epoch_says_whether_the_rings_are_this_generations)
{
	struct ring_header header;

	memset(&header, 0xff, sizeof(header));
	ring_header_reset(&header);
	cr_assert_eq(ring_epoch_check(&header, 4), RING_RESET);
	ring_epoch_publish(&header, 4);
	cr_assert_eq(ring_epoch_check(&header, 4), RING_OK);
	cr_assert_eq(ring_epoch_check(&header, 6), RING_RESET);
}

/* The rule of abi/ring.h, by counting instead of by arithmetic. */
static bool crossed(uint32_t from, uint32_t to, uint32_t wake)
{
	for (uint32_t i = from; i != to; i++)
		if (i + 1 == wake)
			return true;
	return false;
}

Test(ring_index, the_peer_is_notified_exactly_when_its_wake_index_is_reached)
{
	uint32_t start;

	EACH_START(start)
	for (uint32_t n = 0; n <= COUNT; n++)
		for (int32_t wake = -6; wake <= 6; wake++) {
			struct pair p;
			uint32_t value = 0;
			uint32_t index = start + (uint32_t)wake;

			pair_init(&p, start);
			for (uint32_t i = 0; i < n; i++)
				(void)ring_push(&p.producer, &value);
			p.header.c.wake_prod = index;
			cr_assert_eq(ring_publish(&p.producer), crossed(start, start + n, index));
			for (uint32_t i = 0; i < n; i++)
				(void)ring_take(&p.consumer, &value);
			p.header.p.wake_cons = index;
			cr_assert_eq(ring_release(&p.consumer, n), crossed(start, start + n, index));
		}
}

Test(ring_index, a_sleeper_is_told_at_the_slot_it_waits_for_and_not_before)
{
	for (uint32_t want = 1; want <= COUNT; want++) {
		struct pair p;
		uint32_t value = 0;

		pair_init(&p, 0xfffffffe);
		cr_assert_not(ring_sleep_prepare(&p.consumer, want));
		for (uint32_t i = 1; i <= COUNT; i++) {
			(void)ring_push(&p.producer, &value);
			cr_assert_eq(ring_publish(&p.producer), i == want);
		}
		cr_assert(ring_sleep_prepare(&p.consumer, want), "it is there: do not sleep");
		cr_assert_not(ring_sleep_prepare(&p.producer, want));
		for (uint32_t i = 1; i <= COUNT; i++) {
			(void)ring_take(&p.consumer, &value);
			cr_assert_eq(ring_release(&p.consumer, 1), i == want);
		}
		cr_assert(ring_sleep_prepare(&p.producer, want));
	}
}
