/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breadth first, so that what leads to a violation is as short as can be. Visited states are known by 128 bits of hash:
 * with n of them the chance that any two were taken for one is below n^2 / 2^129. Packed states are kept for the level that
 * is being expanded and the next; the way to a state is kept as its parent and one operation.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPLAY_EVERY 20000u

struct hash {
	uint64_t a, b;
};

struct node {
	uint32_t parent;
	uint16_t op;
};

struct level {
	uint8_t *bytes;
	size_t used, size;
};

struct search {
	struct model *m;
	struct moves moves;
	struct packed first, at, next;
	struct hash *seen;
	size_t seen_size;
	struct node *nodes;
	size_t node_count, node_size;
	struct level levels[2];
	uint32_t node; /* that is being expanded */
	unsigned op;
	bool replaying;
	double until;
	struct tally t;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *grow(void *p, size_t bytes)
{
	p = realloc(p, bytes);
	if (!p) {
		fprintf(stderr, "model: out of memory: ask for a smaller MODEL_DEPTH\n");
		exit(2);
	}
	return p;
}

static uint64_t mix(uint64_t h, uint64_t v, uint64_t by)
{
	h = (h ^ v) * by;
	return h ^ h >> 32;
}

static struct hash hash_of(const struct packed *p)
{
	struct hash h = {p->len, ~(uint64_t)p->len};
	uint64_t v;

