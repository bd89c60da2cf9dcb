// SPDX-License-Identifier: BSD-2-Clause
/* The table of flows: the same as a naive list, bounded, fair when it is full. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

static struct conntrack *table_new(uint32_t flows)
{
	struct conntrack *ct = malloc(sizeof(*ct));
	size_t len = conntrack_get_memory_size(flows);

	cr_assert(conntrack_init(ct, malloc(len), len, (struct siphash_key){{3, 4}}));
	return ct;
}

static void table_free(struct conntrack *ct)
{
	free(ct->flows);
	free(ct);
}

static struct packet_info info_of(uint8_t proto, uint8_t tcp_flags)
{
	return (struct packet_info){.proto = proto,
				    .tcp_flags = tcp_flags,
				    .tcp_seq = 10,
				    .tcp_ack = 11,
				    .tcp_window = 1000,
				    .tcp_scale = TCP_SCALE_NONE};
}

static struct flow_tuple tuple_of(uint8_t proto, uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport)
{
	return (struct flow_tuple){.src = ip_addr_from_v4(src),
				   .dst = ip_addr_from_v4(dst),
				   .sport = sport,
				   .dport = dport,
				   .proto = proto};
}

/* Open a flow number @n from @iface, not translated. */
static enum reason open_n(struct conntrack *ct, uint8_t proto, uint32_t n, uint8_t iface, uint64_t now,
			  struct flow_ref *ref)
{
	struct flow_tuple tuple = tuple_of(proto, IP(10, iface, 0, 0) + n, 5, FAR_IP, 6);
	struct flow_tuple reply = flow_tuple_mirror(&tuple);
	struct packet_info info = info_of(proto, TCP_SYN);

	return conntrack_open(ct, &tuple, &reply, iface, 0, n, &info, now, ref);
}

/* Bring the flow @ref to where it is never evicted. */
static void assure(struct conntrack *ct, struct flow_ref ref, uint64_t now)
{
	uint8_t proto = conntrack_get(ct, ref.index)->tuple[0].proto;
	struct packet_info answer = info_of(proto, TCP_SYN | TCP_ACK), ack = info_of(proto, TCP_ACK);

	ack.tcp_seq = 11;
	ref.dir = 1;
	cr_assert_eq(conntrack_update(ct, ref, &answer, now), REASON_NONE);
	ref.dir = 0;
	cr_assert_eq(conntrack_update(ct, ref, &ack, now), REASON_NONE);
	cr_assert_eq(conntrack_get(ct, ref.index)->class, FLOW_ASSURED);
}

/* The counts by source and by network add up to the half-open flows, each way. */
static void recount_openers(const struct conntrack *ct)
{
	uint32_t sources = 0, networks = 0;

	for (unsigned i = 0; i < OPENERS_SOURCES; i++)
		sources += ct->openers.sources[i];
	for (unsigned i = 0; i < OPENERS_NETWORKS; i++)
		networks += ct->openers.networks[i];
	cr_assert_eq(sources, ct->half_open);
	cr_assert_eq(networks, ct->half_open);
}

/* Recount everything that the table says of itself. */
static void recount(const struct conntrack *ct)
{
	uint32_t used = 0, free_count = 0, nodes = 0, listed = 0, per_iface[FLOW_IF_COUNT] = {0}, half_open = 0;

	for (uint32_t i = 0; i < ct->capacity; i++) {
		used += ct->flows[i].in_use;
		if (ct->flows[i].in_use)
			per_iface[ct->flows[i].iface[0]]++;
	}
	for (uint32_t i = ct->free; i != FLOW_NONE; i = ct->flows[i].older)
		free_count++;
	for (uint32_t b = 0; b <= ct->bucket_mask; b++) {
		for (uint32_t n = ct->buckets[b]; n != FLOW_NONE; n = ct->flows[n / 2].next[n % 2]) {
			cr_assert(ct->flows[n / 2].in_use);
			nodes++;
		}
	}
	for (unsigned i = 0; i < FLOW_IF_COUNT; i++) {
		cr_assert_eq(ct->iface_count[i], per_iface[i]);
		uint32_t half_open_at = 0;

		for (unsigned c = 0; c < FLOW_LIST_COUNT; c++) {
			uint32_t count = 0;

			for (uint32_t f = ct->lists[i][c].oldest; f != FLOW_NONE; f = ct->flows[f].newer) {
				cr_assert(ct->flows[f].iface[0] == i && ct->flows[f].list == c);
				cr_assert_eq(ct->flows[f].class, c < FLOW_HALF_OPEN ? c : FLOW_HALF_OPEN);
				count++;
			}
			half_open_at += c >= FLOW_HALF_OPEN ? count : 0;
			cr_assert_eq(count, ct->lists[i][c].count);
			listed += count;
		}
		cr_assert_eq(half_open_at, ct->half_open_at[i]);
		half_open += half_open_at;
	}
	cr_assert_eq(half_open, ct->half_open);
	recount_openers(ct);
	cr_assert_eq(used, ct->count);
	cr_assert_eq(listed, used);
	cr_assert_eq(nodes, 2 * used);
	cr_assert_eq(free_count, ct->capacity - used);
}

