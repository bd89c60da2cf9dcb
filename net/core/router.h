/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The router's brain: frames in, verdicts out. No hardware, no globals, no allocation.
 *
 * How the domain around it uses it:
 *
 *	router_init(), router_rules_set(), router_iface_set() for each interface
 *	for each received frame:
 *		switch (router_input(r, in_if, &pkt, now, &out))
 *		VERDICT_FORWARD, VERDICT_REPLY: send pkt (rewritten in place) at out.out_if
 *		VERDICT_HOLD:                   keep pkt's buffer, remember it as number out.hold
 *		VERDICT_DROP, VERDICT_CONSUMED, VERDICT_PIECES: free pkt's buffer
 *		then while (router_event_next(r, &event)) do what the event says
 *	every 100 ms or so:
 *		router_tick(r, now), then the events again
 *
 * Every function is bounded: none loops over more than a fixed number of things, except
 * router_iface_flush() and router_iface_clear(), which walk all flows once.
 *
 * Time is nanoseconds of any clock that never goes back. Interfaces are numbered 0 ..
 * ROUTER_IF_COUNT-1. Addresses are of either family.
 */
#ifndef CAMBIUM_NET_CORE_ROUTER_H
#define CAMBIUM_NET_CORE_ROUTER_H

#include <abi/rules.h>
#include "autoconf.h"
#include "conntrack.h"
#include "dhcp.h"
#include "early.h"
#include "neighbour.h"
#include "packet.h"
#include "pieces.h"
#include "reload.h"
#include "rules.h"
#include "rules_meter.h"
#include "shape.h"

#define ROUTER_IF_COUNT RULES_IF_COUNT

/*
 * IFACE_INNER: a point-to-point Ethernet with one peer, a domain, whose MAC and address are
 * assigned: nothing else ever comes from there, and the peer is never asked where it is. IFACE_UPLINK: a
 * physical network of many stations, resolved by ARP and neighbour discovery.
 */
enum iface_kind {
	IFACE_NONE = 0,
	IFACE_INNER,
	IFACE_UPLINK,
};

/*
 * What an interface is in one family. @addr is the router's own there, all zero where it has none: then nothing of that
 * family passes; @prefix_len (1 .. 32 or 128) tells which addresses are on the link. Inner: @peer is the other end's. Uplink:
 * @peer is the gateway, for IPv6 perhaps by its link-local address, or all zero for none.
 */
struct iface_net {
	struct ip_addr addr;
	struct ip_addr peer;
	uint8_t prefix_len;
};

/* What an inner interface's peer does with DHCP: it asks, it answers those who ask (one of them at most), or neither. */
enum iface_relay {
	RELAY_NONE = 0,
	RELAY_CLIENT,
	RELAY_SERVER,
};

#define RELAY_RATE 2u /* questions a second that one who asks may have passed on */
#define RELAY_BURST 8u

/*
 * What an interface is. @mac is the router's own there, the address of at least one family too; @peer_mac is an inner
 * peer's. @mtu (68 .. 65535, with IPv6 1280 ..) counts from the IP header on. @flow_limit bounds the flows that were opened
 * from this interface (0: half of the table). @peer_id says who an inner peer is, where flows are handed over (handover.h).
 */
struct iface_config {
	enum iface_kind kind;
	struct mac mac;
	struct mac peer_mac;
	struct iface_net v4, v6;
	bool autoconf; /* uplink: v6, which is empty when it is set, comes from the link's own routers (autoconf.h) */
	bool dhcp; /* uplink: v4, which is empty when it is set, comes from a DHCP server (dhcp.h), and perhaps a smaller mtu */
	uint8_t relay; /* enum iface_relay, of an inner interface with IPv4 */
	uint16_t mtu;
	uint32_t flow_limit;
	uint32_t peer_id; /* that nobody else ever has; 0: nobody */
};

struct iface_counters {
	uint64_t rx_packets, rx_bytes; /* frames handed to router_input() */
	uint64_t rx_dropped;           /* of those: verdict DROP */
	uint64_t tx_packets, tx_bytes; /* FORWARD, REPLY, HOLD and what the router says by itself */
};

/*
 * Bounds what the router says by itself at one interface: ICMP errors and RSTs. Tokens refill with
 * time.
 */
