/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways on which the same two blocks decide are compared once. The walk gives boxes on which both policies decide one way
 * throughout; those that differ are joined again where they lie side by side, so that a range reads as a range.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

/* All names of interfaces, and the router and nowhere at the end; a way is a pair of them. */
struct places {
	const char *names[2 * RULES_IF_COUNT];
	int old[2 * RULES_IF_COUNT], new[2 * RULES_IF_COUNT]; /* numbers; -1: it is not there */
	uint32_t count;
};

struct diff {
	const struct policy *sides[2];
	struct places places;
	struct arena arena;
	struct diff_part *parts;
	uint32_t part_count;
	bool too_many;
};

static int number_of(const struct policy *policy, const char *name)
{
	for (int i = 0; i < (int)RULES_IF_COUNT; i++)
		if (policy->ifaces[i].kind != RULES_IF_NONE && !strcmp(policy->ifaces[i].name, name))
			return i;
	return -1;
}

static void places_collect(struct diff *d)
{
	for (int side = 0; side < 2; side++)
		for (unsigned i = 0; i < RULES_IF_COUNT; i++) {
			const char *name = d->sides[side]->ifaces[i].name;
			struct places *p = &d->places;

			if (d->sides[side]->ifaces[i].kind == RULES_IF_NONE ||
			    (side == 1 && number_of(d->sides[0], name) >= 0))
				continue;
			p->names[p->count] = name;
			p->old[p->count] = number_of(d->sides[0], name);
			p->new[p->count] = number_of(d->sides[1], name);
			p->count++;
		}
}

/* The block of a side for a way; @to is an index of places, or count for the router. */
static uint32_t block_of(const struct diff *d, int side, uint32_t from, uint32_t to)
{
	const int *numbers = side ? d->places.new : d->places.old;
	int place = to == d->places.count ? (int)RULES_TO_SELF : numbers[to];

	return numbers[from] < 0 || place < 0 ? RULES_BLOCK_NONE : d->sides[side]->pairs[numbers[from]][place];
}

/* How far the port at the target is from the published one. */
static uint32_t port_shift(const struct policy_rule *rule)
{
	return rule->target_port ? rule->target_port - (rule->services.items[0].lo & 0xffff) : 0;
}

static bool same_targets(const struct diff *d, const struct policy_rule *a, const struct policy_rule *b)
{
	if (a->target_count != b->target_count || port_shift(a) != port_shift(b))
		return false;
	for (uint32_t i = 0; i < a->target_count; i++)
		if (strcmp(d->sides[0]->ifaces[a->targets[i]].name, d->sides[1]->ifaces[b->targets[i]].name))
			return false;
	return true;
}

static bool same_limit(const struct diff *d, const struct policy_rule *a, const struct policy_rule *b)
{
	if (a->limit == RULES_INDEX_NONE || b->limit == RULES_INDEX_NONE)
		return a->limit == b->limit;
	return !memcmp(&d->sides[0]->limits[a->limit].flows, &d->sides[1]->limits[b->limit].flows,
		       sizeof(struct rules_limit) - offsetof(struct rules_limit, flows));
}

static bool box_visit(void *arg, const struct box *box, const uint32_t rules[2])
{
	struct diff *d = arg;
	const struct policy_rule *a = rules[0] == RULES_RULE_NONE ? NULL : &d->sides[0]->rules[rules[0]];
	const struct policy_rule *b = rules[1] == RULES_RULE_NONE ? NULL : &d->sides[1]->rules[rules[1]];
	bool before = a && action_passes(a->action), after = b && action_passes(b->action);
	enum diff_change change = after ? DIFF_ALLOWED : DIFF_REFUSED;

	if (before && after) {
		if (a->action == b->action && same_targets(d, a, b) && same_limit(d, a, b))
			return true;
		change = DIFF_OTHERWISE;
	} else if (before == after) {
		return true;
	}
	*(struct diff_part *)arena_append(&d->arena, &d->parts, &d->part_count,
					  sizeof(struct diff_part)) = (struct diff_part){
		*box, change, {rules[0], rules[1]}};
	return true;
}

/* Can @b be joined to @a, because it begins where that ends or the other way? The last address has none behind it. */
static bool span_join(struct span *a, const struct span *b)
{
	if (a->hi < b->lo && a->hi + 1 == b->lo)
		a->hi = b->hi;
	else if (b->hi < a->lo && b->hi + 1 == a->lo)
		a->lo = b->lo;
	else
		return false;
	return true;
}

/* Can @b, of the same kind as @a, be joined to it? Then @a is both. */
static bool part_join(struct diff_part *a, const struct diff_part *b)
{
	int differing = -1;

	if (a->change != b->change || a->box.family != b->box.family || memcmp(a->rules, b->rules, sizeof a->rules))
		return false;
	for (int d = 0; d < REGION_DIMS; d++) {
		if (a->box.dim[d].lo == b->box.dim[d].lo && a->box.dim[d].hi == b->box.dim[d].hi)
			continue;
		if (differing >= 0)
			return false;
		differing = d;
	}
	if (differing < 0)
		return false;
	return span_join(&a->box.dim[differing], &b->box.dim[differing]);
}

