/* SPDX-License-Identifier: BSD-2-Clause */
/* From where packets to an address would come. */
#ifndef UNIKERNEL_POSIX_SOCKET_ROUTE_H
#define UNIKERNEL_POSIX_SOCKET_ROUTE_H

#include "unikernel/core/dns_order.h"

/* Fills in what is known of the way to target->to. */
void sock_route(struct dns_target *target);

/* Has an interface, the loopback apart, an address of the family, of IPv6 one for more than its link? */
bool sock_has_family(bool is_v6);

#endif
