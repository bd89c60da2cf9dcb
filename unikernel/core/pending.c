/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Consumption of pending events. The hypervisor sets port bit, selector bit, upcall_pending in this order and only goes
 * on when the earlier bit was clear; so we clear them in the order upcall_pending, selector, port bits, each with a
 * locked exchange: whatever is set after our exchange sets the later ones again.
 */
#include "pending.h"

bool pending_any(const struct shared_info *s, unsigned vcpu)
{
	return __atomic_load_n(&s->vcpu[vcpu].upcall_pending, __ATOMIC_RELAXED) != 0;
}

uint64_t pending_select(struct shared_info *s, unsigned vcpu)
{
	__atomic_exchange_n(&s->vcpu[vcpu].upcall_pending, (uint8_t)0, __ATOMIC_SEQ_CST);
	return __atomic_exchange_n(&s->vcpu[vcpu].pending_sel, 0, __ATOMIC_SEQ_CST);
}

uint64_t pending_take(struct shared_info *s, unsigned word)
{
	uint64_t masked = __atomic_load_n(&s->masked[word], __ATOMIC_SEQ_CST);
	uint64_t old = __atomic_fetch_and(&s->pending[word], masked, __ATOMIC_SEQ_CST);

	return old & ~masked;
}

bool pending_mask(struct shared_info *s, unsigned port, bool masked)
{
	uint64_t bit = 1ull << (port % 64), *word = &s->masked[port / 64];
	uint64_t old = masked ? __atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST)
			      : __atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST);

	return (old & bit) != 0;
}

void pending_post(struct shared_info *s, unsigned vcpu, unsigned port)
{
	unsigned word = port / 64;

	__atomic_fetch_or(&s->pending[word], 1ull << (port % 64), __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&s->vcpu[vcpu].pending_sel, 1ull << word, __ATOMIC_SEQ_CST);
	__atomic_store_n(&s->vcpu[vcpu].upcall_pending, (uint8_t)1, __ATOMIC_SEQ_CST);
}
