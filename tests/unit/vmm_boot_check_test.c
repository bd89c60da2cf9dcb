/* SPDX-License-Identifier: BSD-2-Clause */
/* What a door says about the machine is refused when a count leads out of its array. */
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <vmm/core/boot_check.h>

static struct boot_machine m;

/* Each count of the structure with the length of what it counts. */
static const struct {
	uint32_t *count, length;
} counts[] = {
	{&m.madt.cpu_count, ARRAY_SIZE(m.madt.cpu_apic_id)},
	{&m.madt.ioapic_count, ARRAY_SIZE(m.madt.ioapic)},
	{&m.mcfg.count, ARRAY_SIZE(m.mcfg.ecam)},
	{&m.dmar.unit_count, ARRAY_SIZE(m.dmar.unit)},
	{&m.dmar.ioapic_count, ARRAY_SIZE(m.dmar.ioapic)},
};

Test(vmm_boot_check, a_machine_of_which_nothing_is_known_is_sound)
{
	cr_assert(boot_machine_sound(&m));
}

Test(vmm_boot_check, a_full_array_is_sound_and_one_more_is_refused)
{
	for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
		memset(&m, 0, sizeof m);
		*counts[i].count = counts[i].length;
		cr_assert(boot_machine_sound(&m), "count %u", i);
		*counts[i].count = counts[i].length + 1;
		cr_assert_not(boot_machine_sound(&m), "count %u", i);
		*counts[i].count = UINT32_MAX;
		cr_assert_not(boot_machine_sound(&m), "count %u", i);
	}
}

Test(vmm_boot_check, buses_that_end_before_they_start_are_refused)
{
	m.mcfg.count = BOOT_ECAM_MAX;
	m.mcfg.ecam[BOOT_ECAM_MAX - 1].start_bus = 8;
	m.mcfg.ecam[BOOT_ECAM_MAX - 1].end_bus = 8;
	cr_assert(boot_machine_sound(&m));
	m.mcfg.ecam[BOOT_ECAM_MAX - 1].end_bus = 7;
	cr_assert_not(boot_machine_sound(&m));
	m.mcfg.count--;
	cr_assert(boot_machine_sound(&m), "what is not counted is not looked at");
}
