/* SPDX-License-Identifier: BSD-2-Clause */
/* What the router tells of itself: fixed records, as many as a message holds. */
#include <string.h>

#include <cambium/clock.h>

#include "manage.h"

struct manage_message query_status(const struct router_domain *d, uint32_t id, uint64_t now)
{
	struct manage_status status = {.now_ns = now,
				       .rule_count = d->brain.rules.count,
				       .flow_count = router_get_flow_count(&d->brain),
				       .flow_capacity = router_get_flow_capacity(&d->brain),
				       .half_open_count = d->brain.flows.half_open,
				       .openings_asked = d->brain.flows.openers.asked,
				       .half_open_evicted = d->brain.flows.half_open_evicted,
				       .flows_cut = d->brain.flows_cut,
				       .drop_count = d->brain.drop_count,
				       .flows_kept = handover_get_kept(),
				       .flows_lost = handover_get_lost()};

	policy_status(&status, now);
	return manage_message_of(MANAGE_OK, id, &status, sizeof status);
}

static bool rule_read(const struct router_domain *d, uint32_t i, void *out)
{
	const struct router *r = &d->brain;
	struct manage_rule rule;

	if (i >= r->rules.count)
		return false;
	rule = (struct manage_rule){
		.line = r->rules.rules[i].line, .action = r->rules.rules[i].action, .hits = r->rule_hits[i]};
	memcpy(out, &rule, sizeof rule);
	return true;
}

static bool counter_read(const struct router_domain *d, uint32_t i, void *out)
{
	const struct router *r = &d->brain;
	const struct meter_counter *c = &r->meters->state.counters[i];
	struct manage_counter counter;

	if (!r->rules.header || i >= r->rules.header->counter_count)
		return false;
	counter = (struct manage_counter){.flows = c->flows, .packets = c->packets, .bytes = c->bytes};
	memcpy(counter.name, r->rules.counters[i].name, sizeof counter.name);
	memcpy(out, &counter, sizeof counter);
	return true;
}

static bool iface_read(const struct router_domain *d, uint32_t i, void *out)
{
	const struct router *r = &d->brain;
	static const uint32_t kinds[] = {
		[IFACE_NONE] = RULES_IF_NONE, [IFACE_INNER] = RULES_IF_INNER, [IFACE_UPLINK] = RULES_IF_UPLINK};
	struct manage_iface iface = {.number = i};

	if (i >= ROUTER_IF_COUNT)
		return false;
	if (r->iface[i].kind != IFACE_NONE) {
		const struct iface_counters *c = &r->counters[i];

		iface = (struct manage_iface){.number = i,
					      .kind = kinds[r->iface[i].kind],
					      .rx_packets = c->rx_packets,
					      .rx_bytes = c->rx_bytes,
					      .rx_dropped = c->rx_dropped,
					      .tx_packets = c->tx_packets,
					      .tx_bytes = c->tx_bytes,
					      .shaped = (r->shaper.shaped[SHAPE_IN] >> i & 1 ? MANAGE_SHAPED_IN : 0) |
							(r->shaper.shaped[SHAPE_OUT] >> i & 1 ? MANAGE_SHAPED_OUT : 0),
					      .waiting = d->queues[i] ? d->queues[i]->count : 0,
					      .wait_dropped = d->queues[i] ? d->queues[i]->dropped : 0};
	}
	memcpy(out, &iface, sizeof iface);
	return true;
}

static void address_put(struct ip_addr addr, uint8_t octets[16])
{
	if (ip_addr_is_v4(addr))
		be32_put(octets, ip_addr_to_v4(addr));
	else
		memcpy(octets, addr.octets, sizeof addr.octets);
}

static bool drop_read(const struct router_domain *d, uint32_t i, void *out)
{
	const struct router *r = &d->brain;
	const struct router_drop *from;
	struct manage_drop drop = {0};

	if (i >= ROUTER_DROP_COUNT || i >= r->drop_count)
		return false;
	from = &r->drops[(r->drop_count - 1 - i) % ROUTER_DROP_COUNT];
	drop.when_ns = from->when;
	drop.iface = from->in_if;
	drop.proto = from->tuple.proto;
	drop.sport = from->tuple.sport;
	drop.dport = from->tuple.dport;
	if (from->tuple.proto) {
		drop.family = ip_addr_is_v4(from->tuple.src) ? RULES_FAMILY_IPV4 : RULES_FAMILY_IPV6;
		address_put(from->tuple.src, drop.src);
		address_put(from->tuple.dst, drop.dst);
	}
	strncpy(drop.reason, reason_get_text((enum reason)from->reason), sizeof drop.reason - 1);
	memcpy(out, &drop, sizeof drop);
	return true;
}

struct manage_message query_answer(const struct router_domain *d, uint32_t id, const struct manage_query *query)
{
	static const struct {
		bool (*read)(const struct router_domain *d, uint32_t i, void *out);
		uint32_t size;
	} kinds[] = {
		[MANAGE_RULES] = {rule_read, sizeof(struct manage_rule)},
		[MANAGE_COUNTERS] = {counter_read, sizeof(struct manage_counter)},
		[MANAGE_IFACES] = {iface_read, sizeof(struct manage_iface)},
		[MANAGE_DROPS] = {drop_read, sizeof(struct manage_drop)},
	};
	struct manage_message m = manage_message_of(MANAGE_OK, id, NULL, 0);

	if (query->what >= sizeof kinds / sizeof kinds[0] || !kinds[query->what].read)
		return manage_error(id, "no such kind of records: are command and machine of one version?");
	for (uint32_t i = query->first; m.length + kinds[query->what].size <= MANAGE_PAYLOAD_MAX; i++) {
		if (!kinds[query->what].read(d, i, m.payload + m.length))
			break;
		m.length += kinds[query->what].size;
	}
	return m;
}
