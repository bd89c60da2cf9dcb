/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver of the 82574 that ends while its card counts the time until it may interrupt again: the card has things to do
 * with its interrupts after its owner's death, and must find them masked, not gone. QEMU 7.2 ends with an assertion when
 * MSI-X is off by then.
 */
#include <stdio.h>

#include <cambium/clock.h>
#include <cambium/device.h>
#include <cambium/event.h>
#include <cambium/start.h>
#include <cambium/thread.h>
#include <drivers/intel/e1000e_regs.h>
#include <drivers/pci/pci.h>

CAMBIUM_NOTE(256, 64, NOTE_GROWS);

#define REG_ICS 0x00c8u /* raises causes */
#define VECTOR 0u
#define EITR_LONGEST 0xffffu /* 17 ms */
#define OVER_NS 50000000ull  /* by then it has run out */
#define PATIENCE_NS 30000000000ull

static struct pci_device pci;
static volatile uint8_t *registers;
static volatile unsigned interrupts;

static void reg_write(uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)(volatile void *)(registers + reg) = value;
}

static void interrupted(unsigned port, void *arg)
{
	(void)port;
	(void)arg;
	interrupts++;
}

/* The card, fresh from a reset. */
static bool open_card(void)
{
	struct device_entry entry;

	for (unsigned i = 0; i < device_count() && !registers; i++)
		if (device_read(i, &entry) && entry.kind == DEVICE_PCI && pci_open(&pci, entry.pci_device) == 0)
			registers = pci_map(&pci, 0, 0, E1000E_BAR_BYTES);
	if (!registers)
		return false;
	reg_write(REG_CTRL, CTRL_RST);
	thread_sleep_until(clock_after(OVER_NS));
	return true;
}

static bool vector_open(void)
{
	int64_t port = pci_msix_bind(&pci, VECTOR);

	if (port < 0 || event_on((unsigned)port, interrupted, NULL) < 0 || pci_set_master(&pci, true) < 0)
		return false;
	reg_write(REG_EITR(VECTOR), EITR_LONGEST);
	reg_write(REG_IVAR, IVAR_RXQ0(VECTOR));
	reg_write(REG_EIAC, CAUSE_RXQ0);
	return true;
}

/* The message clears its cause and masks it. The card counts from here on. */
static void interrupt_raise(void)
{
	reg_write(REG_IMS, CAUSE_RXQ0);
	reg_write(REG_ICS, CAUSE_RXQ0);
}

/* An interrupt comes, and the card's time until the next one runs out. */
static bool interrupt_comes(void)
{
	uint64_t end = clock_after(PATIENCE_NS);

	interrupt_raise();
	while (!interrupts && clock_ns() < end)
		thread_sleep_until(clock_after(OVER_NS));
	return interrupts;
}

int main(void)
{
	if (!open_card() || !vector_open() || !interrupt_comes()) {
		printf("throttle: no card, or it does not interrupt\n");
		return 1;
	}
	printf("throttle: the card interrupts\n");
	fflush(stdout);
	interrupt_raise();
	return 0;
}
