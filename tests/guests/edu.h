/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's `edu` device (docs/specs/edu in its source): it copies between its own memory and any bus address that it is told,
 * in one piece, a tenth of a second after it was told to; it says when that is done, and nothing about how it went. It has
 * no MSI-X and no reset. What it was told goes on when its driver dies, so a driver lets it become idle before it asks for
 * bus mastering.
 *
 * It wants `-device edu,dma_mask=0xffffffff`, else it masks addresses to 28 bits. A copy that leaves its own memory, by
 * QEMU's count also one of the whole page, ends QEMU.
 */
#ifndef CAMBIUM_TESTS_EDU_H
#define CAMBIUM_TESTS_EDU_H

#include <abi/device.h>
#include <cambium/clock.h>
#include <cambium/device.h>
#include <cambium/hypercall.h>
#include <drivers/pci/pci.h>

#define EDU_VENDOR 0x1234u
#define EDU_DEVICE 0x11e8u
#define EDU_BAR_BYTES 0x1000u
#define EDU_DMA_SOURCE 0x80u
#define EDU_DMA_DESTINATION 0x88u
#define EDU_DMA_COUNT 0x90u
#define EDU_DMA_COMMAND 0x98u
#define EDU_DMA_RUN 1u
#define EDU_DMA_TO_MEMORY 2u
#define EDU_BUFFER 0x40000u    /* where its own memory stands for its DMA */
#define EDU_BUFFER_BYTES 4088u /* whole words */
#define EDU_POLL_NS 2000000ull

struct edu {
	struct pci_device pci;
	volatile uint8_t *registers;
};

static inline void edu_write(const struct edu *e, uint32_t at, uint64_t value)
{
	*(volatile uint64_t *)(e->registers + at) = value;
}

static inline bool edu_busy(const struct edu *e)
{
	return *(volatile uint64_t *)(e->registers + EDU_DMA_COMMAND) & EDU_DMA_RUN;
}

static inline void edu_wait(const struct edu *e)
{
	while (edu_busy(e))
		hc_sched_block(clock_after(EDU_POLL_NS));
}

/* The edu device of this domain, its registers mapped; bus mastering is as it was. False: there is none. */
static inline bool edu_open(struct edu *e)
{
	struct device_entry entry;

	for (unsigned i = 0; i < device_count(); i++) {
		if (!device_read(i, &entry) || entry.kind != DEVICE_PCI || pci_open(&e->pci, entry.pci_device) < 0 ||
		    e->pci.info.vendor != EDU_VENDOR || e->pci.info.device != EDU_DEVICE)
			continue;
		e->registers = pci_map(&e->pci, 0, 0, EDU_BAR_BYTES);
		return e->registers;
	}
	return false;
}

/*
 * Begins a copy of @bytes, at most EDU_BUFFER_BYTES, between the start of its memory and bus address @bus: from its memory
 * when @to_memory. It must not be busy. It may write to @bus until edu_busy() says no.
 */
static inline void edu_dma(const struct edu *e, uint64_t bus, uint32_t bytes, bool to_memory)
{
	edu_write(e, EDU_DMA_SOURCE, to_memory ? EDU_BUFFER : bus);
	edu_write(e, EDU_DMA_DESTINATION, to_memory ? bus : EDU_BUFFER);
	edu_write(e, EDU_DMA_COUNT, bytes);
	edu_write(e, EDU_DMA_COMMAND, EDU_DMA_RUN | (to_memory ? EDU_DMA_TO_MEMORY : 0));
}

#endif