struct reply_budget {
	uint32_t tokens;
	uint64_t refilled_ns;
};

/* The IPv4 of an uplink that has it from a DHCP server. */
struct router_lease {
	struct dhcp client;
	uint16_t mtu; /* the interface's where the server names none */
};

/* A connection that new rules ended: the RST for one of its ends, as that end sees its peer. */
struct flow_cut {
	struct flow_tuple tuple;
	uint32_t seq, ack;
	uint8_t out_if;
};

#define ROUTER_CUT_COUNT 64u

/* A packet that did not pass: when, where it came in, why, and what was read of it before that was clear. */
struct router_drop {
	uint64_t when;
	struct flow_tuple tuple;
	uint8_t in_if;
	uint8_t reason; /* enum reason */
};

#define ROUTER_DROP_COUNT 32u

/*
 * Who has memory for what is seldom needed. @lend: so many bytes, 8-byte aligned, or NULL. NULL in place of @lend: there is none;
 * in place of @take_back: what was lent is kept. Neither may call the router.
 */
struct router_lender {
	void *(*lend)(void *arg, size_t bytes);
	void (*take_back)(void *arg, void *memory, size_t bytes);
	void *arg;
};

/*
 * One router. The fields belong to router.c; whoever includes this header may read the counters.
 */
struct router {
	struct iface_config iface[ROUTER_IF_COUNT];
	uint32_t ifaces; /* bit i: interface i is set */
	struct rules_table rules;
	struct rules_published published;
	struct conntrack flows;
	struct neighbour_table neighbours;
	struct router_lender lender; /* for the room of fragments, from the first one on until none came for a while */
	struct fragment_table *fragments;
	struct pieces *pieces; /* of the packet that leaves so just now */
	struct reply_budget budget[ROUTER_IF_COUNT];
	struct early_table early;
	uint32_t over;     /* bit i: the peer of inner interface i is over its budget */
	uint32_t full;     /* bit i: that peer has no room for a frame more */
	uint32_t announce; /* bit i: tell the uplink i our address by ARP */
	uint32_t
		announce6; /* bit i: tell uplink i our address, or peer i that we are its router, by neighbour discovery */
	uint32_t advert_asked; /* bit i: peer i asks for its router */
	uint64_t advertised_ns[ROUTER_IF_COUNT];
	struct autoconf autoconf[ROUTER_IF_COUNT];
	uint32_t ask_routers, probe; /* bit i: questions to go out at uplink i */
	struct router_lease leases[ROUTER_IF_COUNT];
	uint32_t dhcp_asks, probe4; /* bit i: likewise */
	struct reply_budget relay_budget[ROUTER_IF_COUNT];
	uint8_t relay_open[ROUTER_IF_COUNT]; /* questions of interface i that were passed on, less answers */

	uint64_t reasons[REASON_COUNT];
	struct iface_counters counters[ROUTER_IF_COUNT];
	uint64_t *rule_hits; /* new flows that rule i in force decided */
	struct rules_meters *meters;
	struct shaper shaper; /* for whoever takes frames and sends them */
	uint32_t epoch;       /* of the rules in force: how often they were set */

	/* the next rules (NULL: none are being prepared), and what the last ones left to do */
	struct rules_reload *reload;
	uint32_t review_left; /* flows below this number have not been swept since the switch */
	uint64_t flows_cut;
	struct flow_cut cuts[ROUTER_CUT_COUNT]; /* a ring */
	uint32_t cut_first, cut_count;
	bool resets_wait; /* said by whoever takes events: where the next RST goes there is no room for it now */

	struct router_drop drops[ROUTER_DROP_COUNT]; /* a ring: the next one is number drop_count modulo its size */
	uint64_t drop_count;
};

/*
 * The key of the flow hash and the source of port choices: 128 bits that nobody outside can guess.
 */
struct router_seed {
	uint64_t words[2];
};

/* The bytes router_init() needs for @flow_count flows. */
size_t router_get_memory_size(uint32_t flow_count);

/*
 * Make @r an empty router: no interface, no rule, so it drops everything. @memory (any alignment)
 * of @len bytes stays the router's until the end; it holds as many flows as fit. False when not
 * even one does.
 */
