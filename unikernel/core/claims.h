/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend's side of its ledger (abi/shared.h): what it adds between two stays on the CPU, and what it was answered. Ticks are
 * those of the time stamp counter. The hypervisor takes the ledger at any instruction; a vCPU's ledger has one writer.
 */
#ifndef UNIKERNEL_CLAIMS_H
#define UNIKERNEL_CLAIMS_H

#include <stdbool.h>

#include <abi/shared.h>

struct claims {
	struct ledger *ledger;
	uint64_t since;    /* the next claim is for the time from here on */
	uint64_t answered; /* when an answer was last read */
	uint32_t named;    /* entries that may have been taken since then */
	uint32_t last;     /* whom the last claim named, or DOMID_NONE */
	uint32_t own;      /* who stands in the ledger for nobody; DOMID_NONE: nobody does */
	bool missed;       /* the last claim was not made: claims_watch() and claims_begin() are due */
	uint32_t over_count;
	uint32_t over[LEDGER_ENTRIES];
};

/*
 * All zero but for @ledger, and @own DOMID_NONE or not, is a good start. From here on a stay off the CPU shows: there is an entry, if only of 0 ticks for
 * whom the last claim named, which the hypervisor takes then. Where that claim was not made, and with c->own, the entry has a part of this stay, in
 * which what it was for came to its end.
 */
void claims_watch(struct claims *c, uint64_t now);

/* The time up to @now, read after claims_watch(), is the backend's own. */
void claims_begin(struct claims *c, uint64_t now);

/*
 * The ticks from the last claims_begin() or claims_add() to @now were for @domid. They stay the backend's own when @domid is
 * DOMID_NONE, which counts as c->own, when LEDGER_ENTRIES others are named already, and when part of them was not the backend's at all, since it was
 * off the CPU. With c->own each is a part of the time that is not claimed. Returns the ticks, whoever pays; 0 in the last case, which c->missed tells.
 */
uint64_t claims_add(struct claims *c, uint32_t domid, uint64_t now);

/* Likewise for several pieces of work in a row, @count of them, all for @domid: so many parts. */
uint64_t claims_add_run(struct claims *c, uint32_t domid, uint32_t count, uint64_t now);

/* Likewise, but shared out: @ticks[i] were for @domids[i], in proportion to @parts[i]. Their sum is below 2^20, each >= 1. */
void claims_share(struct claims *c, const uint32_t *domids, const uint32_t *parts, uint64_t *ticks, uint32_t count,
		  uint64_t now);

/* Whether the hypervisor's last answer, which holds for CLAIM_ANSWER_TICKS unless there is another, is that @domid is over its
 * budget. */
#define CLAIM_ANSWER_TICKS (1ull << 28)
bool claims_is_over(const struct claims *c, uint32_t domid);

#endif
