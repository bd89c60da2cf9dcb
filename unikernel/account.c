/* SPDX-License-Identifier: BSD-2-Clause */
/* Who pays: the ledger of vCPU 0, and what the hypervisor has counted for it. */
#include <cambium/account.h>
#include <cambium/hypercall.h>
#include <cambium/start.h>

#include "core/claims.h"
#include "runtime.h"

static struct claims claims = {.ledger = &SHARED_INFO->ledger[0]};

/* Without a fence: what is still under way counts for the next one. */
static uint64_t ticks_now(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

void account_whole(void)
{
	claims.own = start_info()->domid;
}

void account_begin(void)
{
	claims_watch(&claims, ticks_now());
	claims_begin(&claims, ticks_now());
}

uint64_t account_claim(uint32_t domid)
{
	uint64_t ticks = claims_add(&claims, domid, ticks_now());

	if (claims.missed)
		account_begin();
	return ticks;
}

uint64_t account_now(void)
{
	return ticks_now();
}

uint64_t account_claim_run(uint32_t domid, uint32_t count, uint64_t until)
{
	uint64_t ticks = claims_add_run(&claims, domid, count, until);

	if (claims.missed)
		account_begin();
	return ticks;
}

void account_share(const uint32_t *domids, const uint32_t *parts, uint64_t *ticks, uint32_t count)
{
	claims_share(&claims, domids, parts, ticks, count, ticks_now());
	if (claims.missed)
		account_begin();
}

bool account_over(uint32_t domid)
{
	return claims_is_over(&claims, domid);
}

bool account_over_any(void)
{
	return claims.over_count != 0;
}

void account_open(struct account *a)
{
	struct vcpu_times t = {0};

	hc_vcpu_times(DOMID_SELF, 0, &t);
	*a = (struct account){.run = t.run, .charged = t.charged};
}

void account_close(const struct account *a, struct account_cost *cost)
{
	struct account now;

	account_open(&now);
	*cost = (struct account_cost){.run = now.run - a->run, .charged = now.charged - a->charged};
}
