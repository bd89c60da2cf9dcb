/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of this host beside the machine. */
#ifndef CAMBIUM_TESTS_BENCH_HOST_H
#define CAMBIUM_TESTS_BENCH_HOST_H

/* Starts program @path with @word as its only argument; it is silent, and killed with us. Its process, or -1; pair:
 * program_stop. */
int program_start(const char *path, const char *word);
void program_stop(int process);

#endif
