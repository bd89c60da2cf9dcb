// SPDX-License-Identifier: BSD-2-Clause
/* Records that are damaged, half written, or written by somebody who means harm. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_handover.h"

#define HEADER sizeof(struct handover_header)
#define RECORD sizeof(struct handover_record)

static struct handover_record *record_of(struct world *world, uint32_t index)
{
	return (struct handover_record *)(void *)((uint8_t *)world->area + HEADER) + index;
}

/* What is found of flow number @index of @heir, for comparison. */
static bool same_flow(const struct flow *a, const struct flow *b)
{
	return memcmp(a->tuple, b->tuple, sizeof a->tuple) == 0 && a->deadline == b->deadline &&
	       memcmp(&a->tcp.side, &b->tcp.side, sizeof a->tcp.side) == 0 && a->tcp.state == b->tcp.state &&
	       memcmp(a->iface, b->iface, sizeof a->iface) == 0 && a->class == b->class && a->seen == b->seen;
}

/* Has @heir the flows of @world but number @but, as they were? */
static void others_are_there(const struct world *heir, const struct world *world, uint32_t but, uint64_t byte)
{
	struct flow_ref ref;

	for (uint32_t i = 0; i < world->r.flows.capacity; i++) {
		const struct flow *flow = &world->r.flows.flows[i];
		struct conntrack copy = heir->r.flows;

		if (!flow->in_use || i == but)
			continue;
		cr_assert(conntrack_find(&copy, &flow->tuple[0], heir->now, &ref), "byte %lu: flow %u is gone", byte,
			  i);
		cr_assert(same_flow(flow, &heir->r.flows.flows[ref.index]), "byte %lu: flow %u differs", byte, i);
	}
}

/* The same, in memory that is kept: a world for each byte would take long. */
static void world_reset(struct world *heir, const struct world *from)
{
	struct conntrack *ct = &heir->r.flows;

	for (uint32_t i = 0; i < ct->capacity; i++)
		if (ct->flows[i].in_use)
			conntrack_close(ct, i);
	/* places in order, as at the start */
	for (uint32_t i = 0; i < ct->capacity; i++)
		ct->flows[i].older = i + 1 < ct->capacity ? i + 1 : FLOW_NONE;
	ct->free = 0;
	ct->journal.header = NULL;
	free(heir->area);
	heir->area = NULL;
	heir->now = from->now;
}

Test(net_handover_forged, each_damaged_bit_costs_its_own_record_and_no_other, .timeout = 120)
{
	struct world *world = world_new_recorded(USUAL_BLOCKS, 16), *heir = world_new_bare(16, 9);
	struct handover_tally tally;

	for (unsigned i = 0; i < 5; i++)
		talk_established(world, (uint16_t)(CLIENT + i));
	for (uint64_t bit = 0; bit < world->area_len * 8; bit++) {
		uint8_t *byte = (uint8_t *)world->area + bit / 8, mask = (uint8_t)(1u << bit % 8);
		uint32_t hit = bit / 8 < HEADER ? 0 : (uint32_t)((bit / 8 - HEADER) / RECORD);
		bool in_header = bit / 8 < HEADER;

		world_reset(heir, world);
		*byte ^= mask;
		world_inherit(heir, world, &tally);
		*byte ^= mask;
		if (in_header) {
			uint32_t taken = tally.counts[HANDOVER_TAKEN];

			cr_assert(taken == 0 || (taken == 5 && bit / 8 >= offsetof(struct handover_header, reserved0)));
			cr_assert_eq(router_get_flow_count(&heir->r), taken);
			continue;
		}
		cr_assert_eq(tally.counts[HANDOVER_TAKEN], hit < 5 ? 4 : 5, "bit %lu", bit);
		cr_assert_eq(router_get_flow_count(&heir->r), tally.counts[HANDOVER_TAKEN]);
		others_are_there(heir, world, hit, bit / 8);
	}
	world_free(heir);
	world_free(world);
}

