// SPDX-License-Identifier: BSD-2-Clause
/* DHCP inside: interface 1 asks, interface 2 serves. What the relay passes on, as what, and what it does not. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/dhcp_relay.h"
#include "net_bytes.h"
#include "net_support.h"

#define MESSAGE 42u
#define OPTIONS (MESSAGE + 240u)
#define ALL 0xffffffffu
#define OWN_IP IP(10, 0, 1, 1) /* the router's at interface 1 */
#define CIRCUIT 1u

static const struct mac all_macs = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

/* A message, good as it is made; a test changes something of it. */
struct message {
	struct spec spec;
	uint8_t bytes[1200];
	uint32_t options; /* where the next one goes */
	uint32_t len;
};

static struct world *world_relay(void)
{
	struct world *world = world_new("from one to two { allow udp 53 }", 64);

	for (unsigned i = 1; i <= 2; i++) {
		struct iface_config config = world->r.iface[i];

		config.relay = i == 1 ? RELAY_CLIENT : RELAY_SERVER;
		router_iface_clear(&world->r, i);
		cr_assert(router_iface_set(&world->r, i, &config));
	}
	world_answer(world);
	return world;
}

static void option(struct message *m, uint8_t code, uint8_t len, const void *value)
{
	m->bytes[m->options] = code;
	m->bytes[m->options + 1] = len;
	memcpy(m->bytes + m->options + 2, value, len);
	m->options += 2u + len;
	m->bytes[m->options] = 255;
	m->len = m->options + 1 > 300 ? m->options + 1 : 300;
}

static void begin(struct message *m, uint8_t op, uint8_t type)
{
	memset(m->bytes, 0, sizeof m->bytes);
	memcpy(m->bytes, (uint8_t[]){op, 1, 6}, 3);
	put32(m->bytes + 4, 0x12345678);
	memcpy(m->bytes + 28, peer_mac(1).octets, 6);
	put32(m->bytes + 236, 0x63825363);
	m->options = 240;
	option(m, 53, 1, &type);
}

static void request_make(struct message *m, uint8_t type)
{
	m->spec = spec_from_inner(1, IP_PROTO_UDP, ALL, 68, 67);
	m->spec.src = 0;
	m->spec.mac_dst = all_macs;
	m->spec.no_csum = 1;
	begin(m, 1, type);
	option(m, 12, 3, "one");
}

static void answer_make(struct message *m, uint8_t type)
{
	m->spec = spec_from_inner(2, IP_PROTO_UDP, OWN_IP, 67, 67);
	m->spec.no_csum = 1;
	begin(m, 2, type);
	put32(m->bytes + 16, type == NAK ? 0 : ONE_IP);
	put32(m->bytes + 24, OWN_IP);
	m->bytes[3] = 1;
	option(m, 1, 4, "\xff\xff\xff\0");
	option(m, 82, 3, (uint8_t[]){1, 1, CIRCUIT});
	option(m, 51, 4, "\0\0\1\0");
}

static enum verdict send(struct world *world, unsigned in_if, struct frame *f, struct message *m)
{
	m->spec.payload_len = m->len;
	frame_build(f, &m->spec);
	memcpy(f->bytes + MESSAGE, m->bytes, m->len);
	return world_input(world, in_if, f);
}

/* The one option @code of the message in @f, all options being good; NULL: there is none. */
static const uint8_t *option_find(const struct frame *f, uint8_t code)
{
	const uint8_t *at = f->bytes + OPTIONS, *end = f->bytes + f->pkt.len, *found = NULL;

	while (at < end && *at != 255) {
		if (*at == code) {
			cr_assert_null(found, "twice");
			found = at;
		}
		at += *at ? at[1] + 2 : 1;
	}
	cr_assert(at < end, "no end");
	return found;
}

/* It leaves at @out_if, from @src to @dst, by ports @sport and @dport, with right checksums. */
static void leaves(const struct world *world, const struct frame *f, unsigned out_if, uint32_t dst, uint16_t dport,
		   struct mac mac)
{
	struct spec spec;

