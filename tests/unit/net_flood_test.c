// SPDX-License-Identifier: BSD-2-Clause
/*
 * A flood of SYNs: a published service whose listener holds BACKLOG half-open connections, as lwIP's does, honest callers
 * a tenth of a second away, and somebody who sends SYNs from sources that are not there.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

#define BACKLOG 128u
#define MS (SECOND / 1000)
#define RTT (100 * MS)
#define CALLERS 200u
#define OPEN 20u

#define POLICY                                                                                                         \
	"from net to router { publish tcp 80, 81 to one  publish tcp 90 to two }\n"                                    \
	"from inner to net { nat any }\n"

/* What a listener inside remembers of a connection that is not established. */
struct pending {
	uint32_t src, seq;
	uint16_t sport, dport;
	bool used;
};

enum caller_state { CALLER_WAITS, CALLER_OPENS, CALLER_IN };

struct caller {
	uint32_t src, seq;
	uint16_t sport, dport;
	enum caller_state state;
	unsigned tries;     /* SYNs sent */
	uint64_t syn_at;    /* the next SYN */
	uint64_t answer_at; /* ours to what came last; 0: none is due */
	uint32_t heard_ack, heard_seq;
};

struct town {
	struct world *world;
	struct frame *frame;
	struct pending listener[BACKLOG];
	struct caller callers[CALLERS];
	struct spec lines[OPEN]; /* of connections that were there before */
	uint64_t state;
	uint32_t refused_by_listener;
};

static struct pending *pending_find(struct town *t, const struct spec *s)
{
	for (unsigned i = 0; i < BACKLOG; i++)
		if (t->listener[i].used && t->listener[i].src == s->src && t->listener[i].sport == s->sport &&
		    t->listener[i].dport == s->dport)
			return &t->listener[i];
	return NULL;
}

static struct pending *pending_add(struct town *t, const struct spec *s)
{
	for (unsigned i = 0; i < BACKLOG; i++) {
		if (t->listener[i].used)
			continue;
		t->listener[i] = (struct pending){s->src, s->seq, s->sport, s->dport, true};
		return &t->listener[i];
	}
	t->refused_by_listener++;
	return NULL;
}

static struct caller *caller_find(struct town *t, const struct spec *s)
{
	for (unsigned i = 0; i < CALLERS; i++)
		if (t->callers[i].src == s->dst && t->callers[i].sport == s->dport)
			return &t->callers[i];
	return NULL;
}

/* A segment reaches the world outside: a caller takes note of it, whoever never was there does not. */
static void outside_hears(struct town *t, const struct spec *s)
{
	struct caller *c = caller_find(t, s);

	if (!c || c->state != CALLER_OPENS || (s->flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK))
		return;
	c->heard_ack = s->ack;
	c->heard_seq = s->seq;
	c->answer_at = t->world->now + RTT;
}

/* A segment reaches the service, which answers as a listener does. */
static void inside_hears(struct town *t, const struct spec *s)
{
	struct pending *p = pending_find(t, s);
	struct spec answer, seen;

	if (s->flags & TCP_RST) {
		if (p && s->seq == p->seq + 1)
			p->used = false;
		return;
	}
	if (!(s->flags & TCP_SYN)) {
		if (!p)
			return;
		p->used = false;
		for (unsigned i = 0; i < CALLERS; i++)
			if (t->callers[i].src == s->src && t->callers[i].sport == s->sport)
				t->callers[i].state = CALLER_IN;
		return;
	}
	if (!p)
		p = pending_add(t, s);
	if (!p)
		return;
	answer = spec_from_inner(1, IP_PROTO_TCP, s->src, s->dport, s->sport);
	answer.flags = TCP_SYN | TCP_ACK;
	answer.seq = s->src ^ s->sport;
	answer.ack = s->seq + 1;
	if (world_send(t->world, 1, t->frame, &answer) == VERDICT_FORWARD && frame_read(t->frame, &seen))
		outside_hears(t, &seen);
}

/* What the router wants sent besides: only the service is of interest. */
static void events_take(struct town *t)
{
	struct router_event event;
	struct spec s;

	while (event_next(&t->world->r, &event)) {
		if (event.kind != EVENT_SEND || event.out_if != 1)
			continue;
		memcpy(t->frame->bytes, event.frame, event.len);
		t->frame->pkt = (struct packet){
			.data = t->frame->bytes, .len = event.len, .head_len = event.len, .capacity = FRAME_ROOM};
		if (frame_read(t->frame, &s))
			inside_hears(t, &s);
	}
}

