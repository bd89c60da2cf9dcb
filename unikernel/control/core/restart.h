/* SPDX-License-Identifier: BSD-2-Clause */
/* When a domain that ended is started again: the plan's policy, and a delay that grows while it keeps ending. */
#ifndef CAMBIUM_CONTROL_RESTART_H
#define CAMBIUM_CONTROL_RESTART_H

#include <abi/plan.h>
#include <abi/reason.h>
#include <base/bits.h>

#define RESTART_DELAY_MIN_NS 100000000ull  /* 0.1 s */
#define RESTART_DELAY_MAX_NS 5000000000ull /* 5 s */
#define RESTART_HEALTHY_NS 10000000000ull  /* who lived this long starts with the shortest delay again */

struct restart {
	uint64_t delay_ns; /* before the last restart; 0: none yet */
	uint32_t count;    /* restarts altogether */
};

/* Whether @policy (PLAN_RESTART_x) has a domain started again that ended with @reason and @code. */
static inline bool restart_wanted(uint32_t policy, uint32_t reason, uint32_t code)
{
	switch (policy) {
	case PLAN_RESTART_ALWAYS: return true;
	case PLAN_RESTART_ON_CRASH: return reason != REASON_EXIT || code != 0;
	default: return false;
	}
}

/* The delay before the next start of a domain that lived for @lived_ns. Remembers it in @r. */
static inline uint64_t restart_delay(struct restart *r, uint64_t lived_ns)
{
	if (!r->delay_ns || lived_ns >= RESTART_HEALTHY_NS)
		r->delay_ns = RESTART_DELAY_MIN_NS;
	else
		r->delay_ns = MIN(2 * r->delay_ns, RESTART_DELAY_MAX_NS);
	return r->delay_ns;
}

#endif
