/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the devices of a domain may reach. Each domain that owns a device has one table for all of them, second-level paging
 * in the format of VT-d (Intel, Virtualization Technology for Directed I/O, 9.8), in which bus address and machine address
 * are the same. It exists, with its references, also where no IOMMU enforces it, so that the calls answer alike everywhere.
 * (AMD-Vi has the same tree with other bits: dma.c has them in one place.)
 */
#pragma once

#include "world.h"

/* The table of @d, empty. Idempotent. HC_ENOMEM, HC_ELIMIT, CORE_FLUSH_FIRST. */
enum abi_error dma_open(struct world *w, struct domain *d);

/*
 * Lets the devices of @d reach frame @mfn, which it owns or maps by a grant (the caller has checked that), with @rights
 * (DMA_x, not 0). Holds a reference on the frame, typed FRAME_WRITABLE with DMA_WRITE. HC_EDEVICE: @d has no table;
 * HC_EBUSY: they reach it already; HC_ETYPE, HC_ETEXT, HC_EADDRESS (beyond the table), HC_ENOMEM, HC_ELIMIT,
 * CORE_FLUSH_FIRST.
 */
enum abi_error dma_enter(struct world *w, struct domain *d, mfn_t mfn, uint32_t rights);

/*
 * Ends that and drops the reference: false when there was none. world->dma_stale is set: the caller has the IOTLB
 * invalidated before anybody is told.
 */
bool dma_leave(struct world *w, struct domain *d, mfn_t mfn);

/* The IOTLBs have been invalidated just now. */
void dma_flushed(struct world *w);

/* The rights of the devices of @d on frame @mfn; 0: none. */
uint32_t dma_rights(const struct world *w, const struct domain *d, mfn_t mfn);

/*
 * Frees the table of a dead domain, whose devices have no way to it any more, and drops what it holds; true when nothing is
 * left, after a bounded piece of work.
 */
bool dma_release(struct world *w, struct domain *d);
