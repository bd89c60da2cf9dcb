// SPDX-License-Identifier: BSD-2-Clause
/* An uplink that has its IPv4 from a DHCP server: when it asks, whom it believes, and for how long. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_bytes.h"
#include "net_support.h"

#define SERVER_IP IP(198, 51, 100, 5)
#define ROGUE_IP IP(198, 51, 100, 66)
#define LEASED_IP IP(198, 51, 100, 44)
#define SECONDS 4000u /* of a lease: T1 is 2000, T2 3500 */
#define ALL 0xffffffffu

#define MESSAGE 42u /* where it begins in a frame */
#define OPTIONS (MESSAGE + 240u)

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK };

/* What the server says, and the client is to take; a test changes something of it. */
struct answer {
	uint8_t type;
	uint32_t xid, addr, server, gateway, mask, seconds, src, dst;
	struct mac mac_src, mac_dst;
	uint16_t sport, dport, mtu;
	uint8_t more[64];       /* options behind those */
	unsigned more_len, cut; /* bytes that the message lacks at its end */
	bool no_csum;
};

/* What the client said last. */
struct asked {
	uint8_t type;
	uint32_t xid, src, dst, ciaddr, wanted, server;
	uint16_t secs;
	bool broadcast;
};

static struct world *world_dhcp(void)
{
	struct world *world = world_new("from inner to net { nat any }\nfrom net to router { publish udp 53 to two }",
					64);
	struct iface_config config = world->r.iface[0];
	struct router_event event;

	config.v4 = (struct iface_net){.prefix_len = 0};
	config.dhcp = true;
	router_iface_clear(&world->r, 0);
	cr_assert(router_iface_set(&world->r, 0, &config));
	while (event_next(&world->r, &event))
		;
	return world;
}

static const struct iface_net *net(const struct world *world)
{
	return &world->r.iface[0].v4;
}

static bool has(const struct world *world, uint32_t addr)
{
	return addr ? ip_addr_equal(net(world)->addr, ip_addr_from_v4(addr)) : ip_addr_is_unspecified(net(world)->addr);
}

static void pass(struct world *world, uint64_t ns)
{
	world->now += ns;
	router_tick(&world->r, world->now);
}

static uint8_t *option_find(uint8_t *frame, uint8_t code)
{
	for (uint8_t *at = frame + OPTIONS; *at != 255; at += *at ? at[1] + 2 : 1)
		if (*at == code)
			return at + 2;
	return NULL;
}

static uint32_t address_of(uint8_t *option)
{
	return option ? get32(option) : 0;
}

static void message_read(uint8_t *frame, uint32_t len, struct asked *a)
{
	struct frame f = {.pkt = {.data = frame, .len = len, .head_len = len, .capacity = len}, .bytes = frame};
	struct spec spec;

	cr_assert(frame_read(&f, &spec) && spec.proto == IP_PROTO_UDP && spec.sport == 68 && spec.dport == 67);
	cr_assert(get32(frame + MESSAGE + 236) == 0x63825363 && frame[MESSAGE] == 1 && len == 342);
	cr_assert_eq(memcmp(frame + MESSAGE + 28, router_mac(0).octets, 6), 0);
	cr_assert(option_find(frame, 53) && get16(frame + MESSAGE + 10) == 0);
	*a = (struct asked){.type = option_find(frame, 53)[0],
			    .xid = get32(frame + MESSAGE + 4),
			    .src = spec.src,
			    .dst = spec.dst,
			    .ciaddr = get32(frame + MESSAGE + 12),
			    .wanted = address_of(option_find(frame, 50)),
			    .server = address_of(option_find(frame, 54)),
			    .secs = (uint16_t)get16(frame + MESSAGE + 8),
			    .broadcast = frame[0] == 0xff};
}

/* Takes what goes out at the uplink: how many messages, and into *@probes how many probes for @addr. The last message is in @a. */
static unsigned sent(struct world *world, struct asked *a, unsigned *probes)
{
	struct router_event event;
	unsigned count = 0;

	if (probes)
		*probes = 0;
	while (event_next(&world->r, &event)) {
		if (event.kind != EVENT_SEND || event.out_if != 0)
			continue;
		if (get16(event.frame + 12) == 0x0800 && event.frame[23] == 17) {
			message_read(event.frame, event.len, a);
			count++;
		} else if (get16(event.frame + 12) == 0x0806 && get32(event.frame + 28) == 0) {
			cr_assert(get32(event.frame + 38) == LEASED_IP && event.frame[21] == 1);
			if (probes)
				++*probes;
		}
	}
	return count;
}

