/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 16550 UARTs. Channel 0 is the console that the boot door named, channel 1 the PC's second port where there is one.
 * Nothing here waits.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SERIAL_CHANNELS 2u

/* Sets up channel 0 at I/O port @port (0: none) and looks for channel 1. 115,200 baud, 8N1. */
void serial_init(uint16_t port);

/* True when @channel exists. */
bool serial_present(unsigned channel);

/* Writes what the transmit FIFO takes at once; returns the bytes taken, 0 when it is busy or there is no channel. */
unsigned serial_write(unsigned channel, const char *text, unsigned len);

/* Reads at most @len bytes that have arrived; returns their number, 0 when there is no channel. */
unsigned serial_read(unsigned channel, char *text, unsigned len);

/*
 * Lets received bytes of channel 0 raise VECTOR_SERIAL on the CPU with local APIC id @apic_id; false when there is no
 * I/O APIC for it. The interrupt is edge-triggered: read until serial_read() gives 0. Needs apic_init(). Boot only.
 */
bool serial_irq_enable(uint32_t apic_id);