Test(net_conntrack, memory_too_small_for_one_flow_is_refused_and_never_overrun)
{
	for (size_t len = 0; len < 2000; len += 3) {
		uint8_t *memory = malloc(len + 8);
		struct conntrack ct;
		bool good = conntrack_init(&ct, memory + len % 8, len, (struct siphash_key){{0, 0}});
		struct flow_ref ref;

		cr_assert_eq(good, len >= conntrack_get_memory_size(1));
		for (uint32_t n = 0; good && n < ct.capacity; n++) {
			conntrack_set_limit(&ct, 1, ct.capacity);
			cr_assert_eq(open_n(&ct, IP_PROTO_UDP, n, 1, 0, &ref), REASON_NONE);
		}
		free(memory);
	}
}

/* The naive second implementation: a list of pairs of tuples, searched from the start. */
struct naive {
	struct flow_tuple tuple[2];
	uint64_t deadline;
	bool used;
};

static struct naive *naive_find(struct naive *list, uint32_t count, const struct flow_tuple *tuple, unsigned *dir)
{
	for (uint32_t i = 0; i < count; i++) {
		for (*dir = 0; list[i].used && *dir < 2; ++*dir) {
			const struct flow_tuple *t = &list[i].tuple[*dir];

			if (ip_addr_equal(t->src, tuple->src) && ip_addr_equal(t->dst, tuple->dst) &&
			    t->sport == tuple->sport && t->dport == tuple->dport && t->proto == tuple->proto)
				return &list[i];
		}
	}
	return NULL;
}

Test(net_conntrack, the_table_finds_what_a_naive_list_finds)
{
	enum { COUNT = 300 };
	struct conntrack *ct = table_new(COUNT);
	struct naive *list = calloc(COUNT, sizeof(*list));
	uint64_t state = 31, now = 0;
	uint32_t opened = 0, found_count = 0;

	conntrack_set_limit(ct, 1, COUNT);
	for (int step = 0; step < 60000; step++) {
		struct flow_tuple tuple = tuple_of(IP_PROTO_UDP, IP(10, 0, 0, dice(&state) % 8), dice(&state) % 6,
						   IP(10, 0, 0, dice(&state) % 8), dice(&state) % 6);
		struct packet_info info = info_of(IP_PROTO_UDP, 0);
		struct flow_ref ref;
		unsigned dir;
		struct naive *model = naive_find(list, COUNT, &tuple, &dir);
		bool found;

		now += dice(&state) % (SECOND / 8);
		if (model && now >= model->deadline) {
			model->used = false;
			model = NULL;
		}
		found = conntrack_find(ct, &tuple, now, &ref);
		cr_assert_eq(found, model != NULL);
		if (found) {
			found_count++;
			cr_assert_eq(ref.dir, dir);
			cr_assert(flow_tuple_equal(&conntrack_get(ct, ref.index)->tuple[0], &model->tuple[0]));
			if (dice(&state) % 3 == 0) {
				conntrack_close(ct, ref.index);
				model->used = false;
			}
		} else if (ct->count < COUNT) {
			struct flow_tuple reply = flow_tuple_mirror(&tuple);
			unsigned other;
			enum reason reason;

			if (dice(&state) % 2)
				reply.dport = (uint16_t)(dice(&state) % 6);
			model = naive_find(list, COUNT, &reply, &other);
			reason = conntrack_open(ct, &tuple, &reply, 1, 0, 0, &info, now, &ref);
			cr_assert_eq(reason,
				     model || flow_tuple_equal(&tuple, &reply) ? REASON_FLOW_CLASH : REASON_NONE);
			for (uint32_t i = 0; reason == REASON_NONE && i < COUNT; i++) {
				if (list[i].used)
					continue;
				list[i] = (struct naive){{tuple, reply}, now + FLOW_TIMEOUT_UDP_NEW * SECOND, true};
				opened++;
				break;
			}
		}
		if (step % 500 == 0)
			recount(ct);
	}
	cr_assert(opened > 3000 && found_count > 3000);
	free(list);
	table_free(ct);
}

