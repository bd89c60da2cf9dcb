/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose turn it is: deficit round robin (Shreedhar and Varghese, "Efficient Fair Queueing using Deficit Round Robin",
 * SIGCOMM 1995), so that what each gets is counted in bytes, not in frames.
 *
 * At its turn a source earns its quantum, and goes on while it has credit. How long a frame is shows only when it has
 * been taken, so that the last one of a turn may leave a debt, which the next turn pays first (the paper's deficit
 * with the opposite sign): over any number of turns a source that always has something gets their quanta, and
 * less than one frame more or less. Who has nothing keeps no credit. Nobody waits while there is something to take.
 */
#ifndef CAMBIUM_NET_CORE_DRR_H
#define CAMBIUM_NET_CORE_DRR_H

#include <stdbool.h>
#include <stdint.h>

#define DRR_SOURCES 32u
#define DRR_BYTES_MAX (1u << 20) /* of a frame, and of a quantum with its weight */

struct drr {
	int32_t credit[DRR_SOURCES]; /* bytes */
	uint32_t quantum[DRR_SOURCES];
	uint32_t turn;
	bool has_earned; /* the one whose turn it is, in this turn */
};

/* Begin @drr: no credit, no debt, the same @quantum for all, at least 1. */
void drr_init(struct drr *drr, uint32_t quantum);

/* Source @i earns @quantum bytes a turn from now on. */
void drr_set_quantum(struct drr *drr, uint32_t i, uint32_t quantum);

/*
 * Whose turn it is among the sources in @mask, at least one. One frame may be taken from there; then drr_took(), or drr_has_none().
 * Bounded by how many quanta the largest debt has.
 */
uint32_t drr_next(struct drr *drr, uint32_t mask);

/* A frame of @bytes was taken from source @i. */
void drr_took(struct drr *drr, uint32_t i, uint32_t bytes);

/* Source @i has nothing to take. Leave it out of the mask until it may have. */
void drr_has_none(struct drr *drr, uint32_t i);

#endif
