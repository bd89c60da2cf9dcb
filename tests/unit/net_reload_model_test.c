// SPDX-License-Identifier: BSD-2-Clause
/*
 * Random pairs of policies, random open flows: after the switch just those are open that the naive interpreter lets be
 * under both, in the same way.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/handover.h"
#include "rules_model.h"

#define PAIRS 300
#define FLOWS 512u
#define TRIES 250 /* openings for each pair */

/* up0 has a gateway, up9 only the stations on its link; the peers of a, b and c are 10.0.{0,1,2}.2. */
static const struct {
	uint32_t addr, peer;
} places[IFACES] = {
	{IP(10, 1, 0, 1), IP(10, 1, 0, 3)},
	{IP(10, 0, 0, 1), IP(10, 0, 0, 2)},
	{IP(10, 0, 1, 1), IP(10, 0, 1, 2)},
	{IP(10, 0, 2, 1), IP(10, 0, 2, 2)},
	{IP(10, 1, 1, 1), 0},
};

struct opened {
	struct naive_packet packet;
	struct flow_tuple tuple;
	const struct rule *rule; /* of the first policy */
};

static void ifaces_set(struct router *r)
{
	for (unsigned i = 0; i < IFACES; i++) {
		struct iface_config config = {.kind = model_ifaces[i].uplink ? IFACE_UPLINK : IFACE_INNER,
					      .mac = router_mac(i),
					      .peer_mac = peer_mac(i),
					      .v4 = {.addr = ip_addr_from_v4(places[i].addr), .prefix_len = 24},
					      .mtu = 1500,
					      .peer_id = model_ifaces[i].uplink ? 0 : 7 + i};

		if (places[i].peer)
			config.v4.peer = ip_addr_from_v4(places[i].peer);
		cr_assert(router_iface_set(r, model_ifaces[i].number, &config));
	}
}

/* Where an address leads from interface @from, as the table above has it. */
static unsigned naive_route(unsigned from, uint32_t dst)
{
	if (dst == places[from].addr)
		return SELF;
	for (unsigned i = 0; i < IFACES; i++) {
		bool on_link = dst >> 8 == places[i].addr >> 8;

		if (dst == places[i].addr)
			return NOWHERE;
		if (!on_link)
			continue;
		if (!model_ifaces[i].uplink)
			return dst == places[i].peer ? i : NOWHERE;
		return (dst & 255) == 0 || (dst & 255) == 255 ? NOWHERE : i;
	}
	return 0;
}

/* A packet that may come in at all: its way is that of its addresses. */
static struct naive_packet opening_random(uint64_t *state)
{
	struct naive_packet p;

	do {
		p = packet_random(state);
		if (!model_ifaces[p.from].uplink)
			p.src = places[p.from].peer;
		else if (p.src >> 8 == places[1].addr >> 8 || p.src >> 8 == places[2].addr >> 8 ||
			 p.src >> 8 == places[3].addr >> 8 || p.src == places[0].addr || p.src == places[4].addr ||
			 (p.src & 255) == 0)
			p.src = IP(10, 1, 2, 4);
		if (dice(state) >> 20 & 1)
			p.dst = places[(dice(state) >> 20) % IFACES].peer;
		if (model_ifaces[p.from].uplink && dice(state) >> 20 & 1)
			p.dst = places[p.from].addr;
		p.to = naive_route(p.from, p.dst);
	} while (p.family != 4 || p.dst == 0 || (p.proto != IP_PROTO_TCP && p.proto != IP_PROTO_UDP) || p.port == 0);
	return p;
}

static void frame_of(struct frame *frame, const struct opened *o)
{
	struct spec spec = {.mac_src = peer_mac(o->packet.from),
			    .mac_dst = router_mac(o->packet.from),
			    .src = o->packet.src,
			    .dst = o->packet.dst,
			    .ttl = 64,
			    .proto = (uint8_t)o->packet.proto,
			    .sport = o->tuple.sport,
			    .dport = (uint16_t)o->packet.port,
			    .flags = TCP_SYN,
			    .seq = 5,
			    .window = 1000};

	frame_build(frame, &spec);
}

/* Takes what the router wants done; every question for an address is answered. */
static void answer_all(struct router *r, struct frame *frame, uint64_t now)
{
	struct router_event event;
	struct output out;

	while (event_next(r, &event)) {
		uint32_t asked = be32_get(event.frame + 38);
		unsigned i = event.out_if == 0 ? 0 : 4;

		if (event.kind != EVENT_SEND || event.frame[13] != 0x06 || asked == places[i].addr)
			continue;
		frame_build_arp(frame, false, peer_mac(i), router_mac(i), asked, places[i].addr);
		router_input(r, event.out_if, &frame->pkt, now, &out);
	}
}

