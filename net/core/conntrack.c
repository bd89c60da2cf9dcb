/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of flows. The invariants: each flow in use has both its tuples in the hash table, each
 * exactly once, and no two tuples in the table are equal; it stands in exactly one list of the
 * interface that opened it, of its class; the unused flows are chained through `older`. Who goes when
 * there is no room is in conntrack_room.c.
 */
#include <string.h>

#include <base/bits.h>
#include <base/check.h>

#include "conntrack_room.h"

#define SECOND 1000000000ull
#define FLOW_COUNT_MAX (1u << 24)

static uint32_t bucket_count_for(uint32_t flow_count)
{
	uint32_t count = 2;

	while (count < flow_count)
		count *= 2;
	return count;
}

size_t conntrack_get_memory_size(uint32_t flow_count)
{
	if (flow_count > FLOW_COUNT_MAX)
		flow_count = FLOW_COUNT_MAX;
	return (size_t)flow_count * sizeof(struct flow) + (size_t)bucket_count_for(flow_count) * sizeof(uint32_t) +
	       _Alignof(struct flow);
}

void conntrack_set_limit(struct conntrack *ct, uint8_t iface, uint32_t limit)
{
	CHECK(iface < FLOW_IF_COUNT);
	if (limit == 0)
		limit = ct->capacity > 1 ? ct->capacity / 2 : 1;
	ct->limit[iface] = limit;
}

void conntrack_set_inner(struct conntrack *ct, uint8_t iface, bool inner)
{
	CHECK(iface < FLOW_IF_COUNT);
	ct->inner = (ct->inner & ~(1u << iface)) | (uint32_t)inner << iface;
}

static void table_clear(struct conntrack *ct)
{
	memset(ct->flows, 0, (size_t)ct->capacity * sizeof(struct flow));
	memset(ct->buckets, 0xff, ((size_t)ct->bucket_mask + 1) * sizeof(uint32_t));
	for (uint32_t i = 0; i < ct->capacity; i++)
		ct->flows[i].older = i + 1 < ct->capacity ? i + 1 : FLOW_NONE;
	ct->free = 0;
	for (uint32_t i = 0; i < FLOW_IF_COUNT; i++) {
		for (uint32_t c = 0; c < FLOW_LIST_COUNT; c++)
			ct->lists[i][c] = (struct flow_list){FLOW_NONE, FLOW_NONE, 0};
		conntrack_set_limit(ct, (uint8_t)i, 0);
	}
}

bool conntrack_init(struct conntrack *ct, void *memory, size_t len, struct siphash_key key)
{
	uintptr_t start = (uintptr_t)memory;
	uintptr_t pad = -start & (_Alignof(struct flow) - 1);
	uint32_t low = 0, high = FLOW_COUNT_MAX;

	memset(ct, 0, sizeof(*ct));
	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;

		if (conntrack_get_memory_size(middle) <= len)
			low = middle;
		else
			high = middle - 1;
	}
	if (low == 0)
		return false;
	ct->key = key;
	openers_init(&ct->openers, key);
	ct->capacity = low;
	ct->bucket_mask = bucket_count_for(low) - 1;
	ct->flows = (struct flow *)(start + pad);
	ct->buckets = (uint32_t *)(ct->flows + low);
	table_clear(ct);
	return true;
}

/* --- hash chains --- */

/* Of two IPv4 addresses only what tells them apart is hashed: by its length that is no other tuple's message. */
static uint64_t tuple_hash(const struct conntrack *ct, const struct flow_tuple *tuple)
{
	if (!ip_addr_is_v4(tuple->src) || !ip_addr_is_v4(tuple->dst))
		return siphash(&ct->key, tuple, sizeof(*tuple));
	return siphash_short(&ct->key, (uint64_t)ip_addr_to_v4(tuple->src) << 32 | ip_addr_to_v4(tuple->dst),
			     (uint64_t)tuple->proto << 32 | (uint32_t)tuple->sport << 16 | tuple->dport);
}

static uint32_t *bucket_of(const struct conntrack *ct, const struct flow_tuple *tuple)
{
	return &ct->buckets[tuple_hash(ct, tuple) & ct->bucket_mask];
}

static void node_insert(struct conntrack *ct, uint32_t index, unsigned dir)
{
	struct flow *flow = &ct->flows[index];
	uint32_t *bucket = bucket_of(ct, &flow->tuple[dir]);

	flow->next[dir] = *bucket;
	*bucket = index * 2 + dir;
}

static void node_remove(struct conntrack *ct, uint32_t index, unsigned dir)
{
	uint32_t node = index * 2 + dir;
	uint32_t *link = bucket_of(ct, &ct->flows[index].tuple[dir]);

	while (*link != node) {
		CHECK(*link != FLOW_NONE);
		link = &ct->flows[*link / 2].next[*link % 2];
	}
	*link = ct->flows[index].next[dir];
}

static uint32_t node_find(const struct conntrack *ct, const struct flow_tuple *tuple)
{
	uint32_t node = *bucket_of(ct, tuple);

	while (node != FLOW_NONE) {
		const struct flow *flow = &ct->flows[node / 2];

		if (flow_tuple_equal(&flow->tuple[node % 2], tuple))
			break;
		node = flow->next[node % 2];
	}
	return node;
}

