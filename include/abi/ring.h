/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout of a one-way ring in shared memory: one producer, one consumer, free-running 32-bit indices, a power of two of
 * slots (slot = index & (size - 1)). Each side writes one cache line and only reads the other's.
 *
 * The producer fills slots, then stores prod with release. The consumer loads prod with acquire, copies slots out, then
 * stores cons with release: from then on slots and what they name are the producer's again.
 *
 * Wake-ups: a side that is about to sleep stores the index that it waits for: the consumer sets wake_prod = its cons + 1
 * ("tell me when prod reaches this"), the producer wake_cons likewise, then a full fence, then looks once more. The
 * other side, after moving its index from old to new, issues a full fence and notifies if wake - 1 - old < new - old
 * (unsigned), that is if the wake index lies in (old, new].
 *
 * epoch: the front writes the generation of its device entry into the producer's line of its first ring when all its
 * rings are reset; the back uses the rings only while it equals the generation in the back's own entry. Before that the
 * front writes its features beside it; the back writes its own when it has seen the epoch.
 *
 * Everything that the other side wrote is hostile: an index further ahead than size slots is BROKEN.
 */
#ifndef CAMBIUM_ABI_RING_H
#define CAMBIUM_ABI_RING_H

#include <abi/types.h>

struct ring_producer_line {
	uint32_t prod;
	uint32_t wake_cons; /* the producer sleeps until cons reaches this */
	uint32_t epoch;
	uint32_t features; /* the front's, in its first ring: as the protocol says */
	uint32_t reserved0[12];
};

struct ring_consumer_line {
	uint32_t cons;
	uint32_t wake_prod; /* the consumer sleeps until prod reaches this */
	uint32_t features;  /* the back's, likewise */
	uint32_t reserved0[13];
};

struct ring_header {
	struct ring_producer_line p;
	struct ring_consumer_line c;
};

ABI_ASSERT(sizeof(struct ring_header) == 128, "ring_header layout");

#endif
