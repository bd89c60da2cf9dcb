/* SPDX-License-Identifier: BSD-2-Clause */
/* The model checker's slice as tests: every scenario to a depth that takes seconds. `make model` goes deeper. */
#include <criterion/criterion.h>

#include <string.h>

#include "model.h"

static void nothing_is_violated(const char *name)
{
	const struct scenario *s = scenarios;
	struct tally t;

	while (s < scenarios + scenario_count && strcmp(s->name, name))
		s++;
	cr_assert(s < scenarios + scenario_count, "no scenario is named %s", name);
	t = search(s, s->slice, 1e9);
	cr_assert_null(t.violation, "%s", t.violation);
	cr_assert(t.complete && t.states > 1000 && t.refusals > 1000, "%s: only %lu states", name, t.states);
}

Test(model, direct_paging_keeps_every_invariant, .timeout = 300)
{
	nothing_is_violated("paging");
}

Test(model, grants_keep_every_invariant, .timeout = 300)
{
	nothing_is_violated("grants");
}

Test(model, death_of_either_side_keeps_every_invariant, .timeout = 300)
{
	nothing_is_violated("death");
}

Test(model, images_and_seals_keep_every_invariant, .timeout = 300)
{
	nothing_is_violated("images");
}

Test(model, reservation_and_scrubbing_keep_every_invariant, .timeout = 300)
{
	nothing_is_violated("memory");
}

Test(model, devices_keep_every_invariant, .timeout = 300)
{
	nothing_is_violated("devices");
}

Test(model, death_with_a_device_keeps_every_invariant, .timeout = 300)
{
	nothing_is_violated("orphans");
}

Test(model, runs_keep_every_invariant, .timeout = 300)
{
	nothing_is_violated("runs");
}
