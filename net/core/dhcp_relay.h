/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of DHCP on their way between the peer of an inner interface, which asks, and the domain that answers, as a relay agent
 * passes them on (RFC 2131, 1542 section 4, 3046). The peer is known: what it may call itself, and what it may be given.
 */
#ifndef CAMBIUM_NET_CORE_DHCP_RELAY_H
#define CAMBIUM_NET_CORE_DHCP_RELAY_H

#include "dhcp_message.h"

#define DHCP_RELAY_MAX 1024u /* bytes of a message that comes in */
#define DHCP_RELAY_ROOM 16u  /* more that it may have afterwards, or up to what BOOTP has at least */

/* The link of who asks. */
struct dhcp_relay_link {
	struct mac mac;  /* of the peer */
	uint32_t addr;   /* the only one that the peer can have */
	uint32_t own;    /* the router's there */
	uint8_t circuit; /* the interface's number */
};

/*
 * Makes the request of *@len bytes at @message, which came in at @link, what the server is to see, in place: one hop, our address
 * there, and option 82 with the circuit. *@len changes. REASON_NONE; REASON_DHCP_INVALID: it is malformed, longer than
 * DHCP_RELAY_MAX, or says that options stand elsewhere too; REASON_DHCP_SPOOF: it names another station or address, or was relayed before.
 */
enum reason dhcp_relay_request(uint8_t *message, uint32_t *len, const struct dhcp_relay_link *link);

/*
 * Makes the server's answer of *@len bytes at @message what the peer of @link is to see, in place: without option 82. *@to: the
 * address that it goes to, 0xffffffff for all. REASON_DHCP_INVALID: as above; REASON_DHCP_ANSWER: it is for another link
 * or station, or gives another address than the peer's.
 */
enum reason dhcp_relay_answer(uint8_t *message, uint32_t *len, const struct dhcp_relay_link *link, uint32_t *to);

/*
 * Makes the question INFORM of *@len bytes at @message, by which a peer with the address @addr asks us, the answer to it (RFC 2131
 * section 4.3.5), in place: that there are the servers of DNS in @names, up to the first 0. REASON_NONE; REASON_DHCP_INVALID: it is malformed,
 * or another question; REASON_DHCP_SPOOF: it has another address, or was relayed.
 */
enum reason dhcp_inform_answer(uint8_t *message, uint32_t *len, uint32_t addr, uint32_t own,
			       const uint32_t names[DHCP_NAMES_MAX]);

#endif