/* Somebody outside sends @s: a question is heard where it is asked, a segment that passes at the service. */
static enum verdict send_in(struct town *t, const struct spec *s)
{
	enum verdict verdict = world_send(t->world, 0, t->frame, s);
	struct spec seen;

	if (verdict == VERDICT_REPLY) {
		cr_assert(frame_read(t->frame, &seen), "a checksum or length of the question is wrong");
		cr_assert(seen.src == s->dst && seen.dst == s->src);
		outside_hears(t, &seen);
	} else if (verdict == VERDICT_FORWARD) {
		cr_assert(frame_read(t->frame, &seen));
		events_take(t);
		if (t->world->out.out_if == 1)
			inside_hears(t, &seen);
	}
	events_take(t);
	return verdict;
}

static void caller_send(struct town *t, struct caller *c, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct spec s = spec_from_outside(IP_PROTO_TCP, c->src, UPLINK_IP, c->sport, c->dport);

	s.flags = flags;
	s.seq = seq;
	s.ack = ack;
	send_in(t, &s);
}

/* SYNs at 0, 1, 3 and 7 s, as any TCP does; a SYN and ACK that does not fit is answered by a RST. */
static void caller_step(struct town *t, struct caller *c)
{
	static const uint64_t waits[] = {SECOND, 2 * SECOND, 4 * SECOND};

	if (c->state == CALLER_IN)
		return;
	if (c->answer_at && t->world->now >= c->answer_at) {
		c->answer_at = 0;
		if (c->heard_ack == c->seq + 1)
			caller_send(t, c, TCP_ACK, c->seq + 1, c->heard_seq + 1);
		else
			caller_send(t, c, TCP_RST, c->heard_ack, 0);
	}
	if (c->state != CALLER_IN && c->tries < 4 && t->world->now >= c->syn_at) {
		c->syn_at += c->tries < 3 ? waits[c->tries] : 0;
		c->tries++;
		c->state = CALLER_OPENS;
		caller_send(t, c, TCP_SYN, c->seq, 0);
	}
}

/* The established connections go on: a segment each way passes. */
static void lines_check(struct town *t)
{
	for (unsigned i = 0; i < OPEN; i++) {
		struct spec forth = t->lines[i], back = spec_from_inner(1, IP_PROTO_TCP, forth.src, 80, forth.sport);

		cr_assert_eq(world_send(t->world, 0, t->frame, &forth), VERDICT_FORWARD,
			     "an open connection stands: %s", reason_get_name(t->world->out.reason));
		back.flags = TCP_ACK;
		back.seq = forth.ack;
		back.ack = forth.seq;
		cr_assert_eq(world_send(t->world, 1, t->frame, &back), VERDICT_FORWARD);
	}
}

static void lines_open(struct town *t)
{
	for (unsigned i = 0; i < OPEN; i++) {
		struct spec s = spec_from_outside(IP_PROTO_TCP, FAR_IP + 100 + i, UPLINK_IP, 999, 80);

		s.flags = TCP_SYN;
		s.seq = 1000;
		cr_assert_eq(send_in(t, &s), VERDICT_FORWARD);
		s.flags = TCP_ACK;
		s.ack = (s.src ^ 999) + 1;
		s.seq = 1001;
		cr_assert_eq(send_in(t, &s), VERDICT_FORWARD);
		t->lines[i] = s;
	}
}

static struct town *town_new(uint32_t flows)
{
	struct town *t = calloc(1, sizeof(*t));

	t->world = world_new(POLICY, flows);
	t->frame = frame_new();
	t->state = 77;
	lines_open(t);
	for (unsigned i = 0; i < CALLERS; i++)
		t->callers[i] = (struct caller){.src = IP(192, 0, 0, 0) + i * 977 + 3,
						.seq = (uint32_t)dice(&t->state),
						.sport = (uint16_t)(20000 + i),
						.dport = 80,
						.syn_at = t->world->now + SECOND + dice(&t->state) % (2 * SECOND)};
	return t;
}

static void town_free(struct town *t)
{
	frame_free(t->frame);
	world_free(t->world);
	free(t);
}

static void forged_syn(struct town *t, uint32_t src, uint16_t port)
{
	struct spec s = spec_from_outside(IP_PROTO_TCP, src, UPLINK_IP, (uint16_t)dice(&t->state), port);

	s.flags = TCP_SYN;
	s.seq = (uint32_t)dice(&t->state);
	send_in(t, &s);
}

