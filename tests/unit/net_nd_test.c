// SPDX-License-Identifier: BSD-2-Clause
/* Neighbour discovery: who is answered, who is believed, and what the router says by itself. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_support6.h"

#define NEIGHBOUR6 "2001:db8:100::77"

#define S 0x40
#define O 0x20

static struct world *world6_new(void)
{
	return world_new("from inner to net { allow any }\nfrom net to two { allow udp 53 }", 256);
}

static struct mac stranger_mac(void)
{
	return (struct mac){{2, 0, 0, 0, 7, 7}};
}

/* A message of @type from @src, whose MAC is @mac, to @dst, in an Ethernet frame to where that leads. */
static struct spec6 message(uint8_t type, struct mac mac, struct ip_addr src, struct ip_addr dst, unsigned in_if)
{
	return (struct spec6){.mac_src = mac,
			      .mac_dst = ip_addr_is_multicast(dst) ? mac_from_multicast(dst) : router_mac(in_if),
			      .src = src,
			      .dst = dst,
			      .hops = 255,
			      .proto = IP_PROTO_ICMP6,
			      .flags = type};
}

/* A neighbour message: @flags, target, and an option with @mac unless that is zero. Its length. */
static uint32_t body_build(uint8_t *body, uint8_t flags, struct ip_addr target, uint8_t option, struct mac mac)
{
	memset(body, 0, 28);
	body[0] = flags;
	memcpy(body + 4, target.octets, 16);
	if (!option)
		return 20;
	body[20] = option;
	body[21] = 1;
	memcpy(body + 22, mac.octets, 6);
	return 28;
}

static enum verdict hear(struct world *world, unsigned in_if, const struct spec6 *spec, const uint8_t *body,
			 uint32_t len, struct frame *frame)
{
	frame6_build_icmp(frame, spec, body, len);
	return world_input(world, in_if, frame);
}

/* The neighbour @text on the uplink answers with @flags from @mac. */
static enum reason answer(struct world *world, const char *text, uint8_t flags, struct mac mac)
{
	struct frame *frame = frame_new();
	struct spec6 spec = message(136, mac, address(text), ip_addr_link_local(router_mac(0)), 0);
	uint8_t body[28];
	uint32_t len = body_build(body, flags, address(text), 2, mac);

	hear(world, 0, &spec, body, len, frame);
	frame_free(frame);
	return world->out.reason;
}

/* Who has @target, asked by @src at @in_if: what became of it, and the answer in @frame. */
static enum verdict ask(struct world *world, unsigned in_if, const char *src, const char *target, struct frame *frame)
{
	bool anonymous = !strcmp(src, "::");
	struct mac mac = in_if ? peer_mac(in_if) : stranger_mac();
	struct spec6 spec = message(135, mac, address(src), ip_addr_solicited_node(address(target)), in_if);
	uint8_t body[28];
	uint32_t len = body_build(body, 0, address(target), anonymous ? 0 : 1, mac);

	return hear(world, in_if, &spec, body, len, frame);
}

static void is_advertisement(struct frame *frame, const char *target, const char *to, uint8_t flags, struct mac mac)
{
	struct spec6 seen;

	cr_assert(frame6_read(frame, &seen) && seen.hops == 255 && seen.flags == 136 && seen.code == 0);
	cr_assert(address_is(seen.src, target) && address_is(seen.dst, to));
	cr_assert_eq(frame->bytes[58], flags);
	cr_assert(memcmp(frame->bytes + 62, address(target).octets, 16) == 0);
	cr_assert(frame->bytes[78] == 2 && frame->bytes[79] == 1 && memcmp(frame->bytes + 80, mac.octets, 6) == 0);
	cr_assert(mac_equal(seen.mac_src, mac));
}

