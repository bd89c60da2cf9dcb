/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invariant: an entry counts from the compare-and-exchange that adds it to count on, so no old one is ever taken again; ticks that are
 * added to one while the ledger is taken are lost, as is the claim during which the vCPU was off the CPU. A count of 0 shows
 * that, since there is an entry from claims_watch() on.
 */
#include "claims.h"

#include <base/bits.h>

/* Reads the answer to what was taken, if anything was. The entries still stand there. */
static void answer_read(struct claims *c, uint64_t now)
{
	uint32_t over = __atomic_load_n(&c->ledger->over, __ATOMIC_RELAXED);

	if (!c->named)
		return;
	c->over_count = 0;
	for (uint32_t i = 0; i < c->named; i++)
		if (over >> i & 1)
			c->over[c->over_count++] = c->ledger->entry[i].domid;
	c->named = 0;
	c->answered = now;
}

/* Puts @ticks and @parts for @domid into the ledger, which had @count entries. False: it was taken meanwhile. */
static bool put(struct ledger *l, uint32_t count, uint32_t domid, uint64_t ticks, uint32_t parts)
{
	for (uint32_t i = 0; i < count; i++)
		if (l->entry[i].domid == domid) {
			__atomic_store_n(&l->entry[i].ticks, l->entry[i].ticks + ticks, __ATOMIC_RELAXED);
			__atomic_store_n(&l->entry[i].parts, l->entry[i].parts + parts, __ATOMIC_RELAXED);
			return true;
		}
	if (count >= LEDGER_ENTRIES)
		return true;
	__atomic_store_n(&l->entry[count].domid, domid, __ATOMIC_RELAXED);
	__atomic_store_n(&l->entry[count].parts, parts, __ATOMIC_RELAXED);
	__atomic_store_n(&l->entry[count].ticks, ticks, __ATOMIC_RELAXED);
	return __atomic_compare_exchange_n(&l->count, &count, count + 1, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void claims_watch(struct claims *c, uint64_t now)
{
	if (now - c->answered >= CLAIM_ANSWER_TICKS)
		c->over_count = 0;
	if (__atomic_load_n(&c->ledger->count, __ATOMIC_ACQUIRE))
		return;
	answer_read(c, now);
	if (c->last != DOMID_NONE)
		put(c->ledger, 0, c->last, 0, c->missed && c->own != DOMID_NONE);
}

void claims_begin(struct claims *c, uint64_t now)
{
	c->since = now;
	c->missed = false;
}

/* Of all that was shared out the parts are given already. */
static uint64_t add(struct claims *c, uint32_t domid, uint32_t parts, uint64_t now)
{
	uint32_t count = __atomic_load_n(&c->ledger->count, __ATOMIC_ACQUIRE);
	uint64_t ticks = now - c->since;

	c->since = now;
	domid = domid == DOMID_NONE ? c->own : domid;
	if (domid != DOMID_NONE)
		c->last = domid;
	c->missed = !count || (domid != DOMID_NONE && !put(c->ledger, count, domid, ticks, parts));
	if (c->missed)
		return 0;
	if (domid != DOMID_NONE)
		c->named = MAX(c->named,
			       MIN(count + 1, LEDGER_ENTRIES)); /* or one too many: there is no answer about that */
	return ticks;
}

uint64_t claims_add(struct claims *c, uint32_t domid, uint64_t now)
{
	return claims_add_run(c, domid, 1, now);
}

uint64_t claims_add_run(struct claims *c, uint32_t domid, uint32_t count, uint64_t now)
{
	return add(c, domid, c->own != DOMID_NONE ? count : 0, now);
}

void claims_share(struct claims *c, const uint32_t *domids, const uint32_t *parts, uint64_t *ticks, uint32_t count,
		  uint64_t now)
{
	uint64_t began = c->since, sum = 0, upto = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += parts[i];
	for (uint32_t i = 0; i < count; i++) {
		upto += parts[i];
		ticks[i] = add(c, domids[i], 0, began + (now - began) * upto / sum);
	}
}

bool claims_is_over(const struct claims *c, uint32_t domid)
{
	for (uint32_t i = 0; i < c->over_count; i++)
		if (c->over[i] == domid)
			return true;
	return false;
}
