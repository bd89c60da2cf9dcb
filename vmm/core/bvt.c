/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Borrowed virtual time. Invariants: an attached entity that waits or is stolen from is queued or parked; the running one
 * is neither. SVT never goes back and is at most the actual virtual time of each queued or running one. Whatever changes a
 * key is framed by dequeue() and enqueue(). A queued one and a donor have budget: only others' work takes that from who does
 * not run.
 */
#include "bvt.h"

#include "bvt_heap.h"

#define SHIFT 16
#define SCALE (1 << SHIFT)
#define ALLOWANCE(weight) (BVT_ALLOWANCE * SCALE / (weight))
#define MILLI 1000
#define LONG (1ull << 50) /* ns in which any budget is full, or all debt made, and which do not overflow */

static uint64_t elapsed(uint64_t since, uint64_t now)
{
	return now > since ? now - since : 0;
}

static uint64_t later(uint64_t now, uint64_t ns)
{
	return ns < TIME_NEVER - now ? now + ns : TIME_NEVER;
}

/* ns * SCALE / weight; *rest goes in and comes out. */
static bvt_virtual virtual_time(uint64_t ns, uint32_t weight, uint64_t *rest)
{
	uint64_t whole = ns < LONG / 8 ? 0 : ns / weight, part = (ns - whole * weight) * SCALE + *rest;

	*rest = part % weight;
	return (bvt_virtual)whole * SCALE + part / weight;
}

static bvt_virtual effective(const struct bvt_entity *e)
{
	return e->actual - (e->warped ? (bvt_virtual)(e->warp.value * SCALE / BVT_WEIGHT_DEFAULT) : 0);
}

/* --- the heaps --- */

/* Whose turn it is next. */
static struct bvt_entity *first(const struct bvt_queue *q)
{
	struct bvt_entity *plain = q->heap[BVT_PLAIN], *warped = q->heap[BVT_WARPED];

	return !warped || (plain && bvt_before(plain, warped, 0)) ? plain : warped;
}

/* Of the queued whose actual virtual time is least. */
static struct bvt_entity *least(const struct bvt_queue *q)
{
	struct bvt_entity *plain = q->heap[BVT_PLAIN], *warped = q->heap[BVT_WARPED_BY_ACTUAL];

	return !warped || (plain && plain->actual < warped->actual) ? plain : warped;
}

/* --- cap and warp --- */

static int64_t budget_full(const struct bvt_entity *e)
{
	return (int64_t)(e->cap * BVT_CAP_PERIOD);
}

static bool spent(const struct bvt_entity *e)
{
	return e->cap && e->budget <= 0;
}

/* @milli thousandths of @ns more. */
__attribute__((noinline)) static void budget_add(struct bvt_entity *e, uint64_t ns, int64_t milli)
{
	int64_t sum = e->budget + (int64_t)MIN(ns, LONG) * milli;

	if (e->cap)
		e->budget = MAX(MIN(sum, budget_full(e)), -BVT_CAP_DEBT * budget_full(e));
}

static inline void fill(struct bvt_entity *e, uint64_t now)
{
	if (e->cap)
		budget_add(e, elapsed(e->filled, now), e->cap);
	e->filled = MAX(e->filled, now);
}

/* Warp comes back, if it may, only here: at a wake-up, off the CPU, at a change; never in the middle of a run. */
static void warp_settle(struct bvt_entity *e, uint64_t now)
{
	if (e->warp_used && elapsed(e->warp_ran, now) >= e->warp.unwarp)
		e->warp_used = 0;
	e->warped = e->warp.on && (!e->warp.limit || e->warp_used < e->warp.limit);
}

/* ns after which a warped one has reached its limit. */
static uint64_t warp_left(const struct bvt_entity *e)
{
	return e->warped && e->warp.limit ? e->warp.limit - e->warp_used : TIME_NEVER;
}

/* @e pays for @ns of the CPU that end at @now. */
static inline void pay(struct bvt_entity *e, uint64_t ns, uint64_t now)
{
	if (e->warped) {
		uint64_t ran = MIN(ns, warp_left(e));

		e->warped = ns < warp_left(e);
		e->warp_used += ran;
		e->warp_ran = now - (ns - ran);
	}
	e->actual += virtual_time(ns, e->weight, &e->rest);
	if (e->cap) {
		fill(e, now - ns);
		budget_add(e, ns, (int64_t)e->cap - MILLI);
	}
	e->filled = MAX(e->filled, now);
}

/* --- the queue --- */

static bool waits(const struct bvt_entity *e)
{
	return e->state == BVT_WAITING || e->state == BVT_STOLEN;
}