Test(net_nd, the_router_answers_for_its_own_addresses_and_to_honest_askers_only)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();

	cr_assert_eq(ask(world, 1, ONE6, "2001:db8:1::1", frame), VERDICT_REPLY);
	is_advertisement(frame, "2001:db8:1::1", ONE6, 0xe0, router_mac(1));
	cr_assert(memcmp(frame->bytes, peer_mac(1).octets, 6) == 0 && world->out.out_if == 1);
	cr_assert_eq(ask(world, 1, "fe80::ff:fe00:201", "fe80::ff:fe00:101", frame), VERDICT_REPLY);
	is_advertisement(frame, "fe80::ff:fe00:101", "fe80::ff:fe00:201", 0xe0, router_mac(1));
	cr_assert_eq(ask(world, 0, NEIGHBOUR6, UPLINK6, frame), VERDICT_REPLY);
	is_advertisement(frame, UPLINK6, NEIGHBOUR6, 0xe0, router_mac(0));
	cr_assert_eq(world->out.reason, REASON_ND_SOLICITED);
	/* not for others, and not to whom nobody may be */
	cr_assert_eq(ask(world, 1, ONE6, "2001:db8:1::9", frame), VERDICT_CONSUMED);
	cr_assert_eq(ask(world, 1, ONE6, UPLINK6, frame), VERDICT_CONSUMED);
	cr_assert_eq(ask(world, 1, "2001:db8:1::9", "2001:db8:1::1", frame), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_ND_SPOOF);
	cr_assert_eq(ask(world, 1, "fe80::9", "2001:db8:1::1", frame), VERDICT_DROP);
	cr_assert_eq(ask(world, 0, UPLINK6, UPLINK6, frame), VERDICT_DROP);
	cr_assert_eq(ask(world, 0, "fe80::ff:fe00:100", UPLINK6, frame), VERDICT_DROP);
	cr_assert_eq(ask(world, 0, ONE6, UPLINK6, frame), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_ND_SPOOF);
	frame_free(frame);
	world_free(world);
}

Test(net_nd, who_wants_to_take_the_routers_address_hears_that_it_is_taken)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();

	cr_assert_eq(ask(world, 0, "::", UPLINK6, frame), VERDICT_REPLY);
	is_advertisement(frame, UPLINK6, "ff02::1", 0xa0, router_mac(0));
	cr_assert(memcmp(frame->bytes, "\x33\x33\0\0\0\1", 6) == 0);
	cr_assert_eq(ask(world, 1, "::", "fe80::ff:fe00:101", frame), VERDICT_REPLY);
	cr_assert_eq(ask(world, 1, "::", ONE6, frame), VERDICT_CONSUMED);
	frame_free(frame);
	world_free(world);
}

/* A good solicitation with bytes of its frame changed, and its checksum mended. */
static enum reason changed_twice(uint32_t at, uint8_t value, uint32_t also, uint8_t other)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = message(135, peer_mac(1), address(ONE6), ip_addr_solicited_node(address("2001:db8:1::1")),
				    1);
	uint8_t body[28], *exact;
	enum reason reason;

	body_build(body, 0, address("2001:db8:1::1"), 1, peer_mac(1));
	if (at >= 58)
		body[at - 58] = value;
	body[also - 58] = other;
	frame6_build_icmp(frame, &spec, body, sizeof body);
	if (at < 58)
		frame->bytes[at] = value;
	exact = malloc(frame->pkt.len);
	memcpy(exact, frame->bytes, frame->pkt.len);
	frame->pkt.data = exact;
	frame->pkt.capacity = frame->pkt.len;
	world_input(world, 1, frame);
	reason = world->out.reason;
	free(exact);
	frame_free(frame);
	world_free(world);
	return reason;
}

static enum reason changed(uint32_t at, uint8_t value)
{
	return changed_twice(at, value, 58, 0);
}

Test(net_nd, a_message_that_breaks_a_rule_of_the_protocol_is_refused)
{
	cr_expect_eq(changed(58, 0), REASON_ND_SOLICITED);
	cr_expect_eq(changed(21, 254), REASON_ND_INVALID, "from beyond the link");
	cr_expect_eq(changed(79, 0), REASON_ND_INVALID, "an option of no length");
	cr_expect_eq(changed(79, 2), REASON_ND_INVALID, "an option beyond the end");
	cr_expect_eq(changed_twice(78, 14, 79, 2), REASON_ND_INVALID, "an unknown one, too");
	cr_expect_eq(changed(62, 0xff), REASON_ND_INVALID, "a multicast target");
	cr_expect_eq(changed(85, 99), REASON_ND_INVALID, "the address of another");
	cr_expect_eq(changed(5, 99), REASON_NOT_UNICAST, "another group's MAC");
}