/* Lets time pass until a message goes out, for at most @ns. */
static void await(struct world *world, struct asked *a, uint8_t type, uint64_t ns)
{
	uint64_t end = world->now + ns;

	while (world->now < end) {
		pass(world, SECOND / 10);
		if (sent(world, a, NULL)) {
			cr_assert_eq(a->type, type);
			return;
		}
	}
	cr_assert_fail("no message of type %u", type);
}

static struct answer answer_to(uint8_t type, const struct asked *a)
{
	return (struct answer){.type = type,
			       .xid = a->xid,
			       .addr = type == NAK ? 0 : LEASED_IP,
			       .server = SERVER_IP,
			       .gateway = GATEWAY_IP,
			       .mask = 0xffffff00,
			       .seconds = SECONDS,
			       .src = SERVER_IP,
			       .dst = ALL,
			       .mac_src = {{2, 0, 0, 0, 9, 5}},
			       .mac_dst = {{255, 255, 255, 255, 255, 255}},
			       .sport = 67,
			       .dport = 68};
}

static uint8_t *option_put(uint8_t *at, uint8_t code, uint8_t len, uint32_t value)
{
	if (!value)
		return at;
	at[0] = code;
	at[1] = len;
	if (len == 4)
		put32(at + 2, value);
	else if (len == 2)
		put16(at + 2, value);
	else
		at[2] = (uint8_t)value;
	return at + 2 + len;
}

/* Builds @s by itself, without net/core, and hands it in. Why it was taken or not. */
static enum reason says(struct world *world, const struct answer *s)
{
	struct frame *frame = frame_new();
	struct spec spec = spec_from_outside(IP_PROTO_UDP, s->src, s->dst, s->sport, s->dport);
	uint8_t message[600] = {2, 1, 6}, *at = message + 240;
	enum reason reason;
	uint32_t l4;

	put32(message + 4, s->xid);
	put32(message + 16, s->addr);
	memcpy(message + 28, router_mac(0).octets, 6);
	put32(message + 236, 0x63825363);
	at = option_put(at, 53, 1, s->type);
	at = option_put(at, 54, 4, s->server);
	at = option_put(at, 1, 4, s->mask);
	at = option_put(at, 3, 4, s->gateway);
	at = option_put(at, 51, 4, s->seconds);
	at = option_put(at, 26, 2, s->mtu);
	memcpy(at, s->more, s->more_len);
	at += s->more_len;
	*at++ = 255;
	spec.mac_src = s->mac_src;
	spec.mac_dst = s->mac_dst;
	spec.no_csum = s->no_csum;
	spec.payload_len = (uint32_t)(at - message) - s->cut;
	frame_build(frame, &spec);
	memcpy(frame->bytes + MESSAGE, message, spec.payload_len);
	l4 = 8 + spec.payload_len;
	put16(frame->bytes + 40, 0);
	if (!s->no_csum)
		put16(frame->bytes + 40, 65535u - (uint32_t)((naive_sum(frame->bytes + 26, 8) + 17ull + l4 +
							      naive_sum(frame->bytes + 34, l4)) %
							     65535));
	world_input(world, 0, frame);
	reason = world->out.reason;
	frame_free(frame);
	return reason;
}

static enum reason says_usual(struct world *world, uint8_t type, const struct asked *a)
{
	struct answer s = answer_to(type, a);

	return says(world, &s);
}

/* Up to the request for what was offered. */
static struct world *world_requesting(struct asked *a)
{
	struct world *world = world_dhcp();

	await(world, a, DISCOVER, 2 * SECOND);
	cr_assert_eq(says_usual(world, OFFER, a), REASON_DHCP_HEARD);
	cr_assert_eq(sent(world, a, NULL), 1);
	cr_assert_eq(a->type, REQUEST);
	return world;
}

static struct world *world_bound(struct asked *a)
{
	struct world *world = world_requesting(a);

	cr_assert_eq(says_usual(world, ACK, a), REASON_DHCP_HEARD);
	for (unsigned i = 0; i < 12; i++)
		pass(world, SECOND / 10);
	cr_assert(has(world, LEASED_IP));
	sent(world, a, NULL);
	return world;
}

