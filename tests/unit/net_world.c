// SPDX-License-Identifier: BSD-2-Clause
/* The small world around one router that net_support.h describes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_bytes.h"
#include "net_support.h"

/* Host number @host on the IPv6 link of interface @index. */
static struct ip_addr world_v6(unsigned index, uint8_t host)
{
	return (struct ip_addr){{0x20, 0x01, 0x0d, 0xb8, index ? 0 : 1, (uint8_t)index, [15] = host}};
}

static void world_set_ifaces(struct world *world)
{
	for (unsigned i = 0; i < 3; i++) {
		struct iface_config config = {
			.kind = i == 0 ? IFACE_UPLINK : IFACE_INNER,
			.mac = router_mac(i),
			.v4 = {.addr = ip_addr_from_v4(i == 0 ? UPLINK_IP : IP(10, 0, i, 1)),
			       .peer = ip_addr_from_v4(i == 0 ? GATEWAY_IP : IP(10, 0, i, 2)),
			       .prefix_len = 24},
			.v6 = {.addr = world_v6(i, i == 0 ? 0x10 : 1),
			       .peer = world_v6(i, i == 0 ? 1 : 2),
			       .prefix_len = 64},
			.mtu = 1500,
		};

		if (i > 0) {
			config.peer_mac = peer_mac(i);
			config.peer_id = 1000 + i;
		}
		cr_assert(router_iface_set(&world->r, i, &config));
	}
}

/* The gateway becomes known as in life: a packet waits, the request is answered. */
static void world_learn_gateway(struct world *world)
{
	struct mac mac;
	uint16_t hold;

	neighbour_resolve(&world->r.neighbours, 0, ip_addr_from_v4(GATEWAY_IP), true, world->now, &mac, &hold);
	world_answer(world);
	cr_assert_eq(world->r.reasons[REASON_ARP_REPLY], 1);
}

static void *fragments_lend(void *arg, size_t bytes)
{
	(void)arg;
	return malloc(bytes);
}

static void fragments_take_back(void *arg, void *memory, size_t bytes)
{
	(void)arg, (void)bytes;
	free(memory);
}

struct world *world_new_bare(uint32_t flows, uint64_t seed)
{
	struct world *world = calloc(1, sizeof(*world));
	size_t len = router_get_memory_size(flows);

	world->memory = malloc(len);
	world->now = 1000 * SECOND;
	cr_assert(router_init(&world->r, world->memory, len, (struct router_seed){{seed, 2}}));
	router_set_lender(&world->r, (struct router_lender){fragments_lend, fragments_take_back, NULL});
	world_set_ifaces(world);
	world_learn_gateway(world);
	return world;
}

void *world_reload(struct world *world, const char *blocks)
{
	char text[4096];
	size_t len;
	void *table;

	snprintf(text, sizeof(text), "%s%s", WORLD_INTERFACES, blocks);
	table = rules_new(text, &len);
	cr_assert(router_rules_set(&world->r, &world->stage, table, len, NULL, NULL));
	free(world->rules);
	world->rules = table;
	return table;
}

struct world *world_new(const char *blocks, uint32_t flows)
{
	struct world *world = world_new_bare(flows, 1);

	world_reload(world, blocks);
	return world;
}

/* The number of each rule stands behind it. */
struct world *world_new_usual(void)
{
	return world_new("from net to router {\n"
			 "	publish tcp 80 to one port 8080\n" /* 0 */
			 "	publish udp 53 to two\n"           /* 1 */
			 "	allow icmp\n"                      /* 2 */
			 "}\n"
			 "from inner to router { allow icmp }\n" /* 3 */
			 "from one to two { allow tcp 5432 }\n"  /* 4 */
			 "from two to one { reject any }\n"      /* 5 */
			 "from inner to net { nat any }\n",      /* 6 */
			 256);
}

void world_free(struct world *world)
{
	free(world->r.fragments->blocks);
	free(world->memory);
	free(world->rules);
	free(world->area);
	free(world);
}

enum verdict world_input(struct world *world, unsigned in_if, struct frame *frame)
{
	return router_input(&world->r, in_if, &frame->pkt, world->now, &world->out);
}

enum verdict world_send(struct world *world, unsigned in_if, struct frame *frame, const struct spec *spec)
{
	frame_build(frame, spec);
	return world_input(world, in_if, frame);
}

void world_fares(struct world *world, unsigned in_if, const struct spec *spec, enum verdict verdict, enum reason reason)
{
	struct frame *frame = frame_new();

	cr_expect_eq(world_send(world, in_if, frame, spec), verdict);
	cr_expect_eq(world->out.reason, reason, "%s instead of %s", reason_get_name(world->out.reason),
		     reason_get_name(reason));
	frame_free(frame);
}

void world_drops(struct world *world, unsigned in_if, const struct spec *spec, enum reason reason)
{
	uint64_t before = world->r.reasons[reason];

	world_fares(world, in_if, spec, VERDICT_DROP, reason);
	cr_expect_eq(world->r.reasons[reason], before + 1);
}

void world_answer(struct world *world)
{
	struct router_event event;
	struct frame *frame = frame_new();

	while (router_event_next(&world->r, &event)) {
		if (event.kind != EVENT_SEND || get32(event.frame + 38) != GATEWAY_IP)
			continue;
		frame_build_arp(frame, false, gateway_mac(), router_mac(0), GATEWAY_IP, UPLINK_IP);
		world_input(world, 0, frame);
	}
	frame_free(frame);
}
