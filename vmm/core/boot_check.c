/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounds of what a door hands over: whoever walks an array of it walks as far as its count says, and what is mapped or given
 * away is what the map says. Read once, when nothing else runs; nobody changes it meanwhile.
 */
#include "boot_check.h"

#include <abi/shared.h>
#include <base/bits.h>

#define FOUR_GIB (1ull << 32)
#define LARGE_PAGE 0x200000u
#define CONTROL_END (GUEST_LINK_VA + (1ull << 30))

static const char *machine_fault(const struct boot_machine *m)
{
	if (m->madt.cpu_count > BOOT_CPU_MAX || m->madt.ioapic_count > BOOT_IOAPIC_MAX ||
	    m->mcfg.count > BOOT_ECAM_MAX || m->dmar.unit_count > BOOT_DMAR_UNITS ||
	    m->dmar.ioapic_count > BOOT_IOAPIC_MAX || m->window_count > BOOT_WINDOWS_MAX)
		return "the machine has more parts than there is room for";
	for (uint32_t i = 0; i < m->mcfg.count; i++)
		if (m->mcfg.ecam[i].start_bus > m->mcfg.ecam[i].end_bus)
			return "the machine's buses are out of order";
	for (uint32_t i = 0; i < m->window_count; i++)
		if (m->window[i].name[BOOT_WINDOW_NAME - 1] || m->window[i].bytes > UINT64_MAX - m->window[i].start)
			return "a window of the machine wraps, or its name does not end";
	return NULL;
}

static bool clock_runs(const struct boot_clock *c)
{
	return c->tsc_hz >= BOOT_TSC_HZ_MIN && c->tsc_hz <= BOOT_TSC_HZ_MAX && c->apic_hz >= BOOT_APIC_HZ_MIN &&
	       c->steady_hz && c->steady_mask && !(c->steady_mask & (c->steady_mask + 1));
}

static const char *memory_fault(const struct boot_info *b)
{
	uint64_t end = 0;

	if (b->memory_count > BOOT_MEMORY_MAX)
		return "the memory map has too many ranges, or one is unaligned or wraps";
	for (uint32_t i = 0; i < b->memory_count; i++) {
		const struct boot_memory *r = &b->memory[i];

		if (r->start % PAGE_SIZE || r->start < end || !r->pages || r->pages > BOOT_MEMORY_TOP / PAGE_SIZE ||
		    !range_within(r->start, r->pages * PAGE_SIZE, BOOT_MEMORY_TOP))
			return "the memory map is not in order: a range is empty, unaligned, too high, or overlaps";
		if (r->type < BOOT_MEMORY_USABLE || r->type > BOOT_MEMORY_RESERVED)
			return "the memory map has a range of an unknown type";
		end = r->start + r->pages * PAGE_SIZE;
		if (r->start < BOOT_LOW_END && end > BOOT_LOW_END)
			return "the memory map does not part the first MiB from what is for use";
	}
	return boot_memory_end(b) > BOOT_LOW_END / PAGE_SIZE ? NULL : "the memory map names no RAM";
}

/* Whether one range of @type for use holds all of [@start, @start + @bytes): neighbours that are alike are one range. */
static bool marked(const struct boot_info *b, uint64_t start, uint64_t bytes, uint32_t type)
{
	for (uint32_t i = 0; i < b->memory_count; i++) {
		const struct boot_memory *r = &b->memory[i];

		if (r->type == type && r->start >= BOOT_LOW_END && r->start <= start &&
		    range_within(start - r->start, bytes, r->pages * PAGE_SIZE))
			return true;
	}
	return false;
}

uint64_t boot_memory_end(const struct boot_info *b)
{
	for (uint32_t i = b->memory_count; i > 0; i--)
		if (b->memory[i - 1].type != BOOT_MEMORY_RESERVED)
			return b->memory[i - 1].start / PAGE_SIZE + b->memory[i - 1].pages;
	return 0;
}

