// SPDX-License-Identifier: BSD-2-Clause
/*
 * Flows that outlive their router. The router that went on is the oracle for the one that took over: both get the same
 * packets afterwards and have to do the same with them, byte for byte.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/handover.h"
#include "net_handover.h"

#define TALKS 60u
#define STEPS 30u /* of each conversation, about */
#define ROUNDS 60u
#define WINDOW 5000u /* small, so that it is soon over */

static bool is_tcp(const struct talk *t)
{
	return t->spec[0].proto == IP_PROTO_TCP;
}

/* The kinds of conversation that the usual policy lets be; number @n of them all. */
static struct talk talk_new(unsigned n, uint64_t *state)
{
	uint16_t port = (uint16_t)(20000 + n);
	struct talk t = {.in_if = {0, 1}};

	switch ((dice(state) >> 20) % 5) {
	case 0: /* published */
		t.spec[0] = spec_from_outside(IP_PROTO_TCP, FAR_IP, UPLINK_IP, port, 80);
		t.spec[1] = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 8080, port);
		break;
	case 1:
		t.spec[0] = spec_from_outside(IP_PROTO_UDP, FAR_IP, UPLINK_IP, port, 53);
		t.spec[1] = spec_from_inner(2, IP_PROTO_UDP, FAR_IP, 53, port);
		t.in_if[1] = 2;
		break;
	case 2: /* inside */
		t.spec[0] = spec_from_inner(1, IP_PROTO_TCP, TWO_IP, port, 5432);
		t.spec[1] = spec_from_inner(2, IP_PROTO_TCP, ONE_IP, 5432, port);
		t.in_if[0] = 1;
		t.in_if[1] = 2;
		break;
	case 3: /* translated */
		t.spec[0] = spec_from_inner(2, IP_PROTO_TCP, FAR_IP, port, 443);
		t.spec[1] = spec_from_outside(IP_PROTO_TCP, FAR_IP, UPLINK_IP, 443, port);
		t.in_if[0] = 2;
		t.in_if[1] = 0;
		break;
	default:
		t.spec[0] = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, port, 53);
		t.spec[1] = spec_from_outside(IP_PROTO_UDP, FAR_IP, UPLINK_IP, 53, port);
		t.in_if[0] = 1;
		t.in_if[1] = 0;
		break;
	}
	for (unsigned d = 0; d < 2; d++)
		t.ends[d].next = t.ends[d].acked = (uint32_t)dice(state);
	return t;
}

/* What end @d says next, and what both ends know when it has arrived. */
static struct spec talk_next(struct talk *t, unsigned d, uint64_t *state)
{
	struct end *from = &t->ends[d], *to = &t->ends[!d];
	struct spec s = t->spec[d];
	uint32_t room;

