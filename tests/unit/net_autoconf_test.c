// SPDX-License-Identifier: BSD-2-Clause
/* An uplink that has its IPv6 from the link: whom it believes, for how long, and what it asks. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support6.h"

#define OURS "2001:db8:100:0:0:ff:fe00:100" /* of 2001:db8:100::/64 and the MAC of interface 0 */
#define FAR6 "2001:db8:ffff::77"

static bool is(struct ip_addr addr, const char *text)
{
	return ip_addr_equal(addr, address(text));
}

/* The usual world, but that its uplink configures itself. */
static struct world *world_self(void)
{
	struct world *world = world_new("from inner to net { allow any }\nfrom net to two { allow udp 53 }", 64);
	struct iface_config config = world->r.iface[0];
	struct router_event event;

	config.v6 = (struct iface_net){.prefix_len = 0};
	config.autoconf = true;
	router_iface_clear(&world->r, 0);
	cr_assert(router_iface_set(&world->r, 0, &config));
	while (event_next(&world->r, &event))
		;
	return world;
}

static struct mac router_number(unsigned n)
{
	return (struct mac){{2, 0, 0, 0, 9, (uint8_t)n}};
}

/* Router number @n on the link speaks: @lifetime of its own, and of the prefix @prefix if that is given. */
static enum reason says(struct world *world, unsigned n, uint16_t lifetime, const char *prefix, uint32_t valid,
			uint8_t flags)
{
	struct frame *frame = frame_new();
	struct spec6 spec = {.mac_src = router_number(n),
			     .mac_dst = mac_from_multicast(address("ff02::1")),
			     .src = ip_addr_link_local(router_number(n)),
			     .dst = address("ff02::1"),
			     .hops = 255,
			     .proto = IP_PROTO_ICMP6,
			     .flags = 134};
	uint8_t body[44] = {64};

	be16_put(body + 2, lifetime);
	body[12] = 3;
	body[13] = 4;
	body[14] = 64;
	body[15] = flags;
	be32_put(body + 16, valid);
	if (prefix)
		memcpy(body + 28, address(prefix).octets, 16);
	frame6_build_icmp(frame, &spec, body, prefix ? 44 : 12);
	world_input(world, 0, frame);
	frame_free(frame);
	return world->out.reason;
}

#define AUTONOMOUS 0x40
#define OFFER(world, n, prefix) says(world, n, 1800, prefix, 86400, AUTONOMOUS)

static void pass(struct world *world, uint64_t ns)
{
	world->now += ns;
	router_tick(&world->r, world->now);
}

/* How many frames of ICMPv6 type @type the uplink sends by itself now; the last one goes to @last. */
static unsigned sent(struct world *world, uint8_t type, struct frame *last)
{
	struct router_event event;
	unsigned count = 0;

	while (event_next(&world->r, &event)) {
		if (event.kind != EVENT_SEND || event.out_if != 0 || event.frame[12] != 0x86 || event.frame[54] != type)
			continue;
		memcpy(last->bytes, event.frame, event.len);
		last->pkt = (struct packet){
			.data = last->bytes, .len = event.len, .head_len = event.len, .capacity = FRAME_ROOM};
		count++;
	}
	return count;
}

static const struct iface_net *net(const struct world *world)
{
	return &world->r.iface[0].v6;
}

Test(net_autoconf, routers_are_asked_for_three_times)
{
	struct world *world = world_self();
	struct frame *frame = frame_new();
	struct spec6 seen;
	unsigned count = 0;

	for (unsigned i = 0; i < 300; i++) {
		pass(world, SECOND / 10);
		if (!sent(world, 133, frame))
			continue;
		count++;
		cr_assert(frame6_read(frame, &seen) && seen.hops == 255 && is(seen.dst, "ff02::2"));
		cr_assert(is(seen.src, "fe80::ff:fe00:100") && frame->bytes[62] == 1);
	}
	cr_assert_eq(count, 3);
	frame_free(frame);
	world_free(world);
}

Test(net_autoconf, an_address_is_made_probed_and_then_used_with_its_router)
{
	struct world *world = world_self();
	struct frame *frame = frame_new();
	struct spec6 seen;

	cr_assert_eq(OFFER(world, 1, "2001:db8:100::"), REASON_ND_ROUTER);
	pass(world, SECOND / 10);
	cr_assert_eq(sent(world, 135, frame), 1);
	cr_assert(frame6_read(frame, &seen) && is(seen.src, "::") && is(seen.dst, "ff02::1:ff00:100"));
	cr_assert(memcmp(frame->bytes + 62, address(OURS).octets, 16) == 0 && frame->pkt.len == 78);
	pass(world, SECOND / 2);
	cr_assert(ip_addr_is_unspecified(net(world)->addr), "not yet");
	pass(world, SECOND);
	cr_assert(is(net(world)->addr, OURS) && net(world)->prefix_len == 64);
	cr_assert(ip_addr_equal(net(world)->peer, ip_addr_link_local(router_number(1))));
	cr_assert_eq(sent(world, 136, frame), 1, "the link hears of it");
	/* and traffic goes there */
	seen = (struct spec6){.mac_src = peer_mac(1),
			      .mac_dst = router_mac(1),
			      .src = address("2001:db8:1::2"),
			      .dst = address(FAR6),
			      .hops = 64,
			      .proto = IP_PROTO_UDP,
			      .sport = 5,
			      .dport = 53};
	frame6_build(frame, &seen);
	cr_assert_eq(world_input(world, 1, frame), VERDICT_HOLD);
	cr_assert_eq(sent(world, 135, frame), 1);
	cr_assert(memcmp(frame->bytes + 62, ip_addr_link_local(router_number(1)).octets, 16) == 0);
	frame_free(frame);
	world_free(world);
}

