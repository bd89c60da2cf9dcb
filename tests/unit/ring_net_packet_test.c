/* SPDX-License-Identifier: BSD-2-Clause */
/* What is let through as a packet, and what is not. */
#include <criterion/criterion.h>
#include <drivers/ring/net_packet.h>
#include <string.h>

#define POOL (16u * NET_BUFFER_BYTES)

static bool accepts(const struct net_slot *slots, unsigned count, enum net_direction direction,
		    struct net_packet *packet)
{
	net_packet_reset(packet);
	for (unsigned i = 0; i < count; i++)
		if (net_packet_add(packet, &slots[i], POOL, direction)) {
			cr_assert_eq(packet->slot_count, i + 1);
			return !packet->bad;
		}
	cr_assert_fail("the packet has no end");
	return false;
}

static bool one(struct net_slot slot, enum net_direction direction)
{
	struct net_packet packet;

	return accepts(&slot, 1, direction, &packet);
}

Test(ring_net_packet, a_plain_packet_comes_through_with_its_values)
{
	struct net_slot slot = {.offset = 4097, .len = 1514, .flags = NET_CSUM_VALID};
	struct net_packet p;

	cr_assert(accepts(&slot, 1, NET_TO_BACK, &p));
	cr_assert_eq(p.piece_count, 1);
	cr_assert_eq(p.pieces[0].offset, 4097);
	cr_assert_eq(p.pieces[0].len, 1514);
	cr_assert_eq(p.total, 1514);
	cr_assert_eq(p.flags, NET_CSUM_VALID);
}

