/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening sockets.
 */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include <stdint.h>

#define LISTEN_MAX 2u

/*
 * Opens non-blocking TCP sockets that listen on `port` of every address: IPv4, and IPv6 where there
 * is such a thing. Returns how many stand in `sockets`, or 0 with errno if there is none.
 */
unsigned listen_on(uint16_t port, int sockets[LISTEN_MAX]);

#endif
