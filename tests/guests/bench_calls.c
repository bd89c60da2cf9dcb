/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the doors of the hypervisor cost: each is gone through many times between two reads of the TSC, and the median is
 * told. In an emulator that counts one tick per instruction (-icount shift=0) these are instructions, exactly; elsewhere
 * they are ticks. Its peer is bench_pong in slot 2, asleep but when it is called. Nothing is printed before the end, for
 * the control domain would wake to drain it.
 */
#include <cambium/clock.h>
#include <cambium/mem.h>
#include <cambium/start.h>
#include <cambium/upcall.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define SAMPLES 1001u
#define RESULTS 32u
#define BATCH 64u
#define PEER (1u << 16 | 2u)
#define PEER_PORTS 64u

static uint64_t samples[SAMPLES];
static uint64_t empty; /* two reads of the TSC with nothing between them */
static struct {
	const char *what;
	uint64_t median, least, most;
} results[RESULTS];
static unsigned result_count;

static inline uint64_t tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void keep(const char *what)
{
	qsort(samples, SAMPLES, sizeof samples[0], compare);
	results[result_count].what = what;
	results[result_count].median = samples[SAMPLES / 2] - empty;
	results[result_count].least = samples[0] - empty;
	results[result_count].most = samples[SAMPLES - 1] - empty;
	result_count++;
}

/* Measures @action, with @prepare before and outside of each time; sample number i is at hand. */
#define BENCH(what, prepare, action)                                                                                   \
	do {                                                                                                           \
		for (unsigned i = 0; i < SAMPLES; i++) {                                                               \
			uint64_t start;                                                                                \
                                                                                                                       \
			prepare;                                                                                       \
			start = tsc();                                                                                 \
			action;                                                                                        \
			samples[i] = tsc() - start;                                                                    \
		}                                                                                                      \
		keep(what);                                                                                            \
	} while (0)

#define NOTHING (void)i

/* A refusal would be a cheap figure of something else. */
static void must(const char *what, int64_t result)
{
	if (result >= 0)
		return;
	printf("bench: %s failed: %s\n", what, abi_error_text(result));
	exit(1);
}

static void calls(void)
{
	uint64_t at;

	BENCH("nothing", NOTHING, );
	empty = results[0].median;
	result_count = 0;
	BENCH("100 no-ops", NOTHING, __asm__ volatile(".rept 100\n\tnop\n\t.endr" : : : "memory"));
	BENCH("null hypercall", NOTHING, hc_abi_version());
	BENCH("unknown hypercall", NOTHING, hypercall4(HYPERCALL_END, 0, 0, 0, 0));
	BENCH("timer_set, later than the next one due", NOTHING, hc_timer_set(TIME_NEVER));
	/* each is sooner than the last, so that the APIC has to be told each time */
	at = clock_after(2000000);
	BENCH("timer_set, sooner: APIC programmed", at -= 100, hc_timer_set(at));
	hc_timer_set(TIME_NEVER);
}

/* --- exceptions -------------------------------------------------------------------------------------------------- */

static void skip_ud2(struct trap_frame *frame)
{
	frame->rip += 2;
	hc_entry_resume(frame);
}

static void exceptions(void)
{
	exception_set(skip_ud2);
	BENCH("exception to a handler and back by entry_resume", NOTHING, __asm__ volatile("ud2" : : : "memory"));
	exception_set(NULL);
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

static void tables(void)
{
	uint8_t *pages = pages_alloc(BATCH);
	struct mmu_op ops[BATCH];
	uint32_t done;

	for (unsigned n = 0; n < BATCH; n++)
		ops[n] = (struct mmu_op){.op = MMU_UPDATE_VA,
					 .address = (uint64_t)(pages + n * PAGE_SIZE),
					 .value = pages_mfn(pages + n * PAGE_SIZE) << PAGE_SHIFT | PTE_P | PTE_U |
						  PTE_W | PTE_NX};
	BENCH("mmu_update of one entry", ops[0].value ^= PTE_W, must("mmu_update", hc_mmu_update(ops, 1, &done)));
	BENCH("mmu_update of 64 entries", NOTHING; for (unsigned n = 0; n < BATCH; n++) ops[n].value ^= PTE_W,
						   must("mmu_update", hc_mmu_update(ops, BATCH, &done)));
}

static void grants(void)
{
	uint64_t mfn = pages_mfn(pages_alloc(1));
	struct grant_offer offer = {.peer = start_info()->domid, .count = 1, .mfns = (uint64_t)&mfn};
	int64_t ref = hc_grant_offer(DOMID_SELF, &offer);
	struct grant_map map = {
		.granter = start_info()->domid, .first = (uint32_t)ref, .count = 1, .va = window_alloc(1)};

	must("grant_offer", ref);
	BENCH("grant_map of one page", NOTHING; hc_grant_unmap(map.va, 1), must("grant_map", hc_grant_map(&map)));
	BENCH("grant_unmap of one page", NOTHING; hc_grant_map(&map), must("grant_unmap", hc_grant_unmap(map.va, 1)));
}

/* --- events ------------------------------------------------------------------------------------------------------ */

static uint32_t own_port;
static volatile unsigned upcalls;

static void count_upcall(void)
{
	upcalls++;
	event_take(own_port);
}

static void own_events(void)
{
	int64_t a = hc_event_alloc(DOMID_SELF, 0), b;

	must("event_alloc", a);
	b = hc_event_bind(DOMID_SELF, (uint32_t)a, 0);
	must("event_bind", b);
	own_port = (uint32_t)b;
	BENCH("event_send, already pending", hc_event_send((uint32_t)a), hc_event_send((uint32_t)a));
	BENCH("event_send to itself, masked", event_take(own_port), hc_event_send((uint32_t)a));
	BENCH("sched_block with an event pending", NOTHING, hc_sched_block(TIME_NEVER));
	event_take(own_port);
	must("upcall_set", upcall_set(count_upcall));
	upcall_unmask();
	upcalls = 0;
	BENCH("event_send to itself, upcall delivered and returned", NOTHING, hc_event_send((uint32_t)a));
	if (upcalls != SAMPLES)
		printf("bench: %u upcalls instead of %u\n", upcalls, SAMPLES);
	upcall_mask();
	upcall_set(NULL);
}

/* A port of ours connected to the next one that the peer has waiting for us. */
static uint32_t peer_port(void)
{
	for (;;) {
		for (uint32_t port = 1; port < PEER_PORTS; port++) {
			int64_t own = hc_event_bind(PEER, port, 0);

			if (own > 0)
				return (uint32_t)own;
		}
		hc_sched_block(clock_after(1000000));
	}
}

int main(void)
{
	uint32_t by_event = peer_port(), by_handover = peer_port();

	/* the peer sleeps, and what was said so far is drained */
	for (uint64_t end = clock_after(2000000000); clock_ns() < end; event_take(0))
		hc_sched_block(end);
	calls();
	exceptions();
	tables();
	grants();
	own_events();
	BENCH("event to another domain and one back, each with sched_block", event_take(by_event),
	      (hc_event_send(by_event), hc_sched_block(TIME_NEVER)));
	BENCH("the same by sched_handover", event_take(by_handover), hc_sched_handover(by_handover, TIME_NEVER));
	BENCH("sched_yield with nobody else", NOTHING, hc_sched_yield());
	for (unsigned i = 0; i < result_count; i++)
		printf("bench: %s = %lu (%lu to %lu)\n", results[i].what, results[i].median, results[i].least,
		       results[i].most);
	printf("bench: done\n");
	return 0;
}
