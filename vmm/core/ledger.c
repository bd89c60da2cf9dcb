/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claims of a backend. Invariant: what is charged to all others together is at most what the backend has really run, so it can
 * misattribute its own time and no more. Each entry is read once.
 */
#include "ledger.h"

#include "domain.h"

#define SLACK_NS 1000000u /* an honest one reads the clock, and an interrupt may come between */

uint32_t ledger_take(const struct world *w, const struct vcpu *v, const struct timescale *scale, uint64_t left,
		     struct ledger_claim *claims, uint32_t *refused)
{
	struct ledger *l = &v->domain->shared->ledger[v->id];
	uint32_t count = __atomic_exchange_n(&l->count, 0, __ATOMIC_RELAXED), taken = 0;
	uint64_t parts = 0;

	*refused = 0;
	for (uint32_t i = 0; i < MIN(count, LEDGER_ENTRIES); i++) {
		domid_t id = __atomic_load_n(&l->entry[i].domid, __ATOMIC_RELAXED);
		uint64_t ticks = __atomic_load_n(&l->entry[i].ticks, __ATOMIC_RELAXED);
		uint32_t wanted = __atomic_load_n(&l->entry[i].parts, __ATOMIC_RELAXED);
		uint32_t part = MIN(wanted, LEDGER_PARTS_MAX); /* the macro reads its arguments twice */
		uint64_t said = timescale_ns(scale, MIN(ticks, 1ull << 56)), ns = MIN(said, left);
		uint32_t slot = DOMID_SLOT(id);
		bool own = id == v->domain->id;
		bool linked = own || (slot < DOMAIN_SLOTS && slot != DOMID_SLOT(v->domain->id) &&
				      (v->domain->links[slot / 64] >> slot % 64 & 1));
		struct domain *d = linked ? domain_find(w, id) : NULL;

		*refused += !linked || said > left + SLACK_NS;
		if (!d || d->state == DOMAIN_DEAD)
			continue; /* it has just ended: nobody's fault */
		left -= ns;
		parts += part;
		if (!own)
			claims[taken++] = (struct ledger_claim){d, ns, i, part};
	}
	for (uint32_t i = 0; parts && i < taken; i++)
		claims[i].ns += MIN(left, 1ull << 47) * claims[i].parts / parts;
	return taken;
}
