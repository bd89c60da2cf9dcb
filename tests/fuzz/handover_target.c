/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A journal of flows with any contents, and, since a check is hard to guess, such with all checks right: a router takes it over
 * and has its policy decide. What is left are flows that the policy would have let anybody open, by a list of them that is
 * written out here; the table counts as it should, and packets of these flows pass.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>
#include <net/core/handover.h>
#include <tools/cambium/claims.h>
#include <tools/cambium/compile.h>

#define RECORDS 8u
#define AREA (sizeof(struct handover_header) + RECORDS * sizeof(struct handover_record))
#define NOW (1000 * SECOND)
#define SECOND 1000000000ull

#define V4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define OUR V4(198, 51, 100, 10)
#define GATEWAY V4(198, 51, 100, 1)
#define ONE V4(10, 0, 1, 2)
#define TWO V4(10, 0, 2, 2)
#define FAR V4(203, 0, 113, 77)

static const char policy_text[] = "interface net = uplink 0 address 198.51.100.10/24 gateway 198.51.100.1\n"
				  "interface one = inner 1 address 10.0.1.1/24 peer 10.0.1.2\n"
				  "interface two = inner 2 address 10.0.2.1/24 peer 10.0.2.2\n"
				  "from net to router { publish tcp 80 to one port 8080 publish udp 53 to two }\n"
				  "from one to two { allow tcp 5432 }\n"
				  "from inner to net { nat any }\n";

static struct mac mac_of(unsigned iface, unsigned end)
{
	return (struct mac){{2, 0, 0, 0, (uint8_t)iface, (uint8_t)end}};
}

static void ifaces_set(struct router *r)
{
	for (unsigned i = 0; i < 3; i++) {
		struct iface_config config = {
			.kind = i ? IFACE_INNER : IFACE_UPLINK,
			.mac = mac_of(i, 1),
			.peer_mac = mac_of(i, 2),
			.v4 = {.addr = ip_addr_from_v4(i ? V4(10, 0, i, 1) : OUR),
			       .peer = ip_addr_from_v4(i ? V4(10, 0, i, 2) : GATEWAY),
			       .prefix_len = 24},
			.mtu = 1500,
			.peer_id = i ? 1000 + i : 0,
		};

		cr_assert(router_iface_set(r, i, &config));
	}
}

struct world {
	struct router r;
	uint8_t area[AREA] __attribute__((aligned(8)));
};

/* The only world there is, anew: to have it made each time would take most of the time. */
static struct world *world_new(void)
{
	static struct world world;
	static void *memory;
	size_t len = router_get_memory_size(RECORDS);

	if (!memory)
		memory = malloc(len);
	memset(world.area, 0, AREA);
	cr_assert(router_init(&world.r, memory, len, (struct router_seed){{9, 2}}));
	ifaces_set(&world.r);
	return &world;
}

static void rules_give(struct router *r)
{
	static struct rules_stage stage;
	static void *table;
	static size_t len;
	struct router_event event;

	if (!table) {
		struct report report = {.file = "rules", .text = policy_text, .len = sizeof policy_text - 1};
		struct policy *policy = policy_read(&report);

		table = policy_compile(policy, &report, &len);
		policy_free(policy);
	}
	cr_assert(router_rules_set(r, &stage, table, len, NULL, NULL));
	while (router_review(r, NOW, 3))
		while (router_event_next(r, &event))
			;
	journal_settle(&r->flows.journal);
}

/* The first byte of an input: what is made right of what follows. */
#define RIGHT_HEADER 1u
#define RIGHT_CHECKS 2u

static void area_right(uint8_t *area, unsigned what)
{
	struct handover_header header = {.magic = HANDOVER_MAGIC,
					 .version = HANDOVER_VERSION,
					 .record_bytes = sizeof(struct handover_record),
					 .record_count = RECORDS,
					 .state = HANDOVER_KEPT};
	struct handover_record *records = (struct handover_record *)(void *)(area + sizeof header);

	if (what & RIGHT_HEADER)
		memcpy(area, &header, sizeof header);
	for (uint32_t i = 0; i < RECORDS && what & RIGHT_CHECKS; i++)
		records[i].check = journal_check(&records[i], i);
}

