/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decision about a new flow. It reads a checked table and nothing else, and the answer depends on its arguments
 * alone.
 */
#include <string.h>

#include "rules.h"

/* The next @count things of @size bytes behind *@at. */
static const void *part_take(const uint8_t **at, size_t size, uint32_t count)
{
	const void *part = *at;

	*at += size * count;
	return part;
}

uint64_t rules_get_size(const struct rules_header *h)
{
	return sizeof(*h) + RULES_IF_COUNT * sizeof(struct rules_iface) +
	       h->limit_count * (uint64_t)sizeof(struct rules_limit) +
	       h->log_count * (uint64_t)sizeof(struct rules_rate) +
	       h->counter_count * (uint64_t)sizeof(struct rules_counter) + sizeof(struct rules_pairs) +
	       h->block_count * (uint64_t)sizeof(struct rules_block) +
	       h->rule_count * (uint64_t)sizeof(struct rules_rule) +
	       h->target_count * (uint64_t)sizeof(struct rules_target) +
	       h->prefix_count * (uint64_t)sizeof(struct rules_prefix) +
	       h->tuple_count * (uint64_t)sizeof(struct rules_tuple) +
	       h->group_count * (uint64_t)sizeof(struct rules_group) +
	       h->range_count * (uint64_t)sizeof(struct rules_range) + h->slot_count * (uint64_t)sizeof(uint32_t);
}

struct rules_table rules_view(const void *table)
{
	const struct rules_header *h = table;
	const uint8_t *at = (const uint8_t *)(h + 1);
	struct rules_table view = {.header = h, .count = h->rule_count};

	view.ifaces = part_take(&at, sizeof(*view.ifaces), RULES_IF_COUNT);
	view.limits = part_take(&at, sizeof(*view.limits), h->limit_count);
	view.logs = part_take(&at, sizeof(*view.logs), h->log_count);
	view.counters = part_take(&at, sizeof(*view.counters), h->counter_count);
	view.pairs = part_take(&at, sizeof(*view.pairs), 1);
	view.blocks = part_take(&at, sizeof(*view.blocks), h->block_count);
	view.rules = part_take(&at, sizeof(*view.rules), h->rule_count);
	view.targets = part_take(&at, sizeof(*view.targets), h->target_count);
	view.prefixes = part_take(&at, sizeof(*view.prefixes), h->prefix_count);
	view.tuples = part_take(&at, sizeof(*view.tuples), h->tuple_count);
	view.groups = part_take(&at, sizeof(*view.groups), h->group_count);
	view.ranges = part_take(&at, sizeof(*view.ranges), h->range_count);
	view.slots = part_take(&at, sizeof(*view.slots), h->slot_count);
	return view;
}

struct rules_key rules_key_of(const uint8_t addr[16])
{
	return (struct rules_key){
		.hi = (uint64_t)be32_get(addr) << 32 | be32_get(addr + 4),
		.lo = (uint64_t)be32_get(addr + 8) << 32 | be32_get(addr + 12),
	};
}

/* As tables have it: an IPv4 address stands first, and zeros behind it. */
static struct rules_key key_of_address(struct ip_addr addr)
{
	if (ip_addr_is_v4(addr))
		return (struct rules_key){.hi = (uint64_t)ip_addr_to_v4(addr) << 32};
	return rules_key_of(addr.octets);
}

struct rules_key rules_key_cut(struct rules_key key, unsigned len)
{
	uint64_t hi = len == 0 ? 0 : len >= 64 ? ~0ull : ~0ull << (64 - len);
	uint64_t lo = len <= 64 ? 0 : len >= 128 ? ~0ull : ~0ull << (128 - len);

	return (struct rules_key){key.hi & hi, key.lo & lo};
}

