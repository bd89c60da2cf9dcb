// SPDX-License-Identifier: BSD-2-Clause
/* What is for a domain over its budget, or without room, is dropped before anything is looked at, and nothing else ever is. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

#define ONE_OVER (1u << 1)
#define TWO_OVER (1u << 2)

/* Hands @spec in at the uplink; the reason. */
static enum reason reason_of(struct world *world, const struct spec *spec)
{
	struct frame *frame = frame_new();
	enum verdict verdict = world_send(world, 0, frame, spec);

	frame_free(frame);
	return verdict == VERDICT_DROP ? world->out.reason : REASON_NONE;
}

static struct spec call(uint8_t proto, uint16_t from_port, uint16_t to_port)
{
	struct spec spec = spec_from_outside(proto, FAR_IP, UPLINK_IP, from_port, to_port);

	if (proto == IP_PROTO_TCP)
		spec.flags = TCP_SYN;
	return spec;
}

Test(net_early, while_nobody_is_over_everything_passes_as_ever)
{
	struct world *world = world_new_usual();
	struct spec first = call(IP_PROTO_TCP, 1000, 80), second = call(IP_PROTO_TCP, 1001, 80);

	cr_assert_eq(reason_of(world, &first), REASON_NONE);
	cr_assert_eq(reason_of(world, &second), REASON_NONE);
	cr_assert_eq(world->r.early.count, 1);
	world_free(world);
}

Test(net_early, what_is_for_a_domain_over_its_budget_is_dropped_whatever_else_it_says)
{
	struct world *world = world_new_usual();
	struct spec known = call(IP_PROTO_TCP, 1000, 80), new = call(IP_PROTO_TCP, 1001, 80);
	struct spec other = call(IP_PROTO_UDP, 1000, 53);
	struct frame *frame = frame_new();

	cr_assert_eq(reason_of(world, &known), REASON_NONE);
	cr_assert_eq(reason_of(world, &other), REASON_NONE);
	router_set_over(&world->r, ONE_OVER);
	cr_assert_eq(reason_of(world, &known), REASON_OVER_BUDGET);
	cr_assert_eq(world->out.out_if, 1);
	cr_assert_eq(reason_of(world, &new), REASON_OVER_BUDGET);
	cr_assert_eq(reason_of(world, &other), REASON_NONE);
	/* Not even the header's checksum is looked at. */
	frame_build(frame, &new);
	frame->bytes[24] ^= 1;
	cr_assert_eq(world_input(world, 0, frame), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_OVER_BUDGET);
	cr_assert_eq(world->r.reasons[REASON_OVER_BUDGET], 3);
	router_set_over(&world->r, 0);
	cr_assert_eq(reason_of(world, &new), REASON_NONE);
	frame_free(frame);
	world_free(world);
}

Test(net_early, what_is_for_a_domain_without_room_is_dropped_as_early)
{
	struct world *world = world_new_usual();
	struct spec in = call(IP_PROTO_TCP, 1000, 80), other = call(IP_PROTO_UDP, 1000, 53);
	uint64_t packets;

	cr_assert_eq(reason_of(world, &in), REASON_NONE);
	cr_assert_eq(reason_of(world, &other), REASON_NONE);
	router_set_full(&world->r, 1u << 1);
	packets = world->r.counters[1].tx_packets;
	cr_assert_eq(reason_of(world, &in), REASON_NO_ROOM);
	cr_assert_eq(world->out.out_if, 1);
	cr_assert_eq(world->r.counters[1].tx_packets, packets);
	cr_assert_eq(reason_of(world, &other), REASON_NONE);
	/* Over its budget is the stronger reason, and of another domain none. */
	router_set_over(&world->r, ONE_OVER | TWO_OVER);
	cr_assert_eq(reason_of(world, &in), REASON_OVER_BUDGET);
	router_set_over(&world->r, TWO_OVER);
	cr_assert_eq(reason_of(world, &in), REASON_NO_ROOM);
	cr_assert_eq(reason_of(world, &other), REASON_OVER_BUDGET);
	router_set_over(&world->r, 0);
	router_set_full(&world->r, 0);
	in = call(IP_PROTO_TCP, 1001, 80);
	cr_assert_eq(reason_of(world, &in), REASON_NONE);
	world_free(world);
}

Test(net_early, what_a_domain_over_its_budget_sends_passes)
{
	struct world *world = world_new_usual();
	struct spec in = call(IP_PROTO_TCP, 1000, 80), out = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 80, 80);
	struct frame *frame = frame_new();

	cr_assert_eq(reason_of(world, &in), REASON_NONE);
	router_set_over(&world->r, ONE_OVER);
	cr_assert_neq(world_send(world, 1, frame, &out), VERDICT_DROP);
	frame_free(frame);
	world_free(world);
}

Test(net_early, a_service_that_nobody_has_called_is_not_known)
{
	struct world *world = world_new_usual();
	struct spec spec = call(IP_PROTO_TCP, 1000, 80);

	router_set_over(&world->r, ONE_OVER);
	cr_assert_eq(reason_of(world, &spec), REASON_NONE);
	cr_assert_eq(reason_of(world, &spec), REASON_OVER_BUDGET);
	world_free(world);
}

