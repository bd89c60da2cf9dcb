/* SPDX-License-Identifier: BSD-2-Clause */
/* Two domains that send more than the uplink takes. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../lib/wire.h"
#include "system.h"

#define TIMEOUT 600
#define SECONDS 120u
#define BEFORE 1000u /* frames until both are surely waiting */
#define FRAMES 4000u
#define SMALL 60u
#define LARGE 1514u

Test(fair, who_sends_in_large_frames_gets_no_more_of_the_uplink_than_who_sends_in_small_ones, .timeout = TIMEOUT)
{
	static const struct timespec pause = {
		.tv_nsec = 500000}; /* after each frame: the uplink is what both wait for */
	static struct wire wire;
	struct machine_options options = {.log = "fair", .config = "fair", .door = MACHINE_PVH};
	struct machine *m;
	uint64_t small = 0, large = 0;

	MUST(wire_open(&wire, options.log));
	options.netdev = wire.netdev;
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect_from(m, 0, "^small| antisocial: blast$"));
	MUST(machine_expect_from(m, 0, "^large| antisocial: blast$"));
	for (unsigned i = 0; i < BEFORE + FRAMES; i++) {
		uint32_t len = wire_next(&wire, SECONDS);

		cr_assert(len == SMALL || len == LARGE, "a frame of %u bytes", len);
		small += i >= BEFORE && len == SMALL ? len : 0;
		large += i >= BEFORE && len == LARGE ? len : 0;
		nanosleep(&pause, NULL);
	}
	cr_assert(small < 2 * large && large < 2 * small, "%lu bytes in small frames, %lu in large ones",
		  (unsigned long)small, (unsigned long)large);
	machine_is_well(m);
	machine_stop(m);
	wire_close(&wire);
}
