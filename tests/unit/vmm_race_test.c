/* SPDX-License-Identifier: BSD-2-Clause */
/* What ThreadSanitizer says of the threads of vmm_threads_test.c: tests/threads. */
#include <stdio.h>
#include <stdlib.h>
#include <criterion/criterion.h>

#include <tests/lib/command.h>

Test(race, between_threads_there_is_none)
{
	const char *build = getenv("CAMBIUM_BUILD");
	char program[4096];

	snprintf(program, sizeof program, "%s/tests/race", build ? build : "build");
	cr_assert_eq(command_run((const char *const[]){program, NULL}, NULL, 0), 0);
}
