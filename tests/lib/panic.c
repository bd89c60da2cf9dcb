/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The panic hook that the pure cores import, for every unit test: a failed CHECK() says where and ends the
 * test by abort(), which Criterion reports as a crash of that test alone. A suite that expects a failed CHECK()
 * may define a panic_at() of its own; this one is weak.
 */
#include <base/check.h>

#include <stdio.h>
#include <stdlib.h>

__attribute__((weak)) _Noreturn void panic_at(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: CHECK(%s) failed\n", file, line, what);
	abort();
}
