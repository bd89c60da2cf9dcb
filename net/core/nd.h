/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbour discovery (RFC 4861): messages. What is learnt from them is in neighbour.h, what the router does about them in
 * discover.c.
 */
#ifndef CAMBIUM_NET_CORE_ND_H
#define CAMBIUM_NET_CORE_ND_H

#include "packet.h"

#define ND_HOP_LIMIT 255u          /* which no router lets through: a message that has it comes from the link */
#define ND_NEIGHBOUR_FRAME_LEN 86u /* of neighbour messages written here */
#define ND_FRAME_MAX 118u          /* of those written here */
#define ND_ROUTER_LIFETIME 1800u   /* seconds */

/* What nd_parse() found. */
struct nd_message {
	uint8_t type;             /* ICMP6_ROUTER_x or ICMP6_NEIGHBOUR_x */
	struct ip_addr target;    /* of a neighbour message */
	bool solicited, override; /* of a neighbour advertisement */
	/* of a router advertisement: seconds; its first prefix of 64 bits that hosts may make addresses in */
	uint16_t router_lifetime;
	bool prefix_is_autonomous; /* there is one */
	struct ip_addr prefix;
	uint32_t prefix_lifetime;
	bool has_mac;
	struct mac mac; /* of the sender, or of the target that a neighbour advertisement tells */
};

/*
 * Parse the ICMPv6 message of kind ND in @pkt, whose @info packet_parse() filled. False when it does not obey RFC 4861
 * sections 6.1 and 7.1: hop limit 255, its least length, each option within it and longer than nothing, addresses as
 * they must be; when it is not whole in memory; or when a link-layer address is not the one in the Ethernet header, so that
 * nobody speaks for others.
 */
bool nd_parse(const struct packet *pkt, const struct packet_info *info, struct nd_message *message);

/* Ends and target of a message to be written. */
struct nd_ends {
	struct mac mac_src, mac_dst;
	struct ip_addr src, dst, target;
};

/* Write at @frame, of ND_FRAME_MAX bytes, whole frames; their lengths. */

/* Who is ends->target? The destination is the target's solicited-node address. */
uint32_t nd_write_solicitation(uint8_t *frame, struct mac mac_src, struct ip_addr src, struct ip_addr target);

/* Has anybody ends->target, which the sender would like to have? As said by nobody (RFC 4862 section 5.4.2). */
uint32_t nd_write_probe(uint8_t *frame, struct mac mac_src, struct ip_addr target);

/* Which routers are there? */
uint32_t nd_write_router_solicitation(uint8_t *frame, struct mac mac_src, struct ip_addr src);

/* The target, a router, is at mac_src; @is_solicited, or told unasked. */
uint32_t nd_write_advertisement(uint8_t *frame, const struct nd_ends *ends, bool is_solicited);

/*
 * mac_src is a router, whose link has @mtu and, where @prefix_len is not 0, the prefix ends->target; hosts make themselves
 * addresses in it if @is_autonomous (RFC 4862). The prefix is not said to be on the link: everything goes by the router.
 */
uint32_t nd_write_router_advertisement(uint8_t *frame, const struct nd_ends *ends, uint32_t mtu, uint8_t prefix_len,
				       bool is_autonomous);

#endif
