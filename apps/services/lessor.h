/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets of DHCP: of the server for those inside, and by which the router is asked for name servers. Either may be shut. */
#ifndef SERVICES_LESSOR_H
#define SERVICES_LESSOR_H

#include <poll.h>

#include "dhcp_names.h"
#include "dhcp_server.h"
#include "dns_server.h"

#define LESSOR_POLLS 2u

/* Opens the socket of @server. False, with errno: it cannot be had. */
bool lessor_open(struct dhcp_server *server);

/* Opens the socket to ask for @names, which stand behind the upstream servers that @server has now. False, with errno: likewise. */
bool lessor_open_names(struct dhcp_names *names, struct dns_server *server);

/* Prepares @polls; returns when lessor_tick is due, @next at the latest. */
uint64_t lessor_prepare(struct pollfd polls[LESSOR_POLLS], uint64_t next_ms);

/* Serves whom poll has named; does what is due. */
void lessor_serve(const struct pollfd polls[LESSOR_POLLS], uint64_t now_ms);
void lessor_tick(uint64_t now_ms);

#endif
