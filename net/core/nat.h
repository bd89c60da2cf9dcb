/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation: the choice of a flow's reply tuple, and the rewriting of packets by it (RFC 3022,
 * 4787, 5382, 5508).
 */
#ifndef CAMBIUM_NET_CORE_NAT_H
#define CAMBIUM_NET_CORE_NAT_H

#include "conntrack.h"
#include "packet.h"
#include "rules.h"

#define NAT_PORT_MIN 1024u
#define NAT_PORT_MAX 65535u
#define NAT_PORT_TRIES 128u

/*
 * Choose the reply tuple @reply for a flow @tuple that leaves by an uplink whose address is
 * @addr, as source. The source port (or echo identifier) stays the same when no other flow to the
 * same remote end uses it and it is not @published; else it is taken at random (from ct's
 * key and @now) among NAT_PORT_MIN .. NAT_PORT_MAX. REASON_NAT_PORTS when NAT_PORT_TRIES ports in a
 * row were taken.
 */
enum reason nat_choose(struct conntrack *ct, const struct rules_published *published, const struct flow_tuple *tuple,
		       struct ip_addr addr, uint64_t now, struct flow_tuple *reply);

/*
 * Rewrite source and destination of the packet @pkt, parsed as @info, to those of @to (a tuple of
 * the same protocol), with all checksums (RFC 1624). A blank layer 4 checksum keeps being the sum
 * of the pseudo-header; a UDP checksum of zero stays zero (RFC 768). @info is brought up to date.
 */
void nat_rewrite(struct packet *pkt, struct packet_info *info, const struct flow_tuple *to);

/* The packet that an ICMP error quotes. */
struct nat_quote {
	struct flow_tuple tuple; /* of the quoted packet as the error's sender saw it */
	uint32_t ip_off;         /* of the quoted IP header, from packet.data */
	uint32_t l4_off;
	uint32_t l4_len; /* bytes quoted from l4_off on, at least 8 */
	uint32_t tcp_seq;
};

/*
 * Parse what the ICMP error @pkt, @info quotes. REASON_NONE, or REASON_ICMP_UNRELATED when that is
 * too short, not whole in memory, a fragment but the first, has options of IPv4, or is itself no packet that has a flow.
 */
enum reason nat_quote_parse(const struct packet *pkt, const struct packet_info *info, struct nat_quote *quote);

/*
 * Rewrite the ICMP error @pkt, @info with @quote inside: its source to @src, its destination to
 * @dst, the quoted packet's tuple to @quoted. The ICMP checksum is made anew.
 */
void nat_rewrite_error(struct packet *pkt, struct packet_info *info, const struct nat_quote *quote, struct ip_addr src,
		       struct ip_addr dst, const struct flow_tuple *quoted);

#endif
