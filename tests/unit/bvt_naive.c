/* SPDX-License-Identifier: BSD-2-Clause */
/* The second implementation that vmm/core/bvt.c is compared with; see bvt_naive.h. */
#include "bvt_naive.h"

#include <string.h>

#include <vmm/core/bvt.h>

void naive_init(struct naive *n, unsigned count, uint64_t now)
{
	memset(n, 0, sizeof *n);
	n->count = count;
	for (unsigned i = 0; i < count; i++) {
		n->e[i].cpu = -1;
		n->e[i].weight = BVT_WEIGHT_DEFAULT;
		n->e[i].since = n->e[i].tokens_at = now;
	}
	for (int c = 0; c < NAIVE_CPUS; c++)
		n->c[c].running = n->c[c].donor = -1;
}

wide naive_actual(const struct naive_entity *e)
{
	return e->start + e->ran * 65536 / e->weight;
}

static void move_to(struct naive_entity *e, wide actual)
{
	e->start += actual - naive_actual(e);
}

wide naive_effective(const struct naive_entity *e)
{
	return naive_actual(e) - (e->warped ? e->w * 65536 / BVT_WEIGHT_DEFAULT : 0);
}

static wide bucket(const struct naive_entity *e)
{
	return e->cap * (wide)BVT_CAP_PERIOD;
}

static wide within_bucket(const struct naive_entity *e, wide tokens)
{
	if (tokens > bucket(e))
		return bucket(e);
	return tokens < -BVT_CAP_DEBT * bucket(e) ? -BVT_CAP_DEBT * bucket(e) : tokens;
}

wide naive_tokens(const struct naive_entity *e, wide now)
{
	return now > e->tokens_at ? within_bucket(e, e->tokens + (now - e->tokens_at) * e->cap) : e->tokens;
}

static void set_tokens(struct naive_entity *e, wide tokens, wide now)
{
	e->tokens = within_bucket(e, tokens);
	e->tokens_at = now > e->tokens_at ? now : e->tokens_at;
}

static bool is_broke(const struct naive_entity *e, wide now)
{
	return e->cap && naive_tokens(e, now) <= 0;
}

static bool wants(const struct naive_entity *e)
{
	return e->state == NAIVE_WAITS || e->state == NAIVE_ROBBED;
}

static bool is_queued(const struct naive *n, int cpu, int i)
{
	return n->e[i].cpu == cpu && wants(&n->e[i]) && !n->e[i].broke;
}

int naive_least(const struct naive *n, int cpu)
{
	int best = -1;

	for (int i = 0; i < (int)n->count; i++) {
		wide ei = naive_effective(&n->e[i]), eb = best < 0 ? 0 : naive_effective(&n->e[best]);

		if (is_queued(n, cpu, i) && (best < 0 || ei < eb || (ei == eb && n->e[i].turn < n->e[best].turn)))
			best = i;
	}
	return best;
}

/* Decides whether one that wants the CPU may have it, and moves it up to SVT then. */
static void place(struct naive *n, int i)
{
	struct naive_entity *e = &n->e[i];
	struct naive_cpu *c = &n->c[e->cpu];

	e->broke = false;
	if (!wants(e))
		return;
	set_tokens(e, naive_tokens(e, c->now), c->now);
	e->broke = is_broke(e, c->now);
	if (e->broke)
		e->refill = c->now + (bucket(e) - e->tokens + e->cap - 1) / e->cap;
	else if (naive_actual(e) < c->svt)
		move_to(e, c->svt);
}

/* One that has paid: it gives its place away no longer than it has something left. */
static void settle(struct naive *n, int i)
{
	struct naive_cpu *c = &n->c[n->e[i].cpu];

	place(n, i);
	if (c->donor == i && (c->donated == 0 || is_broke(&n->e[i], c->now)))
		c->donor = -1;
}

static void sum_up(struct naive_entity *e, enum naive_state next, wide now)
{
	if (now > e->since) {
		e->sum[e->state] += now - e->since;
		e->since = now;
	}
	e->state = next;
}

/* A new stretch may begin. */
static void rewarp(struct naive_entity *e, wide now)
{
	if ((now > e->warped_at ? now - e->warped_at : 0) >= e->u)
		e->stretch = 0;
	e->warped = e->on && (e->l == 0 || e->stretch < e->l);
}