/* Do the two rules treat the packet alike, so that a flow by the one can go on under the other? */
static bool same_way(const struct rule *a, const struct rule *b, const struct naive_packet *p)
{
	unsigned lowest[2] = {65535, 65535};
	const struct rule *rules[2] = {a, b};

	if (!b || a->action != b->action)
		return false;
	if (a->action != PUBLISH)
		return true;
	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < rules[k]->service_count; i++)
			lowest[k] = rules[k]->services[i].lo < lowest[k] ? rules[k]->services[i].lo : lowest[k];
	return a->target == b->target && (a->target_port ? a->target_port + p->port - lowest[0] : p->port) ==
						 (b->target_port ? b->target_port + p->port - lowest[1] : p->port);
}

static void *table_of(const struct policy_model *model, size_t *len)
{
	static struct text text;

	model_put(&text, model);
	return rules_new(text.bytes, len);
}

/* A random policy about IPv4. */
static void *model_new(uint64_t *state, struct policy_model *model, size_t *len)
{
	model_random(state, model);
	for (unsigned k = 0; k < model->count; k++)
		for (unsigned i = 0; i < model->blocks[k].count; i++)
			for (unsigned n = 0; n < 3; n++)
				model->blocks[k].rules[i].src[n].family = model->blocks[k].rules[i].dst[n].family = 4;
	return table_of(model, len);
}

/* Another one, which differs from @a in a few rules: so that many flows go on. */
static void *model_change(uint64_t *state, const struct policy_model *a, struct policy_model *b, size_t *len)
{
	struct policy_model fresh;
	void *table = model_new(state, &fresh, len);
	unsigned keep = (unsigned)(dice(state) >> 20) % 3;

	if (keep == 0) {
		*b = fresh;
		return table;
	}
	free(table);
	*b = *a;
	for (unsigned k = 0, number = 0; k < b->count; number += b->blocks[k++].count) {
		b->blocks[k].number = number;
		if (b->blocks[k].count > 1 && dice(state) >> 20 & 1)
			memmove(&b->blocks[k].rules[0], &b->blocks[k].rules[1],
				--b->blocks[k].count * sizeof(struct rule));
	}
	return table_of(b, len);
}

/* Opens flows under @model; how many. */
static unsigned flows_open(struct router *r, const struct policy_model *model, uint64_t *state, uint64_t now,
			   struct opened *flows)
{
	struct frame *frame = frame_new();
	struct flow_ref ref;
	struct output out;
	unsigned count = 0, number;

	for (unsigned i = 0; i < TRIES; i++) {
		struct opened *o = &flows[count];

		o->packet = opening_random(state);
		o->tuple = (struct flow_tuple){.src = ip_addr_from_v4(o->packet.src),
					       .dst = ip_addr_from_v4(o->packet.dst),
					       .sport = (uint16_t)(20000 + i),
					       .dport = (uint16_t)o->packet.port,
					       .proto = (uint8_t)o->packet.proto};
		o->rule = naive_decide(model, &o->packet, &number);
		frame_of(frame, o);
		router_input(r, model_ifaces[o->packet.from].number, &frame->pkt, now, &out);
		answer_all(r, frame, now);
		if (!conntrack_find(&r->flows, &o->tuple, now, &ref))
			continue;
		cr_assert(o->rule && o->rule->action != DROP && o->rule->action != REJECT);
		count++;
	}
	frame_free(frame);
	return count;
}

/* How many flows go on; each just when it may. Half of them are asked about by a packet before the sweep. */
static unsigned flows_judge(struct router *r, const struct policy_model *model, uint64_t now,
			    const struct opened *flows, unsigned count)
{
	struct frame *frame = frame_new();
	struct output out;
	struct flow_ref ref;
	unsigned kept = 0, number;

	for (unsigned i = 0; i < count; i += 2) {
		const struct opened *o = &flows[i];
		bool keeps = same_way(o->rule, naive_decide(model, &o->packet, &number), &o->packet);
		enum verdict verdict;

		frame_of(frame, o);
		verdict = router_input(r, model_ifaces[o->packet.from].number, &frame->pkt, now, &out);
		/* nobody outside has said where he is yet */
		verdict = verdict == VERDICT_DROP && out.reason == REASON_HOLD_FULL ? VERDICT_HOLD : verdict;
		cr_assert(keeps == (verdict == VERDICT_FORWARD || verdict == VERDICT_HOLD), "packet of flow %u: %s", i,
			  reason_get_name(out.reason));
		cr_assert(!keeps || out.rule == number);
		cr_assert(keeps || out.reason == REASON_FLOW_CUT);
	}
	do
		answer_all(r, frame, now);
	while (router_review(r, now, 100));
	for (unsigned i = 0; i < count; i++) {
		const struct opened *o = &flows[i];
		bool keeps = same_way(o->rule, naive_decide(model, &o->packet, &number), &o->packet);

		cr_assert_eq(conntrack_find(&r->flows, &o->tuple, now, &ref), keeps, "flow %u", i);
		kept += keeps;
	}
	cr_assert_eq(router_get_flow_count(r), kept);
	frame_free(frame);
	return kept;
}

