/* SPDX-License-Identifier: BSD-2-Clause */
/* Small datagrams as fast as this host makes them, or at a rate. */
#ifndef CAMBIUM_TESTS_BENCH_BLAST_H
#define CAMBIUM_TESTS_BENCH_BLAST_H

#include <stdint.h>

struct blast;

/* Begins to send frames of 60 bytes from one socket to UDP port @port of @address, @rate a second; 0: without a limit. Never NULL. */
struct blast *blast_start(const char *address, uint16_t port, double rate);
/* Ends and frees it. How many this host's kernel took. */
uint64_t blast_stop(struct blast *b);

/* Sends frames of 60 bytes from one socket to UDP port @port of @address for @seconds, @rate a second; 0: without a limit.
 * Returns how many. */
uint64_t blast(const char *address, uint16_t port, double rate, double seconds);

#endif