/* Real time that ended at @now. */
static void pay(struct naive_entity *e, wide ns, wide now)
{
	e->ran += ns;
	set_tokens(e, naive_tokens(e, now - ns) - ns * (1000 - e->cap), now);
	if (!e->warped)
		return;
	if (e->l && e->stretch + ns >= e->l) {
		e->warped_at = now - ns + (e->l - e->stretch);
		e->stretch = e->l;
		e->warped = false;
	} else {
		e->warped_at = now;
		e->stretch += ns;
	}
}

static void svt_look(struct naive *n, int cpu)
{
	wide least = 0;
	bool found = false;

	for (int i = 0; i < (int)n->count; i++)
		if (is_queued(n, cpu, i) || n->c[cpu].running == i) {
			if (!found || naive_actual(&n->e[i]) < least)
				least = naive_actual(&n->e[i]);
			found = true;
		}
	if (found)
		n->c[cpu].svt = least;
}

/* Of the parked whose budgets are full again who was so first, -1: none. */
static int first_refilled(const struct naive *n, int cpu)
{
	int first = -1;

	for (int i = 0; i < (int)n->count; i++) {
		const struct naive_entity *e = &n->e[i], *f = first < 0 ? NULL : &n->e[first];

		if (e->cpu == cpu && wants(e) && e->broke && e->refill <= n->c[cpu].now &&
		    (!f || e->refill < f->refill || (e->refill == f->refill && e->turn < f->turn)))
			first = i;
	}
	return first;
}

void naive_charge(struct naive *n, int cpu, uint64_t now)
{
	struct naive_cpu *c = &n->c[cpu];
	bool later = now > c->now;

	if (later)
		c->now = now;
	if (later && c->running >= 0) {
		struct naive_entity *r = &n->e[c->running];
		wide ns = c->now > r->since ? c->now - r->since : 0;

		sum_up(r, NAIVE_RUNS, c->now);
		pay(r, ns, c->now);
		if (c->donor >= 0) {
			struct naive_entity *d = &n->e[c->donor];
			wide part = ns < c->donated ? ns : c->donated;

			c->donated -= part;
			pay(d, part, c->now);
			settle(n, c->donor);
		}
	}
	svt_look(n, cpu);
	for (int i; (i = first_refilled(n, cpu)) >= 0; svt_look(n, cpu))
		place(n, i);
}

bool naive_must_switch(const struct naive *n, int cpu)
{
	const struct naive_cpu *c = &n->c[cpu];
	const struct naive_entity *p;
	int next = naive_least(n, cpu);

	if (c->running < 0)
		return next >= 0;
	if (is_broke(&n->e[c->running], c->now))
		return true;
	p = &n->e[c->donor >= 0 ? c->donor : c->running];
	return next >= 0 && naive_effective(&n->e[next]) < naive_effective(p) - (wide)BVT_ALLOWANCE * 65536 / p->weight;
}

static void off(struct naive *n, int cpu, enum naive_state state)
{
	struct naive_cpu *c = &n->c[cpu];
	int i = c->running;

	sum_up(&n->e[i], state, c->now);
	n->e[i].turn = ++c->turn;
	rewarp(&n->e[i], c->now);
	c->running = c->donor = -1;
	place(n, i);
}

static void on(struct naive *n, int cpu, int i)
{
	sum_up(&n->e[i], NAIVE_RUNS, n->c[cpu].now);
	n->e[i].broke = false;
	n->c[cpu].running = i;
}

bool naive_attach(struct naive *n, int cpu, int i, uint64_t now)
{
	naive_charge(n, cpu, now);
	n->e[i].cpu = cpu;
	n->e[i].start += n->c[cpu].svt;
	n->e[i].turn = ++n->c[cpu].turn;
	place(n, i);
	return naive_must_switch(n, cpu);
}

void naive_detach(struct naive *n, int i, uint64_t now)
{
	int cpu = n->e[i].cpu;

	naive_charge(n, cpu, now);
	if (n->c[cpu].running == i)
		off(n, cpu, NAIVE_ROBBED);
	if (n->c[cpu].donor == i)
		n->c[cpu].donor = -1;
	n->e[i].start -= n->c[cpu].svt;
	n->e[i].cpu = -1;
}

