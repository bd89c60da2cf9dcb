/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invariant: an entry counts from the compare-and-exchange that adds it to count on, so no old one is ever taken again; ticks that are
 * added to one while the ledger is taken are lost, as is the claim during which the vCPU was off the CPU. A count of 0 where there
 * was an entry shows that.
 */
#include "claims.h"

#include <base/bits.h>

/* Reads the answer to what was taken. The entries still stand there. */
static void answer_read(struct claims *c, uint64_t now)
{
	uint32_t over = __atomic_load_n(&c->ledger->over, __ATOMIC_RELAXED);

	if (!c->named && now - c->answered < CLAIM_ANSWER_TICKS)
		return;
	c->over_count = 0;
	for (uint32_t i = 0; i < c->named; i++)
		if (over >> i & 1)
			c->over[c->over_count++] = c->ledger->entry[i].domid;
	c->named = 0;
	c->answered = now;
}

void claims_begin(struct claims *c, uint64_t now)
{
	c->since = now;
	if (__atomic_load_n(&c->ledger->count, __ATOMIC_ACQUIRE))
		return;
	answer_read(c, now);
	c->open = true;
}

/* Puts @ticks for @domid into the ledger, which had @count entries. False: it was taken meanwhile. */
static bool put(struct ledger *l, uint32_t count, uint32_t domid, uint64_t ticks)
{
	for (uint32_t i = 0; i < count; i++)
		if (l->entry[i].domid == domid) {
			__atomic_store_n(&l->entry[i].ticks, l->entry[i].ticks + ticks, __ATOMIC_RELAXED);
			return true;
		}
	if (count >= LEDGER_ENTRIES)
		return true;
	__atomic_store_n(&l->entry[count].domid, domid, __ATOMIC_RELAXED);
	__atomic_store_n(&l->entry[count].ticks, ticks, __ATOMIC_RELAXED);
	return __atomic_compare_exchange_n(&l->count, &count, count + 1, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

/* The ledger was taken in the middle of what would be claimed. */
static uint64_t interrupted(struct claims *c, uint64_t now)
{
	answer_read(c, now);
	c->open = true;
	return 0;
}

uint64_t claims_add(struct claims *c, uint32_t domid, uint64_t now)
{
	uint32_t count = __atomic_load_n(&c->ledger->count, __ATOMIC_ACQUIRE);
	uint64_t ticks = now - c->since;

	c->since = now;
	if (!count && !c->open)
		return interrupted(c, now);
	if (ticks > CLAIM_TICKS_MAX)
		return 0;
	if (domid == DOMID_NONE)
		return ticks;
	if (!put(c->ledger, count, domid, ticks))
		return interrupted(c, now);
	c->named = MAX(c->named, MIN(count + 1, LEDGER_ENTRIES)); /* or one too many: there is no answer about that */
	c->open = false;
	return ticks;
}

bool claims_is_over(const struct claims *c, uint32_t domid)
{
	for (uint32_t i = 0; i < c->over_count; i++)
		if (c->over[i] == domid)
			return true;
	return false;
}
