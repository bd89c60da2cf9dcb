/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vectors: a driver whose device (edu) forges interrupts by writing to where messages are taken: plain ones, and such as
 * name handles of others or of nobody. Vectors of devices alone: another one can end the machine where nothing stops it.
 * It cannot see what comes of them; the machine's counter and everybody else's health tell.
 */
#include "hostile_device.h"

#include <vmm/vectors.h>

#define MESSAGES 0xfee00000ull
#define HANDLE(n) (MESSAGES | (uint64_t)(n) << 5 | 0x10)
#define ROUTERS 4u /* its card's interrupts are bound first */
#define UNUSED 3u

#define HANDLES 6u

#define EDU_RAISE 0x60u

static const uint32_t handles[HANDLES] = {0, 1, 2, 3, 200, 0x7fff};

static void forge(uint64_t address, uint32_t data)
{
	raw_attempts++;
	device_put(address, data, 4);
}

int main(void)
{
	if (!device_begin("vectors"))
		return 2;
	for (unsigned i = 0; i < UNUSED; i++)
		forge(MESSAGES, VECTOR_DEVICE_LAST - i);
	for (unsigned i = 0; i < ROUTERS; i++)
		forge(MESSAGES, VECTOR_DEVICE_FIRST + i);
	/* Where nothing remaps, such a message would be one of vector 0. */
	for (unsigned i = 0; i < HANDLES && (start_info()->features & FEATURE_INTREMAP); i++)
		forge(HANDLE(handles[i]), 0);
	/* Its own pin is silenced, its MSI never on. */
	raw_attempts++;
	*(volatile uint32_t *)(edu.registers + EDU_RAISE) = 1;
	raw_expect("an entry of a table that it has not", hc_device_msix_bind(edu.pci.index, 0), HC_EINVAL);
	return raw_end("vectors");
}
