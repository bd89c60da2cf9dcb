/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dma VICTIM MORTAL: a driver whose device (edu) is told to read and write everything that it should not: the hypervisor,
 * another's frame before and after its grant, tables, shared constants, frames that were taken from the device, the
 * frame of an owner that died, registers. The two arguments are slots of victims.
 */
#include "hostile_device.h"

#include <stdlib.h>

#define IMAGE_BUS 0x1000000ull /* the hypervisor's, by the PVH door */
#define ECAM_BUS 0xb0000000ull
#define RAM_BYTES (RAW_FRAMES << PAGE_SHIFT)
#define SWEEP 24u

/* Constants that nobody else uses, in a page of the image. */
static const uint64_t plate[512] __attribute__((aligned(4096))) = {0x9a7e9a7e9a7e0001, 0x9a7e9a7e9a7e0002};

static struct victim victim, mortal;

static int64_t device_dma(uint64_t mfn, uint32_t rights)
{
	return hc_device_dma(&mfn, 1, rights);
}

/* What device_dma must refuse, and what must not be done with a frame that a device may write. */
static void calls(uint64_t image)
{
	uint64_t frame = raw_frame(), table = raw_frame(), list[2] = {frame, RAW_FOREIGN};

	raw_refused("a frame of the hypervisor", device_dma(RAW_FOREIGN, DMA_READ), HC_EFRAME);
	raw_refused("no frame", device_dma(RAW_HOLE, DMA_READ), HC_EFRAME);
	raw_refused("a frame beyond all", device_dma(UINT64_MAX, DMA_READ), HC_EFRAME);
	raw_refused("the local APIC", device_dma(0xfee00, DMA_WRITE), HC_EFRAME);
	raw_refused("configuration space", device_dma(ECAM_BUS >> PAGE_SHIFT, DMA_WRITE), HC_EFRAME);
	raw_refused("registers of its own", device_dma(edu.pci.info.bar[0] >> PAGE_SHIFT, DMA_WRITE), HC_EFRAME);
	raw_refused("a frame of the image", device_dma(image, DMA_READ), HC_EFRAME);
	raw_refused("a right that is none", device_dma(frame, 4), HC_EINVAL);
	raw_refused("no frames", hc_device_dma(&frame, 0, DMA_READ), HC_EINVAL);
	raw_refused("too many frames", hc_device_dma(&frame, DMA_FRAMES_MAX + 1, DMA_READ), HC_EINVAL);
	raw_refused("frames from nowhere", hc_device_dma((void *)UINT64_MAX, 1, DMA_READ), HC_EFAULT);
	raw_refused("taking what was not given", device_dma(frame, 0), HC_EINVAL);
	raw_expect("a table", raw_pin(table, 1), HC_OK);
	raw_refused("a table to write", device_dma(table, DMA_WRITE), HC_ETYPE);
	raw_expect("no table any more", raw_unpin(table), HC_OK);
	raw_expect_number("the first of two", hc_device_dma(list, 2, DMA_READ | DMA_WRITE), 1);
	raw_refused("given twice", device_dma(frame, DMA_READ), HC_EBUSY);
	raw_refused("a device's frame as a table", raw_pin(frame, 1), HC_ETYPE);
	raw_refused("a device's frame given back", raw_give(frame), HC_EBUSY);
	raw_expect_number("taken", device_dma(frame, 0), 1);
	raw_expect_number("given back", raw_give(frame), 1);
	raw_expect_number("given back", raw_give(table), 1);
}

static void own_frames(void)
{
	uint64_t *page = pages_alloc(1), bus = bus_of(page);

	*page = 0x0dd;
	attack_read("a frame of its own that was not given", bus);
	attack_write("a frame of its own that was not given", bus, page);
	raw_expect_number("given", dma_set(page, DMA_READ | DMA_WRITE), 1);
	device_works("a frame that was given", bus, page);
	raw_expect_number("taken", dma_set(page, 0), 1);
	attack_read("a frame that was taken", bus);
	attack_write("a frame that was taken", bus, page);
	raw_expect_number("given to be read", dma_set(page, DMA_READ), 1);
	attack_write("a frame that was given to be read", bus, page);
	raw_expect_number("taken", dma_set(page, 0), 1);
	raw_expect_number("given to be written", dma_set(page, DMA_WRITE), 1);
	attack_read("a frame that was given to be written", bus);
}

/* A word that is no entry, so that nothing follows from it; it goes again before the table is looked at. */
static void tables(void)
{
	uint64_t frame = raw_frame(), bus = frame << PAGE_SHIFT, words[PROBE_WORDS];
	uint32_t before = faults_of(edu.pci.index);

	raw_expect("a table", raw_pin(frame, 1), HC_OK);
	device_put(bus, 2, 8);
	device_look(bus, 8, words);
	attack_book("a page table", words[0] == 2, before);
	if (!confined)
		device_put(bus, 0, 8);
	raw_expect("no table any more", raw_unpin(frame), HC_OK);
	for (uint64_t mfn = 0; confined && mfn < RAW_FRAMES; mfn++)
		if (raw_table_level(mfn) == 4)
			attack_write_blind("its own root table", mfn << PAGE_SHIFT, 0, 8);
}

