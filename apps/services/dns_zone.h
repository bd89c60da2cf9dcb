/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known here and asked of nobody: the names of domains under the zone's own suffix, their addresses' names, and
 * that there is nothing else in places that are nobody's in the world (RFC 6303, 6761, 6762, 7686, 8375). Pure.
 */
#ifndef SERVICES_DNS_ZONE_H
#define SERVICES_DNS_ZONE_H

#include "dns_answer.h"

#define DNS_ZONE_ENTRIES 256u
#define DNS_ZONE_TTL 60u /* seconds */

struct dns_zone_entry {
	struct dns_name name, reverse; /* the reverse name stands for the address */
	struct dns_address address;
};

struct dns_zone {
	struct dns_name suffix;
	unsigned count;
	struct dns_zone_entry entries[DNS_ZONE_ENTRIES];
};

/* An empty zone under the suffix @text. False: that is no name. */
bool dns_zone_init(struct dns_zone *zone, const char *text);

/* Adds an address of the domain @label, @len characters, under the suffix. False: no name, too long, or no room. */
bool dns_zone_add(struct dns_zone *zone, const char *label, size_t len, const struct dns_address *address);

/* Is @address that of a domain in the zone? */
bool dns_zone_has(const struct dns_zone *zone, const struct dns_address *address);

/*
 * Answers @query in @bytes, of which @room may be used. Returns the answer's length; 0: the name is not ours, somebody else
 * has to be asked.
 */
size_t dns_zone_answer(const struct dns_zone *zone, const struct dns_query *query, uint8_t *bytes, size_t room);

#endif