	cr_assert(frame_read(f, &spec) && get16(f->bytes + 40) != 0);
	cr_assert_eq(world->out.out_if, out_if);
	cr_assert(spec.src == OWN_IP && spec.dst == dst && spec.sport == 67 && spec.dport == dport);
	cr_assert(mac_equal(spec.mac_src, router_mac(out_if)) && mac_equal(spec.mac_dst, mac));
	cr_assert(f->pkt.flags == 0 && f->pkt.len >= MESSAGE + 300);
}

/* Has the relay one question open, so that an answer may pass. */
static void ask(struct world *world, struct frame *f)
{
	static struct message m;

	request_make(&m, DISCOVER);
	cr_assert_eq(send(world, 1, f, &m), VERDICT_FORWARD);
	world->now += 4 * SECOND;
}

Test(net_relay, a_question_goes_to_the_server_with_the_link_that_it_came_from)
{
	static const uint8_t types[] = {DISCOVER, REQUEST, DECLINE, RELEASE, INFORM};
	static struct message m;
	struct world *world = world_relay();
	struct frame *f = frame_new();

	for (unsigned i = 0; i < sizeof types; i++) {
		request_make(&m, types[i]);
		cr_assert_eq(send(world, 1, f, &m), VERDICT_FORWARD);
		leaves(world, f, 2, TWO_IP, 67, peer_mac(2));
		cr_assert(f->bytes[MESSAGE + 3] == 1 && get32(f->bytes + MESSAGE + 24) == OWN_IP);
		cr_assert(!memcmp(option_find(f, 82), "\x52\3\1\1\1", 5) && option_find(f, 53)[2] == types[i]);
		cr_assert(!memcmp(option_find(f, 12), "\x0c\3one", 5));
	}
	frame_free(f);
	world_free(world);
}

Test(net_relay, an_extension_may_go_to_the_server_itself_or_to_us_and_no_rule_is_asked)
{
	static const uint32_t to[] = {TWO_IP, OWN_IP};
	static struct message m;
	struct world *world = world_relay();
	struct frame *f = frame_new();

	for (unsigned i = 0; i < 2; i++) {
		request_make(&m, REQUEST);
		m.spec = spec_from_inner(1, IP_PROTO_UDP, to[i], 68, 67);
		m.spec.no_csum = 1;
		put32(m.bytes + 12, ONE_IP);
		cr_assert_eq(send(world, 1, f, &m), VERDICT_FORWARD);
		leaves(world, f, 2, TWO_IP, 67, peer_mac(2));
		cr_assert_eq(get32(f->bytes + MESSAGE + 12), ONE_IP);
	}
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	frame_free(f);
	world_free(world);
}

Test(net_relay, a_long_message_of_options_has_room_for_one_more)
{
	static struct message m;
	struct world *world = world_relay();
	struct frame *f = frame_new();
	uint8_t value[254] = {0};

	request_make(&m, DISCOVER);
	option(&m, 60, 254, value);
	option(&m, 61, 254, value);
	option(&m, 77, 250, value);
	cr_assert_eq(send(world, 1, f, &m), VERDICT_FORWARD);
	leaves(world, f, 2, TWO_IP, 67, peer_mac(2));
	cr_assert(!memcmp(option_find(f, 82), "\x52\3\1\1\1", 5) && f->pkt.len == MESSAGE + m.len + 5);
	option(&m, 78, 20, value);
	cr_assert_eq(send(world, 1, f, &m), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_DHCP_INVALID);
	frame_free(f);
	world_free(world);
}

