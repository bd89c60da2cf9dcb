/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtqueue against a device played by the test: a device that obeys gets every chain once; one that does not is
 * found out before its numbers are used.
 * links: drivers/virtio/virtqueue.c
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <drivers/virtio/virtqueue.h>

#define SIZE 8u

struct world {
	struct virtqueue q;
	uint8_t desc[16 * SIZE] __attribute__((aligned(16)));
	uint8_t avail[6 + 2 * SIZE] __attribute__((aligned(2)));
	uint8_t used[6 + 8 * SIZE] __attribute__((aligned(4)));
	uint16_t seen; /* of avail, by the device */
};

static struct world *world_new(bool event_idx)
{
	static struct world world; /* a process per test */
	struct world *w = &world;

	memset(w, 0, sizeof *w);
	virtqueue_init(&w->q, SIZE, w->desc, w->avail, w->used, event_idx);
	return w;
}

static bool device_has(struct world *w)
{
	return w->seen != w->q.avail->idx;
}

static uint16_t device_get(struct world *w)
{
	return w->q.avail->ring[w->seen++ % SIZE];
}

static void device_put(struct world *w, uint32_t id, uint32_t len)
{
	uint16_t idx = w->q.used->idx;

	w->q.used->ring[idx % SIZE].id = id;
	w->q.used->ring[idx % SIZE].len = len;
	w->q.used->idx = (uint16_t)(idx + 1);
}

static uint16_t add(struct world *w, uint64_t addr, uint32_t len, bool writable)
{
	struct virtq_piece piece = {addr, len, writable};
	uint16_t head = 0xffff;

	cr_assert(virtqueue_add(&w->q, &piece, 1, &head));
	return head;
}

Test(virtio_queue, a_chain_is_laid_out_as_the_standard_says)
{
	struct world *w = world_new(false);
	struct virtq_piece pieces[] = {{0x1000, 12, false}, {0x2000, 100, false}, {0x3000, 7, true}};
	uint16_t head, at;

	cr_assert(virtqueue_add(&w->q, pieces, 3, &head));
	at = head;
	for (unsigned i = 0; i < 3; i++) {
		const struct virtq_desc *d = &w->q.desc[at];

		cr_assert_eq(d->addr, pieces[i].addr);
		cr_assert_eq(d->len, pieces[i].len);
		cr_assert_eq(d->flags, (i < 2 ? VIRTQ_DESC_NEXT : 0u) | (i == 2 ? VIRTQ_DESC_WRITE : 0u));
		at = d->next;
	}
	cr_assert_not(device_has(w), "nothing is shown before it is published");
	cr_assert(virtqueue_publish(&w->q));
	cr_assert_eq(device_get(w), head);
}

Test(virtio_queue, more_chains_than_descriptors_are_refused_and_change_nothing)
{
	struct world *w = world_new(false);
	struct virtq_piece pieces[3] = {{0, 1, false}, {0, 1, false}, {0, 1, false}};
	uint16_t head;

	cr_assert(virtqueue_add(&w->q, pieces, 3, &head));
	cr_assert(virtqueue_add(&w->q, pieces, 3, &head));
	cr_assert_not(virtqueue_add(&w->q, pieces, 3, &head));
	cr_assert_eq(w->q.free_count, 2);
	cr_assert_not(virtqueue_add(&w->q, pieces, 0, &head));
	cr_assert(virtqueue_add(&w->q, pieces, 2, &head));
	cr_assert_eq(virtqueue_get_posted(&w->q), SIZE);
}

Test(virtio_queue, every_chain_comes_back_once_in_any_order_for_ever)
{
	struct world *w = world_new(true);
	uint16_t held[SIZE];
	bool out[SIZE] = {false};
	unsigned held_count = 0, added = 0, taken = 0;

	srand(7);
	while (taken < 200000) {
		if (w->q.free_count && rand() % 2) {
			struct virtq_piece pieces[2] = {{added, 64, true}, {added, 36, true}};
			unsigned count = w->q.free_count > 1 ? 1u + (unsigned)rand() % 2 : 1;
			uint16_t head;

			cr_assert(virtqueue_add(&w->q, pieces, count, &head));
			cr_assert_not(out[head]);
			out[head] = true;
			added++;
		}
		if (rand() % 2)
			virtqueue_publish(&w->q);
		while (device_has(w) && rand() % 3)
			held[held_count++] = device_get(w);
		if (held_count && rand() % 2) {
			unsigned i = (unsigned)rand() % held_count;

			device_put(w, held[i], held[i] + 1u);
			held[i] = held[--held_count];
		}
		if (rand() % 2) {
			uint16_t head;
			uint32_t len;

			if (virtqueue_take(&w->q, &head, &len) == VIRTQ_OK) {
				cr_assert(out[head]);
				cr_assert_eq(len, head + 1u);
				out[head] = false;
				taken++;
			}
		}
	}
	cr_assert_leq(added - taken, SIZE);
}