static inline void enqueue(struct bvt_queue *q, struct bvt_entity *e)
{
	if (!waits(e))
		return;
	fill(e, q->now);
	if (spent(e)) {
		uint64_t missing = (uint64_t)(budget_full(e) - e->budget);

		e->place = BVT_PARKED;
		bvt_insert(q, e, BVT_BY_REFILL, later(q->now, (missing + e->cap - 1) / e->cap));
		return;
	}
	e->place = BVT_QUEUED;
	e->actual = MAX(e->actual, q->svt); /* no sleep is hoarded */
	bvt_insert(q, e, e->warped ? BVT_WARPED : BVT_PLAIN, effective(e));
	if (e->warped)
		bvt_insert(q, e, BVT_WARPED_BY_ACTUAL, e->actual);
	q->count++;
}

static inline void dequeue(struct bvt_queue *q, struct bvt_entity *e)
{
	if (e->place != BVT_NOWHERE)
		bvt_take(e, 0);
	if (e->place == BVT_QUEUED && e->warped)
		bvt_take(e, 1);
	q->count -= e->place == BVT_QUEUED;
	e->place = BVT_NOWHERE;
}

/* A donor that has nothing left gives no more. */
__attribute__((noinline)) static void requeue(struct bvt_queue *q, struct bvt_entity *e)
{
	dequeue(q, e);
	enqueue(q, e);
	if (q->donor == e && (!q->donated || spent(e)))
		q->donor = NULL;
}

static inline void become(struct bvt_entity *e, enum bvt_state state, uint64_t now)
{
	e->time[e->state] += elapsed(e->since, now);
	e->since = MAX(e->since, now);
	e->state = (uint8_t)state;
}

__attribute__((noinline)) static void donor_pays(struct bvt_queue *q, uint64_t ns)
{
	struct bvt_entity *d = q->donor;

	ns = MIN(ns, q->donated);
	q->donated -= ns;
	dequeue(q, d);
	pay(d, ns, q->now);
	requeue(q, d);
}

static uint64_t next_refill(const struct bvt_queue *q)
{
	return q->heap[BVT_BY_REFILL] ? (uint64_t)q->heap[BVT_BY_REFILL]->link[0].key : TIME_NEVER;
}

__attribute__((noinline)) static void pass(struct bvt_queue *q, uint64_t now)
{
	struct bvt_entity *e = q->running;
	uint64_t ns;

	q->now = MIN(now, TIME_NEVER - 1);
	if (!e)
		return;
	ns = elapsed(e->since, q->now);
	e->time[BVT_RUNNING] += ns;
	e->since += ns;
	pay(e, ns, q->now);
	if (q->donor)
		donor_pays(q, ns);
}

static inline void charge(struct bvt_queue *q, uint64_t now)
{
	if (now > q->now)
		pass(q, now);
	/* Each whose budget is full again counts before the next one and whoever wakes now are moved up to SVT. */
	for (;; requeue(q, q->heap[BVT_BY_REFILL])) {
		const struct bvt_entity *e = q->running, *queued = least(q);

		if (!e || (queued && queued->actual < e->actual))
			e = queued;
		q->svt = e ? e->actual : q->svt;
		if (next_refill(q) > q->now)
			return;
	}
}

void bvt_charge(struct bvt_queue *q, uint64_t now)
{
	charge(q, now);
}

static inline void enter(struct bvt_queue *q, struct bvt_entity *e)
{
	dequeue(q, e);
	fill(e, q->now);
	become(e, BVT_RUNNING, q->now);
	q->running = e;
}

/* A sleeper waits from here on, in no heap yet. False: @e does not sleep. */
static inline bool rouse(const struct bvt_queue *q, struct bvt_entity *e)
{
	if (e->state != BVT_BLOCKED)
		return false;
	become(e, BVT_WAITING, q->now);
	warp_settle(e, q->now);
	fill(e, q->now);
	return true;
}

/* The running one goes off the CPU, charged already. */
static inline void leave(struct bvt_queue *q, enum bvt_state state)
{
	struct bvt_entity *e = q->running;

	become(e, state, q->now);
	e->turn = ++q->turn;
	warp_settle(e, q->now);
	q->running = q->donor = NULL;
	enqueue(q, e);
}

/* Whose virtual time the running one is judged by. */
static const struct bvt_entity *judged(const struct bvt_queue *q)
{
	return q->donor ? q->donor : q->running;
}

