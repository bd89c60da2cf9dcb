// SPDX-License-Identifier: BSD-2-Clause
/* Datagrams in fragments: made at random, cut, and put together again, all of it naively. */
#ifndef CAMBIUM_TESTS_NET_PIECES_H
#define CAMBIUM_TESTS_NET_PIECES_H

#include "net_support6.h"

#define PIECES_MAX 160u

/* A router with two domains inside, all of whose links have @mtu. Twins decide alike. */
struct world *twin_new(uint16_t mtu);

/* What left because of one frame. */
struct outcome {
	enum verdict verdict;
	enum reason reason;
	uint32_t count;
	uint8_t out_if;
	struct {
		uint8_t *bytes;
		uint32_t len;
	} frames[PIECES_MAX];
};

/* What becomes of @frame, which came at @in_if; outcome_free() frees its frames. */
struct outcome outcome_of(struct world *world, unsigned in_if, struct frame *frame);
void outcome_free(struct outcome *o);

/* Put the frames of @o, which are in order, together into @whole; where each ends in the data goes to @ends. */
void outcome_join(const struct outcome *o, struct frame *whole, uint32_t *ends, uint32_t id);

/* The bytes @from .. @to of @whole's data as the fragment @frame; of IPv6 with a fragment header right behind the fixed one. */
void fragment_build(struct frame *frame, const struct frame *whole, uint32_t from, uint32_t to, uint32_t id);

/* Lets @frame, of IPv4, be cut. */
void dont_clear(struct frame *frame);

/* One that passes somehow: out, in, between domains, or to the router; answers of known flows among them. Returns where it comes in. */
unsigned datagram_roll(struct frame *frame, uint64_t *state);

/* Ends of pieces for @total bytes: the first has at least 24. The number of pieces, at least two. */
uint32_t cuts_roll(uint64_t *state, uint32_t total, uint32_t *ends);

/* Hand the fragments in, in random order, some twice; what the last that was missing brings. */
struct outcome fragments_send(struct world *world, unsigned in_if, const struct frame *whole, uint64_t *state,
			      const uint32_t *ends, uint32_t count, uint32_t id);

/* A UDP packet of @payload bytes from domain one to @to, not fragmented, and a SYN from outside with 100. */
void udp_build(struct frame *frame, uint32_t to, uint32_t payload);
void tcp_build(struct frame *frame, bool v6);

/* Hand in the bytes @from .. @to of @whole as a fragment of @id; the reason. */
enum reason piece_send(struct world *world, unsigned in_if, const struct frame *whole, uint32_t from, uint32_t to,
		       uint32_t id);

#endif
