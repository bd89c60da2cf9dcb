/* SPDX-License-Identifier: BSD-2-Clause */
/* Small datagrams as fast as this host makes them, or at a rate. */
#ifndef CAMBIUM_TESTS_BENCH_BLAST_H
#define CAMBIUM_TESTS_BENCH_BLAST_H

#include <stdint.h>

/* Sends frames of 60 bytes from one socket to UDP port @port of @address for @seconds, @rate a second; 0: without a limit.
 * Returns how many. */
uint64_t blast(const char *address, uint16_t port, double rate, double seconds);

#endif
