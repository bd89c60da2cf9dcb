/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop that moves bytes between sockets and connections.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "site.h"

/* How many connections are served at once. Sockets needed: this, one more, and the listening ones. */
#ifndef WEB_CONN_MAX
#define WEB_CONN_MAX 256u
#endif

/* The monotonic time in milliseconds. */
int64_t server_clock(void);

/*
 * Serves `site` to whoever connects to the `count` listening non-blocking sockets. Returns only
 * when polling itself fails, with errno.
 */
void server_run(struct site *site, const int *sockets, unsigned count);

#endif
