/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU scheduler's arithmetic: borrowed virtual time (Duda and Cheriton, SOSP 1999) with warp, plus an optional cap,
 * one queue per CPU. docs/scheduling.md explains it to whoever chooses the numbers.
 *
 * Times are system time in ns; a clock that stands still or steps back fails to charge, no more. Virtual times are 2^-16
 * ns at weight 1 in signed 128 bits: no age of the machine wraps them, so they are compared as they are, and rebased at a
 * migration alone. What a division leaves over is carried, so that a thousand short charges are one long one.
 *
 * The caller holds the lock of @q. Each function that takes @now first charges the running one up to @now and wakes the
 * capped ones whose budget is full again. Each costs O(log n) steps of a heap, amortised.
 */
#pragma once

#include <abi/error.h>
#include <abi/hypercall.h>
#include <base/bits.h>
#include <base/check.h>
#include <stdbool.h>

/* As in the ABI and in plans. */
#define BVT_WEIGHT_DEFAULT 256u
#define BVT_WEIGHT_MAX 65535u
/* Context-switch allowance, real ns: how far the running one may go beyond the next; the most that a hand-over gives. */
#define BVT_ALLOWANCE 500000ull
#define BVT_WARP_MAX 100000000ull        /* ns; of a warp value */
#define BVT_WARP_TIME_MAX 60000000000ull /* ns; of a warp limit or an unwarp requirement */
#define BVT_CAP_MAX 1000u                /* thousandths of a CPU */
#define BVT_CAP_PERIOD 10000000ull       /* ns: what a cap gives in this time is the most that it saves up */
#define BVT_CAP_DEBT 64                  /* times that: no more debt is kept */
#define BVT_LOOK 64u                     /* entities that bvt_movable() looks at */

typedef __int128 bvt_virtual;

struct bvt_queue;

enum bvt_state {
	BVT_BLOCKED = 0,
	BVT_WAITING, /* for the CPU, since it woke or gave it away */
	BVT_STOLEN,  /* for the CPU, which was taken from it, be it by its cap */
	BVT_RUNNING,
	BVT_STATES
};

/* Not runnable or running: in no heap. Else in those of the queued, or out of budget. */
enum bvt_place { BVT_NOWHERE = 0, BVT_QUEUED, BVT_PARKED };

/* Who runs without warp has one virtual time, effective and actual; who borrows is in two heaps, by either. */
enum bvt_heap { BVT_PLAIN = 0, BVT_WARPED, BVT_WARPED_BY_ACTUAL, BVT_BY_REFILL, BVT_HEAPS };

struct bvt_link {
	bvt_virtual key;
	struct bvt_entity *left, *right, **home; /* home: the pointer that leads here */
};

struct bvt_warp {
	uint64_t value;  /* W: ns of virtual time at the default weight */
	uint64_t limit;  /* L: ns that it may run warped at a stretch; 0: any */
	uint64_t unwarp; /* U: ns without running warped after which a new stretch begins */
	uint8_t on;
};

/* Of a vCPU; written by vmm/core/bvt.c alone. */
struct bvt_entity {
	struct bvt_queue *queue; /* NULL: none */
	struct bvt_link link[2]; /* [1] of BVT_WARPED_BY_ACTUAL, [0] of the others */
	bvt_virtual actual;      /* A; while in no queue, its distance from the SVT of the last one */
	uint64_t rest;           /* of the last division by weight */
	uint64_t affinity;       /* a bit per CPU */
	uint64_t turn;           /* of its queue when it last left the CPU: who has run less recently wins a tie */
	struct bvt_warp warp;
	uint64_t warp_used, warp_ran; /* ns of this stretch; when it last ran warped */
	int64_t budget;               /* under a cap: thousandths of ns, as of `filled` */
	uint64_t filled;
	uint64_t since;            /* up to when `time` is right */
	uint64_t time[BVT_STATES]; /* ns in each state */
	uint64_t charged;          /* ns of others' work for it */
	uint32_t weight, cap;
	uint64_t allowance;   /* in virtual time: how far another must be below it to take the CPU from it */
	uint8_t state, place; /* enum bvt_state, enum bvt_place */
	uint8_t warped;
};

