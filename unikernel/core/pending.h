/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's side of the event bitmaps in struct shared_info (abi/shared.h): consumed in the opposite order of how the
 * hypervisor sets them, so that nothing is lost between two steps. */
#ifndef UNIKERNEL_CORE_PENDING_H
#define UNIKERNEL_CORE_PENDING_H

#include <abi/shared.h>
#include <base/bits.h>

/* Whether vCPU @vcpu was notified since the last pending_select. One byte read. */
bool pending_any(const struct shared_info *s, unsigned vcpu);

/* Steps 1 and 2: clears upcall_pending of @vcpu and returns which words of pending[] to look at, a bit each. */
uint64_t pending_select(struct shared_info *s, unsigned vcpu);

/* Step 3: takes the pending ports of word @word that are not masked; bit b stands for port word * 64 + b. A masked port
 * stays pending. */
uint64_t pending_take(struct shared_info *s, unsigned word);

/* Masks or unmasks @port; returns whether it was masked. Unmasking alone does not deliver (hc_event_unmask does). */
bool pending_mask(struct shared_info *s, unsigned port, bool masked);

/* Makes @port pending on @vcpu as the hypervisor would. */
void pending_post(struct shared_info *s, unsigned vcpu, unsigned port);

#endif
