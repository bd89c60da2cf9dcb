/* SPDX-License-Identifier: BSD-2-Clause */
/* Which driver is for which card. */
#include "nic_open.h"

#include <stdio.h>

#include <drivers/intel/e1000e.h>
#include <drivers/pci/pci.h>
#include <drivers/virtio/virtio_net.h>

struct nic *nic_open(uint32_t index, struct frame_pool *pool, struct nic_wake wake, char why[NIC_WHY_BYTES])
{
	const char *text = "no driver is for this card: use a virtio network card (modern, as with QEMU's "
			   "disable-legacy=on) or an Intel 82574L (e1000e)";
	struct nic *nic = NULL;
	struct pci_device pci;

	if (pci_open(&pci, index) < 0) {
		snprintf(why, NIC_WHY_BYTES, "it cannot be opened");
		return NULL;
	}
	if (virtio_net_drives(pci.info.vendor, pci.info.device))
		nic = virtio_net_open(index, pool, wake, &text);
	else if (e1000e_drives(pci.info.vendor, pci.info.device))
		nic = e1000e_open(index, pool, wake, &text);
	if (!nic)
		snprintf(why, NIC_WHY_BYTES, "%04x:%04x: %s", pci.info.vendor, pci.info.device, text);
	return nic;
}
