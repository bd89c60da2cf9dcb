/* SPDX-License-Identifier: BSD-2-Clause */
/* Events without the runtime, for the benchmarks: one thread, no callbacks, no upcalls. */
#ifndef CAMBIUM_TESTS_BENCH_H
#define CAMBIUM_TESTS_BENCH_H

#include <cambium/hypercall.h>

#include <stdbool.h>

/* Consumes everything that is pending on the vCPU. Returns whether @port was. */
static inline bool event_take(uint32_t port)
{
	struct shared_info *s = (struct shared_info *)SHARED_VA;
	uint64_t bit = 1ull << port % 64;

	__atomic_store_n(&s->vcpu[0].upcall_pending, (uint8_t)0, __ATOMIC_SEQ_CST);
	__atomic_exchange_n(&s->vcpu[0].pending_sel, (uint64_t)0, __ATOMIC_SEQ_CST);
	return __atomic_fetch_and(&s->pending[port / 64], ~bit, __ATOMIC_SEQ_CST) & bit;
}

#endif
