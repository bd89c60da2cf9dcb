/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop that moves messages between sockets and the servers. */
#ifndef SERVICES_LOOP_H
#define SERVICES_LOOP_H

#include "dns_server.h"

/* Opens the sockets at @port. False, with errno: they cannot be had. */
bool loop_open(uint16_t port);

/* Serves. Returns only when polling itself fails, with errno. */
void loop_run(struct dns_server *server);

#endif
