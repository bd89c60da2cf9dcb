/* SPDX-License-Identifier: BSD-2-Clause */
/* Powering off and restarting the machine, by what its ACPI tables offer (ACPI 6.4, 4.8.3.6 and 16.1). */
#include "machine.h"
#include "log.h"
#include "x86.h"

#define PM1_SCI_ENABLE 0x1u
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_ENABLE 0x2000u
#define POLLS 1000000u
#define KEYBOARD_STATUS 0x64u
#define KEYBOARD_FULL 0x2u
#define KEYBOARD_RESET 0xfeu

/* Gives the machine the time to do what it was told. */
static void settle(void)
{
	for (unsigned i = 0; i < POLLS; i++)
		cpu_relax();
}

/* Some firmware listens to the sleep register in ACPI mode only. */
static void acpi_mode_enter(const struct boot_fadt *fadt)
{
	if ((in16(fadt->pm1a_control) & PM1_SCI_ENABLE) || !fadt->smi_command || !fadt->acpi_enable)
		return;
	out8(fadt->smi_command, fadt->acpi_enable);
	for (unsigned i = 0; i < POLLS && !(in16(fadt->pm1a_control) & PM1_SCI_ENABLE); i++)
		cpu_relax();
}

void machine_power_off(void)
{
	const struct boot_machine *m = machine();
	const struct boot_fadt *fadt = &m->fadt;

	if (!m->has_fadt || !m->has_s5 || !fadt->pm1a_control)
		log_fatal("halted: ACPI names no way to power off; it is safe to switch the machine off");
	log_last_words();
	acpi_mode_enter(fadt);
	out16(fadt->pm1a_control, (uint16_t)(m->s5.typ_a << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE));
	if (fadt->pm1b_control)
		out16(fadt->pm1b_control, (uint16_t)(m->s5.typ_b << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE));
	settle();
	log_fatal("halted: the machine did not power off; it is safe to switch it off");
}

void machine_restart(void)
{
	const struct boot_fadt *fadt = &machine()->fadt;
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) no_idt = {0};

	log_last_words();
	/* 1. The reset register. Only ports: a memory register would have needed a mapping at boot. */
	if (machine()->has_fadt && fadt->reset.io && fadt->reset.address) {
		out8((uint16_t)fadt->reset.address, fadt->reset_value);
		settle();
	}
	/* 2. The keyboard controller's reset line. */
	for (unsigned i = 0; i < POLLS && (in8(KEYBOARD_STATUS) & KEYBOARD_FULL); i++)
		cpu_relax();
	out8(KEYBOARD_STATUS, KEYBOARD_RESET);
	settle();
	/* 3. An exception that no handler can take. */
	__asm__ volatile("lidt %0; ud2" : : "m"(no_idt));
	cpu_halt();
}
