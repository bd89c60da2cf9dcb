/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's side of a load: a private network with a tap, and programs beside the machine. */
#ifndef CAMBIUM_TESTS_BENCH_HOST_H
#define CAMBIUM_TESTS_BENCH_HOST_H

#include <stdbool.h>

#define HOST_TAP "tap0"
#define HOST_ADDRESS "10.0.2.2/24" /* the gateway that the router's uplink expects */

/*
 * Puts this process and its children into a network namespace of their own, with a loopback and HOST_TAP at HOST_ADDRESS.
 * It goes away with the last of them. False: not allowed here; then nothing has changed.
 */
bool host_network(void);

/* Starts program @path with @word as its only argument; it is silent, and killed with us. Its process, or -1; pair:
 * program_stop. */
int program_start(const char *path, const char *word);
void program_stop(int process);

#endif