Test(net_relay, an_answer_goes_to_the_link_without_what_was_said_of_it)
{
	static const uint8_t types[] = {OFFER, ACK, NAK};
	static struct message m;
	struct world *world = world_relay();
	struct frame *f = frame_new();

	for (unsigned i = 0; i < 2 * sizeof types; i++) {
		bool to_all = i & 1 || types[i / 2] == NAK;

		ask(world, f);
		answer_make(&m, types[i / 2]);
		m.bytes[10] = i & 1 ? 0x80 : 0;
		cr_assert_eq(send(world, 2, f, &m), VERDICT_FORWARD);
		leaves(world, f, 1, to_all ? ALL : ONE_IP, 68, to_all ? all_macs : peer_mac(1));
		cr_assert(!option_find(f, 82) && !memcmp(option_find(f, 51) + 2, "\0\0\1\0", 4));
		cr_assert(!memcmp(option_find(f, 1) + 2, "\xff\xff\xff\0", 4));
	}
	ask(world, f); /* what INFORM is answered with */
	answer_make(&m, ACK);
	put32(m.bytes + 16, 0);
	put32(m.bytes + 12, ONE_IP);
	cr_assert_eq(send(world, 2, f, &m), VERDICT_FORWARD);
	leaves(world, f, 1, ONE_IP, 68, peer_mac(1));
	frame_free(f);
	world_free(world);
}