static bool addr_is(struct ip_addr addr, uint32_t v4)
{
	return ip_addr_equal(addr, ip_addr_from_v4(v4));
}

/* Is @flow one of those that the policy lets be? */
static bool is_usual(const struct flow *flow)
{
	const struct flow_tuple *a = &flow->tuple[0], *b = &flow->tuple[1];
	bool tcp = a->proto == IP_PROTO_TCP, mirror = ip_addr_equal(a->src, b->dst) && a->sport == b->dport;

	if (flow->iface[0] == 0 && mirror && addr_is(a->dst, OUR))
		return tcp ? a->dport == 80 && flow->iface[1] == 1 && addr_is(b->src, ONE) && b->sport == 8080
			   : a->dport == 53 && flow->iface[1] == 2 && addr_is(b->src, TWO) && b->sport == 53;
	if (flow->iface[0] == 1 && flow->iface[1] == 2)
		return tcp && mirror && addr_is(a->src, ONE) && addr_is(b->src, TWO) && a->dport == 5432 &&
		       b->sport == 5432 && addr_is(a->dst, TWO);
	return flow->iface[1] == 0 && b->dport != (tcp ? 80 : 53) && addr_is(a->src, flow->iface[0] == 1 ? ONE : TWO) &&
	       ip_addr_equal(a->dst, b->src) && a->dport == b->sport && addr_is(b->dst, OUR);
}

static void judge(struct router *r)
{
	struct conntrack *ct = &r->flows;
	struct handover_record record;
	uint32_t used = 0, recorded = 0;

	for (uint32_t i = 0; i < ct->capacity; i++) {
		const struct flow *flow = &ct->flows[i];
		struct flow_ref ref;

		if (!flow->in_use)
			continue;
		used++;
		cr_assert(is_usual(flow));
		cr_assert(flow->deadline > NOW && flow->deadline <= NOW + FLOW_TIMEOUT_ESTABLISHED * SECOND);
		for (unsigned d = 0; d < 2; d++)
			cr_assert(conntrack_find(ct, &flow->tuple[d], NOW, &ref) && ref.index == i && ref.dir == d);
		cr_assert(journal_read(&ct->journal, i, &record) == JOURNAL_FLOW);
	}
	for (uint32_t i = 0; i < ct->journal.count; i++)
		recorded += journal_read(&ct->journal, i, &record) == JOURNAL_FLOW;
	cr_assert(used == ct->count && recorded == used);
}

/* A packet of @flow from end @d, with the numbers at hand. */
static void packet_send(struct router *r, const struct flow *flow, unsigned d, uint8_t flags)
{
	const struct flow_tuple *tuple = &flow->tuple[d];
	uint8_t frame[ETH_HEADER_LEN + 40] = {[12] = 8, [14] = 0x45, [17] = 40, [22] = 64}, *ip = frame + 14,
				       *l4 = ip + 20;
	struct packet pkt = {.data = frame, .len = sizeof frame, .head_len = sizeof frame, .capacity = sizeof frame};
	struct mac to = mac_of(flow->iface[d], 1), from = mac_of(flow->iface[d], 2);
	struct output out;

	memcpy(frame, to.octets, 6);
	memcpy(frame + 6, from.octets, 6);
	ip[9] = tuple->proto;
	be32_put(ip + 12, ip_addr_to_v4(tuple->src));
	be32_put(ip + 16, ip_addr_to_v4(tuple->dst));
	be16_put(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, ip, 20)));
	be16_put(l4, tuple->sport);
	be16_put(l4 + 2, tuple->dport);
	if (tuple->proto == IP_PROTO_UDP) {
		be16_put(l4 + 4, 20);
	} else {
		be32_put(l4 + 4, flow->tcp.side[d].end);
		be32_put(l4 + 8, flow->tcp.side[!d].end);
		l4[12] = 0x50;
		l4[13] = (uint8_t)(TCP_ACK | (flags & (TCP_FIN | TCP_RST)));
		be16_put(l4 + 14, 1000);
	}
	router_input(r, flow->iface[d], &pkt, NOW, &out);
}

