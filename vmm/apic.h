/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local APIC in xAPIC mode, and as much of the I/O APIC as one serial line needs. Interrupts stay off (RFLAGS.IF is the
 * caller's); vectors are those of vectors.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vectors.h"

/* Maps and enables the boot CPU's local APIC, which the door has left in xAPIC mode. */
void apic_init(void);

/* Enables the local APIC of another CPU; apic_init() has run on the first. */
void apic_init_cpu(void);

/* This CPU's local APIC id. */
uint32_t apic_id(void);

/*
 * Interrupts the CPU with local APIC id @target: VECTOR_IPI, or the message that a CPU is started with (Intel SDM vol. 3, 9.4:
 * INIT, then twice STARTUP with the number of the page below 1 MiB at which it begins). APIC_STOP goes to all others.
 */
#define APIC_IPI (0x4000u | VECTOR_IPI)
#define APIC_INIT 0x4500u
#define APIC_STARTUP(page) (0x4600u | (page))
#define APIC_STOP 0xc4400u /* an NMI */
void apic_send(uint32_t target, uint32_t command);

/* Acknowledges the interrupt in service. Not for VECTOR_SPURIOUS. */
void apic_eoi(void);

/*
 * One VECTOR_TIMER on this CPU at system time @deadline (which has passed: as soon as possible); TIME_NEVER: none. Replaces
 * what was armed before; may come early when that is further away than the counter reaches, so whoever is woken looks at
 * the time. Needs time_init().
 */
void apic_timer_at(uint64_t deadline);

/* Routes ISA interrupt @irq (0-15) as @vector to @target through the I/O APIC; false when there is none. Boot only. */
bool ioapic_route_isa(unsigned irq, uint8_t vector, uint32_t target);