/* One round of mixing: multiplication carries up, the shift brings it down again. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

uint32_t rules_hash(uint32_t seed, struct rules_key src, struct rules_key dst, uint32_t service)
{
	uint64_t hash = mix(mix((uint64_t)seed << 32 | service, src.hi), dst.hi);

	if (src.lo | dst.lo)
		hash = mix(mix(hash, src.lo), dst.lo);
	return (uint32_t)(mix(hash, 0) >> 32);
}

static bool prefix_is(const struct rules_table *table, uint32_t prefix, struct rules_key key)
{
	struct rules_key own;

	if (prefix == RULES_PREFIX_NONE)
		return true;
	own = rules_key_of(table->prefixes[prefix].addr);
	return own.hi == key.hi && own.lo == key.lo;
}

const struct rules_group *rules_find_group(const struct rules_table *table, const struct rules_tuple *tuple,
					   struct rules_key src, struct rules_key dst, uint32_t service)
{
	uint32_t mask = tuple->slot_count - 1;
	uint32_t at = rules_hash(table->header->seed, src, dst, service);

	for (uint32_t try = 0; try < tuple->probe_max; try++) {
		uint32_t slot = table->slots[tuple->first_slot + ((at + try) & mask)];
		const struct rules_group *group;

		if (slot == RULES_SLOT_NONE)
			return NULL;
		group = &table->groups[slot];
		if (group->service == service && prefix_is(table, group->src, src) && prefix_is(table, group->dst, dst))
			return group;
	}
	return NULL;
}

/* The rule of @group for @service, RULE_INDEX_NONE without one. */
static uint32_t range_find(const struct rules_table *table, const struct rules_group *group, uint32_t service)
{
	const struct rules_range *ranges = table->ranges + group->first_range;
	uint32_t low = 0, high = group->range_count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (service > ranges[middle].hi)
			low = middle + 1;
		else
			high = middle;
	}
	return low < group->range_count && service >= ranges[low].lo ? ranges[low].rule : RULE_INDEX_NONE;
}

/* The least of @best and the rules of the block number @number that match. */
static uint32_t block_decide(const struct rules_table *table, uint32_t number, const struct rules_query *query,
			     uint32_t best)
{
	const struct rules_block *block = &table->blocks[number];
	struct rules_key src = key_of_address(query->src), dst = key_of_address(query->dst);
	uint32_t service = RULES_SERVICE(query->proto, query->dport);

	for (uint32_t i = 0; i < block->tuple_count; i++) {
		const struct rules_tuple *tuple = &table->tuples[block->first_tuple + i];
		const struct rules_group *group;
		uint32_t rule;

		if (tuple->min_rule >= best)
			break;
		if (tuple->family != RULES_FAMILY_ANY && tuple->family != query->family)
			continue;
		group = rules_find_group(table, tuple, rules_key_cut(src, tuple->src_len),
					 rules_key_cut(dst, tuple->dst_len), tuple->exact ? service : 0);
		if (!group)
			continue;
		rule = range_find(table, group, service);
		if (rule < best)
			best = rule;
	}
	return best;
}

/* The place of @query in the table of pairs. False: the policy knows another kind of interface under that number. */
static bool place_find(const struct rules_table *table, const struct rules_query *query, uint32_t *place)
{
	static const uint8_t kinds[] = {[RULES_SIDE_INNER] = RULES_IF_INNER, [RULES_SIDE_UPLINK] = RULES_IF_UPLINK};

	if (query->from_if >= RULES_IF_COUNT || query->from_side > RULES_SIDE_UPLINK ||
	    table->ifaces[query->from_if].kind != kinds[query->from_side])
		return false;
	switch (query->to_side) {
	case RULES_SIDE_SELF: *place = RULES_TO_SELF; return true;
	case RULES_SIDE_NOWHERE: *place = RULES_TO_NOWHERE; return true;
	case RULES_SIDE_INNER:
	case RULES_SIDE_UPLINK: break;
	}
	*place = query->to_if;
	return query->to_if < RULES_IF_COUNT && table->ifaces[query->to_if].kind == kinds[query->to_side];
}

