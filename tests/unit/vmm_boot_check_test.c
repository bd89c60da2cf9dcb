/* SPDX-License-Identifier: BSD-2-Clause */
/* What a door hands over is refused, with its own line, when it leads out of an array or gives away what is not free. */
#include <string.h>
#include <criterion/criterion.h>

#include <abi/shared.h>
#include <base/bits.h>
#include <vmm/core/boot_check.h>

#define IMAGE 0x1000000u
#define IMAGE_BYTES 0x123000u
#define BUNDLE 0x2000000u
#define BUNDLE_BYTES 0x5001u

static struct boot_info b;
static struct boot_machine *const m = &b.machine;

static struct boot_memory range(uint64_t start, uint64_t end, uint32_t type)
{
	return (struct boot_memory){.start = start, .pages = (end - start) / PAGE_SIZE, .type = type};
}

/* 128 MiB, as a door describes them. */
static void setup(void)
{
	memset(&b, 0, sizeof b);
	b.magic = BOOT_INFO_MAGIC;
	b.image_base = IMAGE;
	b.image_bytes = IMAGE_BYTES;
	b.bundle_base = BUNDLE;
	b.bundle_bytes = BUNDLE_BYTES;
	b.memory[0] = range(0, 0xa0000, BOOT_MEMORY_USABLE);
	b.memory[1] = range(0xf0000, 0x100000, BOOT_MEMORY_RESERVED);
	b.memory[2] = range(0x100000, IMAGE, BOOT_MEMORY_USABLE);
	b.memory[3] = range(IMAGE, IMAGE + IMAGE_BYTES, BOOT_MEMORY_IMAGE);
	b.memory[4] = range(IMAGE + IMAGE_BYTES, 0x1200000, BOOT_MEMORY_LOADER);
	b.memory[5] = range(BUNDLE, BUNDLE + 0x6000, BOOT_MEMORY_BUNDLE);
	b.memory[6] = range(BUNDLE + 0x6000, 0x8000000, BOOT_MEMORY_USABLE);
	b.memory[7] = range(0xfffc0000, 0x100000000, BOOT_MEMORY_RESERVED);
	b.memory_count = 8;
	m->clock = (struct boot_clock){
		.tsc_hz = 2000000000, .apic_hz = 1000000000, .steady_hz = 3579545, .steady_mask = 0xffffff};
}

TestSuite(vmm_boot_check, .init = setup);

static const char *fault(void)
{
	const char *why = boot_fault(&b, IMAGE_BYTES);

	return why ? why : "nothing";
}

#define REFUSES(name, change, line)                                                                                    \
	Test(vmm_boot_check, name)                                                                                     \
	{                                                                                                              \
		cr_assert_str_eq(fault(), "nothing");                                                                  \
		change;                                                                                                \
		cr_assert_str_eq(fault(), line);                                                                       \
	}
#define ACCEPTS(name, change) REFUSES(name, change, "nothing")

#define DISORDER "the memory map is not in order: a range is empty, unaligned, too high, or overlaps"
#define LOW "the memory map does not part the first MiB from what is for use"
#define TYPE "the memory map has a range of an unknown type"
#define CLOCKS "the clocks run as none does"
#define NO_IMAGE "the memory map does not mark the whole image as such"
#define NO_BUNDLE "the memory map does not mark the whole bundle as such"

REFUSES(another_magic_is_refused, b.magic++, "wrong magic (neither the UEFI loader nor a PVH monitor started this)")
REFUSES(an_unaligned_image_is_refused, b.image_base += PAGE_SIZE,
	"the hypervisor's image is not 2 MiB aligned below 4 GiB")
REFUSES(an_image_that_reaches_4_gib_is_refused, b.image_base = 0xffe00000;
	b.image_bytes = 0x200001, "the hypervisor's image is not 2 MiB aligned below 4 GiB")
REFUSES(an_image_that_wraps_is_refused, b.image_bytes = UINT64_MAX,
	"the hypervisor's image is not 2 MiB aligned below 4 GiB")
REFUSES(an_image_shorter_than_itself_is_refused, b.image_bytes--, "the hypervisor's image is shorter than itself")
REFUSES(an_unaligned_bundle_is_refused, b.bundle_base++, "the bundle is not page aligned below 4 GiB")
REFUSES(a_bundle_that_wraps_is_refused, b.bundle_bytes = UINT64_MAX, "the bundle is not page aligned below 4 GiB")
REFUSES(an_endless_command_line_is_refused, memset(b.cmdline, ' ', sizeof b.cmdline),
	"the command line, the notes or what is said of the CPU does not end")