Test(net_conntrack, a_sweep_removes_exactly_the_flows_whose_time_is_over)
{
	struct conntrack *ct = table_new(100);
	struct flow_ref ref;

	conntrack_set_limit(ct, 1, 100);
	for (uint32_t n = 0; n < 100; n++)
		cr_assert_eq(open_n(ct, IP_PROTO_UDP, n, 1, n * SECOND, &ref), REASON_NONE);
	conntrack_expire(ct, (FLOW_TIMEOUT_UDP_NEW + 40) * SECOND, 60);
	conntrack_expire(ct, (FLOW_TIMEOUT_UDP_NEW + 40) * SECOND, 60);
	cr_assert_eq(ct->count, 59);
	recount(ct);
	table_free(ct);
}

Test(net_conntrack, a_flood_evicts_the_unanswered_and_never_the_established)
{
	struct conntrack *ct = table_new(100);
	struct flow_ref ref, kept[30];

	for (uint32_t n = 0; n < 30; n++) {
		cr_assert_eq(open_n(ct, n % 2 ? IP_PROTO_TCP : IP_PROTO_UDP, n, 1, 0, &kept[n]), REASON_NONE);
		assure(ct, kept[n], 0);
	}
	for (uint32_t n = 1000; n < 3000; n++)
		cr_assert_eq(open_n(ct, IP_PROTO_TCP, n, 2, 0, &ref), REASON_NONE);
	recount(ct);
	cr_assert_eq(ct->iface_count[2], 25, "half-open, no more than half of its share");
	for (uint32_t n = 0; n < 30; n++)
		cr_assert_eq(conntrack_get(ct, kept[n].index)->rule, n);
	table_free(ct);
}

Test(net_conntrack, the_interface_that_floods_pays_when_the_table_is_full)
{
	struct conntrack *ct = table_new(100);
	struct flow_ref ref;

	for (uint8_t i = 1; i < 4; i++)
		conntrack_set_limit(ct, i, 100);
	for (uint32_t n = 0; n < 10; n++)
		cr_assert_eq(open_n(ct, IP_PROTO_UDP, n, 1, 0, &ref), REASON_NONE);
	for (uint32_t n = 0; n < 500; n++)
		cr_assert_eq(open_n(ct, IP_PROTO_UDP, n, 2, 0, &ref), REASON_NONE);
	for (uint32_t n = 0; n < 20; n++)
		cr_assert_eq(open_n(ct, IP_PROTO_UDP, n, 3, 0, &ref), REASON_NONE);
	cr_assert_eq(ct->iface_count[1], 10);
	cr_assert_eq(ct->iface_count[2], 70);
	cr_assert_eq(ct->iface_count[3], 20);
	recount(ct);
	table_free(ct);
}

