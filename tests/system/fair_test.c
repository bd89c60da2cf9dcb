/* SPDX-License-Identifier: BSD-2-Clause */
/* Two domains that send without end, in small frames and in large ones: what each gets of the uplink, and when it has to wait. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../lib/wire.h"
#include "reload.h"

#define TIMEOUT 600
#define SECONDS 120u
#define BEFORE 1000u /* frames until both are surely waiting */
#define FRAMES 4000u
#define SMALL 60u
#define LARGE 1514u
#define PAUSE_NS 500000 /* after each frame: the uplink is what both wait for */

struct bytes {
	uint64_t small, large;
};

static struct wire wire;

static struct machine *start(const char *log)
{
	struct machine_options options = {.log = log, .config = "fair", .door = MACHINE_PVH, .manage = true};
	struct machine *m;

	MUST(wire_open(&wire, log));
	options.netdev = wire.netdev;
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect_from(m, 0, "^small| antisocial: blast$"));
	MUST(machine_expect_from(m, 0, "^large| antisocial: blast$"));
	return m;
}

static void stop(struct machine *m)
{
	machine_is_well(m);
	machine_stop(m);
	wire_close(&wire);
}

/* What the next @frames frames have, each followed by a pause of @pause_ns. */
static struct bytes receive(unsigned frames, long pause_ns)
{
	const struct timespec pause = {.tv_nsec = pause_ns};
	struct bytes bytes = {0, 0};

	for (unsigned i = 0; i < frames; i++) {
		uint32_t len = wire_next(&wire, SECONDS);

		cr_assert(len == SMALL || len == LARGE, "a frame of %u bytes", len);
		bytes.small += len == SMALL ? len : 0;
		bytes.large += len == LARGE ? len : 0;
		if (pause_ns)
			nanosleep(&pause, NULL);
	}
	return bytes;
}

Test(fair, who_sends_in_large_frames_gets_no_more_of_the_uplink_than_who_sends_in_small_ones, .timeout = TIMEOUT)
{
	struct machine *m = start("fair");
	struct bytes bytes;

	receive(BEFORE, PAUSE_NS);
	bytes = receive(FRAMES, PAUSE_NS);
	cr_log_info("%lu bytes in small frames, %lu in large ones", (unsigned long)bytes.small,
		    (unsigned long)bytes.large);
	cr_assert(bytes.small < 2 * bytes.large && bytes.large < 2 * bytes.small,
		  "%lu bytes in small frames, %lu in large ones", (unsigned long)bytes.small,
		  (unsigned long)bytes.large);
	stop(m);
}

/* Puts a policy in force that shapes what comes from the two, and what goes out. */
static void shape(struct machine *m, const char *small, const char *large, const char *out)
{
	static char said[8192];
	char path[300];
	FILE *f;

	snprintf(path, sizeof path, "%s", build_path("tests/shape.rules"));
	f = fopen(path, "w");
	cr_assert(f);
	fprintf(f,
		"interface net = uplink 0 address 10.0.2.15/24 gateway 10.0.2.2 %s\n"
		"interface small = inner 1 address 10.1.1.1/24 peer 10.1.1.2 %s\n"
		"interface large = inner 2 address 10.1.2.1/24 peer 10.1.2.2 %s\n"
		"from inner to net { nat any }\n",
		out, small, large);
	cr_assert_eq(fclose(f), 0);
	cr_assert_eq(rules_run(m, said, sizeof said, "load", path, NULL), 0, "%s", said);
	cr_assert(strstr(said, "~ interface "), "%s", said);
}

/* Is @more four times @less, or nearly? */
static void is_four_times(uint64_t more, uint64_t less)
{
	cr_assert(more > 2 * less && more < 8 * less, "%lu bytes and %lu", (unsigned long)more, (unsigned long)less);
}

Test(fair, what_is_shaped_waits_at_the_rates_of_the_policy_in_force, .timeout = TIMEOUT)
{
	struct machine *m = start("shape");
	static char said[65536];
	struct bytes bytes;

	/* what is on its way when the policy changes is not looked at */
	shape(m, "shape forth 400kbit/s", "shape forth 1600kbit/s", "");
	receive(BEFORE, 0);
	bytes = receive(FRAMES / 2, 0);
	is_four_times(bytes.large, bytes.small);
	shape(m, "shape forth 1600kbit/s", "shape forth 400kbit/s", "");
	receive(BEFORE, 0);
	bytes = receive(FRAMES, 0);
	is_four_times(bytes.small, bytes.large);
	/* out of the uplink more than that waits for too long, of both */
	shape(m, "", "", "shape back 800kbit/s");
	receive(BEFORE, 0);
	bytes = receive(FRAMES / 4, 0);
	cr_assert(bytes.small && bytes.large);
	cr_assert_eq(rules_run(m, said, sizeof said, "status", NULL), 0, "%s", said);
	cr_assert(strstr(said, "interface 0: shaped back: "), "%s", said);
	cr_assert(!strstr(said, " frames wait, 0 had waited"), "%s", said);
	stop(m);
}