Test(net_dhcp, nobody_answers_and_it_asks_again_ever_more_seldom_and_says_so)
{
	static const unsigned gaps[] = {4, 8, 16, 32, 64, 64, 64};
	struct world *world = world_dhcp();
	struct asked a;
	uint64_t last;
	uint32_t xid;

	await(world, &a, DISCOVER, 2 * SECOND);
	cr_assert(a.src == 0 && a.dst == ALL && a.broadcast && !a.ciaddr && !a.wanted && !a.server);
	xid = a.xid;
	for (unsigned i = 0; i < 7; i++) {
		last = world->now;
		await(world, &a, DISCOVER, 70 * SECOND);
		cr_assert_gt(world->now - last, (gaps[i] - 1) * SECOND);
		cr_assert_lt(world->now - last, (gaps[i] + 1) * SECOND + SECOND / 5);
		cr_assert_eq(a.xid, xid);
		cr_assert_eq(router_take_news(&world->r, 0), i == 2 ? DHCP_NEWS_NOBODY : DHCP_NEWS_NONE);
	}
	cr_assert_gt(a.secs, 200);
	world_free(world);
}

Test(net_dhcp, an_offer_is_requested_probed_used_and_told)
{
	unsigned probes, all = 0;
	struct asked a = {0};
	struct world *world = world_requesting(&a);

	cr_assert(a.wanted == LEASED_IP && a.server == SERVER_IP && a.src == 0 && a.dst == ALL && a.ciaddr == 0);
	cr_assert_eq(says_usual(world, ACK, &a), REASON_DHCP_HEARD);
	for (unsigned i = 0; i < 9; i++) {
		cr_assert_eq(sent(world, &a, &probes), 0);
		all += probes;
		cr_assert(has(world, 0), "not yet");
		pass(world, SECOND / 10);
	}
	cr_assert_eq(all, 3);
	pass(world, SECOND / 5);
	cr_assert(has(world, LEASED_IP) && net(world)->prefix_len == 24);
	cr_assert(ip_addr_equal(net(world)->peer, ip_addr_from_v4(GATEWAY_IP)));
	cr_assert_eq(router_take_news(&world->r, 0), DHCP_NEWS_LEASED);
	cr_assert_eq(router_take_news(&world->r, 0), DHCP_NEWS_NONE);
	world_free(world);
}

Test(net_dhcp, flows_are_translated_and_published_at_the_leased_address_and_end_with_it)
{
	struct asked a = {0};
	struct world *world = world_bound(&a);
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 1000, 53), seen;

	world_send(world, 1, frame, &spec);
	world_answer(world);
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame_read(frame, &seen) && seen.src == LEASED_IP);
	spec = spec_from_outside(IP_PROTO_UDP, FAR_IP, LEASED_IP, 2000, 53);
	cr_assert_eq(world_send(world, 0, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame_read(frame, &seen) && seen.dst == TWO_IP);
	cr_assert_eq(router_get_flow_count(&world->r), 2);
	pass(world, SECONDS * SECOND);
	cr_assert(has(world, 0) && router_get_flow_count(&world->r) == 0);
	cr_assert_eq(router_take_news(&world->r, 0), DHCP_NEWS_ENDED);
	cr_assert_eq(world_send(world, 0, frame, &spec), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_IP_FAMILY);
	frame_free(frame);
	world_free(world);
}

/* RFC 2131 section 4.4.5: T1, T2 and the end; between them again in half of the time that is left. */
Test(net_dhcp, a_lease_is_extended_by_its_server_then_by_any_and_ends)
{
	struct asked a = {0};
	struct world *world = world_bound(&a);
	uint64_t bound = world->now;
	unsigned renewed = 0, rebound = 0;

	for (unsigned i = 0; i < SECONDS; i++) {
		uint64_t since = world->now - bound;

		pass(world, SECOND);
		if (!sent(world, &a, NULL))
			continue;
		if (!has(world, LEASED_IP))
			break;
		cr_assert(a.type == REQUEST && a.ciaddr == LEASED_IP && a.src == LEASED_IP && !a.wanted && !a.server);
		cr_assert_gt(since, (SECONDS / 2 - 5) * SECOND);
		cr_assert_eq(a.dst, a.broadcast ? ALL : SERVER_IP);
		cr_assert_eq(a.broadcast, since > (SECONDS * 7 / 8 - 3) * SECOND, "%u s", (unsigned)(since / SECOND));
		renewed += !a.broadcast;
		rebound += a.broadcast;
	}
	cr_assert_eq(renewed, 6, "at 2000, 2750, 3125, 3312, 3406, 3466 s: %u", renewed);
	cr_assert_eq(rebound, 5, "at 3500, 3750, 3875, 3937, 3997 s: %u", rebound);
	pass(world, 5 * SECOND);
	cr_assert(has(world, 0));
	world_free(world);
}

