/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * victim SLOT: has a secret page and looks whether it is as it was. The driver in SLOT learns where it lies in the machine
 * while it is granted to it; then the grant is taken back. Owns no device, so it may not say what devices reach.
 */
#include "hostile_meeting.h"

#include <cambium/grant.h>

#include <stdlib.h>

#define WORDS (PAGE_SIZE / 8)

static struct meeting *meeting;
static uint64_t *secret, *readonly;
static unsigned changes;

static void secret_fill(void)
{
	for (unsigned i = 0; i < WORDS; i++)
		((volatile uint64_t *)secret)[i] = SECRET_WORD(i);
}

static void secret_check(void)
{
	meeting->changed = 0;
	for (unsigned i = 0; i < WORDS; i++)
		meeting->changed += ((volatile uint64_t *)secret)[i] != SECRET_WORD(i);
	changes += meeting->changed;
	secret_fill();
}

static bool offer(uint32_t peer, const void *page, bool read, uint32_t ref)
{
	return grant_offer_range(peer, page, 1, read) == ref;
}

static bool set_up(uint32_t peer)
{
	uint64_t mfn;

	meeting = pages_alloc(1);
	secret = pages_alloc(1);
	readonly = pages_alloc(1);
	if (!meeting || !secret || !readonly)
		return false;
	mfn = pages_mfn(secret);
	raw_expect("devices of a domain without any", hc_device_dma(&mfn, 1, DMA_WRITE), HC_EDEVICE);
	secret_fill();
	return offer(peer, meeting, false, MEETING_REF) && offer(peer, secret, false, SECRET_REF) &&
	       offer(peer, readonly, true, READONLY_REF);
}

int main(int argc, char **argv)
{
	uint32_t peer = MEETING_DOMID(argc == 2 ? atoi(argv[1]) : 0), turn = 0;

	if (!set_up(peer)) {
		printf("victim: cannot be set up\n");
		return 1;
	}
	for (;;) {
		while (meeting->turn == turn)
			hc_sched_block(raw_now() + 1000000);
		turn = meeting->turn;
		switch (meeting->step) {
		case STEP_REVOKE: raw_expect("taken back", hc_grant_revoke(SECRET_REF, 1), HC_OK); break;
		case STEP_CHECK: secret_check(); break;
		case STEP_DIE: return 3;
		default:
			printf("victim: %u words were changed\n", changes);
			meeting->answer = turn;
			return raw_end("victim");
		}
		meeting->answer = turn;
	}
}