bool router_init(struct router *r, void *memory, size_t len, struct router_seed seed);

/* From now on @lender is asked; at first there is none, and fragments are dropped. To be done before the first frame. */
void router_set_lender(struct router *r, struct router_lender lender);

/* What it takes to put a table in force: room for preparing it, and for a count for each of its rules. */
struct rules_room {
	struct rules_reload *reload;
	uint64_t *hits;
	uint32_t hit_count;
};

/*
 * Check the rules table of @len bytes at @table, by rules_check(), and prepare its coming into force; the table stays with
 * the caller, 8-byte aligned and unchanged, until another one is in force, or is prepared instead. On an error nothing
 * changes but that nothing is prepared; @error says what and @index which of its kind (RULE_INDEX_NONE: the header); both
 * may be NULL. Packets may pass in the pauses, where @pause is not NULL; no rules may be prepared or put in force there.
 *
 * @room is lent: its reload until the table is in force, or nothing is prepared; its hits as long as the table.
 */
bool router_rules_prepare(struct router *r, const struct rules_room *room, const void *table, size_t len,
			  const struct rules_pause *pause, enum rules_error *error, uint32_t *index);

/* Nothing is prepared any more, and what was lent for it may go. */
void router_rules_forget(struct router *r);

/*
 * Put in force what was prepared: bounded work. Counters and limits of the same name go on, and so do the hits of rules
 * that say the same. From now on open flows are decided again, each at its next packet: what the rules let be in the
 * way it is translated goes on, under the rule that lets it; the rest is forgotten, and reset at both ends where it is TCP
 * and the rules do not simply drop it. Finish router_review() before the next switch.
 */
void router_rules_switch(struct router *r);

/* For whoever has room to spare: that of any number of tables, one after another, of one router. */
struct rules_stage {
	struct rules_reload reload;
	uint64_t hits[2][RULES_COUNT_MAX]; /* of the rules in force, and of the next */
};

/* The three together, in @stage: no packet passes meanwhile. */
bool router_rules_set(struct router *r, struct rules_stage *stage, const void *table, size_t len,
		      enum rules_error *error, uint32_t *index);

/*
 * After a switch: decide about up to @count more flows, whether packets come or not. True: there are more. Take the events
 * between two calls.
 */
bool router_review(struct router *r, uint64_t now, uint32_t count);

/*
 * Configure interface @index, which router_iface_clear() cleared or nobody set yet. False (and
 * nothing changed) when @index or @config is not sane: a number out of range or in use, a kind,
 * prefix length or MTU out of range, a MAC that is zero or multicast, no address, one that is no unicast
 * address of its family, an inner peer missing, outside the prefix or equal to the router's own address or
 * another interface's, a gateway outside the prefix.
 */
bool router_iface_set(struct router *r, unsigned index, const struct iface_config *config);

/*
 * The peer or the link of interface @index has started anew: forget the flows of both its
 * directions and its neighbours; addresses and counters stay. Held packets of its neighbours come
 * back as EVENT_DISCARD. A number out of range or not set is ignored.
 */
void router_iface_flush(struct router *r, unsigned index);

/*
 * Forget interface @index altogether. Afterwards its addresses are nobody's, and lead to an uplink
 * like any other; so an interface whose peer is only restarting is flushed, not cleared.
 */
void router_iface_clear(struct router *r, unsigned index);

/*
 * Bit i of @mask: from now on drop early what an uplink brings for the peer of inner interface i, REASON_OVER_BUDGET with
 * the interface in out.out_if, where that is known before the frame is parsed: it is for a service that the rules in
 * force publish at this peer alone, and that has had a flow since they are in force. Bits of other interfaces do nothing.
 */
void router_set_over(struct router *r, uint32_t mask);

/* The same, REASON_NO_ROOM, for a peer that has no room for a frame more: what would be lost at the end is lost first. */
void router_set_full(struct router *r, uint32_t mask);

enum verdict {
	VERDICT_DROP,     /* free it; out.reason was counted */
	VERDICT_CONSUMED, /* free it; it was for the router itself (ARP, neighbour discovery) */
	VERDICT_FORWARD,  /* send the rewritten frame at out.out_if */
	VERDICT_REPLY,    /* send the frame, now an answer, at out.out_if, which is where it came from */
	VERDICT_PIECES,   /* free it; what leaves at out.out_if comes as EVENT_PIECE or EVENT_HOLD_PIECE */
	VERDICT_HOLD,     /* keep the rewritten frame as number out.hold until an event names it */
};

