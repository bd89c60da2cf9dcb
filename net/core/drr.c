/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The invariant: a credit is more than -DRR_BYTES_MAX and at most one quantum, so that no turn is longer than a quantum
 * and a frame.
 */
#include "drr.h"

#include <base/check.h>

void drr_init(struct drr *drr, uint32_t quantum)
{
	*drr = (struct drr){.turn = 0};
	for (uint32_t i = 0; i < DRR_SOURCES; i++)
		drr_set_quantum(drr, i, quantum);
}

void drr_set_quantum(struct drr *drr, uint32_t i, uint32_t quantum)
{
	CHECK(i < DRR_SOURCES && quantum > 0 && quantum <= DRR_BYTES_MAX);
	drr->quantum[i] = quantum;
}

/* The next in @mask behind @i, which may be @i itself. */
static uint32_t next_in(uint32_t mask, uint32_t i)
{
	uint32_t behind = i + 1 < DRR_SOURCES ? mask >> (i + 1) << (i + 1) : 0;

	return (uint32_t)__builtin_ctz(behind ? behind : mask);
}

uint32_t drr_next(struct drr *drr, uint32_t mask)
{
	CHECK(mask != 0);
	for (;;) {
		if (mask >> drr->turn & 1) {
			if (!drr->has_earned) {
				int32_t quantum = (int32_t)drr->quantum[drr->turn];
				int32_t credit = drr->credit[drr->turn] + quantum;

				drr->credit[drr->turn] = credit < quantum ? credit : quantum;
			}
			drr->has_earned = true;
			if (drr->credit[drr->turn] > 0)
				return drr->turn;
		}
		drr->turn = next_in(mask, drr->turn);
		drr->has_earned = false;
	}
}

void drr_took(struct drr *drr, uint32_t i, uint32_t bytes)
{
	CHECK(i < DRR_SOURCES && bytes <= DRR_BYTES_MAX && drr->credit[i] > 0);
	drr->credit[i] -= (int32_t)bytes;
}

void drr_has_none(struct drr *drr, uint32_t i)
{
	CHECK(i < DRR_SOURCES);
	if (drr->credit[i] > 0)
		drr->credit[i] = 0;
}
