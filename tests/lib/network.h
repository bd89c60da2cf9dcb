/* SPDX-License-Identifier: BSD-2-Clause */
/* A private network with a tap, where this host's kernel is the machine's gateway. */
#ifndef CAMBIUM_TESTS_NETWORK_H
#define CAMBIUM_TESTS_NETWORK_H

#include <stdbool.h>

#define NETWORK_TAP "tap0"
#define NETWORK_ADDRESS "10.0.2.2/24" /* the gateway that the router's uplink expects */

/*
 * Puts this process and its children into a network namespace of their own, with a loopback and NETWORK_TAP at
 * NETWORK_ADDRESS. It goes away with the last of them. False: not allowed here; then nothing has changed.
 */
bool network_private(void);

#endif
