/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connection tracking: the bounded table of flows.
 *
 * A flow is known by two tuples: tuple[0] as packets of the opener arrive, tuple[1] as those of the
 * other side arrive. Without translation each is the other's mirror image; translation is nothing
 * but their difference, and works both ways by construction. Both are in one hash table keyed by a
 * secret.
 *
 * When the table is full, the oldest goes of the flows that never were answered, of half-open
 * connections or of flows that are over, whichever are most, at the interface that has most of them:
 * so a flood of openings costs itself, and a crowd of short connections does not cost those that are
 * just beginning. Established ones never go: then the new flow is refused.
 *
 * Half-open TCP connections are bounded besides (RFC 4987): those of an interface to half of what it may have, those to one
 * target inside to HALF_OPEN_STRANGERS by sources that have not shown that they are there, and to HALF_OPEN_PROVEN by
 * those that have (openers.h). What a bound evicts is told by @evicted, so that the target can give it up too.
 */
#ifndef CAMBIUM_NET_CORE_CONNTRACK_H
#define CAMBIUM_NET_CORE_CONNTRACK_H

#include <abi/rules.h>
#include <base/check.h>

#include "journal.h"
#include "openers.h"
#include "packet.h"
#include "siphash.h"
#include "tcp.h"

#define FLOW_NONE 0xffffffffu
#define FLOW_IF_COUNT RULES_IF_COUNT

/* Timeouts in seconds (RFC 5382 section 5, RFC 4787 section 4.3, RFC 5508 section 3.2). */
#define FLOW_TIMEOUT_SYN 30u
#define FLOW_TIMEOUT_ESTABLISHED 7440u
#define FLOW_TIMEOUT_FIN_WAIT 240u
#define FLOW_TIMEOUT_LAST_ACK 60u
#define FLOW_TIMEOUT_TIME_WAIT 60u
#define FLOW_TIMEOUT_CLOSED 10u
#define FLOW_TIMEOUT_UDP_NEW 30u
#define FLOW_TIMEOUT_UDP 180u
#define FLOW_TIMEOUT_ICMP 60u

/* Ports are in host order; for ICMP echo see struct packet_info. The layout has no padding. */
struct flow_tuple {
	struct ip_addr src, dst;
	uint16_t sport, dport;
	uint8_t proto;
	uint8_t reserved[3];
};

/* What has been seen of a flow, for protocols that say nothing of their state. */
enum flow_seen {
	FLOW_SEEN_OPENER,   /* only the opener */
	FLOW_SEEN_ANSWER,   /* and an answer */
	FLOW_SEEN_EXCHANGE, /* and the opener again after it */
};

enum flow_class {
	FLOW_EMBRYONIC, /* a ping, one UDP query */
	FLOW_CLOSING,   /* over, kept for stragglers */
	FLOW_ASSURED,   /* established: never evicted */
	FLOW_HALF_OPEN, /* TCP before the opener has acknowledged the answer */
};

/* Targets inside of which half-open connections are told apart, by a keyed hash; and how many one may have. */
#define HALF_OPEN_TARGETS 64u
#define HALF_OPEN_STRANGERS 32u
#define HALF_OPEN_PROVEN 64u

/* The lists of an interface: by class, and of FLOW_HALF_OPEN two for each target, for strangers and for the proven. */
#define FLOW_LIST_COUNT (FLOW_HALF_OPEN + 2 * HALF_OPEN_TARGETS)

/* One flow. next[d] chains tuple[d] in its bucket, as node numbers (flow number * 2 + d). */
struct flow {
	struct flow_tuple tuple[2];
	uint64_t deadline;
	uint32_t next[2];
	uint32_t older, newer; /* in its list */
	uint32_t rule;         /* that decided it */
	struct tcp_track tcp;
	uint8_t iface[2]; /* where packets of tuple[d] arrive; iface[0] opened it */
	uint8_t class;    /* enum flow_class */
	uint8_t seen;     /* enum flow_seen */
	uint8_t in_use;
	uint8_t list;         /* among those of iface[0] */
	uint8_t recorded;     /* the journal has it */
	uint8_t touched : 1;  /* a packet passed since it was recorded */
	uint8_t admitted : 2; /* bit d: what arrives as tuple[d] at iface[d] has addresses that may come from there */
};

