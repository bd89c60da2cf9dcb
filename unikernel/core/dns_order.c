/* SPDX-License-Identifier: BSD-2-Clause */
/* Invariant: of two that no rule tells apart the one that came first stays first. */
#include "dns_order.h"

#include <string.h>

#define SCOPE_LINK 2
#define SCOPE_SITE 5
#define SCOPE_GLOBAL 14

/* The policy table of RFC 6724 section 2.1; longer prefixes first. IPv4 is ::ffff:0:0/96. */
static const struct policy {
	struct dns_address net;
	unsigned bits;
	int precedence, label;
} policies[] = {
	{{{[15] = 1}, true}, 128, 50, 0},  {{{[10] = 0xff, 0xff}, true}, 96, 35, 4},
	{{{0}, true}, 96, 1, 3},           {{{0x20, 0x01}, true}, 32, 5, 5},
	{{{0x20, 0x02}, true}, 16, 30, 2}, {{{0x3f, 0xfe}, true}, 16, 1, 12},
	{{{0xfe, 0xc0}, true}, 10, 1, 11}, {{{0xfc}, true}, 7, 3, 13},
	{{{0}, true}, 0, 40, 1},
};

/* @address as IPv6 has it. */
static struct dns_address mapped(const struct dns_address *address)
{
	struct dns_address six = {.bytes = {[10] = 0xff, 0xff}, .is_v6 = true};

	if (address->is_v6)
		return *address;
	memcpy(six.bytes + 12, address->bytes, 4);
	return six;
}

static const struct policy *policy_of(const struct dns_address *address)
{
	const struct dns_address six = mapped(address);
	const struct policy *p = policies;

	while (!dns_address_is_within(&six, &p->net, p->bits))
		p++;
	return p;
}

static int scope_of(const struct dns_address *a)
{
	static const struct dns_address loopback = {{[15] = 1}, true};

	if (!a->is_v6)
		return a->bytes[0] == 127 || (a->bytes[0] == 169 && a->bytes[1] == 254) ? SCOPE_LINK : SCOPE_GLOBAL;
	if (a->bytes[0] == 0xff)
		return a->bytes[1] & 15;
	if (a->bytes[0] == 0xfe && a->bytes[1] >= 0x80)
		return a->bytes[1] < 0xc0 ? SCOPE_LINK : SCOPE_SITE;
	return dns_address_is_equal(a, &loopback) ? SCOPE_LINK : SCOPE_GLOBAL;
}

/* Leading bits, 64 at most, that source and destination have in common; of IPv4 none. */
static int common_bits(const struct dns_target *t)
{
	int bits = 0;

	while (t->to.is_v6 && bits < 64 && dns_address_is_within(&t->to, &t->from, (unsigned)bits + 1))
		bits++;
	return bits;
}

/* > 0: @a goes before @b. */
static int compare(const struct dns_target *a, const struct dns_target *b)
{
	int scope_a = scope_of(&a->to), scope_b = scope_of(&b->to), by;
	const struct policy *policy_a = policy_of(&a->to), *policy_b = policy_of(&b->to);

	if (a->is_reachable != b->is_reachable)
		return a->is_reachable - b->is_reachable;
	if (a->is_reachable) {
		by = (scope_a == scope_of(&a->from)) - (scope_b == scope_of(&b->from));
		if (by == 0)
			by = (policy_a->label == policy_of(&a->from)->label) -
			     (policy_b->label == policy_of(&b->from)->label);
		if (by != 0)
			return by;
	}
	if (policy_a->precedence != policy_b->precedence)
		return policy_a->precedence - policy_b->precedence;
	if (scope_a != scope_b)
		return scope_b - scope_a;
	return a->is_reachable && a->to.is_v6 == b->to.is_v6 ? common_bits(a) - common_bits(b) : 0;
}

void dns_order(struct dns_target *targets, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		struct dns_target moving = targets[i];
		unsigned at = i;

		for (; at > 0 && compare(&moving, &targets[at - 1]) > 0; at--)
			targets[at] = targets[at - 1];
		targets[at] = moving;
	}
}
