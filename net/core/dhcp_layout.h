/* SPDX-License-Identifier: BSD-2-Clause */
/* Where things stand in a message of DHCP (RFC 2131 section 2, 2132), and the frame around one. Not for others than dhcp_*.c and relay.c. */
#ifndef CAMBIUM_NET_CORE_DHCP_LAYOUT_H
#define CAMBIUM_NET_CORE_DHCP_LAYOUT_H

#include "dhcp_message.h"

enum {
	OPTION_PAD = 0,
	OPTION_MASK = 1,
	OPTION_ROUTER = 3,
	OPTION_NAMES = 6,
	OPTION_MTU = 26,
	OPTION_ADDRESS = 50,
	OPTION_LEASE = 51,
	OPTION_OVERLOAD = 52,
	OPTION_TYPE = 53,
	OPTION_SERVER = 54,
	OPTION_WISHES = 55,
	OPTION_RENEW = 58,
	OPTION_REBIND = 59,
	OPTION_AGENT = 82, /* RFC 3046 */
	OPTION_END = 255,
};

#define BOOT_REQUEST 1u
#define BOOT_REPLY 2u
#define COOKIE 0x63825363u
#define MESSAGE_MIN 300u /* of BOOTP */
#define UDP_LEN 8u
#define L4_AT (ETH_HEADER_LEN + IPV4_HEADER_LEN)
#define MESSAGE_AT (L4_AT + UDP_LEN) /* in a frame that is written */

/* Places in a message. */
#define HOPS_AT 3u
#define XID_AT 4u
#define SECS_AT 8u
#define FLAGS_AT 10u
#define CIADDR_AT 12u
#define YIADDR_AT 16u
#define GIADDR_AT 24u
#define CHADDR_AT 28u
#define SNAME_AT 44u
#define COOKIE_AT 236u
#define OPTIONS_AT 240u

/* From whom to whom a message goes. */
struct dhcp_ends {
	struct mac mac_src, mac_dst;
	uint32_t src, dst;
	uint16_t sport, dport;
};

/* Writes the headers of the message of @len bytes at @frame + MESSAGE_AT. */
void dhcp_write_headers(uint8_t *frame, const struct dhcp_ends *ends, uint32_t len);

/* Is the UDP checksum of @pkt, parsed as @info and whole in memory, right, or none, or known to be? */
bool dhcp_checksum_is_right(const struct packet *pkt, const struct packet_info *info);

#endif
