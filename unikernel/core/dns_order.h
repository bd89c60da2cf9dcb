/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of several addresses to try first (RFC 6724 section 6). Pure. */
#ifndef UNIKERNEL_CORE_DNS_ORDER_H
#define UNIKERNEL_CORE_DNS_ORDER_H

#include "dns_name.h"

/* An address, and the own one that packets to it would come from. */
struct dns_target {
	struct dns_address to, from;
	bool is_reachable; /* there is such an own one */
};

/*
 * Orders the targets: the rules 1 (unusable ones last), 2 (scope), 5 (label), 6 (precedence), 8 (smaller scope), 9 (longest common
 * prefix, of IPv6) and 10 (as they came). The others ask for what no domain has: deprecated and home addresses, tunnels.
 */
void dns_order(struct dns_target *targets, unsigned count);

#endif