Test(net_dhcp, who_extends_a_lease_cuts_no_flow)
{
	struct asked a = {0};
	struct world *world = world_bound(&a);
	struct frame *frame = frame_new();
	struct spec spec = spec_from_outside(IP_PROTO_UDP, FAR_IP, LEASED_IP, 2000, 53);

	for (unsigned i = 0; i < 5; i++) {
		struct answer s;

		await(world, &a, REQUEST, SECONDS * SECOND);
		cr_assert_not(a.broadcast);
		world_send(world, 0, frame, &spec);
		s = answer_to(ACK, &a);
		s.dst = LEASED_IP;
		s.mac_dst = router_mac(0);
		cr_assert_eq(says(world, &s), REASON_DHCP_HEARD);
		cr_assert(has(world, LEASED_IP) && router_get_flow_count(&world->r) == 1);
	}
	frame_free(frame);
	world_free(world);
}

Test(net_dhcp, another_server_takes_nothing_over)
{
	struct asked a = {0};
	struct world *world = world_requesting(&a);
	struct answer s = answer_to(ACK, &a), nak = answer_to(NAK, &a);

	s.server = nak.server = ROGUE_IP;
	cr_assert_eq(says(world, &s), REASON_DHCP_IGNORED);
	cr_assert_eq(says(world, &nak), REASON_DHCP_IGNORED);
	world_free(world);
	world = world_bound(&a);
	cr_assert_eq(says(world, &s), REASON_DHCP_IGNORED);
	await(world, &a, REQUEST, SECONDS * SECOND);
	s = answer_to(ACK, &a), nak = answer_to(NAK, &a);
	s.server = nak.server = ROGUE_IP;
	cr_assert_eq(says(world, &s), REASON_DHCP_IGNORED);
	cr_assert_eq(says(world, &nak), REASON_DHCP_IGNORED);
	do
		await(world, &a, REQUEST, SECONDS * SECOND);
	while (!a.broadcast);
	s.xid = nak.xid = a.xid;
	cr_assert_eq(says(world, &nak), REASON_DHCP_IGNORED);
	s.gateway = ROGUE_IP;
	s.seconds = 100;
	cr_assert_eq(says(world, &s), REASON_DHCP_IGNORED, "shorter");
	s.seconds = SECONDS;
	s.addr = IP(198, 51, 100, 45);
	cr_assert_eq(says(world, &s), REASON_DHCP_IGNORED, "another address");
	s.addr = LEASED_IP;
	cr_assert_eq(says(world, &s), REASON_DHCP_HEARD, "longer");
	cr_assert(has(world, LEASED_IP) && ip_addr_equal(net(world)->peer, ip_addr_from_v4(GATEWAY_IP)));
	world_free(world);
}

Test(net_dhcp, a_refusal_by_the_server_ends_the_lease_and_each_makes_it_more_patient)
{
	struct asked a = {0};
	struct world *world = world_bound(&a);
	uint64_t last;

	await(world, &a, REQUEST, SECONDS * SECOND);
	cr_assert_eq(says_usual(world, NAK, &a), REASON_DHCP_HEARD);
	cr_assert(has(world, 0));
	cr_assert_eq(router_take_news(&world->r, 0), DHCP_NEWS_REFUSED);
	for (unsigned i = 0; i < 4; i++) {
		last = world->now;
		await(world, &a, DISCOVER, 70 * SECOND);
		cr_assert_gt(world->now - last, ((4u << i) - 1) * SECOND);
		says_usual(world, OFFER, &a);
		sent(world, &a, NULL);
		cr_assert_eq(says_usual(world, NAK, &a), REASON_DHCP_HEARD);
	}
	world_free(world);
}