Test(net_nd, a_message_cut_anywhere_is_survived)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	uint8_t body[28];

	body_build(body, 0, address("2001:db8:1::1"), 1, peer_mac(1));
	for (uint8_t type = 133; type <= 136; type++) {
		for (uint32_t len = 4; len < sizeof body; len++) {
			struct spec6 spec = message(type, peer_mac(1), address(ONE6), address("2001:db8:1::1"), 1);
			uint8_t *exact;

			frame6_build_icmp(frame, &spec, body, len);
			exact = malloc(frame->pkt.len);
			memcpy(exact, frame->bytes, frame->pkt.len);
			frame->pkt.data = exact;
			frame->pkt.capacity = frame->pkt.len;
			cr_assert_neq(world_input(world, 1, frame), VERDICT_FORWARD);
			cr_assert(type < 135 || len == 20 || world->out.reason == REASON_ND_INVALID ||
				  world->out.reason == REASON_FRAME_SHORT);
			free(exact);
		}
	}
	frame_free(frame);
	world_free(world);
}

/* The next frame that the router sends by itself goes into @frame; false: none. */
static bool said(struct world *world, struct frame *frame, unsigned *at)
{
	struct router_event event;

	while (event_next(&world->r, &event)) {
		if (event.kind != EVENT_SEND || event.frame[12] != 0x86)
			continue;
		memcpy(frame->bytes, event.frame, event.len);
		frame->pkt = (struct packet){
			.data = frame->bytes, .len = event.len, .head_len = event.len, .capacity = FRAME_ROOM};
		*at = event.out_if;
		return true;
	}
	return false;
}

static enum verdict send_out(struct world *world, const char *dst)
{
	struct frame *frame = frame_new();
	struct spec6 spec = {.mac_src = peer_mac(1),
			     .mac_dst = router_mac(1),
			     .src = address(ONE6),
			     .dst = address(dst),
			     .hops = 64,
			     .proto = IP_PROTO_UDP,
			     .sport = 5,
			     .dport = 53};
	enum verdict verdict;

	frame6_build(frame, &spec);
	verdict = world_input(world, 1, frame);
	frame_free(frame);
	return verdict;
}

Test(net_nd, a_packet_waits_while_its_next_hop_is_asked_for)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct router_event event;
	struct spec6 seen;
	unsigned at;

	while (said(world, frame, &at))
		;
	cr_assert_eq(send_out(world, FAR6), VERDICT_HOLD);
	cr_assert(said(world, frame, &at) && at == 0);
	cr_assert(frame6_read(frame, &seen) && seen.hops == 255 && seen.flags == 135);
	cr_assert(address_is(seen.src, "fe80::ff:fe00:100") && address_is(seen.dst, "ff02::1:ff00:1"));
	cr_assert(memcmp(frame->bytes, "\x33\x33\xff\0\0\1", 6) == 0);
	cr_assert(memcmp(frame->bytes + 62, address(GATEWAY6).octets, 16) == 0);
	cr_assert(frame->bytes[78] == 1 && memcmp(frame->bytes + 80, router_mac(0).octets, 6) == 0);
	cr_assert_eq(answer(world, GATEWAY6, S | O, gateway_mac()), REASON_ND_ADVERTISED);
	cr_assert(event_next(&world->r, &event) && event.kind == EVENT_RELEASE);
	cr_assert(mac_equal(event.mac, gateway_mac()) && event.out_if == 0);
	cr_assert_eq(send_out(world, FAR6), VERDICT_FORWARD);
	/* who is on the link is asked for himself */
	cr_assert_eq(send_out(world, NEIGHBOUR6), VERDICT_HOLD);
	cr_assert(said(world, frame, &at) && frame6_read(frame, &seen) && address_is(seen.dst, "ff02::1:ff00:77"));
	frame_free(frame);
	world_free(world);
}

