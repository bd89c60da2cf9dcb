/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's PCI functions: found at boot, a fixed table from then on. Configuration space is reached through ECAM where
 * ACPI names it, else through ports 0xcf8/0xcfc.
 */
#pragma once

#include <abi/hypercall.h>
#include <stdbool.h>

#define PCI_FUNCTION_MAX 64u

struct pci_function {
	struct device_info info; /* owner is the owner's (device.c) to write */
	volatile uint8_t *ecam;  /* this function's 4 KiB of configuration space; NULL: by ports, 256 bytes */
	/* do_device.c's */
	bool resetting;                   /* a reset is under way, or has to be before its first owner */
	bool stopped;                     /* for the rest of its owner's life: it kept faulting */
	uint32_t storm;                   /* faults without a pause */
	uint64_t storm_last;              /* system time of the last one */
	bool withheld;                    /* never given away: a bridge, or a BAR of it lies over something else */
	uint8_t msix_cap;                 /* offset of the capability; 0: none */
	uint8_t pcie_cap;                 /* offset of the PCI Express capability; 0: none */
	uint8_t af_cap;                   /* offset of the Advanced Features capability; 0: none */
	volatile uint8_t *msix;           /* the MSI-X table, mapped for the hypervisor; NULL: none */
	uint64_t msix_offset, msix_bytes; /* within info.msix_bar */
	uint32_t pba_bar;
	uint64_t pba_offset, pba_bytes;
	uint32_t saved_bar[DEVICE_BARS]; /* raw registers, restored after a reset */
	uint64_t reset_ready; /* system time before which a reset function is not to be touched; 0: none begun */
};

/* Finds the functions, sizes their BARs (decoding off meanwhile), maps their MSI-X tables with every entry masked, switches bus
 * mastering off everywhere but on bridges. Needs machine_init(), time_init(). */
void pci_init(void);

unsigned pci_count(void);
/* @index is below pci_count(): a larger one is a mistake of ours (CHECK), so callers test first. */
struct pci_function *pci_at(unsigned index);

/* True when configuration space of @f has @width (1, 2, 4) bytes at @offset, aligned. Any arguments may be passed. */
bool pci_config_valid(const struct pci_function *f, uint32_t offset, uint32_t width);
/* Raw access where pci_config_valid() says so. The function may not be in the table yet. */
uint32_t pci_read(const struct pci_function *f, uint32_t offset, uint32_t width);
void pci_write(const struct pci_function *f, uint32_t offset, uint32_t width, uint32_t value);

/*
 * MSI-X entry @entry (below info.msix_entries) sends the message of @data to @address, unmasked; the capability is
 * enabled. pci_msix_mask masks one entry again, pci_msix_mask_all all of them and the function.
 */
void pci_msix_set(const struct pci_function *f, uint32_t entry, uint32_t address, uint32_t data);
void pci_msix_mask(const struct pci_function *f, uint32_t entry);
void pci_msix_mask_all(const struct pci_function *f);

/* Sets or clears bus mastering and reads it back; true when the device now is as asked. */
bool pci_bus_master(const struct pci_function *f, bool on);

/*
 * pci_reset_begin() switches bus mastering off and starts a reset of the function (PCI Express or Advanced Features FLR); it
 * returns false when the function offers none. pci_reset_done() begins it if nobody has, is false until the function answers
 * again (at least 100 ms), then restores BARs and command register, with bus mastering and memory decoding off, and is true.
 */
bool pci_reset_begin(struct pci_function *f);
bool pci_reset_done(struct pci_function *f);

/* True when frame @mfn holds a byte of the MSI-X table or its pending bits: never to be mapped by a domain. */
bool pci_bar_contains_msix(const struct pci_function *f, uint64_t mfn);
