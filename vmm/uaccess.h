/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only way to the memory of the running guest. A guest address is a struct, never a C pointer; each function checks
 * the range against GUEST_TOP, uses the guest's own page tables and rights, and survives a fault.
 */
#pragma once

#include "core/world.h"

typedef struct {
	uint64_t v;
} guest_va_t;

static inline guest_va_t guest_va(uint64_t v)
{
	return (guest_va_t){v};
}

/* Copies @bytes in or out; false when a byte of the range is not the guest's to read (write). After false the
 * destination may have been written in part. */
bool copy_from_guest(void *to, guest_va_t from, uint64_t bytes);
bool copy_to_guest(guest_va_t to, const void *from, uint64_t bytes);

/* The instruction at which to go on after a fault at @rip in ring 0; 0: none, the fault is ours. */
uint64_t fixup_find(uint64_t rip);