/* How far @e, which pays, may still go before @next, in virtual time; negative: it must make way. */
static bvt_virtual room(const struct bvt_entity *e, const struct bvt_entity *next)
{
	return effective(next) + e->allowance - effective(e);
}

/* ns in which it has gone further than @left. */
static uint64_t slice(const struct bvt_entity *e, bvt_virtual left)
{
	unsigned __int128 beyond = (unsigned __int128)(left + 1), whole = beyond >> SHIFT;
	uint64_t part = ((uint64_t)beyond % SCALE * e->weight - e->rest + SCALE - 1) >> SHIFT, ns;

	return whole > UINT64_MAX || __builtin_mul_overflow((uint64_t)whole, (uint64_t)e->weight, &ns) ||
			       __builtin_add_overflow(ns, part, &ns)
		       ? TIME_NEVER
		       : ns;
}

/* ns that @e may run before its cap is used up. */
static uint64_t budget_left(const struct bvt_entity *e)
{
	uint64_t loss = MILLI - e->cap;

	if (!e->cap || !loss)
		return TIME_NEVER;
	return e->budget <= 0 ? 0 : ((uint64_t)e->budget + loss - 1) / loss;
}

/* As due() when somebody runs and @next waits, or a cap is to be watched. */
__attribute__((noinline)) static uint64_t turn(const struct bvt_queue *q, const struct bvt_entity *next)
{
	const struct bvt_entity *e = judged(q);
	bvt_virtual left = next ? room(e, next) : 0;
	uint64_t ns = budget_left(q->running);

	if (left < 0 || spent(q->running))
		return 0;
	if (next) {
		ns = MIN(ns, MIN(slice(e, left), warp_left(e)));
		ns = q->donor ? MIN(ns, MIN(q->donated, budget_left(e))) : ns;
	}
	return MIN(next_refill(q), later(q->running->since, ns));
}

/* When bvt_pick must be asked again if nothing else happens; 0: at once, since it would choose anew. */
static inline uint64_t due(const struct bvt_queue *q)
{
	const struct bvt_entity *next = first(q), *run = q->running;

	if (run && (next || run->cap))
		return turn(q, next);
	return next ? 0 : next_refill(q);
}

uint64_t bvt_due(const struct bvt_queue *q)
{
	return MAX(due(q), q->now);
}

void bvt_entity_init(struct bvt_entity *e, uint64_t now)
{
	*e = (struct bvt_entity){.weight = BVT_WEIGHT_DEFAULT, .affinity = UINT64_MAX, .since = now, .filled = now};
	e->allowance = ALLOWANCE(BVT_WEIGHT_DEFAULT);
}

bool bvt_attach(struct bvt_queue *q, struct bvt_entity *e, uint64_t now)
{
	CHECK(!e->queue);
	bvt_charge(q, now);
	e->queue = q;
	e->actual += q->svt;
	e->turn = ++q->turn;
	enqueue(q, e);
	return !due(q);
}

void bvt_detach(struct bvt_queue *q, struct bvt_entity *e, uint64_t now)
{
	CHECK(e->queue == q);
	bvt_charge(q, now);
	if (q->running == e)
		leave(q, BVT_STOLEN);
	if (q->donor == e)
		q->donor = NULL;
	dequeue(q, e);
	e->actual -= q->svt;
	e->queue = NULL;
}

uint64_t bvt_wake_due(struct bvt_queue *q, struct bvt_entity *e, uint64_t now)
{
	CHECK(e->queue == q);
	charge(q, now);
	if (rouse(q, e))
		enqueue(q, e);
	return due(q);
}

void bvt_block(struct bvt_queue *q, struct bvt_entity *e, uint64_t now)
{
	CHECK(e->queue == q);
	charge(q, now);
	if (q->running == e) {
		leave(q, BVT_BLOCKED);
		return;
	}
	dequeue(q, e);
	become(e, BVT_BLOCKED, q->now);
}

struct bvt_entity *bvt_pick(struct bvt_queue *q, uint64_t now)
{
	charge(q, now);
	if (!due(q)) {
		if (q->running)
			leave(q, BVT_STOLEN);
		if (q->count)
			enter(q, first(q));
	}
	return q->running;
}

bool bvt_hand(struct bvt_queue *q, struct bvt_entity *from, struct bvt_entity *to, bool blocks, uint64_t now)
{
	struct bvt_entity *donor;
	uint64_t donated;
	bool slept;

	CHECK(to->queue == q);
	charge(q, now);
	slept = rouse(q, to);
	if (!from || q->running != from || !waits(to) || spent(to) || spent(from)) {
		if (slept)
			enqueue(q, to);
		return false;
	}
	to->actual = MAX(to->actual, q->svt);
	/* Who stands at a donor's place gives that on, and what is left of it. */
	donor = q->donor ? q->donor : from;
	donated = q->donor ? q->donated : BVT_ALLOWANCE;
	leave(q, blocks ? BVT_BLOCKED : BVT_WAITING);
	enter(q, to);
	q->donor = effective(donor) < effective(to) ? donor : NULL;
	q->donated = donated;
	return true;
}