Test(net_nd, only_an_answer_to_a_question_is_believed)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = message(136, peer_mac(1), address(ONE6), ip_addr_link_local(router_mac(1)), 1);
	uint8_t body[28];
	struct mac mac;

	cr_assert_eq(answer(world, GATEWAY6, S | O, stranger_mac()), REASON_ND_IGNORED, "nobody had asked");
	cr_assert_eq(send_out(world, FAR6), VERDICT_HOLD);
	cr_assert_eq(answer(world, GATEWAY6, O, stranger_mac()), REASON_ND_IGNORED,
		     "it says itself that it is no answer");
	cr_assert_eq(answer(world, UPLINK6, S | O, stranger_mac()), REASON_ND_SPOOF);
	/* a domain inside answers for the gateway */
	hear(world, 1, &spec, body, body_build(body, S | O, address(GATEWAY6), 2, peer_mac(1)), frame);
	cr_assert_eq(world->out.reason, REASON_ND_SPOOF);
	hear(world, 1, &spec, body, body_build(body, S | O, address(ONE6), 2, peer_mac(1)), frame);
	cr_assert_eq(world->out.reason, REASON_ND_IGNORED);
	cr_assert_eq(answer(world, GATEWAY6, S | O, gateway_mac()), REASON_ND_ADVERTISED);
	cr_assert_eq(answer(world, GATEWAY6, S | O, stranger_mac()), REASON_ND_IGNORED, "it is known");
	/* when it is asked again, another one must say that he takes the place */
	world->now += 61 * SECOND;
	cr_assert_eq(send_out(world, FAR6), VERDICT_FORWARD);
	router_tick(&world->r, world->now);
	cr_assert_eq(answer(world, GATEWAY6, S, stranger_mac()), REASON_ND_IGNORED);
	cr_assert_eq(answer(world, GATEWAY6, S | O, stranger_mac()), REASON_ND_ADVERTISED);
	cr_assert(neighbour_find_mac(&world->r.neighbours, 0, address(GATEWAY6), &mac) &&
		  mac_equal(mac, stranger_mac()));
	frame_free(frame);
	world_free(world);
}

Test(net_nd, redirects_and_routers_on_the_link_change_nothing)
{
	static const uint8_t redirect[36 + 4] = {0}, advert[12] = {64, 0, 7, 8};
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct iface_config before = world->r.iface[0];
	struct spec6 spec = message(137, gateway_mac(), ip_addr_link_local(gateway_mac()), address(UPLINK6), 0);

	cr_assert_eq(hear(world, 0, &spec, redirect, sizeof redirect, frame), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_ICMP_TYPE);
	spec = message(134, gateway_mac(), ip_addr_link_local(gateway_mac()), address("ff02::1"), 0);
	cr_assert_eq(hear(world, 0, &spec, advert, sizeof advert, frame), VERDICT_CONSUMED);
	cr_assert_eq(world->out.reason, REASON_ND_IGNORED);
	spec = message(134, peer_mac(1), ip_addr_link_local(peer_mac(1)), address("ff02::1"), 1);
	cr_assert_eq(hear(world, 1, &spec, advert, sizeof advert, frame), VERDICT_CONSUMED);
	cr_assert_eq(world->out.reason, REASON_ND_IGNORED);
	cr_assert_eq(memcmp(&before, &world->r.iface[0], sizeof before), 0);
	frame_free(frame);
	world_free(world);
}

Test(net_nd, a_scan_of_the_link_takes_no_more_than_its_share_and_the_gateway_is_found)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	unsigned asking = 0, held = 0;
	char text[64];

	for (unsigned i = 0; i < 2000; i++) {
		snprintf(text, sizeof text, "2001:db8:100::%x", 0x1000 + i);
		held += send_out(world, text) == VERDICT_HOLD;
	}
	for (unsigned i = 0; i < NEIGHBOUR_ENTRY_COUNT; i++)
		asking += world->r.neighbours.entries[i].state == NEIGHBOUR_INCOMPLETE;
	cr_assert_leq(asking, NEIGHBOUR_ASKING_MAX);
	cr_assert_leq(held, NEIGHBOUR_HOLD_COUNT - NEIGHBOUR_HOLD_RESERVE);
	cr_assert_eq(send_out(world, FAR6), VERDICT_HOLD);
	cr_assert_eq(answer(world, GATEWAY6, S | O, gateway_mac()), REASON_ND_ADVERTISED);
	cr_assert_eq(send_out(world, FAR6), VERDICT_FORWARD);
	frame_free(frame);
	world_free(world);
}