REFUSES(a_tsc_that_stands_still_is_refused, m->clock.tsc_hz = 0, CLOCKS)
REFUSES(a_tsc_of_no_machine_is_refused, m->clock.tsc_hz = UINT64_MAX, CLOCKS)
REFUSES(a_timer_that_stands_still_is_refused, m->clock.apic_hz = 0, CLOCKS)
REFUSES(a_steady_clock_that_stands_still_is_refused, m->clock.steady_hz = 0, CLOCKS)
REFUSES(a_steady_clock_that_ends_anywhere_is_refused, m->clock.steady_mask = 0xfffffe, CLOCKS)
ACCEPTS(without_clocks_a_refused_cpu_is_told_of_later, m->clock = (struct boot_clock){0}; b.cpu.refusal[0] = 'x')
REFUSES(an_endless_note_is_refused, b.notes[BOOT_NOTES_MAX - 1] = 'a',
	"the command line, the notes or what is said of the CPU does not end")
REFUSES(notes_without_an_empty_line_at_the_end_are_refused, b.notes[BOOT_NOTES_MAX - 2] = 'a',
	"the command line, the notes or what is said of the CPU does not end")

REFUSES(an_endless_refusal_of_the_cpu_is_refused, memset(b.cpu.refusal, 'a', sizeof b.cpu.refusal),
	"the command line, the notes or what is said of the CPU does not end")
REFUSES(a_state_of_more_than_a_page_is_refused, b.cpu.xstate_bytes = PAGE_SIZE + 1,
	"the CPU's state does not fit a page")

REFUSES(one_range_too_many_is_refused, b.memory_count = BOOT_MEMORY_MAX + 1,
	"the memory map has too many ranges, or one is unaligned or wraps")
REFUSES(far_too_many_ranges_are_refused, b.memory_count = UINT32_MAX,
	"the memory map has too many ranges, or one is unaligned or wraps")
REFUSES(an_unaligned_range_is_refused, b.memory[6].start++, DISORDER)
REFUSES(an_empty_range_is_refused, b.memory[4].pages = 0, DISORDER)
REFUSES(a_range_over_the_next_is_refused, b.memory[2].pages++, DISORDER)
REFUSES(a_range_of_which_the_length_wraps_is_refused, b.memory[6].pages = UINT64_MAX / PAGE_SIZE + 2, DISORDER)
REFUSES(a_range_of_which_the_end_wraps_is_refused, b.memory[6].pages = (UINT64_MAX - b.memory[6].start) / PAGE_SIZE + 2,
	DISORDER)
REFUSES(a_range_beyond_the_direct_map_is_refused,
	b.memory[7] = range(BOOT_MEMORY_TOP - PAGE_SIZE, BOOT_MEMORY_TOP + PAGE_SIZE, BOOT_MEMORY_USABLE), DISORDER)
REFUSES(a_range_that_starts_beyond_the_direct_map_is_refused,
	b.memory[7] = range(BOOT_MEMORY_TOP, BOOT_MEMORY_TOP + PAGE_SIZE, BOOT_MEMORY_RESERVED), DISORDER)
ACCEPTS(a_range_up_to_the_end_of_the_direct_map_is_taken,
	b.memory[7] = range(BOOT_MEMORY_TOP - PAGE_SIZE, BOOT_MEMORY_TOP, BOOT_MEMORY_USABLE))
REFUSES(ranges_out_of_order_are_refused, b.memory[4] = b.memory[6];
	b.memory[6] = range(0x1123000, 0x1200000, BOOT_MEMORY_LOADER), DISORDER)
REFUSES(type_zero_is_refused, b.memory[6].type = 0, TYPE)
REFUSES(a_type_behind_the_last_is_refused, b.memory[6].type = BOOT_MEMORY_RESERVED + 1, TYPE)
REFUSES(a_bundle_in_the_first_mib_is_refused, b.bundle_base = 0x1000; b.memory[0].type = BOOT_MEMORY_BUNDLE, NO_BUNDLE)
REFUSES(ram_in_the_first_mib_alone_is_refused, b.memory_count = 1, "the memory map names no RAM")
REFUSES(a_range_that_reaches_out_of_the_first_mib_is_refused, b.memory[2].start -= PAGE_SIZE; b.memory[2].pages++;
	b.memory[1].pages--, LOW)
REFUSES(a_map_without_ram_is_refused, b.memory_count = 2, "the memory map names no RAM")
REFUSES(a_map_of_no_ranges_is_refused, b.memory_count = 0, "the memory map names no RAM")