/* --- states --- */

static uint32_t flow_get_timeout(const struct flow *flow)
{
	if (flow->tuple[0].proto == IP_PROTO_UDP)
		return flow->seen ? FLOW_TIMEOUT_UDP : FLOW_TIMEOUT_UDP_NEW;
	if (flow->tuple[0].proto != IP_PROTO_TCP)
		return FLOW_TIMEOUT_ICMP;
	switch (flow->tcp.state) {
	case TCP_ESTABLISHED: return FLOW_TIMEOUT_ESTABLISHED;
	case TCP_FIN_WAIT: return FLOW_TIMEOUT_FIN_WAIT;
	case TCP_LAST_ACK: return FLOW_TIMEOUT_LAST_ACK;
	case TCP_TIME_WAIT: return FLOW_TIMEOUT_TIME_WAIT;
	case TCP_CLOSED: return FLOW_TIMEOUT_CLOSED;
	}
	return FLOW_TIMEOUT_SYN;
}

static enum flow_class flow_get_class(const struct flow *flow)
{
	if (flow->tuple[0].proto == IP_PROTO_UDP)
		return flow->seen == FLOW_SEEN_EXCHANGE ? FLOW_ASSURED : FLOW_EMBRYONIC;
	if (flow->tuple[0].proto != IP_PROTO_TCP)
		return FLOW_EMBRYONIC;
	switch (flow->tcp.state) {
	case TCP_ESTABLISHED:
	case TCP_FIN_WAIT: return FLOW_ASSURED;
	case TCP_LAST_ACK:
	case TCP_TIME_WAIT:
	case TCP_CLOSED: return FLOW_CLOSING;
	}
	return FLOW_HALF_OPEN;
}

bool conntrack_look(const struct conntrack *ct, const struct flow_tuple *tuple, struct flow_ref *ref)
{
	uint32_t node = node_find(ct, tuple);

	*ref = (struct flow_ref){.index = node / 2, .dir = node % 2};
	return node != FLOW_NONE;
}

bool conntrack_is_alive(struct conntrack *ct, struct flow_ref ref, uint64_t now)
{
	if (now < ct->flows[ref.index].deadline)
		return true;
	conntrack_close(ct, ref.index);
	return false;
}

bool conntrack_find(struct conntrack *ct, const struct flow_tuple *tuple, uint64_t now, struct flow_ref *ref)
{
	return conntrack_look(ct, tuple, ref) && conntrack_is_alive(ct, *ref, now);
}

void conntrack_set_admitted(struct conntrack *ct, struct flow_ref ref)
{
	struct flow *flow = &ct->flows[ref.index];

	flow->admitted = (flow->admitted | 1u << ref.dir) & 3u;
}

void conntrack_forget_admitted(struct conntrack *ct)
{
	for (uint32_t i = 0; i < ct->capacity; i++)
		ct->flows[i].admitted = 0;
}

bool conntrack_is_reopening(const struct conntrack *ct, struct flow_ref ref, const struct packet_info *info)
{
	const struct flow *flow = conntrack_get(ct, ref.index);

	return info->proto == IP_PROTO_TCP && tcp_is_opening(info) &&
	       (flow->tcp.state == TCP_TIME_WAIT || flow->tcp.state == TCP_CLOSED);
}

/* @flow, of which list, class and deadline are set, gets a place, of which there is one: its number. */
static uint32_t flow_place(struct conntrack *ct, const struct flow *flow)
{
	uint32_t index = ct->free;

	ct->free = ct->flows[index].older;
	ct->flows[index] = *flow;
	node_insert(ct, index, 0);
	node_insert(ct, index, 1);
	flow_list_append(ct, index);
	if (flow->class == FLOW_HALF_OPEN)
		half_open_enter(ct, flow);
	ct->count++;
	ct->iface_count[flow->iface[0]]++;
	return index;
}

enum reason conntrack_open(struct conntrack *ct, const struct flow_tuple *tuple, const struct flow_tuple *reply,
			   uint8_t in_if, uint8_t out_if, uint32_t rule, const struct packet_info *info, uint64_t now,
			   struct flow_ref *ref)
{
	struct flow flow = {.tuple = {*tuple, *reply}, .rule = rule, .iface = {in_if, out_if}, .in_use = 1};
	enum reason reason;

	CHECK(in_if < FLOW_IF_COUNT && out_if < FLOW_IF_COUNT);
	ct->victim.in_use = 0;
	if (node_find(ct, tuple) != FLOW_NONE || node_find(ct, reply) != FLOW_NONE || flow_tuple_equal(tuple, reply))
		return REASON_FLOW_CLASH;
	if (tuple->proto == IP_PROTO_TCP)
		tcp_track_open(&flow.tcp, info);
	flow.class = (uint8_t)flow_get_class(&flow);
	flow.list = flow_list_choose(ct, &flow, now);
	flow.deadline = now + flow_get_timeout(&flow) * SECOND;
	reason = conntrack_make_room(ct, &flow);
	if (reason != REASON_NONE)
		return reason;
	*ref = (struct flow_ref){.index = flow_place(ct, &flow), .dir = 0};
	return REASON_NONE;
}

