/* SPDX-License-Identifier: BSD-2-Clause */
/* The router on the host, for one packet. */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "compile.h"

#define FLOWS 16u
#define FRAME_ROOM 256u
#define PING_ID 1u

static struct mac mac_of(unsigned owner, unsigned index)
{
	return (struct mac){{2, 0, 0, 0, (uint8_t)owner, (uint8_t)index}};
}

/* Gives @r the interfaces of the policy. False: one has no address, or none that a router takes. */
static bool ifaces_set(struct router *r, const struct policy *policy)
{
	for (unsigned i = 0; i < RULES_IF_COUNT; i++) {
		const struct rules_iface *iface = &policy->ifaces[i];
		struct iface_config config = {
			.kind = iface->kind == RULES_IF_UPLINK ? IFACE_UPLINK : IFACE_INNER,
			.mac = mac_of(1, i),
			.peer_mac = mac_of(2, i),
			.v4 = {ip_addr_read(iface->addr4, true), ip_addr_read(iface->peer4, true), iface->len4},
			.v6 = {ip_addr_read(iface->addr6, false), ip_addr_read(iface->peer6, false), iface->len6},
			.mtu = 1500,
		};

		if (iface->kind != RULES_IF_NONE && !router_iface_set(r, i, &config))
			return false;
	}
	return true;
}

static uint32_t l4_len(const struct described *p)
{
	return p->proto == RULES_PROTO_TCP ? 20 : 8;
}

/* The IP header of @p for @len bytes of layer 4 at @ip; where those begin. */
static uint8_t *ip_build(const struct described *p, uint32_t len, uint8_t *ip)
{
	if (p->family == RULES_FAMILY_IPV6) {
		ip[0] = 0x60;
		be16_put(ip + 4, (uint16_t)len);
		ip[6] = p->proto;
		ip[7] = 64;
		memcpy(ip + 8, p->src.octets, 16);
		memcpy(ip + 24, p->dst.octets, 16);
		return ip + IPV6_HEADER_LEN;
	}
	ip[0] = 0x45;
	be16_put(ip + 2, (uint16_t)(IPV4_HEADER_LEN + len));
	ip[8] = 64;
	ip[9] = p->proto;
	memcpy(ip + 12, ip_addr_get_octets(&p->src), 4);
	memcpy(ip + 16, ip_addr_get_octets(&p->dst), 4);
	be16_put(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, ip, IPV4_HEADER_LEN)));
	return ip + IPV4_HEADER_LEN;
}

static bool is_ping(const struct described *p)
{
	return p->proto != RULES_PROTO_TCP && p->proto != RULES_PROTO_UDP;
}