bool bvt_yield(struct bvt_queue *q, uint64_t now)
{
	charge(q, now);
	return q->running && q->count && bvt_hand(q, q->running, first(q), false, now);
}

/* A change from outside: between the two @e is in no heap. */
static void change_begin(struct bvt_queue *q, struct bvt_entity *e, uint64_t now)
{
	CHECK(e->queue == q);
	bvt_charge(q, now);
	dequeue(q, e);
	fill(e, q->now);
}

void bvt_charge_other(struct bvt_queue *q, struct bvt_entity *e, uint64_t ns, uint64_t now)
{
	if (!e->queue)
		return;
	change_begin(q, e, now);
	/* What is done for a sleeper is not paid from its sleep. */
	e->actual = MAX(e->actual, q->svt) + virtual_time(ns, e->weight, &e->rest);
	e->charged += ns;
	budget_add(e, ns, -MILLI);
	requeue(q, e);
}

uint64_t bvt_ahead(const struct bvt_queue *q, const struct bvt_entity *e)
{
	return e->actual > q->svt ? (uint64_t)((e->actual - q->svt) * e->weight / SCALE) : 0;
}

struct bvt_entity *bvt_next(const struct bvt_queue *q)
{
	return first(q);
}

void bvt_refund(struct bvt_queue *q, struct bvt_entity *e, uint64_t ns, uint64_t now)
{
	uint64_t rest = 0;
	bvt_virtual back = virtual_time(ns, e->weight, &rest);

	change_begin(q, e, now);
	e->actual = MAX(e->actual - back, MIN(e->actual, q->svt));
	budget_add(e, ns, MILLI);
	enqueue(q, e);
}

enum abi_error bvt_check(const struct domain_schedule *s, uint64_t present)
{
	if (s->reserved0)
		return HC_EINVAL;
	if (!s->weight || s->weight > BVT_WEIGHT_MAX)
		return HC_EWEIGHT;
	if (s->cap > BVT_CAP_MAX)
		return HC_ECAP;
	if (s->warp > BVT_WARP_MAX)
		return HC_EWARP;
	if (s->warp_limit > BVT_WARP_TIME_MAX || s->unwarp > BVT_WARP_TIME_MAX)
		return HC_EWARPTIME;
	if (s->unwarp && !s->warp_limit)
		return HC_EUNWARP;
	return s->cpus & present ? HC_OK : HC_EAFFINITY;
}

void bvt_set(struct bvt_queue *q, struct bvt_entity *e, const struct domain_schedule *s, uint64_t now)
{
	struct bvt_warp warp = {s->warp, s->warp_limit, s->unwarp, s->warp != 0};

	change_begin(q, e, now);
	e->rest = e->weight == s->weight ? e->rest : 0;
	e->weight = s->weight;
	e->allowance = ALLOWANCE(s->weight);
	/* Who had no cap begins with all that the new one saves up. */
	e->budget = !s->cap ? 0 : e->cap ? e->budget : INT64_MAX / 2;
	e->cap = s->cap;
	budget_add(e, 0, 0);
	if (e->warp.value != warp.value || e->warp.limit != warp.limit || e->warp.unwarp != warp.unwarp) {
		e->warp = warp;
		warp_settle(e, q->now);
	}
	e->affinity = s->cpus;
	enqueue(q, e);
}

/* --- placement --- */

uint32_t bvt_load(const struct bvt_queue *q)
{
	return q->count + (q->running != NULL);
}

struct bvt_entity *bvt_movable(const struct bvt_queue *q, unsigned cpu)
{
	struct bvt_entity *todo[BVT_LOOK + 2] = {q->heap[BVT_PLAIN], q->heap[BVT_WARPED]}, *best = NULL;

	for (unsigned looked = 0, count = 2; looked < BVT_LOOK && count; looked++) {
		struct bvt_entity *e = todo[--count];

		if (e && (e->affinity >> cpu & 1)) {
			best = best && bvt_before(best, e, 0) ? best : e;
		} else if (e) {
			todo[count++] = e->link[0].right;
			todo[count++] = e->link[0].left;
		}
	}
	return best;
}