static uint32_t anywhere(struct town *t)
{
	return IP(20, 0, 0, 0) + (uint32_t)dice(&t->state) % IP(100, 0, 0, 0);
}

/* @seconds with @rate forged SYNs a second, whose sources @source says; the callers do what they do. */
static void flood(struct town *t, uint32_t rate, unsigned seconds, uint32_t (*source)(struct town *t))
{
	for (uint64_t n = 0; n < (uint64_t)rate * seconds; n++) {
		t->world->now += SECOND / rate;
		forged_syn(t, source(t), 80);
		if (n % (rate / 1000) == 0)
			for (unsigned i = 0; i < CALLERS; i++)
				caller_step(t, &t->callers[i]);
		if (n % (rate / 10) == 0) {
			lines_check(t);
			router_tick(&t->world->r, t->world->now);
			events_take(t);
		}
	}
}

/* How many of the callers were in after @tries SYNs. */
static unsigned callers_in(const struct town *t, unsigned tries)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CALLERS; i++)
		count += t->callers[i].state == CALLER_IN && t->callers[i].tries <= tries;
	return count;
}

Test(net_flood, honest_callers_get_in_beside_a_flood_of_forged_openings_and_established_ones_go_on, .timeout = 600)
{
	struct town *t = town_new(8192);

	flood(t, 12500, 8, anywhere);
	cr_log_info(
		"of %u callers %u are in with one SYN, %u with two, %u with three, %u with four; %u found the listener full",
		CALLERS, callers_in(t, 1), callers_in(t, 2), callers_in(t, 3), callers_in(t, 4),
		t->refused_by_listener);
	cr_assert_geq(callers_in(t, 2), CALLERS * 95 / 100);
	cr_assert_eq(callers_in(t, 4), CALLERS);
	cr_assert_eq(t->refused_by_listener, 0, "its backlog was full");
	cr_assert_geq(t->world->r.reasons[REASON_OPENING_ASKED], 99000);
	cr_assert_leq(t->world->r.flows.half_open, HALF_OPEN_STRANGERS + HALF_OPEN_PROVEN);
	town_free(t);
}

Test(net_flood, a_table_of_a_few_hundred_flows_is_not_filled_by_it_either, .timeout = 600)
{
	struct town *t = town_new(256);

	flood(t, 5000, 8, anywhere);
	cr_assert_geq(callers_in(t, 4), 80, "%u are in: no more than the interface's share could be", callers_in(t, 4));
	town_free(t);
}

/* Somebody with a network of his own answers every question. */
static uint32_t of_one_network(struct town *t)
{
	uint32_t src = IP(80, 1, 2, 0) + (uint32_t)dice(&t->state) % 256;

	openers_prove(&t->world->r.flows.openers, ip_addr_from_v4(src), t->world->now);
	return src;
}

static uint32_t of_one_host(struct town *t)
{
	openers_prove(&t->world->r.flows.openers, ip_addr_from_v4(IP(80, 1, 2, 3)), t->world->now);
	return IP(80, 1, 2, 3);
}

Test(net_flood, a_network_or_a_host_that_is_there_has_its_share_and_no_more, .timeout = 600)
{
	for (unsigned i = 0; i < 4; i++) {
		struct town *t = town_new(8192);

		/* callers that nobody knows have places of their own; those that are known share theirs with the flood */
		for (unsigned k = 0; k < CALLERS && i >= 2; k++)
			openers_prove(&t->world->r.flows.openers, ip_addr_from_v4(t->callers[k].src), t->world->now);
		flood(t, 5000, 8, i % 2 ? of_one_host : of_one_network);
		cr_assert_geq(callers_in(t, 2), CALLERS * 95 / 100, "%u in case %u", callers_in(t, 2), i);
		cr_assert_gt(t->world->r.reasons[REASON_OPENING_REFUSED], 30000);
		cr_assert_eq(t->refused_by_listener, 0);
		town_free(t);
	}
}

Test(net_flood, other_services_are_not_concerned, .timeout = 600)
{
	struct town *t = town_new(8192);
	struct spec s = spec_from_outside(IP_PROTO_TCP, FAR_IP, UPLINK_IP, 1, 81);

	flood(t, 5000, 1, anywhere);
	s.flags = TCP_SYN;
	cr_assert_eq(send_in(t, &s), VERDICT_FORWARD, "another port of the same domain");
	s.dport = 90;
	cr_assert_eq(send_in(t, &s), VERDICT_FORWARD, "another domain");
	s.dport = 80;
	cr_assert_eq(send_in(t, &s), VERDICT_REPLY);
	town_free(t);
}

