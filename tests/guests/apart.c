/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apart CPUS PEER: does again and again what its board (apart.h) says, on the CPUs of the bits CPUS, and counts it there: somebody
 * outside, who stops other CPUs meanwhile, writes and reads it. The peer, in slot PEER, is another one of these.
 */
#include "apart.h"
#include "raw_memory.h"

#include <stdlib.h>

/* The outside knows it by name. */
extern volatile struct apart_board apart_board;
volatile struct apart_board apart_board;

static uint32_t peer, port, own_ref;
static uint64_t window, page, frame, spare;

/* Its own CPU, its own events. */
static void calls(void)
{
	raw_expect("an event sent", hc_event_send(port), HC_OK);
	raw_expect("its port unmasked", hc_event_unmask(port), HC_OK);
	raw_expect_number("no sleep with an event pending", hc_sched_block(TIME_NEVER), 0);
	raw_events_take();
	raw_expect_number("a sleep until now", hc_sched_block(1), 1);
	raw_expect("a timer", hc_timer_set(TIME_NEVER), HC_OK);
	raw_expect("a yield", hc_sched_yield(), HC_OK);
}

/* Its own frames, and one that the peer offers; none changes its type or hands. */
static void grants(void)
{
	uint32_t ref = raw_offer(peer, 0, frame);

	raw_expect("nobody maps it", hc_grant_query(ref), HC_OK);
	raw_expect("revoked", hc_grant_revoke(ref, 1), HC_OK);
	raw_expect("copied from the peer", raw_copy_from(peer, own_ref, frame), HC_OK);
	raw_expect("copied to the peer", raw_copy_into(peer, own_ref, frame), HC_OK);
	raw_expect("the peer's mapped", raw_grant_map(peer, own_ref, 0, window), HC_OK);
	*(volatile uint64_t *)window = 0;
	raw_expect("and unmapped", hc_grant_unmap(window, 1), HC_OK);
	raw_expect("a page mapped", raw_map(page, spare, RW), HC_OK);
	raw_expect("and unmapped", raw_unmap(page), HC_OK);
}

/* A frame that was mapped becomes a table, for which each CPU has to forget it. */
static void flush(void)
{
	raw_expect("mapped", raw_map(window, frame, RW), HC_OK);
	*(volatile uint64_t *)window = 0;
	raw_expect("unmapped", raw_unmap(window), HC_OK);
	raw_expect("a table", raw_pin(frame, 1), HC_OK);
	raw_expect("none any more", raw_unpin(frame), HC_OK);
}

static void do_job(uint64_t job)
{
	struct machine_memory memory;

	switch (job) {
	case JOB_CALLS: calls(); break;
	case JOB_GRANTS: grants(); break;
	case JOB_FLUSH: flush(); break;
	case JOB_QUERY: hc_grant_query(own_ref); break; /* the peer maps it now and then */
	default: raw_expect("the machine's memory", hc_machine_memory(&memory), HC_OK); break;
	}
}

/* A port whose other end is its own. */
static void ports(void)
{
	int64_t a = hc_event_alloc(DOMID_SELF, 0), b = hc_event_bind(DOMID_SELF, (uint32_t)a, 0);

	raw_attempts++;
	if (a <= 0 || b <= 0)
		raw_hole("no ports: %ld, %ld", (long)a, (long)b);
	port = (uint32_t)a;
}

int main(int argc, char **argv)
{
	struct domain_schedule schedule = {.domid = start_info()->domid, .weight = 256};
	int64_t ref;

	if (argc < 3)
		return 2;
	schedule.cpus = strtoul(argv[1], NULL, 10);
	peer = 1u << 16 | (uint32_t)strtoul(argv[2], NULL, 10);
	raw_mask(1);
	raw_start(0);
	window = window_alloc(2);
	page = window + PAGE_SIZE;
	frame = raw_frame();
	spare = raw_frame();
	ports();
	/* The first offer of either has the same number; the peer's is there once it can be copied from. */
	while ((ref = raw_offer_result(peer, 0, frame)) == -HC_ENODOM)
		hc_sched_block(raw_now() + 1000000);
	own_ref = ref > 0 ? (uint32_t)ref : raw_offer(peer, 0, frame);
	raw_expect("its CPUs", hc_domain_schedule(&schedule), HC_OK);
	frame = raw_frame();
	while (raw_copy_from(peer, own_ref, frame))
		hc_sched_block(raw_now() + 1000000);
	apart_board.magic = APART_MAGIC + schedule.cpus;
	printf("apart: ready\n");
	fflush(stdout);
	console_flush();
	while (!raw_holes) {
		uint64_t job = apart_board.job;

		do_job(job);
		apart_board.done[job]++;
	}
	return raw_end("apart");
}