Test(net_conntrack, a_table_full_of_established_flows_refuses_and_says_so)
{
	struct conntrack *ct = table_new(10);
	struct flow_ref ref;

	conntrack_set_limit(ct, 1, 10);
	conntrack_set_limit(ct, 2, 2);
	for (uint32_t n = 0; n < 10; n++) {
		uint8_t iface = n < 2 ? 2 : 1;

		cr_assert_eq(open_n(ct, IP_PROTO_TCP, n, iface, 0, &ref), REASON_NONE);
		assure(ct, ref, 0);
	}
	cr_assert_eq(open_n(ct, IP_PROTO_TCP, 100, 3, 0, &ref), REASON_FLOW_FULL);
	cr_assert_eq(open_n(ct, IP_PROTO_TCP, 100, 2, 0, &ref), REASON_FLOW_LIMIT);
	recount(ct);
	table_free(ct);
}

Test(net_conntrack, a_closing_flow_goes_before_an_established_one)
{
	struct conntrack *ct = table_new(4);
	struct flow_ref ref[5];
	struct packet_info reset = info_of(IP_PROTO_TCP, TCP_RST);

	conntrack_set_limit(ct, 1, 4);
	for (uint32_t n = 0; n < 4; n++) {
		cr_assert_eq(open_n(ct, IP_PROTO_TCP, n, 1, 0, &ref[n]), REASON_NONE);
		assure(ct, ref[n], 0);
	}
	reset.tcp_seq = 11;
	cr_assert_eq(conntrack_update(ct, ref[2], &reset, 0), REASON_NONE);
	cr_assert_eq(conntrack_get(ct, ref[2].index)->class, FLOW_CLOSING);
	cr_assert_eq(open_n(ct, IP_PROTO_TCP, 9, 1, 0, &ref[4]), REASON_NONE);
	cr_assert_eq(ref[4].index, ref[2].index);
	table_free(ct);
}

Test(net_conntrack, a_new_syn_reopens_only_what_is_over)
{
	struct conntrack *ct = table_new(4);
	struct flow_ref ref;
	struct packet_info syn = info_of(IP_PROTO_TCP, TCP_SYN), reset = info_of(IP_PROTO_TCP, TCP_RST);

	cr_assert_eq(open_n(ct, IP_PROTO_TCP, 1, 1, 0, &ref), REASON_NONE);
	cr_assert_not(conntrack_is_reopening(ct, ref, &syn));
	assure(ct, ref, 0);
	cr_assert_not(conntrack_is_reopening(ct, ref, &syn));
	reset.tcp_seq = 11;
	cr_assert_eq(conntrack_update(ct, ref, &reset, 0), REASON_NONE);
	cr_assert(conntrack_is_reopening(ct, ref, &syn));
	cr_assert_not(conntrack_is_reopening(ct, ref, &reset));
	table_free(ct);
}

Test(net_conntrack, what_proves_nothing_does_not_prolong_a_flow)
{
	struct conntrack *ct = table_new(4);
	struct flow_ref ref;
	struct packet_info syn = info_of(IP_PROTO_TCP, TCP_SYN), reset = info_of(IP_PROTO_TCP, TCP_RST);
	struct packet_info ack = info_of(IP_PROTO_TCP, TCP_ACK);
	uint64_t deadline;

	cr_assert_eq(open_n(ct, IP_PROTO_TCP, 1, 1, 0, &ref), REASON_NONE);
	assure(ct, ref, 0);
	deadline = conntrack_get(ct, ref.index)->deadline;
	reset.tcp_seq = 500;
	cr_assert_eq(conntrack_update(ct, ref, &reset, SECOND), REASON_NONE);
	cr_assert_eq(conntrack_update(ct, ref, &syn, SECOND), REASON_NONE);
	cr_assert_eq(conntrack_get(ct, ref.index)->deadline, deadline);
	ack.tcp_seq = 11;
	cr_assert_eq(conntrack_update(ct, ref, &ack, SECOND), REASON_NONE);
	cr_assert_eq(conntrack_get(ct, ref.index)->deadline, deadline + SECOND);
	table_free(ct);
}

