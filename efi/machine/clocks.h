/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast the machine's clocks run: the TSC and the local APIC's timer against a steady one, HPET or PM timer, while nothing
 * else runs. Where the CPU tells the TSC's frequency itself (CPUID leaf 0x15), that is believed.
 */
#ifndef CAMBIUM_EFI_MACHINE_CLOCKS_H
#define CAMBIUM_EFI_MACHINE_CLOCKS_H

#include <abi/boot.h>

/* A door's clocks; registers by their physical addresses below 4 GiB. */
struct clocks_io {
	void *arg;
	uint64_t (*tsc)(void *arg);
	uint32_t (*read)(void *arg, uint64_t address);
	void (*write)(void *arg, uint64_t address, uint32_t value);
	uint32_t (*port)(void *arg, uint16_t port);
};

/*
 * Fills info->machine.clock from the clocks that places_judge() has left, and notes it; without a good one the machine is refused
 * (cpu_policy_refuse()). The local APIC, whose registers are at @apic, is on afterwards, its timer still; @told: what the CPU says of
 * its TSC in Hz, 0: nothing. Takes a hundredth of a second.
 */
void clocks_measure(struct boot_info *info, uint64_t apic, uint64_t told, const struct clocks_io *io);

#endif
