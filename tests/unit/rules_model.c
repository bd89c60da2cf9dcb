// SPDX-License-Identifier: BSD-2-Clause
/* Random policies and their naive reading. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules_model.h"

#define INTERFACES                                                                                                     \
	"interface up0 = uplink 0\ninterface a = inner 1\ninterface b = inner 2\ninterface c = inner 7\n"              \
	"interface up9 = uplink 9\n"

const struct model_iface model_ifaces[IFACES] = {
	{"up0", 0, true}, {"a", 1, false}, {"b", 2, false}, {"c", 7, false}, {"up9", 9, true}};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->len += (size_t)vsnprintf(t->bytes + t->len, sizeof t->bytes - t->len, format, args);
	va_end(args);
	cr_assert_lt(t->len, sizeof t->bytes);
}

static unsigned below(uint64_t *state, unsigned n)
{
	return (unsigned)(dice(state) >> 20) % n;
}

static struct net net_random(uint64_t *s)
{
	struct net net = {.family = below(s, 3) ? 4 : 6};
	static const unsigned lens[] = {0, 8, 23, 24, 30, 31, 32, 32};

	net.len = lens[below(s, 8)];
	net.bits = 0x0a000000u | below(s, 2) << 16 | below(s, 3) << 8 | below(s, 5);
	net.bits = net.len ? net.bits >> (32 - net.len) << (32 - net.len) : 0;
	return net;
}

static struct port_range service_random(uint64_t *s, bool publish)
{
	struct port_range r = {.lo = 1 + below(s, 12)};
	unsigned kind = below(s, publish ? 6 : 9);

	r.proto = kind % 2 ? IP_PROTO_TCP : IP_PROTO_UDP;
	r.hi = below(s, 2) ? r.lo : r.lo + below(s, 6);
	if (kind == 6)
		r = (struct port_range){.proto = 0, .hi = 65535};
	if (kind == 7)
		r = (struct port_range){.proto = IP_PROTO_ICMP};
	if (kind == 8)
		r = (struct port_range){.proto = IP_PROTO_TCP, .hi = 65535};
	return r;
}

static bool has_family(const struct net *nets, unsigned count, unsigned family)
{
	for (unsigned i = 0; i < count; i++)
		if (nets[i].family == family)
			return true;
	return count == 0;
}

static struct rule rule_random(uint64_t *s, unsigned kinds, const unsigned *actions)
{
	struct rule r;

	do {
		memset(&r, 0, sizeof r);
		r.action = actions[below(s, kinds)];
		r.service_count = 1 + below(s, 3);
		for (unsigned i = 0; i < r.service_count; i++)
			r.services[i] = service_random(s, r.action == PUBLISH);
		r.src_count = below(s, 2) ? 0 : 1 + below(s, 3);
		r.dst_count = r.action == PUBLISH || below(s, 2) ? 0 : 1 + below(s, 3);
		for (unsigned i = 0; i < 3; i++) {
			r.src[i] = net_random(s);
			r.dst[i] = net_random(s);
		}
		r.target = 1 + below(s, 3);
		if (r.action == PUBLISH && r.service_count == 1 && below(s, 2))
			r.target_port = 100 + below(s, 100);
	} while (!(has_family(r.src, r.src_count, 4) && has_family(r.dst, r.dst_count, 4)) &&
		 !(has_family(r.src, r.src_count, 6) && has_family(r.dst, r.dst_count, 6)));
	return r;
}

static void net_put(struct text *t, const struct net *n)
{
	if (n->family == 4)
		put(t, "%u.%u.%u.%u/%u", n->bits >> 24, n->bits >> 16 & 255, n->bits >> 8 & 255, n->bits & 255, n->len);
	else
		put(t, "fd00::%x:%x/%u", n->bits >> 16, n->bits & 0xffff, n->len + 96);
}

static void rule_put(struct text *t, const struct rule *r)
{
	static const char *const words[] = {"allow", "reject", "drop", "nat", "publish"};

	put(t, "\t%s ", words[r->action]);
	for (unsigned i = 0; i < r->service_count; i++) {
		const struct port_range *p = &r->services[i];
		const char *comma = i ? ", " : "", *proto = p->proto == IP_PROTO_TCP ? "tcp" : "udp";

		if (p->proto == 0)
			put(t, "%sany", comma);
		else if (p->proto == IP_PROTO_ICMP)
			put(t, "%sicmp", comma);
		else if (p->lo == 0)
			put(t, "%stcp", comma);
		else if (p->lo == p->hi)
			put(t, "%s%s %u", comma, proto, p->lo);
		else
			put(t, "%s%s %u-%u", comma, proto, p->lo, p->hi);
	}
	for (unsigned i = 0; i < r->src_count; i++) {
		put(t, "%s", i ? ", " : " from ");
		net_put(t, &r->src[i]);
	}
	for (unsigned i = 0; i < r->dst_count; i++) {
		put(t, "%s", i ? ", " : " to ");
		net_put(t, &r->dst[i]);
	}
	if (r->action == PUBLISH)
		put(t, " to %s", model_ifaces[r->target].name);
	if (r->action == PUBLISH && r->target_port)
		put(t, " port %u", r->target_port);
	put(t, "\n");
}

static void block_put(struct text *t, const struct block *b)
{
	const char *comma = "";

	put(t, b->first ? "first" : "from ");
	for (unsigned i = 0; i < IFACES && !b->first; i++)
		if (b->from[i])
			put(t, "%s%s", comma, model_ifaces[i].name), comma = ", ";
	comma = "";
	put(t, b->first ? "" : " to ");
	for (unsigned i = 0; i < IFACES && !b->first; i++)
		if (b->to[i])
			put(t, "%s%s", comma, model_ifaces[i].name), comma = ", ";
	if (b->self && b->nowhere)
		put(t, "%sany", comma);
	else if (b->self)
		put(t, "%srouter", comma);
	put(t, " {\n");
	for (unsigned i = 0; i < b->count; i++)
		rule_put(t, &b->rules[i]);
	put(t, "}\n");
}

/*
 * Blocks in a chain or apart, never in conflict: from any to any; from a and b to anywhere; from a to up0; one that
 * publishes; one that translates; and the first. In any order, each there or not.
 */