REFUSES(an_image_marked_as_usable_is_refused, b.memory[3].type = BOOT_MEMORY_USABLE, NO_IMAGE)
REFUSES(an_image_whose_last_page_is_not_marked_is_refused, b.memory[3].pages--, NO_IMAGE)
REFUSES(an_image_whose_first_page_is_not_marked_is_refused, b.memory[3].start += PAGE_SIZE;
	b.memory[3].pages--, NO_IMAGE)
REFUSES(a_bundle_whose_last_page_is_not_marked_is_refused, b.memory[5].pages--, NO_BUNDLE)
REFUSES(a_bundle_marked_as_firmwares_is_refused, b.memory[5].type = BOOT_MEMORY_FIRMWARE, NO_BUNDLE)
ACCEPTS(the_first_mib_may_be_of_any_type, b.memory[0].type = BOOT_MEMORY_LOADER; b.memory[1].type = BOOT_MEMORY_IMAGE)
ACCEPTS(without_a_bundle_none_needs_to_be_marked, b.bundle_bytes = 0; b.memory[5].type = BOOT_MEMORY_USABLE)

Test(vmm_boot_check, memory_ends_behind_the_last_range_that_is_not_reserved)
{
	cr_assert_eq(boot_memory_end(&b), 0x8000u);
	b.memory[7].type = BOOT_MEMORY_FIRMWARE;
	cr_assert_eq(boot_memory_end(&b), 0x100000u);
	b.memory_count = 0;
	cr_assert_eq(boot_memory_end(&b), 0u);
}

/* --- the machine -------------------------------------------------------------------------------------------------- */

/* Each count of the structure with the length of what it counts. */
static const struct {
	uint32_t *count, length;
} counts[] = {
	{&b.machine.madt.cpu_count, ARRAY_SIZE(b.machine.madt.cpu_apic_id)},
	{&b.machine.madt.ioapic_count, ARRAY_SIZE(b.machine.madt.ioapic)},
	{&b.machine.mcfg.count, ARRAY_SIZE(b.machine.mcfg.ecam)},
	{&b.machine.dmar.unit_count, ARRAY_SIZE(b.machine.dmar.unit)},
	{&b.machine.dmar.ioapic_count, ARRAY_SIZE(b.machine.dmar.ioapic)},
	{&b.machine.window_count, ARRAY_SIZE(b.machine.window)},
};

Test(vmm_boot_check, a_full_array_is_sound_and_one_more_is_refused)
{
	for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
		setup();
		*counts[i].count = counts[i].length;
		cr_assert_str_eq(fault(), "nothing", "count %u", i);
		*counts[i].count = counts[i].length + 1;
		cr_assert_str_eq(fault(), "the machine has more parts than there is room for", "count %u", i);
		*counts[i].count = UINT32_MAX;
		cr_assert_str_eq(fault(), "the machine has more parts than there is room for", "count %u", i);
	}
}

Test(vmm_boot_check, buses_that_end_before_they_start_are_refused)
{
	m->mcfg.count = BOOT_ECAM_MAX;
	m->mcfg.ecam[BOOT_ECAM_MAX - 1].start_bus = 8;
	m->mcfg.ecam[BOOT_ECAM_MAX - 1].end_bus = 8;
	cr_assert_str_eq(fault(), "nothing");
	m->mcfg.ecam[BOOT_ECAM_MAX - 1].end_bus = 7;
	cr_assert_str_eq(fault(), "the machine's buses are out of order");
	m->mcfg.count--;
	cr_assert_str_eq(fault(), "nothing", "what is not counted is not looked at");
}

Test(vmm_boot_check, a_window_that_wraps_or_has_an_endless_name_is_refused)
{
	m->window_count = BOOT_WINDOWS_MAX;
	m->window[BOOT_WINDOWS_MAX - 1].start = UINT64_MAX - PAGE_SIZE;
	m->window[BOOT_WINDOWS_MAX - 1].bytes = PAGE_SIZE;
	cr_assert_str_eq(fault(), "nothing");
	m->window[BOOT_WINDOWS_MAX - 1].bytes++;
	cr_assert_str_eq(fault(), "a window of the machine wraps, or its name does not end");
	m->window[BOOT_WINDOWS_MAX - 1].bytes = 0;
	memset(m->window[BOOT_WINDOWS_MAX - 1].name, 'a', BOOT_WINDOW_NAME);
	cr_assert_str_eq(fault(), "a window of the machine wraps, or its name does not end");
	m->window_count--;
	cr_assert_str_eq(fault(), "nothing", "what is not counted is not looked at");
}
