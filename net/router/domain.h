/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The router domain: the pure router (net/core) with a NIC, back ends and time around it. One thread does everything.
 *
 *   main.c    start: policy, card, interfaces       loop.c    rounds of polling, and sleep
 *   poll.c    whose frame is taken next               shape.c   frames that wait to be sent
 *   iface.c   the device page and the interfaces    pass.c    frames through the router and to where it sends them
 *   report.c  lines on the console, counters         pay.c     who pays for the time
 *   handover.c  the flows of the router before
 *   manage.h  policies and questions of the control domain
 */
#ifndef CAMBIUM_ROUTER_DOMAIN_H
#define CAMBIUM_ROUTER_DOMAIN_H

#include <cambium/thread.h>
#include <drivers/net/netback.h>
#include <drivers/net/nic.h>
#include <net/core/drr.h>
#include <net/core/router.h>

#define UPLINK 0u /* its interface number; inner interfaces are 1 .. ROUTER_IF_COUNT-1 */

/* What the domain did as a whole; the packets are counted where they pass. */
struct domain_counters {
	uint64_t rounds;
	uint64_t sleeps;    /* each at least one hypercall */
	uint64_t frames;    /* handed to the router */
	uint64_t units;     /* of these, several TCP segments in one */
	uint64_t cut;       /* units that were cut here, since who they go to takes none */
	uint64_t forwarded; /* FORWARD and REPLY */
	uint64_t not_sent;  /* of those: no room, no buffer, nobody there */
};

/* Words of the command line. */
struct domain_options {
	uint64_t flows;     /* flows=N: size of the flow table */
	uint64_t die_after; /* die-after=N: crash at the N-th frame of the first life, to test restart; 0: never */
	uint64_t stats;     /* stats=N: print counters every N seconds; 0: never */
};

/* Frames in a row that one pays for, not claimed yet: as many, who pays, where they came in, when the last was done (ticks). */
struct pay_run {
	uint32_t frames;
	unsigned who, in_if;
	uint64_t end;
};

struct router_domain {
	struct domain_options options;
	struct router brain;
	struct frame_pool frames;
	struct nic *nic;
	bool link_up;                             /* as last reported */
	uint32_t full;                            /* bit i: interface i had no room for the last frame */
	struct netback backs[ROUTER_IF_COUNT];    /* by interface number; number 0 is not used */
	uint32_t back_mask;                       /* bit i: interface i has an entry in the device page */
	struct drr sides, turns;                  /* uplink and interfaces; the interfaces, by their numbers */
	struct frame *held[NEIGHBOUR_HOLD_COUNT]; /* by hold number */

	uint64_t now;                                /* when the round began */
	struct shape_queue *queues[ROUTER_IF_COUNT]; /* of what goes out there; NULL: no rules have shaped that yet */
	uint32_t queued;                             /* bit i: queue i has something */
	uint32_t shape_held;                         /* bit i: nothing may be taken from interface i before... */
	uint64_t shape_due;                          /* ...this, or one of the queues be sent */

	/* sleep */
	struct waitq sleepers;
	bool woken;
	bool devices_changed;
	uint64_t full_since;                        /* ns: when the NIC's transmit queue was seen full; 0: it is not */
	uint64_t reset_full_since[ROUTER_IF_COUNT]; /* ns: when interface i had no room for the next RST; 0: it has */
	uint64_t next_tick, next_stats;

	struct domain_counters counters;
	uint64_t claimed[ROUTER_IF_COUNT]; /* ticks of work that the interface's domain pays */
	uint64_t unpaid
		[ROUTER_IF_COUNT]; /* of work on what came in there and reached no domain: the interface's container */
	uint64_t own;              /* of rounds: time that passes, new rules */
	struct pay_run run;
	uint32_t round_frames[ROUTER_IF_COUNT]; /* of this round, by the interface whose domain pays, UPLINK for none */
};

/* An event callback: makes the loop run another round. @arg is the struct router_domain. */
void domain_wake(void *arg);

/* Bit i: somebody looks on at interface i. */
extern uint32_t capture_mask;

