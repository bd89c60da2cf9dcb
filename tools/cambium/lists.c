/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of services and addresses in their one normal form, so that equal sets are equal lists. */
#include <stdlib.h>
#include <string.h>

#include <net/core/rules.h>
#include "policy.h"

static int range_compare(const void *a, const void *b)
{
	const struct service_range *x = a, *y = b;

	return x->lo != y->lo ? (x->lo < y->lo ? -1 : 1) : 0;
}

void services_normalise(struct services *s)
{
	uint32_t kept = 0;

	if (s->count)
		qsort(s->items, s->count, sizeof *s->items, range_compare);
	for (uint32_t i = 0; i < s->count; i++) {
		struct service_range *last = kept ? &s->items[kept - 1] : NULL;

		if (!last || s->items[i].lo > last->hi + 1)
			s->items[kept++] = s->items[i];
		else if (s->items[i].hi > last->hi)
			last->hi = s->items[i].hi;
	}
	s->count = kept;
}

bool prefix_covers(const struct rules_prefix *outer, const struct rules_prefix *inner)
{
	struct rules_key key = rules_key_cut(rules_key_of(inner->addr), outer->len), own = rules_key_of(outer->addr);

	return outer->family == inner->family && outer->len <= inner->len && key.hi == own.hi && key.lo == own.lo;
}

/* By family and address, the wider one first. */
static int prefix_compare(const void *a, const void *b)
{
	const struct rules_prefix *x = a, *y = b;
	int order = memcmp(x->addr, y->addr, sizeof x->addr);

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return order ? order : x->len - y->len;
}

void hosts_normalise(struct hosts *hosts)
{
	uint32_t kept = 0;

	if (hosts->any)
		hosts->count = 0;
	if (hosts->count)
		qsort(hosts->items, hosts->count, sizeof *hosts->items, prefix_compare);
	for (uint32_t i = 0; i < hosts->count; i++) {
		if (!kept || !prefix_covers(&hosts->items[kept - 1], &hosts->items[i]))
			hosts->items[kept++] = hosts->items[i];
	}
	hosts->count = kept;
}