	for (uint32_t i = 0; i < p->len; i += 8) {
		v = 0;
		memcpy(&v, p->bytes + i, MIN(8u, p->len - i));
		h.a = mix(h.a, v, 0x9e3779b97f4a7c15ull);
		h.b = mix(h.b, v << 29 | v >> 35, 0xd6e8feb86659fd93ull);
	}
	h.a = mix(h.a, h.b, 0xff51afd7ed558ccdull);
	h.b = mix(h.b, h.a, 0xc4ceb9fe1a85ec53ull);
	h.a |= !(h.a | h.b); /* all zero: an empty place */
	return h;
}

static bool seen_add(struct search *s, struct hash h);

static void seen_grow(struct search *s)
{
	struct hash *old = s->seen;
	size_t n = s->seen_size;

	s->seen_size = n ? n * 2 : 1u << 16;
	s->seen = grow(NULL, s->seen_size * sizeof *old);
	memset(s->seen, 0, s->seen_size * sizeof *old);
	for (size_t i = 0; i < n; i++)
		if (old[i].a | old[i].b)
			seen_add(s, old[i]);
	free(old);
}

/* True when the state is new. */
static bool seen_add(struct search *s, struct hash h)
{
	size_t i = h.a & (s->seen_size - 1);

	for (; s->seen[i].a | s->seen[i].b; i = (i + 1) & (s->seen_size - 1))
		if (s->seen[i].a == h.a && s->seen[i].b == h.b)
			return false;
	s->seen[i] = h;
	return true;
}

static void level_push(struct level *l, uint32_t node, const struct packed *p)
{
	size_t need = sizeof node + sizeof *p - sizeof p->bytes + p->len;

	if (l->used + need > l->size) {
		l->size = MAX(l->size * 2, (size_t)1 << 20);
		l->bytes = grow(l->bytes, l->size);
	}
	memcpy(l->bytes + l->used, &node, sizeof node);
	memcpy(l->bytes + l->used + sizeof node, p, need - sizeof node);
	l->used += need;
}

static size_t level_take(const struct level *l, size_t at, uint32_t *node, struct packed *p)
{
	size_t head = sizeof *p - sizeof p->bytes;

	memcpy(node, l->bytes + at, sizeof *node);
	memcpy(p, l->bytes + at + sizeof *node, head);
	memcpy(p->bytes, l->bytes + at + sizeof *node + head, p->len);
	return at + sizeof *node + head + p->len;
}

/* The operations that lead to @node, oldest first, into @ops; their number. */
static unsigned way_to(const struct search *s, uint32_t node, uint16_t *ops, unsigned max)
{
	unsigned n = 0;

	for (uint32_t at = node; at && n < max; at = s->nodes[at].parent)
		n++;
	for (unsigned i = n; i--; node = s->nodes[node].parent)
		ops[i] = s->nodes[node].op;
	return n;
}

/* The same operations without packing between them must lead to the same state: packing forgets nothing that matters. */
static void replay(struct search *s, uint32_t node)
{
	uint16_t ops[64];
	unsigned n = way_to(s, node, ops, ARRAY_SIZE(ops));
	struct packed p;

	s->replaying = true;
	state_unpack(s->m, &s->first);
	for (unsigned i = 0; i < n; i++)
		if (model_step(s->m, &s->moves.ops[ops[i]], NULL) == STEP_DISABLED)
			model_violation(s->m, "operation %u cannot be repeated", i);
	state_pack(s->m, &p);
	if (p.len != s->next.len || memcmp(p.bytes, s->next.bytes, p.len))
		model_violation(s->m, "the model itself: a packed state is not restored");
	s->replaying = false;
}

static void found(struct search *s, struct level *to)
{
	uint32_t node = (uint32_t)s->node_count;

	state_pack(s->m, &s->next);
	if (s->node_count * 2 >= s->seen_size)
		seen_grow(s);
	if (!seen_add(s, hash_of(&s->next)))
		return;
	recount(s->m);
	if (s->node_count == s->node_size) {
		s->node_size = s->node_size ? s->node_size * 2 : 1u << 16;
		s->nodes = grow(s->nodes, s->node_size * sizeof *s->nodes);
	}
	s->nodes[s->node_count++] = (struct node){.parent = s->node, .op = (uint16_t)s->op};
	level_push(to, node, &s->next);
	if (node && (node % REPLAY_EVERY == 0 || node == 500))
		replay(s, node);
}

static void expand(struct search *s, struct level *to)
{
	bool moved = true;

	for (s->op = 0; s->op < s->moves.count; s->op++) {
		enum step step;

		if (moved)
			state_unpack(s->m, &s->at);
		step = model_step(s->m, &s->moves.ops[s->op], &s->at);
		moved = s->m->moved;
		s->t.refusals += step == STEP_REFUSED;
		s->t.transitions += step != STEP_DISABLED;
		if (step == STEP_DONE)
			found(s, to);
	}
}

/* All states of one level; false: out of time. */
static bool expand_level(struct search *s, const struct level *from, struct level *to)
{
	unsigned n = 0;

	to->used = 0;
	for (size_t at = 0; at < from->used;) {
		at = level_take(from, at, &s->node, &s->at);
		expand(s, to);
		if (++n % 64 == 0 && now() > s->until)
			return false;
	}
	return true;
}

static char *tell(const struct search *s)
{
	uint16_t ops[64];
	unsigned n = way_to(s, s->node, ops, ARRAY_SIZE(ops) - 1);
	size_t size = 8192;
	char *text = grow(NULL, size);
	int used = snprintf(text, size, "violation in %s: %s\n", s->m->scenario->name, s->m->violation);

	if (s->replaying)
		used += snprintf(text + used, size - (size_t)used, "(while a way was repeated without packing)\n");
	ops[n++] = (uint16_t)s->op;
	for (unsigned i = 0; i < n; i++) {
		char line[96];

		op_print(&s->moves.ops[ops[i]], line, sizeof line);
		used += snprintf(text + used, size - (size_t)used, "  %u. %s\n", i + 1, line);
	}
	return text;
}

static void run(struct search *s, unsigned depth)
{
	found(s, &s->levels[0]);
	for (unsigned d = 0; d < depth && s->levels[d & 1].used; d++) {
		if (!expand_level(s, &s->levels[d & 1], &s->levels[~d & 1]))
			return;
		s->t.depth = d + 1;
	}
	s->t.complete = true;
}

struct tally search(const struct scenario *scenario, unsigned depth, double seconds)
{
	struct search *s = grow(NULL, sizeof *s);
	double start = now();
	struct tally t;

	memset(s, 0, sizeof *s);
	s->until = start + seconds;
	s->m = model_new(scenario);
	scenario->moves(s->m, &s->moves);
	if (!setjmp(s->m->out)) {
		state_pack(s->m, &s->first);
		run(s, depth);
	} else {
		s->t.violation = tell(s);
	}
	s->t.states = s->node_count;
	s->t.seconds = now() - start;
	t = s->t;
	model_free(s->m);
	free(s->seen);
	free(s->nodes);
	free(s->levels[0].bytes);
	free(s->levels[1].bytes);
	free(s);
	return t;
}
