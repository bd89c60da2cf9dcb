/* SPDX-License-Identifier: BSD-2-Clause */
#include "dma.h"

#include <base/bits.h>
#include <cambium/hypercall.h>
#include <cambium/mem.h>

static int64_t change(const uint8_t *pages, unsigned count, uint32_t rights)
{
	uint64_t mfns[DMA_FRAMES_MAX];

	for (unsigned done = 0; done < count;) {
		unsigned batch = MIN(count - done, DMA_FRAMES_MAX);
		int64_t n;

		for (unsigned i = 0; i < batch; i++)
			mfns[i] = pages_mfn(pages + (uint64_t)(done + i) * PAGE_SIZE);
		n = hc_device_dma(mfns, batch, rights);
		if (n < 0)
			return n;
		done += (unsigned)n;
	}
	return 0;
}

int64_t dma_allow(const void *pages, unsigned count)
{
	return change(pages, count, DMA_READ | DMA_WRITE);
}

int64_t dma_forbid(const void *pages, unsigned count)
{
	return change(pages, count, 0);
}
