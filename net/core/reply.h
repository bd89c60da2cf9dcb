/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers that the router gives by itself. Each turns the frame @pkt, which was parsed as @info,
 * into its answer in place, addressed to where it came from, with whole checksums and no offload
 * requests. False, and nothing changed: there is no answer to such a packet, or it does not fit
 * pkt->capacity.
 */
#ifndef CAMBIUM_NET_CORE_REPLY_H
#define CAMBIUM_NET_CORE_REPLY_H

#include "packet.h"

/* What an ICMP error of either family says (RFC 792, 1812, 4443). */
enum reply_error {
	REPLY_TIME_EXCEEDED,
	REPLY_REASSEMBLY, /* the time for the fragments of a datagram */
	REPLY_TOO_BIG,
	REPLY_PROHIBITED,
};

/*
 * The echo request becomes the reply (RFC 792, 4443), without extension headers. The part behind head_len stays as it
 * is; where there were extension headers, there must be none.
 */
bool reply_write_echo(struct packet *pkt, const struct packet_info *info);

/*
 * The TCP segment becomes a RST to its sender, as from the address it was sent to (RFC 793 section
 * 3.4). None for a RST.
 */
bool reply_write_reset(struct packet *pkt, const struct packet_info *info);

/*
 * The SYN becomes a SYN and ACK to its sender which acknowledges @ack, nothing that was sent: who is there answers with a RST
 * that begins at @ack (RFC 793 section 3.4) and goes on opening. None where @ack would fit.
 */
bool reply_write_question(struct packet *pkt, const struct packet_info *info, uint32_t seq, uint32_t ack);

/* A RST by itself, from the address and port @src, @sport to @dst, @dport. */
struct reply_reset {
	struct mac mac_src, mac_dst;
	struct ip_addr src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
};

#define REPLY_RESET_LEN 74u /* at most */

/* Write the frame of @reset at @frame. Its length. */
uint32_t reply_make_reset(uint8_t *frame, const struct reply_reset *reset);

/*
 * The packet becomes the ICMP error @error from @from that quotes it (RFC 1122 section 3.2.2, 4443);
 * @mtu is the next hop's for REPLY_TOO_BIG (RFC 1191), else 0. None for an ICMP error or
 * neighbour discovery.
 */
bool reply_write_error(struct packet *pkt, const struct packet_info *info, struct ip_addr from, enum reply_error error,
		       uint16_t mtu);

#endif
