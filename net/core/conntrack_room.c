/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who goes when there is no room. The invariants: half_open is the number of flows in all lists of half-open ones, and
 * half_open_at in those of an interface; no list of half-open connections is longer than its bound; a list runs from the
 * least to the most recently used.
 */
#include <base/bits.h>
#include <base/check.h>

#include "conntrack_room.h"

static struct flow_list *list_of(struct conntrack *ct, const struct flow *flow)
{
	return &ct->lists[flow->iface[0]][flow->list];
}

void flow_list_append(struct conntrack *ct, uint32_t index)
{
	struct flow *flow = &ct->flows[index];
	struct flow_list *list = list_of(ct, flow);

	flow->older = list->newest;
	flow->newer = FLOW_NONE;
	if (list->newest != FLOW_NONE)
		ct->flows[list->newest].newer = index;
	else
		list->oldest = index;
	list->newest = index;
	list->count++;
}

void flow_list_remove(struct conntrack *ct, uint32_t index)
{
	struct flow *flow = &ct->flows[index];
	struct flow_list *list = list_of(ct, flow);

	CHECK(list->count > 0);
	if (flow->older != FLOW_NONE)
		ct->flows[flow->older].newer = flow->newer;
	else
		list->oldest = flow->newer;
	if (flow->newer != FLOW_NONE)
		ct->flows[flow->newer].older = flow->older;
	else
		list->newest = flow->older;
	list->count--;
}

/* --- half-open connections --- */

static bool is_inner(const struct conntrack *ct, uint8_t iface)
{
	return ct->inner >> iface & 1;
}

/* Of a domain that sends as itself only, the interface has shown it. */
static bool is_proven(const struct conntrack *ct, uint8_t iface, struct ip_addr src, uint64_t now)
{
	return is_inner(ct, iface) || openers_is_proven(&ct->openers, src, now);
}

static bool list_is_proven(uint8_t list)
{
	return (list - FLOW_HALF_OPEN) % 2;
}

uint8_t flow_list_choose(const struct conntrack *ct, const struct flow *flow, uint64_t now)
{
	const struct flow_tuple *reply = &flow->tuple[1];
	struct {
		struct ip_addr addr;
		uint32_t port, iface;
	} target = {reply->src, reply->sport, flow->iface[1]};
	uint32_t hash;

	if (flow->class != FLOW_HALF_OPEN)
		return flow->class;
	hash = siphash(&ct->key, &target, sizeof(target)) % HALF_OPEN_TARGETS;
	return (uint8_t)(FLOW_HALF_OPEN + 2 * hash + is_proven(ct, flow->iface[0], flow->tuple[0].src, now));
}

/* What makes the counts of one list those of no other. */
static uint32_t list_salt(const struct flow *flow)
{
	return (uint32_t)flow->iface[0] << 8 | flow->list;
}

void half_open_enter(struct conntrack *ct, const struct flow *flow)
{
	ct->half_open++;
	ct->half_open_at[flow->iface[0]]++;
	openers_enter(&ct->openers, flow->tuple[0].src, list_salt(flow));
}

void half_open_leave(struct conntrack *ct, const struct flow *flow)
{
	CHECK(ct->half_open > 0 && ct->half_open_at[flow->iface[0]] > 0);
	ct->half_open--;
	ct->half_open_at[flow->iface[0]]--;
	openers_leave(&ct->openers, flow->tuple[0].src, list_salt(flow));
}

static uint32_t half_up(uint32_t n)
{
	return n / 2 + n % 2;
}

static uint32_t iface_bound(const struct conntrack *ct, uint8_t iface)
{
	return half_up(MIN(ct->limit[iface], ct->capacity));
}

/* What the list of @flow may hold. Only a target inside has to be spared. */
static uint32_t list_bound(const struct conntrack *ct, const struct flow *flow)
{
	uint32_t most = iface_bound(ct, flow->iface[0]);

	if (is_inner(ct, flow->iface[1]))
		most = MIN(most, list_is_proven(flow->list) ? HALF_OPEN_PROVEN : HALF_OPEN_STRANGERS);
	return most;
}

/* Would one more like @flow have to push another out? */
static bool is_crowded(const struct conntrack *ct, const struct flow *flow)
{
	uint8_t iface = flow->iface[0];

	return ct->lists[iface][flow->list].count >= list_bound(ct, flow) ||
	       ct->half_open_at[iface] >= iface_bound(ct, iface) || ct->half_open >= half_up(ct->capacity);
}

/* Have the source of @flow or its network as much of its list as is theirs? */
static bool has_share(const struct conntrack *ct, const struct flow *flow)
{
	struct ip_addr src = flow->tuple[0].src;
	uint32_t bound = list_bound(ct, flow);

	return openers_count_source(&ct->openers, src, list_salt(flow)) >= (bound + 7) / 8 ||
	       openers_count_network(&ct->openers, src, list_salt(flow)) >= half_up(bound);
}