/* For the capture: @frame came in at interface @index, or is sent there (MANAGE_IN, MANAGE_OUT). Costs a comparison without one. */
void capture_take(unsigned index, const struct frame *frame, uint32_t direction);

static inline void capture_frame(unsigned index, const struct frame *frame, uint32_t direction)
{
	if (capture_mask >> index & 1)
		capture_take(index, frame, direction);
}

/* Starts the thread that takes policies and questions (manage.h). False: memory is short, or the pages cannot be had. */
bool manage_start(struct router_domain *d);

/*
 * Takes over the flows of the router before, where there are pages for that: the interfaces are known, no rules are. And tells, once
 * the rules have decided about them, what came of it.
 */
void handover_start(struct router_domain *d);
void handover_tell(struct router_domain *d);

/* How many flows went on and how many did not, when this router began; and a line of the counters about them. */
uint32_t handover_get_kept(void);
uint32_t handover_get_lost(void);
void handover_stats(void);

/* Takes over everything that changed in the device page. */
void domain_update_devices(struct router_domain *d);

/* Opens the card of the first PCI entry as the uplink. False: there is an entry, but the card cannot be used. */
bool uplink_open(struct router_domain *d);

/* Says what has become of its address, where that is leased. */
void uplink_tell(struct router_domain *d);

/* Cuts interface @index off because of @why. Nobody else notices. */
void iface_detach(struct router_domain *d, unsigned index, const char *why);

/* A round begins: the time so far is our own, and who has used up its budget is asked once. */
void pay_begin(struct router_domain *d);

/* The time since the last frame went into one that came in at interface @in_if, of which the router made @verdict and @out. */
void pay_for_frame(struct router_domain *d, unsigned in_if, enum verdict verdict, const struct output *out);

/* The time since the last frame was for none of them. */
void pay_for_rest(struct router_domain *d);

/* The time since then went into doorbells and notifications for the round's frames. */
void pay_for_flush(struct router_domain *d);

/* The time since the last frame went into those that had waited for interface @index. */
void pay_for_queue(struct router_domain *d, unsigned index);

/* A round begins: who was full may have taken something meanwhile. */
void full_look(struct router_domain *d);

/* Sends @frame at interface @index now, or drops it. */
void frame_send(struct router_domain *d, unsigned index, struct frame *frame);

/* Raises @pool to @count frames. False: memory is short, and some may have come. */
bool frames_raise(struct frame_pool *pool, unsigned count);

/* Has ready what the rates of @next, which is to come into force, need. False: memory is short. */
bool shape_prepare(struct router_domain *d, const struct rules_table *next);

/* Sends @frame at interface @index, which is shaped or has a queue: now, or later, or drops it. */
void shape_send(struct router_domain *d, unsigned index, struct frame *frame);

/* Sends what has waited long enough. */
void shape_pump(struct router_domain *d);

/* What waits for interface @index is dropped: who it was for is gone. */
void shape_forget(struct router_domain *d, unsigned index);

/* There is something to do at @when. */
void shape_wake_at(struct router_domain *d, uint64_t when);

/* Puts @frame, which came in at interface @index, through the router. Takes it. */
void frame_pass(struct router_domain *d, unsigned index, struct frame *frame, uint64_t now);

/* Does what the router wants done besides (net/core/router.h, router_event_next). */
void events_do(struct router_domain *d);

/* Before the first round. */
void poll_init(struct router_domain *d);

/* Takes a bounded number of frames and puts them through the router. How many. */
unsigned poll_round(struct router_domain *d, uint64_t now);

/* Until when the interfaces wait for a full NIC at most; 0: they do not. */
uint64_t poll_stalled_until(const struct router_domain *d, uint64_t now);

/* Polls, routes and sleeps, for ever. */
_Noreturn void domain_run(struct router_domain *d);

/* Prints a line, "router: " in front, unless so many were printed lately; then only counts it. printf-like. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the counters. */
void report_stats(const struct router_domain *d);

#define REPORT_ADDRESS_MAX 46u
/* @address as text into @text. Returns @text. */
const char *address_text(char text[REPORT_ADDRESS_MAX], struct ip_addr address);

#endif