/*
 * What router_input() decided besides the verdict. @rule is the rule of the packet's flow, or
 * RULE_INDEX_NONE; @log is set when that rule decided a new flow and wants it logged: then @opening is
 * the first packet as it arrived, else it is as it was. @out_if is meant where something goes out, and for
 * REASON_OVER_BUDGET and REASON_NO_ROOM.
 */
struct output {
	enum reason reason;
	uint32_t rule;
	uint16_t hold; /* 0 .. NEIGHBOUR_HOLD_COUNT-1, not in use by another held packet */
	uint8_t out_if;
	bool log;
	struct flow_tuple opening;
};

/*
 * Decide about the frame @pkt (see packet.h for its shape and ownership) that came in at @in_if at
 * @now and rewrite it in place: Ethernet header, TTL, translation, checksums, or the whole of it
 * for REPLY (then len, head_len and flags are those of the answer). On DROP and CONSUMED the bytes
 * are undefined. out- going frames keep PACKET_CSUM_BLANK and their segmentation request if they
 * came with them, and a sender that cannot do that must complete the checksum and split it. @in_if
 * out of range is dropped. Frames on the way out may be shorter than ETH_FRAME_MIN: padding is the
 * driver's.
 */
enum verdict router_input(struct router *r, unsigned in_if, struct packet *pkt, uint64_t now, struct output *out);

enum router_event_kind {
	EVENT_SEND,       /* send frame[0 .. len-1] at out_if: ARP, ND or DHCP of the router itself, or a RST */
	EVENT_PIECE,      /* send bytes[0 .. len-1] at out_if */
	EVENT_HOLD_PIECE, /* keep bytes[0 .. len-1] as held frame number hold */
	EVENT_RELEASE,    /* the held frame number hold may go: write mac over its first 6 bytes, send at out_if */
	EVENT_DISCARD,    /* free the held frame number hold: its next hop is unknown */
};

#define ROUTER_FRAME_MAX DHCP_FRAME_LEN

struct router_event {
	enum router_event_kind kind;
	uint8_t out_if;
	uint16_t hold;
	struct mac mac;
	uint32_t len;
	const uint8_t *bytes; /* the router's own, until the next call for an event or with a frame */
	uint8_t frame[ROUTER_FRAME_MAX];
};

/*
 * Take the next thing that the router wants done, after router_input(), router_tick() or
 * router_iface_clear(). False when there is none. Pieces that nobody took before the next frame are lost. Held frames are released in the order they came. What the kind says
 * nothing of, and what lies behind len, is as it was.
 */
bool router_event_next(struct router *r, struct router_event *event);

/*
 * Where the RST goes that is next among the events: one for an end of a connection that was cut. False: there is none. While
 * @r->resets_wait it is no event, and once the ring is full nothing more is cut that would have to be told.
 */
static inline bool router_get_reset_if(const struct router *r, uint8_t *out_if)
{
	*out_if = r->cuts[r->cut_first].out_if;
	return r->cut_count > 0;
}

/* False: there is none. True: perhaps there is. Cheap, for it is asked with every frame. */
static inline bool router_has_events(const struct router *r)
{
	return r->neighbours.may_take || r->neighbours.may_ask || pieces_are_left(r->pieces) ||
	       (r->cut_count | r->fragments->late_count | r->announce | r->announce6 | r->probe | r->ask_routers |
		r->dhcp_asks | r->probe4);
}

/*
 * Let time pass: expire a bounded number of flows, and incomplete datagrams, repeat or give up questions for neighbours, advertise the router inside.
 */
void router_tick(struct router *r, uint64_t now);

/* What there is to tell of the DHCP client at uplink @index since that was asked last. Its lease is in leases[index]. */
enum dhcp_news router_take_news(struct router *r, unsigned index);

/* The number of flows in the table now, and the number it can hold. */
uint32_t router_get_flow_count(const struct router *r);
uint32_t router_get_flow_capacity(const struct router *r);

#endif
