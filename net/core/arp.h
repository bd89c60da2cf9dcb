/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP (RFC 826): messages. What is learnt from them is in neighbour.h. */
#ifndef CAMBIUM_NET_CORE_ARP_H
#define CAMBIUM_NET_CORE_ARP_H

#include "packet.h"

#define ARP_FRAME_LEN 42u

/* What arp_parse() found: an IPv4-over-Ethernet request or reply. */
struct arp_message {
	bool is_request;
	struct mac sender_mac, target_mac;
	struct ip_addr sender, target;
};

/*
 * Parse the ARP frame @pkt (RFC 826): hardware Ethernet, protocol IPv4, request or reply, at least
 * ARP_FRAME_LEN bytes; False for anything else, and when the sender's MAC differs from the Ethernet
 * source or is multicast.
 */
bool arp_parse(const struct packet *pkt, struct arp_message *message);

/*
 * Write an ARP frame of ARP_FRAME_LEN bytes, padded with zero to ETH_FRAME_MIN, at @frame: a
 * request (broadcast, target MAC zero) or a reply to @target_mac, from @sender_mac, @sender.
 */
void arp_write_request(uint8_t *frame, struct mac sender_mac, struct ip_addr sender, struct ip_addr target);
void arp_write_reply(uint8_t *frame, struct mac sender_mac, struct ip_addr sender, struct mac target_mac,
		     struct ip_addr target);

#endif