void model_put(struct text *t, const struct policy_model *m)
{
	t->len = 0;
	put(t, "%s", INTERFACES);
	for (unsigned k = 0; k < m->count; k++)
		block_put(t, &m->blocks[k]);
}

void model_random(uint64_t *s, struct policy_model *m)
{
	static const unsigned plain[] = {ALLOW, REJECT, DROP}, refuse[] = {REJECT, DROP}, nat[] = {NAT, ALLOW, DROP},
			      publish[] = {PUBLISH, PUBLISH, ALLOW, DROP};
	unsigned order = below(s, 6), number = 0;

	memset(m, 0, sizeof *m);
	for (unsigned k = 0; k < 6; k++) {
		struct block *b = &m->blocks[m->count];
		unsigned kind = (k + order) % 6, kinds = 3;
		const unsigned *actions = plain;

		if (below(s, 5) == 0)
			continue;
		b->first = kind == 0;
		for (unsigned i = 0; i < IFACES; i++) {
			b->from[i] = kind == 1 || (kind == 2 && (i == 1 || i == 2)) || (kind == 3 && i == 1) ||
				     (kind == 4 && model_ifaces[i].uplink) || (kind == 5 && i == 3);
			b->to[i] = kind == 1 || kind == 2 || (kind == 3 && i == 0) ||
				   (kind == 5 && model_ifaces[i].uplink);
		}
		b->self = kind == 1 || kind == 2 || kind == 4;
		b->nowhere = kind == 1 || kind == 2;
		if (kind == 0)
			kinds = 2, actions = refuse;
		if (kind == 4)
			kinds = 4, actions = publish;
		if (kind == 5)
			actions = nat;
		b->count = below(s, 7);
		b->number = number;
		for (unsigned i = 0; i < b->count; i++)
			b->rules[i] = rule_random(s, kinds, actions);
		number += b->count;
		m->count++;
	}
}

static bool net_holds(const struct net *n, unsigned family, uint32_t address)
{
	if (n->family != family)
		return false;
	for (unsigned bit = 0; bit < n->len; bit++)
		if ((n->bits ^ address) >> (31 - bit) & 1)
			return false;
	return true;
}