	s.payload_len = (uint32_t)(dice(state) >> 20) % 1400;
	s.window = WINDOW;
	if (!is_tcp(t))
		return s;
	s.flags = t->steps == 0 ? TCP_SYN : t->steps == 1 ? TCP_SYN | TCP_ACK : TCP_ACK;
	room = WINDOW - (from->next - from->acked);
	if (t->steps < 3 || from->fin)
		s.payload_len = 0;
	s.payload_len = s.payload_len < room ? s.payload_len : 0;
	s.seq = from->next;
	s.ack = from->got;
	if (t->steps > 8 && !from->fin && (dice(state) >> 20) % 30 == 0) {
		s.flags |= TCP_FIN;
		from->fin = true;
	}
	from->next += s.payload_len + (s.flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
	to->got = from->next;
	to->acked = s.flags & TCP_ACK ? s.ack : to->acked;
	return s;
}

/* A random end's turn; the first three packets have an order. */
static unsigned talk_turn(const struct talk *t, uint64_t *state)
{
	if (t->steps < 3)
		return t->steps % 2;
	return (unsigned)(dice(state) >> 20) % 2;
}

static void talk_on(struct world *world, struct talk *t, struct frame *frame, uint64_t *state)
{
	unsigned d = talk_turn(t, state);
	struct spec s = talk_next(t, d, state);

	cr_assert_eq(world_send(world, t->in_if[d], frame, &s), VERDICT_FORWARD, "step %u: %s", t->steps,
		     reason_get_name(world->out.reason));
	t->steps++;
}

/* Would the conversation be missed? */
static bool is_wanted(const struct talk *t)
{
	return t->steps >= (is_tcp(t) ? 2 : 3);
}

/* The same packet to both worlds: the same comes out. */
static void both_talk_on(struct world *lives, struct world *heir, struct talk *t, uint64_t *state)
{
	struct frame *a = frame_new(), *b = frame_new();
	unsigned d = talk_turn(t, state);
	struct spec s = talk_next(t, d, state);

	cr_assert_eq(world_send(lives, t->in_if[d], a, &s), VERDICT_FORWARD);
	cr_assert_eq(world_send(heir, t->in_if[d], b, &s), VERDICT_FORWARD, "step %u, end %u: %s", t->steps, d,
		     reason_get_name(heir->out.reason));
	cr_assert_eq(lives->out.out_if, heir->out.out_if);
	cr_assert_eq(lives->out.rule, heir->out.rule);
	cr_assert_eq(a->pkt.len, b->pkt.len);
	cr_assert_eq(memcmp(a->bytes, b->bytes, a->pkt.len), 0, "step %u", t->steps);
	t->steps++;
	frame_free(a);
	frame_free(b);
}

/* Conversations up to a random point each; @ticks: time passes meanwhile, so that records are brought up to date. */
static void talks_begin(struct world *world, struct talk *talks, uint64_t *state, bool ticks)
{
	struct frame *frame = frame_new();

	for (unsigned i = 0; i < TALKS; i++)
		talks[i] = talk_new(i, state);
	for (unsigned i = 0; i < TALKS * STEPS; i++) {
		talk_on(world, &talks[(dice(state) >> 20) % TALKS], frame, state);
		world->now += SECOND / 1000;
		if (ticks && i % 50 == 0)
			router_tick(&world->r, world->now);
	}
	frame_free(frame);
}

static void rounds_of_talks(bool ticks)
{
	static struct talk talks[TALKS];
	unsigned went_on = 0;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		uint64_t state = round * 77 + ticks;
		struct world *lives = world_new_recorded(USUAL_BLOCKS, FLOWS), *heir;
		struct handover_tally tally;
		unsigned wanted = 0;

		talks_begin(lives, talks, &state, ticks);
		heir = world_heir(lives, &tally);
		world_give_rules(heir, USUAL_BLOCKS);
		for (unsigned i = 0; i < TALKS; i++)
			wanted += is_wanted(&talks[i]);
		cr_assert_eq(tally.counts[HANDOVER_TAKEN], wanted);
		cr_assert_eq(router_get_flow_count(&heir->r), wanted);
		for (unsigned i = 0; i < TALKS * 10; i++) {
			struct talk *t = &talks[(dice(&state) >> 20) % TALKS];

			if (!is_wanted(t))
				continue;
			both_talk_on(lives, heir, t, &state);
			went_on++;
			heir->now = lives->now += SECOND / 100;
		}
		world_free(heir);
		world_free(lives);
	}
	cr_assert_gt(went_on, ROUNDS * TALKS);
}

Test(net_handover, a_router_that_took_over_goes_on_as_the_one_that_never_died, .timeout = 120)
{
	rounds_of_talks(true);
}

/* The records are as old as the last change of state, and the connections have moved on by up to a window and more. */
Test(net_handover, old_records_are_good_enough_to_go_on, .timeout = 120)
{
	rounds_of_talks(false);
}

Test(net_handover, the_records_are_those_of_the_flows_that_would_be_missed, .timeout = 60)
{
	static struct talk talks[TALKS];
	uint64_t state = 5;
	struct world *world = world_new_recorded(USUAL_BLOCKS, FLOWS);
	struct journal *j = &world->r.flows.journal;
	struct handover_record record;
	unsigned whole = 0, wanted = 0;

	talks_begin(world, talks, &state, true);
	for (unsigned i = 0; i < TALKS; i++)
		wanted += is_wanted(&talks[i]);
	for (uint32_t i = 0; i < j->count; i++) {
		bool found = journal_read(j, i, &record) == JOURNAL_FLOW;

		cr_assert_eq(found, world->r.flows.flows[i].in_use && world->r.flows.flows[i].recorded);
		cr_assert(!found || memcmp(record.tuple, world->r.flows.flows[i].tuple, sizeof record.tuple) == 0);
		whole += found;
	}
	cr_assert_eq(whole, wanted);
	/* and none is left when they are over */
	world->now += 10000 * SECOND;
	for (unsigned i = 0; i < 4; i++)
		router_tick(&world->r, world->now);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	for (uint32_t i = 0; i < j->count; i++)
		cr_assert_eq(journal_read(j, i, &record), JOURNAL_NOTHING);
	world_free(world);
}

/* A new front is another domain: nothing of the one before is its own. */
Test(net_handover, flows_of_a_front_that_was_started_anew_are_dropped)
{
	static struct talk talks[TALKS];
	uint64_t state = 6;
	struct world *world = world_new_recorded(USUAL_BLOCKS, FLOWS), *heir = world_new_bare(FLOWS, 9);
	struct iface_config config = heir->r.iface[1];
	struct handover_tally tally;

	talks_begin(world, talks, &state, true);
	config.peer_id = 7;
	router_iface_clear(&heir->r, 1);
	cr_assert(router_iface_set(&heir->r, 1, &config));
	world_inherit(heir, world, &tally);
	cr_assert_gt(tally.counts[HANDOVER_TAKEN], 0);
	cr_assert_gt(tally.counts[HANDOVER_PEER], 0);
	for (uint32_t i = 0; i < heir->r.flows.capacity; i++) {
		const struct flow *flow = &heir->r.flows.flows[i];

		cr_assert(!flow->in_use || (flow->iface[0] != 1 && flow->iface[1] != 1));
	}
	world_free(heir);
	world_free(world);
}