static void packets_send(struct router *r, uint8_t flags)
{
	for (uint32_t i = 0; i < 2 * r->flows.capacity; i++) {
		const struct flow *flow = &r->flows.flows[i / 2];

		if (flow->in_use && ip_addr_is_v4(flow->tuple[0].src))
			packet_send(r, flow, i % 2, flags);
	}
}

static void run(const uint8_t *bytes, size_t len)
{
	struct world *heir = world_new();
	struct router *r = &heir->r;
	struct handover_tally tally = {{0}};
	uint8_t what = len ? bytes[0] : 0;

	if (len > 1)
		memcpy(heir->area, bytes + 1, len - 1 < AREA ? len - 1 : AREA);
	area_right(heir->area, what);
	if (handover_begin(r, heir->area, AREA, NOW) == JOURNAL_RECORDS)
		handover_take(r, 0, RECORDS, NOW, &tally);
	packets_send(r, what);
	cr_assert(router_get_flow_count(r) == tally.counts[HANDOVER_TAKEN]);
	rules_give(r);
	judge(r);
	packets_send(r, what);
}

/* Opens a flow by conntrack alone, as the policy would, up to where it is recorded. */
static void flow_make(struct router *r, struct flow_tuple tuple, struct flow_tuple reply, uint8_t in_if, uint8_t out_if)
{
	struct packet_info info = {.proto = tuple.proto, .tcp_seq = 5, .tcp_window = 1000, .tcp_scale = TCP_SCALE_NONE};
	struct flow_ref ref;

	info.tcp_flags = tuple.proto == IP_PROTO_TCP ? TCP_SYN : 0;
	cr_assert(conntrack_open(&r->flows, &tuple, &reply, in_if, out_if, 0, &info, NOW, &ref) == REASON_NONE);
	info.tcp_ack = 6;
	info.tcp_flags = tuple.proto == IP_PROTO_TCP ? TCP_SYN | TCP_ACK : 0;
	ref.dir = 1;
	cr_assert(conntrack_update(&r->flows, ref, &info, NOW) == REASON_NONE);
	info.tcp_seq = 6;
	info.tcp_flags = tuple.proto == IP_PROTO_TCP ? TCP_ACK : 0;
	ref.dir = 0;
	cr_assert(conntrack_update(&r->flows, ref, &info, NOW) == REASON_NONE);
}

static struct flow_tuple tuple_of(uint8_t proto, uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport)
{
	return (struct flow_tuple){.src = ip_addr_from_v4(src),
				   .dst = ip_addr_from_v4(dst),
				   .sport = sport,
				   .dport = dport,
				   .proto = proto};
}

/* A journal with flows of each kind; as it is, with its checks kept right, and with its header too. */
static size_t seed(unsigned n, uint8_t *out)
{
	struct world *world;

	if (n > 3)
		return 0;
	world = world_new();
	handover_begin(&world->r, world->area, AREA, NOW);
	flow_make(&world->r, tuple_of(IP_PROTO_TCP, FAR, 40000, OUR, 80), tuple_of(IP_PROTO_TCP, ONE, 8080, FAR, 40000),
		  0, 1);
	flow_make(&world->r, tuple_of(IP_PROTO_TCP, ONE, 40000, TWO, 5432),
		  tuple_of(IP_PROTO_TCP, TWO, 5432, ONE, 40000), 1, 2);
	flow_make(&world->r, tuple_of(IP_PROTO_UDP, TWO, 5000, FAR, 53), tuple_of(IP_PROTO_UDP, FAR, 53, OUR, 1025), 2,
		  0);
	out[0] = (uint8_t)n;
	memcpy(out + 1, world->area, AREA);
	return 1 + AREA;
}

const struct fuzz_target fuzz_handover = {"handover", run, seed, 1 + AREA};
