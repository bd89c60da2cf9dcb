/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of a domain's own pages the devices that it owns may reach. Bus addresses are machine addresses. */
#ifndef CAMBIUM_PCI_DMA_H
#define CAMBIUM_PCI_DMA_H

#include <stdint.h>

#include <abi/error.h>

/*
 * Lets them read and write the @count pages at @pages (as for pages_mfn), which then hold nothing but data until
 * dma_forbid. To be done before a device is told of them. 0 or -HC_x; -HC_EDEVICE: the domain owns no device.
 */
int64_t dma_allow(const void *pages, unsigned count);

/* No more: when this returns, no device reaches the pages (where there is an IOMMU). 0 or -HC_x. */
int64_t dma_forbid(const void *pages, unsigned count);

#endif