Test(virtio_queue, an_id_that_was_never_handed_out_breaks_the_queue)
{
	uint32_t bad[] = {1, SIZE, 0xffffffff, 0x10000};

	for (unsigned i = 0; i < 4; i++) {
		struct world *w = world_new(true);
		uint16_t head;
		uint32_t len;

		cr_assert_eq(add(w, 0x1000, 64, true), 0);
		virtqueue_publish(&w->q);
		device_put(w, bad[i], 0);
		cr_assert_eq(virtqueue_take(&w->q, &head, &len), VIRTQ_BROKEN);
		cr_assert_eq(virtqueue_take(&w->q, &head, &len), VIRTQ_BROKEN);
		cr_assert(virtqueue_arm(&w->q), "a broken queue never lets anybody sleep");
		cr_assert_not(virtqueue_publish(&w->q));
	}
}

Test(virtio_queue, the_second_piece_of_a_chain_is_no_name_for_it)
{
	struct world *w = world_new(true);
	struct virtq_piece pieces[2] = {{0, 64, true}, {0, 64, true}};
	uint16_t head;
	uint32_t len;

	cr_assert(virtqueue_add(&w->q, pieces, 2, &head));
	virtqueue_publish(&w->q);
	device_put(w, w->q.desc[head].next, 1);
	cr_assert_eq(virtqueue_take(&w->q, &head, &len), VIRTQ_BROKEN);
}

Test(virtio_queue, a_chain_given_back_twice_breaks_the_queue)
{
	struct world *w = world_new(true);
	uint16_t first = add(w, 0x1000, 64, true), head;
	uint32_t len;

	add(w, 0x2000, 64, true);
	virtqueue_publish(&w->q);
	device_put(w, first, 1);
	device_put(w, first, 1);
	cr_assert_eq(virtqueue_take(&w->q, &head, &len), VIRTQ_OK);
	cr_assert_eq(virtqueue_take(&w->q, &head, &len), VIRTQ_BROKEN);
}

Test(virtio_queue, a_length_beyond_the_writable_pieces_breaks_the_queue)
{
	for (unsigned excess = 0; excess < 2; excess++) {
		struct world *w = world_new(true);
		struct virtq_piece pieces[2] = {{0, 100, false}, {0, 64, true}};
		uint16_t head;
		uint32_t len;

		cr_assert(virtqueue_add(&w->q, pieces, 2, &head));
		virtqueue_publish(&w->q);
		device_put(w, head, 64 + excess);
		cr_assert_eq(virtqueue_take(&w->q, &head, &len), excess ? VIRTQ_BROKEN : VIRTQ_OK);
	}
}

Test(virtio_queue, a_used_index_ahead_of_what_was_handed_out_breaks_the_queue)
{
	struct world *w = world_new(true);
	uint16_t head;
	uint32_t len;

	add(w, 0x1000, 64, true);
	virtqueue_publish(&w->q);
	w->q.used->idx = 2;
	cr_assert_eq(virtqueue_take(&w->q, &head, &len), VIRTQ_BROKEN);
}

Test(virtio_queue, with_event_index_the_device_is_notified_only_when_it_sleeps)
{
	struct world *w = world_new(true);
	uint16_t *event = (uint16_t *)(void *)&w->q.used->ring[SIZE];

	*event = 0; /* tell me when idx passes 0 */
	add(w, 0, 1, false);
	cr_assert(virtqueue_publish(&w->q));
	add(w, 0, 1, false);
	cr_assert_not(virtqueue_publish(&w->q), "it was told and has not asked again");
	cr_assert_not(virtqueue_publish(&w->q), "nothing new");
	*event = 3;
	add(w, 0, 1, false);
	cr_assert_not(virtqueue_publish(&w->q));
	add(w, 0, 1, false);
	cr_assert(virtqueue_publish(&w->q));
}

Test(virtio_queue, arming_finds_what_came_in_between_and_asks_for_the_next_one)
{
	struct world *w = world_new(true);
	uint16_t *event = &w->q.avail->ring[SIZE];
	uint16_t head = add(w, 0, 1, true);
	uint32_t len;

	virtqueue_publish(&w->q);
	cr_assert_not(virtqueue_arm(&w->q));
	cr_assert_eq(*event, 0);
	device_put(w, head, 1);
	cr_assert(virtqueue_arm(&w->q));
	cr_assert_eq(virtqueue_take(&w->q, &head, &len), VIRTQ_OK);
	virtqueue_disarm(&w->q);
	cr_assert_eq(*event, 0, "one behind: 65,536 chains away");
	cr_assert_not(virtqueue_arm(&w->q));
	cr_assert_eq(*event, 1);
}

Test(virtio_queue, without_event_index_the_flags_do_the_same)
{
	struct world *w = world_new(false);

	cr_assert_eq(w->q.avail->flags, VIRTQ_AVAIL_NO_INTERRUPT);
	cr_assert_not(virtqueue_arm(&w->q));
	cr_assert_eq(w->q.avail->flags, 0);
	virtqueue_disarm(&w->q);
	cr_assert_eq(w->q.avail->flags, VIRTQ_AVAIL_NO_INTERRUPT);
	add(w, 0, 1, false);
	w->q.used->flags = VIRTQ_USED_NO_NOTIFY;
	cr_assert_not(virtqueue_publish(&w->q));
	add(w, 0, 1, false);
	w->q.used->flags = 0;
	cr_assert(virtqueue_publish(&w->q));
}