bool naive_wake(struct naive *n, int i, uint64_t now)
{
	int cpu = n->e[i].cpu;

	naive_charge(n, cpu, now);
	if (n->e[i].state == NAIVE_ASLEEP) {
		sum_up(&n->e[i], NAIVE_WAITS, n->c[cpu].now);
		rewarp(&n->e[i], n->c[cpu].now);
		place(n, i);
	}
	return naive_must_switch(n, cpu);
}

void naive_block(struct naive *n, int i, uint64_t now)
{
	int cpu = n->e[i].cpu;

	naive_charge(n, cpu, now);
	if (n->c[cpu].running == i)
		off(n, cpu, NAIVE_ASLEEP);
	sum_up(&n->e[i], NAIVE_ASLEEP, n->c[cpu].now);
	n->e[i].broke = false;
}

int naive_pick(struct naive *n, int cpu, uint64_t now)
{
	naive_charge(n, cpu, now);
	if (naive_must_switch(n, cpu)) {
		int next;

		if (n->c[cpu].running >= 0)
			off(n, cpu, NAIVE_ROBBED);
		next = naive_least(n, cpu);
		if (next >= 0)
			on(n, cpu, next);
	}
	return n->c[cpu].running;
}

bool naive_hand(struct naive *n, int cpu, int from, int to, uint64_t now)
{
	struct naive_cpu *c = &n->c[cpu];
	wide left = BVT_ALLOWANCE;
	int donor = from;

	naive_charge(n, cpu, now);
	if (to < 0)
		return false;
	naive_wake(n, to, now);
	if (from < 0 || c->running != from || !is_queued(n, cpu, to) || is_broke(&n->e[from], c->now))
		return false;
	if (c->donor >= 0) {
		donor = c->donor;
		left = c->donated;
	}
	off(n, cpu, NAIVE_WAITS);
	on(n, cpu, to);
	if (naive_effective(&n->e[donor]) < naive_effective(&n->e[to])) {
		c->donor = donor;
		c->donated = left;
	}
	return true;
}

void naive_charge_other(struct naive *n, int i, uint64_t ns, uint64_t now)
{
	struct naive_entity *e = &n->e[i];
	struct naive_cpu *c = &n->c[e->cpu];

	naive_charge(n, e->cpu, now);
	if (naive_actual(e) < c->svt)
		move_to(e, c->svt);
	e->ran += ns;
	e->charged += ns;
	set_tokens(e, naive_tokens(e, c->now) - (wide)ns * 1000, c->now);
	settle(n, i);
}

void naive_refund(struct naive *n, int i, uint64_t ns, uint64_t now)
{
	struct naive_entity *e = &n->e[i];
	struct naive_cpu *c = &n->c[e->cpu];
	wide old, back;

	naive_charge(n, e->cpu, now);
	old = naive_actual(e);
	back = old - (wide)ns * 65536 / e->weight;
	if (back < c->svt)
		back = old < c->svt ? old : c->svt;
	move_to(e, back);
	set_tokens(e, naive_tokens(e, c->now) + (wide)ns * 1000, c->now);
	place(n, i);
}

void naive_set_weight(struct naive *n, int i, uint32_t weight, uint64_t now)
{
	struct naive_entity *e = &n->e[i];

	naive_charge(n, e->cpu, now);
	if (weight != e->weight) {
		e->start = naive_actual(e);
		e->ran = 0;
		e->weight = weight;
	}
	place(n, i);
}

void naive_set_warp(struct naive *n, int i, uint64_t w, uint64_t l, uint64_t u, bool on_, uint64_t now)
{
	struct naive_entity *e = &n->e[i];

	naive_charge(n, e->cpu, now);
	w = on_ ? w : 0;
	if (w != e->w || l != e->l || u != e->u) {
		e->w = w;
		e->l = l;
		e->u = u;
		e->on = on_;
		rewarp(e, n->c[e->cpu].now);
	}
	place(n, i);
}

void naive_set_cap(struct naive *n, int i, uint32_t cap, uint64_t now)
{
	struct naive_entity *e = &n->e[i];
	wide tokens;

	naive_charge(n, e->cpu, now);
	tokens = naive_tokens(e, n->c[e->cpu].now);
	if (!e->cap)
		tokens = (wide)cap * BVT_CAP_PERIOD;
	e->cap = cap;
	set_tokens(e, tokens, n->c[e->cpu].now);
	place(n, i);
}
