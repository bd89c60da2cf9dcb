/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces that have their IPv4 by DHCP. */
#ifndef CAMBIUM_NET_PORT_DHCP_CLIENT_H
#define CAMBIUM_NET_PORT_DHCP_CLIENT_H

#include <stdint.h>

#define NET_NAME_SERVERS_MAX 3u

struct netif;
struct pbuf;

/* @netif, which is up, asks for its IPv4 address from now on. Core lock held. */
void net_dhcp_start(struct netif *netif);

/*
 * The name servers that the DHCP server named last, in network order, into @addresses, which have room for
 * NET_NAME_SERVERS_MAX. How many; 0: none was named, or nobody has answered yet.
 */
unsigned net_get_name_servers(uint32_t *addresses);

/* lwIP found the option @code, @len bytes at @at of @message, in an answer to what it asked. */
void net_dhcp_option(uint8_t code, uint16_t len, const struct pbuf *message, uint16_t at);

#endif
