/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 16550 UARTs (National PC16550D data sheet). Each call does at most a FIFO's worth of port accesses.
 */
#include "serial.h"

#include "apic.h"
#include "vectors.h"
#include "x86.h"

#define FIFO_BYTES 16u
#define COM1 0x3f8u
#define COM2 0x2f8u
#define COM1_IRQ 4u
#define COM2_IRQ 3u

#define DATA 0u
#define IER 1u
#define FCR 2u
#define LCR 3u
#define MCR 4u
#define LSR 5u
#define SCRATCH 7u

#define IER_RECEIVED 0x1u
#define FCR_ENABLE_CLEAR 0x07u
#define FCR_BY_14 0xc0u /* nobody types on the second: an emulator hands over as much as the trigger level asks for */
#define LCR_8N1 0x03u
#define LCR_DIVISOR 0x80u
#define MCR_DTR_RTS_OUT2 0x0bu /* OUT2 lets the interrupt out on a PC */
#define LSR_RECEIVED 0x1u
#define LSR_THR_EMPTY 0x20u

static uint16_t ports[SERIAL_CHANNELS]; /* 0: absent */

static uint16_t reg(unsigned channel, unsigned r)
{
	return (uint16_t)(ports[channel] + r);
}

/* A scratch register that keeps what was written is the mark of a UART. */
static bool probe(uint16_t port)
{
	uint16_t scratch = (uint16_t)(port + SCRATCH);

	out8(scratch, 0x5a);
	if (in8(scratch) != 0x5a)
		return false;
	out8(scratch, 0xa5);
	return in8(scratch) == 0xa5;
}

static void set_up(unsigned channel, uint16_t port)
{
	if (!port || !probe(port))
		return;
	ports[channel] = port;
	out8(reg(channel, IER), 0);
	out8(reg(channel, LCR), LCR_DIVISOR | LCR_8N1);
	out8(reg(channel, DATA), 1);
	out8(reg(channel, IER), 0);
	out8(reg(channel, LCR), LCR_8N1);
	out8(reg(channel, FCR), FCR_ENABLE_CLEAR | (channel ? FCR_BY_14 : 0));
	out8(reg(channel, MCR), MCR_DTR_RTS_OUT2);
}

void serial_init(uint16_t port)
{
	set_up(0, port);
	if (port != COM2)
		set_up(1, COM2);
}

bool serial_present(unsigned channel)
{
	return channel < SERIAL_CHANNELS && ports[channel];
}

unsigned serial_write(unsigned channel, const char *text, unsigned len)
{
	if (!serial_present(channel) || !(in8(reg(channel, LSR)) & LSR_THR_EMPTY))
		return 0;
	if (len > FIFO_BYTES)
		len = FIFO_BYTES;
	for (unsigned i = 0; i < len; i++)
		out8(reg(channel, DATA), (uint8_t)text[i]);
	return len;
}

static bool readable(unsigned channel)
{
	return serial_present(channel) && (in8(reg(channel, LSR)) & LSR_RECEIVED);
}

unsigned serial_read(unsigned channel, char *text, unsigned len)
{
	unsigned n = 0;

	while (n < len && readable(channel))
		text[n++] = (char)in8(reg(channel, DATA));
	return n;
}

bool serial_irq_enable(uint32_t apic_id)
{
	unsigned irq = ports[0] == COM1 ? COM1_IRQ : COM2_IRQ;

	if (ports[0] != COM1 && ports[0] != COM2)
		return false;
	if (!ioapic_route_isa(irq, VECTOR_SERIAL, apic_id))
		return false;
	out8(reg(0, IER), IER_RECEIVED);
	return true;
}
