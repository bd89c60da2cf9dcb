/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who pays for CPU time. A backend says what it has done for whom (abi/shared.h, ledgers; docs/scheduling.md), without a
 * hypercall; a program asks what a piece of its work cost.
 */
#ifndef CAMBIUM_ACCOUNT_H
#define CAMBIUM_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* --- for a backend --- */

/* A round of work begins, perhaps after a sleep: the time so far is the backend's own. */
void account_begin(void);

/*
 * From here on the time on the CPU that no claim covers (waking up and falling asleep, looking in vain, interrupts) is for those for whom there
 * was work in that stay there, shared out by the number of account_claim()s and pieces of account_claim_run()s, DOMID_NONE among them.
 */
void account_whole(void);

/*
 * The time since the last account_begin() or account_claim() was for domain @domid, which its builder linked to this one;
 * DOMID_NONE: for nobody. Returns it in ticks of the time stamp counter, 0 where part of it was spent off the CPU; then
 * nobody pays. Between two stays on the CPU at most LEDGER_ENTRIES domains can be named.
 */
uint64_t account_claim(uint32_t domid);

/*
 * For who does many small pieces of work: the time, read cheaply, and a claim for @count pieces in a row, all for @domid, of which the
 * last ended at @until.
 */
uint64_t account_now(void);
uint64_t account_claim_run(uint32_t domid, uint32_t count, uint64_t until);

/* Likewise for several, @count of them, shared out in proportion to @parts, each at least 1; @ticks are told one by one. */
void account_share(const uint32_t *domids, const uint32_t *parts, uint64_t *ticks, uint32_t count);

/* Whether the hypervisor last answered, not long ago, that @domid has had more than its share of what others wait for. */
bool account_over(uint32_t domid);
/* Whether that holds for anybody: a comparison. */
bool account_over_any(void);

/* --- for a program --- */

struct account {
	uint64_t run, charged; /* ns at account_open() */
};

struct account_cost {
	uint64_t run;     /* ns that this program's first vCPU ran */
	uint64_t charged; /* ns that others, the router mostly, said that they worked for it */
};

/* Begins a piece of work. A hypercall. */
void account_open(struct account *a);

/* What it cost since account_open(&a), which stays as it is: may be asked again. What is still under way elsewhere is not in it:
 * a backend's claims count when it leaves the CPU. A hypercall. */
void account_close(const struct account *a, struct account_cost *cost);

#endif