static struct world *world_configured(void)
{
	struct world *world = world_self();

	OFFER(world, 1, "2001:db8:100::");
	pass(world, 1);
	pass(world, 2 * SECOND);
	cr_assert(is(net(world)->addr, OURS));
	return world;
}

Test(net_autoconf, an_address_that_somebody_has_is_not_taken)
{
	for (unsigned wants = 0; wants < 2; wants++) {
		struct world *world = world_self();
		struct frame *frame = frame_new();
		struct spec6 spec = {.mac_src = router_number(5),
				     .src = wants ? address("::") : address(OURS),
				     .dst = wants ? ip_addr_solicited_node(address(OURS)) : address("ff02::1"),
				     .hops = 255,
				     .proto = IP_PROTO_ICMP6,
				     .flags = wants ? 135 : 136};
		uint8_t body[20] = {0};

		OFFER(world, 1, "2001:db8:100::");
		pass(world, 1);
		spec.mac_dst = mac_from_multicast(spec.dst);
		memcpy(body + 4, address(OURS).octets, 16);
		frame6_build_icmp(frame, &spec, body, sizeof body);
		world_input(world, 0, frame);
		pass(world, 5 * SECOND);
		cr_assert(ip_addr_is_unspecified(net(world)->addr));
		OFFER(world, 1, "2001:db8:100::");
		pass(world, 5 * SECOND);
		pass(world, 5 * SECOND);
		cr_assert(ip_addr_is_unspecified(net(world)->addr));
		frame_free(frame);
		world_free(world);
	}
}

Test(net_autoconf, what_is_no_offer_gives_no_address)
{
	static const char *const prefixes[] = {"2001:db8:1::", "fe80::", "ff02::", "::", "2001:db8:1::5"};
	struct world *world = world_self();

	for (unsigned i = 0; i < 5; i++)
		OFFER(world, 1, prefixes[i]);
	says(world, 1, 1800, "2001:db8:100::", 86400, 0x80);
	says(world, 1, 1800, "2001:db8:100::", 0, AUTONOMOUS);
	says(world, 1, 1800, NULL, 0, 0);
	pass(world, 1);
	pass(world, 5 * SECOND);
	cr_assert(ip_addr_is_unspecified(net(world)->addr), "an inner network, or none at all");
	world_free(world);
}

Test(net_autoconf, while_one_router_is_valid_others_change_nothing)
{
	struct world *world = world_configured();

	OFFER(world, 2, "2001:db8:666::");
	pass(world, 1);
	pass(world, 5 * SECOND);
	cr_assert(is(net(world)->addr, OURS));
	cr_assert(ip_addr_equal(net(world)->peer, ip_addr_link_local(router_number(1))));
	/* it takes its leave, and the next one is heard */
	says(world, 1, 0, NULL, 0, 0);
	cr_assert(ip_addr_is_unspecified(net(world)->peer) && is(net(world)->addr, OURS));
	says(world, 2, 1800, NULL, 0, 0);
	cr_assert(ip_addr_equal(net(world)->peer, ip_addr_link_local(router_number(2))));
	world_free(world);
}

Test(net_autoconf, a_router_and_a_prefix_end_with_their_lifetimes_and_no_sooner_than_in_two_hours)
{
	struct world *world = world_configured();

	pass(world, 1799 * SECOND);
	cr_assert(ip_addr_is_unspecified(net(world)->peer), "1800 seconds since it spoke");
	cr_assert(is(net(world)->addr, OURS));
	says(world, 1, 65535, "2001:db8:100::", 1, AUTONOMOUS);
	cr_assert(!ip_addr_is_unspecified(net(world)->peer));
	pass(world, 7100 * SECOND);
	cr_assert(is(net(world)->addr, OURS), "nobody cuts it short");
	pass(world, 200 * SECOND);
	cr_assert(ip_addr_is_unspecified(net(world)->addr));
	OFFER(world, 2, "2001:db8:200::");
	pass(world, 1);
	pass(world, 2 * SECOND);
	cr_assert(is(net(world)->addr, "2001:db8:200:0:0:ff:fe00:100"));
	world_free(world);
}

Test(net_autoconf, only_an_uplink_without_an_address_configures_itself)
{
	struct world *world = world_new("", 16);
	struct iface_config config = world->r.iface[0];

	config.autoconf = true;
	router_iface_clear(&world->r, 0);
	cr_assert_not(router_iface_set(&world->r, 0, &config));
	config.v6 = (struct iface_net){.prefix_len = 0};
	cr_assert(router_iface_set(&world->r, 0, &config));
	config = world->r.iface[1];
	config.v6 = (struct iface_net){.prefix_len = 0};
	config.autoconf = true;
	router_iface_clear(&world->r, 1);
	cr_assert_not(router_iface_set(&world->r, 1, &config));
	world_free(world);
}