/* Whatever part of a record had reached memory: it is the old one, the new one, or none. */
Test(net_handover_forged, a_record_is_never_a_mixture_of_two)
{
	struct world *world = world_new_recorded(USUAL_BLOCKS, 16);
	struct talk t = talk_established(world, CLIENT);
	struct journal *j = &world->r.flows.journal;
	struct handover_record old = *record_of(world, 0), new, mixed, read;
	struct frame *frame = frame_new();

	t.spec[0].payload_len = 700;
	world->now += SECOND;
	cr_assert_eq(world_send(world, 0, frame, &t.spec[0]), VERDICT_FORWARD);
	cr_assert_eq(memcmp(record_of(world, 0), &old, RECORD), 0, "a packet that changes no state costs a record");
	journal_sweep(j, &world->r.flows, 16);
	new = *record_of(world, 0);
	cr_assert_neq(memcmp(&new, &old, RECORD), 0);
	cr_assert_eq(journal_read(j, 0, &read), JOURNAL_FLOW);
	for (size_t cut = 0; cut <= RECORD; cut++) {
		for (unsigned way = 0; way < 4; way++) {
			memcpy(&mixed, way & 1 ? &new : &old, RECORD);
			memcpy(&mixed, way & 1 ? &old : &new, cut);
			if (way & 2)
				mixed.sequence = old.sequence | 1; /* as the writer leaves it until it is done */
			*record_of(world, 0) = mixed;
			if (journal_read(j, 0, &read) != JOURNAL_FLOW)
				continue;
			cr_assert(memcmp(&read, &old, RECORD) == 0 || memcmp(&read, &new, RECORD) == 0, "cut at %zu",
				  cut);
			cr_assert_not(way & 2, "an odd sequence");
		}
	}
	frame_free(frame);
	world_free(world);
}

/* One change to the record of a connection from outside to one:8080, by somebody who knows how to make its check. */
struct forgery {
	const char *what;
	void (*forge)(struct handover_record *record);
	enum handover_fate fate;
};

static void addr_set(uint8_t octets[16], uint32_t addr)
{
	struct ip_addr a = ip_addr_from_v4(addr);

	memcpy(octets, a.octets, 16);
}

#define FORGE(name, ...)                                                                                               \
	static void forge_##name(struct handover_record *r)                                                            \
	{                                                                                                              \
		__VA_ARGS__;                                                                                           \
	}

FORGE(nothing, (void)r)
FORGE(proto, r->tuple[0].proto = r->tuple[1].proto = IP_PROTO_ICMP)
FORGE(two_protos, r->tuple[1].proto = IP_PROTO_UDP)
FORGE(family, memset(r->tuple[1].dst, 9, 16))
FORGE(padding, r->tuple[0].reserved0[1] = 1)
FORGE(reserved, r->reserved1 = 1)
FORGE(state_none, r->tcp_state = 0)
FORGE(state_syn, r->tcp_state = TCP_SYN_SENT)
FORGE(state_closed, r->tcp_state = TCP_CLOSED)
FORGE(state_unknown, r->tcp_state = 200)
FORGE(state_fin, r->tcp_state = TCP_FIN_WAIT)
FORGE(state_last, r->tcp_state = TCP_LAST_ACK; r->side[0].has_fin = 1)
FORGE(fin, r->side[1].has_fin = 1)
FORGE(fin_many, r->side[1].has_fin = 2; r->tcp_state = TCP_LAST_ACK)
FORGE(scale, r->side[0].scale = 15)
FORGE(window, r->side[0].max_window = 0xffffffffu)
FORGE(acked, r->side[0].acked = r->side[0].end + 1)
FORGE(seen, r->seen = 3)
FORGE(udp_new, r->tuple[0].proto = r->tuple[1].proto = IP_PROTO_UDP; r->tcp_state = 0;
      memset(r->side, 0, sizeof r->side); r->seen = FLOW_SEEN_ANSWER)
FORGE(udp_track, r->tuple[0].proto = r->tuple[1].proto = IP_PROTO_UDP; r->tcp_state = 0; r->seen = FLOW_SEEN_EXCHANGE)
FORGE(iface_far, r->iface[1] = ROUTER_IF_COUNT)
FORGE(iface_same, r->iface[1] = 0; r->peer[1] = 0)
FORGE(iface_unset, r->iface[1] = 5)
FORGE(iface_other, r->iface[1] = 2)
FORGE(iface_theirs, r->iface[1] = 2; r->peer[1] = 1002)
FORGE(peer, r->peer[1]++)
FORGE(peer_none, r->peer[1] = 0)
FORGE(peer_uplink, r->peer[0] = 1)
FORGE(src_inside, addr_set(r->tuple[0].src, TWO_IP); addr_set(r->tuple[1].dst, TWO_IP))
FORGE(src_ours, addr_set(r->tuple[0].src, UPLINK_IP); addr_set(r->tuple[1].dst, UPLINK_IP))
FORGE(src_loopback, addr_set(r->tuple[0].src, IP(127, 0, 0, 1)); addr_set(r->tuple[1].dst, IP(127, 0, 0, 1)))
FORGE(src_multicast, addr_set(r->tuple[0].src, IP(224, 0, 0, 1)); addr_set(r->tuple[1].dst, IP(224, 0, 0, 1)))
FORGE(dst_nobody, addr_set(r->tuple[0].dst, IP(198, 51, 100, 99)))
FORGE(target_other, addr_set(r->tuple[1].src, IP(10, 0, 1, 9)))
FORGE(back_elsewhere, addr_set(r->tuple[1].dst, IP(203, 0, 113, 78)))
FORGE(back_port, r->tuple[1].dport++)
FORGE(over, r->deadline_ns = 1)

