// SPDX-License-Identifier: BSD-2-Clause
/* A fixed slice of `make test-oracle`. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { NOT_RUN = 77, NO_PYTHON = 127 };

Test(oracle, the_router_decides_and_translates_as_nf_tables_does, .timeout = 600)
{
	char command[512], line[4096], last[4096] = "it said nothing";
	const char *build = getenv("CAMBIUM_BUILD");
	FILE *oracle;
	int status;

	snprintf(command, sizeof(command), "tests/oracle/oracle.py '%s' --seed 1000 --rulesets 10 --packets 150 2>&1",
		 build ? build : "build");
	oracle = popen(command, "r");
	cr_assert(oracle);
	while (fgets(line, sizeof(line), oracle)) {
		fputs(line, stderr);
		strcpy(last, line);
	}
	status = pclose(oracle);
	cr_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_RUN || WEXITSTATUS(status) == NO_PYTHON)
		cr_skip_test("%s", last);
	cr_assert_eq(WEXITSTATUS(status), 0, "a difference outside the documented classes, see above");
}

/* Else a broken core could look like one that drops everything. */
Test(oracle, a_core_without_good_rules_does_not_start)
{
	char command[512];
	const char *build = getenv("CAMBIUM_BUILD");
	int status;

	snprintf(command, sizeof(command), "'%s/oracle/core' /dev/null </dev/null", build ? build : "build");
	status = system(command);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
}