Test(net_dhcp, an_address_that_somebody_has_is_declined)
{
	for (unsigned wants = 0; wants < 2; wants++) {
		struct asked a = {0};
		struct world *world = world_requesting(&a);
		struct frame *frame = frame_new();
		struct mac all = {{255, 255, 255, 255, 255, 255}};
		uint64_t last;

		says_usual(world, ACK, &a);
		frame_build_arp(frame, wants, peer_mac(7), wants ? all : router_mac(0), wants ? 0 : LEASED_IP,
				wants ? LEASED_IP : 0);
		world_input(world, 0, frame);
		pass(world, SECOND / 10);
		last = world->now;
		cr_assert_eq(sent(world, &a, &(unsigned){0}), 1);
		cr_assert(a.type == DECLINE && a.wanted == LEASED_IP && a.server == SERVER_IP && a.dst == ALL &&
			  !a.ciaddr && !a.secs);
		cr_assert_eq(router_take_news(&world->r, 0), DHCP_NEWS_TAKEN);
		await(world, &a, DISCOVER, 20 * SECOND);
		cr_assert_geq(world->now - last, 10 * SECOND);
		cr_assert(has(world, 0));
		frame_free(frame);
		world_free(world);
	}
}

Test(net_dhcp, who_asks_for_the_address_by_his_own_does_not_have_it)
{
	struct asked a = {0};
	struct world *world = world_requesting(&a);
	struct frame *frame = frame_new();

	says_usual(world, ACK, &a);
	frame_build_arp(frame, true, peer_mac(7), (struct mac){{255, 255, 255, 255, 255, 255}}, SERVER_IP, LEASED_IP);
	world_input(world, 0, frame);
	for (unsigned i = 0; i < 12; i++)
		pass(world, SECOND / 10);
	cr_assert(has(world, LEASED_IP));
	frame_free(frame);
	world_free(world);
}

Test(net_dhcp, a_server_that_offers_and_then_is_silent_is_left)
{
	struct asked a = {0};
	struct world *world = world_requesting(&a);
	uint32_t xid = a.xid;

	for (unsigned i = 0; i < 3; i++) {
		await(world, &a, REQUEST, 70 * SECOND);
		cr_assert_eq(a.xid, xid);
	}
	await(world, &a, DISCOVER, 70 * SECOND);
	cr_assert_neq(a.xid, xid);
	world_free(world);
}