Test(ring_net_packet, every_byte_lies_in_the_pool)
{
	static const uint32_t edges[] = {0,          1,          POOL - 1,   POOL,      POOL + 1,
					 0x7fffffff, 0x80000000, 0xffff0000, 0xffffffff};
	static const uint16_t lengths[] = {0, 1, 60, 2048, 32767, 32768, 65535};

	for (unsigned i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
		for (unsigned k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
			struct net_slot slot = {.offset = edges[i], .len = lengths[k]};
			bool inside = lengths[k] > 0 && (uint64_t)edges[i] + lengths[k] <= POOL;

			cr_assert_eq(one(slot, NET_TO_BACK), inside, "%u %u", edges[i], lengths[k]);
		}
}

Test(ring_net_packet, the_front_gets_whole_buffers_only)
{
	cr_assert(one((struct net_slot){.offset = 2 * NET_BUFFER_BYTES, .len = NET_BUFFER_BYTES}, NET_TO_FRONT));
	cr_assert_not(one((struct net_slot){.offset = 2 * NET_BUFFER_BYTES + 2, .len = 60}, NET_TO_FRONT));
	cr_assert_not(one((struct net_slot){.offset = 0, .len = NET_BUFFER_BYTES + 1}, NET_TO_FRONT));
}

Test(ring_net_packet, unknown_flags_are_refused)
{
	for (unsigned bit = 0; bit < 16; bit++) {
		struct net_slot slot = {.offset = 0, .len = 60, .flags = (uint16_t)(1u << bit)};

		if (slot.flags & (NET_MORE | NET_CSUM_BLANK | NET_CSUM_VALID | NET_GSO_TCP4 | NET_GSO_TCP6))
			continue;
		cr_assert_not(one(slot, NET_TO_BACK));
	}
}

Test(ring_net_packet, a_blank_checksum_has_its_field_in_the_first_piece)
{
	struct net_slot slot = {.offset = 0, .len = 54, .flags = NET_CSUM_BLANK, .csum_start = 34, .csum_offset = 16};

	cr_assert(one(slot, NET_TO_BACK));
	slot.csum_offset = 18;
	cr_assert(one(slot, NET_TO_BACK));
	slot.csum_offset = 19;
	cr_assert_not(one(slot, NET_TO_BACK));
	slot.csum_start = slot.csum_offset = 0xffff;
	cr_assert_not(one(slot, NET_TO_BACK), "their sum does not fit 16 bits");
}

Test(ring_net_packet, segmentation_needs_its_flag_and_a_blank_checksum)
{
	struct net_slot slot = {.offset = 0, .len = 3000, .csum_start = 34, .csum_offset = 16, .gso_size = 1460};

	cr_assert_not(one(slot, NET_TO_BACK));
	slot.flags = NET_GSO_TCP4;
	cr_assert_not(one(slot, NET_TO_BACK));
	slot.flags = NET_GSO_TCP4 | NET_CSUM_BLANK;
	cr_assert(one(slot, NET_TO_BACK));
	slot.flags = NET_GSO_TCP6 | NET_CSUM_BLANK;
	cr_assert(one(slot, NET_TO_BACK));
	slot.flags = NET_GSO_TCP4 | NET_GSO_TCP6 | NET_CSUM_BLANK;
	cr_assert_not(one(slot, NET_TO_BACK), "one family");
	slot.flags = NET_GSO_TCP6 | NET_CSUM_BLANK;
	slot.gso_size = 0;
	cr_assert_not(one(slot, NET_TO_BACK));
}

Test(ring_net_packet, a_unit_has_at_most_65535_bytes)
{
	struct net_slot slots[2] = {{.len = 32768,
				     .flags = NET_MORE | NET_GSO_TCP4 | NET_CSUM_BLANK,
				     .csum_start = 34,
				     .csum_offset = 16,
				     .gso_size = 1460},
				    {.len = 32767}};
	struct net_packet p;

	cr_assert(accepts(slots, 2, NET_TO_BACK, &p));
	slots[1].len++;
	cr_assert_not(accepts(slots, 2, NET_TO_BACK, &p));
}

Test(ring_net_packet, pieces_are_joined_and_the_first_has_the_headers)
{
	struct net_slot slots[2] = {{.offset = 0, .len = 256, .flags = NET_MORE | NET_CSUM_VALID},
				    {.offset = 8192, .len = 100, .flags = NET_GSO_TCP4, .gso_size = 9}};
	struct net_packet p;

	cr_assert(accepts(slots, 2, NET_TO_BACK, &p));
	cr_assert_eq(p.piece_count, 2);
	cr_assert_eq(p.total, 356);
	cr_assert_eq(p.flags, NET_CSUM_VALID, "only the first slot's flags count");
	cr_assert_eq(p.gso_size, 0);
	slots[0].len = 255;
	cr_assert_not(accepts(slots, 2, NET_TO_BACK, &p));
	slots[0].len = 256;
	slots[1].offset = POOL;
	cr_assert_not(accepts(slots, 2, NET_TO_BACK, &p));
	cr_assert_eq(p.slot_count, 2);
}

Test(ring_net_packet, neither_a_chain_nor_its_length_grows_without_bound)
{
	struct net_slot slots[NET_PACKET_SLOTS_MAX + 1];
	struct net_packet p;

	for (unsigned i = 0; i < NET_PACKET_SLOTS_MAX + 1; i++)
		slots[i] = (struct net_slot){.offset = 0, .len = 256, .flags = NET_MORE};
	cr_assert_not(accepts(slots, NET_PACKET_SLOTS_MAX + 1, NET_TO_BACK, &p));
	cr_assert_eq(p.slot_count, NET_PACKET_SLOTS_MAX);
	for (unsigned i = 0; i < NET_PACKET_SLOTS_MAX; i++)
		slots[i].len = 4096;
	slots[NET_PACKET_SLOTS_MAX - 1].flags = 0;
	cr_assert_not(accepts(slots, NET_PACKET_SLOTS_MAX, NET_TO_BACK, &p), "longer than an IP packet");
	slots[15].flags = 0;
	slots[15].len = 4096;
	cr_assert(accepts(slots, 16, NET_TO_BACK, &p));
	cr_assert_eq(p.total, 65536);
	slots[15].len = 4110;
	cr_assert_not(accepts(slots, 16, NET_TO_BACK, &p));
}

Test(ring_net_packet, half_a_packet_waits_for_its_rest)
{
	static struct ring_header header;
	static struct net_slot slots[4];
	struct ring_end producer, consumer;
	struct net_slot slot = {.offset = 0, .len = 512, .flags = NET_MORE};
	struct net_packet p;

	ring_init_producer(&producer, &header, slots, sizeof(slot), 4);
	ring_init_consumer(&consumer, &header, slots, sizeof(slot), 4);
	net_packet_reset(&p);
	(void)ring_push(&producer, &slot);
	(void)ring_publish(&producer);
	cr_assert_eq(net_packet_take(&consumer, POOL, NET_TO_BACK, &p), NET_EMPTY);
	slot.flags = 0;
	(void)ring_push(&producer, &slot);
	(void)ring_publish(&producer);
	cr_assert_eq(net_packet_take(&consumer, POOL, NET_TO_BACK, &p), NET_PACKET);
	cr_assert_eq(p.total, 1024);
	cr_assert_eq(p.slot_count, 2);
	cr_assert_eq(ring_held(&consumer), 2);
}

Test(ring_net_packet, an_empty_buffer_is_a_whole_aligned_one_in_the_pool)
{
	static const struct {
		uint32_t offset;
		enum net_result result;
	} cases[] = {{0, NET_PACKET},       {POOL - NET_BUFFER_BYTES, NET_PACKET}, {POOL, NET_BAD}, {1, NET_BAD},
		     {0xfffff800, NET_BAD}, {POOL - NET_BUFFER_BYTES / 2, NET_BAD}};
	static struct ring_header header;
	static struct net_slot slots[8];
	struct ring_end producer, consumer;
	uint32_t offset;

	ring_init_producer(&producer, &header, slots, sizeof(slots[0]), 8);
	ring_init_consumer(&consumer, &header, slots, sizeof(slots[0]), 8);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct net_slot slot = {.offset = cases[i].offset};

		(void)ring_push(&producer, &slot);
		(void)ring_publish(&producer);
		cr_assert_eq(net_buffer_take(&consumer, POOL, &offset), cases[i].result);
		if (cases[i].result == NET_PACKET)
			cr_assert_eq(offset, cases[i].offset);
	}
	cr_assert_eq(net_buffer_take(&consumer, POOL, &offset), NET_EMPTY);
}
