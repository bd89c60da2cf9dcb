/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For hostile drivers: what the edu device is told to reach, and whether it did. Where an IOMMU confines it, everything
 * that its owner was not given has to be refused and counted; where none does, the same is carried out, so that it is
 * known what is not stopped. Only what cannot be undone is left out there.
 */
#ifndef CAMBIUM_TESTS_HOSTILE_DEVICE_H
#define CAMBIUM_TESTS_HOSTILE_DEVICE_H

#include "hostile_meeting.h"
#include "raw.h"

#include "edu.h"

#define PROBE_BYTES 64u
#define PROBE_WORDS (PROBE_BYTES / 8)
#define SENTINEL 0xd0d0d0d0d0d0d0d0ull
#define FAULT_POLLS 5000u /* of a millisecond */

static struct edu edu;
static bool confined;     /* an IOMMU does it */
static unsigned reached;  /* attacks that arrived where none does */
static uint64_t *scratch; /* a page that the device may read and write */

RAW uint64_t bus_of(const void *page)
{
	return pages_mfn(page) << PAGE_SHIFT;
}

RAW int64_t dma_set(const void *page, uint32_t rights)
{
	uint64_t mfn = pages_mfn(page);

	return hc_device_dma(&mfn, 1, rights);
}

RAW uint32_t faults_of(uint32_t index)
{
	struct device_info info;

	return hc_device_info(index, &info) ? 0 : info.faults;
}

/* Whether faults were counted beyond @before; the report comes by an interrupt. */
RAW bool faulted(uint32_t index, uint32_t before)
{
	for (unsigned i = 0; i < FAULT_POLLS && faults_of(index) == before; i++)
		hc_sched_block(raw_now() + 1000000);
	return faults_of(index) != before;
}

RAW void edu_do(uint64_t bus, uint32_t bytes, bool to_memory)
{
	edu_dma(&edu, bus, bytes, to_memory);
	edu_wait(&edu);
}

RAW bool device_begin(const char *name)
{
	confined = start_info()->features & FEATURE_IOMMU;
	scratch = pages_alloc(1);
	if (!scratch || !edu_open(&edu) || dma_set(scratch, DMA_READ | DMA_WRITE) != 1) {
		printf("%s: no edu device\n", name);
		return false;
	}
	edu_wait(&edu);
	return pci_set_master(&edu.pci, true) == 0;
}

/* Keeps the book of an attack that did or did not arrive, with @before faults counted until then. */
RAW void attack_book(const char *what, bool arrived, uint32_t before)
{
	raw_attempts++;
	reached += arrived;
	if (confined && arrived)
		raw_hole("%s: it arrived", what);
	else if (confined && !faulted(edu.pci.index, before))
		raw_hole("%s: refused, but not counted", what);
	else if (!confined && !arrived)
		raw_hole("%s: it did not arrive, although nothing confines the device", what);
}

/* What a read of @bus by the device gave it. */
RAW void device_look(uint64_t bus, uint32_t bytes, uint64_t words[PROBE_WORDS])
{
	for (unsigned i = 0; i < PROBE_WORDS; i++)
		scratch[i] = SENTINEL;
	edu_do(bus_of(scratch), PROBE_BYTES, false);
	edu_do(bus, bytes, false);
	edu_do(bus_of(scratch), PROBE_BYTES, true);
	for (unsigned i = 0; i < PROBE_WORDS; i++)
		words[i] = *(volatile uint64_t *)&scratch[i];
}

/* A read that must be refused; it arrived when the device got anything but nothing. */
RAW void attack_read(const char *what, uint64_t bus)
{
	uint32_t before = faults_of(edu.pci.index);
	uint64_t words[PROBE_WORDS], first;

	device_look(bus, 8, words);
	first = words[0];
	attack_book(what, first && first != SENTINEL && first != UINT64_MAX, before);
}

/* The device writes the word @value to @bus. */
RAW void device_put(uint64_t bus, uint64_t value, uint32_t bytes)
{
	scratch[0] = value;
	edu_do(bus_of(scratch), 8, false);
	edu_do(bus, bytes, true);
}

/* A write that must be refused, to the word at @at, which this domain can see, of the page at bus address @bus. */
RAW void attack_write(const char *what, uint64_t bus, const uint64_t *at)
{
	uint32_t before = faults_of(edu.pci.index);
	uint64_t old = *(const volatile uint64_t *)at;

	device_put(bus, ~old, 8);
	attack_book(what, *(const volatile uint64_t *)at != old, before);
}

/* A write that must be refused and cannot be looked at from here: only where it is refused. */
RAW void attack_write_blind(const char *what, uint64_t bus, uint64_t value, uint32_t bytes)
{
	uint32_t before = faults_of(edu.pci.index);

	if (!confined)
		return;
	device_put(bus, value, bytes);
	attack_book(what, false, before);
}

/* What the owner gave works, in both directions: else the refusals would prove nothing. */
RAW void device_works(const char *what, uint64_t bus, uint64_t *at)
{
	uint32_t before = faults_of(edu.pci.index);
	uint64_t words[PROBE_WORDS];

	raw_attempts++;
	*(volatile uint64_t *)at = 0x600d;
	device_look(bus, 8, words);
	device_put(bus, 0x600d2, 8);
	if (words[0] != 0x600d || *(volatile uint64_t *)at != 0x600d2 || faults_of(edu.pci.index) != before)
		raw_hole("%s: read %lx, written %lx", what, words[0], *at);
}

/* The closing line; where nothing confines, how many attacks there were and how many arrived. */
RAW int device_end(const char *name)
{
	if (!confined)
		printf("%s: %u attacks arrived, nothing stops them\n", name, reached);
	return raw_end(name);
}

#endif