enum reason conntrack_adopt(struct conntrack *ct, const struct flow *flow, uint64_t now, uint32_t *index)
{
	const struct flow_tuple *tuple = flow->tuple;
	struct flow copy = *flow;
	enum reason reason;

	if (node_find(ct, &tuple[0]) != FLOW_NONE || node_find(ct, &tuple[1]) != FLOW_NONE ||
	    flow_tuple_equal(&tuple[0], &tuple[1]))
		return REASON_FLOW_CLASH;
	copy.in_use = 1;
	copy.class = (uint8_t)flow_get_class(flow);
	copy.list = flow_list_choose(ct, &copy, now);
	copy.deadline = MIN(flow->deadline, now + flow_get_timeout(flow) * SECOND);
	reason = conntrack_find_room(ct, &copy);
	if (reason != REASON_NONE)
		return reason;
	*index = flow_place(ct, &copy);
	return REASON_NONE;
}

/* @flow goes on in another class: a handshake that is done shows that its opener is there. */
static void class_change(struct conntrack *ct, struct flow *flow, enum flow_class class, uint64_t now)
{
	if (flow->class == FLOW_HALF_OPEN) {
		half_open_leave(ct, flow);
		if (class == FLOW_ASSURED)
			openers_prove(&ct->openers, flow->tuple[0].src, now);
	}
	flow->class = (uint8_t) class;
	flow->list = (uint8_t) class;
}

enum reason conntrack_update(struct conntrack *ct, struct flow_ref ref, const struct packet_info *info, uint64_t now)
{
	struct flow *flow = &ct->flows[ref.index];
	uint8_t state = flow->tcp.state, seen = flow->seen;
	enum flow_class class;

	CHECK(ref.index < ct->capacity && flow->in_use);
	if (info->proto == IP_PROTO_TCP) {
		enum reason reason;

		if (flow->tcp.lenient && now >= ct->lenient_until)
			flow->tcp.lenient = 0;
		reason = tcp_track_segment(&flow->tcp, ref.dir, info);

		if (reason != REASON_NONE)
			return reason;
	}
	if (ref.dir == 1 && flow->seen == FLOW_SEEN_OPENER)
		flow->seen = FLOW_SEEN_ANSWER;
	else if (ref.dir == 0 && flow->seen == FLOW_SEEN_ANSWER)
		flow->seen = FLOW_SEEN_EXCHANGE;
	/* What cannot prove that the flow lives must not keep it. */
	if (state == flow->tcp.state &&
	    (state == TCP_CLOSED || (info->tcp_flags & TCP_RST) || (state > TCP_SYN_SENT && tcp_is_opening(info))))
		return REASON_NONE;
	class = flow_get_class(flow);
	if (class != flow->class || !flow_list_is_newest(ct, ref.index)) {
		flow_list_remove(ct, ref.index);
		if (class != flow->class)
			class_change(ct, flow, class, now);
		flow_list_append(ct, ref.index);
	}
	flow->deadline = now + flow_get_timeout(flow) * SECOND;
	flow->touched = 1;
	if (ct->journal.header && (state != flow->tcp.state || seen != flow->seen))
		journal_note(&ct->journal, ref.index, flow);
	return REASON_NONE;
}

void conntrack_set_rule(struct conntrack *ct, uint32_t index, uint32_t rule)
{
	CHECK(index < ct->capacity && ct->flows[index].in_use);
	ct->flows[index].rule = rule;
}

void conntrack_close(struct conntrack *ct, uint32_t index)
{
	struct flow *flow = &ct->flows[index];

	CHECK(index < ct->capacity && flow->in_use);
	node_remove(ct, index, 0);
	node_remove(ct, index, 1);
	flow_list_remove(ct, index);
	if (flow->class == FLOW_HALF_OPEN)
		half_open_leave(ct, flow);
	journal_end(&ct->journal, index, flow);
	ct->count--;
	ct->iface_count[flow->iface[0]]--;
	flow->in_use = 0;
	flow->older = ct->free;
	ct->free = index;
}

void conntrack_expire(struct conntrack *ct, uint64_t now, uint32_t count)
{
	if (count > ct->capacity)
		count = ct->capacity;
	while (count-- > 0) {
		struct flow *flow = &ct->flows[ct->sweep];

		if (flow->in_use && now >= flow->deadline)
			conntrack_close(ct, ct->sweep);
		ct->sweep = ct->sweep + 1 < ct->capacity ? ct->sweep + 1 : 0;
	}
}

void conntrack_clear_iface(struct conntrack *ct, uint8_t iface)
{
	for (uint32_t i = 0; i < ct->capacity; i++) {
		const struct flow *flow = &ct->flows[i];

		if (flow->in_use && (flow->iface[0] == iface || flow->iface[1] == iface))
			conntrack_close(ct, i);
	}
}