/* Sends @change of a good question, which is dropped for @why. */
#define FORGED(name, why, change)                                                                                      \
	Test(net_relay, a_question_##name##_is_dropped)                                                                \
	{                                                                                                              \
		static struct message m;                                                                               \
		struct world *world = world_relay();                                                                   \
		struct frame *f = frame_new();                                                                         \
		request_make(&m, REQUEST);                                                                             \
		cr_assert_eq(send(world, 1, f, &m), VERDICT_FORWARD);                                                  \
		change;                                                                                                \
		cr_assert_eq(send(world, 1, f, &m), VERDICT_DROP);                                                     \
		cr_assert_eq(world->out.reason, why, "%s", reason_get_text(world->out.reason));                        \
		cr_assert_eq(world->r.reasons[why], 1);                                                                \
		frame_free(f);                                                                                         \
		world_free(world);                                                                                     \
	}

FORGED(of_another_station, REASON_DHCP_SPOOF, m.bytes[33] ^= 1)
FORGED(from_another_station, REASON_DHCP_SPOOF, m.spec.mac_src.octets[5] ^= 1)
FORGED(to_another_station, REASON_DHCP_SPOOF, m.spec.mac_dst = peer_mac(2))
FORGED(of_another_address, REASON_DHCP_SPOOF, put32(m.bytes + 12, TWO_IP))
FORGED(from_another_address, REASON_DHCP_SPOOF, m.spec.src = TWO_IP)
FORGED(by_another_relay, REASON_DHCP_SPOOF, put32(m.bytes + 24, OWN_IP))
FORGED(after_a_hop, REASON_DHCP_SPOOF, m.bytes[3] = 1)
FORGED(with_a_circuit, REASON_DHCP_SPOOF, option(&m, 82, 3, "\1\1\2"))
FORGED(of_another_kind_of_link, REASON_DHCP_INVALID, m.bytes[1] = 6)
FORGED(with_a_long_station, REASON_DHCP_INVALID, m.bytes[2] = 16)
FORGED(that_is_an_answer, REASON_DHCP_INVALID, m.bytes[0] = 2)
FORGED(without_a_cookie, REASON_DHCP_INVALID, m.bytes[236] ^= 1)
FORGED(of_a_servers_type, REASON_DHCP_INVALID, m.bytes[242] = ACK)
FORGED(of_no_type, REASON_DHCP_INVALID, m.bytes[240] = 54)
FORGED(with_a_long_type, REASON_DHCP_INVALID, m.bytes[241] = 2)
FORGED(with_two_types, REASON_DHCP_INVALID, option(&m, 53, 1, "\1"))
FORGED(with_options_elsewhere, REASON_DHCP_INVALID, option(&m, 52, 1, "\3"))
FORGED(whose_options_do_not_end, REASON_DHCP_INVALID, m.len = m.options)
FORGED(cut_in_an_option, REASON_DHCP_INVALID, m.len = m.options - 1)
FORGED(cut_behind_a_code, REASON_DHCP_INVALID, m.len = m.options - 4)
FORGED(without_options, REASON_DHCP_INVALID, m.len = 240)

/* Likewise of a good answer to a question. */
#define FOREIGN(name, why, change)                                                                                     \
	Test(net_relay, an_answer_##name##_is_dropped)                                                                 \
	{                                                                                                              \
		static struct message m;                                                                               \
		struct world *world = world_relay();                                                                   \
		struct frame *f = frame_new();                                                                         \
		ask(world, f);                                                                                         \
		answer_make(&m, OFFER);                                                                                \
		change;                                                                                                \
		cr_assert_eq(send(world, 2, f, &m), VERDICT_DROP);                                                     \
		cr_assert_eq(world->out.reason, why, "%s", reason_get_text(world->out.reason));                        \
		answer_make(&m, OFFER);                                                                                \
		cr_assert_eq(send(world, 2, f, &m), VERDICT_FORWARD);                                                  \
		frame_free(f);                                                                                         \
		world_free(world);                                                                                     \
	}

FOREIGN(with_anothers_address, REASON_DHCP_ANSWER, put32(m.bytes + 16, TWO_IP))
FOREIGN(with_no_address, REASON_DHCP_ANSWER, put32(m.bytes + 16, 0))
FOREIGN(by_another_relay, REASON_DHCP_ANSWER, put32(m.bytes + 24, TWO_IP))
FOREIGN(for_another_station, REASON_DHCP_ANSWER, m.bytes[30] ^= 1)
FOREIGN(for_another_circuit, REASON_DHCP_ANSWER, m.bytes[253] ^= 3)
FOREIGN(without_a_circuit, REASON_DHCP_ANSWER, m.bytes[249] = 83)
FOREIGN(with_a_short_circuit, REASON_DHCP_ANSWER, memset(m.bytes + 250, 0, 4))
FOREIGN(with_two_circuits, REASON_DHCP_INVALID, option(&m, 82, 3, "\1\1\1"))
FOREIGN(of_a_clients_type, REASON_DHCP_ANSWER, m.bytes[242] = REQUEST)
FOREIGN(that_is_a_question, REASON_DHCP_INVALID, m.bytes[0] = 1)
FOREIGN(with_options_elsewhere, REASON_DHCP_INVALID, option(&m, 52, 1, "\1"))
FOREIGN(from_another_address, REASON_DHCP_SPOOF, m.spec.src = ONE_IP)
FOREIGN(from_no_address, REASON_DHCP_SPOOF, m.spec.src = 0)
FOREIGN(that_refuses_with_an_address, REASON_DHCP_ANSWER, m.bytes[242] = NAK)

Test(net_relay, who_floods_is_held_and_others_and_later_questions_are_not)
{
	static struct message m;
	struct world *world = world_relay();
	struct frame *f = frame_new();
	unsigned passed = 0;

	for (unsigned i = 0; i < 1000; i++) {
		request_make(&m, DISCOVER);
		passed += send(world, 1, f, &m) == VERDICT_FORWARD;
	}
	cr_assert_eq(passed, RELAY_BURST);
	cr_assert_eq(world->r.reasons[REASON_DHCP_LIMIT], 1000 - RELAY_BURST);
	world->now += SECOND;
	for (unsigned i = 0; i < 10; i++) {
		request_make(&m, DISCOVER);
		passed += send(world, 1, f, &m) == VERDICT_FORWARD;
	}
	cr_assert_eq(passed, RELAY_BURST + RELAY_RATE);
	frame_free(f);
	world_free(world);
}

Test(net_relay, nobody_hears_an_answer_who_has_not_asked)
{
	static struct message m;
	struct world *world = world_relay();
	struct frame *f = frame_new();

	ask(world, f);
	answer_make(&m, OFFER);
	cr_assert_eq(send(world, 2, f, &m), VERDICT_FORWARD);
	answer_make(&m, ACK);
	cr_assert_eq(send(world, 2, f, &m), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_DHCP_ANSWER);
	frame_free(f);
	world_free(world);
}

Test(net_relay, only_an_interface_that_asks_and_one_that_serves_are_relayed)
{
	static struct message m;
	struct world *world = world_new("from one to two { allow udp 53 }", 64);
	struct frame *f = frame_new();

	request_make(&m, DISCOVER); /* nobody asks here */
	cr_assert_eq(send(world, 1, f, &m), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_NOT_UNICAST);
	world_free(world);

	world = world_relay();
	answer_make(&m, OFFER); /* who asks does not answer */
	m.spec = spec_from_inner(1, IP_PROTO_UDP, OWN_IP, 67, 67);
	cr_assert_eq(send(world, 1, f, &m), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_POLICY_DEFAULT);
	request_make(&m, DISCOVER); /* who answers does not ask */
	m.spec.mac_src = peer_mac(2);
	m.spec.mac_dst = router_mac(2);
	cr_assert_eq(send(world, 2, f, &m), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_IP_BOGON);
	request_make(&m, REQUEST); /* another server is a matter of the rules */
	m.spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 68, 67);
	m.spec.no_csum = 1;
	cr_assert_eq(send(world, 1, f, &m), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_POLICY_DEFAULT);
	router_iface_clear(&world->r, 2);
	request_make(&m, DISCOVER);
	cr_assert_eq(send(world, 1, f, &m), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_NO_ROUTE);
	frame_free(f);
	world_free(world);
}

/* The server asks us what the uplink was told: interface 0 has a lease with @names. */
static void inform_make(struct world *world, struct message *m, const uint32_t names[3])
{
	struct dhcp *client = &world->r.leases[0].client;

	world->r.iface[0].dhcp = true;
	client->state = DHCP_BOUND;
	memcpy(client->lease.names, names, sizeof client->lease.names);
	request_make(m, INFORM);
	m->spec = spec_from_inner(2, IP_PROTO_UDP, IP(10, 0, 2, 1), 68, 67);
	m->spec.no_csum = 1;
	put32(m->bytes + 12, TWO_IP);
}

Test(net_relay, the_server_is_told_the_name_servers_of_the_uplink_that_are_outside)
{
	static const uint32_t names[3] = {FAR_IP, ONE_IP, GATEWAY_IP}, none[3] = {0};
	static struct message m;
	struct world *world = world_relay();
	struct frame *f = frame_new();
	struct spec spec;

	inform_make(world, &m, names);
	memset(m.bytes + 100, 7, 100);
	cr_assert_eq(send(world, 2, f, &m), VERDICT_REPLY);
	cr_assert(frame_read(f, &spec) && get16(f->bytes + 40) != 0 && world->out.out_if == 2);
	cr_assert(spec.src == IP(10, 0, 2, 1) && spec.dst == TWO_IP && spec.sport == 67 && spec.dport == 68);
	cr_assert(mac_equal(spec.mac_src, router_mac(2)) && mac_equal(spec.mac_dst, peer_mac(2)));
	cr_assert(f->bytes[MESSAGE] == 2 && get32(f->bytes + MESSAGE + 4) == 0x12345678 && !f->bytes[MESSAGE + 100]);
	cr_assert(get32(f->bytes + MESSAGE + 12) == TWO_IP && !get32(f->bytes + MESSAGE + 16));
	cr_assert(option_find(f, 53)[2] == ACK && get32(option_find(f, 54) + 2) == IP(10, 0, 2, 1));
	cr_assert(option_find(f, 6)[1] == 8 && get32(option_find(f, 6) + 2) == FAR_IP);
	cr_assert_eq(get32(option_find(f, 6) + 6), GATEWAY_IP);
	inform_make(world, &m, none);
	cr_assert_eq(send(world, 2, f, &m), VERDICT_REPLY);
	cr_assert(!option_find(f, 6) && !option_find(f, 12));
	inform_make(world, &m, names);
	world->r.leases[0].client.state = DHCP_SELECTING;
	cr_assert_eq(send(world, 2, f, &m), VERDICT_REPLY);
	cr_assert(!option_find(f, 6), "no lease");
	frame_free(f);
	world_free(world);
}

Test(net_relay, the_server_is_told_nothing_else_and_nobody_else_is)
{
	static const uint32_t names[3] = {FAR_IP};
	static const enum reason why[] = {REASON_DHCP_INVALID, REASON_DHCP_SPOOF, REASON_DHCP_SPOOF, REASON_DHCP_SPOOF,
					  REASON_POLICY_DEFAULT};
	static struct message m;
	struct world *world = world_relay();
	struct frame *f = frame_new();

	for (unsigned i = 0; i < 5; i++) {
		inform_make(world, &m, names);
		switch (i) {
		case 0: m.bytes[242] = REQUEST; break;
		case 1: put32(m.bytes + 12, ONE_IP); break;
		case 2: put32(m.bytes + 24, OWN_IP); break;
		case 3: m.spec.src = ONE_IP; break;
		case 4: m.spec.sport = 69; break;
		}
		cr_assert_eq(send(world, 2, f, &m), VERDICT_DROP);
		cr_assert_eq(world->out.reason, why[i], "%u: %s", i, reason_get_text(world->out.reason));
	}
	for (unsigned i = 0; i < 100; i++) {
		inform_make(world, &m, names);
		cr_assert(send(world, 2, f, &m) == VERDICT_REPLY || world->out.reason == REASON_DHCP_LIMIT);
	}
	cr_assert_gt(world->r.reasons[REASON_DHCP_LIMIT], 90);
	frame_free(f);
	world_free(world);
}

Test(net_relay, what_is_not_whole_or_has_a_wrong_checksum_is_dropped)
{
	static struct message m;
	struct world *world = world_relay();
	struct frame *f = frame_new();

	request_make(&m, DISCOVER);
	m.spec.payload_len = m.len;
	frame_build(f, &m.spec);
	memcpy(f->bytes + MESSAGE, m.bytes, m.len);
	put16(f->bytes + 40, 0x1234);
	cr_assert_eq(world_input(world, 1, f), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_DHCP_INVALID);
	m.spec.payload_len = m.len;
	frame_build(f, &m.spec);
	memcpy(f->bytes + MESSAGE, m.bytes, m.len);
	f->pkt.head_len = 300;
	cr_assert_eq(world_input(world, 1, f), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_DHCP_INVALID);
	frame_free(f);
	world_free(world);
}

Test(net_relay, no_byte_behind_a_message_is_read)
{
	static const struct dhcp_relay_link link = {.addr = ONE_IP, .own = OWN_IP, .circuit = CIRCUIT};
	static struct message m;
	uint32_t to;

	for (unsigned answer = 0; answer < 2; answer++) {
		if (answer)
			answer_make(&m, ACK);
		else
			request_make(&m, REQUEST);
		for (uint32_t cut = 0; cut <= m.options; cut++) {
			uint8_t *exact = malloc(cut + 1) /* the sanitizer watches its end */;
			uint32_t len = cut;

			memcpy(exact + 1, m.bytes, cut);
			cr_assert_eq(answer ? dhcp_relay_answer(exact + 1, &len, &link, &to)
					    : dhcp_relay_request(exact + 1, &len, &link),
				     REASON_DHCP_INVALID, "%u bytes", cut);
			free(exact);
		}
	}
}

Test(net_relay, only_an_inner_interface_with_ipv4_asks_or_serves)
{
	struct world *world = world_relay();
	struct iface_config config = world->r.iface[1], two = world->r.iface[2], uplink = world->r.iface[0];

	router_iface_clear(&world->r, 1);
	config.v4 = (struct iface_net){.prefix_len = 0};
	cr_assert(!router_iface_set(&world->r, 1, &config));
	config.relay = RELAY_NONE;
	cr_assert(router_iface_set(&world->r, 1, &config));
	router_iface_clear(&world->r, 2);
	two.relay = RELAY_SERVER + 1;
	cr_assert(!router_iface_set(&world->r, 2, &two));
	router_iface_clear(&world->r, 0);
	uplink.relay = RELAY_CLIENT;
	cr_assert(!router_iface_set(&world->r, 0, &uplink));
	world_free(world);
}