/* The frame of @p with all checksums, its length returned. */
static uint32_t frame_build(const struct described *p, uint8_t *frame)
{
	bool is_v4 = p->family == RULES_FAMILY_IPV4;
	struct mac dst = mac_of(1, p->from), src = mac_of(2, p->from);
	uint32_t len = l4_len(p), sum, at = p->proto == RULES_PROTO_TCP ? 16 : p->proto == RULES_PROTO_UDP ? 6 : 2;
	uint8_t *l4 = ip_build(p, len, frame + ETH_HEADER_LEN);

	memcpy(frame, dst.octets, 6);
	memcpy(frame + 6, src.octets, 6);
	be16_put(frame + 12, is_v4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
	if (is_ping(p)) {
		l4[0] = is_v4 ? ICMP_ECHO_REQUEST : ICMP6_ECHO_REQUEST;
		be16_put(l4 + 4, PING_ID);
	} else {
		be16_put(l4, p->sport);
		be16_put(l4 + 2, p->dport);
	}
	if (p->proto == RULES_PROTO_TCP) {
		l4[12] = 5 << 4;
		l4[13] = TCP_SYN;
		be16_put(l4 + 14, 65535);
	} else if (p->proto == RULES_PROTO_UDP) {
		be16_put(l4 + 4, (uint16_t)len);
	}
	sum = p->proto == RULES_PROTO_ICMP ? 0 : checksum_add_pseudo(0, p->src, p->dst, p->proto, len);
	be16_put(l4 + at, (uint16_t)~checksum_fold(checksum_add(sum, l4, len)));
	return (uint32_t)(l4 - frame) + len;
}

/* What the frame became, as a description. */
static void becomes_read(struct packet *pkt, struct explanation *e)
{
	struct packet_info info;

	e->becomes = e->packet;
	if (packet_parse(pkt, &info) != REASON_NONE)
		return;
	e->becomes.src = info.src;
	e->becomes.dst = info.dst;
	if (!is_ping(&e->packet)) {
		e->becomes.sport = info.sport;
		e->becomes.dport = info.dport;
	}
}

/* Puts the packet through @r. */
static void router_ask(struct router *r, struct explanation *e)
{
	uint8_t frame[FRAME_ROOM] = {0};
	uint32_t len = frame_build(&e->packet, frame);
	struct packet pkt = {.data = frame, .len = len, .head_len = len, .capacity = sizeof frame};
	struct output out;
	enum verdict verdict = router_input(r, e->packet.from, &pkt, 1, &out);

	e->whole = true;
	e->rule = out.rule;
	e->reason = out.reason;
	e->passes = verdict == VERDICT_FORWARD || verdict == VERDICT_HOLD || out.reason == REASON_SELF_ECHO;
	e->out_if = out.reason == REASON_SELF_ECHO ? (uint8_t)RULES_TO_SELF : out.out_if;
	if (verdict == VERDICT_HOLD) /* Its next hop is being asked for; else it is ready. */
		e->out_if = e->place < RULES_IF_COUNT ? e->place : out.out_if;
	e->action = out.rule == RULE_INDEX_NONE ? RULES_DROP : (enum rules_action)r->rules.rules[out.rule].action;
	if (e->passes)
		becomes_read(&pkt, e);
}

/* Where @addr leads from @from by the addresses that the text tells, as the router's route_find() has it. */
static uint8_t place_find(const struct policy *policy, uint8_t from, uint8_t family, struct ip_addr addr)
{
	bool v4 = family == RULES_FAMILY_IPV4;
	uint8_t outside = RULES_TO_NOWHERE;

	for (unsigned i = 0; i < RULES_IF_COUNT; i++) {
		const struct rules_iface *iface = &policy->ifaces[i];
		const uint8_t *own = v4 ? iface->addr4 : iface->addr6, *peer = v4 ? iface->peer4 : iface->peer6;
		size_t size = v4 ? 4 : 16;

		if (iface->kind == RULES_IF_NONE)
			continue;
		if ((v4 ? iface->len4 : iface->len6) && !memcmp(own, ip_addr_get_octets(&addr), size))
			return i == from ? (uint8_t)RULES_TO_SELF : (uint8_t)RULES_TO_NOWHERE;
		if (iface->kind == RULES_IF_INNER && (v4 ? iface->len4 : iface->len6) &&
		    !memcmp(peer, ip_addr_get_octets(&addr), size))
			return (uint8_t)i;
		if (iface->kind == RULES_IF_UPLINK && outside == RULES_TO_NOWHERE)
			outside = (uint8_t)i;
	}
	return outside;
}

static enum rules_side side_of(const struct policy *policy, unsigned place)
{
	if (place == RULES_TO_SELF)
		return RULES_SIDE_SELF;
	if (place == RULES_TO_NOWHERE)
		return RULES_SIDE_NOWHERE;
	return policy->ifaces[place].kind == RULES_IF_INNER ? RULES_SIDE_INNER : RULES_SIDE_UPLINK;
}

/* Asks the rules alone. */
static void rules_ask(const struct policy *policy, const struct rules_table *table, struct explanation *e)
{
	struct rules_query query = {.from_if = e->packet.from,
				    .to_if = e->place < RULES_IF_COUNT ? e->place : 0,
				    .from_side = side_of(policy, e->packet.from),
				    .to_side = side_of(policy, e->place),
				    .family = e->packet.family,
				    .proto = e->packet.proto,
				    .dport = e->packet.dport,
				    .src = e->packet.src,
				    .dst = e->packet.dst};
	struct decision decision = rules_decide(table, &query);
	bool is_v4 = e->packet.family == RULES_FAMILY_IPV4;

	e->action = decision.action;
	e->rule = decision.rule;
	e->passes = e->action != RULES_DROP && e->action != RULES_REJECT;
	e->out_if = e->place;
	e->becomes = e->packet;
	if (e->action == RULES_PUBLISH) {
		struct rules_instance instance = rules_get_instance(table, e->rule, 0, e->packet.dport);
		const struct rules_iface *to = &policy->ifaces[instance.iface];

		e->out_if = instance.iface;
		e->becomes.dport = instance.port;
		e->becomes.dst = ip_addr_read(is_v4 ? to->peer4 : to->peer6, is_v4);
	}
	if (e->action == RULES_MASQUERADE) {
		const struct rules_iface *to = &policy->ifaces[e->place];

		e->becomes.src = ip_addr_read(is_v4 ? to->addr4 : to->addr6, is_v4);
	}
}

/* Asks a whole router with the table. False: it takes the table or the interfaces not. */
static bool whole_ask(const struct policy *policy, const void *table, size_t len, struct explanation *e)
{
	size_t size = router_get_memory_size(FLOWS);
	struct router *r = calloc(1, sizeof *r);
	struct rules_stage *stage = malloc(sizeof *stage);
	void *memory = malloc(size);
	bool asked = r && stage && memory && router_init(r, memory, size, (struct router_seed){{1, 2}}) &&
		     router_rules_set(r, stage, table, len, NULL, NULL) && ifaces_set(r, policy);

	if (asked)
		router_ask(r, e);
	free(memory);
	free(stage);
	free(r);
	return asked;
}

bool policy_explain(const struct policy *policy, const char *words, struct explanation *e)
{
	struct report ignored = {.file = policy->file};
	struct rules_table view;
	size_t len;
	void *table;

	memset(e, 0, sizeof *e);
	if (!described_read(policy, words, &e->packet, e->why))
		return false;
	table = policy_compile(policy, &ignored, &len);
	if (!table) {
		snprintf(e->why, sizeof e->why, "the policy does not fit a table: `cambium rules check` says why");
		return false;
	}
	view = rules_view(table);
	e->place = e->packet.to >= 0 ? (uint8_t)e->packet.to
				     : place_find(policy, e->packet.from, e->packet.family, e->packet.dst);
	if (e->packet.to >= 0 || !whole_ask(policy, table, len, e))
		rules_ask(policy, &view, e);
	free(table);
	return true;
}