struct flow_list {
	uint32_t oldest, newest;
	uint32_t count;
};

struct conntrack {
	struct siphash_key key;
	struct flow *flows;
	uint32_t *buckets;
	uint32_t capacity;
	uint32_t bucket_mask;
	uint32_t count;
	uint32_t free;  /* chain of unused flows through older */
	uint32_t sweep; /* where conntrack_expire() goes on */
	uint64_t evicted;
	uint64_t lenient_until; /* ns: for the flows that were taken over (tcp.h) */
	struct journal journal;
	uint32_t limit[FLOW_IF_COUNT];
	uint32_t iface_count[FLOW_IF_COUNT]; /* flows opened from there */
	struct flow_list lists[FLOW_IF_COUNT][FLOW_LIST_COUNT];

	uint32_t inner; /* bit i: behind interface i is one domain, whose addresses are its own */
	uint32_t half_open;
	uint32_t half_open_at[FLOW_IF_COUNT]; /* of them, opened from there */
	uint64_t half_open_evicted;
	struct openers openers;
	struct flow victim; /* the half-open flow that the last conntrack_open() evicted; not in_use: none */
};

/* A flow and the direction of the packet that was looked up: 0 from the opener, 1 to it. */
struct flow_ref {
	uint32_t index;
	unsigned dir;
};

/* The bytes that conntrack_init() needs for @flow_count flows. */
size_t conntrack_get_memory_size(uint32_t flow_count);

/*
 * Make @ct an empty table in the @len bytes at @memory, which stay its own: as many flows as fit,
 * at most 2^24. False when none does. Limits start at half of the capacity, at least 1.
 */
bool conntrack_init(struct conntrack *ct, void *memory, size_t len, struct siphash_key key);

/* Flows opened from @iface shall be at most @limit; 0 means half of the capacity. */
void conntrack_set_limit(struct conntrack *ct, uint8_t iface, uint32_t limit);

/* Is there one domain behind @iface, which sends as itself only? At first not. Asked while no flow has a side there. */
void conntrack_set_inner(struct conntrack *ct, uint8_t iface, bool inner);

/* The tuple of packet @info, and the mirror image of @tuple. */
static inline struct flow_tuple flow_tuple_of(const struct packet_info *info)
{
	return (struct flow_tuple){
		.src = info->src,
		.dst = info->dst,
		.sport = info->sport,
		.dport = info->dport,
		.proto = info->proto,
	};
}

static inline struct flow_tuple flow_tuple_mirror(const struct flow_tuple *tuple)
{
	return (struct flow_tuple){
		.src = tuple->dst,
		.dst = tuple->src,
		.sport = tuple->dport,
		.dport = tuple->sport,
		.proto = tuple->proto,
	};
}

/* The ports and the protocol in one word. */
static inline uint64_t flow_tuple_get_rest(const struct flow_tuple *tuple)
{
	uint64_t rest;

	_Static_assert(sizeof(struct flow_tuple) == 40, "no padding to compare");
	memcpy(&rest, &tuple->sport, sizeof(rest));
	return rest;
}

static inline bool flow_tuple_equal(const struct flow_tuple *a, const struct flow_tuple *b)
{
	return flow_tuple_get_rest(a) == flow_tuple_get_rest(b) && ip_addr_equal(a->src, b->src) &&
	       ip_addr_equal(a->dst, b->dst);
}

/* Find the flow that has @tuple in either direction, also one whose time is over. Changes nothing. */
bool conntrack_look(const struct conntrack *ct, const struct flow_tuple *tuple, struct flow_ref *ref);

