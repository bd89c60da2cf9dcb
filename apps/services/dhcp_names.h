/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name servers that the router's uplink was told with its lease: asked of the router by DHCPINFORM (RFC 2131 section 4.4.3), again
 * and again, since leases change. Pure: whoever owns the socket brings messages, time and random numbers.
 */
#ifndef SERVICES_DHCP_NAMES_H
#define SERVICES_DHCP_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_NAMES_ASK 300u   /* bytes of a question */
#define DHCP_NAMES_SERVERS 3u /* that are taken */
#define DHCP_NAMES_SOON_MS 5000u
#define DHCP_NAMES_LATER_MS 60000u /* once some are known */

struct dhcp_names {
	bool is_wanted;
	uint32_t address, router; /* our own and the router's on our link, in host order */
	uint32_t xid;             /* of the last question */
	bool is_open;             /* that is not answered */
	uint64_t due_ms;          /* when to ask again */
	unsigned count;
	uint32_t servers[DHCP_NAMES_SERVERS]; /* in host order */
};

/* Writes a question with the number @xid, for port 67 of the router, to @bytes. */
void dhcp_names_ask(struct dhcp_names *names, uint32_t xid, uint64_t now_ms, uint8_t bytes[DHCP_NAMES_ASK]);

/*
 * The @len bytes at @bytes came from port @port of @from. True: they are the answer to the last question, and the servers are others
 * than before. An answer without any leaves those that are known.
 */
bool dhcp_names_hear(struct dhcp_names *names, uint32_t from, uint16_t port, const uint8_t *bytes, size_t len,
		     uint64_t now_ms);

#endif