Test(net_flood, a_domain_that_opens_without_end_costs_itself_alone, .timeout = 600)
{
	struct town *t = town_new(400);
	struct spec s;

	for (unsigned n = 0; n < 20000; n++) {
		s = spec_from_inner(1, IP_PROTO_TCP, anywhere(t), 5, 80);
		s.flags = TCP_SYN;
		world_send(t->world, 1, t->frame, &s);
		cr_assert_neq(t->world->out.reason, REASON_OPENING_ASKED, "who can be nobody else is not asked");
		events_take(t);
	}
	cr_assert_leq(t->world->r.flows.half_open_at[1], 100, "half of its share of the table");
	lines_check(t);
	s = spec_from_inner(2, IP_PROTO_TCP, FAR_IP, 5, 80);
	s.flags = TCP_SYN;
	cr_assert_eq(world_send(t->world, 2, t->frame, &s), VERDICT_FORWARD);
	forged_syn(t, FAR_IP, 80);
	cr_assert_eq(t->world->out.reason, REASON_NONE);
	town_free(t);
}

/* The answer of @src to the question that is in the frame, @off by so much. */
static enum verdict answer(struct town *t, uint32_t src, uint32_t off)
{
	struct spec question, rst = spec_from_outside(IP_PROTO_TCP, src, UPLINK_IP, 0, 80);

	cr_assert(frame_read(t->frame, &question));
	rst.sport = question.dport;
	rst.flags = TCP_RST;
	rst.seq = question.ack + off;
	return world_send(t->world, 0, t->frame, &rst);
}

static bool is_proven(const struct town *t, uint32_t src)
{
	return openers_is_proven(&t->world->r.flows.openers, ip_addr_from_v4(src), t->world->now);
}

Test(net_flood, only_the_number_that_was_asked_with_shows_that_somebody_is_there, .timeout = 600)
{
	struct town *t = town_new(8192);

	flood(t, 5000, 1, anywhere);
	for (uint32_t off = 1; off < 2000; off += 37) {
		forged_syn(t, FAR_IP, 80);
		cr_assert_eq(answer(t, FAR_IP, off), VERDICT_DROP);
		cr_assert_eq(t->world->out.reason, REASON_NO_FLOW);
	}
	forged_syn(t, FAR_IP, 80);
	cr_assert_eq(answer(t, FAR_IP + 1, 0), VERDICT_DROP, "an answer by another");
	cr_assert_not(is_proven(t, FAR_IP) || is_proven(t, FAR_IP + 1));
	forged_syn(t, FAR_IP, 80);
	t->world->now += 2 * OPENERS_ANSWER_NS;
	cr_assert_eq(answer(t, FAR_IP, 0), VERDICT_DROP, "too late");
	t->world->now -= 2 * OPENERS_ANSWER_NS;
	forged_syn(t, FAR_IP, 80);
	cr_assert_eq(answer(t, FAR_IP, 0), VERDICT_CONSUMED);
	cr_assert(is_proven(t, FAR_IP) && !is_proven(t, FAR_IP + 1));
	forged_syn(t, FAR_IP, 80);
	cr_assert_eq(t->world->out.reason, REASON_NONE, "it gets in");
	t->world->now += OPENERS_PROVEN_NS + 1;
	cr_assert_not(is_proven(t, FAR_IP), "for so long only");
	town_free(t);
}

Test(net_flood, a_handshake_shows_it_too_but_no_acknowledgement_of_anything_else)
{
	struct town *t = town_new(8192);
	struct spec s = spec_from_outside(IP_PROTO_TCP, FAR_IP, UPLINK_IP, 7, 80);

	s.flags = TCP_SYN;
	send_in(t, &s);
	s.flags = TCP_ACK;
	s.seq = 1;
	for (uint32_t off = 0; off < 1000; off += 13) {
		s.ack = (FAR_IP ^ 7) - off;
		cr_assert_eq(world_send(t->world, 0, t->frame, &s), VERDICT_FORWARD);
		cr_assert_not(is_proven(t, FAR_IP));
		cr_assert_eq(t->world->r.flows.half_open, 1);
	}
	s.ack = (FAR_IP ^ 7) + 1;
	cr_assert_eq(world_send(t->world, 0, t->frame, &s), VERDICT_FORWARD);
	cr_assert(is_proven(t, FAR_IP));
	cr_assert_eq(t->world->r.flows.half_open, 0);
	town_free(t);
}