Test(net_handover, before_the_first_rules_nothing_passes_and_nothing_is_lost)
{
	struct world *world = world_new_recorded(USUAL_BLOCKS, FLOWS), *heir;
	struct talk t = talk_established(world, CLIENT);
	struct frame *frame = frame_new();
	struct handover_tally tally;
	struct router_event event;

	heir = world_heir(world, &tally);
	cr_assert_eq(tally.counts[HANDOVER_TAKEN], 1);
	for (unsigned d = 0; d < 2; d++) {
		cr_assert_eq(world_send(heir, t.in_if[d], frame, &t.spec[d]), VERDICT_DROP);
		cr_assert_eq(heir->out.reason, REASON_POLICY_DEFAULT);
	}
	while (event_next(&heir->r, &event))
		cr_assert(event.kind == EVENT_SEND && event.frame[12] == 8 && event.frame[13] != 0,
			  "it says something");
	cr_assert_eq(router_get_flow_count(&heir->r), 1);
	world_give_rules(heir, USUAL_BLOCKS);
	for (unsigned d = 0; d < 2; d++)
		cr_assert_eq(world_send(heir, t.in_if[d], frame, &t.spec[d]), VERDICT_FORWARD);
	frame_free(frame);
	world_free(heir);
	world_free(world);
}

/* What the rules forbid by now ends as it does at a change of rules: reset at both ends, or in silence. */
Test(net_handover, flows_that_the_new_rules_forbid_end_as_at_a_reload)
{
	static const char *const policies[] = {"from net to router { reject tcp 80 }", "",
					       "from net to router { publish tcp 80 to two port 8080 }"};
	static const unsigned resets[] = {2, 0, 2};

	for (unsigned i = 0; i < 3; i++) {
		struct world *world = world_new_recorded(USUAL_BLOCKS, FLOWS), *heir;
		struct handover_tally tally;
		struct router_event event;
		unsigned heard = 0;

		talk_established(world, CLIENT);
		heir = world_heir(world, &tally);
		world_give_rules(heir, policies[i]);
		cr_assert_eq(router_get_flow_count(&heir->r), 0);
		cr_assert_eq(heir->r.flows_cut, 1);
		while (event_next(&heir->r, &event))
			heard += event.kind == EVENT_SEND && event.frame[12] == 8 && event.frame[13] == 0 &&
				 event.frame[47] & TCP_RST;
		cr_assert_eq(heard, resets[i], "policy %u: %u resets", i, heard);
		world_free(heir);
		world_free(world);
	}
}

/* Else the next router, and the one after it, would die over the same records. */
Test(net_handover, records_that_a_router_died_over_are_not_tried_again)
{
	struct world *world = world_new_recorded(USUAL_BLOCKS, FLOWS), *heir = world_new_bare(FLOWS, 9);
	struct handover_record record;

	talk_established(world, CLIENT);
	cr_assert_eq(handover_begin(&heir->r, world->area, world->area_len, heir->now), JOURNAL_RECORDS);
	cr_assert_eq(handover_begin(&heir->r, world->area, world->area_len, heir->now), JOURNAL_ABANDONED);
	for (uint32_t i = 0; i < heir->r.flows.journal.count; i++)
		cr_assert_eq(journal_read(&heir->r.flows.journal, i, &record), JOURNAL_NOTHING);
	cr_assert_eq(handover_begin(&heir->r, world->area, world->area_len, heir->now), JOURNAL_RECORDS);
	world_free(heir);
	world_free(world);
}

/* The heir of the heir: what was taken over is recorded at its new place, whatever was left out before it. */
Test(net_handover, flows_go_through_any_number_of_routers)
{
	static struct talk talks[TALKS];
	uint64_t state = 8;
	struct world *world = world_new_recorded(USUAL_BLOCKS, FLOWS);
	struct handover_tally tally;
	unsigned flows;

	talks_begin(world, talks, &state, true);
	world->now += 2 * 60 * SECOND;
	flows = 0;
	for (unsigned life = 0; life < 5; life++) {
		struct world *heir = world_heir(world, &tally);

		world_give_rules(heir, USUAL_BLOCKS);
		cr_assert(flows == 0 || tally.counts[HANDOVER_TAKEN] == flows, "%u of %u", tally.counts[HANDOVER_TAKEN],
			  flows);
		flows = tally.counts[HANDOVER_TAKEN];
		cr_assert_gt(flows, 10);
		world_free(world);
		world = heir;
	}
	world_free(world);
}
