/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces that have their IPv4 by DHCP. */
#ifndef CAMBIUM_NET_PORT_DHCP_CLIENT_H
#define CAMBIUM_NET_PORT_DHCP_CLIENT_H

#include <stdint.h>

struct netif;
struct pbuf;

/* @netif, which is up, asks for its IPv4 address from now on. Core lock held. */
void net_dhcp_start(struct netif *netif);

/* lwIP found the option @code, @len bytes at @at of @message, in an answer to what it asked. */
void net_dhcp_option(uint8_t code, uint16_t len, const struct pbuf *message, uint16_t at);

#endif
