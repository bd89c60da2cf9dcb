/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's side of a load: a private network with a tap, and the peer that runs natively. */
#ifndef CAMBIUM_TESTS_BENCH_HOST_H
#define CAMBIUM_TESTS_BENCH_HOST_H

#include <stdbool.h>
#include <stdint.h>

#define HOST_TAP "tap0"
#define HOST_ADDRESS "10.0.2.2/24" /* the gateway that the router's uplink expects */

/*
 * Puts this process and its children into a network namespace of their own, with a loopback and HOST_TAP at HOST_ADDRESS.
 * It goes away with the last of them. False: not allowed here; then nothing has changed.
 */
bool host_network(void);

/* Starts build/linux/web on @port of this host. Returns its process, or -1; pair: native_stop. */
int native_start(uint16_t port);
void native_stop(int process);

#endif
