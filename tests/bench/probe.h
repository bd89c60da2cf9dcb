/* SPDX-License-Identifier: BSD-2-Clause */
/* A small request each 10 ms on one connection, in the background: how long its answers take. */
#ifndef CAMBIUM_TESTS_BENCH_PROBE_H
#define CAMBIUM_TESTS_BENCH_PROBE_H

#include <stdint.h>

struct probe_result {
	unsigned answers, failures; /* requests that were answered, and not; a request waits for the one before */
	double median, p99, most;   /* ms; 0 without answers */
};

struct probe;

/* Begins with @port of @address, a string that stays. Never NULL. */
struct probe *probe_start(const char *address, uint16_t port);
/* Ends and frees it. */
struct probe_result probe_stop(struct probe *p);

#endif
