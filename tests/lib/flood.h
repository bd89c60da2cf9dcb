/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames without end for a machine's network card, whether anybody listens there or not: UDP from an address of the card's
 * network to a port that no rule publishes. They come through a datagram socket that shares a hub with QEMU's user network.
 */
#ifndef CAMBIUM_TESTS_FLOOD_H
#define CAMBIUM_TESTS_FLOOD_H

#include <stdint.h>

struct flood;

/*
 * Fills @words, with room for FLOOD_WORDS, NULL-terminated, with what QEMU has to be told besides -netdev FLOOD_NETDEV: the
 * hub, a user network that leads from @port of 127.0.0.1 to @to of the card, and the socket. @name is unique among tests.
 */
#define FLOOD_NETDEV "hubport,hubid=0,id=net"
#define FLOOD_WORDS 9u
void flood_words(const char **words, const char *name, uint16_t port, uint16_t to);

/* Begins, once QEMU has been started with those words of @name. Never NULL. */
struct flood *flood_start(const char *name);
/* Ends and frees it; how many frames QEMU took. */
uint64_t flood_stop(struct flood *f);

#endif