static const struct forgery forgeries[] = {
	{"nothing", forge_nothing, HANDOVER_TAKEN},
	{"proto", forge_proto, HANDOVER_SENSELESS},
	{"two protocols", forge_two_protos, HANDOVER_SENSELESS},
	{"two families", forge_family, HANDOVER_SENSELESS},
	{"padding", forge_padding, HANDOVER_SENSELESS},
	{"reserved", forge_reserved, HANDOVER_SENSELESS},
	{"no state", forge_state_none, HANDOVER_SENSELESS},
	{"SYN sent", forge_state_syn, HANDOVER_SENSELESS},
	{"closed", forge_state_closed, HANDOVER_SENSELESS},
	{"unknown state", forge_state_unknown, HANDOVER_SENSELESS},
	{"FIN wait without FIN", forge_state_fin, HANDOVER_SENSELESS},
	{"last ACK with one FIN", forge_state_last, HANDOVER_SENSELESS},
	{"established with FIN", forge_fin, HANDOVER_SENSELESS},
	{"two FINs of one side", forge_fin_many, HANDOVER_SENSELESS},
	{"scale", forge_scale, HANDOVER_SENSELESS},
	{"window", forge_window, HANDOVER_SENSELESS},
	{"acknowledged beyond end", forge_acked, HANDOVER_SENSELESS},
	{"seen", forge_seen, HANDOVER_SENSELESS},
	{"datagrams not answered twice", forge_udp_new, HANDOVER_SENSELESS},
	{"datagrams with a track", forge_udp_track, HANDOVER_SENSELESS},
	{"interface out of range", forge_iface_far, HANDOVER_SENSELESS},
	{"one interface", forge_iface_same, HANDOVER_SENSELESS},
	{"no such interface", forge_iface_unset, HANDOVER_PEER},
	{"another interface", forge_iface_other, HANDOVER_PEER},
	{"another interface and its peer", forge_iface_theirs, HANDOVER_ADDRESS},
	{"another peer", forge_peer, HANDOVER_PEER},
	{"no peer", forge_peer_none, HANDOVER_PEER},
	{"a peer of the uplink", forge_peer_uplink, HANDOVER_PEER},
	{"an opener inside", forge_src_inside, HANDOVER_ADDRESS},
	{"the router as opener", forge_src_ours, HANDOVER_ADDRESS},
	{"loopback", forge_src_loopback, HANDOVER_ADDRESS},
	{"multicast", forge_src_multicast, HANDOVER_ADDRESS},
	{"an address that is not ours", forge_dst_nobody, HANDOVER_ADDRESS},
	{"a target that is nobody", forge_target_other, HANDOVER_ADDRESS},
	{"answers to somebody else", forge_back_elsewhere, HANDOVER_ADDRESS},
	{"answers to another port", forge_back_port, HANDOVER_ADDRESS},
	{"time over", forge_over, HANDOVER_OVER},
};

Test(net_handover_forged, a_record_with_its_check_right_is_taken_only_if_the_router_could_have_it)
{
	for (unsigned i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
		const struct forgery *f = &forgeries[i];
		struct world *world = world_new_recorded(USUAL_BLOCKS, 16), *heir;
		struct handover_record *record = record_of(world, 0);
		struct handover_tally tally;

		talk_established(world, CLIENT);
		f->forge(record);
		record->check = journal_check(record, 0);
		heir = world_heir(world, &tally);
		cr_expect_eq(tally.counts[f->fate], 1, "%s", f->what);
		cr_expect_eq(router_get_flow_count(&heir->r), f->fate == HANDOVER_TAKEN);
		world_free(heir);
		world_free(world);
	}
}

Test(net_handover_forged, no_tuple_is_taken_twice_in_either_direction)
{
	struct world *world = world_new_recorded(USUAL_BLOCKS, 16), *heir;
	struct handover_record *record = record_of(world, 0);
	struct handover_tally tally;

	talk_established(world, CLIENT);
	for (uint32_t i = 1; i < 4; i++) {
		struct handover_record *copy = record_of(world, i);

		*copy = *record;
		if (i == 2) /* the other way round */
			*copy = (struct handover_record){.sequence = 2,
							 .deadline_ns = record->deadline_ns,
							 .tuple = {record->tuple[1], record->tuple[0]},
							 .peer = {record->peer[1], record->peer[0]},
							 .side = {record->side[1], record->side[0]},
							 .iface = {record->iface[1], record->iface[0]},
							 .tcp_state = record->tcp_state,
							 .seen = record->seen};
		if (i == 3) /* another opener's packets, and the same answers */
			copy->tuple[0].sport++;
		copy->check = journal_check(copy, i);
	}
	heir = world_heir(world, &tally);
	cr_assert_eq(tally.counts[HANDOVER_TAKEN], 1);
	/* turned round it looks like a translated one of the other end's; half changed it is no translation that there is */
	cr_assert_eq(tally.counts[HANDOVER_TWICE], 2);
	cr_assert_eq(tally.counts[HANDOVER_ADDRESS], 1);
	world_free(heir);
	world_free(world);
}