/* Each flow becomes one that a restart has to keep. */
static void flows_assure(struct router *r, uint64_t now)
{
	for (uint32_t i = 0; i < r->flows.capacity; i++) {
		const struct flow *flow = &r->flows.flows[i];
		struct packet_info answer = {.proto = flow->tuple[0].proto, .tcp_seq = 77, .tcp_ack = 6};

		if (!flow->in_use)
			continue;
		answer.tcp_flags = answer.proto == IP_PROTO_TCP ? TCP_SYN | TCP_ACK : 0;
		answer.tcp_scale = TCP_SCALE_NONE;
		cr_assert_eq(conntrack_update(&r->flows, (struct flow_ref){i, 1}, &answer, now), REASON_NONE);
		answer.tcp_flags = answer.proto == IP_PROTO_TCP ? TCP_ACK : 0;
		answer.tcp_seq = 6;
		answer.tcp_ack = 78;
		cr_assert_eq(conntrack_update(&r->flows, (struct flow_ref){i, 0}, &answer, now), REASON_NONE);
	}
}

/* What the two kinds of change have: a policy comes after another in one router, or with a new router. */
struct pair {
	struct policy_model a, b;
	void *table_a, *table_b;
	size_t len_a, len_b;
};

static void pair_random(struct pair *pair, uint64_t *state)
{
	pair->table_a = model_new(state, &pair->a, &pair->len_a);
	pair->table_b = model_change(state, &pair->a, &pair->b, &pair->len_b);
}

static void pair_free(struct pair *pair)
{
	free(pair->table_a);
	free(pair->table_b);
}

static struct rules_stage stage, heir_stage;

/* A router without rules, in @memory of @len bytes. */
static struct router *router_new(void *memory, size_t len, uint64_t seed)
{
	struct router *r = malloc(sizeof *r);

	cr_assert(router_init(r, memory, len, (struct router_seed){{seed, 4}}));
	ifaces_set(r);
	return r;
}

Test(net_reload_model, just_the_flows_go_on_that_both_policies_let_be_in_the_same_way, .timeout = 300)
{
	static struct opened flows[TRIES];
	size_t len = router_get_memory_size(FLOWS);
	unsigned opened = 0, kept = 0;
	void *memory = malloc(len);
	uint64_t state = 77, now = 1000 * SECOND;

	for (unsigned round = 0; round < PAIRS; round++) {
		struct router *r = router_new(memory, len, 3);
		struct pair pair;
		unsigned count;

		pair_random(&pair, &state);
		cr_assert(router_rules_set(r, &stage, pair.table_a, pair.len_a, NULL, NULL));
		count = flows_open(r, &pair.a, &state, now, flows);
		cr_assert_eq(router_get_flow_count(r), count);
		cr_assert(router_rules_set(r, &stage, pair.table_b, pair.len_b, NULL, NULL));
		kept += flows_judge(r, &pair.b, now, flows, count);
		opened += count;
		pair_free(&pair);
		free(r);
	}
	cr_assert_gt(kept, 500, "%u of %u", kept, opened);
	cr_assert_gt(opened - kept, 500, "%u of %u", kept, opened);
	free(memory);
}

Test(net_reload_model, a_new_router_takes_over_just_the_flows_that_its_rules_let_be_in_the_same_way, .timeout = 300)
{
	static struct opened flows[TRIES];
	size_t len = router_get_memory_size(FLOWS), area_len = 4096 * HANDOVER_PAGES(FLOWS);
	unsigned opened = 0, kept = 0;
	void *memory = malloc(len), *heir_memory = malloc(len), *area = malloc(area_len);
	uint64_t state = 78, now = 1000 * SECOND;

	for (unsigned round = 0; round < PAIRS; round++) {
		struct router *r = router_new(memory, len, 3), *heir = router_new(heir_memory, len, 5);
		struct handover_tally tally = {{0}};
		struct pair pair;
		unsigned count;

		memset(area, 0, area_len);
		pair_random(&pair, &state);
		cr_assert_eq(handover_begin(r, area, area_len, now), JOURNAL_NEW);
		cr_assert(router_rules_set(r, &stage, pair.table_a, pair.len_a, NULL, NULL));
		count = flows_open(r, &pair.a, &state, now, flows);
		flows_assure(r, now);
		cr_assert_eq(handover_begin(heir, area, area_len, now), JOURNAL_RECORDS);
		cr_assert_not(handover_take(heir, 0, heir->flows.journal.count, now, &tally));
		cr_assert_eq(tally.counts[HANDOVER_TAKEN], count);
		cr_assert(router_rules_set(heir, &heir_stage, pair.table_b, pair.len_b, NULL, NULL));
		kept += flows_judge(heir, &pair.b, now, flows, count);
		opened += count;
		pair_free(&pair);
		free(r);
		free(heir);
	}
	cr_assert_gt(kept, 500, "%u of %u", kept, opened);
	cr_assert_gt(opened - kept, 500, "%u of %u", kept, opened);
	free(memory);
	free(heir_memory);
	free(area);
}
