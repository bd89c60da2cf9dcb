/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk. Where the first rule that meets a box covers it, that rule decides all of it. Else the box is cut in two at
 * an edge of a rule, and each half sees the rules that meet it. Each cut is at an edge inside the box, so it ends.
 */
#include <stdlib.h>
#include <string.h>

#include <net/core/rules.h>
#include "region.h"

struct walk {
	region_visit *visit;
	void *arg;
	uint32_t boxes;
	bool too_many;
};

/* What of a region meets the box at hand, up to the first rule that covers it. */
struct meeting {
	const struct region_rule **rules;
	uint32_t count;
};

bool action_passes(uint8_t action)
{
	return action == RULES_ACTION_ALLOW || action == RULES_ACTION_MASQUERADE || action == RULES_ACTION_PUBLISH;
}

static wide_t wide_max(uint8_t family)
{
	return family == RULES_FAMILY_IPV4 ? 0xffffffffu : ~(wide_t)0;
}

static wide_t wide_of(const struct rules_prefix *prefix)
{
	struct rules_key key = rules_key_of(prefix->addr);

	return prefix->family == RULES_FAMILY_IPV4 ? key.hi >> 32 : (wide_t)key.hi << 64 | key.lo;
}

struct spans spans_of_hosts(const struct hosts *hosts, uint8_t family, struct arena *arena)
{
	unsigned bits = family == RULES_FAMILY_IPV4 ? 32 : 128;
	struct spans spans = {.items = arena_get(arena, (hosts->count + 1) * sizeof(struct span))};

	if (hosts->any)
		spans.items[spans.count++] = (struct span){0, wide_max(family)};
	for (uint32_t i = 0; i < hosts->count; i++) {
		const struct rules_prefix *prefix = &hosts->items[i];
		wide_t lo = wide_of(prefix);

		if (prefix->family == family)
			spans.items[spans.count++] = (struct span){
				lo, prefix->len ? lo + (((wide_t)1 << (bits - prefix->len)) - 1) : wide_max(family)};
	}
	return spans;
}

struct spans spans_of_services(const struct services *services, struct arena *arena)
{
	struct spans spans = {.items = arena_get(arena, (services->count + 1) * sizeof(struct span))};

	for (uint32_t i = 0; i < services->count; i++)
		spans.items[spans.count++] = (struct span){services->items[i].lo, services->items[i].hi};
	return spans;
}

static void region_add(const struct policy *policy, const struct policy_block *block, uint8_t family,
		       struct arena *arena, struct region *region)
{
	for (uint32_t i = 0; i < block->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[block->first_rule + i];
		struct region_rule *added = &region->rules[region->count++];

		added->dim[REGION_SRC] = spans_of_hosts(&rule->src, family, arena);
		added->dim[REGION_DST] = spans_of_hosts(&rule->dst, family, arena);
		added->dim[REGION_SERVICE] = spans_of_services(&rule->services, arena);
		added->rule = block->first_rule + i;
	}
}

struct region region_of(const struct policy *policy, uint32_t block, uint8_t family, struct arena *arena)
{
	struct region region = {.rules = arena_get(arena, (policy->rule_count + 1) * sizeof *region.rules)};

	if (policy->first_block != RULES_BLOCK_NONE)
		region_add(policy, &policy->blocks[policy->first_block], family, arena, &region);
	if (block != RULES_BLOCK_NONE && block != policy->first_block)
		region_add(policy, &policy->blocks[block], family, arena, &region);
	return region;
}

struct box box_whole(uint8_t family)
{
	struct span all = {0, wide_max(family)};

	return (struct box){.dim = {all, all, {0, RULES_SERVICE_LAST}}, .family = family};
}