/* A translated flow's answers come in as another's do. */
Test(net_handover_forged, two_flows_cannot_have_the_same_answers)
{
	struct world *world = world_new_recorded(USUAL_BLOCKS, 16), *heir;
	struct handover_record *record = record_of(world, 0), *copy = record_of(world, 1);
	struct spec query = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 5000, 53);
	struct spec answer = spec_from_outside(IP_PROTO_UDP, FAR_IP, UPLINK_IP, 53, 5000);
	struct frame *frame = frame_new();
	struct handover_tally tally;

	world_send(world, 1, frame, &query);
	world_send(world, 0, frame, &answer);
	world_send(world, 1, frame, &query);
	*copy = *record;
	copy->tuple[0].sport = 5001;
	copy->check = journal_check(copy, 1);
	heir = world_heir(world, &tally);
	cr_assert_eq(tally.counts[HANDOVER_TAKEN], 1);
	cr_assert_eq(tally.counts[HANDOVER_TWICE], 1);
	frame_free(frame);
	world_free(heir);
	world_free(world);
}

/* No record keeps a flow longer than a packet would, and the limits of interfaces hold. */
Test(net_handover_forged, deadlines_and_limits_are_the_routers_own)
{
	struct world *world = world_new_recorded(USUAL_BLOCKS, 16), *heir = world_new_bare(16, 9);
	struct handover_tally tally;

	for (unsigned i = 0; i < 8; i++) {
		struct handover_record *record = record_of(world, i);

		talk_established(world, (uint16_t)(CLIENT + i));
		record->deadline_ns = UINT64_MAX;
		record->check = journal_check(record, i);
	}
	conntrack_set_limit(&heir->r.flows, 0, 3);
	world_inherit(heir, world, &tally);
	cr_assert_eq(tally.counts[HANDOVER_TAKEN], 3);
	cr_assert_eq(tally.counts[HANDOVER_ROOM], 5);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(heir->r.flows.flows[i].deadline, heir->now + FLOW_TIMEOUT_ESTABLISHED * SECOND);
	world_free(heir);
	world_free(world);
}

/* Somebody outside who sends between the two routers' lives, or just after, teaches the heir nothing. */
Test(net_handover_forged, an_outsider_moves_no_window_of_a_connection_that_was_taken_over)
{
	struct world *world = world_new_recorded(USUAL_BLOCKS, 16), *heir;
	struct talk t = talk_established(world, CLIENT);
	struct frame *frame = frame_new();
	struct spec blind = t.spec[0], rst = t.spec[0];
	struct handover_tally tally;
	struct tcp_track before;

	heir = world_heir(world, &tally);
	world_give_rules(heir, USUAL_BLOCKS);
	before = heir->r.flows.flows[0].tcp;
	blind.seq += 0x40000000;
	blind.ack += 0x40000000;
	blind.flags |= TCP_FIN;
	rst.seq += 0x40000000;
	rst.flags = TCP_RST;
	/* its receiver has to judge them */
	cr_assert_eq(world_send(heir, 0, frame, &blind), VERDICT_FORWARD);
	cr_assert_eq(world_send(heir, 0, frame, &rst), VERDICT_FORWARD);
	cr_assert_eq(memcmp(&heir->r.flows.flows[0].tcp, &before, sizeof before), 0);
	/* its own end is believed, and after a while nobody is beyond the window */
	t.spec[1].seq += 100000;
	t.spec[1].ack += 200000;
	cr_assert_eq(world_send(heir, 1, frame, &t.spec[1]), VERDICT_FORWARD);
	t.spec[0].seq += 200000;
	t.spec[0].ack += 100000;
	heir->now += HANDOVER_LENIENT_NS;
	cr_assert_eq(world_send(heir, 0, frame, &t.spec[0]), VERDICT_FORWARD);
	cr_assert_eq(world_send(heir, 0, frame, &blind), VERDICT_DROP);
	cr_assert_eq(heir->out.reason, REASON_TCP_WINDOW);
	frame_free(frame);
	world_free(heir);
	world_free(world);
}