/* Has the oldest of the list had its time? An empty list has none to wait for. */
static bool has_waited(const struct conntrack *ct, const struct flow_list *list, uint64_t now)
{
	return list->count == 0 ||
	       now + FLOW_TIMEOUT_SYN * 1000000000ull >= ct->flows[list->oldest].deadline + HALF_OPEN_PATIENCE_NS;
}

enum opening conntrack_judge(const struct conntrack *ct, const struct flow_tuple *tuple, const struct flow_tuple *reply,
			     uint8_t in_if, uint8_t out_if, uint64_t now)
{
	struct flow flow = {.tuple = {*tuple, *reply}, .iface = {in_if, out_if}, .class = FLOW_HALF_OPEN};

	flow.list = flow_list_choose(ct, &flow, now);
	if (!is_crowded(ct, &flow))
		return OPENING_ADMIT;
	if (!has_share(ct, &flow) && has_waited(ct, &ct->lists[in_if][flow.list], now))
		return OPENING_ADMIT;
	return list_is_proven(flow.list) ? OPENING_REFUSE : OPENING_ASK;
}

/* --- who goes --- */

/* The interface that has most half-open connections. */
static uint8_t half_open_most(const struct conntrack *ct)
{
	uint8_t most = 0;

	for (uint8_t i = 1; i < FLOW_IF_COUNT; i++)
		if (ct->half_open_at[i] > ct->half_open_at[most])
			most = i;
	return most;
}

/* The longest list of half-open connections of @iface. */
static const struct flow_list *half_open_longest(const struct conntrack *ct, uint8_t iface)
{
	const struct flow_list *longest = &ct->lists[iface][FLOW_HALF_OPEN];

	for (uint32_t i = FLOW_HALF_OPEN; i < FLOW_LIST_COUNT; i++)
		if (ct->lists[iface][i].count > longest->count)
			longest = &ct->lists[iface][i];
	return longest;
}

/* The longest list of @class, or that of @iface alone. */
static const struct flow_list *list_longest(const struct conntrack *ct, uint8_t iface, bool alone,
					    enum flow_class class)
{
	const struct flow_list *longest = &ct->lists[iface][class];

	for (uint32_t i = 0; i < FLOW_IF_COUNT && !alone; i++)
		if (ct->lists[i][class].count > longest->count)
			longest = &ct->lists[i][class];
	return longest;
}

static void evict(struct conntrack *ct, const struct flow_list *list)
{
	const struct flow *flow = &ct->flows[list->oldest];

	if (flow->class == FLOW_HALF_OPEN) {
		ct->victim = *flow;
		ct->half_open_evicted++;
	}
	ct->evicted++;
	conntrack_close(ct, list->oldest);
}

/* One half-open connection goes for @flow: of those to the same target, or where most are. */
static void half_open_make_room(struct conntrack *ct, const struct flow *flow)
{
	const struct flow_list *list = list_of(ct, flow);
	uint8_t iface = flow->iface[0];

	if (list->count == 0)
		list = half_open_longest(ct, ct->half_open_at[iface] >= iface_bound(ct, iface) ? iface
											       : half_open_most(ct));
	evict(ct, list);
}

/*
 * Whom to evict for a flow of @iface: the oldest of the largest class. A table full of flows that are over gives those up
 * and leaves the openings alone, which are moments old; a flood of openings pays itself. NULL: nobody may go.
 */
static const struct flow_list *victim_find(const struct conntrack *ct, uint8_t iface, bool alone)
{
	const struct flow_list *most = list_longest(ct, iface, alone, FLOW_CLOSING);
	const struct flow_list *embryonic = list_longest(ct, iface, alone, FLOW_EMBRYONIC);
	uint8_t opener = alone ? iface : half_open_most(ct);

	if (embryonic->count > most->count)
		most = embryonic;
	if (ct->half_open_at[opener] > most->count)
		most = half_open_longest(ct, opener);
	return most->count > 0 ? most : NULL;
}

enum reason conntrack_make_room(struct conntrack *ct, const struct flow *flow)
{
	uint8_t iface = flow->iface[0];
	const struct flow_list *victim;
	bool limited;

	if (flow->class == FLOW_HALF_OPEN && is_crowded(ct, flow))
		half_open_make_room(ct, flow);
	limited = ct->iface_count[iface] >= ct->limit[iface];
	if (!limited && ct->free != FLOW_NONE)
		return REASON_NONE;
	victim = victim_find(ct, iface, limited);
	if (!victim)
		return limited ? REASON_FLOW_LIMIT : REASON_FLOW_FULL;
	evict(ct, victim);
	return REASON_NONE;
}

enum reason conntrack_find_room(const struct conntrack *ct, const struct flow *flow)
{
	uint8_t iface = flow->iface[0];

	if (ct->iface_count[iface] >= ct->limit[iface] || (flow->class == FLOW_HALF_OPEN && is_crowded(ct, flow)))
		return REASON_FLOW_LIMIT;
	return ct->free == FLOW_NONE ? REASON_FLOW_FULL : REASON_NONE;
}