/* Joins until nothing joins any more; the product of many parts is not worth the time. */
static void parts_join(struct diff *d)
{
	bool again = d->part_count <= 4096;

	while (again) {
		again = false;
		for (uint32_t i = 0; i < d->part_count; i++)
			for (uint32_t k = i + 1; k < d->part_count;) {
				if (!part_join(&d->parts[i], &d->parts[k])) {
					k++;
					continue;
				}
				d->parts[k] = d->parts[--d->part_count];
				again = true;
			}
	}
}

static bool span_is(const struct span *span, const struct span *other)
{
	return span->lo == other->lo && span->hi == other->hi;
}

/* Both families at once, where a part is the same in both and no address matters: family 0. */
static void families_join(struct diff *d)
{
	struct box whole = box_whole(RULES_FAMILY_IPV6);

	for (uint32_t i = 0; i < d->part_count; i++) {
		struct diff_part *a = &d->parts[i];
		struct box all = box_whole(a->box.family);

		for (uint32_t k = 0; a->box.family == RULES_FAMILY_IPV4 && k < d->part_count; k++) {
			const struct diff_part *b = &d->parts[k];

			if (b->box.family != RULES_FAMILY_IPV6 || a->change != b->change ||
			    memcmp(a->rules, b->rules, sizeof a->rules) ||
			    !span_is(&a->box.dim[REGION_SERVICE], &b->box.dim[REGION_SERVICE]) ||
			    !span_is(&a->box.dim[REGION_SRC], &all.dim[REGION_SRC]) ||
			    !span_is(&a->box.dim[REGION_DST], &all.dim[REGION_DST]) ||
			    !span_is(&b->box.dim[REGION_SRC], &whole.dim[REGION_SRC]) ||
			    !span_is(&b->box.dim[REGION_DST], &whole.dim[REGION_DST]))
				continue;
			a->box.family = RULES_FAMILY_ANY;
			d->parts[k] = d->parts[--d->part_count];
		}
	}
}

/* For reading: by service, then by addresses. */
static int part_compare(const void *a, const void *b)
{
	static const unsigned order[] = {REGION_SERVICE, REGION_SRC, REGION_DST};
	const struct diff_part *x = a, *y = b;

	for (unsigned i = 0; i < REGION_DIMS; i++) {
		const struct span *s = &x->box.dim[order[i]], *t = &y->box.dim[order[i]];

		if (i == 1 && x->box.family != y->box.family)
			return x->box.family < y->box.family ? -1 : 1;
		if (s->lo != t->lo)
			return s->lo < t->lo ? -1 : 1;
	}
	return 0;
}

/* Compares the two blocks of a way; the difference is in d->parts. */
static void blocks_compare(struct diff *d, uint32_t old, uint32_t new)
{
	d->parts = NULL;
	d->part_count = 0;
	for (unsigned f = 0; f < 2; f++) {
		struct box whole = box_whole(f ? RULES_FAMILY_IPV6 : RULES_FAMILY_IPV4);
		struct region a = region_of(d->sides[0], old, whole.family, &d->arena);
		struct region b = region_of(d->sides[1], new, whole.family, &d->arena);

		region_walk(&a, &b, &whole, box_visit, d, &d->too_many);
	}
	parts_join(d);
	families_join(d);
	if (d->part_count)
		qsort(d->parts, d->part_count, sizeof *d->parts, part_compare);
}

/* The places from which the same two blocks decide on the way to @to: their names, a bit for each. */
static uint64_t alike(const struct diff *d, uint32_t from, uint32_t to, const char **names, uint32_t *count)
{
	uint64_t mask = 0;

	*count = 0;
	for (uint32_t i = 0; i < d->places.count; i++) {
		if (block_of(d, 0, i, to) != block_of(d, 0, from, to) ||
		    block_of(d, 1, i, to) != block_of(d, 1, from, to))
			continue;
		mask |= 1ull << i;
		names[(*count)++] = d->places.names[i];
	}
	return mask;
}

/* All parts of the ways to @to, an index of places or their count for the router. */
static void place_compare(struct diff *d, uint32_t to, diff_visit *visit, void *arg)
{
	const char *names[2 * RULES_IF_COUNT], *to_name = to == d->places.count ? "router" : d->places.names[to];
	uint64_t done = 0;
	uint32_t count;

	for (uint32_t from = 0; from < d->places.count; from++) {
		if (done >> from & 1)
			continue;
		done |= alike(d, from, to, names, &count);
		blocks_compare(d, block_of(d, 0, from, to), block_of(d, 1, from, to));
		for (uint32_t i = 0; i < d->part_count; i++)
			visit(arg, &d->parts[i], names, count, to_name);
		arena_free(&d->arena);
		d->arena = (struct arena){0};
	}
}

bool policy_diff(const struct policy *old, const struct policy *new, diff_visit *visit, void *arg)
{
	struct diff d = {.sides = {old, new}};

	places_collect(&d);
	for (uint32_t to = 0; to <= d.places.count; to++)
		place_compare(&d, to, visit, arg);
	return !d.too_many;
}
