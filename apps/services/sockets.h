/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that never block, and their addresses as the core has them. */
#ifndef SERVICES_SOCKETS_H
#define SERVICES_SOCKETS_H

#include <sys/socket.h>

#include "dns_server.h"

/* An address as the socket calls take it; returns its length. */
socklen_t endpoint_out(const struct dns_endpoint *endpoint, struct sockaddr_storage *address);
/* And back. False: it is of another family. */
bool endpoint_in(const struct sockaddr_storage *address, struct dns_endpoint *endpoint);

/* A socket of @type that does not block. -1, with errno: there is none to be had. */
int socket_open(bool is_v6, int type);
/* The same at @port of every address of the family; it listens, if it is one for streams. */
int socket_open_at(bool is_v6, int type, uint16_t port);

bool socket_set_nonblocking(int fd);

/* Is @error one that passes by itself? */
bool is_passing(int error);

/* The monotonic time. */
uint64_t clock_ms(void);

#endif
