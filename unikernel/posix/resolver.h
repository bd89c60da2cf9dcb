/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stub resolver: asks name servers over sockets. It keeps nothing between calls, so that threads need no lock. Plain POSIX,
 * so that its unit tests are the host's.
 */
#ifndef UNIKERNEL_POSIX_RESOLVER_H
#define UNIKERNEL_POSIX_RESOLVER_H

#include <stdint.h>
#include <sys/socket.h>

#include "unikernel/core/dns_lookup.h"

#define RESOLVER_SERVERS 3u
#define RESOLVER_ROUNDS 2u
#define RESOLVER_PATIENCE_MS 2000u /* for one server in one round, by UDP; as long again by TCP where that is needed */

struct resolver {
	unsigned server_count, patience_ms;
	const char *search; /* suffixes as of dns_lookup_names() */
	struct {
		socklen_t len;
		union {
			struct sockaddr any;
			struct sockaddr_storage room;
		} address;
	} servers[RESOLVER_SERVERS];
};

/*
 * Reads @servers, ADDRESS,... with ADDRESS#PORT for another port than 53: up to RESOLVER_SERVERS, IPv4 or IPv6; the rest of
 * @resolver becomes what is usual. False: one is no such address, or there are more.
 */
bool resolver_init(struct resolver *resolver, const char *servers);

#define RESOLVER_V4 1u
#define RESOLVER_V6 2u

/* What there is of a name: its IPv6 addresses, then those of IPv4, and the name that CNAME records lead to. */
struct resolver_found {
	unsigned count;
	struct dns_address addresses[2 * DNS_LOOKUP_ADDRESSES];
	char name[DNS_TEXT_MAX]; /* "": it is no name of a host */
};

/*
 * Looks up the addresses of @name, of the families @families (RESOLVER_Vx). 0, or EAI_NONAME, EAI_AGAIN (no server answers
 * or can), EAI_FAIL (none is willing), EAI_MEMORY.
 */
int resolver_find(const struct resolver *resolver, const char *name, unsigned families, struct resolver_found *found);

/* Looks up the name of @address. Returns likewise; a name with characters that hosts do not have is none. */
int resolver_find_name(const struct resolver *resolver, const struct dns_address *address, char name[DNS_TEXT_MAX]);

#endif
