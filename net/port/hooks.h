/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that lwIP asks the port by hooks. */
#ifndef CAMBIUM_NET_PORT_HOOKS_H
#define CAMBIUM_NET_PORT_HOOKS_H

#include "dhcp_client.h"
#include "tcp_hooks.h"

struct netif;
struct ip6_addr;

/* The IPv6 router that the device page names for @netif; NULL: the one that advertises itself. */
const struct ip6_addr *net_if_gateway6(struct netif *netif);

#endif