static bool naive_match(const struct rule *r, const struct naive_packet *p)
{
	bool service = false, src = !r->src_count, dst = !r->dst_count;

	for (unsigned i = 0; i < r->service_count; i++) {
		const struct port_range *s = &r->services[i];

		service |= s->proto == 0 || (s->proto == p->proto && p->port >= s->lo && p->port <= s->hi) ||
			   (s->proto == IP_PROTO_ICMP && p->proto == 58);
	}
	for (unsigned i = 0; i < r->src_count; i++)
		src |= net_holds(&r->src[i], p->family, p->src);
	for (unsigned i = 0; i < r->dst_count; i++)
		dst |= net_holds(&r->dst[i], p->family, p->dst);
	return service && src && dst;
}

/* How many ways a block has: of nested blocks the one with fewer is the narrower. */
static unsigned width(const struct block *b)
{
	unsigned from = 0, to = b->self + b->nowhere;

	for (unsigned i = 0; i < IFACES; i++)
		from += b->from[i], to += b->to[i];
	return from * to;
}

/* The number of the rule that decides, and the rule; NULL: none does. */
const struct rule *naive_decide(const struct policy_model *m, const struct naive_packet *p, unsigned *number)
{
	const struct block *narrowest = NULL;

	for (unsigned k = 0; k < m->count; k++) {
		const struct block *b = &m->blocks[k];

		for (unsigned i = 0; b->first && i < b->count; i++) {
			*number = b->number + i;
			if (naive_match(&b->rules[i], p))
				return &b->rules[i];
		}
		if (b->first || !b->from[p->from] ||
		    !(p->to == SELF      ? b->self
		      : p->to == NOWHERE ? b->nowhere
					 : b->to[p->to]))
			continue;
		if (!narrowest || width(b) < width(narrowest))
			narrowest = b;
	}
	for (unsigned i = 0; narrowest && i < narrowest->count; i++) {
		*number = narrowest->number + i;
		if (naive_match(&narrowest->rules[i], p))
			return &narrowest->rules[i];
	}
	return NULL;
}

struct naive_packet packet_random(uint64_t *s)
{
	static const unsigned protos[] = {
		IP_PROTO_TCP, IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_UDP, IP_PROTO_ICMP, 58, 47};
	struct naive_packet p = {.from = below(s, IFACES), .to = below(s, IFACES + 3)};

	p.to = p.to == IFACES ? NOWHERE : p.to > IFACES ? SELF : p.to;
	p.family = below(s, 3) ? 4 : 6;
	p.proto = protos[below(s, 7)];
	p.port = p.proto == IP_PROTO_TCP || p.proto == IP_PROTO_UDP ? below(s, 20) : 0;
	p.src = 0x0a000000u | below(s, 2) << 16 | below(s, 3) << 8 | below(s, 5);
	p.dst = 0x0a000000u | below(s, 2) << 16 | below(s, 3) << 8 | below(s, 5);
	return p;
}

struct ip_addr address_of(unsigned family, uint32_t bits)
{
	struct ip_addr addr = {{0xfd}};

	if (family == 4)
		return ip_addr_from_v4(bits);
	be32_put(addr.octets + 12, bits);
	return addr;
}

struct rules_query query_of(const struct naive_packet *p)
{
	struct rules_query q = {.from_if = (uint8_t)model_ifaces[p->from].number,
				.from_side = model_ifaces[p->from].uplink ? RULES_SIDE_UPLINK : RULES_SIDE_INNER,
				.to_side = p->to == SELF ? RULES_SIDE_SELF : RULES_SIDE_NOWHERE,
				.family = (uint8_t)p->family,
				.proto = (uint8_t)p->proto,
				.dport = (uint16_t)p->port,
				.src = address_of(p->family, p->src),
				.dst = address_of(p->family, p->dst)};

	if (p->to < IFACES) {
		q.to_if = (uint8_t)model_ifaces[p->to].number;
		q.to_side = model_ifaces[p->to].uplink ? RULES_SIDE_UPLINK : RULES_SIDE_INNER;
	}
	return q;
}
