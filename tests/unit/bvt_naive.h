/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Borrowed virtual time a second time, from the definitions and without a thought for speed: entities and CPUs in arrays,
 * every question answered by looking at all of them, numbers that never overflow. Shares nothing with vmm/core/bvt.c but
 * the constants of its header.
 */
#ifndef CAMBIUM_TESTS_BVT_NAIVE_H
#define CAMBIUM_TESTS_BVT_NAIVE_H

#include <stdbool.h>
#include <stdint.h>

#define NAIVE_ENTITIES 200
#define NAIVE_CPUS 3

typedef __int128 wide;

enum naive_state { NAIVE_ASLEEP, NAIVE_WAITS, NAIVE_ROBBED, NAIVE_RUNS, NAIVE_STATES };

struct naive_entity {
	int cpu; /* -1: at none */
	enum naive_state state;
	wide start, ran; /* A = start + floor(ran * 65536 / weight) */
	wide weight, cap;
	wide w, l, u; /* warp */
	bool on, warped, broke;
	wide stretch, warped_at;
	wide tokens, tokens_at, refill; /* thousandths of ns */
	wide since, sum[NAIVE_STATES], charged;
	uint64_t turn;
};

struct naive_cpu {
	wide svt, now;
	uint64_t turn;
	int running, donor; /* -1: none */
	wide donated;
};

struct naive {
	unsigned count; /* of entities */
	struct naive_entity e[NAIVE_ENTITIES];
	struct naive_cpu c[NAIVE_CPUS];
};

void naive_init(struct naive *n, unsigned count, uint64_t now);
wide naive_actual(const struct naive_entity *e);
wide naive_effective(const struct naive_entity *e);
/* Thousandths of ns that a cap leaves at @now. */
wide naive_tokens(const struct naive_entity *e, wide now);
/* The queued one with the least effective virtual time, -1: none. */
int naive_least(const struct naive *n, int cpu);
bool naive_must_switch(const struct naive *n, int cpu);

void naive_charge(struct naive *n, int cpu, uint64_t now);
bool naive_attach(struct naive *n, int cpu, int i, uint64_t now);
void naive_detach(struct naive *n, int i, uint64_t now);
bool naive_wake(struct naive *n, int i, uint64_t now);
void naive_block(struct naive *n, int i, uint64_t now);
int naive_pick(struct naive *n, int cpu, uint64_t now);
bool naive_hand(struct naive *n, int cpu, int from, int to, uint64_t now);
void naive_charge_other(struct naive *n, int i, uint64_t ns, uint64_t now);
void naive_refund(struct naive *n, int i, uint64_t ns, uint64_t now);
void naive_set_weight(struct naive *n, int i, uint32_t weight, uint64_t now);
void naive_set_warp(struct naive *n, int i, uint64_t w, uint64_t l, uint64_t u, bool on, uint64_t now);
void naive_set_cap(struct naive *n, int i, uint32_t cap, uint64_t now);

#endif