const char *boot_fault(const struct boot_info *b, uint64_t image_bytes)
{
	const char *fault;

	if (b->magic != BOOT_INFO_MAGIC)
		return "wrong magic (neither the UEFI loader nor a PVH monitor started this)";
	if (b->image_base % LARGE_PAGE || !range_within(b->image_base, b->image_bytes, FOUR_GIB))
		return "the hypervisor's image is not 2 MiB aligned below 4 GiB";
	if (b->image_bytes < image_bytes)
		return "the hypervisor's image is shorter than itself";
	if (b->bundle_base % PAGE_SIZE || !range_within(b->bundle_base, b->bundle_bytes, FOUR_GIB))
		return "the bundle is not page aligned below 4 GiB";
	if (b->cmdline[BOOT_CMDLINE_MAX - 1] || b->notes[BOOT_NOTES_MAX - 2] || b->notes[BOOT_NOTES_MAX - 1] ||
	    b->cpu.refusal[BOOT_REFUSAL_MAX - 1])
		return "the command line, the notes or what is said of the CPU does not end";
	if (b->cpu.xstate_bytes > PAGE_SIZE)
		return "the CPU's state does not fit a page";
	if (!b->cpu.refusal[0] && !clock_runs(&b->machine.clock))
		return "the clocks run as none does";
	fault = memory_fault(b);
	if (!fault)
		fault = machine_fault(&b->machine);
	if (fault)
		return fault;
	if (b->bundle_bytes && !marked(b, b->bundle_base, b->bundle_bytes, BOOT_MEMORY_BUNDLE))
		return "the memory map does not mark the whole bundle as such";
	if (!marked(b, b->image_base, b->image_bytes, BOOT_MEMORY_IMAGE))
		return "the memory map does not mark the whole image as such";
	return NULL;
}

const struct bundle_control *boot_control(const void *bundle)
{
	const struct bundle_entry *first = (const void *)((const struct bundle_header *)bundle + 1);

	return (const void *)((const uint8_t *)bundle + first->offset);
}

static const char *control_fault(const struct bundle_control *c, uint64_t length)
{
	uint64_t end = GUEST_LINK_VA;
	bool entered = false;

	if (c->segment_count > BUNDLE_SEGMENT_MAX)
		return "the control domain has too many segments";
	for (uint32_t i = 0; i < c->segment_count; i++) {
		const struct bundle_segment *s = &c->segment[i];

		if ((s->va | s->memory_bytes | s->file_bytes | s->offset) % PAGE_SIZE)
			return "a segment of the control domain is not of whole pages";
		if (s->va < end || !range_within(s->va, s->memory_bytes, CONTROL_END))
			return "a segment of the control domain overlaps, or is not where a domain's image lies";
		if (s->file_bytes > s->memory_bytes || !range_within(s->offset, s->file_bytes, length))
			return "a segment of the control domain lies outside its entry";
		if (s->rights > BUNDLE_EXECUTE)
			return "a segment of the control domain has rights that there are not";
		end = s->va + s->memory_bytes;
		entered |= s->rights == BUNDLE_EXECUTE && c->entry >= s->va && c->entry < end;
	}
	return entered ? NULL : "the control domain's entry point is in no executable segment";
}

const char *boot_bundle_fault(const void *bundle, uint64_t bytes)
{
	const struct bundle_header *h = bundle;
	const struct bundle_entry *first = (const void *)(h + 1);

	if (bytes < sizeof *h + sizeof *first || h->magic != BUNDLE_MAGIC || h->version != BUNDLE_VERSION)
		return "there is none of this version: pass one (UEFI: cambium/bundle.bin, PVH: the first module)";
	if (h->length > bytes)
		return "it is truncated";
	if (!h->entry_count || first->kind != BUNDLE_CONTROL)
		return "its first entry is not the control domain";
	if (first->offset % PAGE_SIZE || first->length < sizeof(struct bundle_control) ||
	    !range_within(first->offset, first->length, h->length))
		return "the control domain's entry lies outside it";
	return control_fault(boot_control(bundle), first->length);
}
