/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop that moves messages between sockets and the servers. */
#ifndef SERVICES_LOOP_H
#define SERVICES_LOOP_H

#include "dhcp_server.h"
#include "dns_server.h"

/* Opens the sockets at @port. False, with errno: they cannot be had. */
bool loop_open(uint16_t port);

/* Opens the socket for DHCP, which is not served else. False, with errno: it cannot be had. */
bool loop_open_dhcp(void);

/* Serves. Returns only when polling itself fails, with errno. */
void loop_run(struct dns_server *server, struct dhcp_server *dhcp);

#endif