/* The router advertisement that was said last at interface 1, read naively. */
static bool advertisement_next(struct world *world, struct frame *frame, unsigned wanted)
{
	struct spec6 seen;
	unsigned at;

	while (said(world, frame, &at)) {
		if (at != wanted)
			continue;
		cr_assert(frame6_read(frame, &seen) && seen.hops == 255 && address_is(seen.dst, "ff02::1"));
		if (at == 0) {
			cr_assert(seen.flags == 136 && memcmp(frame->bytes + 62, address(UPLINK6).octets, 16) == 0);
			cr_assert_eq(frame->bytes[58], 0xa0);
			return true;
		}
		cr_assert(seen.flags == 134 && ip_addr_equal(seen.src, ip_addr_link_local(router_mac(wanted))));
		cr_assert(be16_get(frame->bytes + 60) == 1800 && frame->pkt.len == 118);
		cr_assert(frame->bytes[70] == 1 && memcmp(frame->bytes + 72, router_mac(wanted).octets, 6) == 0);
		cr_assert(frame->bytes[78] == 5 && be32_get(frame->bytes + 82) == 1500);
		cr_assert(frame->bytes[86] == 3 && frame->bytes[88] == 64);
		return true;
	}
	return false;
}

Test(net_nd, a_domain_hears_of_its_router_at_once_when_it_asks_and_then_again)
{
	static const uint8_t nothing[4];
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = message(133, peer_mac(1), address("::"), address("ff02::2"), 1);

	router_iface_flush(&world->r, 0);
	cr_assert(advertisement_next(world, frame, 0), "the uplink hears where the router is");
	router_tick(&world->r, world->now);
	cr_assert(advertisement_next(world, frame, 1));
	cr_assert(memcmp(frame->bytes + 102, address("2001:db8:1::").octets, 16) == 0);
	cr_assert_eq(frame->bytes[89], 0, "nobody makes himself an address where another is expected");
	cr_assert_eq(hear(world, 1, &spec, nothing, sizeof nothing, frame), VERDICT_CONSUMED);
	cr_assert_eq(world->out.reason, REASON_ND_SOLICITED);
	world->now += 2 * SECOND;
	router_tick(&world->r, world->now);
	cr_assert_not(advertisement_next(world, frame, 1), "not too often");
	world->now += 2 * SECOND;
	router_tick(&world->r, world->now);
	cr_assert(advertisement_next(world, frame, 1));
	world->now += 199 * SECOND;
	router_tick(&world->r, world->now);
	cr_assert_not(advertisement_next(world, frame, 1));
	world->now += 2 * SECOND;
	router_tick(&world->r, world->now);
	cr_assert(advertisement_next(world, frame, 1));
	frame_free(frame);
	world_free(world);
}

Test(net_nd, where_the_address_is_the_one_that_a_host_makes_itself_the_prefix_says_so)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct iface_config config = world->r.iface[1];

	config.v6.peer = ip_addr_from_mac(config.v6.addr, peer_mac(1));
	router_iface_clear(&world->r, 1);
	cr_assert(router_iface_set(&world->r, 1, &config));
	router_tick(&world->r, world->now);
	cr_assert(advertisement_next(world, frame, 1));
	cr_assert_eq(frame->bytes[89], 0x40);
	frame_free(frame);
	world_free(world);
}

Test(net_nd, without_ipv6_an_interface_says_and_answers_nothing)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct iface_config config = world->r.iface[1];

	config.v6 = (struct iface_net){.prefix_len = 0};
	router_iface_clear(&world->r, 1);
	cr_assert(router_iface_set(&world->r, 1, &config));
	router_tick(&world->r, world->now);
	cr_assert_not(advertisement_next(world, frame, 1));
	cr_assert_eq(ask(world, 1, "::", "fe80::ff:fe00:101", frame), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_IP_FAMILY);
	frame_free(frame);
	world_free(world);
}
