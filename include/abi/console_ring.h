/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A console ring: one page owned by the drainer (the control domain) and granted read-write to the domain, so that what
 * was said survives the domain. Two byte rings with free-running indices. The domain writes out.p and reads in; the
 * drainer takes what fits its rate and never waits for the domain, nor does the domain wait for ever: when the ring
 * stays full it drops the oldest of what it has not yet written and counts in `lost`.
 */
#ifndef CAMBIUM_ABI_CONSOLE_RING_H
#define CAMBIUM_ABI_CONSOLE_RING_H

#include <abi/ring.h>

#define CONSOLE_OUT_BYTES 2048u
#define CONSOLE_IN_BYTES 1024u

struct console_ring {
	struct ring_header out; /* domain -> drainer */
	struct ring_header in;  /* drainer -> domain */
	uint32_t lost;          /* bytes the domain could not write, free running */
	uint32_t reserved0[15];
	uint8_t out_bytes[CONSOLE_OUT_BYTES];
	uint8_t in_bytes[CONSOLE_IN_BYTES];
};

ABI_ASSERT(sizeof(struct console_ring) <= 4096, "console_ring fits a page");

#endif
