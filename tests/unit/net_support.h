// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the tests of net/core share: a second, naive way to build and judge frames, and a small
 * world around one router.
 *
 *	interface 0: uplink 198.51.100.10/24, gateway 198.51.100.1; 2001:db8:100::10/64, gateway 2001:db8:100::1
 *	interface 1: inner, router 10.0.1.1, peer 10.0.1.2; 2001:db8:1::1/64, peer 2001:db8:1::2
 *	interface 2: inner, router 10.0.2.1, peer 10.0.2.2; 2001:db8:2::1/64, peer 2001:db8:2::2
 *
 * The peer of interface i has the peer_id 1000 + i.
 */
#ifndef CAMBIUM_TESTS_NET_SUPPORT_H
#define CAMBIUM_TESTS_NET_SUPPORT_H

#include "net/core/conntrack.h"
#include "net/core/nat.h"
#include "net/core/packet.h"
#include "net/core/reply.h"
#include "net/core/router.h"
#include "net/core/rules.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define UPLINK_IP IP(198, 51, 100, 10)
#define GATEWAY_IP IP(198, 51, 100, 1)
#define ONE_IP IP(10, 0, 1, 2)
#define TWO_IP IP(10, 0, 2, 2)
#define FAR_IP IP(203, 0, 113, 77)

#define SECOND 1000000000ull
#define FRAME_ROOM 70000u

/* The MAC of the router on interface @index, of its inner peer, and of the uplink's gateway. */
struct mac router_mac(unsigned index);
struct mac peer_mac(unsigned index);
#define gateway_mac() peer_mac(0)

/* A frame with its own memory. */
struct frame {
	struct packet pkt;
	uint8_t *bytes; /* FRAME_ROOM of them, on the heap */
};

struct frame *frame_new(void);
void frame_free(struct frame *frame);

/*
 * What a frame is built from, and what frame_read() reads back. Ports of ICMP echo: sport is the
 * identifier.
 */
struct spec {
	struct mac mac_src, mac_dst;
	uint32_t src, dst;
	uint8_t ttl, proto;
	uint16_t sport, dport;
	uint8_t flags; /* of TCP, or the type of ICMP */
	uint8_t code;  /* of ICMP */
	uint32_t seq, ack;
	uint16_t window;
	uint32_t payload_len;
	bool blank;       /* leave the checksum to the device */
	uint16_t no_csum; /* UDP without a checksum */
};

/* A packet from inner interface @index's peer, or from @src at the gateway, to the router. */
struct spec spec_from_inner(unsigned index, uint8_t proto, uint32_t dst, uint16_t sport, uint16_t dport);
struct spec spec_from_outside(uint8_t proto, uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport);

/* Build @spec into @frame, the payload bytes depending on their place. */
void frame_build(struct frame *frame, const struct spec *spec);

/*
 * Build into @frame an ICMP error of @type, @code from @spec's source that quotes the @len bytes at
 * @quoted.
 */
void frame_build_error(struct frame *frame, const struct spec *spec, const uint8_t *quoted, uint32_t len);

/*
 * Read a frame back by the naive reader: false when any length or checksum is wrong. A blank
 * checksum is first completed as a device would.
 */
bool frame_read(const struct frame *frame, struct spec *spec);

/* Is the payload of a frame what frame_build() put there. */
bool frame_payload_is_intact(const struct frame *frame, const struct spec *spec);

/* The naive checksum: the words of @len bytes as one number modulo 65535. */
uint16_t naive_sum(const uint8_t *data, size_t len);

/* A small generator with a fixed start, for tests that have to be the same each time. */
uint64_t dice(uint64_t *state);

/* router_event_next() into an event that is full of rubbish. */
bool event_next(struct router *r, struct router_event *event);

struct world {
	struct router r;
	struct rules_stage stage;
	void *memory;
	void *rules;
	void *area; /* of the journal, where there is one */
	size_t area_len;
	uint64_t now;
	struct output out;
};

/* The interfaces of the world above, as a rules text begins; their IPv6 addresses no rule has to know. */
#define WORLD_INTERFACES                                                                                               \
	"interface net = uplink 0 address 198.51.100.10/24 gateway 198.51.100.1\n"                                     \
	"interface one = inner 1 address 10.0.1.1/24 peer 10.0.1.2\n"                                                  \
	"interface two = inner 2 address 10.0.2.1/24 peer 10.0.2.2\n"

/* The table of the rules @text, which is good, in memory of exactly its size, from malloc; *len is that size. */
void *rules_new(const char *text, size_t *len);

/* Give the @len bytes at @table the digest that fits them. */
void rules_repair(void *table, size_t len);

/* The world above with room for @flows flows, the policy WORLD_INTERFACES and @blocks, its gateway already known. */
struct world *world_new(const char *blocks, uint32_t flows);
void world_free(struct world *world);

/* The world without any policy: nothing passes yet. @seed tells its secrets from those of other worlds. */
struct world *world_new_bare(uint32_t flows, uint64_t seed);

/* The policy most tests use; see net_support.c. */
struct world *world_new_usual(void);

/* Build and hand in. */
enum verdict world_send(struct world *world, unsigned in_if, struct frame *frame, const struct spec *spec);
enum verdict world_input(struct world *world, unsigned in_if, struct frame *frame);

/* Replaces the policy by WORLD_INTERFACES and @blocks; the table is the world's. */
void *world_reload(struct world *world, const char *blocks);

/* Send @spec: what must become of it, for @reason; that it is dropped, and counted. */
void world_fares(struct world *world, unsigned in_if, const struct spec *spec, enum verdict verdict,
		 enum reason reason);
void world_drops(struct world *world, unsigned in_if, const struct spec *spec, enum reason reason);

/* Take all pending events; the gateway answers when it is asked for. */
void world_answer(struct world *world);

/* Build an ARP message into @frame. */
void frame_build_arp(struct frame *frame, bool request, struct mac src, struct mac dst, uint32_t sender,
		     uint32_t target);

#endif
