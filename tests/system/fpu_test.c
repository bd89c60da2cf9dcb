/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose values are in the registers of the FPU: each domain's own, from its first instruction on, and they are there at
 * once: no instruction has to be caught for it (CR0.TS is clear whenever a domain runs). QEMU's log of exceptions tells.
 */
#include "system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT 300
#define LIVES 3u
#define CR0_TS 8u

struct exceptions {
	unsigned in_domains, no_fpu, switched_off;
};

/* What the log of QEMU's -d int says of exceptions and interrupts in ring 3: a line with vector and ring, then all registers. */
static struct exceptions exceptions_of(const char *path)
{
	struct exceptions e = {0};
	char line[256];
	bool ring3 = false;
	FILE *f = fopen(path, "r");

	cr_assert(f, "no log of exceptions at %s", path);
	while (fgets(line, sizeof line, f)) {
		const char *vector = strstr(line, ": v="), *cr0 = strstr(line, "CR0=");

		if (vector) {
			ring3 = strstr(line, " cpl=3 ") != NULL;
			e.in_domains += ring3;
			e.no_fpu += ring3 && !strncmp(vector, ": v=07 ", 7);
		} else if (cr0 && ring3) {
			e.switched_off += (strtoul(cr0 + 4, NULL, 16) & CR0_TS) != 0;
		}
	}
	fclose(f);
	return e;
}

static void each_has_its_own(const char *log, const char *cpu, const char *end)
{
	char path[256];
	const char *extra[] = {"-d", "int", "-D", path, NULL};
	struct machine_options options = {.log = log, .config = "fpu", .door = MACHINE_PVH, .cpu = cpu, .extra = extra};
	struct machine *m;
	struct exceptions e;

	snprintf(path, sizeof path, "%s", build_path("tests/log/%s.int", log));
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect(m, end));
	for (unsigned life = 1; life < LIVES; life++) {
		MUST(machine_expect(m, "^control: look died: exited, code 0$"));
		machine_send(m, "start look\n");
		MUST(machine_expect(m, end));
	}
	MUST(machine_expect(m, "^hold1| fpu: "));
	MUST(machine_expect_from(m, 0, "^hold2| fpu: "));
	cr_assert_eq(machine_count(m, 0, "HOLE"), 0);
	cr_assert_eq(machine_count(m, 0, "^control: hold"), 0, "a holder died");
	machine_is_well(m);
	machine_stop(m);
	e = exceptions_of(path);
	cr_assert_gt(e.in_domains, 100);
	cr_assert_eq(e.no_fpu, 0, "%u instructions were caught for want of an FPU", e.no_fpu);
	cr_assert_eq(e.switched_off, 0, "the FPU was off in a domain %u times", e.switched_off);
	remove(path);
}

Test(fpu, each_domain_finds_its_own_values_and_those_of_nobody_else, .timeout = TIMEOUT)
{
	each_has_its_own("fpu", NULL, "^look| fpu: with AVX: 20 attempts, each met as documented$");
}

Test(fpu, each_domain_finds_its_own_values_on_a_cpu_without_xsave, .timeout = TIMEOUT)
{
	each_has_its_own("fpu-old", "max,-xsave", "^look| fpu: with FXSAVE: 20 attempts, each met as documented$");
}
