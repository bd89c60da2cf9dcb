/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Upcalls, for whoever wants them: the runtime itself polls (cambium/event.h) and leaves them masked.
 *
 * @fn runs on the stack of whatever was interrupted, with upcalls masked, knowing nothing about DF, AC, alignment or
 * the FPU. It may touch nothing that the interrupted code could be in the middle of: set a flag, count.
 */
#ifndef CAMBIUM_UPCALL_H
#define CAMBIUM_UPCALL_H

#include <stdbool.h>
#include <stdint.h>

/* Registers @fn as the upcall handler (NULL: none). 0 or -HC_x. Masked until upcall_unmask. */
int64_t upcall_set(void (*fn)(void));

/* Masks; returns whether they were masked before. */
bool upcall_mask(void);
/* Unmasks. What became pending meanwhile is delivered at the next entry into the hypervisor, at the latest. */
void upcall_unmask(void);

/* Registers another exception handler, entered with the frame on the runtime's exception stack; it ends with
 * hc_entry_resume. NULL: the runtime's own, which prints and ends the domain. 0 or -HC_x. */
struct trap_frame;
int64_t exception_set(void (*fn)(struct trap_frame *frame));

#endif
