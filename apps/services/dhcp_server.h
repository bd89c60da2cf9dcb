/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DHCP server for the domains inside, without its socket: what to say to a question that the router relays (RFC 2131 section
 * 4.3). Pure: whoever owns the socket brings messages and time, and does what the result says.
 *
 * The plan gives each link one address, which nobody else can have there: so the server chooses nothing and keeps no leases, and
 * one that was started again, or another one, says the same.
 */
#ifndef SERVICES_DHCP_SERVER_H
#define SERVICES_DHCP_SERVER_H

#include "dhcp_query.h"

#define DHCP_LINKS 31u /* interfaces of a router */
#define DHCP_SECONDS 86400u
#define DHCP_SECONDS_LEAST 60u
#define DHCP_SECONDS_MOST 604800u
#define DHCP_LINE_MS 2000u /* there is a line about a link once in so long, at most */

struct dhcp_link {
	char name[DHCP_NAME_MAX + 1]; /* of the domain */
	uint32_t address, gateway;
	uint8_t prefix;
	uint16_t mtu;
	uint64_t line_ms; /* when there may be a line again */
};

struct dhcp_server {
	uint32_t address; /* our own: the server's, and the name server's */
	uint32_t seconds; /* of a lease */
	const char *suffix;
	unsigned count;
	struct dhcp_link links[DHCP_LINKS];
};

/* What is worth a line. */
enum dhcp_event {
	DHCP_EVENT_NONE = 0,
	DHCP_EVENT_LEASED,
	DHCP_EVENT_EXTENDED,
	DHCP_EVENT_REFUSED,  /* another address than the link's */
	DHCP_EVENT_DECLINED, /* the client finds that somebody has it */
	DHCP_EVENT_RELEASED,
};

struct dhcp_result {
	size_t len; /* of `bytes`, which go back to where the question came from; 0: nothing is said */
	enum dhcp_event event;
	const struct dhcp_link *link; /* of the event */
	uint8_t bytes[DHCP_ANSWER_MAX];
};

/* Adds a link. False: the terms make no sense, its address or gateway is known already, or there is no room. */
bool dhcp_server_add(struct dhcp_server *server, const char *name, size_t len, const struct dhcp_link *terms);

/*
 * The @len bytes at @bytes came from port @port of @from. Only what the router relays is answered: from its port and
 * its address on the link that it says the question is from, which nobody else can send as.
 */
void dhcp_server_take(struct dhcp_server *server, uint32_t from, uint16_t port, const uint8_t *bytes, size_t len,
		      uint64_t now_ms, struct dhcp_result *result);

#endif
