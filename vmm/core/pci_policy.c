/* SPDX-License-Identifier: BSD-2-Clause */
/* The allow-list of configuration writes, and arithmetic of BARs. */
#include "pci_policy.h"

bool pci_access_valid(uint32_t offset, uint32_t width, uint32_t space)
{
	return (width == 1 || width == 2 || width == 4) && offset % width == 0 && offset < space &&
	       width <= space - offset;
}

const struct pci_field pci_writable[PCI_WRITABLE] = {
	{PCI_COMMAND, 2, PCI_COMMAND_MEMORY, PCI_COMMAND_MEMORY,
	 "whether its own registers answer; at which address they do, and so whose else they could hide, stays fixed"},
	{PCI_COMMAND, 2, PCI_COMMAND_INTX_OFF, 0,
	 "its interrupt pin can be silenced, not raised: other devices and the hypervisor may share the line"},
};

bool pci_write_allowed(uint32_t offset, uint32_t width, uint32_t value, uint32_t old)
{
	uint32_t set = 0, clear = 0;
	bool covered = false;

	if (!pci_access_valid(offset, width, 4096) || (width < 4 && value >> 8 * width))
		return false;
	for (uint32_t i = 0; i < PCI_WRITABLE; i++) {
		const struct pci_field *f = &pci_writable[i];

		if (offset < f->offset || offset + width > f->offset + f->width)
			continue;
		covered = true;
		set |= f->set >> 8 * (offset - f->offset);
		clear |= f->clear >> 8 * (offset - f->offset);
	}
	return covered && !(value & ~old & ~set) && !(old & ~value & ~clear);
}

uint64_t pci_bar_size(uint64_t mask)
{
	return mask & (~mask + 1); /* the lowest bit that can be set */
}

bool pci_page_in_range(uint64_t page, uint64_t offset, uint64_t bytes)
{
	return bytes > 0 && page >= offset >> 12 && page <= (offset + bytes - 1) >> 12;
}
