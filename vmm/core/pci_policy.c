/* SPDX-License-Identifier: BSD-2-Clause */
/* The allow-list of configuration writes, and arithmetic of BARs. */
#include "pci_policy.h"

bool pci_access_valid(uint32_t offset, uint32_t width, uint32_t space)
{
	return (width == 1 || width == 2 || width == 4) && offset % width == 0 && offset < space &&
	       width <= space - offset;
}

bool pci_write_allowed(uint32_t offset, uint32_t width, uint32_t value, uint16_t command)
{
	uint32_t old = command;

	/* Both halves of the register by themselves, so a byte write is judged by the bits that it can reach. */
	if (width == 1 && offset == PCI_COMMAND)
		return value <= 0xff && !(((value ^ old) & 0xff) & ~PCI_COMMAND_GUEST);
	if (width == 1 && offset == PCI_COMMAND + 1)
		return value <= 0xff && !(((value << 8 ^ old) & 0xff00) & ~PCI_COMMAND_GUEST);
	if ((width == 2 || width == 4) && offset == PCI_COMMAND)
		return value <= 0xffff && !((value ^ old) & ~PCI_COMMAND_GUEST);
	return false;
}

uint64_t pci_bar_size(uint64_t mask)
{
	return mask & (~mask + 1); /* the lowest bit that can be set */
}

bool pci_page_in_range(uint64_t page, uint64_t offset, uint64_t bytes)
{
	return bytes > 0 && page >= offset >> 12 && page <= (offset + bytes - 1) >> 12;
}
