/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of DHCP as a server reads and writes them (RFC 2131, 2132), which come and go by a relay agent (RFC 3046). Pure.
 * Addresses are in host order, 0: none.
 */
#ifndef SERVICES_DHCP_QUERY_H
#define SERVICES_DHCP_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_QUERY_MAX 1500u
#define DHCP_ANSWER_MAX 548u /* what any client takes */
#define DHCP_CLIENT_ID_MAX 64u
#define DHCP_AGENT_MAX 32u
#define DHCP_SUFFIX_MAX 128u /* characters */
#define DHCP_NAME_MAX 15u

enum dhcp_kind {
	DHCP_KIND_DISCOVER = 1,
	DHCP_KIND_OFFER = 2,
	DHCP_KIND_REQUEST = 3,
	DHCP_KIND_DECLINE = 4,
	DHCP_KIND_ACK = 5,
	DHCP_KIND_NAK = 6,
	DHCP_KIND_RELEASE = 7,
	DHCP_KIND_INFORM = 8,
};

/* An option as it came, to be said again. */
struct dhcp_echo {
	uint8_t len; /* 0: there was none */
	uint8_t bytes[DHCP_CLIENT_ID_MAX];
};

struct dhcp_query {
	uint8_t kind; /* enum dhcp_kind */
	uint32_t xid;
	uint16_t flags;
	uint32_t client; /* the address that it has */
	uint32_t relay;
	uint8_t station[16];
	uint32_t wanted, server;    /* options 50 and 54 */
	struct dhcp_echo id, agent; /* options 61 and 82 */
};

/*
 * Reads a question. False: it is none about Ethernet, an option reaches beyond the end, has a length that is not its own, comes
 * twice where it is read (so that nothing has to be joined, RFC 3396), is too long to be said again, or says that
 * options stand elsewhere too; or it has no type or no end.
 */
bool dhcp_query_read(const uint8_t *bytes, size_t len, struct dhcp_query *query);

/* What is told of a link, besides its address. */
struct dhcp_terms {
	uint32_t server, gateway, resolver;
	uint8_t prefix;
	uint16_t mtu;
	uint32_t seconds;   /* 0: nothing is leased, as INFORM has it */
	const char *suffix; /* NULL or longer than DHCP_SUFFIX_MAX: not told */
	const char *name;   /* at most DHCP_NAME_MAX characters */
};

/* Writes the answer of @kind to @query to @bytes, DHCP_ANSWER_MAX of them; returns its length. A refusal has no terms but the server. */
size_t dhcp_answer_write(uint8_t *bytes, const struct dhcp_query *query, enum dhcp_kind kind, uint32_t address,
			 const struct dhcp_terms *terms);

#endif
