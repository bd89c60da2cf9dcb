/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual network interfaces as lwIP netifs. */
#ifndef CAMBIUM_NET_PORT_NET_IF_H
#define CAMBIUM_NET_PORT_NET_IF_H

#include <stdbool.h>

/* Makes a netif of the network front end at entry @entry of the device page, configures it as the entry says (@asks: IPv4 by
 * DHCP), and starts its thread. The first one becomes the default route. False, with a line on the console: it could not be. Core lock
 * held. */
bool net_if_attach(unsigned entry, bool asks);

#endif