static void secret_attacks(const char *what, uint64_t bus)
{
	uint32_t before = faults_of(edu.pci.index);
	uint64_t words[PROBE_WORDS];

	device_look(bus, 8, words);
	attack_book(what, words[0] == SECRET_WORD(0), before);
	before = faults_of(edu.pci.index);
	device_put(bus, 0xbad, 8);
	attack_book(what, victim_changed(&victim), before);
}

static void granted(void)
{
	uint64_t bus = 0, va = victim_map(&victim, SECRET_REF, 0, &bus);

	secret_attacks("a frame that is mapped by a grant, but not for devices", bus);
	raw_expect("unmapped", hc_grant_unmap(va, 1), HC_OK);
	va = victim_map(&victim, SECRET_REF, GRANT_DMA, &bus);
	device_works("a frame that is mapped for devices", bus, (uint64_t *)va);
	victim_changed(&victim);
	raw_expect("unmapped", hc_grant_unmap(va, 1), HC_OK);
	secret_attacks("a frame that was mapped for devices", bus);
	victim_step(&victim, STEP_REVOKE);
	secret_attacks("a frame of another", bus);
	va = victim_map(&victim, READONLY_REF, GRANT_READONLY | GRANT_DMA, &bus);
	attack_write("a frame that is mapped read-only for devices", bus, (uint64_t *)va);
	raw_expect("unmapped", hc_grant_unmap(va, 1), HC_OK);
}

/* The frame of an owner that died lives while it is mapped. Afterwards it may be anybody's. */
static void dead_owner(void)
{
	uint64_t bus = 0, other, va = victim_map(&mortal, SECRET_REF, GRANT_DMA, &bus);
	struct victim again = mortal;

	victim_step(&mortal, STEP_DIE);
	again.va = window_alloc(1);
	while (victim_map(&again, READONLY_REF, GRANT_READONLY, &other))
		hc_grant_unmap(again.va, 1), hc_sched_block(raw_now() + 1000000);
	device_works("a mapped frame of an owner that died", bus, (uint64_t *)va);
	raw_expect("unmapped", hc_grant_unmap(va, 1), HC_OK);
	if (confined)
		attack_read("the frame of an owner that died", bus);
	attack_write_blind("the frame of an owner that died", bus, 0xbad, 8);
}

static uint64_t plate_find(void)
{
	uint64_t va = window_alloc(1), found = 0;

	for (uint64_t mfn = 0; mfn < RAW_FRAMES && !found; mfn++) {
		if (raw_map(va, mfn, PTE_NX))
			continue;
		if (!memcmp((void *)va, plate, 16))
			found = mfn;
		raw_unmap(va);
	}
	if (!found)
		raw_hole("its constants are nowhere");
	return found;
}

static void constants(uint64_t mfn)
{
	attack_write("constants of its image", mfn << PAGE_SHIFT, plate);
	if (!confined)
		device_put(mfn << PAGE_SHIFT, 0x9a7e9a7e9a7e0001, 8);
}

/* Registers answer accesses of 4 bytes; what a write would do without an IOMMU cannot be undone. */
static void machine(void)
{
	static const uint64_t registers[] = {0xfec00000, 0xfec00010, 0xfed00010, 0xfed90018, 0xfed90028, ECAM_BUS + 4};

	attack_read("the hypervisor's text", IMAGE_BUS);
	attack_read("configuration space of the host bridge", ECAM_BUS);
	attack_write_blind("the hypervisor's text", IMAGE_BUS, 0, 8);
	for (unsigned i = 0; i < ARRAY_SIZE(registers); i++)
		attack_write_blind("registers", registers[i], 0, 4);
	for (uint64_t i = 1; confined && i <= SWEEP; i++) {
		uint64_t bus = (RAM_BYTES / (SWEEP + 1) * i & ~(uint64_t)PAGE_MASK) + 8;

		attack_read("somewhere in the machine", bus);
		attack_write_blind("somewhere in the machine", bus, 0, 8);
	}
	attack_write_blind("beyond all memory", 0xc0000000, 0, 8);
}

int main(int argc, char **argv)
{
	uint64_t image;

	if (argc != 3 || !device_begin("dma"))
		return 2;
	victim_meet(&victim, atoi(argv[1]));
	victim_meet(&mortal, atoi(argv[2]));
	image = plate_find();
	calls(image);
	own_frames();
	tables();
	granted();
	constants(image);
	dead_owner();
	machine();
	victim_step(&victim, STEP_END);
	return device_end("dma");
}