Test(net_early, packets_that_no_rule_published_teach_nothing)
{
	struct world *world = world_new_usual();
	uint64_t state = 1;

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t throw = dice(&state);
		uint16_t port = (uint16_t)(throw >> 32);
		struct spec spec = call(throw &1 ? IP_PROTO_TCP : IP_PROTO_UDP, (uint16_t) throw, port);

		if (throw &2)
			spec.dst = (uint32_t)dice(&state);
		if (port != 80 && port != 53)
			reason_of(world, &spec);
	}
	cr_assert_eq(world->r.early.count, 0);
	/* Nor do the answers to what a domain asked outside, whose ports come and go. */
	for (uint16_t port = 1000; port < 1050; port++) {
		struct spec out = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, port, 99);
		struct frame *frame = frame_new();
		struct spec sent, answer;

		cr_assert_eq(world_send(world, 1, frame, &out), VERDICT_FORWARD);
		cr_assert(frame_read(frame, &sent));
		answer = call(IP_PROTO_UDP, 99, sent.sport);
		cr_assert_eq(reason_of(world, &answer), REASON_NONE);
		frame_free(frame);
	}
	cr_assert_eq(world->r.early.count, 0);
	world_free(world);
}

Test(net_early, a_service_of_several_domains_is_not_dropped_for_one_of_them)
{
	struct world *world = world_new("from net to router {\n"
					"	publish tcp 80 from 203.0.113.0/24 to one\n"
					"	publish tcp 80 to two\n"
					"	publish tcp 90 to one, two\n"
					"	publish udp 80 to one\n"
					"}\n",
					256);
	struct spec near = call(IP_PROTO_TCP, 1000, 80), far = near, both = call(IP_PROTO_TCP, 1000, 90);
	struct spec alone = call(IP_PROTO_UDP, 1000, 80);

	far.src = IP(192, 0, 2, 1);
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_eq(reason_of(world, &near), REASON_NONE);
		cr_assert_eq(reason_of(world, &far), REASON_NONE);
		cr_assert_eq(reason_of(world, &both), REASON_NONE);
		cr_assert_eq(reason_of(world, &alone), i ? REASON_OVER_BUDGET : REASON_NONE);
		router_set_over(&world->r, ONE_OVER | TWO_OVER);
	}
	world_free(world);
}

Test(net_early, a_full_table_learns_nothing_more_and_forgets_nothing)
{
	struct world *world = world_new("from net to router { publish udp 1000-1999 to one }\n", 4096);

	for (uint16_t port = 1000; port < 1500; port++) {
		struct spec spec = call(IP_PROTO_UDP, 7, port);

		cr_assert_eq(reason_of(world, &spec), REASON_NONE);
	}
	router_set_over(&world->r, ONE_OVER);
	for (uint16_t port = 1000; port < 1500; port++) {
		struct spec spec = call(IP_PROTO_UDP, 7, port);

		cr_assert_eq(reason_of(world, &spec), port < 1000 + EARLY_COUNT / 2 ? REASON_OVER_BUDGET : REASON_NONE);
	}
	world_free(world);
}

Test(net_early, a_new_policy_and_an_interface_that_goes_end_what_was_learnt)
{
	struct world *world = world_new_usual();
	struct spec spec = call(IP_PROTO_TCP, 1000, 80);

	cr_assert_eq(reason_of(world, &spec), REASON_NONE);
	cr_assert_eq(world->r.early.count, 1);
	cr_assert(router_rules_set(&world->r, &world->stage, world->rules, rules_get_size(world->rules), NULL, NULL));
	cr_assert_eq(world->r.early.count, 0);
	spec.sport++;
	cr_assert_eq(reason_of(world, &spec), REASON_NONE);
	cr_assert_eq(world->r.early.count, 1);
	router_iface_clear(&world->r, 1);
	cr_assert_eq(world->r.early.count, 0);
	world_free(world);
}

Test(net_early, a_short_frame_has_no_key)
{
	struct world *world = world_new_usual();
	struct spec spec = call(IP_PROTO_UDP, 1000, 53);
	struct frame *frame = frame_new();
	struct early_key key;

	frame_build(frame, &spec);
	cr_assert(early_key_read(&frame->pkt, &key));
	cr_assert(ip_addr_equal(key.dst, ip_addr_from_v4(UPLINK_IP)));
	cr_assert_eq(key.dport, 53);
	cr_assert_eq(key.proto, IP_PROTO_UDP);
	for (uint32_t len = 0; len < 38; len++) {
		struct packet cut = frame->pkt;
		uint8_t *bytes = malloc(len + 1);

		memcpy(bytes, frame->pkt.data, len);
		cut.data = bytes;
		cut.len = cut.head_len = len;
		cr_assert_not(early_key_read(&cut, &key));
		free(bytes);
	}
	frame->pkt.data[14] = 0x46;
	cr_assert_not(early_key_read(&frame->pkt, &key));
	frame_free(frame);
	world_free(world);
}