/* Changes one thing of a good answer; it is then refused with @why, and nothing else happens. */
#define HOSTILE(change, why)                                                                                           \
	do {                                                                                                           \
		s = answer_to(OFFER, &a);                                                                              \
		change;                                                                                                \
		cr_assert_eq(says(world, &s), REASON_DHCP_##why, "%s: %s", #change,                                    \
			     reason_get_name(world->out.reason));                                                      \
		cr_assert_eq(sent(world, &other, NULL), 0, "%s", #change);                                             \
	} while (0)
#define MORE(...)                                                                                                      \
	do {                                                                                                           \
		const uint8_t more[] = {__VA_ARGS__};                                                                  \
		memcpy(s.more, more, sizeof more);                                                                     \
		s.more_len = sizeof more;                                                                              \
	} while (0)

Test(net_dhcp, hostile_answers_change_nothing)
{
	struct world *world = world_dhcp();
	struct asked a, other;
	struct answer s;

	await(world, &a, DISCOVER, 2 * SECOND);
	HOSTILE(s.xid++, IGNORED);
	HOSTILE(s.type = ACK, IGNORED);
	HOSTILE(s.type = NAK, IGNORED);
	HOSTILE(s.type = 9, IGNORED);
	HOSTILE(s.type = DISCOVER, IGNORED);
	HOSTILE(s.type = 0, INVALID);
	/* from whom and to whom */
	HOSTILE(s.mac_dst = peer_mac(5), SPOOF);
	HOSTILE(s.mac_src = router_mac(0), SPOOF);
	HOSTILE(s.mac_src.octets[0] |= 1, SPOOF);
	HOSTILE(s.src = ONE_IP, SPOOF);
	HOSTILE(s.src = IP(10, 0, 1, 1), SPOOF);
	HOSTILE(s.src = IP(127, 0, 0, 1), SPOOF);
	HOSTILE(s.src = 0, SPOOF);
	HOSTILE(s.src = IP(224, 0, 0, 1), SPOOF);
	HOSTILE(s.dst = IP(198, 51, 100, 99), SPOOF);
	HOSTILE(s.dst = ONE_IP, SPOOF);
	/* what is no address for an uplink */
	HOSTILE(s.addr = 0, IGNORED);
	HOSTILE(s.addr = IP(127, 0, 0, 5), IGNORED);
	HOSTILE(s.addr = IP(224, 0, 0, 5), IGNORED);
	HOSTILE(s.addr = ALL, IGNORED);
	HOSTILE(s.addr = IP(198, 51, 100, 0), IGNORED);
	HOSTILE(s.addr = IP(198, 51, 100, 255), IGNORED);
	HOSTILE((s.addr = ONE_IP, s.gateway = IP(10, 0, 1, 3)), IGNORED);
	HOSTILE((s.addr = IP(10, 0, 1, 9), s.gateway = 0), IGNORED);
	HOSTILE((s.addr = IP(10, 9, 9, 9), s.gateway = 0, s.mask = 0xff000000), IGNORED);
	HOSTILE((s.addr = IP(9, 9, 9, 9), s.gateway = 0, s.mask = 0x80000000), IGNORED);
	HOSTILE(s.gateway = IP(198, 51, 101, 1), IGNORED);
	HOSTILE(s.gateway = LEASED_IP, IGNORED);
	HOSTILE(s.gateway = IP(198, 51, 100, 255), IGNORED);
	HOSTILE(s.mask = 0, IGNORED);
	HOSTILE(s.mask = 0xff00ff00, INVALID);
	HOSTILE(s.seconds = 0, IGNORED);
	HOSTILE(s.seconds = 59, IGNORED);
	HOSTILE(s.server = 0, IGNORED);
	HOSTILE(s.server = IP(127, 0, 0, 1), IGNORED);
	HOSTILE(s.server = ONE_IP, IGNORED);
	HOSTILE(s.server = ALL, IGNORED);
	/* options */
	HOSTILE(MORE(52, 1, 1), INVALID);
	HOSTILE(MORE(1, 4, 255, 255, 255, 0), INVALID);
	HOSTILE(MORE(53, 1, 2), INVALID);
	HOSTILE(MORE(58, 3, 1, 1, 1), INVALID);
	HOSTILE(MORE(59, 0), INVALID);
	HOSTILE(MORE(6, 5, 1, 1, 1, 1, 1), INVALID);
	HOSTILE(MORE(6, 0), INVALID);
	HOSTILE(MORE(26, 4, 0, 0, 2, 9), INVALID);
	HOSTILE(MORE(99, 5, 1, 1), INVALID);
	HOSTILE(MORE(99, 255), INVALID);
	HOSTILE(MORE(99); s.cut = 1, INVALID);
	HOSTILE(MORE(53, 0); s.cut = 1; s.type = 0, INVALID);
	HOSTILE(s.cut = 29, INVALID);
	HOSTILE(s.cut = 200, INVALID);
	cr_assert(has(world, 0));
	/* and the good one still counts */
	s = answer_to(OFFER, &a);
	MORE(80, 0, 6, 4, 9, 9, 9, 9, 0, 0);
	cr_assert_eq(says(world, &s), REASON_DHCP_HEARD);
	cr_assert_eq(world->r.leases[0].client.lease.names[0], IP(9, 9, 9, 9));
	world_free(world);
}

Test(net_dhcp, a_wrong_checksum_is_refused_and_none_is_taken)
{
	struct world *world = world_dhcp();
	struct frame *frame = frame_new();
	struct asked a;
	struct answer s;
	struct spec spec = spec_from_outside(IP_PROTO_UDP, SERVER_IP, ALL, 67, 68);

	await(world, &a, DISCOVER, 2 * SECOND);
	spec.payload_len = 300;
	frame_build(frame, &spec);
	frame->bytes[60] ^= 1;
	world_input(world, 0, frame);
	cr_assert_eq(world->out.reason, REASON_DHCP_INVALID);
	frame_free(frame);
	s = answer_to(OFFER, &a);
	s.no_csum = true;
	cr_assert_eq(says(world, &s), REASON_DHCP_HEARD);
	world_free(world);
}

Test(net_dhcp, a_smaller_mtu_is_taken_within_bounds_and_goes_with_the_lease)
{
	static const struct {
		uint16_t told, used;
	} cases[] = {{1400, 1400}, {1280, 1280}, {1279, 1500}, {68, 1500}, {9000, 1500}, {0, 1500}};

	for (unsigned i = 0; i < 6; i++) {
		struct asked a = {0};
		struct world *world = world_requesting(&a);
		struct answer s = answer_to(ACK, &a);

		s.mtu = cases[i].told;
		says(world, &s);
		for (unsigned k = 0; k < 12; k++)
			pass(world, SECOND / 10);
		cr_assert_eq(world->r.iface[0].mtu, cases[i].used, "%u", cases[i].told);
		pass(world, SECONDS * SECOND);
		cr_assert_eq(world->r.iface[0].mtu, 1500);
		world_free(world);
	}
}

Test(net_dhcp, what_the_server_says_of_times_is_taken_where_it_makes_sense)
{
	static const struct {
		uint8_t renew, rebind; /* of 4000 s; times 16 */
		unsigned first;
	} cases[] = {{100, 200, 1600}, {200, 100, 2000}, {0, 100, 2000}, {1, 100, 2000}, {250, 251, 2000}};

	for (unsigned i = 0; i < 5; i++) {
		struct asked a = {0};
		struct world *world = world_requesting(&a);
		struct answer s = answer_to(ACK, &a);
		uint64_t asked = world->now;

		MORE(58, 4, 0, 0, cases[i].renew / 16, (uint8_t)(cases[i].renew * 16), 59, 4, 0, 0,
		     cases[i].rebind / 16, (uint8_t)(cases[i].rebind * 16));
		says(world, &s);
		await(world, &a, REQUEST, SECONDS * SECOND);
		cr_assert_eq((world->now - asked) / SECOND, cases[i].first, "%u", i);
		world_free(world);
	}
}

Test(net_dhcp, a_lease_without_end_does_not_end)
{
	struct asked a = {0};
	struct world *world = world_requesting(&a);
	struct answer s = answer_to(ACK, &a);

	s.seconds = ALL;
	says(world, &s);
	for (unsigned i = 0; i < 12; i++)
		pass(world, SECOND / 10);
	sent(world, &a, NULL);
	pass(world, 5000000000 * SECOND);
	cr_assert(has(world, LEASED_IP) && sent(world, &a, NULL) == 0);
	world_free(world);
}

Test(net_dhcp, without_a_client_nobody_listens_at_its_port)
{
	struct world *world = world_new("from net to router { publish udp 68 to two }", 16);
	struct answer s = answer_to(OFFER, &(struct asked){.xid = 1});

	cr_assert_eq(says(world, &s), REASON_NOT_UNICAST);
	s.mac_dst = router_mac(0);
	s.dst = UPLINK_IP;
	cr_assert_eq(says(world, &s), REASON_NONE, "it is published");
	pass(world, 5 * SECOND);
	cr_assert_eq(sent(world, &(struct asked){0}, NULL), 0);
	world_free(world);
}

Test(net_dhcp, questions_differ_from_router_to_router_and_from_time_to_time)
{
	struct world *one = world_dhcp(), *two = world_new_bare(16, 77);
	struct iface_config config = two->r.iface[0];
	struct asked a, b, c;

	config.v4 = (struct iface_net){.prefix_len = 0};
	config.dhcp = true;
	router_iface_clear(&two->r, 0);
	cr_assert(router_iface_set(&two->r, 0, &config));
	sent(two, &b, NULL);
	await(one, &a, DISCOVER, 2 * SECOND);
	await(two, &b, DISCOVER, 2 * SECOND);
	cr_assert_neq(a.xid, b.xid);
	says_usual(one, OFFER, &a);
	sent(one, &c, NULL);
	says_usual(one, NAK, &a);
	await(one, &c, DISCOVER, 10 * SECOND);
	cr_assert_neq(a.xid, c.xid);
	world_free(one);
	world_free(two);
}

Test(net_dhcp, only_an_uplink_without_an_address_has_a_client)
{
	struct world *world = world_new("", 16);
	struct iface_config config = world->r.iface[0];

	config.dhcp = true;
	router_iface_clear(&world->r, 0);
	cr_assert_not(router_iface_set(&world->r, 0, &config));
	config.v4 = config.v6 = (struct iface_net){.prefix_len = 0};
	cr_assert(router_iface_set(&world->r, 0, &config));
	config = world->r.iface[1];
	config.v4 = (struct iface_net){.prefix_len = 0};
	config.dhcp = true;
	router_iface_clear(&world->r, 1);
	cr_assert_not(router_iface_set(&world->r, 1, &config));
	world_free(world);
}