/* Of a CPU; all zeros: empty. */
struct bvt_queue {
	bvt_virtual svt; /* least A of the runnable, or what that last was */
	uint64_t now, turn;
	struct bvt_entity *heap[BVT_HEAPS];
	struct bvt_entity *running, *donor; /* donor: at whose virtual time the running one runs, or NULL */
	uint64_t donated;                   /* ns that the donor still pays for */
	uint32_t count;                     /* of the queued */
};

/* Blocked, of default weight, without warp and cap, allowed on every CPU, in no queue. */
void bvt_entity_init(struct bvt_entity *e, uint64_t now);

/*
 * An entity, whatever its state, joins or leaves a queue. In between nothing else may be asked of it; it joins the next at
 * the same distance from that one's SVT. Detached while it runs, it is off the CPU. bvt_attach: whether the running one must make
 * way.
 */
bool bvt_attach(struct bvt_queue *q, struct bvt_entity *e, uint64_t now);
void bvt_detach(struct bvt_queue *q, struct bvt_entity *e, uint64_t now);

/* @e wants to run. 0 when bvt_pick would choose anew: the running one must make way; else as bvt_due. Idempotent. */
uint64_t bvt_wake_due(struct bvt_queue *q, struct bvt_entity *e, uint64_t now);
/* @e wants to run no more. Idempotent. */
void bvt_block(struct bvt_queue *q, struct bvt_entity *e, uint64_t now);
/*
 * Who runs from now on, NULL when nobody may. The running one stays unless it is out of budget or another's effective
 * virtual time lies more than the allowance below its own.
 */
struct bvt_entity *bvt_pick(struct bvt_queue *q, uint64_t now);
/*
 * @from, which runs, gives its CPU to @to, which waits here or is woken, runs from now on and is charged as always; @blocks: and sleeps. If
 * @to would have to wait by its own virtual time, it stands at that of @from for an allowance at most, and @from pays for that as well:
 * else two could live on one's unpaid time. False, and @to only awake, when @from does not run or one of them is out of budget.
 */
bool bvt_hand(struct bvt_queue *q, struct bvt_entity *from, struct bvt_entity *to, bool blocks, uint64_t now);
/* The running one hands over to the next. False: there is none. */
bool bvt_yield(struct bvt_queue *q, uint64_t now);
/* When bvt_pick must be asked again if nothing else happens; TIME_NEVER: no timer is needed. As of the last call. */
uint64_t bvt_due(const struct bvt_queue *q);

void bvt_charge(struct bvt_queue *q, uint64_t now);
/*
 * Someone else worked @ns for @e, asleep or not: its virtual time and its cap pay; its run time stays. One that has left its queue since
 * whoever worked for it looked pays nothing: its domain has just ended, on another CPU perhaps.
 */
void bvt_charge_other(struct bvt_queue *q, struct bvt_entity *e, uint64_t ns, uint64_t now);
/* How far @e is ahead of those that compete for this CPU: ns of it that it has had beyond its share. */
uint64_t bvt_ahead(const struct bvt_queue *q, const struct bvt_entity *e);
/* Whose turn it is next, of those that wait for this CPU; NULL: nobody waits. */
struct bvt_entity *bvt_next(const struct bvt_queue *q);
/* The other side: @ns of what @e ran were charged to others. It does not fall below SVT: nothing is saved up. */
void bvt_refund(struct bvt_queue *q, struct bvt_entity *e, uint64_t ns, uint64_t now);

/* What is wrong with parameters (docs/scheduling.md): HC_OK, or each its reason. @present: a bit per CPU that exists. */
enum abi_error bvt_check(const struct domain_schedule *s, uint64_t present);
/* Gives an attached entity parameters that are right; what differs is in force at once. */
void bvt_set(struct bvt_queue *q, struct bvt_entity *e, const struct domain_schedule *s, uint64_t now);

/* How many compete for this CPU. */
uint32_t bvt_load(const struct bvt_queue *q);
/* Of the queued that may run on @cpu the first, among BVT_LOOK at the front of the queue; NULL: none. */
struct bvt_entity *bvt_movable(const struct bvt_queue *q, unsigned cpu);