/* Is the time of flow @ref, which was just looked up, not over at @now? Else it is removed. */
bool conntrack_is_alive(struct conntrack *ct, struct flow_ref ref, uint64_t now);

/* Both: a flow whose time is over is removed and not found. */
bool conntrack_find(struct conntrack *ct, const struct flow_tuple *tuple, uint64_t now, struct flow_ref *ref);

/*
 * Packets of direction ref.dir of flow @ref that arrive where it says have addresses that may come from there: the caller looked, and
 * will not have to until conntrack_forget_admitted().
 */
void conntrack_set_admitted(struct conntrack *ct, struct flow_ref ref);
void conntrack_forget_admitted(struct conntrack *ct);

/*
 * May a packet @info of a flow in its afterlife (closed, TIME-WAIT) start it afresh? Then the
 * caller closes it and goes on as if it had found none.
 */
bool conntrack_is_reopening(const struct conntrack *ct, struct flow_ref ref, const struct packet_info *info);

/* What to do with a SYN that the rules let in. */
enum opening {
	OPENING_ADMIT,
	OPENING_ASK,    /* no room for strangers: its source is to show that it is there (openers.h) */
	OPENING_REFUSE, /* its source has its share of what there is */
};

/*
 * May a TCP connection begin that would be opened by conntrack_open() with the same arguments? Asked before, since that one
 * makes room in any case. Where there are as many half-open connections as there may be, the oldest of those to the same
 * target gives way when it has had HALF_OPEN_PATIENCE_NS for its handshake; but never for a source that has an eighth of
 * them, or one in a network (/24, /48) that has half.
 */
enum opening conntrack_judge(const struct conntrack *ct, const struct flow_tuple *tuple, const struct flow_tuple *reply,
			     uint8_t in_if, uint8_t out_if, uint64_t now);

#define HALF_OPEN_PATIENCE_NS 500000000ull

/*
 * Open a flow by the packet @info: it came in at @in_if as @tuple and the answers will come in at
 * @out_if as @reply. @rule is kept for whoever asks. Evicts as described above. REASON_NONE: *ref
 * is the new flow, direction 0. REASON_FLOW_LIMIT, REASON_FLOW_FULL, REASON_FLOW_CLASH (a tuple is
 * taken): nothing changed.
 */
enum reason conntrack_open(struct conntrack *ct, const struct flow_tuple *tuple, const struct flow_tuple *reply,
			   uint8_t in_if, uint8_t out_if, uint32_t rule, const struct packet_info *info, uint64_t now,
			   struct flow_ref *ref);

/*
 * Take in a later packet @info of the flow @ref: its state goes on and its time starts again.
 * Anything but REASON_NONE: drop the packet, nothing changed.
 */
enum reason conntrack_update(struct conntrack *ct, struct flow_ref ref, const struct packet_info *info, uint64_t now);

/*
 * Take over @flow from a router that was, with its tuples, interfaces, state and deadline, the last being cut to what its state
 * allows from @now on; nobody is evicted for it. REASON_NONE: it is flow number *@index. Else as conntrack_open().
 */
enum reason conntrack_adopt(struct conntrack *ct, const struct flow *flow, uint64_t now, uint32_t *index);

/* The flow number @index, which is in use. */
static inline const struct flow *conntrack_get(const struct conntrack *ct, uint32_t index)
{
	CHECK(index < ct->capacity && ct->flows[index].in_use);
	return &ct->flows[index];
}

/* @rule is kept instead for flow number @index, which is in use. */
void conntrack_set_rule(struct conntrack *ct, uint32_t index, uint32_t rule);

/* Forget flow number @index, which is in use. */
void conntrack_close(struct conntrack *ct, uint32_t index);

/* Remove the flows whose time is over among the next @count places of the table. */
void conntrack_expire(struct conntrack *ct, uint64_t now, uint32_t count);

/* Remove all flows with a side at @iface. */
void conntrack_clear_iface(struct conntrack *ct, uint8_t iface);

#endif
