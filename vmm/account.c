/* SPDX-License-Identifier: BSD-2-Clause */
/* Who pays: what backends claim to have done for others, checked against what they have really run. */
#include "account.h"

#include "core/ledger.h"
#include "log.h"
#include "vcpu.h"
#include "time.h"

/* Beyond its share by so much is over its budget. */
#define OVER_NS 20000000ull
/* Nobody is brought further ahead: what was done while nobody else wanted the CPU hurt nobody. */
#define DEBT_MAX_NS 100000000ull

/* Says that claims were cut: the first, and whenever there are twice as many. */
static void told(struct domain *d, uint32_t refused)
{
	uint32_t before = d->refused_claims;

	d->refused_claims += refused;
	if (refused && (before ^ d->refused_claims) > before)
		log_line(
			"account: domain %u.%u (%s) claims time that it did not spend, or for domains that it does not serve: %u claims cut",
			DOMID_SLOT(d->id), DOMID_GENERATION(d->id), d->name, d->refused_claims);
}

/* Charges @d for @ns of work for it; whether it has had more than its share of what @waits, another one, waits for. */
static bool charge(struct domain *d, uint64_t ns, const struct domain *waits)
{
	struct cpu *home = vcpu_home_lock(&d->vcpu);
	uint64_t ahead = bvt_ahead(&home->queue, &d->vcpu.sched);
	bool over = waits && waits != d && ahead > OVER_NS;

	bvt_charge_other(&home->queue, &d->vcpu.sched, MIN(ns, DEBT_MAX_NS - MIN(ahead, DEBT_MAX_NS)), time_now());
	vcpu_home_unlock(home);
	return over;
}

void account_settle(struct cpu *c, struct vcpu *v)
{
	struct ledger *l = &v->domain->shared->ledger[v->id];
	struct ledger_claim claims[LEDGER_ENTRIES];
	uint32_t count, refused, over = 0;
	struct bvt_entity *next;
	const struct domain *waits;
	uint64_t ran, sum = 0;

	vcpu_home_lock(v);
	bvt_charge(&c->queue, time_now());
	ran = v->sched.time[BVT_RUNNING];
	next = bvt_next(&c->queue);
	waits = next ? vcpu_of(next)->domain : NULL;
	vcpu_home_unlock(c);
	count = ledger_take(&world, v, time_scale(), ran - v->settled, claims, &refused);
	v->settled = ran;
	for (uint32_t i = 0; i < count; i++) {
		over |= (uint32_t)charge(claims[i].domain, claims[i].ns, waits) << claims[i].entry;
		sum += claims[i].ns;
	}
	l->over = over;
	told(v->domain, refused);
	vcpu_home_lock(v);
	bvt_refund(&c->queue, &v->sched, sum, time_now());
	vcpu_home_unlock(c);
}
