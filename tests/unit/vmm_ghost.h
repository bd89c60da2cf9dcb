/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What CPUs and devices may know, until they are told to forget: a TLB that has everything cached which could be cached,
 * and an IOMMU that reads memory past the caches (what core/dma.c did not tell it of, it does not see) and keeps all that
 * it could have read at any moment.
 */
#ifndef CAMBIUM_TESTS_VMM_GHOST_H
#define CAMBIUM_TESTS_VMM_GHOST_H

#include "vmm_world.h"

#define TW_DEVICE_SLOTS 8u /* domains with devices are in slots below */

/* What a cache knows of a frame: ways to use it (SEEN_x, or 1 << level of a table), and whose it was then. */
struct tw_seen {
	uint32_t seen, owner;
};

enum { SEEN_READ = 0x40, SEEN_WRITE = 1 << FRAME_WRITABLE, SEEN_EXEC = 1 << FRAME_EXEC };

/* A CPU may know frame @m as @what. */
void tw_ghost_see(struct world *w, mfn_t m, uint32_t what);
/* What is known against types and owners; @own: whether a frame serves the hypervisor. */
void tw_ghost_check(struct world *w, bool (*own)(mfn_t));

/* For tw_new(), and world.dma_written. */
void tw_iotlb_start(struct world *w);
/* Looks at all tables of domains that live. */
void tw_iotlb_look(struct world *w);

/* Calls @see for each table (@rights 0) and each leaf of what the devices of @d may reach. */
typedef void tw_dma_see(struct world *w, const struct domain *d, mfn_t mfn, uint32_t rights);
void tw_dma_each(struct world *w, const struct domain *d, tw_dma_see *see);

#endif
