/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * orphan: a driver that dies while its device is about to write to a frame of it, and the successor of its next life, who
 * finds in the device's registers where that was.
 */
#include "hostile_device.h"

int main(void)
{
	bool successor = DOMID_GENERATION(start_info()->domid) > 1;
	uint64_t old;

	confined = start_info()->features & FEATURE_IOMMU;
	if (!edu_open(&edu))
		return 0;
	raw_attempts++;
	if (pci_config_read(&edu.pci, PCI_COMMAND, 2) & 4)
		raw_hole("its device is bus master from the start");
	old = *(volatile uint64_t *)(edu.registers + EDU_DMA_DESTINATION);
	if (!device_begin("orphan"))
		return 0;
	if (!successor) {
		printf("orphan: dying\n");
		fflush(stdout);
		console_flush();
		device_put(bus_of(scratch), 1, 8);
		edu_dma(&edu, bus_of(scratch), EDU_BUFFER_BYTES, true);
		hc_sched_shutdown(REASON_CRASH, 1);
	}
	raw_attempts++;
	if (faults_of(edu.pci.index))
		raw_hole("what its predecessor began was tried");
	/* The frame may be this domain's again. */
	if (old != bus_of(scratch) && confined)
		attack_read("a frame of its predecessor", old);
	raw_attempts = 3;
	return device_end("orphan");
}
