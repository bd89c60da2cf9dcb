// SPDX-License-Identifier: BSD-2-Clause
/* The client's messages read, and the server's built, byte by byte. */
#include "net_dhcp.h"

#include <criterion/criterion.h>
#include <string.h>

#include "net_bytes.h"

#define MESSAGE 42u /* where it begins in a frame */
#define OPTIONS (MESSAGE + 240u)

struct world *world_dhcp(void)
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

const struct iface_net *uplink_net(const struct world *world)
{
	return &world->r.iface[0].v4;
}

bool uplink_has(const struct world *world, uint32_t addr)
{
	return addr ? ip_addr_equal(uplink_net(world)->addr, ip_addr_from_v4(addr))
		    : ip_addr_is_unspecified(uplink_net(world)->addr);
}

void world_pass(struct world *world, uint64_t ns)
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

unsigned client_sent(struct world *world, struct asked *a, unsigned *probes)
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

void client_says(struct world *world, struct asked *a, uint8_t type, uint64_t ns)
{
	uint64_t end = world->now + ns;

	while (world->now < end) {
		world_pass(world, SECOND / 10);
		if (client_sent(world, a, NULL)) {
			cr_assert_eq(a->type, type);
			return;
		}
	}
	cr_assert_fail("no message of type %u", type);
}

struct answer server_answer(uint8_t type, const struct asked *a)
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

enum reason server_says(struct world *world, const struct answer *s)
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

enum reason server_says_usual(struct world *world, uint8_t type, const struct asked *a)
{
	struct answer s = server_answer(type, a);

	return server_says(world, &s);
}

struct world *world_requesting(struct asked *a)
{
	struct world *world = world_dhcp();

	client_says(world, a, DISCOVER, 2 * SECOND);
	cr_assert_eq(server_says_usual(world, OFFER, a), REASON_DHCP_HEARD);
	cr_assert_eq(client_sent(world, a, NULL), 1);
	cr_assert_eq(a->type, REQUEST);
	return world;
}

struct world *world_bound(struct asked *a)
{
	struct world *world = world_requesting(a);

	cr_assert_eq(server_says_usual(world, ACK, a), REASON_DHCP_HEARD);
	for (unsigned i = 0; i < 12; i++)
		world_pass(world, SECOND / 10);
	cr_assert(uplink_has(world, LEASED_IP));
	client_sent(world, a, NULL);
	return world;
}