Test(net_conntrack, clearing_an_interface_removes_the_flows_of_both_its_directions)
{
	struct conntrack *ct = table_new(20);
	struct flow_tuple tuple = tuple_of(IP_PROTO_UDP, FAR_IP, 1, TWO_IP, 2), reply = flow_tuple_mirror(&tuple);
	struct packet_info info = info_of(IP_PROTO_UDP, 0);
	struct flow_ref ref;

	cr_assert_eq(open_n(ct, IP_PROTO_UDP, 1, 1, 0, &ref), REASON_NONE);
	cr_assert_eq(open_n(ct, IP_PROTO_UDP, 1, 2, 0, &ref), REASON_NONE);
	cr_assert_eq(conntrack_open(ct, &tuple, &reply, 0, 2, 0, &info, 0, &ref), REASON_NONE);
	conntrack_clear_iface(ct, 2);
	cr_assert_eq(ct->count, 1);
	recount(ct);
	table_free(ct);
}

Test(net_conntrack, many_short_connections_do_not_cost_those_that_are_just_opening)
{
	struct conntrack *ct = table_new(200);
	struct packet_info reset = info_of(IP_PROTO_TCP, TCP_RST | TCP_ACK);
	struct flow_ref ref, opening[50];

	/* A share full of connections that are over, as after thousands of requests. */
	for (uint32_t n = 0; n < 100; n++) {
		cr_assert_eq(open_n(ct, IP_PROTO_TCP, n, 1, 0, &ref), REASON_NONE);
		assure(ct, ref, 0);
		reset.tcp_seq = 11;
		cr_assert_eq(conntrack_update(ct, ref, &reset, 0), REASON_NONE);
		cr_assert_eq(conntrack_get(ct, ref.index)->class, FLOW_CLOSING);
	}
	for (uint32_t n = 0; n < 50; n++)
		cr_assert_eq(open_n(ct, IP_PROTO_TCP, 1000 + n, 1, 0, &opening[n]), REASON_NONE);
	for (uint32_t n = 0; n < 50; n++)
		cr_assert_eq(conntrack_get(ct, opening[n].index)->rule, 1000 + n, "the %u-th opening was evicted", n);
	recount(ct);
	table_free(ct);
}

Test(net_conntrack, half_open_connections_are_bounded_and_counted_whatever_happens)
{
	enum { STEPS = 40000 };
	struct conntrack *ct = table_new(300);
	uint64_t state = 5, now = 0;

	conntrack_set_inner(ct, 1, true);
	conntrack_set_limit(ct, 2, 200);
	for (unsigned step = 0; step < STEPS; step++) {
		uint8_t in = (uint8_t)(1 + dice(&state) % 2), proto = dice(&state) % 4 ? IP_PROTO_TCP : IP_PROTO_UDP;
		struct flow_tuple tuple = tuple_of(proto, IP(10, in, 0, 0) + (uint32_t)dice(&state) % 500, 5,
						   IP(10, 3, 0, 0) + (uint32_t)dice(&state) % 3, 6);
		struct flow_tuple reply = flow_tuple_mirror(&tuple);
		struct packet_info syn = info_of(proto, TCP_SYN), rst = info_of(proto, TCP_RST | TCP_ACK);
		struct flow_ref ref;

		now += dice(&state) % (SECOND / 50);
		if (!conntrack_find(ct, &tuple, now, &ref)) {
			if (proto != IP_PROTO_TCP ||
			    conntrack_judge(ct, &tuple, &reply, in, dice(&state) % 2 ? 1 : 3, now) == OPENING_ADMIT)
				conntrack_open(ct, &tuple, &reply, in, 3 - in, step, &syn, now, &ref);
		} else if (conntrack_get(ct, ref.index)->class == FLOW_HALF_OPEN && dice(&state) % 2) {
			assure(ct, ref, now);
		} else if (dice(&state) % 3 == 0) {
			rst.tcp_seq = 11;
			conntrack_update(ct, ref, &rst, now);
		} else {
			conntrack_update(ct, ref, &syn, now);
		}
		if (step % 200 == 0) {
			conntrack_expire(ct, now, 100);
			recount(ct);
			cr_assert_leq(ct->half_open, 150);
			cr_assert(ct->half_open_at[1] <= 75 && ct->half_open_at[2] <= 100);
		}
	}
	cr_assert_gt(ct->half_open_evicted, 100);
	conntrack_clear_iface(ct, 1);
	conntrack_clear_iface(ct, 2);
	recount(ct);
	cr_assert_eq(ct->half_open, 0);
	table_free(ct);
}