/* The first of the sorted spans that ends at or behind @at; the count where there is none. */
static uint32_t span_find(const struct spans *spans, wide_t at)
{
	uint32_t low = 0, high = spans->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (spans->items[middle].hi < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum meets { APART, MEETS, COVERS };

static enum meets spans_meet(const struct spans *spans, const struct span *span)
{
	uint32_t at = span_find(spans, span->lo);

	if (at == spans->count || spans->items[at].lo > span->hi)
		return APART;
	return spans->items[at].lo <= span->lo && spans->items[at].hi >= span->hi ? COVERS : MEETS;
}

static enum meets rule_meets(const struct region_rule *rule, const struct box *box)
{
	enum meets least = COVERS;

	for (unsigned d = 0; d < REGION_DIMS; d++) {
		enum meets meets = spans_meet(&rule->dim[d], &box->dim[d]);

		if (meets == APART)
			return APART;
		least = meets < least ? meets : least;
	}
	return least;
}

/* Those of @from that meet @box, in new memory. */
static struct meeting meeting_filter(const struct meeting *from, const struct box *box)
{
	struct meeting met = {.rules = malloc((from->count + 1) * sizeof *met.rules)};

	if (!met.rules)
		abort();
	for (uint32_t i = 0; i < from->count; i++) {
		enum meets meets = rule_meets(from->rules[i], box);

		if (meets == APART)
			continue;
		met.rules[met.count++] = from->rules[i];
		if (meets == COVERS)
			break;
	}
	return met;
}

static int wide_compare(const void *a, const void *b)
{
	wide_t x = *(const wide_t *)a, y = *(const wide_t *)b;

	return x < y ? -1 : x > y;
}

/* Adds the edges of the spans inside @span: a cut before each of them makes two parts. At most @room. */
static uint32_t edges_add(const struct spans *spans, const struct span *span, wide_t *edges, uint32_t room)
{
	uint32_t count = 0;

	for (uint32_t i = span_find(spans, span->lo); i < spans->count && spans->items[i].lo <= span->hi; i++) {
		if (spans->items[i].lo > span->lo && count < room)
			edges[count++] = spans->items[i].lo;
		if (spans->items[i].hi < span->hi && count < room)
			edges[count++] = spans->items[i].hi + 1;
	}
	return count;
}

#define EDGES_MAX 4096u /* enough for a good middle */

/* Where to cut @box in dimension @dim: the middle one of the edges of all rules at hand. */
static wide_t cut_choose(const struct meeting met[2], const struct box *box, unsigned dim)
{
	wide_t *edges = malloc(EDGES_MAX * sizeof *edges), cut;
	uint32_t count = 0;

	if (!edges)
		abort();
	for (int side = 0; side < 2; side++)
		for (uint32_t i = 0; i < met[side].count; i++)
			count += edges_add(&met[side].rules[i]->dim[dim], &box->dim[dim], edges + count,
					   EDGES_MAX - count);
	qsort(edges, count, sizeof *edges, wide_compare);
	cut = edges[count / 2];
	free(edges);
	return cut;
}

/* The dimension in which the first rule of either side, which meets the box, does not cover it; REGION_DIMS: decided. */
static unsigned dimension_choose(const struct meeting met[2], const struct box *box)
{
	for (int side = 0; side < 2; side++)
		for (unsigned d = 0; met[side].count && d < REGION_DIMS; d++)
			if (spans_meet(&met[side].rules[0]->dim[d], &box->dim[d]) != COVERS)
				return d;
	return REGION_DIMS;
}

static bool box_walk(struct walk *w, const struct meeting from[2], const struct box *box)
{
	struct meeting met[2] = {meeting_filter(&from[0], box), meeting_filter(&from[1], box)};
	unsigned dim = dimension_choose(met, box);
	bool go_on;

	if (dim == REGION_DIMS) {
		uint32_t rules[2];

		for (int side = 0; side < 2; side++)
			rules[side] = met[side].count ? met[side].rules[0]->rule : RULES_RULE_NONE;
		w->too_many |= ++w->boxes > REGION_BOXES_MAX;
		go_on = !w->too_many && w->visit(w->arg, box, rules);
	} else {
		struct box low = *box, high = *box;
		wide_t cut = cut_choose(met, box, dim);

		low.dim[dim].hi = cut - 1;
		high.dim[dim].lo = cut;
		go_on = box_walk(w, met, &low) && box_walk(w, met, &high);
	}
	free(met[0].rules);
	free(met[1].rules);
	return go_on;
}

static struct meeting meeting_whole(const struct region *region)
{
	uint32_t count = region ? region->count : 0;
	struct meeting all = {.rules = malloc((count + 1) * sizeof *all.rules), .count = count};

	if (!all.rules)
		abort();
	for (uint32_t i = 0; i < count; i++)
		all.rules[i] = &region->rules[i];
	return all;
}

bool region_walk(const struct region *a, const struct region *b, const struct box *box, region_visit *visit, void *arg,
		 bool *too_many)
{
	struct walk walk = {.visit = visit, .arg = arg};
	struct meeting whole[2] = {meeting_whole(a), meeting_whole(b)};
	bool done = box_walk(&walk, whole, box);

	free(whole[0].rules);
	free(whole[1].rules);
	*too_many |= walk.too_many;
	return done;
}

bool region_walk_product(const struct region *a, const struct region *b, const struct spans dims[REGION_DIMS],
			 uint8_t family, region_visit *visit, void *arg, bool *too_many)
{
	for (uint32_t s = 0; s < dims[REGION_SRC].count; s++)
		for (uint32_t d = 0; d < dims[REGION_DST].count; d++)
			for (uint32_t v = 0; v < dims[REGION_SERVICE].count; v++) {
				struct box box = {.dim = {dims[REGION_SRC].items[s], dims[REGION_DST].items[d],
							  dims[REGION_SERVICE].items[v]},
						  .family = family};

				if (!region_walk(a, b, &box, visit, arg, too_many))
					return false;
			}
	return true;
}
