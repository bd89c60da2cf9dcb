/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of DHCP (RFC 2131, 2132), as a client of it on Ethernet reads and writes them. Addresses are in host order, 0: none. */
#ifndef CAMBIUM_NET_CORE_DHCP_MESSAGE_H
#define CAMBIUM_NET_CORE_DHCP_MESSAGE_H

#include "packet.h"

#define DHCP_SERVER_PORT 67u
#define DHCP_CLIENT_PORT 68u
#define DHCP_FRAME_LEN 342u /* of each that is written: 300 bytes of message, the least that BOOTP has */
#define DHCP_NAMES_MAX 3u
#define DHCP_FOREVER 0xffffffffu /* seconds */

enum dhcp_type {
	DHCP_DISCOVER = 1,
	DHCP_OFFER = 2,
	DHCP_REQUEST = 3,
	DHCP_DECLINE = 4,
	DHCP_ACK = 5,
	DHCP_NAK = 6,
	DHCP_RELEASE = 7,
	DHCP_INFORM = 8,
};

/* What a server offers or leases. */
struct dhcp_lease {
	uint32_t addr;
	uint32_t gateway;               /* the first that is named */
	uint32_t server;                /* its identifier */
	uint32_t seconds;               /* DHCP_FOREVER: without end */
	uint32_t renew, rebind;         /* T1 and T2, seconds; 0: not told */
	uint32_t names[DHCP_NAMES_MAX]; /* servers of DNS; the first 0 ends them */
	uint16_t mtu;                   /* 0: not told */
	uint8_t prefix_len;             /* 0: not told */
};

struct dhcp_message {
	uint8_t type; /* DHCP_OFFER, DHCP_ACK or DHCP_NAK */
	uint32_t xid;
	struct dhcp_lease lease; /* of a NAK: only server */
};

/* What dhcp_parse() says. */
enum dhcp_parsed {
	DHCP_PARSED,
	DHCP_MALFORMED,
	DHCP_FOREIGN, /* no answer of a server, or one to another client */
};

/*
 * Reads the message in @pkt, UDP of IPv4 that was parsed as @info, to the client with @mac. Malformed: it is not whole in
 * memory, or its UDP checksum is wrong; an option reaches beyond the end, has a length that is not its own, or comes
 * twice where it is read; a mask has holes; it has no type, or says that options stand elsewhere too (RFC 2132 section 9.3).
 */
enum dhcp_parsed dhcp_parse(const struct packet *pkt, const struct packet_info *info, struct mac mac,
			    struct dhcp_message *m);

/*
 * A message of the client with @mac, from @addr where it has that; to @server_mac and the address @to where that is given, else to
 * all. @wanted and @server go into options where they are given.
 */
struct dhcp_request {
	uint8_t type; /* DHCP_DISCOVER, DHCP_REQUEST or DHCP_DECLINE */
	uint16_t secs;
	uint32_t xid;
	struct mac mac, server_mac;
	uint32_t addr, to;
	uint32_t wanted, server;
};

/* Writes the frame of @q, DHCP_FRAME_LEN bytes, to @frame. */
void dhcp_write(uint8_t *frame, const struct dhcp_request *q);

#endif
