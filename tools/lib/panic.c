/* SPDX-License-Identifier: BSD-2-Clause */
/* The panic hook (base/check.h) of host programs: a failed CHECK in a core says where and ends the process. */
#include <stdio.h>
#include <stdlib.h>

#include <base/check.h>

_Noreturn void panic_at(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: failed check: %s\n", file, line, what);
	abort();
}