struct decision rules_decide(const struct rules_table *table, const struct rules_query *query)
{
	uint32_t rule = RULE_INDEX_NONE, place;

	if (!table->header || !place_find(table, query, &place))
		return (struct decision){RULES_DROP, RULE_INDEX_NONE};
	if (table->header->first_block != RULES_BLOCK_NONE)
		rule = block_decide(table, table->header->first_block, query, rule);
	if (rule == RULE_INDEX_NONE && table->pairs->block[query->from_if][place] != RULES_BLOCK_NONE)
		rule = block_decide(table, table->pairs->block[query->from_if][place], query, rule);
	if (rule == RULE_INDEX_NONE)
		return (struct decision){RULES_DROP, RULE_INDEX_NONE};
	return (struct decision){(enum rules_action)table->rules[rule].action, rule};
}

struct rules_instance rules_get_instance(const struct rules_table *table, uint32_t rule, uint32_t which, uint16_t dport)
{
	const struct rules_rule *r = &table->rules[rule];
	const struct rules_target *target = &table->targets[r->first_target + which];

	return (struct rules_instance){
		.iface = target->iface,
		.port = (uint16_t)(target->port + (dport - r->port_lo)),
	};
}

/* Set the bits @low .. @high, a word at a time. */
static void bits_set(uint64_t *bits, uint32_t low, uint32_t high)
{
	for (uint32_t word = low / 64; word <= high / 64; word++) {
		uint64_t from = word == low / 64 ? ~0ull << low % 64 : ~0ull;
		uint64_t to = word == high / 64 ? ~0ull >> (63 - high % 64) : ~0ull;

		bits[word] |= from & to;
	}
}

void rules_collect_published(const struct rules_table *table, const struct rules_pause *pause,
			     struct rules_published *published)
{
	memset(published, 0, sizeof(*published));
	for (uint32_t i = 0; table->header && i < table->header->range_count; i++) {
		const struct rules_range *range = &table->ranges[i];
		uint64_t *bits = range->lo >> 16 == RULES_PROTO_TCP ? published->tcp : published->udp;

		rules_pause_at(pause, i);
		if (table->rules[range->rule].action == RULES_ACTION_PUBLISH)
			bits_set(bits, range->lo & 0xffff, range->hi & 0xffff);
	}
}

bool rules_is_published(const struct rules_published *published, uint8_t proto, uint16_t port)
{
	switch (proto) {
	case RULES_PROTO_TCP: return published->tcp[port / 64] >> port % 64 & 1;
	case RULES_PROTO_UDP: return published->udp[port / 64] >> port % 64 & 1;
	}
	return false;
}

bool rules_publish_again(const struct rules_table *table, uint32_t rule, uint8_t proto, uint16_t port)
{
	uint32_t service = RULES_SERVICE(proto, port);

	for (uint32_t i = 0; i < table->header->range_count; i++) {
		const struct rules_range *range = &table->ranges[i];

		if (range->rule != rule && table->rules[range->rule].action == RULES_ACTION_PUBLISH &&
		    service >= range->lo && service <= range->hi)
			return true;
	}
	return false;
}

bool rules_is_target(const struct rules_table *table, const struct rules_query *opening, uint8_t iface, uint16_t port)
{
	struct rules_query query = *opening;

	for (uint32_t i = 0; i < table->count; i++) {
		const struct rules_rule *rule = &table->rules[i];

		for (uint32_t k = 0; k < rule->target_count; k++) {
			const struct rules_target *target = &table->targets[rule->first_target + k];
			uint32_t before = (uint32_t)port - target->port + rule->port_lo; /* the published port */

			query.dport = (uint16_t)before;
			if (target->iface == iface && port >= target->port && before <= 65535 &&
			    rules_decide(table, &query).rule == i)
				return true;
		}
	}
	return false;
}
