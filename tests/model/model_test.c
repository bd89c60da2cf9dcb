/* SPDX-License-Identifier: BSD-2-Clause */
/* The model checker's slice as tests: every scenario to a depth that takes seconds. `make model` goes deeper. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "model.h"

ParameterizedTestParameters(model, nothing_violates_an_invariant_in_a_small_world)
{
	return cr_make_param_array(struct scenario, (void *)scenarios, scenario_count);
}

ParameterizedTest(struct scenario *s, model, nothing_violates_an_invariant_in_a_small_world, .timeout = 120)
{
	struct tally t = search(s, s->slice, 1e9);

	cr_assert_null(t.violation, "%s", t.violation);
	cr_assert(t.complete && t.states > 1000 && t.refusals, "%s: only %lu states", s->name, t.states);
}
