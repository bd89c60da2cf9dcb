/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 16550 UARTs (National PC16550D data sheet). Each call does at most a FIFO's worth of port accesses; a UART that never
 * gets ready costs serial_write_wait() one bounded wait, after which the channel's waiting writes are dropped.
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
#define LCR_8N1 0x03u
#define LCR_DIVISOR 0x80u
#define MCR_DTR_RTS_OUT2 0x0bu /* OUT2 lets the interrupt out on a PC */
#define LSR_RECEIVED 0x1u
#define LSR_THR_EMPTY 0x20u
#define WAIT_POLLS 200000u /* 16 bytes at 115,200 baud take 1.4 ms, a poll about 1 us */

static struct {
	uint16_t port; /* 0: absent */
	bool stuck;    /* a bounded wait ran out: do not wait again */
} channels[SERIAL_CHANNELS];

static uint16_t reg(unsigned channel, unsigned r)
{
	return (uint16_t)(channels[channel].port + r);
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
	channels[channel].port = port;
	out8(reg(channel, IER), 0);
	out8(reg(channel, LCR), LCR_DIVISOR | LCR_8N1);
	out8(reg(channel, DATA), 1);
	out8(reg(channel, IER), 0);
	out8(reg(channel, LCR), LCR_8N1);
	out8(reg(channel, FCR), FCR_ENABLE_CLEAR);
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
	return channel < SERIAL_CHANNELS && channels[channel].port;
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

void serial_write_wait(unsigned channel, const char *text, unsigned len)
{
	unsigned polls = 0;

	if (!serial_present(channel) || channels[channel].stuck)
		return;
	while (len) {
		unsigned n = serial_write(channel, text, len);
		text += n;
		len -= n;
		polls = n ? 0 : polls + 1;
		if (polls > WAIT_POLLS) {
			channels[channel].stuck = true;
			return;
		}
	}
}

bool serial_irq_enable(uint32_t apic_id)
{
	unsigned irq = channels[0].port == COM1 ? COM1_IRQ : COM2_IRQ;

	if (channels[0].port != COM1 && channels[0].port != COM2)
		return false;
	if (!ioapic_route_isa(irq, VECTOR_SERIAL, apic_id))
		return false;
	out8(reg(0, IER), IER_RECEIVED);
	return true;
}
